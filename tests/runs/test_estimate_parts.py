"""What a batch will take, by a clock of the tests' own: nothing here depends on how busy the machine is."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest
import torch
from ownfiles import model_file

from rnnkit import cli
from rnnkit.cells import RNN
from rnnkit.cli import guard
from rnnkit.cli import run as cli_run
from rnnkit.common import processes
from rnnkit.common.processes import LimitReached, run_child
from rnnkit.regimes import get_regime
from rnnkit.runs import estimate, pool, training
from rnnkit.runs.broken import BrokenCell
from rnnkit.runs.jobs import Outcome, experiment_of, plan
from rnnkit.runs.modelfile import Cells, find_cells
from rnnkit.train import train


class Ticking:
    """A clock that moves only when somebody works."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def slow_class(clock, seconds):
    class Slow(RNN):
        """Right, and as slow as wanted: so many seconds a step, for a training batch or a chunk alike."""

        def step(self, x_t, h_prev):
            clock.now += seconds
            return super().step(x_t, h_prev)

    return Slow


@pytest.mark.parametrize("seconds", [1e-5, 1e-3, 0.1, 60.0])
@pytest.mark.parametrize("profile", ["tiny", "smoke"])
def test_a_slow_cell_is_measured_by_its_own_step(seconds, profile):
    clock, regime = Ticking(), get_regime("A1", profile, ebs=400, cbs=100)
    cells = Cells("model.py", "0" * 64, {"rnn": slow_class(clock, seconds)})
    pace, steps = estimate.pace_of(regime, cells, clock), (regime.min_length + regime.max_length) // 2 + 20
    assert pace.update == pytest.approx(steps * seconds, rel=0.01)
    assert pace.check == pytest.approx((regime.chunks * steps + regime.max_length + 20) * seconds, rel=0.2)
    if seconds >= 0.1:
        assert clock.now < 100 * seconds  # a few steps, not whole sequences


def test_a_whole_run_is_multiplied_out():
    pace = estimate.Pace(first=3.0, update=2.0, check=7.0)
    assert pace.whole(get_regime("A1", "tiny")) == 3 + 41 * 2 + 5 * 7


def test_starts_pictures_and_the_page_are_counted():
    machine = estimate.Machine(start=4.0, picture=0.5)
    assert machine.job == estimate.STARTS * 4 + estimate.PICTURES * 0.5
    assert machine.page(2) == 2 * estimate.PAGE_PICTURES * 0.5


def test_the_mean_counts_pauses():
    clock, pauses = Ticking(), iter([0.01, 0.01, 0.2, 0.01] * 100)

    def work():
        clock.now += next(pauses)

    assert estimate.mean_time(work, clock) > 0.04
    clock.now = 0.0
    calls = []
    assert estimate.mean_time(lambda: (calls.append(0), setattr(clock, "now", clock.now + 9.0)), clock) == 9.0
    assert len(calls) == 1


def test_a_picture_is_drawn_to_be_timed():
    found = estimate.machine(3.0)
    assert found.start >= 3.0
    assert found.picture > 0


def paused(*seconds):
    """Times of pictures, each with half a second of processor in any case: what both clocks say when they are asked."""
    wall = iter([moment for k, took in enumerate(seconds) for moment in (1000 * k, 1000 * k + took)])
    return (lambda: next(wall)), iter([0.0, 0.5 * len(seconds)]).__next__


def test_a_pause_of_the_whole_machine_counts_for_nothing():
    found = estimate.machine(2.0, *paused(0.5, 600.0, 0.5))
    assert (found.start, found.picture) == (2.0, 0.5)


def test_a_busy_machine_is_slow_at_starts_too():
    found = estimate.machine(2.0, *paused(1.5, 1.4, 1.6))
    assert (found.start, found.picture) == (pytest.approx(6.0), pytest.approx(1.5))


@pytest.mark.parametrize("others", [0, 2])
def test_others_are_kept_busy_while_it_lasts(others):
    with estimate.company(others):
        pass


def test_equal_work_is_timed_once():
    kinds = {key: experiment_of().kind_of(get_regime(key)) for key in ("A1", "A3", "A1s", "A4")}
    assert kinds["A1"] == kinds["A3"]
    assert kinds["A1"] not in (kinds["A1s"], kinds["A4"])


