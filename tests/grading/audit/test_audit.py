"""The audit of a class: every kind of forged record is told, no honest one is accused, and what was done is kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from course import ASSIGNMENT, ROOT
from forgeries import forge, kinds_for
from runtools import here as reader

from rnnkit.assignments import get_assignment
from rnnkit.common.lock import locked
from rnnkit.common.names import BadValue
from rnnkit.grading.audit import audit as audits
from rnnkit.grading.audit.audit import How, at_once, audit, known, replayed
from rnnkit.grading.audit.page import write_page
from rnnkit.grading.audit.verdicts import OWN, OfStudent, Verdict, Verdicts, together, verdict_of
from rnnkit.grading.course.course import Course
from rnnkit.grading.evidence.evidence import evidence
from rnnkit.grading.ledger import GRADED, Entry, Ledger, tree_hash
from rnnkit.record.file import load, save
from rnnkit.runs import replays
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.perform import perform
from rnnkit.runs.replay import DIFFERS, REPRODUCED, UNREPLAYED

HONEST: dict[str, dict[str, dict[str, Any]]] = {
    "training_dynamics": ({"A1": {}, "A3": {"seed": 3}, "B1": {}, "A5": {}, "B2": {"seed": 9}}),
    "bptt": {"echo_gru": {"updates": 55, "H": 8, "lag": 5}, "recall_default": {}},
    "orthogonal_init": {"addition_ortho": {"seed": 2}},
    "hidden_dynamics": {"rnn": {}, "gru": {"seed": 5}},
    "lookback": {"gru": {}},
}
PAIRS = [(name, key) for name, runs in HONEST.items() for key in runs]


def here(argv, *, stage, most_output=0, **how):
    """What does records again, in this process."""
    assert argv[:3] == ["python", "-m", audits.REPLAYS]
    name, _, seed, seconds, *files = argv[3:]
    lines = replays.lines(name, Path(stage), int(seed), float(seconds), files)
    return SimpleNamespace(returncode=0, why=None, stdout="".join(f"{line}\n" for line in lines).encode())


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch):
    """Everything is done in this process."""
    monkeypatch.setattr(audits, "run", here)
    monkeypatch.setattr(audits, "Ready", lambda *given: SimpleNamespace(runtime=ROOT))


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Gives a fresh copy of an honest record in a folder; each is trained once."""
    kept: dict[tuple[str, str], Path] = {}

    def copy(name: str, key: str, folder: Path) -> Path:
        if (name, key) not in kept:
            experiment, out = get_assignment(name).experiment, tmp_path_factory.mktemp("run")
            assert experiment is not None
            settings = experiment.get(key, "tiny", **HONEST[name][key])
            kept[name, key] = perform(experiment, settings, out=out, cells=Cells(), resume=False)
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(kept[name, key], folder))

    return copy


def one(name: str, folder: Path, seed: int = 1) -> Verdict:
    files = {path.name: "sha" for path in folder.glob("*.npz")}
    (found,) = replayed(get_assignment(name), folder, files, How(600, seed), ROOT, {}).values()
    return found


# ---- honest and forged ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "key"), PAIRS)
def test_an_honest_record_is_reproduced_bit_for_bit(tmp_path, record, name, key):
    record(name, key, tmp_path)
    found = one(name, tmp_path)
    assert (found.verdict, found.exact, found.doubts, found.same) == (REPRODUCED, True, [], True)
    assert found.run.startswith(key) or HONEST[name][key]
    assert found.updates >= 3


@pytest.mark.parametrize(
    ("name", "key"),
    [("training_dynamics", "A3"), ("bptt", "recall_default")]
    + [
        pytest.param(*pair, marks=pytest.mark.slow)
        for pair in PAIRS
        if pair[1] in ("B2", "echo_gru", "addition_ortho", "rnn", "gru")
    ],
)
def test_every_kind_of_forged_record_is_told(tmp_path, record, name, key):
    path = record(name, key, tmp_path)
    content = path.read_bytes()
    honest, missed = str(load(path)["cells_sha256"]), []
    for kind in kinds_for(path):
        path.write_bytes(content)
        forge(kind, path, np.random.RandomState(5))
        found = one(name, tmp_path)
        if found.verdict == DIFFERS or found.doubts:
            continue
        flags = [flag for run in evidence(tmp_path, reader, ASSIGNMENT, honest) for flag in run.flags]
        if not any("another model.py" in flag for flag in flags):
            missed.append(kind)
    assert not missed


