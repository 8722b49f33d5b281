"""A supervisor that another process has forked: what the grader uses of it as of a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

KILLED = 128 + signal.SIGKILL
BEGUN_S = 10  # seconds for it to be there


class Remote:
    """What is used of `subprocess.Popen`, for a supervisor that is forked where a `zygote` listens.

    Arguments:
        address: of its socket.
        told, files: what the supervisor is told, and open files for it.

    Raises:
        OSError: nobody listens there, or it is not a process of root's.
    """

    stdout = None

    def __init__(self, address: str, told: Mapping[str, Any], files: Sequence[int]) -> None:
        self.returncode: int | None = None
        self._text = b""
        self._connection = socket.socket(socket.AF_UNIX)
        try:
            self._connection.settimeout(BEGUN_S)
            self._connection.connect(address)
            form = struct.Struct("iII")
            _, user, _ = form.unpack(self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, form.size))
            if user != 0:
                raise PermissionError(f"expected a process of root's at {address}, got one of user {user}")
            if (line := self._line()) is None:
                raise ConnectionResetError(f"nothing was begun at {address}")
            self.pid = int(line)
            self._handle = os.pidfd_open(self.pid)
        except BaseException:
            self._connection.close()
            raise
        text = f"{json.dumps(told)}\n".encode()
        with contextlib.suppress(OSError):  # it has ended, as will be seen
            sent = socket.send_fds(self._connection, [text], list(files))
            self._connection.sendall(text[sent:])

    def poll(self) -> int | None:
        """The exit status; None where it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status at its end; `subprocess.TimeoutExpired` where that is too far."""
        if (code := self._look(timeout)) is None:
            raise subprocess.TimeoutExpired("supervisor", timeout or 0)
        return code

    def kill(self) -> None:
        """Ends it at once."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._handle], [], [], timeout)[0]:
            line = None
            with contextlib.suppress(OSError):
                line = self._line()  # it is there, or the other end is closed
            self.returncode = KILLED if line is None else int(line)
            self._connection.close()
            os.close(self._handle)
        return self.returncode

    def _line(self) -> str | None:
        while b"\n" not in self._text:
            if not (part := self._connection.recv(64)):
                return None
            self._text += part
        line, _, self._text = self._text.partition(b"\n")
        return line.decode()
