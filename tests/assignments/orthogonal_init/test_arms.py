"""The lab's commands: runs by name, together and one by one, sweeps, the document's program, and the notebook's run."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from course import ONE_THREAD, ROOT

from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT, train
from rnnkit.assignments.orthogonal_init.script import main
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.record.file import load
from rnnkit.runs import pool
from rnnkit.runs.jobs import Job, plan
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.perform import RunFiles, perform_together
from rnnkit.runs.sweep_file import read_sweep_file

BOTH = [Arm(f"addition_{init}", init=init, epochs=3, batches=3, batch=10, T=12) for init in ("ortho", "random")]


def jobs_of(arms, folder):
    return [Job("orthogonal_init", arm.name, arm, str(folder / arm.name)) for arm in arms]


def test_the_headline_is_the_documents():
    arms = [EXPERIMENT.get(name) for name in EXPERIMENT.due]
    assert [(arm.task, arm.init, arm.T) for arm in arms] == [
        (task, init, T)
        for task, T in (("addition", 30), ("temporal_order", 60), ("3bit_memorization", 60))
        for init in ("ortho", "random")
    ]
    assert {(arm.epochs, arm.batches, arm.batch, arm.H, arm.dtype) for arm in arms} == {(80, 30, 50, 64, "float64")}
    assert len(pool.teams(jobs_of(arms, ROOT), 2)) == 3  # a process for the two arms of each task


@pytest.mark.slow
def test_jobs_of_one_shape_train_in_one_process_and_have_the_records_of_runs_alone(tmp_path):
    one, other = plan(["addition_ortho", "addition_random"], tmp_path, EXPERIMENT, profile="tiny")
    jobs = [one, replace(other, notebook="", parameters={})]  # which a sweep would make
    outcomes = [*pool.run(jobs, ThreadPoolExecutor(1))]
    assert [outcome.status for outcome in outcomes] == ["finished"] * 2
    for job in jobs:
        together, alone = load(job.files.final), train(job.settings, tmp_path / "alone")
        for name in ("W_hh", "W_xh", "W_ho", "loss", "metric"):
            np.testing.assert_allclose(together[name], alone[name], rtol=1e-12)
        assert "nothing to do" not in job.files.log.read_text()
    assert '"image/png"' in one.executed.read_text()  # the notebook found a record, and drew it
    assert all(outcome.skipped for outcome in pool.run(jobs, ThreadPoolExecutor(1)))


@pytest.mark.parametrize("together", [False, True])
def test_arms_that_were_broken_off_go_on_and_come_out_the_same(tmp_path, monkeypatch, together):
    def breaks_off(self, settings, check, updates):
        if settings == BOTH[-1] and updates == 6:
            raise KeyboardInterrupt
        return ""

    arms = BOTH if together else BOTH[-1:]
    members = [(arm, tmp_path / "broken") for arm in arms]
    with monkeypatch.context() as patched:
        patched.setattr(type(EXPERIMENT), "describe", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            perform_together(EXPERIMENT, members, Cells())
    states = [load(RunFiles(tmp_path / "broken", arm.name).state) for arm in arms]
    assert [int(state["updates"]) for state in states] == [6] * len(arms)
    perform_together(EXPERIMENT, members, Cells())
    for arm in arms:
        again, whole = train(arm, tmp_path / "broken"), train(arm, tmp_path / "whole")
        for name in ("W_hh", "moments", "loss", "stream"):
            np.testing.assert_array_equal(again[name], whole[name])


def test_facts_tell_the_first_crossing_from_a_lasting_one():
    curves = {"loss": [1.0] * 7, "steps": [60] * 7, "metric": [0.3, 0.95, 0.2, 0.95, 0.95, 0.95, 0.95]}
    row = EXPERIMENT.row({"settings": Arm(task="temporal_order").to_json(), **curves})
    assert (row["solved_epoch"], row["sustained"], row["best"], row["final"]) == (2, False, 0.95, 0.95)
    curves = {"loss": [0.08, 0.04], "steps": [30] * 2, "metric": [0.08, 0.04]}
    row = EXPERIMENT.row({"settings": Arm().to_json(), **curves})
    assert (row["solved_epoch"], row["final"], row["mse"]) == (2, 0.04, 0.08)


def test_the_sweep_of_rates_has_ten_seeds_of_each_arm():
    sweep = read_sweep_file(ROOT / "notebooks/orthogonal_init/sweeps/rates.toml")
    assert len(sweep.runs) == 60
    assert {len(team) for team in pool.teams(sweep.jobs("x", Cells()), 2)} == {10}


def test_a_sweep_tells_its_arms_the_method():
    sweep = read_sweep_file(ROOT / "notebooks/orthogonal_init/sweeps/momentum.toml")
    assert [run.settings.method for run in sweep.runs] == [run.labels["method"] for run in sweep.runs]
    assert {run.settings.method for run in sweep.runs} == {"heavy_ball", "nesterov"}


def test_the_documents_program_writes_its_table_and_its_results(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["--all", "--seed", "0", "--n-epochs", "2", "--batches-per-epoch", "3", "--batch-size", "10"]) == 0
    said = capsys.readouterr().out
    assert "ortho solved@" in said
    results = json.loads((tmp_path / "results.json").read_text())
    assert [*results] == ["rows", "histories", "total_wallclock_s", "config"]
    keys = ("task", "init", "T", "chance", "metric_name", "final_metric", "final_loss", "solved_epoch", "wallclock_s")
    assert all([*row][: len(keys)] == [*keys] for row in results["rows"])
    assert [*results["histories"]] == [f"{row['task']}__{row['init']}" for row in results["rows"]]
    one = results["histories"]["3bit_memorization__ortho"]
    assert (one["sequence_len"], one["n_params"], one["epoch"]) == (60, 5000, [1, 2])
    config = results["config"]
    assert (config["n_epochs"], config["batches_per_epoch"], config["task_T"]["addition"]) == (2, 3, 30)


def test_the_script_is_the_documents(tmp_path):
    script = ROOT / "notebooks/orthogonal_init/rnn_pathological.py"
    flags = ["--task", "addition", "--init", "random", "--sequence-len", "30", "--seed", "0"]
    small = ["--n-epochs", "2", "--batches-per-epoch", "2"]
    run = subprocess.run(
        [sys.executable, script, *flags, *small], cwd=tmp_path, env=ONE_THREAD | {"PYTHONPATH": str(ROOT)}, text=True,
        capture_output=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "addition_random: 4 of 4 | half_mse" in run.stdout
