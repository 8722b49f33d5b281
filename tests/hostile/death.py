"""Right answers with a cell that hangs the kernel, kills it or takes away what it needs."""

from __future__ import annotations

from hostile.base import WITHOUT_CELLS, Submission, cases, right


@right()
def x_await(s):
    """A cell awaits something that never comes, and another stops the event loop."""
    s.first("import asyncio\nawait asyncio.sleep(10 ** 9)")
    s.last("import asyncio\nasyncio.get_event_loop().stop()")


@right(least=WITHOUT_CELLS)
def x_restart_trick(s):
    """Five cells kill the kernel, one after another, and each start of it too."""
    for signal in (9, 11, 15, 6, 19):
        s.first(f"import os\nos.kill(os.getpid(), {signal})")


@right(least=WITHOUT_CELLS)
def x_kill_on_replay(s):
    """A cell does nothing the first time and kills the kernel whenever it is run again."""
    s.first("""
        import os
        for place in ('/tmp', '.', '/dev/shm', os.path.expanduser('~')):
            mark = os.path.join(place, 'was-here')
            if os.path.exists(mark):
                os._exit(1)
            open(mark, 'w').close()
    """)
    s.first("import os\nos._exit(0)")


cases(
    right(),
    Submission.first,
    h_loop="""
        A cell never ends.
        while True: pass
    """,
    h_loop_nokbd="""
        A cell never ends and swallows KeyboardInterrupt.
        while True:
            try:
                while True: pass
            except BaseException: pass
    """,
    h_loop_sigign="""
        A cell never ends and ignores SIGINT.
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True: pass
    """,
    h_loop_clang="""
        A cell hangs in C code, which does not look at signals.
        import re
        re.match(r'(a+)+$$', 'a' * 64 + 'b')
    """,
    r_os_exit="""
        os._exit(0) in a cell.
        import os
        os._exit(0)
    """,
    x_ctypes_segfault="""
        A cell reads address 0.
        import ctypes
        ctypes.string_at(0)
    """,
    x_recursion_segfault="""
        A cell recurses through C until the stack is full.
        import sys
        sys.setrecursionlimit(10 ** 9)
        f = lambda n: max([n], key=f)
        f(1)
    """,
    x_delete_everything="""
        Goes elsewhere and deletes every file that it can, its own folder first.
        import os, shutil
        assert os.path.isdir('/submission'), 'not in a sandbox'
        for place in ('/submission', '/tmp', '/dev/shm', os.path.expanduser('~')):
            shutil.rmtree(place, ignore_errors=True)
        os.chdir('/')
    """,
    x_close_files="""
        Closes every file that is open, the kernel's sockets too.
        import os
        os.closerange(0, 1024)
    """,
    x_streams_closed="""
        Closes stdin, stdout and stderr.
        import os, sys
        for f in (sys.stdout, sys.stderr, sys.stdin): f.close()
        for fd in (0, 1, 2): os.close(fd)
    """,
)


@right(least=WITHOUT_CELLS)
def x_files_used_up(s):
    """Opens files until there are no more, and keeps them."""
    s.first("kept = []\nwhile True:\n    kept.append(open('/dev/null'))")


@right(least=WITHOUT_CELLS)
def x_alarms(s):
    """A timer throws KeyboardInterrupt into whatever runs, ten times a second."""
    s.first("""
        import signal
        def ring(*a): raise KeyboardInterrupt
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    """)


@right(least=0)
def x_greedy_threads(s):
    """Threads that never rest slow everything else down."""
    s.first("""
        import threading
        def spin():
            while True: pass
        for _ in range(20): threading.Thread(target=spin, daemon=True).start()
    """)