def test_a_handed_over_cell_is_timed_by_the_fast_engine(tmp_path, monkeypatch):
    asked = []
    get = estimate.get_engine
    monkeypatch.setattr(estimate, "get_engine", lambda name: asked.append(name) or get(name))
    estimate.pace_of(get_regime("A4", "tiny"), find_cells(model_file(tmp_path)))
    estimate.pace_of(get_regime("A1", "tiny"), Cells("model.py", "0" * 64, {"rnn": slow_class(Ticking(), 0)}))
    assert asked == ["fused", "autograd"]


@pytest.mark.parametrize("fault", ["z_t = z_t.view(3, -1)", "raise SystemExit(3)"])
def test_a_cell_that_breaks_in_it_is_named(tmp_path, fault):
    old = "    z_t = torch.sigmoid(x_t @ self.W_xz + h_prev @ self.W_hz + self.b_z)  # (B, H)\n"
    model = model_file(tmp_path, (old, old + f"    if len(x_t) == 100: {fault}\n"))
    with pytest.raises(BrokenCell, match="go back to question gru_update_gate"):
        estimate.pace_of(get_regime("B2", "tiny"), find_cells(model))


def test_no_random_state_is_used():
    before = torch.get_rng_state()
    estimate.pace_of(get_regime("B1", "tiny"))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("durations", "at_once", "expected"),
    [([3, 3, 3], 1, 9), ([3, 3, 3], 2, 6), ([5, 1, 1, 1], 2, 5), ([], 2, 0), ([4], 3, 4)],
)
def test_makespan(durations, at_once, expected):
    assert estimate.makespan(durations, at_once) == expected


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7200, "2.0 h")]
)
def test_durations_in_words(seconds, words):
    assert estimate.in_words(seconds) == words


# ---- of a batch --------------------------------------------------------------------------------------------------


@pytest.fixture
def paced(monkeypatch):
    """A machine and paces that are given, not measured."""
    monkeypatch.setattr(estimate, "machine", lambda start: estimate.Machine(start, 1.0))
    monkeypatch.setattr(training, "pace_of", lambda regime, cells: estimate.Pace(2.0, 1.0, 0.0))
    monkeypatch.setattr(estimate, "company", lambda others: contextlib.nullcontext())


def test_a_batch_is_the_longest_lane_and_the_page(tmp_path, paced):
    jobs = plan(["A1", "B2", "A4"], tmp_path, profile="tiny")
    left, said = estimate.estimate(jobs, 2, 10.0)
    one = 2 + 41 * 1 + 2 + estimate.Machine(10.0, 1.0).job
    assert left == dict.fromkeys(["A1", "B2", "A4"], one)
    assert f"about {estimate.in_words(2 * one + estimate.Machine(10.0, 1.0).page(3))}" in said


def test_only_what_is_the_cells_is_said_to_be(tmp_path, paced, monkeypatch):
    jobs = plan(["A1"], tmp_path, profile="tiny")

    def raising(error):
        def fail(*given):
            raise error

        return fail

    monkeypatch.setattr(training, "pace_of", raising(BrokenCell("line 7")))
    assert estimate.estimate(jobs, 1, 1.0) == ({}, "estimate: none, a cell broke (line 7)")
    monkeypatch.setattr(estimate, "machine", raising(ValueError("Invalid bounding box")))
    assert estimate.estimate(jobs, 1, 1.0) == ({}, "estimate: none (ValueError: Invalid bounding box)")
    lost = SystemError("returned a result with an exception set")
    lost.__cause__ = KeyboardInterrupt()
    for error in (KeyboardInterrupt(), lost):
        monkeypatch.setattr(estimate, "machine", raising(error))
        with pytest.raises(KeyboardInterrupt):
            estimate.estimate(jobs, 1, 1.0)


def test_the_start_of_this_process_is_what_a_start_takes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = []
    monkeypatch.setattr(cli_run, "estimate", lambda jobs, at_once, start: seen.append(start) or ({}, "estimate: none"))
    monkeypatch.setattr(cli_run, "watch", lambda jobs, executor: [Outcome(j, "failed", "no") for j in jobs])
    clock = Ticking()
    clock.now = 30.0
    monkeypatch.setattr(cli_run.time, "process_time", clock)
    monkeypatch.setattr(guard, "began", 18.0)
    cli_run.run(["A1", "--profile", "tiny"])
    assert seen == [12.0]
    assert Path("runs/tiny").is_dir()


