"""A process that has imported what kernels need, and never reads a byte of a student's: sandboxes begin as its copies.

It runs from its text alone, as root, among the mounts that a sandbox has. For each sandbox it forks a supervisor to be,
and that at once, with nothing of the grader's in it yet, the launcher to be. This one enters the sandbox when
bubblewrap has made it, and gives up all that a launcher does not have before the grader can reach it.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

NAMESPACE = 0x20000  # of setns(2): mounts; then all that a sandbox has of its own
NAMESPACES = NAMESPACE | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000
NO_NEW_PRIVILEGES, DROP_BOUND, AMBIENT, CLEAR_ALL, SECCOMP, FILTERING = 38, 24, 47, 4, 22, 2  # of prctl(2)
CAPABILITY_VERSION = 0x20080522
LONGEST = 1 << 20  # bytes of what the grader asks for

Serve = Callable[..., None]
libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: Any) -> None:
    """Calls a function of the C library; `OSError` where it fails."""
    if getattr(libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def line_with_files(connection: socket.socket, most: int) -> tuple[dict[str, Any] | None, list[int]]:
    """One line of JSON and the open files that came with it; None where the other end closed first."""
    text, files = b"", array.array("i")
    while not text.endswith(b"\n"):
        part, beside, _, _ = connection.recvmsg(LONGEST, socket.CMSG_SPACE(most * files.itemsize))
        for level, kind, data in beside:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                files.frombytes(data)
        if not part:
            return None, []
        text += part
    return json.loads(text), list(files)


def give_up(told: Mapping[str, Any]) -> None:
    """Gives up all that a process of a sandbox does not have, for good; in a sandbox of which it is no part yet."""
    os.closerange(3, (1 << 31) - 1)
    os.setsid()
    for ends in (signal.SIGTERM, signal.SIGHUP):  # as of what a supervisor begins
        signal.signal(ends, signal.SIG_DFL)
    os.chdir(told["folder"])
    for name, values in told["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), values)
    call("prctl", AMBIENT, CLEAR_ALL, 0, 0, 0)
    os.setresgid(*[told["user"]] * 3)
    os.setresuid(*[told["user"]] * 3)
    with open("/proc/sys/kernel/cap_last_cap") as file:
        last = int(file.read())
    for number in range(last + 1):
        call("prctl", DROP_BOUND, number, 0, 0, 0)
    call("capset", struct.pack("Ii", CAPABILITY_VERSION, 0), bytes(24))
    call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    text = bytes.fromhex(told["filter"])
    lines = ctypes.create_string_buffer(text, len(text))
    call("prctl", SECCOMP, FILTERING, struct.pack("HxxxxxxP", len(text) // 8, ctypes.addressof(lines)), 0, 0)


def hatch(orders: socket.socket, errors: int, nothing: int, serve: Serve) -> NoReturn:
    """In the launcher to be: waits for its sandbox, and goes into it."""
    told, files = line_with_files(orders, 1)
    if told is None:  # there is none
        os._exit(0)
    with contextlib.suppress(OSError):
        if told["cores"]:
            os.sched_setaffinity(0, told["cores"])
        os.nice(told["nice"])
    os.setgroups([])
    call("setns", files[0], NAMESPACES)
    if pid := os.fork():  # only a child is in the namespace of processes
        orders.sendall(f"{pid}\n".encode())
        os._exit(0)
    for here, there in ((nothing, 0), (errors, 1), (errors, 2)):
        os.dup2(here, there)
    orders.detach()
    give_up(told)
    if os.getpid() != 2 or os.getresuid() != (told["user"],) * 3:
        raise SystemExit("expected to be the first process of a sandbox")
    sys.argv = ["-c"]
    settings = json.loads(told["settings"])
    subprocess.run(settings["stage"], check=True, stdin=subprocess.DEVNULL)
    serve(settings, loaded=True)
    os._exit(0)


def supervise(connection: socket.socket, mounts: int, serve: Serve) -> NoReturn:
    """In the supervisor to be: forks the launcher to be, then goes back to the grader's mounts and supervises."""
    mine, theirs = socket.socketpair()
    readable, errors = os.pipe()
    nothing, writer = os.pipe()  # it reads to its end
    os.close(writer)
    if (pid := os.fork()) == 0:
        for own in (connection, mine):
            own.close()
        for number in (readable, mounts):
            os.close(number)
        hatch(theirs, errors, nothing, serve)
    theirs.close()
    os.close(nothing)
    connection.sendall(f"{os.getpid()}\n".encode())
    told, files = line_with_files(connection, 2)
    if told is None:
        os._exit(70)
    silent = os.open("/dev/null", os.O_RDWR)
    for number in (1, 2):
        os.dup2(silent, number)
    os.setsid()
    call("setns", mounts, NAMESPACE)
    for number in (mounts, silent):
        os.close(number)
    os.chdir("/")
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.path[:] = [path for path in sys.path if not path.endswith("-packages")] + [told["root"]]
    copy = {"pid": pid, "orders": mine.detach(), "stderr": [readable, errors], "grader": connection.fileno()}
    settings = told["settings"] | dict(zip(("control", "clocks"), files, strict=True)) | {"copy": copy}
    sys.argv = ["-c", json.dumps(settings), "--", *told["argv"]]
    from rnnkit.grading.sandbox import supervisor

    connection.sendall(f"{supervisor.main()}\n".encode())
    os._exit(0)


def attend(listener: socket.socket, life: int, mounts: int, serve: Serve) -> NoReturn:
    """Forks a supervisor to be for each connection, until the other end of `life` is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    asked: list[Any] = [listener, life]
    while life not in (ready := select.select(asked, [], [])[0]):
        if listener not in ready:
            continue
        connection = None
        try:
            connection, _ = listener.accept()
            pid = os.fork()
        except OSError:  # there is no room for it: it begins by itself
            if connection:
                connection.close()
            continue
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            os.close(life)
            try:
                supervise(connection, mounts, serve)
            except BaseException:  # ends it here; what a launcher says is in the supervisor's report
                traceback.print_exc()
            os._exit(70)
        connection.close()
    os._exit(0)


def alone() -> bool:
    """Whether copies would have nothing in common that one of them could change: no thread, no shared memory."""
    with open("/proc/self/maps") as file:
        shared = [line for line in file if (kind := line.split()[1])[1] == "w" and kind[3] == "s"]
    return not shared and len(os.listdir("/proc/self/task")) == 1


def main() -> None:
    """Imports what kernels need, says who it is, and serves."""
    told = json.loads(sys.argv[1])
    launcher: dict[str, Any] = {"__name__": "launcher"}
    exec(compile(told["launcher"], "launcher", "exec"), launcher)
    launcher["load"]()
    if not alone():
        raise SystemExit("expected one thread, and no memory that is shared and may be written to")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(told["socket"])
        listener.listen(64)
        os.write(1, f"{os.getpid()}\n".encode())
        attend(listener, told["life"], told["mounts"], launcher["serve"])


if __name__ == "__main__":
    main()
