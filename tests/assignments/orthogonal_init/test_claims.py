"""Claims get verdicts from tables, notes are not stale, and the report's numbers are those that it shows."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from course import ROOT, cells, marked
from kernels import drawn, executed
from lab_tables import every_question

from rnnkit.assignments.orthogonal_init import networks, report
from rnnkit.assignments.orthogonal_init.experiment import train
from rnnkit.assignments.orthogonal_init.explored import Settings, explored
from rnnkit.assignments.orthogonal_init.key.claims import CLAIMS
from rnnkit.assignments.orthogonal_init.key.verdicts import Tables, above
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.tables import Rate
from rnnkit.common.statistics import wilson
from rnnkit.grading.release.release import shipped
from rnnkit.runs.claims import BEGIN, END, claims_table, renewed
from rnnkit.runs.sweep_file import read_sweep_file
from rnnkit.runs.tables import save_rows

FOLDER = ROOT / "notebooks" / "orthogonal_init"
SWEEPS = FOLDER / "sweeps"
NOTES = (FOLDER / "INSTRUCTORS.md").read_text(encoding="utf-8")
FIGURES = {"reach": "jacobians", "gaussian": "gaussian", "lengths": "lengths"}  # cell: table
FIRST = ["task", "init", "seed", "status"]


def arms(solved: dict[tuple[str, str], int], best: dict[str, float]) -> list[dict]:
    """Ten seeds of each arm, so many of which are solved."""
    return [
        {"task": task, "init": init, "seed": seed, "status": "finished", "chance": 0.25, "sustained": seed < count,
         "best": best[init], "solved_epoch": 40 if seed < count else ""}
        for (task, init), count in solved.items() for seed in range(10)
    ]  # fmt: skip


def verdict(said: str, folder: Path) -> tuple[str, str]:
    (claim,) = [claim for claim in CLAIMS if said in claim.said]
    return claim.finding(Tables(folder))


def test_a_verdict_follows_from_the_table(tmp_path):
    tasks = ("addition", "temporal_order", "3bit_memorization")
    for random, forever in ((0, "supported"), (1, "refuted")):
        counts = {(task, "ortho"): 9 for task in tasks} | {(task, "random"): random for task in tasks}
        save_rows(tmp_path / "rates.csv", arms(counts, {"ortho": 0.01, "random": 0.0833}), ["run", *FIRST])
        value, said = verdict("stays at chance forever", tmp_path)
        assert (said, value.count(f"{random} of 10")) == (forever, 3)
    assert verdict("orthogonal solves all three", tmp_path)[1] == "supported"
    assert verdict("T = 80 breaks", tmp_path) == ("no table lengths", "undecided")
    for solved, said in ((9, "refuted"), (5, "undecided"), (1, "supported")):
        ten = arms({("3bit_memorization", "ortho"): solved}, {"ortho": 1.0})
        rows = [row | {"T": T} for T in (80, 100) for row in ten]
        save_rows(tmp_path / "lengths.csv", rows, ["run", *FIRST])
        assert verdict("T = 80 breaks", tmp_path)[1] == said


def test_every_claim_finds_its_rows_in_the_tables_of_the_sweeps(tmp_path):
    for path in sorted(SWEEPS.glob("*.toml")):
        sweep = read_sweep_file(path)
        rows = []
        for n, (arm, labels) in enumerate(sweep.runs):
            epoch = 5 + n % 60 if arm.init == "ortho" and n % 7 else ""
            facts = {"task": arm.task, "init": arm.init, "T": arm.T, "chance": 0.25, "best": 0.08}
            facts |= {"solved_epoch": epoch, "sustained": bool(epoch), "full_at": 1000 if arm.curriculum else ""}
            rows.append({"run": arm.name} | labels | {"status": "finished", "updates": 1} | facts)
        save_rows(tmp_path / f"{sweep.name}.csv", rows, ["run", *sweep.runs[0].labels, "status"])
    for name in ("networks", "jacobians"):
        shutil.copy(SWEEPS / f"{name}.csv", tmp_path)
    found = claims_table(CLAIMS, Tables(tmp_path))
    assert "no such row" not in found
    assert "no table" not in found
    assert "addition, matrix 7 with input weights 0: solved with" in found


def test_the_notes_have_the_table_of_the_sweeps_that_are_there():
    table = claims_table(CLAIMS, Tables(SWEEPS))
    assert renewed(NOTES, table) == NOTES, "python -m rnnkit.assignments.orthogonal_init.key.claims"
    table = NOTES.split(BEGIN)[1].split(END)[0]
    assert table.count("\n| ") == len(CLAIMS) + 2


def test_the_notes_have_every_question_with_its_points_and_minutes():
    every_question("orthogonal_init")


def test_a_row_of_the_networks_is_what_a_record_gives(tmp_path):
    arm = Arm("one", init="random", epochs=2, batches=3, batch=10, T=12, H=16)
    record = train(arm, tmp_path)
    row = networks.network_row(arm, record)
    sigma = np.linalg.svd(record["W_hh"], compute_uv=False)
    assert row["sigma_max"] == pytest.approx(sigma.max(), rel=1e-4)
    assert row["late"] == pytest.approx(record["metric"].mean(), rel=1e-4)
    drawn = arm.kind.draw(np.random.default_rng(networks.STREAM), 12, networks.SEQUENCES, False)
    h = np.zeros((networks.SEQUENCES, 16))
    for x in drawn.x:
        h = np.tanh(h @ record["W_hh"] + x @ record["W_xh"] + record["b_h"])
    out = (h @ record["W_ho"] + record["b_o"])[:, 0]
    assert row["output_std"] == pytest.approx(out.std(), rel=1e-3)
    assert row["correlation"] == pytest.approx(np.corrcoef(out, drawn.y[:, 0])[0, 1], rel=1e-3)
    assert row["correlation"] != row["correlation_without"]


def test_the_table_of_jacobians_is_what_is_drawn():
    there = {(row["start"], row["input_scale"]): row for row in report.read_table(SWEEPS / "jacobians.csv")
             if row["lag"] == "60"}  # fmt: skip
    for start in ("orthogonal", "N(0, 1/n)"):
        norms = explored(Settings(start, 0.1, 60)).norms[:, -1]
        assert float(there[start, "0.1"]["median"]) == pytest.approx(np.median(norms), rel=0.01)


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, str]:
    """What each cell of the report shows as markdown, after a run in a folder as students have it."""
    folder = tmp_path_factory.mktemp("student")
    for path in shipped(FOLDER):
        (folder / path.parent).mkdir(exist_ok=True)
        shutil.copy(FOLDER / path, folder / path)
    shown = executed(folder / "3_report.ipynb")
    assert drawn(shown) == {cell for cell, table in FIGURES.items() if (SWEEPS / f"{table}.csv").exists()}
    return {id: "".join(one.get("data", {}).get("text/markdown", "") for one in cell.get("outputs", []))
            for id, cell in shown.items()}  # fmt: skip


def test_the_model_answer_quotes_the_reports_tables(told):
    tables = "".join(told.values()).replace("\xa0", " ")
    (answer,) = [cell["source"] for cell in cells(FOLDER / "3_report.ipynb") if cell["id"] == "data_say"]
    rates = re.findall(r"\d+ of \d+ \(\d+ to \d+ %\)", marked(answer))
    spreads = re.findall(r"[\d.e-]+ \([\d.e-]+ to [\d.e-]+\)", marked(answer))
    assert len(rates) >= 2
    assert len(spreads) >= 6
    for rate in rates:
        assert rate.replace(" (", " | ").replace(")", " |") in tables, rate
    for spread in spreads:
        assert spread in tables, spread


def test_students_get_the_tables_and_no_verdict():
    names = {path.as_posix() for path in shipped(FOLDER)}
    assert {"sweeps/rates.csv", "sweeps/networks.csv", "sweeps/jacobians.csv"} <= names
    assert "INSTRUCTORS.md" not in names
    text = json.dumps([cell["source"] for cell in cells(ROOT / "release" / FOLDER.name / "3_report.ipynb")])
    assert "refuted" in text  # the question says it
    assert "Refuted" not in text


@pytest.mark.parametrize(("one", "other", "holds"), [(3, 1, True), (1, 1, None), (5, 20, None), (0, 20, False)])
def test_a_gap_is_a_difference_whose_interval_does_not_hold_zero(one, other, holds):
    first, second = (Rate({}, runs, solved, 0, wilson(solved, runs), [], [], [], 0) for solved, runs in
                     ((one, 5), (other, 20)))  # fmt: skip
    assert above(first, second) is holds
