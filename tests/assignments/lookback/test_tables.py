"""The sweeps that are checked in: whole, and page, notes and report are what their tables say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from course import ROOT, cells, marked
from lab_tables import every_run
from matplotlib.figure import Figure

from rnnkit.assignments.lookback import measured, report, tables
from rnnkit.assignments.lookback.experiment import EXPERIMENT, train
from rnnkit.assignments.lookback.key.claims import CLAIMS, turned
from rnnkit.assignments.lookback.key.comparisons import SAME, after, higher, lower, unchanged, usual
from rnnkit.assignments.lookback.settings import Net
from rnnkit.common.statistics import mean_interval
from rnnkit.plots.markdown import Table
from rnnkit.runs import pool
from rnnkit.runs.claims import VERDICTS, Tables, claims_table, renewed
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.rows import read_table
from rnnkit.runs.sweep_file import read_sweep_file
from rnnkit.runs.tables import save_rows

pytestmark = pytest.mark.usefixtures("seen")

FOLDER = ROOT / "notebooks" / "lookback"
SWEEPS = FOLDER / "sweeps"
FILES = sorted(SWEEPS.glob("*.toml"))
DONE = [table for path in FILES if (table := path.with_suffix(".csv")).exists()]
NOISE = (0.001, -0.001, 0.002, -0.002, 0.0)  # of five seeds


def save(folder: Path, name: str, rows: list[dict[str, Any]], **columns: Any) -> None:
    usual_ones = {"run": "x", "status": "finished", "task": "agreement", "prior_loss": 0.63, "majority": 0.68}
    save_rows(folder / f"{name}.csv", [usual_ones | columns | row for row in rows], ["run", *columns, "status"])


def looking_back(folder: Path, losses: dict[tuple[str, int], float], spread: float = 1.0) -> None:
    """The sweep over lookbacks with these mean losses: the seeds' noise is another one at every lookback."""
    save(folder, "figure2abc", [
        {"model": model, "lookback": tau, "seed": seed, "acc": 0.8, "best_loss": loss + spread * tau * NOISE[seed]}
        for (model, tau), loss in losses.items() for seed in range(5)
    ])  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sweep_is_what_its_name_says(path):
    sweep = read_sweep_file(path)
    assert sweep.name == path.stem
    assert f"rnnkit sweep sweeps/{path.name}" in path.read_text(encoding="utf-8")
    nets = [run.settings for run in sweep.runs]
    assert all(isinstance(net, Net) and not net.idle for net in nets)
    assert {net.task for net in nets} == {
        "language" if path.stem.startswith("table") and path.stem[5:] != "2" else "agreement"
    }


@pytest.mark.parametrize("table", DONE, ids=lambda path: path.stem)
def test_a_table_has_every_run_of_its_sweep(table):
    every_run(table)


def test_page_and_notes_are_what_the_tables_say():
    assert (SWEEPS / "README.md").read_text() == tables.readme(SWEEPS), "python -m rnnkit.assignments.lookback.tables"
    notes, table = (FOLDER / "INSTRUCTORS.md").read_text(), claims_table(CLAIMS, Tables(SWEEPS))
    assert renewed(notes, table) == notes, "python -m rnnkit.assignments.lookback.key.claims"
    assert "no such row" not in table


def test_the_reports_answer_gives_the_verdicts_that_the_tables_do():
    (answer,) = (cell["source"] for cell in cells(FOLDER / "3_report.ipynb") if cell["id"] == "data_say")
    text = " ".join(marked(answer).split())
    said = re.findall(r'"([^"]+)"(?: is|,) \*\*(\w+)\*\*', text)
    assert len(said) >= 10
    assert text.count("**") == 2 * len(said)
    judged = {claim.said: VERDICTS[claim.judge(Tables(SWEEPS)).holds] for claim in CLAIMS if claim.said in dict(said)}
    assert dict(said) == judged
    assert not re.search(r"\d\.\d", re.sub(r'"[^"]+"', "", text))  # numbers are the tables'


def test_every_prediction_has_a_verdict_without_any_table(tmp_path):
    said = [claim.said for claim in CLAIMS]
    assert [n for n in range(1, 8) if not any(one.startswith(f"{n}. ") for one in said)] == []
    assert len({*said}) == len(said)
    assert claims_table(CLAIMS, Tables(tmp_path)).count(f"**{VERDICTS[None]}**") == len(CLAIMS)


@pytest.mark.parametrize(
    ("change", "is_lower", "is_higher", "is_same"),
    [(-0.05, True, False, False), (0.05, False, True, False), (0.0, False, False, True), (-SAME, True, False, None)],
)
def test_a_verdict_follows_from_the_interval(change, is_lower, is_higher, is_same, tmp_path):
    looking_back(tmp_path, {("rnn", 1): 0.4, ("rnn", 2): 0.4 + change})
    pair, found = (usual("rnn", "1"), usual("rnn", "2")), Tables(tmp_path)
    assert [judge(*pair)(found).holds for judge in (lower, higher, unchanged)] == [is_lower, is_higher, is_same]
    assert lower(*pair)(found).value.startswith(f"{change:+.4f} (")


def test_where_seeds_differ_by_more_than_the_change_nothing_is_decided(tmp_path):
    looking_back(tmp_path, {("rnn", 1): 0.4, ("rnn", 2): 0.39}, spread=20)
    pair = usual("rnn", "1"), usual("rnn", "2")
    assert [judge(*pair)(Tables(tmp_path)).holds for judge in (lower, higher, unchanged)] == [None] * 3