def test_a_record_whose_last_digits_are_another_machines_is_let_pass(tmp_path, record):
    path = record("training_dynamics", "A1", tmp_path)
    content, rng = load(path), np.random.RandomState(0)
    for name, values in content.items():
        if values.dtype == np.float32 and values.ndim:
            off = 1 + 2e-7 * rng.randn(*values.shape)
            content[name] = np.where(values == 0, values, values * off).astype(np.float32)
    for name in (name.removeprefix("anchor_") for name in content if name.startswith("anchor_W")):
        content[name] = content[f"anchor_{name}"][-1]
    for name in ("b_h", "b_o"):
        content[name] = content[f"anchor_{name}"][-1]
    save(path, content)
    found = one("training_dynamics", tmp_path)
    assert (found.verdict, found.exact) == (REPRODUCED, False), found.text


def test_what_cannot_be_done_again_says_why(tmp_path, record):
    path = record("training_dynamics", "A1", tmp_path)
    content = load(path)
    save(path, {name: value for name, value in content.items() if "anchor" not in name})
    assert "older rnnkit" in one("training_dynamics", tmp_path).text
    save(path, content | {"status": np.array("diverged")})
    assert one("training_dynamics", tmp_path).text == f"{UNREPLAYED}: it is no run that has come to its end"
    path.write_bytes(b"no npz")
    assert "expected" in one("training_dynamics", tmp_path).said


def test_cells_of_ones_own_are_asked_where_the_formulas_give_something_else(tmp_path, record):
    path = record("training_dynamics", "A1", tmp_path)
    sha256 = "ab" * 32
    save(path, load(path) | {"engine": np.array("autograd"), "cells_sha256": np.array(sha256)})
    assert one("training_dynamics", tmp_path).exact
    forge("curve_scaled", path, np.random.RandomState(0))
    found = one("training_dynamics", tmp_path)
    assert found.verdict == UNREPLAYED
    assert "cells of its own that were not handed in" in found.said
    model = b"from rnnkit.cells import GRU, RNN\n"
    files = {path.name: "sha"}
    again = replayed(ASSIGNMENT, tmp_path, files, How(600, 1), ROOT, {sha256: model})["sha"]
    assert again.verdict == DIFFERS
    assert again.said.startswith(OWN)


def test_a_process_that_dies_leaves_what_it_said_and_why(tmp_path, monkeypatch):
    done = SimpleNamespace(
        returncode=137,
        why="more than 2048 MB",
        stdout=b'{"file": "a_final_state.npz", "verdict": "reproduced", "done": [[1, 9]]}\n'
        b'{"file": "b_final_state.npz"}\n',
    )
    monkeypatch.setattr(audits, "run", lambda argv, **how: done)
    files = {f"{name}_final_state.npz": name for name in "abc"}
    found = replayed(ASSIGNMENT, tmp_path, files, How(9, 1), ROOT, {})
    assert found["a"].text == "reproduced, 9 updates up to the last digits"
    assert found["b"].text == "not replayable: doing it again was broken off: more than 2048 MB"
    assert found["c"].verdict == UNREPLAYED


# ---- a class --------------------------------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path, record):
    """Anna is honest, Ben is not, Carl hands in no record."""
    for student, kind in (("anna", ""), ("ben", "curve_scaled"), ("carl", None)):
        folder = tmp_path / "course" / "grading" / "submitted" / student / ASSIGNMENT.name
        folder.mkdir(parents=True)
        if kind is not None:
            path = record("training_dynamics", "A1", folder)
            if kind:
                forge(kind, path, np.random.RandomState(0))
    return Course(ROOT, tmp_path / "course")


def test_a_class_is_audited_once_and_what_is_known_is_kept(course, monkeypatch):
    seen: list[str] = []
    found = audit(course, ASSIGNMENT, how=How(100, 1), jobs=1, on_student=lambda one, of: seen.append(one.student))
    assert {one.student: [verdict.verdict for _, verdict in one.records] for one in found} == {
        "anna": [REPRODUCED], "ben": [DIFFERS], "carl": [],
    }  # fmt: skip
    assert [one.suspicious for one in found] == [False, True, False]
    assert sorted(seen) == ["anna", "ben", "carl"]
    monkeypatch.setattr(audits, "run", None)  # nothing is done again
    assert audit(course, ASSIGNMENT, how=How(100, 2)) == found == known(course, ASSIGNMENT)
    assert audit(course, ASSIGNMENT, ["ben"]) == found[1:2]
    with pytest.raises(TypeError):
        audit(course, ASSIGNMENT, how=How(force=True))


