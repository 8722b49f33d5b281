"""Grader processes: forked from a server that has everything imported, and gone with whoever started them."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from time import monotonic

from rnnkit.common.text import one_line
from rnnkit.grading.course.submission import RESULT, GradingJob, Result, grade_submission, load_result
from rnnkit.grading.sandbox.allowance import WALL_S
from rnnkit.grading.sandbox.room import EXIT, NO_ROOM, no_room

PATIENCE_S = 120  # seconds that a grader process may take beyond the wall's time for a submission
MOST_MEMORY = 2 << 30  # bytes of a grader process's own data; it holds a few notebooks
LOG = "log.txt"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")


class Child:
    """The process that grades one submission.

    Arguments:
        job: what it is told.
        work: what it does with that.
        wall_s: seconds after which it is given up.

    Attributes:
        job: what it was told.
        process: for its sentinel.
        reason: why there is no result; empty where there is one, or not yet an end.
        flags: what else is known of that, for the instructor alone.
        place: which of those that run at the same time it is.
        first: the try before this one; None where this is the first.
        alone: whether no other submission was graded at the same time.
    """

    def __init__(
        self,
        job: GradingJob,
        work: Callable[[GradingJob], object] = grade_submission,
        wall_s: float = WALL_S + PATIENCE_S,
        *,
        place: int = 0,
        first: Child | None = None,
    ) -> None:
        self.job, self.reason, self.flags, self._wall_s = job, "", [], wall_s
        self.place, self.first, self.alone = place, first, True
        self._late, self._cut = False, ""
        self._begun = monotonic()
        context = server()
        reader, self._alive = context.Pipe(duplex=False)
        self.process = context.Process(target=_main, args=(job, reader, work))
        with _environment(ONE_THREAD):
            self.process.start()
        reader.close()

    def over(self) -> bool:
        """Whether the process has ended; one that takes too long is ended here."""
        if self.process.is_alive() and monotonic() - self._begun > self._wall_s:
            self.reason, self._late = f"took longer than {self._wall_s:g} s", True
            self.kill()
        return not self.process.is_alive()

    def kill(self) -> None:
        """Ends the process; its sandboxes notice, and end too."""
        self.process.kill()
        self.process.join()
        self._alive.close()

    def result(self) -> Result | None:
        """What it found out; None, and a reason, where it died."""
        self._alive.close()
        if self.process.exitcode == EXIT:
            self.reason = NO_ROOM
            return None
        path = Path(self.job.work) / RESULT
        if path.exists() and not self.reason:
            return load_result(path)
        log = Path(self.job.work) / LOG
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
        last = next((line for line in reversed(lines) if line.strip()), "")
        self.flags = [f"the grader's last words: {one_line(last)}"] if last else []
        self.reason = self.reason or f"the grader process died (exit code {self.process.exitcode})"
        return None

    def cut_short(self, result: Result | None) -> bool:
        """Whether a time-out has cut it short while others had a part of the machine; never said of a second try."""
        cuts = [self.reason] if self._late else result.cut if result else []
        busy = self._late or not self.alone or (result is not None and result.starved)
        if self.first or not cuts or not busy:
            return False
        self._cut = f"{cuts[0]}; {_points(result)} then"
        return True

    def tried_again(self, result: Result | None) -> list[str]:
        """A flag about the try before this one, where there was one."""
        if self.first is None:
            return []
        return [f"tried again alone: on a busy machine it was cut short ({self.first._cut}, {_points(result)} now)"]


def _points(result: Result | None) -> str:
    return "no result" if result is None else f"{sum(about['points'] for about in result.scores.values()):g} points"


@cache
def server() -> ForkServerContext:
    """The server that has imported what grading needs: a process then begins at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["rnnkit.grading.course.submission"])
    return context


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _main(job: GradingJob, alive: Connection, work: Callable[[GradingJob], object]) -> None:
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    with open(Path(job.work) / LOG, "w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    try:
        work(job)
    except Exception as error:
        if no_room(error):
            os._exit(EXIT)  # the log may have no room either
        raise


def _end_with_parent(alive: Connection) -> None:
    """Ends this process when the one that wants the result is gone."""
    try:
        alive.poll(None)
    finally:
        os._exit(1)
