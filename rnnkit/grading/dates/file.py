"""The due dates of a course, with all that follows from them: ``grading/dates.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rnnkit.common.names import BadValue, unknown
from rnnkit.grading.dates.moments import moment, zoned
from rnnkit.grading.dates.rule import BEST, CUT_OFF, DAY, LAST, PERIODS, Amount, Rule

KEYS = ("due", "grace", "penalty", "most", "attempts", "extensions", "received")
NUMBER = r"(?P<number>\d+(?:\.\d+)?)\s*"
AMOUNT = re.compile(NUMBER + r"(?P<unit>%|percent|points?)")
PENALTY = re.compile(AMOUNT.pattern + rf"\s+(?:per|a|an)\s+(?P<period>{'|'.join(PERIODS)})")
LENGTH = re.compile(NUMBER + r"(?P<unit>min(?:ute)?s?|h(?:our)?s?|d(?:ay)?s?|w(?:eek)?s?)")
UNITS = {"m": timedelta(minutes=1), "h": PERIODS["hour"], "d": DAY, "w": PERIODS["week"]}
LONGEST = timedelta(days=3660)
CUT = "cut-off"


@dataclass(frozen=True)
class Dates:
    """The rules of a course, by assignment, and the zone of times that have none; nothing where there is no file."""

    zone: tzinfo | None = None
    rules: Mapping[str, Rule] = field(default_factory=dict)


def read_dates(path: Path, assignments: Collection[str], students: Collection[str] | None = None) -> Dates:
    """Reads the file, all of it or an error.

    Arguments:
        assignments: the names that may stand there.
        students: the ids that may; any where that is not known.

    Raises:
        BadValue: it is no TOML, or a key or value is not as expected; the message has the line or the key.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Dates()
    except (OSError, ValueError) as error:
        raise BadValue(f"{path}: expected a text file in TOML, got {error}") from None
    try:
        zone = _at("zone", lambda: _zone(said.pop("zone", None)))
        rules = {name: _rule(name, table, assignments, students, zone) for name, table in said.items()}
    except BadValue as error:
        raise BadValue(f"{path}: {error}") from None
    return Dates(zone, rules)


def _at(key: str, read: Any) -> Any:
    """What a function reads; an error of it with the key before it."""
    try:
        return read()
    except BadValue as error:
        raise BadValue(f"{key}: {error}") from None


def _zone(name: object) -> tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(str(name))
    except (OSError, ValueError, LookupError):
        raise BadValue(f"expected the name of a time zone, as Europe/Berlin, got {name!r}") from None


def _rule(
    name: str, table: object, assignments: Collection[str], students: Collection[str] | None, zone: tzinfo | None
) -> Rule:
    """The rule of one assignment."""
    if not isinstance(table, dict):
        raise BadValue(f"{name}: expected zone, or [NAME] of an assignment, got {name} = {table!r}")
    if name not in assignments:
        raise BadValue(f"[{name}]: {unknown(name, sorted(assignments), 'assignment')}")
    for key in table:
        if key not in KEYS:
            raise BadValue(f"{name}.{key}: {unknown(key, KEYS, 'key')}")
    if "due" not in table:
        raise BadValue(f"{name}.due: expected when it is due, got nothing")
    due = _at(f"{name}.due", lambda: _moment(table["due"], zone))
    each, period = _at(f"{name}.penalty", lambda: _penalty(table.get("penalty", "0 points per day")))
    most = _at(f"{name}.most", lambda: _amount(table["most"])) if "most" in table else None
    if most and (each is None or each == CUT_OFF):
        raise BadValue(f"{name}.most: expected it beside a penalty per day, got it with {table.get('penalty')!r}")
    if (attempts := table.get("attempts", LAST)) not in (BEST, LAST):
        raise BadValue(f"{name}.attempts: expected {BEST} or {LAST}, got {attempts!r}")
    return Rule(
        due,
        _at(f"{name}.grace", lambda: _length(table.get("grace", "0 min"))),
        each,
        period,
        most,
        attempts,
        _students(name, "extensions", table, students, lambda value: _extension(value, due, zone)),
        _students(name, "received", table, students, lambda value: _moment(value, zone)),
    )


def _students(name: str, key: str, table: dict, students: Collection[str] | None, read: Any) -> dict[str, datetime]:
    """A table with a time for each of some students."""
    rows = table.get(key, {})
    if not isinstance(rows, dict):
        raise BadValue(f"{name}.{key}: expected [{name}.{key}] with a line for each student, got {rows!r}")
    for student in rows:
        if students is not None and student not in students:
            raise BadValue(f"{name}.{key}.{student}: {unknown(student, sorted(students), 'student')}")
    return {student: _at(f"{name}.{key}.{student}", lambda value=value: read(value)) for student, value in rows.items()}


def _moment(value: object, zone: tzinfo | None) -> datetime:
    if isinstance(value, datetime):
        return zoned(value, zone)
    if isinstance(value, str):
        return moment(value, zone)
    what = "a day without a time" if isinstance(value, date) else repr(value)
    raise BadValue(f"expected a day and a time, as 2026-12-01T23:59:00, got {what}")


def _length(value: object) -> timedelta:
    match = LENGTH.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise BadValue(f'expected a length of time, as "15 min", "2 hours" or "3 days", got {value!r}')
    number = float(match["number"])
    if number * UNITS[match["unit"][0]].total_seconds() > LONGEST.total_seconds():
        raise BadValue(f"expected ten years at most, got {value!r}")
    return number * UNITS[match["unit"][0]]


def _extension(value: object, due: datetime, zone: tzinfo | None) -> datetime:
    """A due date of one's own, or how much later than the others' it is."""
    if isinstance(value, str) and LENGTH.fullmatch(value.strip()):
        return due + _length(value)
    if isinstance(value, str) and not any(sign in value for sign in "-:"):
        raise BadValue(f'expected a time, as 2026-12-01T23:59:00, or how much later, as "3 days", got {value!r}')
    if (own := _moment(value, zone)) < due:
        raise BadValue(f"expected a time after {due.isoformat(' ')}, when it is due for all, got {own.isoformat(' ')}")
    return own


def _amount(value: object) -> Amount:
    match = AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise BadValue(f'expected "50 %" or "20 points", got {value!r}')
    return Amount(float(match["number"]), not match["unit"].startswith("point"))


def _penalty(value: object) -> tuple[Amount | None, timedelta]:
    if value == CUT:
        return CUT_OFF, DAY
    match = PENALTY.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise BadValue(f'expected "10 % per day", "2 points per day" (or per hour, per week) or "{CUT}", got {value!r}')
    amount = _amount(f"{match['number']} {match['unit']}")
    return amount if amount.number else None, PERIODS[match["period"]]