def test_an_effect_at_one_lookback_is_held_against_that_at_another(tmp_path):
    effect = {("rnn", 1): 0.1, ("rnn", 15): 0.1, ("gru", 1): 0.1, ("gru", 15): 0.3}
    save(tmp_path, "figure5c", [
        {"model": model, "lookback": tau, "lr": lr, "seed": seed, "best_loss": 0.5 - more * (lr > 0.5) + NOISE[seed]}
        for (model, tau), more in effect.items() for lr in (0.1, 0.8) for seed in range(5)
    ])  # fmt: skip
    found = {
        model: unchanged(*turned("rates of .1 to .8", model, "1"), *turned("rates of .1 to .8", model, "15"))
        for model in ("rnn", "gru")
    }
    assert {model: judge(Tables(tmp_path)).holds for model, judge in found.items()} == {"rnn": True, "gru": False}


def test_the_interval_of_a_mean_is_students():
    found = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found == pytest.approx((3.0, 3 - 2.776 * 0.5**0.5, 3 + 2.776 * 0.5**0.5))
    assert mean_interval([2.0]) == (2.0, -float("inf"), float("inf"))


def curves(folder: Path) -> None:
    losses = [0.5, 0.3, 0.2, 0.4]
    save(folder, "figure4a_curves", [
        {"model": model, "lookback": 15, "seed": seed, "epoch": n + 1, "dev_loss": loss + NOISE[seed], "train_loss": n}
        for model in ("rnn", "gru") for seed in range(5) for n, loss in enumerate(losses)
    ])  # fmt: skip


def test_what_fewer_epochs_reach_is_the_beginning_of_the_curve(tmp_path):
    curves(tmp_path)
    rows = tables.after(read_table(tmp_path / "figure4a_curves.csv"), [2, 4, 9])
    one = [row for row in rows if (row["model"], row["seed"]) == ("gru", "4")]
    assert [row["epochs"] for row in one] == ["2", "4", "9"]
    assert [(row["best_loss"], row["best_epoch"], row["last_loss"]) for row in one] == [
        ("0.3", "2", "0.3"), ("0.2", "3", "0.4"), ("0.2", "3", "0.4"),
    ]  # fmt: skip
    worse = higher(after("40", "gru", "15"), after("40", "gru", "15"), last="last_loss")
    assert worse(Tables(tmp_path)).holds is True


def test_a_table_is_in_order_and_its_own_setting_is_laid_beside_the_usual_one(tmp_path):
    looking_back(tmp_path, {("gru", 5): 0.07, ("gru", 10): 0.06, ("rnn", 5): 0.42})
    save(tmp_path, "figure3a", [{"model": "rnn", "lookback": 5, "train": n, "seed": 0, "best_loss": n / 1e5}
                                for n in (50000, 5000)])  # fmt: skip
    lines = report.beside("figure3a", ["model", "train"], folder=tmp_path).data.splitlines()
    assert [line.split(" | ")[:3] for line in lines[2:]] == [
        ["| rnn", "5000", "1"], ["| rnn", "10000", "5"], ["| rnn", "50000", "1"], ["| gru", "10000", "5"],
    ]  # fmt: skip
    assert "0.0500" in lines[2]
    assert "lookback 10" not in str(lines)


def test_the_report_draws_what_is_there_and_says_what_is_not(tmp_path):
    calls = [
        lambda: report.by_lookback("best_loss", "acc", folder=tmp_path),
        lambda: report.by_distance(folder=tmp_path, bins={"all": "acc"}),
        lambda: report.by_factor("figure4a", "epochs", folder=tmp_path),
        lambda: report.curves(folder=tmp_path),
        lambda: report.time(folder=tmp_path),
    ]
    for call in calls:
        assert "The table is not there" in call().data
    for shown in (calls[2](), calls[3](), report.epochs(folder=tmp_path)):
        assert "`rnnkit sweep sweeps/figure4a.toml --curves` writes" in shown.data
        assert "`runs/sweeps/figure4a/figure4a_curves.csv`" in shown.data
    looking_back(tmp_path, {(model, tau): 0.4 for model in ("rnn", "gru") for tau in (1, 5)})
    curves(tmp_path)
    save(tmp_path, "costs", [{"model": "rnn", "lookback": 0, "H": H, "batch": 100, "seconds": H} for H in (10, 50)])
    assert all(isinstance(call(), Figure) for call in calls)
    assert report.time(folder=tmp_path).axes[0].lines[0].get_ydata() == [50.0]
    assert isinstance(report.epochs(folder=tmp_path), Table)


def test_the_seeds_of_a_setting_train_in_one_process():
    teams = pool.teams(read_sweep_file(SWEEPS / "figure2abc.toml").jobs("x", Cells()), 1)
    assert {len(team) for team in teams} == {5}


def test_what_looking_back_costs_is_measured(monkeypatch):
    monkeypatch.setattr(measured, "TIMED", 60)
    monkeypatch.setattr(measured, "LARGER", ({"H": 3},))
    rows = measured.costs((0, 2))
    assert [(row["model"], row["lookback"]) for row in rows] == [("rnn", 0), ("rnn", 2), ("gru", 0), ("gru", 2)]
    assert all(row["seconds"] > 0 for row in rows)
    assert tables.costs([{name: str(value) for name, value in row.items()} for row in rows]).count("1.00") >= 2


def test_the_page_has_the_pictures_of_every_run(tmp_path):
    records = {name: train(EXPERIMENT.get(name, "tiny"), tmp_path / name) for name in ("rnn", "lm")}
    page = EXPERIMENT.page(records)
    assert [(one.id, len(one.groups[0].pictures)) for one in page["sections"]] == [("curves", 2), ("reach", 2)]
    assert {*page["facts"]} == {*records}
    assert "61 sentences" in page["about"]
