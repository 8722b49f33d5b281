"""The grader's handle on a command that runs under a supervisor."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rnnkit.grading import enclosure, supervise

STATUS = "status.json"
ROOT = str(Path(supervise.__file__).resolve().parents[2])
MAIN = "import sys; sys.path.append(sys.argv.pop(1)); from rnnkit.grading import supervise; sys.exit(supervise.main())"
ACKNOWLEDGED_S = 2  # seconds for the supervisor to say that a signal is sent


class Supervised:
    """A command that runs under a supervisor.

    Arguments:
        argv: the command.
        base: a folder of the grader's own; the supervisor's status file is written there.
        limits: ``memory_mb``, ``processes``, ``wall_s`` and, where it is confined, ``enclosure`` (`sandbox.command`).
        environment: of the command.
        cwd: where it starts.
        stdout: where its output goes.
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
    ) -> None:
        self.status = base / STATUS
        self.status.unlink(missing_ok=True)
        self.stopped: str | None = None
        self._asked = False
        self._control, theirs = socket.socketpair()
        settings = json.dumps(dict(limits) | {"control": theirs.fileno(), "status": str(self.status)})
        script = [sys.executable, "-I", "-S", "-B", "-c", MAIN, ROOT, settings, "--", *argv]
        try:
            self.process = subprocess.Popen(
                script,
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )
        except BaseException:
            self._control.close()
            raise
        finally:
            theirs.close()

    def sockets(self) -> str:
        """The folder inside where a kernel has its sockets, as a path that leads there from here while it runs."""
        return f"/proc/{self.process.pid}/fd/{enclosure.FOLDER}"

    def stopped_by_grader(self) -> bool:
        """Whether it was stopped without a reason, as at the end of a job."""
        return self._control is None and self.stopped is None and not self.report().get("why") and self._asked

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
        self._asked = self._asked or self.process.poll() is None
        if self._control is not None:
            self._control.close()
            self._control = None

    def wait(self, timeout: float = 10) -> int:
        """The exit status, after a stop or the command's own end (128 + its signal where one killed it)."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.stop()
            code = self._insist()
        self.stop()
        return code

    def _insist(self, patience: float = 5) -> int:
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()  # what is confined dies with it
            return self.process.wait()

    def report(self) -> dict[str, Any]:
        """What the supervisor wrote at the end: why, peak_mb, wall_s, stderr; empty while it runs."""
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
        if code > 128 and code - 128 in {int(known) for known in signal.Signals}:
            return f"ended by {signal.Signals(code - 128).name}"
        return None
