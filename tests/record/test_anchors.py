"""Anchors: where they are, that training goes on from each of them, and that a resumed run has the same ones."""

from __future__ import annotations

import functools
import math
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnkit import train as training
from rnnkit.diagnostics import rho_Whh, sigma_max_Whh
from rnnkit.engines import AutogradEngine
from rnnkit.heads import Softmax
from rnnkit.record.anchors import MOST, Anchors, anchor_slots, anchors_of, replay, window_sum
from rnnkit.record.file import load, rng_state, save, weights_of
from rnnkit.record.keys import ANCHOR_KEYS, RNG_KEYS, SUMMED
from rnnkit.regimes import get_regime
from rnnkit.train import content, train
from rnnkit.trainer import Trainer

KEYS = ["A1", "A5", "B1", "B2"]


def tiny(key="B1", **changes):
    return get_regime(key, "tiny", **changes)


def long_run(key):
    """More checks than anchors, and updates after the last check."""
    return tiny(key, maxiters=200, checkFreq=2, ebs=20, cbs=20)


@functools.cache
def record_of(regime) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        return load(train(regime, out=folder, cells="builtin"))


def assert_same_anchors(found, expected):
    names = [name for name in expected if name.startswith("anchor_")]
    assert names
    for name in names:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
        assert found[name].dtype == expected[name].dtype, name


# ---- where they are ---------------------------------------------------------------------------------------------


@given(checkpoints=st.integers(1, 30_000))
def test_slots_begin_and_end_with_the_run_and_spread(checkpoints):
    slots = anchor_slots(checkpoints)
    assert (slots[0], slots[-1]) == (0, checkpoints - 1)
    assert slots == sorted(set(slots))
    assert min(checkpoints, MOST - 1) <= len(slots) <= MOST + 1
    gaps = np.diff(slots)
    assert all(gaps[1:] >= gaps[:-1] - 1)  # rounding apart, no gap is smaller than the one before
    assert not len(gaps) or max(gaps) <= max(1, checkpoints / 4)


def test_slots_of_the_handouts_size():
    slots = anchor_slots(get_regime("A1").checkpoints)
    assert len(slots) == MOST - 1
    assert slots[:6] == [0, 1, 2, 3, 4, 5]
    assert slots[-1] == 2499


@pytest.mark.parametrize(
    ("maxiters", "every", "expected"),
    [(41, 10, [0, 11, 21, 31, 41]), (40, 10, [0, 11, 21, 31, 40]), (1, 10, [0, 1]), (10, 10, [0, 10]), (2, 1, [0, 2])],
)
def test_short_runs_have_one_at_every_check_and_at_the_end(maxiters, every, expected):
    assert record_of(tiny(maxiters=maxiters, checkFreq=every))["anchor_updates"].tolist() == expected


@pytest.mark.parametrize("key", KEYS)
def test_last_anchor_is_the_final_network(key):
    record = record_of(long_run(key))
    assert record["anchor_updates"][-1] == 200 == int(record["updates"])
    weights = [name for name, _ in Trainer(long_run(key)).cell.named_parameters()]
    for name in (*weights, *RNG_KEYS):
        np.testing.assert_array_equal(record[f"anchor_{name}"][-1], record[name], err_msg=name)


@pytest.mark.parametrize("key", KEYS)
def test_anchors_fall_on_checks_and_explain_their_rows(key):
    regime, record = long_run(key), record_of(long_run(key))
    trainer = Trainer(regime)
    trainer.restore(record)
    trainer.anchors.keep = lambda *given: None
    names = [*dict(trainer.cell.named_parameters()), *RNG_KEYS]
    for row, updates in enumerate(record["anchor_updates"][:-1]):
        (slot,) = np.flatnonzero(record["check_updates"] == updates)
        trainer.go_to(int(updates), {name: record[f"anchor_{name}"][row] for name in names})
        assert np.float32(rho_Whh(trainer.cell)) == record["rho_Whh"][slot]
        assert np.float32(sigma_max_Whh(trainer.cell)) == record["sigma_max_Whh"][slot]
        again = trainer._check(slot, 0.0)
        assert np.float32(again.values["valid_nll"]) == record["valid_nll"][slot]


