"""Where a run of temporal order is from: honest records give their weights again, hand-made ones wait for a person."""

from __future__ import annotations

import numpy as np
import pytest
from course import ASSIGNMENT
from hostile.own_run import NAMES, SHORT, STUCK, UNFOUNDED, own_regime, trained
from hostile.own_run import solved as solved_once
from runtools import here, submit

from rnnkit.assignments.training_dynamics.questions import OWN
from rnnkit.grading.course.own_run import broken_off, tried
from rnnkit.grading.ledger import WAITS, Entry
from rnnkit.grading.notebooks.copied import copies, times_of
from rnnkit.record.file import load, regime_of, rng_state
from rnnkit.record.keys import NEWER
from rnnkit.train import train
from rnnkit.trainer import Trainer


@pytest.fixture(scope="module")
def solved():
    """The record of a run that solves 20 steps."""
    return solved_once()


@pytest.fixture(scope="module")
def network(solved):
    """Weights that somebody made by hand."""
    return {name: solved[name] for name in NAMES}


def report(folder, record, seconds=60):
    submit(folder, "mine", record)
    return tried(here, folder, ASSIGNMENT, OWN, 3, seconds)


# ---- honest --------------------------------------------------------------------------------------------------------


def test_an_honest_run_is_done_again_bit_for_bit(solved, tmp_path):
    found, flags = report(tmp_path, solved)
    assert (found.points, found.status, flags) == (3, "partly right", [])
    assert f"{solved['updates']} of its {solved['updates']} updates were done again" in found.text()
    assert "bit for bit" in found.text()


def test_another_engine_is_told_by_what_rounding_makes(tmp_path):
    record = load(train(own_regime(**SHORT), out=tmp_path / "elsewhere", cells="builtin", engine="autograd"))
    found, flags = report(tmp_path, record)
    assert (found.points, flags) == (3, [])
    assert "up to what rounding makes of it" in found.text()


def test_a_record_of_before_there_were_histograms_over_units(solved, tmp_path):
    assert report(tmp_path, solved | dict.fromkeys(NEWER))[0].points == 3


def test_an_interrupted_run(solved, tmp_path):
    def stop(trainer, check):
        if check.slot == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(own_regime(**SHORT), out=tmp_path / "elsewhere", cells="builtin", on_check=stop)
    record = load(train(own_regime(**SHORT), out=tmp_path / "elsewhere", cells="builtin", resume=True))
    assert record["updates"] == solved["updates"]
    assert report(tmp_path, record)[0].points == 3


# ---- not to be shown -----------------------------------------------------------------------------------------------


def waits(found, flags, why):
    assert (found.points, found.status) == (0, WAITS)
    assert why in found.text()
    assert "an instructor decides" in found.text()
    assert why in flags[0]


def test_without_anchors(solved, tmp_path):
    old = {name: None if name.startswith("anchor_") else value for name, value in solved.items()}
    waits(*report(tmp_path, old), "an older rnnkit made it")


def test_too_long_for_the_time_that_there_is(solved, tmp_path):
    """The instructor is told how long it would take."""
    wide = own_regime(**SHORT | {"nhid": 400})
    record = solved | {"regime": np.array(wide.to_json())}
    for name in NAMES:
        for key in (name, f"anchor_{name}"):
            shape = [400 if size == 30 else size for size in solved[key].shape]
            record[key] = np.zeros(shape, np.float32)
            record[key][tuple(map(slice, solved[key].shape))] = solved[key]
    first = Trainer(wide)
    for name, weight in first.cell.named_parameters():
        record[f"anchor_{name}"][0] = weight.detach().numpy()
    for name, state in rng_state(first.rng).items():
        record[f"anchor_{name}"] = solved[f"anchor_{name}"].copy()
        record[f"anchor_{name}"][0] = state
    found, flags = report(tmp_path, record, seconds=0)
    assert (found.points, found.status) == (0, WAITS)
    assert "0 s of computing did not suffice" in flags[0]


def test_a_process_that_died():
    result = broken_off("anna", ASSIGNMENT, ["own_setting"], "took longer than 3 s")
    assert result.scores["own_setting"]["status"] == WAITS
    assert result.evidence == ["own_setting: trying it again was broken off: took longer than 3 s"]


