"""The loop: what is seen when, what is kept where, when it stops, and how it goes on."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
import torch

from rnnkit.cells import RNN
from rnnkit.engines import AutogradEngine
from rnnkit.heads import LastLinear, Softmax
from rnnkit.record.file import rng_state, weights_of
from rnnkit.regimes import get_regime
from rnnkit.runs.modelfile import Cells, make_cell
from rnnkit.tasks import draw_length
from rnnkit.trainer import Trainer

PER_UPDATE = ("train_nll", "gradient_norm", "gradient_norm_clipped")
OVER_TIME = ("grad_time", "grad_time_direct", "act_time", "sat_time", "unit_sat_time")
KEYS = ["A1", "A2", "A5", "B1", "B2"]


def tiny(key="B1", **changes):
    return get_regime(key, "tiny", **changes)


def trained(regime, **how):
    trainer = Trainer(regime, **how)
    return trainer, list(trainer.checkpoints())


@functools.cache
def whole_run(key):
    """A tiny run of this regime from beginning to end, shared by the tests that only look at it."""
    return trained(tiny(key))


def assert_same_arrays(found, expected, but=("wall_time",)):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if name not in but:
            np.testing.assert_array_equal(found[name], value, err_msg=name)


# ---- slots ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maxiters", "every", "seen"),
    [(41, 10, [0, 11, 21, 31, 41]), (40, 10, [0, 11, 21, 31]), (5, 1, [0, 2, 3, 4, 5]), (1, 10, [0]), (10, 10, [0])],
)
def test_checks_come_one_update_after_each_multiple(maxiters, every, seen):
    trainer, checks = trained(tiny(maxiters=maxiters, checkFreq=every))
    assert [check.updates for check in checks] == seen == trainer.arrays["check_updates"].tolist()
    assert [check.slot for check in checks] == list(range(len(seen)))
    assert (trainer.updates, trainer.status) == (maxiters, "finished")
    assert np.isfinite(trainer.arrays["train_nll"]).all()


@pytest.mark.parametrize("key", KEYS)
def test_windows_are_averaged_over_what_they_hold(key):
    trainer, checks = whole_run(key)
    assert all(math.isnan(getattr(checks[0], name)) for name in PER_UPDATE)
    for check, begin, end in zip(checks[1:], [0, 11, 21, 31], [11, 21, 31, 41], strict=True):
        for name in PER_UPDATE:
            window = trainer.arrays[name][begin:end].astype("float64")
            assert getattr(check, name) == pytest.approx(window.sum() / (end - begin), rel=1e-12)


@pytest.mark.parametrize("key", KEYS)
def test_record_holds_what_the_checks_said(key):
    trainer, checks = whole_run(key)
    for check in checks:
        for name, value in check.values.items():
            assert trainer.arrays[name][check.slot] == np.float32(value), name
        assert set(OVER_TIME) <= set(check.over_time)
        for name, value in check.over_time.items():
            row = trainer.arrays[name][check.slot]
            steps = len(trainer.diag_batch.inputs)
            np.testing.assert_array_equal(row[:steps], value.astype("float32"), err_msg=name)
            assert np.isnan(row[steps:]).all()
    errors = [check.values["valid_error"] for check in checks]
    assert [check.best_error for check in checks] == pytest.approx(np.minimum.accumulate(errors))
    assert np.isnan(trainer.arrays["Omega"]).all()
    assert (np.diff(trainer.arrays["wall_time"]) > 0).all()


@pytest.mark.parametrize(
    ("changes", "nan"), [({"collectDiags": False}, OVER_TIME), ({}, ("gate_z_sat_time", "gate_r_sat_time"))]
)
def test_what_was_not_asked_for_is_nan(changes, nan):
    trainer, checks = trained(tiny("B1", maxiters=11, **changes))
    for name in nan:
        assert np.isnan(trainer.arrays[name]).all(), name
        assert all(name not in check.over_time for check in checks)


# ---- an update and a check, by hand -----------------------------------------------------------------------------


@pytest.mark.parametrize(("clipstyle", "cutoff"), [("nothing", 1.0), ("rescale", 0.05)])
def test_updates_equal_a_loop_written_out(clipstyle, cutoff):
    trainer = Trainer(tiny("B1", clipstyle=clipstyle, cutoff=cutoff))
    rng = np.random.RandomState()
    rng.set_state(trainer.rng.get_state())
    w = {name: p.detach().clone().requires_grad_() for name, p in trainer.cell.named_parameters()}
    list(trainer.checkpoints())
    for n in range(41):
        L = 10 + rng.randint(20)
        x, y = trainer.task.sample(rng, L, 20)
        h = torch.zeros(20, 10)
        for x_t in x:
            h = torch.tanh(x_t @ w["W_xh"] + h @ w["W_hh"] + w["b_h"])
        loss = ((h @ w["W_ho"] + w["b_o"] - y) ** 2).mean()
        grads = dict(zip(w, torch.autograd.grad(loss, list(w.values())), strict=True))
        norm = math.sqrt(sum(float((g.double() ** 2).sum()) for g in grads.values()))
        scale = cutoff / norm if clipstyle == "rescale" and norm > cutoff else 1.0
        for name in w:
            w[name] = (w[name] - 0.01 * scale * grads[name]).detach().requires_grad_()
        found = [trainer.arrays[name][n] for name in PER_UPDATE]
        assert found == pytest.approx([loss.item(), norm, norm * scale], rel=1e-4)
    for name, value in w.items():
        torch.testing.assert_close(getattr(trainer.cell, name), value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("key", ["A1", "B1"])
def test_last_check_by_hand(key):
    trainer, checks = whole_run(key)
    w = {name: value.astype("float64") for name, value in weights_of(trainer.cell).items()}
    values, metrics = checks[-1].values, []
    for x, y in trainer.valid_set:
        x, y, h, hidden = x.double().numpy(), y.numpy(), np.zeros(10), []
        for x_t in x:
            h = np.tanh(x_t @ w["W_xh"] + h @ w["W_hh"] + w["b_h"])
            hidden.append(h)
        o = np.stack(hidden) @ w["W_ho"] + w["b_o"]
        if key == "A1":
            log_p = o - np.log(np.exp(o).sum(-1, keepdims=True))
            nll = -np.take_along_axis(log_p, y[..., None], -1).mean()
            metrics.append((nll, 100 * np.mean((o.argmax(-1) != y).any(0))))
        else:
            off = np.abs(o[-1] - y).sum(-1)
            wrong, *finer = (100 * np.mean(off > limit) for limit in (0.2, 0.05, 0.1))
            metrics.append(((off**2).mean(), wrong, off.mean(), *finer))
    names = ("valid_nll", "valid_error", "valid_mae", "valid_err_005", "valid_err_010")
    for name, expected in zip(names, np.mean(metrics, axis=0), strict=False):
        borderline = 0.51 if "err" in name else 0  # one of 200 sequences
        assert values[name] == pytest.approx(expected, rel=1e-4, abs=borderline), name
    assert values["rho_Whh"] == pytest.approx(max(abs(np.linalg.eigvals(w["W_hh"]))), rel=1e-4)
    assert values["sigma_max_Whh"] == pytest.approx(np.linalg.svd(w["W_hh"])[1][0], rel=1e-4)


class Spy(AutogradEngine):
    """Keeps the batches that were only looked at: ``validation`` (no backward) and ``diagnostic`` (with flow)."""

    def __init__(self):
        self.validation, self.diagnostic = [], []

    def run(self, cell, head, batch, *, backward=True, flow=True):
        if not backward:
            self.validation.append(batch)
        elif flow:
            self.diagnostic.append(batch)
        return super().run(cell, head, batch, backward=backward, flow=flow)


@pytest.mark.parametrize("key", ["A1", "B1"])
def test_validation_and_diagnostic_batches_are_drawn_once(key):
    regime, spy = tiny(key), Spy()
    trainer, checks = trained(regime, engine=spy)
    rng = np.random.RandomState(52 + 12345)
    lengths, chunks = [], []
    for _ in range(2):
        lengths.append(draw_length(rng, 10, 30))
        chunks.append(trainer.task.sample(rng, lengths[-1], 100))
    diagnostic = trainer.task.sample(np.random.RandomState(52 + 12345 + 999), 30, 20)
    assert trainer.valid_lengths == lengths
    assert len(spy.validation) == 2 * len(checks)
    assert len(spy.diagnostic) == len(checks)
    for seen, expected in [
        *zip(spy.validation, chunks * len(checks), strict=True),
        *((d, diagnostic) for d in spy.diagnostic),
    ]:
        assert all(torch.equal(a, b) for a, b in zip(seen, expected, strict=True))


def test_checks_leave_the_training_alone():
    often, rarely = (trained(tiny("A1", checkFreq=every, collectDiags=every == 1))[0] for every in (1, 41))
    assert_same_arrays(weights_of(often.cell), weights_of(rarely.cell))
    for name in PER_UPDATE:
        np.testing.assert_array_equal(often.arrays[name], rarely.arrays[name])


# ---- the ends ---------------------------------------------------------------------------------------------------


def metrics_that_say(error, nll):
    return lambda self, output, targets: {"nll": nll, "error": error}


def test_solved_stops_and_leaves_the_rest_unfilled(monkeypatch):
    monkeypatch.setattr(Softmax, "metrics", metrics_that_say(0.0, 0.1))
    trainer, checks = trained(tiny("A1"), engine=AutogradEngine())
    assert (trainer.status, trainer.updates, len(checks)) == ("solved", 11, 2)  # never by the untrained network
    assert trainer.arrays["check_updates"].tolist() == [0, 11, -1, -1, -1]
    for name in ("valid_error", "valid_nll", "rho_Whh", "sigma_max_Whh", "diag_loss", "wall_time"):
        assert np.isfinite(trainer.arrays[name][:2]).all(), name
        assert np.isnan(trainer.arrays[name][2:]).all(), name
    for name in PER_UPDATE:
        assert np.isfinite(trainer.arrays[name][:11]).all(), name
        assert np.isnan(trainer.arrays[name][11:]).all(), name
    assert np.isnan(trainer.arrays["grad_time"][2:]).all()
    assert list(trainer.checkpoints()) == []


@pytest.mark.parametrize(
    ("error", "nll"), [(1e-5, 0.1), (0.0, math.inf), (0.0, math.nan)], ids=["1e-3 %", "infinite", "NaN"]
)
def test_nearly_right_is_not_solved(monkeypatch, error, nll):
    monkeypatch.setattr(Softmax, "metrics", metrics_that_say(error, nll))
    assert trained(tiny("A1"), engine=AutogradEngine())[0].status == "finished"


DIVERGING = [("A1", 1e45), ("A4", 1e45), ("B1", 10.0), ("B1", 1e10), ("B2", 10.0), ("B2", 1e30)]


@pytest.mark.parametrize(("key", "lr"), DIVERGING)
def test_divergence_ends_a_run_without_clipping(key, lr):
    trainer, checks = trained(tiny(key, lr=lr))
    assert trainer.status == "diverged"
    assert trainer.updates < 41
    assert np.isnan(trainer.arrays["train_nll"][trainer.updates :]).all()
    assert not np.isfinite(trainer.arrays["gradient_norm"][trainer.updates - 1])
    assert np.isnan(trainer.arrays["valid_nll"][len(checks) :]).all()
    assert (trainer.arrays["check_updates"][len(checks) :] == -1).all()
    recorded = trainer.state()
    assert not all(np.isfinite(recorded[name]).all() for name, _ in trainer.cell.named_parameters())
    assert str(recorded["status"]) == "diverged"


def test_a_run_that_ends_with_broken_weights_has_diverged():
    trainer, _ = trained(tiny("B1", lr=1e20, maxiters=2))
    assert not all(np.isfinite(value).all() for value in weights_of(trainer.cell).values())
    assert trainer.status == "diverged"


def test_huge_diagnostics_are_kept_without_a_warning():
    assert trained(tiny("B1", lr=1e3, checkFreq=1))[0].status == "diverged"


class Broken(RNN):
    """Of many sequences at once, as validation has: what answers NaN to a training batch is not trained."""

    def step(self, x_t, h_prev):
        return super().step(x_t, h_prev) * (math.nan if len(x_t) > 50 else 1)


def test_a_net_that_answers_nan_is_all_wrong():
    regime = tiny("B1", clipstyle="rescale")
    _, checks = trained(regime, cell=make_cell(regime, Cells(classes={"rnn": Broken})), engine=AutogradEngine())
    assert checks[-1].best_error == 100


def test_clipping_survives_the_same_learning_rate():
    trainer, _ = trained(tiny("A1", clipstyle="rescale", cutoff=0.01, lr=10.0))
    assert trainer.status == "finished"
    assert np.nanmax(trainer.arrays["gradient_norm_clipped"]) <= np.float32(0.01)


# ---- going on ---------------------------------------------------------------------------------------------------


def go_on(regime, state):
    trainer = Trainer(regime)
    trainer.restore(state)
    checks = list(trainer.checkpoints())
    return trainer, checks


@pytest.mark.parametrize("stop", [0, 3])
@pytest.mark.parametrize("key", KEYS)
def test_restored_runs_go_on_bit_by_bit(key, stop):
    whole, all_checks = whole_run(key)
    half = Trainer(tiny(key))
    for check in half.checkpoints():
        if check.slot == stop:
            break
    again, checks = go_on(tiny(key), half.state())
    assert [check.slot for check in checks] == list(range(stop + 1, 5))
    assert again.status == "finished"
    assert_same_arrays(again.arrays, whole.arrays)
    assert_same_arrays(weights_of(again.cell), weights_of(whole.cell))
    assert_same_arrays(rng_state(again.rng), rng_state(whole.rng))
    for found, expected in zip(checks, all_checks[stop + 1 :], strict=True):
        assert (found.train_nll, found.best_error) == (expected.train_nll, expected.best_error)


def test_a_state_between_two_checks_is_that_of_the_last_one():
    whole, _ = whole_run("A5")
    half, states = Trainer(tiny("A5")), []
    list(half.checkpoints(on_update=lambda updates: updates == 27 and states.append(half.state())))
    (state,) = states
    assert int(state["updates"]) == 21
    assert np.isnan(state["train_nll"][21:]).all()
    again, checks = go_on(tiny("A5"), state)
    assert [check.updates for check in checks] == [31, 41]
    assert_same_arrays(again.arrays, whole.arrays)
    assert_same_arrays(weights_of(again.cell), weights_of(whole.cell))


@pytest.mark.parametrize("updates", [0, 41])
def test_states_of_the_two_ends(updates):
    whole, _ = whole_run("B1")
    state = Trainer(tiny()).state() if updates == 0 else whole.state()
    again, checks = go_on(tiny(), state)
    assert len(checks) == (5 if updates == 0 else 0)
    assert again.status == "finished"
    assert_same_arrays(again.arrays, whole.arrays)


def test_a_state_is_a_copy():
    trainer = Trainer(tiny())
    state = trainer.state()
    before = {name: np.array(value) for name, value in state.items()}
    list(trainer.checkpoints())
    assert_same_arrays({name: np.array(value) for name, value in state.items()}, before, but=())


def test_equal_seeds_equal_runs_and_other_seeds_others():
    first, second, other = (trained(tiny(seed=seed))[0] for seed in (1, 1, 2))
    assert_same_arrays(first.arrays, second.arrays)
    assert (first.arrays["train_nll"] != other.arrays["train_nll"]).all()


def test_err_abs_reaches_the_head():
    strict, lax = (trained(tiny(err_abs=err_abs, maxiters=1))[1][0].values["valid_error"] for err_abs in (0.05, 0.4))
    assert strict > lax
    assert Trainer(tiny(err_abs=0.05)).head == LastLinear("lastLinear", 0.05)
