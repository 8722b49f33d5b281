"""Cells that hoard memory where nobody looks: without a process, without a name, or in the kernel itself."""

from __future__ import annotations

from hostile.base import Submission, cases, parts, right
from hostile.harm import ONLY_INSIDE

BEGIN = (
    ONLY_INSIDE
    + """
import ctypes, errno, mmap, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
kept = []
def done():
    print('hoarded', flush=True)
    time.sleep(20)
"""
)

HOARDS = {
    # Shared memory that is in no process: its pages are let go of, and stay.
    "shared_without_a_file": """
        Lets go of 3.6 GB of shared memory that stays.
        for _ in range(36):
            kept.append(mmap.mmap(-1, 100 << 20))
            for place in range(0, 100 << 20, 4096): kept[-1][place] = 1
            kept[-1].madvise(mmap.MADV_DONTNEED)
        done()
    """,
    "shared_zero": """
        Lets go of 3.6 GB of memory shared through /dev/zero.
        for _ in range(36):
            fd = os.open('/dev/zero', os.O_RDWR)
            kept.append(mmap.mmap(fd, 100 << 20))
            for place in range(0, 100 << 20, 4096): kept[-1][place] = 1
            kept[-1].madvise(mmap.MADV_DONTNEED)
        done()
    """,
    "shared_files": """
        Lets go of 960 MB of mapped files.
        for place in ('/dev/shm', '/tmp', '/submission', os.path.expanduser('~')):
            for number in range(4):
                fd = os.open(f'{place}/{number}', os.O_RDWR | os.O_CREAT)
                os.posix_fallocate(fd, 0, 60 << 20)
                kept.append(mmap.mmap(fd, 60 << 20))
                for start in range(0, 60 << 20, 4096): kept[-1][start] = 1
                kept[-1].madvise(mmap.MADV_DONTNEED)
                os.close(fd)
        done()
    """,
    "nameless_files": """
        Writes files that have no names, also below the folder of its kernel's sockets.
        place = os.path.dirname(next((a for a in sys.argv if a.endswith('.json')), '/kernel/k.json'))
        for folder in (place, '/submission', '/tmp', '/dev/shm', os.path.expanduser('~')):
            try:
                for number in range(8):
                    kept.append(os.open(folder, os.O_TMPFILE | os.O_RDWR) if number % 2 else
                                os.open(f'{folder}/x', os.O_CREAT | os.O_RDWR))
                    if number % 2 == 0: os.unlink(f'{folder}/x')
                    for _ in range(60): os.write(kept[-1], bytes(1 << 20))
            except OSError as error:
                print(folder, error)
        done()
    """,
    # The kernel's own memory.
    "semaphores": """
        Makes sets of semaphores that take 3.6 GB of the kernel's memory.
        for _ in range(3600):
            if libc.semget(0, 32000, 0o1600) < 0: raise OSError(errno.errorcode[ctypes.get_errno()])
        done()
    """,
    "messages": """
        Makes a queue of messages and a segment of shared memory that stay when it has ended.
        queue = libc.msgget(0, 0o1600)
        if queue < 0 or libc.shmget(0, 1 << 30, 0o1600) < 0: raise OSError(errno.errorcode[ctypes.get_errno()])
        done()
    """,
    "futex_table": """
        Asks the kernel for a table of a gigabyte.
        if libc.prctl(78, 1, 1 << 24, 0, 0) < 0: raise OSError(errno.errorcode[ctypes.get_errno()])
        done()
    """,
    "pages_in_pipes": """
        Leaves memory in pipes.
        reader, writer = os.pipe()
        class Part(ctypes.Structure): _fields_ = [('start', ctypes.c_void_p), ('size', ctypes.c_size_t)]
        text = ctypes.create_string_buffer(4096)
        if libc.vmsplice(writer, ctypes.byref(Part(ctypes.addressof(text), 4096)), 1, 0) < 0:
            raise OSError(errno.errorcode[ctypes.get_errno()])
        done()
    """,
    "full_sockets": """
        Fills 4000 pairs of sockets.
        for _ in range(20):
            if os.fork() == 0:
                for _ in range(200):
                    a, b = socket.socketpair()
                    a.setblocking(False)
                    kept.append((a, b))
                    try:
                        while True: a.send(bytes(4096))
                    except BlockingIOError: pass
                time.sleep(20)
        done()
    """,
    "locks": """
        Locks 100,000 parts of files.
        import fcntl
        for number in range(200):
            kept.append(open(f'/tmp/{number}', 'w'))
            for place in range(500): fcntl.lockf(kept[-1], fcntl.LOCK_EX, 1, 2 * place)
        done()
    """,
    "pieces": """
        Maps memory in 360,000 pieces.
        for _ in range(6):
            if os.fork() == 0:
                memory = mmap.mmap(-1, 4096 * 60000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ)
                start = ctypes.c_size_t.from_address(id(memory) + 16).value
                for place in range(0, 60000, 2): libc.mprotect(ctypes.c_void_p(start + 4096 * place), 4096, 0)
                time.sleep(20)
        done()
    """,
    # Where a look through /proc sees nothing.
    "files_behind_a_zombie": """
        Makes 150,000 files where its first thread has ended.
        import threading
        def hoard():
            for folder in ('/tmp', '/dev/shm'):
                for number in range(75_000): os.close(os.open(f'{folder}/{number}', os.O_CREAT))
            time.sleep(20)
        thread = threading.Thread(target=hoard); thread.start()
        libc.syscall(60 if os.uname().machine == 'x86_64' else 93, 0)  # the first thread alone ends
    """,
    "memory_behind_a_zombie": """
        Takes 3.6 GB where its first thread has ended.
        import threading
        def hoard():
            for _ in range(36): kept.append(b'x' * (100 << 20)); time.sleep(0.05)
            time.sleep(20)
        thread = threading.Thread(target=hoard); thread.start()
        libc.syscall(60 if os.uname().machine == 'x86_64' else 93, 0)
    """,
}
ALL = {name: f"{BEGIN}\n{parts(text)[1]}\n" for name, text in HOARDS.items()}


def _hoards(s: Submission, code: str) -> None:
    """A cell of its own begins as all of them do; where a first thread is to end, it is a child's."""
    text = f"{BEGIN}\n{code}\n"
    forked = f"import os, time\nif os.fork() == 0:\n    exec({text!r})\ntime.sleep(20)"
    s.first(forked if "libc.syscall(" in code else text)


cases(right(), _hoards, **{f"h_{name}": text for name, text in HOARDS.items()})
