"""The grader's handle on a command that runs under a supervisor."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from rnnkit.common.places import PACKAGE
from rnnkit.grading.sandbox import cgroup, enclosure
from rnnkit.grading.sandbox.clocks import FORM
from rnnkit.grading.sandbox.remote import Remote

STATUS = "status.json"
ROOT = str(PACKAGE.parent)
MAIN = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from rnnkit.grading.sandbox import supervisor; sys.exit(supervisor.main())"
)
NICE = 5  # of what is supervised: whoever watches and judges it comes first
STOPPED_S = 15  # seconds for it to end everything
ACKNOWLEDGED_S = 30  # seconds for the supervisor to say that a signal is sent


class Own(NamedTuple):
    """A clock that stands still while what it belongs to waits for a processor."""

    cpu: float = 0.0  # seconds of processor time that all of it has had, summed, what has ended included
    asleep: float = 0.0  # seconds in which none of it wanted a processor

    @property
    def seconds(self) -> float:
        """What this clock says."""
        return self.cpu + self.asleep


class Supervised:
    """A command that runs under a supervisor, which writes its status file into the folder `base`.

    `limits` are those of `confine.Limits` and, where it is confined, an ``enclosure`` (`confine.command`). The
    supervisor is forked where a `zygote` listens, if one's address is given.
    """

    def __init__(
        self,
        argv: Sequence[str],
        base: Path,
        limits: Mapping[str, Any],
        *,
        environment: Mapping[str, str],
        cwd: str | Path = "/",
        stdout: int = subprocess.DEVNULL,
        zygote: str = "",
    ) -> None:
        self.status = base / STATUS
        self.stopped: str | None = None
        self._control: socket.socket | None
        self._control, theirs = socket.socketpair()
        self._clocks, self._last = _memory_file(), Own()
        group = cgroup.make(limits["memory_mb"], limits["processes"])
        told = {"group": group.told() if group else {}, "clocks": self._clocks.fileno(), "nice": NICE}
        told |= {"control": theirs.fileno(), "status": str(self.status)}
        settings = dict(limits) | told
        self.process: subprocess.Popen[bytes] | Remote
        try:
            if zygote:
                asked = {"settings": settings, "argv": list(argv), "root": ROOT, "environment": dict(environment)}
                self.process = Remote(zygote, asked, [theirs.fileno(), self._clocks.fileno()])
            else:
                self.process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-B", "-c", MAIN, ROOT, json.dumps(settings), "--", *argv],
                    cwd=cwd,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    pass_fds=(theirs.fileno(), self._clocks.fileno()),
                )
        except BaseException:
            self._control.close()
            self._clocks.close()
            if group:
                group.remove()
            raise
        finally:
            theirs.close()

    def own(self) -> Own:
        """Its own clock a moment ago, or at its end."""
        if not self._clocks.closed:
            text = os.pread(self._clocks.fileno(), FORM.size, 0)
            self._last = Own(*FORM.unpack(text)) if len(text) == FORM.size else self._last
        return self._last

    def sockets(self) -> str:
        """The folder inside where a kernel has its sockets, as a path that leads there from here while it runs."""
        return f"/proc/{self.process.pid}/fd/{enclosure.FOLDER}"

    def interrupt(self) -> None:
        """Sends SIGINT to the command itself, even while compiled code runs; returns when it is sent."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.settimeout(ACKNOWLEDGED_S)
                self._control.sendall(b"I")
                self._control.recv(1)

    def stop(self, why: str | None = None) -> None:
        """Has the whole tree killed; `why` is kept as the reason."""
        self.stopped = self.stopped or why
        if self._control is not None:
            self._control.close()
            self._control = None

    def wait(self, timeout: float = 30) -> int:
        """The exit status, after a stop or the command's own end (128 + its signal where one killed it)."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout)
        self.stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOPPED_S)
        self.process.kill()  # where it still runs: what is confined dies with it
        self.own()
        self._clocks.close()
        return self.process.wait()

    def report(self) -> dict[str, Any]:
        """What the supervisor wrote at the end: why, peak_mb, wall_s, cpu_s, stderr; empty while it runs."""
        try:
            return json.loads(self.status.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def why(self) -> str | None:
        """Why it was killed or ended by a signal, in words; None where it runs or ended by itself."""
        code = self.process.poll()
        if code is None:
            return None
        report = self.report()
        if self.stopped or report.get("why"):
            return self.stopped or report["why"]
        if code == 128 + signal.SIGXCPU:
            return "used more processor time than its limit"
        stderr = report.get("stderr", "").strip()
        if code == 1 and stderr.startswith("bwrap: "):
            return stderr
        with contextlib.suppress(ValueError):  # it ended by itself
            return f"ended by {signal.Signals(code - 128).name}"
        return None


def _memory_file() -> IO[bytes]:
    """A file that is on no disk, where the system has such files."""
    return open(os.memfd_create("clocks"), "rb+") if hasattr(os, "memfd_create") else tempfile.TemporaryFile()
