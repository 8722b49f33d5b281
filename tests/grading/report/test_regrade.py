"""Requests for another look: from the page of feedback to the marker, by way of the next hand-in."""

from __future__ import annotations

import shutil
from urllib.parse import unquote

import graded_course
import pytest
from course import ASSIGNMENT, NAME, ROOT
from graded_course import Page
from hypothesis import given
from hypothesis import strategies as some
from marking_course import Q, desk

from rnnkit.grading.course.course import Course
from rnnkit.grading.intake.take_in import take_in
from rnnkit.grading.marking.requests import deal, request_of, requests_of
from rnnkit.grading.marking.view import View
from rnnkit.grading.report.feedback import feedback
from rnnkit.grading.report.regrade import blank, read
from rnnkit.hand_in.collect import REGRADE, collect

QUESTIONS = [("one", "First", "1 of 2"), ("two", "Second <b>", ""), ("three", "Third\nline", "0 of 1")]


def written(folder, text, encoding="utf-8"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REGRADE).write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return folder


def test_the_empty_form_asks_for_nothing(tmp_path):
    assert read(written(tmp_path, blank("x", QUESTIONS)), {id for id, _, _ in QUESTIONS}) == {}
    assert read(tmp_path / "nowhere", {"one"}) == {}


@given(some.text(some.characters(codec="utf-8", exclude_characters="[#\r"), max_size=80))
def test_what_stands_below_a_question_is_its_reason(reason):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        text = blank("x", QUESTIONS).replace("[two] Second <b>\n", f"[two] Second <b>\n{reason}\n")
        found = read(written(Path(folder), text), {"one", "two"})
    assert set(found) <= {"two"}
    assert all(one and one == one.strip() for one in found.values())
    if reason.isascii() and reason.isprintable() and reason.strip():
        assert found["two"] == reason.strip()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"\xef\xbb\xbf[one] x\r\nbecause\r\n", {"one": "because"}),
        (b"[one]\n\xff\xfe broken \x00\x1b[31m\n", {"one": "\ufffd\ufffd broken"}),
        (b"[other] x\nbecause\n", {}),
        (b"because\n[one]\n", {}),
        (b"[one]\n" + b"x" * 70_000, {}),
        (b"[one]\n" + b"x" * 5_000, {"one": "x" * 2999 + "…"}),
    ],
)
def test_other_files_do_no_harm(tmp_path, text, found):
    assert read(written(tmp_path, text), {"one"}) == found


def test_a_link_is_not_followed(tmp_path):
    written(tmp_path / "there", "[one]\nsecret\n")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / REGRADE).symlink_to(tmp_path / "there" / REGRADE)
    assert read(tmp_path / "here", {"one"}) == {}


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A graded course, and the form as its page of feedback gives it."""
    folder = graded_course.make(tmp_path_factory.mktemp("regrade") / "course")
    graded_course.hand_in(folder, "ada", wrong=["clip"], marked={Q: 2})
    (made,) = feedback(Course(ROOT, folder), ASSIGNMENT)
    page = Page(made.page.read_text(encoding="utf-8"))
    (link,) = [link for link in page.links if link.startswith("data:")]
    assert ("download", REGRADE) in page.attributes
    return folder, unquote(link.partition(",")[2])


def test_a_request_goes_from_the_page_to_the_marker(asked, tmp_path):
    folder, form = asked
    lines = form.split("\n")
    for id, reason in {Q: "I gave all five medians.", "clip": "<b>It is right.</b>"}.items():
        (at,) = [number for number, line in enumerate(lines) if line.startswith(f"[{id}] ")]
        lines.insert(at + 1, reason)
    student = written(tmp_path / "came" / "ada", "\n".join(lines))
    for path in (ROOT / "release" / NAME).glob("*.ipynb"):
        shutil.copyfile(path, student / path.name)
    assert collect(ASSIGNMENT, student).files[REGRADE] == student / REGRADE
    (taken,) = take_in(tmp_path / "came", folder / "grading" / "submitted", NAME)
    assert taken.status == "new"
    at = desk(folder)
    found = requests_of(at)
    assert [(one.student, one.question, one.reason) for one in found] == [
        ("ada", Q, "I gave all five medians."),
        ("ada", "clip", "<b>It is right.</b>"),
    ]
    view = View(at)
    told = view.requests()["requests"]
    assert "ada" not in str([told, view.overview(), view.question(Q)])
    assert [bool(one["card"]) for one in told] == [True, False]
    assert dict(told[1]["shown"])["check"].startswith("clip: ")
    deal(at, found[0].id)
    assert [(one.question, one.dealt) for one in requests_of(desk(folder))] == [("clip", False), (Q, True)]
    assert view.overview()["requests"] == 1
    at.undo()
    assert not request_of(at, found[0].id).dealt
