"""A full disk on the course's side: a row and a message for each, nobody skipped, and all graded when there is room."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from contextlib import suppress

import pytest
from confined import need_sandbox
from course import ROOT
from graded import SECOND, grade, points, submit

from rnnkit import cli
from rnnkit.assignments.training_dynamics.questions import DIAGNOSTICS
from rnnkit.grading.course import gradebook, stage
from rnnkit.grading.sandbox import nursery
from rnnkit.grading.sandbox.allowance import Allowance
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.kernel import Kernel
from rnnkit.grading.sandbox.room import NO_ROOM, no_room

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def small(tmp_path, entered):
    """A course on a file system of a few megabytes."""
    need_sandbox()
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    try:
        shutil.copytree(entered, folder / "grading")
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path) -> None:
    """Writes a file until there is no room."""
    with suppress(OSError), open(path, "wb", 0) as file:
        while True:
            file.write(bytes(1 << 12))
    assert os.statvfs(path).f_bavail == 0


def test_a_disk_that_is_full_costs_nobody_a_row(small, capsys):
    for student in ("anna", "bert"):
        submit(small, student, DIAGNOSTICS)
    fill(small / "filler")
    assert cli.main(["grade", "--course", str(small), "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    assert said.count(NO_ROOM) == 2, said
    (small / "filler").unlink()
    submitted = sorted(path.name for path in (small / "grading" / "submitted").iterdir())
    assert submitted == ["anna", "bert"]
    assert cli.main(["grade", "--course", str(small), "--student", "bert"]) == 0
    assert points(small, "bert") == SECOND


@pytest.mark.slow
def test_the_batch_goes_on_when_there_is_room(tmp_path, entered, monkeypatch):
    """One result cannot be entered at first; all others are, and then that one too."""
    need_sandbox()
    shutil.copytree(entered, tmp_path / "grading")
    for student in ("anna", "bert"):
        submit(tmp_path, student, DIAGNOSTICS)
    record, order = gradebook.record, []

    def fails(book, assignment, entry, fresh, before=None):
        if entry.student == "anna" and "bert" not in order:
            raise FULL
        record(book, assignment, entry, fresh, before)

    monkeypatch.setattr(gradebook, "record", fails)
    entries = grade(tmp_path, on_entry=lambda entry, *_: order.append(entry.student)).entries
    assert {student: entry.status for student, entry in entries.items()} == {"anna": "graded", "bert": "graded"}
    assert order == ["bert", "anna"]
    assert points(tmp_path, "anna") == points(tmp_path, "bert") == SECOND


def test_files_that_could_not_be_copied_for_want_of_room_are_not_missing_ones(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise FULL

    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "data.txt").write_text("x")
    monkeypatch.setattr(stage.shutil, "copyfile", fails)
    with pytest.raises(OSError, match="No space left"):
        stage.stage_data(tmp_path / "from", tmp_path / "stage")


def test_a_kernel_without_room_for_its_files_is_no_kernel_that_died(monkeypatch):
    def fails(**_):
        raise FULL

    monkeypatch.setattr(nursery.tempfile, "mkdtemp", fails)
    with pytest.raises(OSError, match="No space left"):
        Kernel(nursery.Nursery(None, Limits()), ROOT, Allowance()).start()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_a_full_disk_is_known_behind_other_errors(number):
    def entered():
        try:
            raise OSError(number, os.strerror(number))
        except OSError as error:
            raise RuntimeError("cannot be entered") from error

    with pytest.raises(RuntimeError) as caught:
        entered()
    assert no_room(caught.value) == (number != errno.EACCES)
