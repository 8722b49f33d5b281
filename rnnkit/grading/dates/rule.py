"""What being late costs, by one rule for a whole class. Neither files nor a gradebook are known here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

BEST, LAST = "best", "last"  # which of several attempts counts
# Who says when a submission came; the first that can is asked.
WORKSHEET, NAME, ZIP, GIVEN, HAND_IN, SEEN = "worksheet", "name", "zip", "given", "hand-in", "seen"
SOURCES = {
    WORKSHEET: "by the learning platform's worksheet",
    NAME: "by the learning platform's name for it",
    ZIP: "by the learning platform's download",
    GIVEN: "by the course's own list",
    HAND_IN: "by the clock of the computer it was packed on",
    SEEN: "first seen then; nothing says when it was handed in",
}
TRUSTED = (WORKSHEET, NAME, ZIP)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
PERIODS = {"hour": HOUR, "day": DAY, "week": WEEK}


@dataclass(frozen=True)
class Amount:
    """Points, or a percentage of the points that a submission has."""

    number: float
    percent: bool

    def of(self, points: float) -> float:
        """How many points that is of so many."""
        return points * (self.number / 100) if self.percent else self.number

    def __str__(self) -> str:
        if self.percent:
            return f"{self.number:g} % of the points"
        return f"{self.number:g} point{'' if self.number == 1 else 's'}"


CUT_OFF = Amount(100.0, True)


@dataclass(frozen=True)
class Rule:
    """An assignment's due date and what follows from it.

    Fields:
        due: with a time zone, as all times here.
        grace: who is late by no more than that is not late.
        each: what every period that has begun since the due date costs; None where being late costs nothing.
        most: the most that being late costs; all the points where nothing is said.
        attempts: which of several counts, ``best`` or ``last``.
        extensions: student -> a due date of their own.
        given: student -> when it was handed in, where no learning platform says so.
    """

    due: datetime
    grace: timedelta = timedelta(0)
    each: Amount | None = None
    period: timedelta = DAY
    most: Amount | None = None
    attempts: str = LAST
    extensions: Mapping[str, datetime] = field(default_factory=dict)
    given: Mapping[str, datetime] = field(default_factory=dict)

    def due_for(self, student: str) -> datetime:
        """When it is due for a student."""
        return self.extensions.get(student, self.due)

    def came(self, student: str, received: str, by: str) -> tuple[str, str]:
        """When a submission came and who says so: the course's own list, where no learning platform does."""
        if student in self.given and by not in TRUSTED:
            return self.given[student].isoformat(timespec="seconds"), GIVEN
        return received, by

    def late(self, student: str, received: str, by: str) -> timedelta:
        """How long after the due date it came; none within the grace, or where nobody says when it was handed in.

        Arguments:
            received: the time in ISO, with its offset; may be empty.
            by: who says so, one of `SOURCES`.
        """
        if not received or by in (SEEN, ""):
            return timedelta(0)
        late = datetime.fromisoformat(received) - self.due_for(student)
        return late if late > self.grace else timedelta(0)

    def doubtful(self, student: str, received: str, by: str) -> bool:
        """Whether it may have been late: it was first seen after the due date, and nothing says when it came."""
        if not received or by not in (SEEN, ""):
            return False
        return datetime.fromisoformat(received) > self.due_for(student) + self.grace

    def penalty(self, points: float, late: timedelta) -> float:
        """What a submission of so many points loses by being late; never more than it has, never less than nothing.

        Arguments:
            points: all that it has, extra credit too.
            late: as `late` gives it; a period that has begun counts whole, from the due date on.
        """
        if self.each is None or late <= self.grace or late <= timedelta(0):
            return 0.0
        begun = math.ceil(late / self.period)
        wanted = Amount(self.each.number * begun, self.each.percent).of(points)
        most = points if self.most is None else self.most.of(points)
        return max(0.0, min(points, most, wanted))

    def __str__(self) -> str:
        if self.each is None:
            return "being late costs nothing"
        if self.each == CUT_OFF:
            return "late: no points"
        period = next(name for name, length in PERIODS.items() if length == self.period)
        most = f", at most {self.most}" if self.most else ""
        return f"{self.each} for each {period} begun{most}"
