"""What arrives in a watched folder is graded once, whatever ends the watch on the way, and bad things stay alone."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from confined import need_sandbox
from course import ASSIGNMENT, NAME, ROOT
from graded import RELEASE

from rnnkit import cli
from rnnkit.assignments.training_dynamics.questions import DIAGNOSTICS
from rnnkit.cli import watching
from rnnkit.common.names import BadValue
from rnnkit.grading.course.course import Busy, Course
from rnnkit.grading.ledger import Entry, Ledger, tree_hash
from rnnkit.grading.single import watch as module
from rnnkit.grading.single.watch import Watch


class Killed(BaseException):
    """As if the process had died here."""


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A course whose grading is noted in its ledger, and an inbox; `dies` names where the process dies next."""
    course = Course(ROOT, tmp_path / "course")
    (inbox := tmp_path / "inbox").mkdir()
    (course.folder / "grading").mkdir(parents=True)
    world = SimpleNamespace(course=course, inbox=inbox, graded=[], fed=[], dies="", busy=False)

    def reached(place):
        if world.dies == place:
            world.dies = ""
            raise Killed(place)

    def grade(course, assignment, *, students=(), on_entry):
        if world.busy:
            raise Busy("another process is grading this course")
        reached("before grading")
        ledger = Ledger(course.ledger, NAME)
        there = [path.parent.name for path in sorted(course.submitted.glob(f"*/{NAME}"))]
        for student in students or there:
            tree = tree_hash(course.submitted / student / NAME)
            if student not in ledger.entries or ledger.entries[student].tree != tree:
                world.graded.append(student)
                ledger.entries[student] = Entry(student, "graded", tree=tree, graded=datetime.now(UTC).isoformat())
                ledger.save()
                reached("after grading")
                on_entry(ledger.entries[student], 1, 1)

    def feedback(course, assignment, students):
        reached("before feedback")
        for student in students:
            page = course.feedback / student / NAME / "index.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text("well done")
            world.fed.append(student)
        return [SimpleNamespace(student=one, page=course.feedback / one / NAME / "index.html") for one in students]

    def save(path, text):
        reached("before noting")
        path.write_text(text)

    monkeypatch.setattr(module, "feedback", feedback)
    monkeypatch.setattr(module, "save_text", save)
    world.start = lambda **how: Watch(inbox, course, ASSIGNMENT, grade, lambda entry: f"{entry.student}: graded", **how)
    return world


def arrive(world, name: str, content: str = "{}") -> None:
    """A student's zip."""
    with zipfile.ZipFile(world.inbox / name, "w") as archive:
        archive.writestr(DIAGNOSTICS, content)


def looks(watch, times=2) -> list[str]:
    return [line for _ in range(times) for line in watch.look()]


def test_what_arrives_is_graded_when_it_has_settled_and_once(world):
    watch = world.start()
    assert looks(watch) == []
    arrive(world, "ada.zip")
    assert looks(watch, 1) == []
    page = world.course.feedback / "ada" / NAME / "index.html"
    assert looks(watch, 1) == [f"ada: graded: {page}"]
    (world.inbox / "bob").mkdir()
    (world.inbox / "bob" / DIAGNOSTICS).write_text("{}")
    assert looks(watch, 1) == []
    (world.inbox / "bob" / DIAGNOSTICS).write_text("{ }")  # it is still being written
    assert looks(watch, 1) == []
    assert [line.split(":")[0] for line in looks(watch, 3)] == ["bob"]
    arrive(world, "ada.zip", "[]")
    assert "kept in" in looks(watch)[0]
    assert world.graded == world.fed == ["ada", "bob", "ada"]
    assert looks(world.start(), 3) == []


@pytest.mark.parametrize("place", ["before noting", "before grading", "after grading", "before feedback"])
def test_wherever_it_dies_the_next_start_goes_on_and_grades_nothing_twice(world, place):
    watch = world.start()
    looks(watch, 1)
    arrive(world, "ada.zip")
    arrive(world, "bob.zip")
    world.dies = place
    with pytest.raises(Killed):
        looks(watch)
    looks(world.start(), 3)
    assert sorted(world.graded) == ["ada", "bob"]
    assert set(world.fed) == {"ada", "bob"}
    assert looks(world.start(), 3) == []
    assert len(world.graded) == 2


