"""Live progress of a batch: read from the running jobs' logs."""

from __future__ import annotations

import sys
import time

import pytest

from rnnkit.runs import batch, follow


@pytest.fixture
def jobs(tmp_path):
    planned = batch.plan(["A1", "B1"], tmp_path, profile="tiny")
    for job in planned:
        job.files.make_folder()
    return planned


def log(job, iteration):
    with open(job.files.log, "a") as file:
        file.write(f"{job.regime.name}: iteration {iteration} of 41\n  train nll 1.0\n")


@pytest.fixture
def shown(jobs, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    log(jobs[0], 9)  # half finished by an earlier batch
    progress = follow.Progress(jobs)
    progress.look = lambda: [progress._show(label, job) for label, job in progress.jobs.items()]
    yield progress
    for bar in (*progress.bars.values(), progress.all):
        bar.close()


def test_bars_open_move_and_close_with_their_runs(jobs, shown):
    shown.look()
    assert (shown.all.total, shown.all.n, list(shown.bars)) == (82, 10, [])
    log(jobs[0], 20)
    shown.look()
    assert (shown.all.n, list(shown.bars)) == (21, ["A1"])
    assert (shown.bars["A1"].n, shown.bars["A1"].total) == (21, 41)
    log(jobs[0], 30)
    shown.look()
    assert (shown.all.n, shown.bars["A1"].n) == (31, 31)
    shown.ended(batch.Outcome(jobs[0], "finished"))
    shown.look()
    assert (shown.all.n, list(shown.bars)) == (41, [])


def test_without_a_terminal_a_line_is_said_now_and_then(jobs, monkeypatch, capsys):
    monkeypatch.setattr(follow, "SAY_EVERY", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    with follow.Progress(jobs):
        log(jobs[1], 20)
        time.sleep(1.5)
    out, err = capsys.readouterr()
    assert "updates done: B1 21" in out
    assert err == ""
