"""When something came, by worksheet, name, zip or the hand-in's own word; and which of them it was."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rnnkit import cli
from rnnkit.cli import grade
from rnnkit.common.names import BadValue
from rnnkit.grading.intake.receipts import Receipts
from rnnkit.grading.intake.take_in import take_in
from rnnkit.grading.intake.whose import Names
from rnnkit.grading.intake.worksheet import Worksheet, read_worksheet
from rnnkit.grading.ledger import tree_hash

TASK, BERLIN = "training_dynamics", ZoneInfo("Europe/Berlin")
MOODLE = """Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 12345","Ada Lovelace",77,ada@example.org,"Submitted for grading",,100.00,Yes,"Tuesday, 1 December 2026, 11:58 PM",-,
"Participant 12346","=cmd()",12345,bob@example.org,"No submission",,100.00,Yes,-,-,
"Participant 12347","Cy",78,cy@example.org,"Submitted for grading",,100.00,Yes,"Wednesday, 2 December 2026, 8:05 AM",-,
"""  # noqa: E501
ADA, CY = datetime(2026, 12, 1, 22, 58, tzinfo=UTC), datetime(2026, 12, 2, 7, 5, tzinfo=UTC)
FOLDER = "Ada Lovelace_12345_assignsubmission_file"


def sheet(tmp_path, text: str, zone=BERLIN) -> Worksheet:
    (tmp_path / "sheet.csv").write_bytes(text.encode())
    return read_worksheet(tmp_path / "sheet.csv", zone)


def found(worksheet: Worksheet, *names: str, roster=None) -> list[datetime | None]:
    reader = Names([TASK], roster, None)
    return [worksheet.find(reader.whose(name)) for name in names]


def test_moodles_worksheet_by_its_participants_and_for_other_names_by_number_and_address(tmp_path):
    read = sheet(tmp_path, "\ufeff" + MOODLE)
    assert found(read, FOLDER, "Cy_12347_assignsubmission_file", "x_12346_assignsubmission_file") == [ADA, CY, None]
    assert found(read, "77", "ada@example.org", "cy", "12345", "eve") == [ADA, ADA, CY, None, None]
    assert found(read, FOLDER, roster=["Lovelace"]) == [ADA]  # the roster has another id for that name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SID,Submission Time\nada,2026-12-01 14:58:00 -0800\n", "ada"),
        ("Username;Submission Date\nADA;2026-12-01 23:58\n", "ada"),
        ("email\tsubmitted_at\nada@x.org\t2026-12-01T22:58:00Z\n", "ada"),
        ("id,Submitted at\nada,2026-11-01 10:00\nada,2026-12-01 23:58\n", "ada"),  # attempts
        ("ID,Zuletzt geändert (Abgabe)\nTeilnehmer/in 12345,\"Dienstag, 1. Dezember 2026, 23:58\"\n", FOLDER),
    ],
)  # fmt: skip
def test_other_tables(tmp_path, text, name):
    assert found(sheet(tmp_path, text), name) == [ADA]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,when\nada,2026-12-01 23:58\n", "expected a column last modified (submission)"),
        ("who,Submitted at\nada,2026-12-01 23:58\n", "expected a column identifier, id number"),
        ("id,Submitted at\nada,soon\nbob,1/2/2026 10:00\n", "line 2: expected a time as"),
        ('id,Submitted at\nada,"2026', "line 2: expected CSV"),
        ("\xff", "expected a column"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, words):
    with pytest.raises(BadValue) as caught:
        sheet(tmp_path, text)
    assert words in str(caught.value)


def test_a_time_without_a_zone_is_refused_where_there_is_none(tmp_path):
    with pytest.raises(BadValue, match=r"line 2: expected a time with its zone.*dates.toml"):
        sheet(tmp_path, MOODLE, None)


# ---- which source ------------------------------------------------------------------------------------------------


def packed(**manifest) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("1_cells.ipynb", (1999, 1, 1, 0, 0, 0)), "one")
        archive.writestr(zipfile.ZipInfo("manifest.json"), json.dumps(manifest))
    return buffer.getvalue()


def download(tmp_path, *things: tuple[str, datetime | None, bytes]) -> Path:
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        for name, when, content in things:
            archive.writestr(zipfile.ZipInfo(name, when.timetuple()[:6] if when else (1980, 1, 1, 0, 0, 0)), content)
    return tmp_path / "download.zip"


def taken(tmp_path, source, **how) -> dict[str, tuple[str, str]]:
    """Student -> when theirs came and who says so."""
    submitted = tmp_path / "grading" / "submitted"
    took = take_in(source, submitted, TASK, zone=UTC, **how)
    assert {one.status for one in took} <= {"new", "same", "replaced"}, took
    receipts = Receipts(submitted, TASK)
    notes = {one.student: receipts.find(one.student, tree_hash(submitted / one.student / TASK)) for one in took}
    return {student: (note.received, note.by) for student, note in notes.items() if note}


T1, T2 = datetime(2026, 1, 30, 12, tzinfo=UTC), datetime(2026, 2, 2, 9, 30, tzinfo=UTC)


def test_the_first_that_says_when_counts(tmp_path):
    both = [(f"{FOLDER}/ada.zip", T1, packed(saved="2026-01-29T08:00:00+00:00")),
            ("Bob_12346_assignsubmission_file/bob.zip", T1, packed())]  # fmt: skip
    first = taken(tmp_path, download(tmp_path, *both))  # all at one time: that is the download's
    assert first["12345"] == ("2026-01-29T08:00:00+00:00", "hand-in")
    assert first["12346"][1] == "seen"
    both[1] = (both[1][0], T2, both[1][2])
    assert taken(tmp_path, download(tmp_path, *both)) == {
        "12345": (T1.isoformat(), "zip"),
        "12346": (T2.isoformat(), "zip"),
    }
    text = 'Identifier,Last modified (submission)\nParticipant 12345,"31 January 2026, 1:00 PM"\n'
    by_sheet = ("2026-01-31T13:00:00+00:00", "worksheet")
    for _ in range(2):  # without the worksheet it stays known
        assert taken(tmp_path, download(tmp_path, *both), worksheet=sheet(tmp_path, text, UTC))["12345"] == by_sheet
        assert taken(tmp_path, download(tmp_path, *both))["12345"] == by_sheet
    corrected = taken(tmp_path, download(tmp_path, *both), worksheet=sheet(tmp_path, text, BERLIN))
    assert corrected["12345"] == ("2026-01-31T12:00:00+00:00", "worksheet")
    assert corrected["12346"] == (T2.isoformat(), "zip")


def test_who_is_on_time_by_canvas_is_not_late_by_the_zip(tmp_path):
    things = [("lovelaceada_1_99_hand_in.zip", T2, packed()), ("bobb_LATE_2_99_hand_in.zip", T1, packed())]
    came = taken(tmp_path, download(tmp_path, *things))
    assert (came["1"][1], came["2"]) == ("seen", (T1.isoformat(), "zip"))
    took = take_in(download(tmp_path, things[1]), tmp_path / "grading" / "submitted", TASK)
    assert "does not say how late: --worksheet" in took[0].reason


def test_a_worksheet_that_lacks_somebody_is_no_refusal(tmp_path):
    (took,) = take_in(
        download(tmp_path, ("eve.zip", T1, packed())), tmp_path / "grading" / "submitted", TASK,
        worksheet=sheet(tmp_path, MOODLE),
    )  # fmt: skip
    assert (took.status, took.reason) == ("new", "the worksheet has no time for it")


@pytest.mark.parametrize("saved", ["2999-01-01T00:00:00+00:00", "2026-01-29T08:00:00", "soon", None, 7, ["x"]])
def test_a_hand_ins_word_that_cannot_be_is_not_believed(tmp_path, saved):
    before = datetime.now(UTC) - timedelta(seconds=1)
    when, by = taken(tmp_path, download(tmp_path, ("ada.zip", None, packed(saved=saved))))["ada"]
    assert datetime.fromisoformat(when) >= before
    assert by == ("hand-in" if str(saved).startswith("2999") else "seen")


def test_a_worksheet_needs_its_download(tmp_path, capsys):
    (tmp_path / "sheet.csv").write_text(MOODLE, encoding="utf-8")
    given = ["--course", str(tmp_path), "--worksheet", str(tmp_path / "sheet.csv")]
    assert cli.verbs.main(["grade", *given]) == 2
    assert "expected it with --from" in capsys.readouterr().err
    assert grade.make_parser().parse_args(given).worksheet == tmp_path / "sheet.csv"
