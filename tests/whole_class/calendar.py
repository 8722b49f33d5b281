"""When the class had to hand in, as the course's file of dates and the platform's worksheet say it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = "Europe/Berlin"
DUE = datetime(2026, 11, 20, 23, 59, tzinfo=ZoneInfo(ZONE))


def dates(assignment: str) -> str:
    """The course's file of dates: a tenth of the points a day, and no grace."""
    return f'zone = "{ZONE}"\n\n[{assignment}]\ndue = "{DUE:%Y-%m-%dT%H:%M}"\npenalty = "10 % per day"\n'


def moodle_time(when: datetime) -> str:
    """A time as Moodle's worksheet has it, which names no zone."""
    here = when.astimezone(DUE.tzinfo)
    return f"{here:%A}, {here.day} {here:%B %Y}, {here.hour % 12 or 12}:{here:%M} {here:%p}"