@pytest.mark.parametrize("key", KEYS)
def test_sums_cover_every_update_once(key):
    record = record_of(long_run(key))
    edges = record["anchor_updates"]
    for name in SUMMED:
        sums, curve = record[f"anchor_{name}"], record[name].astype(np.float64)
        assert sums[0] == 0
        for row in range(1, len(edges)):
            assert sums[row] == pytest.approx(curve[edges[row - 1] : edges[row]].sum(), rel=1e-12)
        assert sums.sum() == pytest.approx(curve.sum(), rel=1e-12)


def test_shapes_and_types_are_the_documented_ones():
    record = record_of(long_run("B2"))
    rows = len(record["anchor_updates"])
    assert rows == MOST
    for name, key in ANCHOR_KEYS.items():
        assert record[name].shape == ((rows, 624) if key.shape == "AR" else (rows,)), name
        assert record[name].dtype == key.dtype, name
    for name in ("W_hh", "W_xz", "b_o"):
        assert record[f"anchor_{name}"].shape == (rows, *record[name].shape)
        assert record[f"anchor_{name}"].dtype == np.float32


# ---- doing it again ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_replay_from_every_anchor_gives_the_next_bit_for_bit(key):
    regime, record = long_run(key), record_of(long_run(key))
    trainer = Trainer(regime)
    for row in reversed(range(anchors_of(record) - 1)):
        found = replay(trainer, record, row)
        assert found.keys() == {name for name in record if name.startswith("anchor_")}
        for name, value in found.items():
            np.testing.assert_array_equal(value, record[name][row + 1], err_msg=f"{name} from anchor {row}")


def test_replay_finds_weights_that_were_not_trained():
    record = {name: array.copy() for name, array in record_of(long_run("A1")).items()}
    record["anchor_W_hh"][10] *= np.float32(1.001)
    trainer = Trainer(long_run("A1"))
    assert (replay(trainer, record, 9)["anchor_W_hh"] != record["anchor_W_hh"][10]).any()
    assert (replay(trainer, record, 10)["anchor_W_hh"] != record["anchor_W_hh"][11]).any()
    np.testing.assert_array_equal(replay(trainer, record, 11)["anchor_W_hh"], record["anchor_W_hh"][12])


@pytest.mark.parametrize("row", [-1, 49, 1000])
def test_replay_needs_a_later_anchor(row):
    record = record_of(long_run("A1"))
    with pytest.raises(IndexError, match="0 to 48, got"):
        replay(Trainer(long_run("A1")), record, row)


# ---- ends before the end ----------------------------------------------------------------------------------------


def test_solved_run_ends_with_its_last_check(monkeypatch):
    monkeypatch.setattr(Softmax, "metrics", lambda self, output, targets: {"nll": 0.1, "error": 0.0})
    trainer = Trainer(long_run("A1"), engine=AutogradEngine())
    list(trainer.checkpoints())
    list(trainer.checkpoints())  # nothing more happens
    state = content(trainer)
    assert (trainer.status, trainer.updates) == ("solved", 3)
    assert state["anchor_updates"].tolist() == [0, 3] + [-1] * 48
    np.testing.assert_array_equal(state["anchor_W_hh"][1], state["W_hh"])
    for name in ("anchor_W_hh", *(f"anchor_{name}" for name in SUMMED)):
        assert np.isfinite(state[name][:2]).all()
        assert np.isnan(state[name][2:]).all()


def test_diverged_run_ends_with_the_broken_weights():
    trainer = Trainer(tiny("B1", lr=1e10))
    list(trainer.checkpoints())
    state = content(trainer)
    assert trainer.status == "diverged"
    last = anchors_of(state) - 1
    assert state["anchor_updates"][last] == trainer.updates < 41
    assert not np.isfinite(state["anchor_W_hh"][last]).all()
    assert not math.isfinite(state["anchor_gradient_norm"][last])


def test_sums_of_what_is_not_finite_do_not_warn():
    assert window_sum(np.zeros(0, np.float32)) == 0
    assert window_sum(np.full(3, 3e38, np.float32)) == pytest.approx(9e38, rel=1e-6)
    assert window_sum(np.array([1, np.inf, 2], np.float32)) == math.inf
    assert math.isnan(window_sum(np.array([np.inf, -np.inf], np.float32)))


# ---- going on ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [0, 1, 40, 61, 98])
@pytest.mark.parametrize("key", ["A1", "B2"])
def test_restored_runs_have_the_same_anchors(key, stop):
    regime = long_run(key)
    half = Trainer(regime)
    for check in half.checkpoints():
        if check.slot == stop:
            break
    again = Trainer(regime)
    again.restore(half.state())
    list(again.checkpoints())
    assert_same_anchors(content(again), record_of(regime))


