"""Live progress of jobs: from what running ones say of themselves."""

from __future__ import annotations

import sys
import time

import pytest

from rnnkit.runs import progress as following
from rnnkit.runs.jobs import Outcome, plan
from rnnkit.train import train


@pytest.fixture
def jobs(tmp_path):
    planned = plan(["A1", "B1"], tmp_path, profile="tiny")
    for job in planned:
        job.files.make_folder()
    return planned


def half_done(job):
    """As an earlier batch leaves it."""
    regime = job.settings

    def stop(trainer, check):
        if check.slot == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(regime, out=job.folder, cells="builtin", on_check=stop)
    assert job.files.live_updates() == 0


@pytest.fixture
def shown(jobs, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    half_done(jobs[0])
    progress = following.Progress(jobs)
    yield progress
    for bar in (*progress.bars.values(), progress.all):
        bar.close()


def test_bars_open_move_and_close_with_their_runs(jobs, shown):
    shown.look()
    assert (shown.all.total, shown.all.n, list(shown.bars)) == (82, 11, [])
    jobs[0].files.show_progress(21)
    shown.look()
    assert (shown.all.n, list(shown.bars)) == (21, ["A1"])
    assert (shown.bars["A1"].n, shown.bars["A1"].total) == (21, 41)
    jobs[0].files.show_progress(31)
    shown.look()
    assert (shown.all.n, shown.bars["A1"].n) == (31, 31)
    shown.ended(Outcome(jobs[0], "finished"))
    shown.look()
    assert (shown.all.n, list(shown.bars)) == (41, [])


def test_without_a_terminal_a_line_is_said_now_and_then(jobs, monkeypatch, capsys):
    monkeypatch.setattr(following, "SAY_EVERY", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    with following.Progress(jobs):
        jobs[1].files.show_progress(21)
        time.sleep(1.5)
    out, err = capsys.readouterr()
    assert "updates done: B1 21" in out
    assert err == ""
