"""Times as people and learning platforms write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from rnnkit.common.names import BadValue

MONTHS = (
    "january janvier januar enero gennaio", "february février februar febrero febbraio", "march mars märz marzo",
    "april avril abril aprile", "may mai mayo maggio", "june juin juni junio giugno",
    "july juillet juli julio luglio", "august août agosto", "september septembre septiembre settembre",
    "october octobre oktober octubre ottobre", "november novembre noviembre",
    "december décembre dezember diciembre dicembre",
)  # fmt: skip
TIME = r",?\s+(?:at\s+|um\s+)?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?\s*(?:(?P<half>[ap])\.?m\.?)?"
# Tuesday, 1 December 2026, 11:58 PM; Dienstag, 1. Dezember 2026, 23:58; Dec 1, 2026 at 11:58pm
LONG = tuple(
    re.compile(rf"(?:[^\W\d]+\.?,\s+)?{day}{TIME}", re.IGNORECASE)
    for day in (
        r"(?P<day>\d{1,2})\.?\s+(?:de\s+)?(?P<month>[^\W\d]{3,})\.?\s+(?:de\s+)?(?P<year>\d{4})",
        r"(?P<month>[^\W\d]{3,})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})",
    )
)
OFFSET = re.compile(r"\s+(UTC|GMT|[+-]\d\d:?\d\d)$")
FORMS = "2026-12-01 23:58, 2026-12-01T23:58+01:00 or Tuesday, 1 December 2026, 11:58 PM"
NAIVE = 'it has no time zone, and dates.toml has none for such times; write zone = "Europe/Berlin" (or yours) there'


def moment(text: str, zone: tzinfo | None) -> datetime:
    """A time, with its zone.

    Arguments:
        text: in ISO or in words, with day, month, year, hour and minute.
        zone: of a time that has none itself.

    Raises:
        BadValue: it is no such time, or nothing tells its zone. Figures like 1/2/2026 are refused: which is the month?
    """
    said = _parsed(" ".join(text.split()))
    if said is None:
        raise BadValue(f"expected a time as {FORMS}, got {text[:80]!r}")
    return zoned(said, zone)


def zoned(said: datetime, zone: tzinfo | None) -> datetime:
    """A time with its zone; that of the course where it has none, see `moment`."""
    if said.tzinfo is None and zone is None:
        raise BadValue(f"expected a time with its zone, got {said.isoformat(' ')}: {NAIVE}")
    return said if said.tzinfo else said.replace(tzinfo=zone)


def _parsed(text: str) -> datetime | None:
    try:
        iso = OFFSET.sub(lambda match: match[1].replace("UTC", "+00:00").replace("GMT", "+00:00"), text)
        if len(iso) > 10:  # a day alone is no time
            return datetime.fromisoformat(iso)
    except ValueError:
        pass
    match = next(filter(None, (form.fullmatch(text) for form in LONG)), None)
    month = _month(match["month"]) if match else 0
    if not match or not month:
        return None
    hour, half = int(match["hour"]), (match["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + 12 * (half == "p")
    try:
        return datetime(int(match["year"]), month, int(match["day"]), hour, int(match["minute"]),
                        int(match["second"] or 0))  # fmt: skip
    except ValueError:
        return None


def _month(word: str) -> int:
    """The number of a month by its name or how that begins; 0 where none or several begin so."""
    found = [
        number for number, known in enumerate(MONTHS, 1) if any(name.startswith(word.lower()) for name in known.split())
    ]
    return found[0] if len(found) == 1 else 0


def stamp(when: datetime) -> str:
    """A time as it is noted: UTC, in whole seconds."""
    return when.astimezone(UTC).isoformat(timespec="seconds")