def test_a_state_has_no_anchor_that_is_newer_than_itself():
    """An interruption may come between the anchor and the rest of what a check keeps."""
    trainer = Trainer(long_run("A1"))
    checks = trainer.checkpoints()
    for _ in range(4):
        next(checks)
    trainer.train_until(9)
    trainer._keep_anchor()  # and nothing is remembered with it
    state = trainer.state()
    assert int(state["updates"]) == 7
    assert state["anchor_updates"].tolist() == [0, 3, 5, 7] + [-1] * 46
    assert np.isnan(state["anchor_W_hh"][4:]).all()
    assert not state["anchor_rng_keys"][4:].any()
    again = Trainer(long_run("A1"))
    again.restore(state)
    list(again.checkpoints())
    assert_same_anchors(content(again), record_of(long_run("A1")))


def test_a_state_is_a_copy():
    trainer = Trainer(long_run("A1"))
    state = trainer.state()
    list(trainer.checkpoints())
    assert (state["anchor_updates"] == -1).all()


def interrupted(regime, folder, slot):
    def stop(trainer, check):
        if check.slot == slot:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(regime, out=folder, cells="builtin", on_check=stop)


def test_interrupted_and_resumed_equals_one_run(tmp_path):
    regime = long_run("B2")
    interrupted(regime, tmp_path, 30)
    assert_same_anchors(load(train(regime, out=tmp_path, cells="builtin", resume=True)), record_of(regime))


def test_a_state_of_an_older_version_goes_on_with_anchors_from_there(tmp_path):
    regime, said = long_run("B2"), []
    interrupted(regime, tmp_path, 60)
    path = tmp_path / f"{regime.name}_state.npz"
    save(path, {name: value for name, value in load(path).items() if not name.startswith("anchor_")})
    record = load(train(regime, out=tmp_path, cells="builtin", resume=True, echo=said.append))
    assert "resumed after 121 updates; the state is of an older rnnkit: anchors from here on only" in "\n".join(said)
    whole = record_of(regime)
    count = anchors_of(record)
    assert 1 < count < MOST
    assert record["anchor_updates"][0] == 121
    later = whole["anchor_updates"] > 121
    np.testing.assert_array_equal(record["anchor_updates"][1:count], whole["anchor_updates"][later])
    np.testing.assert_array_equal(record["anchor_W_hh"][1:count], whole["anchor_W_hh"][later])
    np.testing.assert_array_equal(record["W_hh"], whole["W_hh"])
    found = replay(Trainer(regime), record, 0)
    np.testing.assert_array_equal(found["anchor_W_hh"], record["anchor_W_hh"][1])


def test_a_finished_record_of_an_older_version_is_left_as_it_is(tmp_path):
    path = train(tiny(), out=tmp_path, cells="builtin")
    save(path, {name: value for name, value in load(path).items() if not name.startswith("anchor_")})
    before = path.read_bytes()
    assert train(tiny(), out=tmp_path, cells="builtin", resume=True) == path
    assert path.read_bytes() == before
    assert anchors_of(load(path)) == 0


@pytest.mark.parametrize("name", ["anchor_updates", "anchor_W_hh", "anchor_rng_keys"])
def test_anchors_of_another_number_are_not_gone_on_with(name):
    trainer = Trainer(tiny())
    list(zip(trainer.checkpoints(), range(3), strict=False))
    state = trainer.state()
    state[name] = state[name][:-1]
    fresh = Anchors(tiny(), weights_of(trainer.cell))
    assert not fresh.restore(state)
    assert fresh.kept == 0


def test_keeping_anchors_leaves_the_training_alone(monkeypatch):
    expected = record_of(long_run("A1"))
    monkeypatch.setattr(Anchors, "keep", lambda self, *given: None)
    trainer = Trainer(long_run("A1"))
    list(trainer.checkpoints())
    for name, value in (weights_of(trainer.cell) | rng_state(trainer.rng)).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_saving_a_run_of_the_handouts_size_stays_cheap():
    """At most a fifth more bytes to be written than without anchors, before compression."""
    trainer = Trainer(get_regime("A4"))
    state = training.content(trainer)
    anchors = sum(np.asarray(value).nbytes for name, value in state.items() if name.startswith("anchor_"))
    assert 1e6 < anchors < 0.2 * sum(np.asarray(value).nbytes for value in state.values())