# ---- a limit for each run ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "inf"])
def test_a_bad_limit_is_refused(tmp_path, monkeypatch, capsys, text):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "A1", "--limit", text]) == 2
    assert f"expected a positive number of minutes, got '{text}'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_over_its_limit_is_a_row_and_the_others_go_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def child(command, folder, text, seconds=None, begun=None):
        """Trains A1 until it is interrupted, as a limit would, and B1 to its end."""
        regime = get_regime("A1" if "A1_" in folder else "B1", "tiny")
        asked[regime.name] = seconds

        def stop(trainer, check):
            if check.slot == 2:
                raise KeyboardInterrupt

        if "A1_" not in folder or again:
            train(regime, out=folder, cells="builtin", resume=True)
            return 0, "", ""
        with pytest.raises(KeyboardInterrupt):
            train(regime, out=folder, cells="builtin", on_check=stop)
        raise LimitReached

    asked, again = {}, []
    monkeypatch.setattr(pool, "run_child", child)
    code = cli.main(["run", "A1", "B1", "--profile", "tiny", "--limit", "1.5", "--jobs", "1", "--out", "out"])
    printed = capsys.readouterr().out
    assert code == 1
    assert asked == {get_regime("A1").name: 90.0, get_regime("B1").name: 90.0}
    reason = "at its limit of 1.5 minutes, after 21 updates; the same command goes on"
    assert f"A1: stopped: {reason}" in printed
    assert "B1: finished" in printed
    assert reason in Path("out/summary.csv").read_text()
    again.append(True)
    assert cli.main(["run", "A1", "--profile", "tiny", "--limit", "1.5", "--out", "out"]) == 0
    log = Path(f"out/{get_regime('A1').name}/{get_regime('A1').name}.log").read_text()
    assert "resumed after 21 updates" in log


def test_a_limit_before_the_first_save_is_said_too(tmp_path):
    job = plan(["A1"], tmp_path, profile="tiny", limit=1.0)[0]
    assert pool._limit_reason(job) == (
        "at its limit of 1 minute, before its first check: nothing is saved yet; give it a longer --limit"
    )


def test_a_limit_counts_from_the_first_check_of_this_run(tmp_path, monkeypatch):
    job = plan(["A1"], tmp_path, profile="tiny", limit=1.0)[0]
    job.files.make_folder()
    job.files.show_progress(21)  # a killed one left it
    seen = []

    def child(command, folder, text, seconds, begun):
        seen.append(begun())
        job.files.show_progress(11)
        seen.append(begun())
        return 130, "", ""

    monkeypatch.setattr(pool, "run_child", child)
    assert pool.execute(job).status == "interrupted"
    assert seen == [False, True]


def test_a_child_has_its_time_from_when_it_began(tmp_path):
    """Its start takes longer than its limit; it ends by itself soon after its beginning is seen."""
    code = "import sys, time; time.sleep(2); print(sys.stdin.read())"
    looked = []
    command = [sys.executable, "-S", "-c", code]
    assert run_child(command, tmp_path, "said", 0.01, lambda: looked.append(0))[:2] == (0, "said\n")
    assert len(looked) > 1


def test_a_child_that_never_begins_has_its_limit_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "START_PATIENCE", 1)
    with pytest.raises(processes.LimitReached):
        processes.run_child([sys.executable, "-S", "-c", "import time; time.sleep(600)"], seconds=1, begun=bool)


def test_a_child_over_its_time_is_interrupted_and_may_save_itself(tmp_path):
    code = (
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: (pathlib.Path('saved').touch(), sys.exit(130)))\n"
        "pathlib.Path('ready').touch()\ntime.sleep(600)\n"
    )
    with pytest.raises(LimitReached):
        run_child([sys.executable, "-S", "-c", code], tmp_path, seconds=3)
    assert (tmp_path / "saved").exists() == (tmp_path / "ready").exists()


@pytest.mark.slow
def test_a_limit_ends_a_real_run_and_the_same_command_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    endless = ["run", "A1", "--profile", "tiny", "--set", "maxiters=2000001", "--set", "checkFreq=1000"]
    endless += ["--out", "out", "--limit", "1"]
    assert cli.main(endless) == 1
    first = capsys.readouterr().out
    assert "at its limit of 1 minute, after " in first
    name = get_regime("A1").name
    assert "A1: stopped: at its limit of 1 minute" in first
    assert cli.main(endless) == 1
    assert "resumed after" in Path(f"out/{name}/{name}.log").read_text()
