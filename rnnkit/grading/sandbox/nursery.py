"""Where the kernels of one submission run, reached over unix sockets: confined, or in processes that are trusted.

A sandbox has one kernel after another, so that what is slow to import is imported once.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jupyter_client.connect import KernelConnectionInfo as Connection

from rnnkit.grading.sandbox import confine as sandbox
from rnnkit.grading.sandbox import launcher, preloaded
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.handle import Supervised
from rnnkit.grading.sandbox.remote import Remote

LONGEST = 60  # bytes: of a path that sockets can be made below (the system's limit is 107)
CONNECT_S, CLEAR_S = 60, 10  # seconds for a sandbox to be there, and to be made as it was
LISTEN_S = 180  # seconds until a kernel has its sockets; one that ends before is noticed at once
GATE = "gate"
SOCKETS = 5  # of a kernel
SETTINGS = {
    "socket": f"{sandbox.SOCKETS}/{GATE}",
    "connection": f"{sandbox.SOCKETS}/k.json",
    "runtime": sandbox.RUNTIME,
    "folders": sandbox.IN_MEMORY,
    "submission": sandbox.SUBMISSION,
    "stage": ["/bin/sh", "-c", sandbox.COPY, "sh", "true"],
}  # of a launcher
KERNEL = ("python", "-m", "ipykernel_launcher", "-f")


class Nest:
    """A supervised process, in which a kernel runs with rnnkit out of the folder `runtime`; for trusted submissions."""

    confined = False

    def __init__(self, stage: Path | None, runtime: Path, limits: Limits, address: str = "") -> None:
        where = tempfile.gettempdir()
        short = where if len(os.fsencode(where)) < LONGEST else "/tmp"
        self.base, self.runtime = Path(tempfile.mkdtemp(prefix="rk-", dir=short)), runtime
        self._connection = _connection(self.base)
        self.job = self._begin(address, {"stage": stage, "runtime": runtime, "limits": limits})

    def _begin(self, address: str, how: Mapping[str, Any]) -> Supervised:
        """Starts what kernels run in."""
        return sandbox.supervised(self._command(), self.base, confined=self.confined, **how)

    def _command(self) -> list[str]:
        """What is run to have a kernel."""
        file = self.base / "k.json"
        file.write_text(json.dumps(self._connection), encoding="utf-8")
        return [*KERNEL, str(file), launcher.NO_HISTORY]

    def start(self) -> Connection:
        """Starts a kernel; the connection to it, when it listens: clients connect once. `SandboxError` if it ends."""
        return self._listening(self._connection)

    def clear(self) -> bool:
        """Ends the kernel with everything that it started; whether all is as it was at first."""
        return False

    def end(self) -> None:
        """Ends whatever runs, and removes the folder."""
        self.job.stop()
        self.job.wait()
        shutil.rmtree(self.base, ignore_errors=True)

    def _listening(self, connection: Connection) -> Connection:
        """The same, when there is a kernel at its other end."""
        paths = [f"{connection['ip']}-{number}" for number in range(1, SOCKETS + 1)]
        self._wait_for("kernel", LISTEN_S, lambda: all(map(_listens, paths)))
        return connection

    def _wait_for(self, what: str, seconds: float, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while not (ready() and self.job.process.poll() is None):  # else its number may be another's by now
            if self.job.process.poll() is not None or time.monotonic() > deadline:
                got = self.job.why() or "no reason given"
                self.job.stop()
                self.job.wait()
                said = self.job.report().get("stderr", "").strip()[-2000:]
                raise sandbox.SandboxError(f"expected a {what}, it did not start: {got}\n{said}".rstrip())
            time.sleep(0.01)


class Sandbox(Nest):
    """A nest that is confined, and has kernels one after another: there is a launcher in it."""

    confined = True
    _control: socket.socket | None = None

    def _begin(self, address: str, how: Mapping[str, Any]) -> Supervised:
        """Has a launcher: a copy of the process that listens at an address, if there is one; else one of its own."""
        if address:
            with contextlib.suppress(OSError):  # it is gone
                return preloaded.supervised(SETTINGS, self.base, address=address, **how)
        return super()._begin(address, how)

    def _command(self) -> list[str]:
        """What is run to have a launcher."""
        source = Path(launcher.__file__).read_text(encoding="utf-8")
        return ["env", "-u", "PYTHONPATH", "python", "-c", source, json.dumps(SETTINGS)]

    def start(self) -> Connection:
        """As in every nest."""
        control, connection = self.reach(), _connection(sandbox.SOCKETS)
        with contextlib.suppress(OSError):  # whether it comes up shows at its sockets
            control.sendall(f"{json.dumps(connection)}\n".encode())
        return self._listening({**connection, "ip": f"{self.job.sockets()}/k"})

    def reach(self) -> socket.socket:
        """Waits for the launcher, which takes one connection and no other. `SandboxError` if it ends."""
        if self._control is None:
            self._control = control = socket.socket(socket.AF_UNIX)
            gate = f"{self.job.sockets()}/{GATE}"
            self._wait_for("sandbox", CONNECT_S, lambda: control.connect_ex(gate) == 0)
        return self._control

    def clear(self) -> bool:
        """As in every nest."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.settimeout(CLEAR_S)
                self._control.sendall(b"\n")
                return self._control.recv(16) == b"done"
        return False

    def end(self) -> None:
        """As in every nest."""
        if self._control is not None:
            self._control.close()
        super().end()


