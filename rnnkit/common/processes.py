"""Programs in processes of their own: trainings, which save themselves when they are asked to end, and one in front."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rnnkit.common.interrupts import POLITE

INTERRUPTED = 130
INTERRUPT_PATIENCE = 120  # seconds for a run to save itself
START_PATIENCE = 120  # seconds for a run to come to its first check, before its limit counts in any case
LOOK_EVERY = 0.2  # seconds

_children: set[subprocess.Popen] = set()
_stopping = threading.Event()


class LimitReached(RuntimeError):
    """A child that took longer than it was given."""


def in_front(command: list[str], folder: Path, env: Mapping[str, str]) -> int:
    """Runs a program that has the terminal, to its end; its exit status.

    Arguments:
        command: the program and its arguments.
        folder: where it runs.
        env: variables that it gets beside ours.
    """
    with subprocess.Popen(command, cwd=folder, env={**os.environ, **env}) as process:
        for number in POLITE:  # Ctrl-C reaches the child by itself, and it decides; a kill does not
            if number != signal.SIGINT and signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda number, _: process.send_signal(number))
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def stopping() -> bool:
    """Whether `interrupt` was called: what has not begun shall not."""
    return _stopping.is_set()


def run_child(
    command: list[str],
    cwd: str | Path | None = None,
    text: str = "",
    seconds: float | None = None,
    begun: Callable[[], bool] = lambda: True,
) -> tuple[int, str, str]:
    """Runs a command with one thread and no terminal; its exit code, output and errors.

    Arguments:
        command: the program and its arguments.
        cwd: where it runs; here by default.
        text: what it can read from its standard input.
        seconds: after which it is asked to save itself and end, as Ctrl-C would.
        begun: whether they count by now; they do in any case after `START_PATIENCE`.

    Raises:
        OSError: it could not be started.
        LimitReached: it took longer than that, and has ended.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    child = subprocess.Popen(
        command, cwd=cwd, env=os.environ | threads, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    _children.add(child)
    try:
        output, errors = _communicate(child, text, seconds, begun)
    except subprocess.TimeoutExpired:
        _end(child)
        raise LimitReached(f"{seconds:g} s") from None
    finally:
        _children.discard(child)
    return child.returncode, output, errors


def _communicate(
    child: subprocess.Popen, text: str, seconds: float | None, begun: Callable[[], bool]
) -> tuple[str, str]:
    deadline = time.monotonic() + START_PATIENCE
    while seconds and not begun() and time.monotonic() < deadline:
        try:
            return child.communicate(text, LOOK_EVERY)
        except subprocess.TimeoutExpired:
            text = ""  # it has been sent
    return child.communicate(text, seconds)


def _end(child: subprocess.Popen) -> None:
    """Asks a child to save itself; one that does not is killed."""
    child.send_signal(signal.SIGINT)
    try:
        child.communicate(timeout=INTERRUPT_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()


def interrupt() -> None:
    """Asks every running child to save itself and end; those that wait do not begin."""
    _stopping.set()
    for child in list(_children):
        child.send_signal(signal.SIGINT)
    deadline = time.monotonic() + INTERRUPT_PATIENCE
    while _children and time.monotonic() < deadline:
        time.sleep(0.1)