# ---- attacks -------------------------------------------------------------------------------------------------------

NOT = "its weights do not follow from its own anchors"


@pytest.mark.parametrize("attack", UNFOUNDED)
def test_hand_made_weights_wait_for_a_person(attack, solved, network, tmp_path):
    record = attack(solved, network)
    waits(*report(tmp_path, record), NOT)


def test_where_rounding_decides_nothing_is_shown(network, tmp_path):
    """The steps are so great that rounding decides where they lead; the last one leads to hand-made weights."""
    wild = own_regime(**STUCK | {"maxiters": 201, "lr": 30.0, "clipstyle": "nothing", "alpha": 0.0})
    found, _ = report(tmp_path, trained(wild, 201, network))
    assert (found.points, found.status) == (0, WAITS)


def test_no_updates_at_all(solved, network, tmp_path):
    record = trained(own_regime(**STUCK | {"maxiters": 1}), 1, network) | {"valid_error": np.zeros(1)}
    assert report(tmp_path, record | {"updates": np.array(0)})[0].points == 0
    found, flags = report(tmp_path, record)
    waits(found, flags, NOT)


def test_the_honest_one_of_two_counts(solved, network, tmp_path):
    forged = trained(own_regime(**STUCK | {"min_length": 50, "max_length": 50, "maxiters": 201}), 201, network)
    better = {"regime": np.array(regime_of(forged).replace(name="better").to_json())}
    submit(tmp_path, "better", forged | better)
    found, flags = report(tmp_path, solved)
    assert (found.points, found.status, flags) == (3, "partly right", [])


@pytest.mark.parametrize("position", [-1, 625, 2**31])
def test_a_random_stream_that_is_none(position, solved, tmp_path):
    positions = np.full_like(solved["anchor_rng_position"], position)
    found, _ = report(tmp_path, solved | {"anchor_rng_position": positions})
    assert (found.points, found.status) == (0, WAITS)


# ---- copies --------------------------------------------------------------------------------------------------------


def entry(student, **runs):
    times = {key: times_of(record) for key, record in runs.items()}
    return Entry(student, "graded", records={key: f"{student} {key}" for key in runs}, times=times)


def with_times(record, change):
    """A record whose checks took made-up times, which do not depend on this machine."""
    took = np.random.default_rng(0).uniform(0.02, 0.04, len(record["wall_time"]))
    return record | {"wall_time": change(np.cumsum(took))}


def one_more(clock):
    clock[2] += 0.001
    return clock


@pytest.mark.parametrize(
    "change",
    [
        lambda clock: clock,
        lambda clock: clock + 5.0,
        lambda clock: clock * 1.3,
        lambda clock: clock * (1 + 1e-9 * np.sin(np.arange(len(clock)))),
        lambda clock: clock.round(9),
        one_more,
    ],
)
def test_a_copy_is_named_whatever_it_is_called(change, solved):
    entries = {
        "anna": entry("anna", mine=with_times(solved, np.copy)),
        "bert": entry("bert", own=with_times(solved, change)),
    }
    assert copies(entries) == [("mine and own", ["anna", "bert"])]


def test_who_trained_the_same_is_no_copy(solved, tmp_path):
    """Same settings, same seed, same numbers: only the times differ."""
    again = load(train(own_regime(**SHORT), out=tmp_path, cells="builtin"))
    np.testing.assert_array_equal(again["W_hh"], solved["W_hh"])
    assert copies({"anna": entry("anna", mine=solved), "bert": entry("bert", mine=again)}) == []


def test_what_is_too_short_or_has_no_times_is_no_copy(solved):
    short = solved | {"check_updates": solved["check_updates"][:2], "wall_time": solved["wall_time"][:2]}
    nothing = with_times(solved, lambda clock: np.full_like(clock, np.nan))
    for record in (short, nothing):
        assert copies({"anna": entry("anna", mine=record), "bert": entry("bert", mine=record)}) == []


def test_two_pairs_of_copies_of_one_run():
    entries = {
        student: Entry(student, "graded", records={"A1": file})
        for student, file in zip("abcde", ["x", "y", "x", "y", "z"], strict=True)
    }
    assert copies(entries) == [("A1", ["a", "c"]), ("A1", ["b", "d"])]