class Nursery:
    """Hands out the nests of one submission, and takes those back that serve for another kernel."""

    def __init__(
        self,
        stage: Path | None,
        limits: Limits,
        confined: bool = True,
        addresses: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`addresses` are those of `begun_before`."""
        self._addresses = addresses
        self._stage, self._limits = None if stage is None else stage.resolve(), limits
        self._make = Sandbox if confined else Nest
        self._kept: dict[Path, Nest] = {}

    def warm(self, runtime: Path) -> None:
        """Begins to make a nest, so that its first kernel does not wait for all of it."""
        if runtime not in self._kept:
            self._kept[runtime] = self._make(self._stage, runtime, self._limits, self._addresses.get(str(runtime), ""))

    def take(self, runtime: Path) -> Nest:
        """A nest in which nothing of a student's runs, and nothing is left of what has run."""
        self.warm(runtime)
        return self._kept.pop(runtime)

    def put_back(self, nest: Nest) -> None:
        """Ends what runs in a nest, and the nest with it where it cannot be kept for the next kernel."""
        if nest.runtime in self._kept or not nest.clear():
            nest.end()
        else:
            self._kept[nest.runtime] = nest

    def close(self) -> None:
        """Ends the nests that are kept."""
        while self._kept:
            self._kept.popitem()[1].end()


@contextlib.contextmanager
def begun_before(runtimes: Iterable[Path]) -> Iterator[dict[str, str]]:
    """Runtime -> the address of a process whose copies its sandboxes are; without those where that does not work."""
    with contextlib.ExitStack() as stack:
        begun: dict[Path, preloaded.Preloaded] = {}
        with contextlib.suppress(OSError):
            for runtime in runtimes if preloaded.possible() else ():
                begun[runtime] = stack.enter_context(contextlib.closing(preloaded.Preloaded(runtime)))
        addresses = {runtime: one.address() for runtime, one in begun.items()}
        yield {str(runtime): address for runtime, address in addresses.items() if _tried(runtime, address)}


def _tried(runtime: Path, address: str) -> bool:
    """Whether a sandbox begins as a copy."""
    if not address:
        return False
    with contextlib.suppress(OSError, sandbox.SandboxError):
        nest = Sandbox(None, runtime, Limits(wall_s=CONNECT_S), address)
        try:
            nest.reach()
            return isinstance(nest.job.process, Remote)
        finally:
            nest.end()
    return False


def _connection(folder: str | Path) -> Connection:
    """A connection of its own for a kernel that has its sockets in a folder."""
    ports: Connection = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "hb_port": 4, "control_port": 5}
    secret: Connection = {"key": secrets.token_hex(32), "signature_scheme": "hmac-sha256"}
    return {"transport": "ipc", "ip": f"{folder}/k", **secret, **ports}


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0
