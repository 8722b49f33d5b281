"""The extra credit's run, judged by its record: its network is tried again, whatever the record says of itself."""

from __future__ import annotations

import numpy as np
import pytest
from course import ASSIGNMENT
from runtools import apart, here, run_of, submit

from rnnkit.assignments.training_dynamics import check
from rnnkit.assignments.training_dynamics.own_setting import from_record, judged
from rnnkit.assignments.training_dynamics.questions import OWN, OWN_SETTING
from rnnkit.grading.course.own_run import tried
from rnnkit.grading.evidence.evidence import evidence, untried
from rnnkit.record.file import load, regime_of, save
from rnnkit.regimes import get_regime


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("solved"))


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("short"), min_length=20, max_length=20, seed=1)


@pytest.fixture(scope="module")
def stuck(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("stuck"), maxiters=201)


def passed(report):
    return [case.passed for case in report.cases]


def test_points_by_what_the_network_can_do(solved, short, stuck, tmp_path, without_steps):
    assert (from_record(solved).points, from_record(solved).status) == (4, "solved")
    assert (from_record(short).points, passed(from_record(short))) == (3, [True, True, False])
    assert (from_record(stuck).points, passed(from_record(stuck))) == (0, [False] * 3)
    assert "fresh sequences are wrong" in from_record(stuck).messages[0]
    submit(tmp_path, "mine", load(solved))
    assert graded(tmp_path).points == 4


def test_half_of_the_way_is_two_points(solved):
    """A readout that knows only the second mark: half of all sequences are wrong."""
    record = load(solved)
    W_ho, b_o = record["W_ho"].copy(), record["b_o"].copy()
    W_ho[:, 0], W_ho[:, 2] = W_ho[:, 1], W_ho[:, 3]  # the class is v_0 + 2 v_1
    b_o[0], b_o[2] = b_o[1] + 1, b_o[3] + 1
    report = judged(regime_of(record), record | {"W_ho": W_ho, "b_o": b_o}, claimed=0.0)
    assert (report.points, passed(report)) == (2, [True, False, False])
    assert "0.00 % wrong at the last check, 5" in report.text() or "0.00 % wrong at the last check, 4" in report.text()


def test_what_a_record_says_of_itself_is_not_enough(stuck, solved):
    record = load(stuck)
    assert judged(regime_of(record), record, claimed=0.0).points == 0
    record = load(solved)
    assert judged(regime_of(record), record, claimed=30.0).points == 2  # and it is asked for


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record.pop("W_hh"), "W_hh"),
        (lambda record: record.update(W_hh=np.full_like(record["W_hh"], np.nan)), "finite"),
        (lambda record: record.update(W_hh=record["W_hh"][:3]), "cannot be tried"),
    ],
)
def test_networks_that_cannot_be_tried(solved, change, said):
    record = load(solved)
    regime = regime_of(record)
    change(record)
    report = judged(regime, record, claimed=0.0)
    assert report.points == 0
    assert said in report.messages[0]


def test_another_task_and_no_record(tmp_path, capsys, monkeypatch):
    report = judged(get_regime("A1"), {}, claimed=0.0)
    assert (report.points, report.messages) == (
        0, ["A1_mem_rnn_tanh_noclip is a run of mem; expected one of torder, temporal order"]
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for nothing in ("no_such_run", None, 3):
        assert check(OWN_SETTING, nothing) == 0.0
        assert "train it first" in capsys.readouterr().out
    (tmp_path / "mine_final_state.npz").write_bytes(b"no record")
    assert check(OWN_SETTING, "mine") == 0.0
    assert "expected" in capsys.readouterr().out


def test_an_unfinished_run_does_not_count(solved, tmp_path):
    save(tmp_path / "extra_torder_state.npz", load(solved) | {"status": "running"})
    assert "not at its end yet" in from_record(tmp_path / "extra_torder_state.npz").messages[0]


def test_the_notebooks_check_finds_the_run(solved, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(solved.parent)
    assert check(OWN_SETTING, "extra_torder") == 4.0
    assert "own_setting: 4 of 4 points · solved" in capsys.readouterr().out


# ---- as it is graded -----------------------------------------------------------------------------------------------


def graded(folder, run=here, seed=3):
    return tried(run, folder, ASSIGNMENT, OWN, seed, 60)[0]


@pytest.mark.parametrize("run", [here, apart])
def test_the_best_of_several_counts(solved, short, tmp_path, run):
    submit(tmp_path, "mine", load(short))
    submit(tmp_path, "other", load(solved))
    assert graded(tmp_path, run).points == 4


def test_every_grading_has_sequences_of_its_own(stuck, tmp_path):
    submit(tmp_path, "mine", load(stuck))
    said = {seed: graded(tmp_path, seed=seed).messages for seed in (3, 4)}
    assert said[3] == graded(tmp_path).messages != said[4]


def test_empty_slots_of_a_run_that_ended_early_cost_nothing(solved, tmp_path):
    record, more = load(solved), 25_000
    record["valid_error"] = np.concatenate([record["valid_error"], np.full(more, np.nan, np.float32)])
    record["check_updates"] = np.concatenate([record["check_updates"], np.full(more, -1)])
    submit(tmp_path, "mine", record)
    assert graded(tmp_path).points == 4


def test_of_many_runs_the_best_are_tried(solved, stuck, tmp_path):
    for number in range(6):
        submit(tmp_path, f"a{number}", load(stuck) | {"regime": renamed(stuck, f"a{number}")})
    submit(tmp_path, "z", load(solved) | {"regime": renamed(solved, "z")})
    assert graded(tmp_path).points == 4


def renamed(path, name):
    return np.array(regime_of(load(path)).replace(name=name).to_json())


@pytest.mark.parametrize(
    "change",
    [
        {"W_hh": np.zeros((30, 30), np.complex64)},
        {"W_hh": np.zeros((401, 401), np.float32)},
        {"W_hh": np.array({}, dtype=object)},
        {"W_hh": None},
        {"regime": np.array("{}")},
        {"regime": np.array('["torder"]')},
        {"valid_error": np.full(3, np.nan)},
    ],
)
def test_records_that_nobody_vouches_for(solved, tmp_path, change):
    submit(tmp_path, "mine", load(solved) | change)
    assert graded(tmp_path).points in (0, 2)  # 2: off the plateau, whatever it says


def test_a_record_that_lies_about_its_errors(stuck, tmp_path):
    record = load(stuck)
    submit(tmp_path, "mine", record | {"valid_error": np.zeros_like(record["valid_error"])})
    assert graded(tmp_path).points == 0


def test_without_a_run_of_temporal_order(tmp_path):
    report = untried(ASSIGNMENT, OWN, evidence(tmp_path, here, ASSIGNMENT))
    assert report.messages == ["no record of temporal order was handed in"]
    assert (graded(tmp_path).points, graded(tmp_path).status) == (0, "nothing to judge")
