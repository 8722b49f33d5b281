"""Claims get verdicts from tables, and neither notes nor pages are stale."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from course import ROOT, cells, marked
from kernels import drawn, executed
from lab_tables import every_question

from rnnkit.assignments.hidden_dynamics import cost, tables
from rnnkit.assignments.hidden_dynamics.foretold import FEW, oscillators
from rnnkit.assignments.hidden_dynamics.key.claims import CLAIMS
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.assignments.hidden_dynamics.stacks import first_row
from rnnkit.grading.release.release import shipped
from rnnkit.runs.claims import BEGIN, END, Tables, claims_table, renewed
from rnnkit.runs.rows import numbers, read_tables
from rnnkit.runs.sweep_file import read_sweep_file
from rnnkit.runs.tables import save_rows

FOLDER = ROOT / "notebooks" / "hidden_dynamics"
SWEEPS = FOLDER / "sweeps"
NOTES = (FOLDER / "INSTRUCTORS.md").read_text(encoding="utf-8")


def verdict(said: str, folder) -> tuple[str, str]:
    (claim,) = [claim for claim in CLAIMS if said in claim.said]
    return claim.finding(Tables(folder))


@pytest.mark.parametrize(("change", "said"), [(0.0, "refuted"), (-0.01, "undecided"), (-0.05, "supported")])
def test_a_verdict_follows_from_the_table(change, said, tmp_path):
    rows = []
    for seed in range(10):
        near = {"none": 0.7, "transient": 0.7 + change + 0.002 * (-1) ** seed}
        near["as many accumulators as transients"] = 0.7
        rows += [{"init": "xavier", "seed": seed, "held": held, "nearest": value} for held, value in near.items()]
    save_rows(tmp_path / "held.csv", rows)
    value, found = verdict("transient units help", tmp_path)
    assert (found, f"mean change {change:+.4f}" in value) == (said, True)
    assert verdict("at length 500 it would", tmp_path) == ("no table lengths_long", "undecided")


def test_the_notes_and_the_page_have_the_tables_that_are_there():
    table = claims_table(CLAIMS, Tables(SWEEPS))
    assert renewed(NOTES, table) == NOTES, "python -m rnnkit.assignments.hidden_dynamics.key.claims"
    assert NOTES.split(BEGIN)[1].split(END)[0].count("\n| ") == len(CLAIMS) + 2
    assert "no such row" not in table
    page = (SWEEPS / "README.md").read_text(encoding="utf-8")
    assert tables.readme(SWEEPS) == page, "python -m rnnkit.assignments.hidden_dynamics.tables"


def test_every_sweep_can_be_read_and_trains_what_it_says():
    for path in SWEEPS.glob("*.toml"):
        assert all(isinstance(net, Net) for net, _ in read_sweep_file(path).runs), path.name


def test_the_tables_are_of_the_sizes_that_are_said():
    assert len(read_tables(["seeds"], SWEEPS, init="xavier")) == 10
    assert len({row["seed"] for row in read_tables(["held"], SWEEPS, init="xavier")}) == 30
    best = numbers(read_tables(["seeds"], SWEEPS, init="xavier"), "best_test_acc")
    assert 0.91 <= sum(best) / len(best) <= 0.955


def test_what_is_kept_of_a_stream_is_measured(monkeypatch):
    monkeypatch.setattr(cost, "ENOUGH", 0.001)
    row = cost.measured(20)
    assert (row["rnn_kB_kept"], row["attention_kB_kept"]) == (0.256, 10.2)
    assert row["attention_kB_peak"] > row["rnn_kB_peak"] > 0


def test_the_rule_of_what_is_foretold():
    net = Net()
    record = {"settings": net.to_json(), "weights": 0.1 * first_row(net)}  # too small to swing
    found = oscillators(record)
    assert found.answer in {FEW, "5 to 20", "more than 20"}
    assert found.number.endswith("of 64 units")


def test_the_experiment_trains_and_draws(tmp_path):
    path = Path(shutil.copy(FOLDER / "2_experiment.ipynb", tmp_path))
    outputs = executed(path, 'profile = "tiny"', RNNKIT_PLAIN="1")
    assert drawn(outputs) == {"curves", "trajectories", "browse", "running", "flow", "bound"}
    assert (tmp_path / "runs" / "tiny" / "rnn" / "rnn_final_state.npz").exists()


def test_the_report_shows_every_table_as_students_have_them(tmp_path):
    names = shipped(FOLDER)
    assert "INSTRUCTORS.md" not in {path.as_posix() for path in names}
    for path in names:
        (tmp_path / path.parent).mkdir(exist_ok=True)
        shutil.copy(FOLDER / path, tmp_path / path)
    outputs = executed(tmp_path / "3_report.ipynb", RNNKIT_PLAIN="1")
    assert drawn(outputs) == {"lengths", "flow", "units"}
    told = {id: json.dumps(outputs[id]) for id in ("seeds", "lengths", "flow", "fifths", "units", "held", "scheduler")}
    assert not [id for id, text in told.items() if "The table is not there" in text]
    (answer,) = [cell["source"] for cell in cells(FOLDER / "3_report.ipynb") if cell["id"] == "data_say"]
    quoted = re.findall(r"[+\d.-]+ \([+\d.-]+ to [+\d.-]+\)", marked(answer))
    assert len(quoted) >= 6
    assert not [one for one in quoted if one not in "".join(told.values())]


def test_the_notes_have_every_question_with_its_points_and_minutes():
    every_question("hidden_dynamics")
