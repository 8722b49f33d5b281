"""Grader processes: forked from a server that has everything imported, and gone with whoever started them."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import threading
from collections.abc import Callable
from functools import cache
from multiprocessing.context import ForkServerContext
from time import monotonic

from rnnkit.common.text import one_line
from rnnkit.grading.course.submission import RESULT, GradingJob, Result, grade_submission, load_result
from rnnkit.grading.sandbox.allowance import WALL_S
from rnnkit.grading.sandbox.confine import THREADS
from rnnkit.grading.sandbox.room import EXIT, NO_ROOM, no_room

PATIENCE_S = 120  # seconds that a grader process may take beyond the wall's time for a submission
MOST_MEMORY = 2 << 30  # bytes of a grader process's own data; it holds a few notebooks
LOG = "log.txt"
LATE = ["torch.fx.experimental.symbolic_shapes", "filelock", "mistune"]  # what others import at their first use


class Child:
    """The process that grades one submission.

    Attributes:
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
        self.process = server().Process(target=_main, args=(job, work))
        self.process.start()

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

    def result(self) -> Result | None:
        """What it found out; None, and a reason, where it died."""
        if self.process.exitcode == EXIT:
            self.reason = NO_ROOM
            return None
        path = self.job.work / RESULT
        if path.exists() and not self.reason:
            return load_result(path)
        log = self.job.work / LOG
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
    return "no result" if result is None else f"{sum(score['points'] for score in result.scores.values()):g} points"


@cache
def server() -> ForkServerContext:
    """The server that has imported what grading needs, for one thread each: a process then begins at once."""
    os.environ |= dict.fromkeys(THREADS, "1")  # read where numpy and torch are loaded; here nothing computes
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*LATE, "rnnkit.grading.course.warm"])
    return context


def _main(job: GradingJob, work: Callable[[GradingJob], object]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    with open(job.work / LOG, "w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    try:
        work(job)
    except Exception as error:
        if no_room(error):
            os._exit(EXIT)  # the log may have no room either
        raise


def _end_with_parent() -> None:
    """Ends this process when the one that wants the result is gone."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
