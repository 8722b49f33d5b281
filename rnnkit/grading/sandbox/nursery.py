"""The sandbox that the kernels of one submission have after one another: what is slow to import is imported once."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path

from rnnkit.grading.sandbox import confine as sandbox
from rnnkit.grading.sandbox import launcher
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.handle import Supervised

LONGEST = 60  # bytes: of a path that sockets can be made below (the system's limit is 107)
CONNECT_S, CLEAR_S = 60, 10  # seconds for a sandbox to be there, and to be made as it was
GATE = "gate"


class Nest:
    """A sandbox with a launcher in it.

    Arguments:
        stage, runtime, limits: as for `sandbox.command`.

    Attributes:
        base: a folder of the grader's own.
        runtime: as it was given.
        job: the sandbox's supervisor.
    """

    def __init__(self, stage: Path | None, runtime: Path, limits: Limits) -> None:
        self.base, self.runtime = short_folder(), runtime
        about = {
            "socket": f"{sandbox.SOCKETS}/{GATE}",
            "connection": sandbox.CONNECTION,
            "runtime": sandbox.RUNTIME,
            "folders": sandbox.IN_MEMORY,
            "submission": sandbox.SUBMISSION,
            "stage": ["/bin/sh", "-c", sandbox.COPY, "sh", "true"],
        }
        source = Path(launcher.__file__).read_text(encoding="utf-8")
        argv = ["env", "-u", "PYTHONPATH", "python", "-c", source, json.dumps(about)]
        words, watched = sandbox.command(argv, stage=stage, runtime=runtime, limits=limits, base=self.base)
        self.job = Supervised(words, self.base, watched, environment=sandbox.OUTSIDE)
        self._control: socket.socket | None = None

    def start(self, connection: str, arguments: list[str]) -> None:
        """Has a kernel forked; whether it comes up shows at its sockets.

        Arguments:
            connection: the text of its connection file.
            arguments: further ones of ipykernel's.

        Raises:
            SandboxError: there is no sandbox.
        """
        if self._control is None:
            self._control = self._connected()
        self._order({"connection": connection, "arguments": arguments})

    def clear(self) -> bool:
        """Ends the kernel with everything that it started; whether the sandbox is as it was at first."""
        try:
            self._control.settimeout(CLEAR_S)
            self._order({})
            return self._control.recv(16) == b"done"
        except (OSError, AttributeError):
            return False

    def end(self) -> None:
        """Ends the sandbox, and removes its folder."""
        if self._control is not None:
            self._control.close()
        self.job.stop()
        self.job.wait()
        shutil.rmtree(self.base, ignore_errors=True)

    def _connected(self) -> socket.socket:
        """A connection to the launcher, which takes one and no other.

        Raises:
            SandboxError: the sandbox did not come up.
        """
        deadline, control = time.monotonic() + CONNECT_S, socket.socket(socket.AF_UNIX)
        while True:
            try:
                control.connect(f"{self.job.sockets()}/{GATE}")
                return control
            except OSError:
                if self.job.process.poll() is not None or time.monotonic() > deadline:
                    control.close()
                    said = self.job.report().get("stderr", "").strip()[-2000:]
                    raise sandbox.SandboxError(f"expected a sandbox, it did not start: {said}") from None
                time.sleep(0.01)

    def _order(self, order: dict[str, object]) -> None:
        self._control.sendall(f"{json.dumps(order)}\n".encode())


class Nursery:
    """Hands out the sandboxes of one submission, one for each runtime, and takes them back between two kernels.

    Arguments:
        stage, limits: as for `sandbox.command`.
    """

    def __init__(self, stage: Path | None, limits: Limits) -> None:
        self._stage, self._limits = None if stage is None else stage.resolve(), limits
        self._kept: dict[Path, Nest] = {}

    def warm(self, runtime: Path) -> None:
        """Begins to make a sandbox, so that its first kernel does not wait for all of it."""
        if runtime not in self._kept:
            self._kept[runtime] = Nest(self._stage, runtime, self._limits)

    def take(self, runtime: Path) -> Nest:
        """A sandbox in which nothing of a student's runs, and nothing is left of what has run."""
        self.warm(runtime)
        return self._kept.pop(runtime)

    def keep(self, nest: Nest) -> bool:
        """Ends what runs in a sandbox, and keeps it for the next kernel; False where that cannot be."""
        if nest.runtime in self._kept or not nest.clear():
            return False
        self._kept[nest.runtime] = nest
        return True

    def close(self) -> None:
        """Ends the sandboxes that are kept."""
        while self._kept:
            self._kept.popitem()[1].end()


def short_folder() -> Path:
    """A new folder of our own with a path that sockets can have."""
    where = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="rk-", dir=where if len(os.fsencode(where)) < LONGEST else "/tmp"))
