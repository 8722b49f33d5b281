"""The sweeps that are checked in: whole, and page, notes and report are what their tables say."""

from __future__ import annotations

import json

import pytest
from course import ROOT
from lab_tables import every_run

from rnnkit.assignments.bptt import report
from rnnkit.assignments.bptt.experiment import EXPERIMENT
from rnnkit.assignments.bptt.key.claims import CLAIMS, agrees, shared
from rnnkit.assignments.bptt.tables import by_lag, longest, markdown, readme
from rnnkit.plots.markdown import Table
from rnnkit.runs import pool
from rnnkit.runs.claims import VERDICTS, Tables, claims_table, renewed
from rnnkit.runs.jobs import plan
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.sweep_file import read_sweep_file

FOLDER = ROOT / "notebooks" / "bptt"
SWEEPS = FOLDER / "sweeps"
DONE = sorted(table for path in SWEEPS.glob("*.toml") if (table := path.with_suffix(".csv")).exists())


def rows(learnt: dict[int, list[bool]]) -> list[dict[str, str]]:
    """One arm: whether each seed learnt each lag."""
    values = {"metric": "0.9", "loss": "0.1", "plateau": "0.69", "largest_norm": "2", "lost_at": ""}
    return [
        {"run": "x", "lag": str(lag), "arm": "gru", "seed": str(seed), "status": "finished", "learnt": str(one)}
        | values
        for lag, seeds in learnt.items()
        for seed, one in enumerate(seeds)
    ]


@pytest.mark.parametrize("table", DONE, ids=lambda path: path.stem)
def test_a_table_has_every_run_of_its_sweep(table):
    every_run(table)


def test_page_and_notes_are_what_the_tables_say():
    assert (SWEEPS / "README.md").read_text() == readme(SWEEPS), "python -m rnnkit.assignments.bptt.tables"
    notes, table = (FOLDER / "INSTRUCTORS.md").read_text(), claims_table(CLAIMS, Tables(SWEEPS))
    assert renewed(notes, table) == notes, "python -m rnnkit.assignments.bptt.key.claims"


def test_the_longest_lag_has_all_shorter_ones_learnt_too():
    found = rows({2: [True, True, False], 10: [True, False, True], 5: [True, True, True]})
    assert longest(found) == [10, 5, 0]
    assert "5 (0 to 10)" in by_lag(found)
    assert "2 of 3" in markdown(found, ["lag"])


def test_a_claim_without_its_table_is_not_decided(tmp_path):
    found = claims_table(CLAIMS, Tables(tmp_path))
    assert found.count(VERDICTS[None]) == len(CLAIMS) - 2  # two need no table
    for draw in (report.lags, report.products, report.samples):
        assert isinstance(draw(folder=tmp_path), Table)


def test_one_set_of_parameters_serves_all_lengths(tmp_path):
    found = shared(Tables(tmp_path))
    assert found.holds
    assert found.value == ("5125 parameters at 5 steps, 5125 at 500; the first 5 outputs are the same")


def verbs(*right: str) -> list[str]:
    return ["run,task,arm,seed,status,right_0"] + [f"x,grammar,gru,{n},finished,{one}" for n, one in enumerate(right)]


@pytest.mark.parametrize(
    ("right", "holds"), [(["70 of 100"] * 5, True), (["30 of 100"] * 5, False), (["70 of 100", "55 of 100"], None)]
)
def test_verbs_agree_where_most_seeds_are_above_chance_by_their_own_interval(tmp_path, right, holds):
    (tmp_path / "text.csv").write_text("\n".join(verbs(*right)) + "\n")
    assert agrees("right_0")(Tables(tmp_path)).holds is holds


def test_the_seeds_of_an_arm_train_in_one_process():
    teams = pool.teams(read_sweep_file(SWEEPS / "echo.toml").jobs("x", Cells()), 1)
    assert {len(team) for team in teams} == {5}
    assert len(EXPERIMENT.due) == 6


def test_the_notebook_takes_what_a_run_tells_it(tmp_path):
    (job,) = plan(["echo_gru"], tmp_path, EXPERIMENT, profile="tiny")
    cells = json.loads((FOLDER / "2_experiment.ipynb").read_text())["cells"]
    (cell,) = (cell for cell in cells if "parameters" in cell["metadata"].get("tags", []))
    assert {line.split(" = ")[0] for line in cell["source"]} >= {*job.parameters, "arm", "lag", "chunk", "seed"}