def test_of_several_attempts_that_is_audited_that_counts(course, record):
    """Anna's first attempt counts, whose record is forged; what she handed in last is as honest as before."""
    first = course.folder / "grading" / "replaced" / ASSIGNMENT.name / "anna" / "20261101"
    forge("curve_scaled", record("training_dynamics", "A1", first), np.random.RandomState(0))
    for tree, verdict in ((tree_hash(first), DIFFERS), ("of files that are gone", REPRODUCED)):
        ledger = Ledger(course.ledger, ASSIGNMENT.name)
        ledger.entries["anna"] = Entry("anna", GRADED, tree=tree)
        ledger.save()
        (anna,) = audit(course, ASSIGNMENT, ["anna"], How(100, 1))
        assert [one.verdict for _, one in anna.records] == [verdict]
        assert known(course, ASSIGNMENT, ["anna"]) == [anna]


def test_what_a_killed_audit_left_is_gone_with_the_next_and_two_are_not_one(course):
    left = course.work / "audit_killed" / "in" / "anna"
    left.mkdir(parents=True)
    with locked(course.work / ".audit.lock", AssertionError()), pytest.raises(BadValue, match="another audit"):
        audit(course, ASSIGNMENT, ["carl"])
    assert left.is_dir()
    audit(course, ASSIGNMENT, ["carl"])
    assert not [*course.work.glob("audit_*")]


def test_bad_values_are_refused_before_anything_is_done(course):
    for how, jobs, said in ((How(0), 0, "--seconds"), (How(float("nan")), 0, "--seconds"), (How(), -1, "--jobs")):
        with pytest.raises(BadValue, match=said):
            audit(course, ASSIGNMENT, how=how, jobs=jobs)
    with pytest.raises(BadValue, match="dora"):
        audit(course, ASSIGNMENT, ["dora"])
    path = course.folder / "grading" / "audit.json"
    path.write_text("[]")
    with pytest.raises(BadValue, match="move it away"):
        audit(course, ASSIGNMENT)
    assert path.read_text() == "[]"


def test_verdicts_are_kept_by_assignment_and_record(tmp_path):
    verdicts = Verdicts(tmp_path / "audit.json", "one")
    verdicts.known["ab"] = Verdict("A1", seconds=9.0)
    verdicts.save()
    other = Verdicts(tmp_path / "audit.json", "two")
    other.known["ab"] = Verdict("x", REPRODUCED)
    other.save()
    again = Verdicts(tmp_path / "audit.json", "one")
    assert again.known == verdicts.known
    assert again.settled("ab", 9)
    assert not again.settled("ab", 10)  # more time may suffice
    assert other.settled("ab", 1000)


def test_an_error_in_one_thread_ends_all():
    with pytest.raises(ZeroDivisionError):
        list(at_once(lambda item: 1 / int(item), ["1", "0"], 2))
    assert sorted(at_once(str.upper, ["a", "b", "c"], 2)) == ["A", "B", "C"]


# ---- together, and what is shown ------------------------------------------------------------------------------------


def _of(student: str, sha256: str, seed: int, **prints: str) -> OfStudent:
    return OfStudent(student, [(sha256, Verdict("A1", settings=json.dumps({"seed": seed, "lr": 1}), prints=prints))])


def test_a_curve_of_another_seed_and_the_times_of_another_run_are_told():
    anna, ben = _of("anna", "a", 1, loss="x", wall_time="t"), _of("ben", "b", 2, loss="x", wall_time="u")
    assert together([anna, ben]) == {
        "a": ["loss is that of ben's A1, which has another seed"],
        "b": ["loss is that of anna's A1, which has another seed"],
    }
    assert together([anna, _of("ben", "b", 1, loss="x", wall_time="u")]) == {}  # the same settings, right cells
    assert together([anna, _of("ben", "b", 1, wall_time="t")])["b"] == ["wall_time is that of anna's A1"]
    assert together([anna, _of("ben", "a", 1, loss="x", wall_time="t")]) == {}  # the same file: told elsewhere


def test_nothing_of_a_line_is_trusted(tmp_path):
    line = {"run": "<b>\n" * 400, "verdict": "perfect", "doubts": ["<script>"] * 50, "prints": {"a": "b" * 99}}
    found = verdict_of(line)
    assert found.verdict == UNREPLAYED
    assert len(found.doubts) == 10
    assert "\n" not in found.run
    page = write_page(tmp_path / "a.html", ASSIGNMENT, [OfStudent("<i>", [("ab", found)])], "rnnkit audit").read_text()
    assert "<script>" not in page
    assert "<b>\n" not in page
    assert "&lt;i&gt;" in page
    with pytest.raises(BadValue):
        verdict_of({"done": [[5, 1 << 40]]})
