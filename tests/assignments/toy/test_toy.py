"""A second assignment, put into three folders of a clone and nowhere else, goes the whole way beside the main one."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from beside import (
    LEFT,
    clone_into,
    command,
    entries,
    environment,
    exported,
    packed,
    points,
    rnnkit,
    student_of,
    table,
    types,
)  # fmt: skip
from course import NAME as MAIN
from graded import submit

HERE = Path(__file__).parent
TRUST = "--i-trust-these-submissions"
NOTEBOOK = "1_descent.ipynb"
KEY = (HERE / "plug" / "key" / "__init__.py").read_text(encoding="utf-8")
CANARY = re.findall(r"rnnkit-canary-\w+", KEY)[0]
SOURCES = HERE / "notebooks"


@pytest.fixture
def house(tmp_path) -> Path:
    """A clone with the toy in its places, released."""
    clone = clone_into(tmp_path)
    shutil.copytree(HERE / "plug", clone / "rnnkit" / "assignments" / "toy", ignore=LEFT)
    shutil.copytree(HERE / "notebooks", clone / "notebooks" / "toy", ignore=LEFT)
    return clone


def student_with_run(clone: Path, folder: Path) -> Path:
    """A student's folder, with the run due."""
    home = student_of(clone, folder, "toy", CANARY)
    types(home, "run", "toy", "slow")
    return home


def record(path: Path) -> dict[str, np.ndarray]:
    """What a record holds."""
    with np.load(path) as stored:
        return dict(stored)


def test_a_student_of_the_second_assignment_gets_points_and_a_page(house, tmp_path):
    rnnkit(house, "release", "toy")
    half = packed(student_with_run(house, tmp_path / "student"), "ben", ("clip",), tmp_path / "downloads", SOURCES)
    rnnkit(house, "grade", "toy", "--from", str(half.parent), TRUST)
    assert points(house, "toy") == {"ben": {"clip": 2, "descend": 0}}
    entry = entries(house, "toy")["ben"]
    assert (entry["evidence"], entry["flags"], [*entry["records"]]) == ([], [], ["slow"])
    rnnkit(house, "feedback", "toy")
    page = (house / "grading" / "feedback" / "ben" / "toy" / "index.html").read_text(encoding="utf-8")
    assert "2 of 5 points" in " ".join(re.sub("<[^>]*>", " ", page).split())
    assert "descend is not written yet" in page
    assert exported(house, "toy")["ben"]["total"] == "2"


def test_the_expected_numbers_are_made_from_the_solutions(house):
    folder = house / "rnnkit" / "assignments" / "toy" / "expected"
    shutil.rmtree(folder)
    made = [sys.executable, "-m", "rnnkit.checks.generate", "toy"]
    subprocess.run(made, cwd=house, env=environment(house), check=True, stdout=subprocess.DEVNULL)
    wanted = {path.name: path.read_text() for path in (HERE / "plug" / "expected").iterdir()}
    assert {path.name: path.read_text() for path in folder.iterdir()} == wanted


@pytest.mark.slow
def test_a_class_hands_in_both_assignments(house, tmp_path):
    solved = {"anna": None, "ben": ("clip",), "carl": ()}
    (house / "grading").mkdir()
    (house / "grading" / "roster.csv").write_text("id\nanna\nben\ncarl\ndora\n", encoding="utf-8")
    rnnkit(house, "release")
    home = student_with_run(house, tmp_path / "student")
    for student, ids in solved.items():
        packed(home, student, ids, tmp_path / "downloads", SOURCES)
    submit(house, "anna", "1_cells.ipynb", "2_diagnostics.ipynb")
    submit(house, "ben", "2_diagnostics.ipynb", right=False)
    rnnkit(house, "grade", "toy", "--from", str(tmp_path / "downloads"))
    rnnkit(house, "grade")
    right = {"anna": {"clip": 2, "descend": 3}, "ben": {"clip": 2, "descend": 0}, "carl": {"clip": 0, "descend": 0}}
    assert points(house, "toy") == right
    main = points(house, MAIN)
    assert {student: sum(scores.values()) for student, scores in main.items()} == {"anna": 39, "ben": 0}
    for entry in entries(house, "toy").values():
        assert not entry["evidence"] + entry["flags"] + entry["notebooks"][NOTEBOOK]["flags"]
    assert not re.search("toy|descen", json.dumps(entries(house, MAIN)))
    rows = exported(house)
    assert list(rows) == ["anna", "ben", "carl", "dora"]
    names = ("toy/clip", "toy/total", f"{MAIN}/clip", f"{MAIN}/total")
    assert [rows["anna"][name] for name in names] == ["2", "5", "3", "39"]
    assert [rows["carl"][f"{name}/status"] for name in ("toy", MAIN)] == ["graded", "not submitted"]
    assert {rows["dora"][f"{name}/status"] for name in ("toy", MAIN)} == {"not submitted"}
    for name, scores in {"toy": right, MAIN: main}.items():
        rnnkit(house, "feedback", name)
        for student in scores:
            assert (house / "grading" / "feedback" / student / name / "index.html").is_file()


def test_runs_of_the_second_assignment_end_in_records_and_a_table(house):
    said = rnnkit(house, "run", "toy", "slow", "--profile", "tiny")
    assert "slow: finished" in said
    expected = np.random.default_rng(1).normal(size=3) * (1 - 0.05 * np.array([1.0, 4.0, 16.0])) ** 40
    assert np.allclose(record(house / "runs" / "toy-tiny" / "slow" / "slow_final_state.npz")["w"], expected)
    (row,) = table(house / "runs" / "toy-tiny" / "summary.csv")
    assert [row[name] for name in ("run", "status", "updates")] == ["slow", "finished", "40"]


@pytest.mark.slow
def test_a_run_goes_on_where_it_was_stopped_and_sweeps_and_pages_are_its_own(house):
    long = ("run", "toy", "slow", "--set", "steps=400000", "--set", "every=100", "--out", "runs/long")
    folder = house / "runs" / "long" / "slow"
    process = subprocess.Popen(command(*long), cwd=house, env=environment(house), stdout=subprocess.DEVNULL)
    while process.poll() is None and not (folder / "slow.log").exists():
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    done = int(record(folder / "slow_state.npz")["updates"])
    assert 0 < done < 400_000
    rnnkit(house, *long)
    assert f"resumed after {done} updates" in (folder / "slow.log").read_text(encoding="utf-8")
    assert len(record(folder / "slow_final_state.npz")["loss"]) == 4000
    rnnkit(house, "sweep", "notebooks/toy/sweeps/rates.toml")
    rows = table(house / "runs" / "sweeps" / "rates" / "rates.csv")
    assert [(row["rate"], row["seed"]) for row in rows] == [("0.02", "1"), ("0.02", "2"), ("0.1", "1"), ("0.1", "2")]
    assert float(rows[2]["loss"]) < float(rows[0]["loss"])
    rnnkit(house, "report", "toy", "runs/long")
    assert "slow" in (house / "runs" / "long" / "report.html").read_text(encoding="utf-8")
