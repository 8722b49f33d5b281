"""What a supervisor does for a sandbox whose launcher is no command of its own, but a copy of a `zygote`."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rnnkit.grading.sandbox import enclosure


class Copy:
    """The copy that is a sandbox's launcher: what is used of `subprocess.Popen`.

    Arguments:
        settings: the supervisor's; ``copy`` says where the launcher to be waits.
        first: the sandbox's first process.

    Raises:
        OSError: it has not come into its sandbox.
    """

    def __init__(self, settings: Mapping[str, Any], first: int) -> None:
        self.returncode: int | None = None
        waits = settings["copy"]
        handle = os.pidfd_open(first)
        _closed(first)
        for folder in settings["group"].get("folders", ()):
            with contextlib.suppress(OSError), open(f"{folder}/cgroup.procs", "w") as file:
                file.write(str(waits["pid"]))
        with contextlib.suppress(OSError), open(f"/proc/{waits['pid']}/oom_score_adj", "w") as file:
            file.write("1000")  # as of what a command begins with
        with socket.socket(fileno=waits["orders"]) as orders:
            orders.settimeout(enclosure.READY_S)
            socket.send_fds(orders, [f"{json.dumps(settings['enclosure']['copied'])}\n".encode()], [handle])
            os.close(handle)
            if not (answer := orders.recv(64)).endswith(b"\n"):
                raise OSError("the copy has not come into its sandbox")
        self.pid = int(answer)
        os.waitpid(waits["pid"], 0)

    def poll(self) -> int | None:
        """The exit status; None where it runs."""
        if self.returncode is None:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def _closed(first: int) -> None:
    """Waits until nobody can look into a sandbox's first process any more."""
    until = time.monotonic() + enclosure.READY_S
    while Path(f"/proc/{first}/comm").read_text().strip() != enclosure.FIRST:
        if time.monotonic() > until:
            raise OSError("the sandbox's first process is late")
        time.sleep(0.001)


def gone(copy: Mapping[str, Any]) -> bool:
    """Whether the grader is: its connection is closed, on which it says nothing."""
    return bool(select.select([copy["grader"]], [], [], 0)[0])
