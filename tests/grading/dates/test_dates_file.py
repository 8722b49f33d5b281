"""dates.toml is read whole or refused, with the key and what was expected there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rnnkit.common.names import BadValue
from rnnkit.grading.dates.file import Dates, read_dates
from rnnkit.grading.dates.moments import moment
from rnnkit.grading.dates.rule import CUT_OFF, Amount

BERLIN = ZoneInfo("Europe/Berlin")
WHOLE = """
zone = "Europe/Berlin"

[lab]
due = 2026-12-01T23:59:00
grace = "15 min"
penalty = "10 % per day"
most = "50 %"
attempts = "best"
extensions.ada = "3 days"
extensions."bob" = 2026-12-24T12:00:00+00:00
[lab.received]
ada = "2026-12-01 08:00"

[other]
due = 2026-07-01T12:00:00Z
penalty = "cut-off"
"""


def read(tmp_path, text: str, **how):
    (tmp_path / "dates.toml").write_bytes(text.encode())
    return read_dates(tmp_path / "dates.toml", ["lab", "other"], **how)


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_all_that_can_be_said(tmp_path, start):
    dates = read(tmp_path, start + WHOLE.replace("\n", "\r\n"), students=["ada", "bob"])
    lab, other = dates.rules["lab"], dates.rules["other"]
    due = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
    assert (lab.due, lab.grace, lab.each, lab.most) == (due, timedelta(minutes=15), Amount(10, True), Amount(50, True))
    assert lab.extensions == {"ada": due + timedelta(days=3), "bob": datetime(2026, 12, 24, 12, tzinfo=UTC)}
    assert (lab.attempts, lab.given) == ("best", {"ada": datetime(2026, 12, 1, 7, tzinfo=UTC)})
    assert str(lab) == "10 % of the points for each day begun, at most 50 % of the points"
    assert (other.due, other.each, other.attempts) == (datetime(2026, 7, 1, 12, tzinfo=UTC), CUT_OFF, "last")
    assert dates.zone == BERLIN


def test_no_file_is_no_rule(tmp_path):
    assert read_dates(tmp_path / "dates.toml", ["lab"]) == Dates()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('zone = "Europe/Berlin"', "", "lab.due: expected a time with its zone, got 2026-12-01 23:59:00"),
        ("Europe/Berlin", "Europe/Nowhere", "zone: expected the name of a time zone"),
        ("Europe/Berlin", "../../etc/passwd", "zone: expected the name of a time zone"),
        ("2026-12-01T23:59:00", "2026-12-01", "lab.due: expected a day and a time"),
        ("2026-12-01T23:59:00", '"1/12/2026 23:59"', "lab.due: expected a time as"),
        ("due = 2026-12-01T23:59:00", "", "lab.due: expected when it is due, got nothing"),
        ("15 min", "15", "lab.grace: expected a length of time"),
        ("15 min", "99999999999 days", "lab.grace: expected ten years at most"),
        ("10 % per day", "10 %", "lab.penalty: expected \"10 % per day\""),
        ("10 % per day", "-10 % per day", "lab.penalty: expected"),
        ("50 %", "half", 'lab.most: expected "50 %"'),
        ("10 % per day", "cut-off", "lab.most: expected it beside a penalty per day"),
        ('"best"', '"first"', "lab.attempts: expected best or last, got 'first'"),
        ("grace", "grase", "lab.grase: unknown key 'grase'"),
        ("[other]", "[othre]", "[othre]: unknown assignment 'othre'"),
        ('"3 days"', '"drei Tage"', 'or how much later, as "3 days", got \'drei Tage\''),
        ('"3 days"', "2026-11-01T00:00:00", "lab.extensions.ada: expected a time after 2026-12-01 23:59:00+01:00"),
        ("extensions.ada", "extensions.adda", "lab.extensions.adda: unknown student 'adda'"),
        ("[lab.received]\nada", "[lab.received]\neve", "lab.received.eve: unknown student"),
        ("[lab]", "[lab", "at line 4"),
        ("zone", 'lab = "x"\nzone', "Cannot"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path, old, new, words):
    assert old in WHOLE
    with pytest.raises(BadValue) as caught:
        read(tmp_path, WHOLE.replace(old, new, 1), students=["ada", "bob"])
    assert words in str(caught.value)
    assert str(tmp_path / "dates.toml") in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01 23:58",
        "2026-12-01T22:58:00Z",
        "2026-12-01 22:58:00 UTC",
        "2026-12-01 14:58:00 -0800",
        "Tuesday, 1 December 2026, 11:58 PM",
        "1 Dec 2026, 23:58:00",
        "Dienstag, 1. Dezember 2026, 23:58",
        "mardi 1 décembre 2026, 23:58".replace("mardi ", "mardi, "),
        "December 1, 2026, 11:58 p.m.",
        "Dec 1, 2026 at 11:58pm",
    ],
)
def test_times_as_platforms_write_them(text):
    assert moment(text, BERLIN) == datetime(2026, 12, 1, 22, 58, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "-", "01/12/2026 23:58", "1 Ju 2026, 10:00", "1 Dec 2026, 13:00 PM",
                                  "31 February 2026, 10:00", "2026-12-01", "yesterday"])  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(BadValue, match="expected a time as"):
        moment(text, BERLIN)


def test_midnight_and_noon():
    assert moment("1 Dec 2026, 12:00 AM", UTC).hour == 0
    assert moment("1 Dec 2026, 12:30 PM", UTC).hour == 12
