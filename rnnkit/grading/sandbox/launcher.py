"""The first process of a sandbox that serves several notebooks: it has imported what is slow to import, and forks.

It runs inside, from its text alone, with nothing of rnnkit. The grader connects to its socket before there is any code
of a student's, and nobody can after that. One kernel runs at a time; where one ends by itself, the sandbox ends with
the same status. Between two kernels whatever runs is killed, and all folders are made as they were at the start.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

IMPORTED = (
    "ipykernel.ipkernel", "ipykernel.kernelapp", "matplotlib.backends.backend_agg", "matplotlib.mathtext",
    "matplotlib.pyplot", "matplotlib_inline.backend_inline", "PIL.PngImagePlugin", "torch",
)  # fmt: skip
NAME = "rk-launcher"  # of this process, for the supervisor, which interrupts what is below it
NO_HISTORY = "--HistoryManager.hist_file=:memory:"
SET_DUMPABLE, SET_NAME = 4, 15  # of prctl(2)


class Launcher:
    """What is kept between two kernels; the settings are those of `nursery.Sandbox`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings, self.kernel = settings, 0
        self.modes = {folder: os.stat(folder).st_mode & 0o7777 for folder in settings["folders"]}
        with open("/proc/self/mounts", encoding="utf-8") as file:
            self.mounts = {line.split()[1].replace("\\040", " ") for line in file}
        paths = [os.path.join(place, name) for place, _, names in os.walk(settings["submission"]) for name in names]
        self.links = {path: os.readlink(path) for path in paths if os.path.islink(path)}

    def start(self, connection: str, control: socket.socket) -> None:
        """Forks a kernel, which does not have the grader's connection."""
        if (pid := os.fork()) == 0:
            os.close(control.detach())
            self.be_kernel(connection)
        self.kernel = pid
        self.ended()  # it may have been quicker than this

    def be_kernel(self, connection: str) -> NoReturn:
        """In the new process: a kernel as one that was started in the ordinary way."""
        code = 1
        try:
            os.setsid()
            for number in (signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
            named(b"python", seen=True)
            path = self.settings["connection"]
            with open(path, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(connection)
            os.environ["PYTHONPATH"] = self.settings["runtime"]
            sys.path.insert(0, self.settings["runtime"])
            sys.path.append(self.settings["submission"])  # modules that cells have written; no other's place is taken
            sys.argv = ["ipykernel_launcher", "-f", path, NO_HISTORY]
            random.seed()
            sys.modules["numpy"].random.seed()
            if torch := sys.modules.get("torch"):
                torch.default_generator.seed()
            if os.path.exists(os.path.join(sys.path[0], "sitecustomize.py")):  # what an interpreter begins with
                sys.modules.pop("sitecustomize", None)
                importlib.import_module("sitecustomize")
            sys.modules["ipykernel.kernelapp"].launch_new_instance(argv=sys.argv[1:])
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
            os._exit(code)

    def ended(self, *_: object) -> None:
        """Ends as the kernel did that ended by itself."""
        if self.kernel:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(self.kernel, os.WNOHANG)
                if pid:
                    code = os.waitstatus_to_exitcode(status)
                    os._exit(code if code >= 0 else 128 - code)

    def clear(self) -> None:
        """Kills whatever runs here, and makes the folders what they were; whoever cannot ends the sandbox."""
        self.kernel = 0
        os.kill(-1, signal.SIGKILL)  # all at once, so that nothing that forks outruns it
        while any(name.isdigit() and int(name) > os.getpid() for name in os.listdir("/proc")):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            time.sleep(0.002)
        for folder, mode in self.modes.items():
            os.chmod(folder, mode)
            empty(folder, self.mounts)
        for path, target in self.links.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(target, path)
        subprocess.run(self.settings["stage"], check=True, stdin=subprocess.DEVNULL)


def empty(folder: str, mounts: Collection[str]) -> None:
    """Removes what is in a folder, but for what is mounted there."""
    for entry in os.scandir(folder):
        if entry.path in mounts:
            continue
        if any(mount.startswith(f"{entry.path}/") for mount in mounts):
            empty(entry.path, mounts)
        elif entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def named(name: bytes, seen: bool) -> None:
    """Names this process, and says whether others of its user may look into it, or change it."""
    call = ctypes.CDLL(None).prctl
    call(SET_NAME, ctypes.c_char_p(name), 0, 0, 0)
    call(SET_DUMPABLE, int(seen), 0, 0, 0)


def load() -> None:
    """Imports what kernels need; the collector of garbage leaves it alone, so that copies share it."""
    for name in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def serve(settings: Mapping[str, Any], loaded: bool = False) -> None:
    """Waits for the grader, and does what it says; what is slow to import may be `loaded` already."""
    launcher = Launcher(settings)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(settings["socket"])
        listener.listen(1)
        control, _ = listener.accept()
    os.unlink(settings["socket"])
    named(NAME.encode(), seen=False)
    signal.signal(signal.SIGCHLD, launcher.ended)
    if not loaded:
        load()
    with control, control.makefile(encoding="utf-8") as orders:
        while line := orders.readline():
            if connection := line.strip():
                launcher.start(connection, control)
            else:
                launcher.clear()
                control.sendall(b"done")


def main() -> None:
    """Serves, as the command of a sandbox."""
    if (os.getpid(), os.getppid()) != (2, 1):
        raise SystemExit("expected to be the first process of a sandbox")
    serve(json.loads(sys.argv[1]))


if __name__ == "__main__":
    main()