def test_bad_things_are_named_once_and_left_alone(world):
    (world.inbox / "carl.zip").write_bytes(b"half a zip")
    (world.inbox / "notes.txt").write_text("mine")
    (world.inbox / ".DS_Store").write_text("x")
    os.symlink("/etc", world.inbox / "etc")
    (world.inbox / "a\nb: graded").mkdir()
    arrive(world, "ada.zip")
    before = {path.name: path.lstat().st_mtime_ns for path in world.inbox.iterdir()}
    watch = world.start()
    said = looks(watch, 4)
    assert [line.split(": ")[0] for line in said] == ["a?b", "carl.zip", "etc", "notes.txt", "ada"]
    assert all("refused and left alone" in line for line in said[:-1])
    assert looks(world.start(), 3) == []
    assert {path.name: path.lstat().st_mtime_ns for path in world.inbox.iterdir()} == before
    arrive(world, "carl.zip")
    assert [line.split(":")[0] for line in looks(watch)] == ["carl"]
    assert world.graded == ["ada", "carl"]


def test_a_platforms_zip_is_many_students(world):
    with zipfile.ZipFile(world.inbox / "download.zip", "w") as archive:
        for number, name in ((11, "Ada Lovelace"), (12, "Bob")):
            archive.writestr(f"{name}_{number}_assignsubmission_file_/{DIAGNOSTICS}", "{}")
    assert [line.split(":")[0] for line in looks(world.start(at_once=4))] == ["11", "12"]
    assert world.graded == ["11", "12"]


def test_another_process_that_grades_is_waited_for(world):
    watch = world.start()
    looks(watch, 1)
    arrive(world, "ada.zip")
    looks(watch, 1)
    world.busy = True
    for _ in range(2):
        with pytest.raises(Busy):
            looks(watch, 1)
    world.busy = False
    assert [line.split(":")[0] for line in looks(watch, 1)] == ["ada"]
    assert world.graded == ["ada"]


def test_damaged_notes_cost_no_second_grading(world):
    arrive(world, "ada.zip")
    looks(world.start())
    (world.course.submitted.parent / "watched" / f"{NAME}.json").write_text("{ half")
    assert looks(world.start(), 3) == []
    assert world.graded == ["ada"]


def test_folders_that_cannot_be_watched(world):
    world.course.submitted.mkdir()
    for folder in (world.inbox / "none", world.course.submitted, world.course.submitted.parent):
        with pytest.raises(BadValue, match="expected a folder"):
            Watch(folder, world.course, ASSIGNMENT, None, str)


def test_the_command_sleeps_between_looks_and_ends_cleanly(world, monkeypatch, capsys):
    slept, answers = [], iter([[], Busy("busy"), Busy("busy"), ["ada: graded"]])

    def look(self):
        if isinstance(answer := next(answers, []), Busy):
            raise answer
        return answer

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(Watch, "look", look)
    monkeypatch.setattr(watching, "time", SimpleNamespace(sleep=sleep))
    how = ["grade", "--course", str(world.course.folder), "--watch", str(world.inbox)]
    assert cli.main([*how, "--every", "3"]) == 0
    assert slept == [3] * 5
    assert capsys.readouterr().out.splitlines()[1:] == ["busy", "ada: graded", "stopped; the same command goes on"]
    for wrong in (["--every", "0"], ["--every", "nan"], ["--force"], ["--seed", "1"], ["--from", "x"]):
        assert cli.main([*how, *wrong]) == 2


@pytest.mark.slow
def test_a_watch_that_is_killed_grades_nothing_twice_for_real(course):
    need_sandbox()
    inbox = course / "inbox"
    inbox.mkdir()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.write(RELEASE / DIAGNOSTICS, DIAGNOSTICS)
    command = [sys.executable, "-m", "rnnkit", "grade", "--course", str(course), "--watch", str(inbox), "--every", "1"]

    def started():
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def entries():
        path = course / "grading" / "ledger.json"
        return json.loads(path.read_text())["assignments"].get(NAME, {}) if path.exists() else {}

    with started() as first:
        assert first.stdout
        assert "Ctrl-C ends it" in first.stdout.readline()
        for student in ("ada", "bob"):
            (inbox / f"{student}.zip").write_bytes(content.getvalue())
        deadline = time.monotonic() + 300
        while not entries() and time.monotonic() < deadline:
            time.sleep(0.2)
        first.kill()
    before = entries()
    with started() as second:
        assert second.stdout
        pages = [course / "grading" / "feedback" / student / NAME / "index.html" for student in ("ada", "bob")]
        for _ in second.stdout:
            if set(entries()) == {"ada", "bob"} and all(page.exists() for page in pages):
                break
        second.send_signal(signal.SIGINT)
        assert "stopped" in second.stdout.read()
    assert second.returncode == 0
    assert before
    now = entries()
    for student, entry in before.items():  # the history of attempts is written after all are graded
        assert now[student] | {"attempts": []} == entry | {"attempts": []}
