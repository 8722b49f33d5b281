"""What records are done again with is made once, and each process has a copy of the compiled loops."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from course import ASSIGNMENT, ROOT

from rnnkit.common.names import BadValue
from rnnkit.grading.audit import audit as audits
from rnnkit.grading.audit import ready as readies
from rnnkit.grading.audit.ready import Ready
from rnnkit.runs import replays
from rnnkit.runs.compiled import FOLDER, PLACE, compiled_before
from rnnkit.runs.replay import REPRODUCED, Redone


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """The commands that were run, which give a loop."""
    commands: list[list[str]] = []
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("kernels/loop.nbc")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"code"))

    def run(argv, **how):
        commands.append(argv)
        return SimpleNamespace(returncode=int("broken" in argv), why=None, stdout=file.getvalue(), stderr="no such")

    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "rnnkit.py").write_text("")
    monkeypatch.setattr(readies, "run", run)
    monkeypatch.setattr(readies, "probe", lambda: None)
    monkeypatch.setattr(readies, "student_runtime", lambda root: tmp_path / "clean")
    return commands


def test_loops_are_compiled_once_and_lie_beside_the_package(tmp_path, asked):
    told: list[str] = []
    ready = Ready(ROOT, "bptt", True, tmp_path / "work", told.append)
    assert not asked
    assert ready.runtime == ready.runtime == tmp_path / "work" / "runtime"
    assert asked == [["python", "-m", readies.COMPILES, "bptt"]]
    assert len(told) == 1
    assert (ready.runtime / FOLDER / "kernels" / "loop.nbc").read_bytes() == b"code"
    assert [path.name for path in (tmp_path / "clean").iterdir()] == ["rnnkit.py"]


def test_clean_code_that_does_not_train_is_told(tmp_path, asked):
    with pytest.raises(BadValue, match="no such"):
        Ready(ROOT, "broken", True, tmp_path / "work", print).runtime  # noqa: B018


def test_a_process_writes_into_a_copy(tmp_path, monkeypatch):
    monkeypatch.delenv(PLACE, raising=False)
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "loop.nbc").write_text("code")
    with compiled_before(tmp_path) as folder:
        assert os.environ[PLACE] == str(folder)
        assert (folder / "loop.nbc").read_text() == "code"
        (folder / "loop.nbc").write_text("another")
    assert (tmp_path / FOLDER / "loop.nbc").read_text() == "code"
    assert not folder.exists()
    assert PLACE not in os.environ


def _paths(folder: Path) -> list[Path]:
    return [folder / f"{name}.npz" for name in "ab"]


def test_every_record_is_begun_before_any_is_gone_on_with(tmp_path, monkeypatch):
    seen: list[tuple[str, int]] = []

    def one(experiment, path, cells, rng, end, done):
        seen.append((path.stem, len(done)))
        done.append(Redone(REPRODUCED, 1, 2, exact=True))
        return {"verdict": REPRODUCED, "done": [[1, 2]] * len(done)}, path.stem == "a"

    monkeypatch.setattr(replays, "records", _paths)
    monkeypatch.setattr(replays, "Members", lambda path: path)
    monkeypatch.setattr(replays, "one", one)
    said = [json.loads(line) for line in replays.lines(ASSIGNMENT.name, tmp_path, 1, 600)]
    assert seen == [("a", 0), ("b", 0), ("a", 1)]
    assert [(line["file"], len(line["done"])) for line in said if "done" in line] == [
        ("a.npz", 1), ("b.npz", 1), ("a.npz", 2),
    ]  # fmt: skip
    seen.clear()
    assert len([*replays.lines(ASSIGNMENT.name, tmp_path, 1, -600)]) == 4
    assert seen == [("a", 0), ("b", 0)]  # no time is left for more


def test_what_was_found_before_a_process_died_later_stands(tmp_path):
    lines = ['{"file": "a"}', '{"file": "a", "verdict": "reproduced", "done": [[1, 9]]}', '{"file": "a"}']
    done = SimpleNamespace(returncode=137, why="too long", stdout="\n".join(lines).encode())
    found = audits._lines(done, {})["a"]
    assert found.verdict == REPRODUCED
    assert found.said == "doing more of it again was broken off: too long"
