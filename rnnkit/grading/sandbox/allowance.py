"""How long things may take: by a submission's own clock, which stands still while it waits for a processor.

What others do on the machine then costs nobody time. The clock on the wall ends what the own clock does not see.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from rnnkit.grading.sandbox.handle import Own

TOTAL_S = 300  # seconds of its own for a submission
WALL = 3  # times as long may anything take by the clock on the wall
WALL_S = WALL * TOTAL_S
TIME_IS_UP = "the time for this submission is used up"
MOSTLY = 0.9
TIMED_OUT = ("took longer than", "used more processor time", TIME_IS_UP)  # how reasons begin that are time-outs


class Limit:
    """One wait, begun now: so many seconds by the submission's own clock, and by the one on the wall."""

    def __init__(self, own: Callable[[], Own], seconds: float, wall: float) -> None:
        self._own, self._seconds, self._wall = own, seconds, wall
        self._began, self._began_on_wall = own(), monotonic()

    def spent(self) -> Own:
        """What the submission's own clock has gone on."""
        now = self._own()
        return Own(now.cpu - self._began.cpu, now.asleep - self._began.asleep)

    def left(self) -> float:
        """Seconds that it takes at least until this is over."""
        return min(self._seconds - self.spent().seconds, self._wall - (monotonic() - self._began_on_wall))

    def on_wall(self) -> bool:
        """Whether it is not over by the own clock."""
        return self.spent().seconds < self._seconds

    def __str__(self) -> str:
        if self.on_wall():
            return f"took longer than {self._wall:.0f} s by the clock on the wall"
        return f"took longer than {self._seconds:.0f} s"


class Allowance:
    """The time of one submission, which all of its kernels share; begun now."""

    def __init__(self, seconds: float = TOTAL_S, wall: float = WALL_S) -> None:
        self._own_left, self._end, self._spent = seconds, monotonic() + wall, Own()
        self._cut_on_wall = False
        self.cut: list[str] = []  # time-outs, but for those of what slept: no other machine would wake it

    def limit(self, own: Callable[[], Own], seconds: float) -> Limit:
        """A wait of so many seconds by the own clock, or of what is left."""
        return Limit(own, min(seconds, self._own_left), min(WALL * seconds, self._end - monotonic()))

    def used_up(self) -> bool:
        """Whether nothing is left."""
        return self._own_left <= 0 or self.wall_is_up()

    def wall_is_up(self) -> bool:
        """Whether nothing is left by the clock on the wall."""
        return monotonic() >= self._end

    def spend(self, own: Own) -> None:
        """Takes off what was used by the own clock."""
        self._own_left -= own.seconds
        self._spent = Own(self._spent.cpu + own.cpu, self._spent.asleep + own.asleep)

    def over(self, limit: Limit) -> str:
        """Notes that a limit is over; the reason in words."""
        if not _slept(limit.spent()):
            self.note(str(limit), limit.on_wall())
        return str(limit)

    def note(self, reason: str | None, on_wall: bool = True) -> None:
        """Keeps the reason for which something ended, where that is a time-out; a supervisor's are on the wall."""
        if reason and reason.startswith(TIMED_OUT):
            self.cut.append(reason)
            self._cut_on_wall |= on_wall and reason.startswith(TIMED_OUT[0])

    def close(self) -> None:
        """Notes that all time is used up, where it is."""
        if self.used_up() and not _slept(self._spent):
            self.note(TIME_IS_UP)

    @property
    def starved(self) -> bool:
        """Whether something was cut short by the clock on the wall: the machine may have been busy with others."""
        return self._cut_on_wall or (self.wall_is_up() and self._own_left > 0)


def _slept(own: Own) -> bool:
    return own.asleep > MOSTLY * own.seconds
