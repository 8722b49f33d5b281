"""Cells that want the whole machine for themselves; beside them nobody else may lose a point, in whatever order.

Most end after a while, so that a class with them can be graded; what it costs their authors is theirs.
"""

from __future__ import annotations

from hostile.base import right

SECONDS = 60  # longer than an honest submission takes beside them


@right(least=0)
def g_processes(s):
    """Spins in sixty processes, each in a session of its own and without a parent."""
    s.everywhere(f"""
        import os, time
        for _ in range(60):
            if os.fork() == 0:
                os.setsid()
                if os.fork(): os._exit(0)
                end = time.time() + {SECONDS}
                while time.time() < end: pass
                os._exit(0)
    """)


@right(least=0, student="zz_threads")
def g_threads(s):
    """Spins in threads outside of Python's lock, on every processor that it can ask for, as the most urgent of all."""
    s.everywhere(f"""
        import hashlib, os, threading, time
        for ask in (lambda: os.nice(-20), lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
                    lambda: os.sched_setaffinity(0, range(os.cpu_count())),
                    lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(90))):
            try:
                ask()
                print('allowed')
            except OSError as error:
                print(error)
        end = time.time() + {SECONDS}
        def spin():
            block = bytes(1 << 20)
            while time.time() < end: hashlib.sha256(block)
        for _ in range(40):
            threading.Thread(target=spin, daemon=True).start()
    """)


@right(least=0)
def g_hidden(s):
    """Spins in processes that live for a moment each and whose time nobody is told, as their parent does not wait."""
    s.everywhere(f"""
        import os, signal, time
        end = time.time() + {SECONDS}
        for _ in range(20):
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_IGN)
                while time.time() < end:
                    child = os.fork()
                    if child == 0:
                        gone = time.time() + 0.01
                        while time.time() < gone: pass
                        os._exit(0)
                    try: os.waitpid(child, 0)
                    except ChildProcessError: pass
                os._exit(0)
    """)


@right(least=0, student="zz_bandwidth")
def g_bandwidth(s):
    """Copies large arrays to and fro in several processes, and writes what is in them to every folder."""
    s.everywhere(f"""
        import os, time
        for k in range(6):
            if os.fork() == 0:
                end, block = time.time() + {SECONDS}, bytearray(60 << 20)
                while time.time() < end:
                    other = bytes(block)
                    with open(f'/tmp/{{k}}', 'wb') as file: file.write(other[:8 << 20])
                os._exit(0)
    """)


@right(least=0)
def g_sleeps(s):
    """Sleeps for days in a cell and in an answer."""
    s.first("import time\ntime.sleep(10 ** 6)")
    s.answer("rho", "def spectral_radius(W):\n    import time\n    time.sleep(10 ** 6)")
