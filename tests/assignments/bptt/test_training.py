"""The lab's runs: together as alone, broken off and whole, in chunks, clipped, exploding; the map of lag and time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from rnnkit.assignments.bptt.experiment import EXPERIMENT, train
from rnnkit.assignments.bptt.facts import facts_of
from rnnkit.assignments.bptt.lag_map import draw, split
from rnnkit.assignments.bptt.measured import costs
from rnnkit.assignments.bptt.networks import ARMS, hidden, named
from rnnkit.assignments.bptt.settings import Trial
from rnnkit.assignments.bptt.tasks import READ, TAIL, TASKS
from rnnkit.assignments.bptt.training import Training, angle, clip, gradient
from rnnkit.record.file import load
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.perform import RunFiles, perform_together

SMALL: dict[str, Any] = {"lag": 4, "H": 6, "batch": 3, "dtype": "float64", "link": 3}


def small(arm: str, **more) -> Trial:
    sizes = {name: value for name, value in SMALL.items() if name != "link" or arm == "link"}
    return Trial(f"{arm}{more.get('seed', 0)}", arm=arm, **sizes | more)


def trained(*trials: Trial) -> list[Training]:
    team = [Training(one) for one in trials]
    for run in team:
        run.team = team
    for _ in zip(*(run.checkpoints() for run in team), strict=True):
        pass
    return team


@pytest.mark.parametrize("arm", ARMS)
def test_seeds_trained_together_come_out_as_alone(arm):
    trials = [small(arm, seed=seed, updates=8) for seed in range(3)]
    for together, one in zip(trained(*trials), trials, strict=True):
        (alone,) = trained(one)
        np.testing.assert_allclose(together.weights, alone.weights, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(together.curves["loss"], alone.curves["loss"], rtol=1e-10)


def test_a_run_that_was_broken_off_goes_on_and_comes_out_the_same(tmp_path, monkeypatch):
    def breaks_off(self, settings, check, updates):
        if updates == 50 and settings.seed:
            raise KeyboardInterrupt
        return ""

    trials = [small("ortho", seed=seed, updates=60) for seed in range(2)]
    members = [(one, tmp_path / "broken") for one in trials]
    with monkeypatch.context() as patched:
        patched.setattr(type(EXPERIMENT), "describe", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            perform_together(EXPERIMENT, members, Cells())
    assert [int(load(RunFiles(tmp_path / "broken", one.name).state)["updates"]) for one in trials] == [50, 50]
    perform_together(EXPERIMENT, members, Cells())
    for one in trials:
        again, whole = train(one, tmp_path / "broken"), train(one, tmp_path / "whole")
        for name in ("weights", "moments", "loss", "stream"):
            np.testing.assert_array_equal(again[name], whole[name]) if name == "stream" else np.testing.assert_allclose(
                again[name], whole[name], rtol=1e-10, atol=1e-12
            )


@pytest.mark.parametrize(("arm", "kind"), [("default", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)])
def test_networks_are_torchs(arm, kind):
    trial = small(arm)
    w = named(torch.from_numpy(trial.first_weights())[None], trial.shapes)
    x, states = torch.randn(7, 1, 3, 2, dtype=torch.float64), trial.network.states
    found, _ = hidden(trial.network, w, x, (torch.zeros(1, 3, 6, dtype=torch.float64),) * states)
    theirs = kind(2, 6).double()
    with torch.no_grad():
        for name, mine in (("weight_ih_l0", "W_xh"), ("weight_hh_l0", "W_hh"), ("bias_ih_l0", "b_h")):
            getattr(theirs, name).copy_(w[mine][0].swapaxes(0, -1))
        theirs.bias_hh_l0.zero_()
        torch.testing.assert_close(found[:, 0], theirs(x[:, 0])[0], rtol=0, atol=1e-12)


def test_starts_are_what_they_are_called():
    shapes = Trial(arm="ortho").shapes
    W = named(torch.from_numpy(Trial(arm="ortho", dtype="float64").first_weights())[None], shapes)["W_hh"][0].numpy()
    np.testing.assert_allclose(W @ W.T, np.eye(64), atol=1e-12)
    assert np.abs(Trial().first_weights()).max() <= 1 / 8


@pytest.mark.parametrize("arm", ARMS)
def test_the_parts_of_the_map_add_up_to_the_gradient(arm):
    trial = small(arm, lag=6)
    parts = split(trial, trial.first_weights(), batch=3)
    assert parts.apart < 1e-10
    assert np.triu(parts.norms, 1).max() == 0  # no part from the future
    drawn = TASKS["echo"].draw(np.random.default_rng(0), 6, 2, 3)
    x, y = torch.from_numpy(drawn.x).double().unsqueeze(1), torch.from_numpy(drawn.y).unsqueeze(1)
    _, _, grad = gradient(trial, trial.first_weights()[None], x, y)
    np.testing.assert_allclose(named(torch.from_numpy(grad), trial.shapes)["W_hh"][0], parts.total, atol=1e-12)
    assert len(draw({"one": parts}).axes) == 2


def batch_of(trial: Trial):
    drawn = trial.kind.draw(trial.data_stream(), trial.lag, trial.K, trial.batch)
    return torch.from_numpy(drawn.x).double().unsqueeze(1), torch.from_numpy(drawn.y).unsqueeze(1)


@pytest.mark.parametrize("arm", ARMS)
def test_chunks_cut_credit_and_not_the_state(arm):
    trial = small(arm)
    weights, (x, y) = trial.first_weights()[None], batch_of(trial)
    loss, metric, grad = gradient(trial, weights, x, y)
    for chunk in (1, 5, trial.T):
        own_loss, own_metric, own_grad = gradient(trial.replace(chunk=chunk), weights, x, y)
        np.testing.assert_allclose([own_loss, own_metric], [loss, metric], rtol=1e-12)  # the state is carried on
        assert np.allclose(own_grad, grad, atol=1e-12) == (chunk == trial.T)


def test_a_chunk_of_one_step_has_the_parts_of_lag_0():
    trial = small("default")
    x, y = batch_of(trial)
    _, _, grad = gradient(trial.replace(chunk=1), trial.first_weights()[None], x, y)
    W = named(torch.from_numpy(grad), trial.shapes)["W_hh"][0].norm()
    parts = split(trial, trial.first_weights(), batch=3, seed=7919)
    assert float(W) <= parts.by_lag[0] * (1 + 1e-9)


def test_smaller_chunks_keep_less():
    kept = [row["kept_mb"] for row in costs((120, 40, 10), lag=90)]
    assert kept[0] > 2 * kept[1] > 2 * kept[2]


def test_clipping_by_norm_keeps_the_direction_and_by_value_does_not():
    grad = np.random.default_rng(0).standard_normal((2, 50)) ** 3
    norm, limit = np.linalg.norm(grad, axis=1), np.array([1.0, 1e9])
    rescaled, cut = clip(grad, norm, "norm", limit), clip(grad, norm, "value", limit)
    np.testing.assert_allclose(np.linalg.norm(rescaled, axis=1), [1, norm[1]], rtol=1e-6)
    np.testing.assert_allclose(angle(grad, rescaled), 0, atol=1e-6)
    assert angle(grad, cut)[0] > 10
    assert np.abs(cut[0]).max() == 1
    assert clip(grad, norm, "nothing", limit) is grad


def test_a_linear_network_explodes_to_nan_and_clipping_cures_it():
    kind = {"lag": 50, "phi": "identity", "gain": 1.1, "method": "sgd", "lr": 0.01, "updates": 4}
    found = {by: trained(Trial(arm="ortho", clip_by=by, **kind))[0] for by in ("nothing", "norm")}
    facts = {by: facts_of(run.settings, run.curves) for by, run in found.items()}
    assert found["nothing"].status == "diverged"
    assert 1 < facts["nothing"]["lost_at"] <= 3
    assert facts["norm"]["lost_at"] == ""
    assert facts["norm"]["largest_norm"] > 100


def test_tasks_ask_for_what_was_read():
    x, y = TASKS["echo"].draw(np.random.default_rng(0), 7, 3, 5)
    np.testing.assert_array_equal(x.argmax(-1)[-TAIL - 7 : -7], y)
    x, y = TASKS["recall"].draw(np.random.default_rng(0), 7, 3, 5)
    np.testing.assert_array_equal(x.argmax(-1)[READ - 7 : READ], y)
    assert (x.argmax(-1)[READ:] == 3).all()
    assert TASKS["echo"].plateau(5) == math.log(5)
    x, y = TASKS["sine"].draw(np.random.default_rng(0), 0, 2, 5)
    np.testing.assert_array_equal(x[-len(y) + 1 :, :, 0], y[:-1])
    assert 0.01 < TASKS["sine"].plateau(2) < 0.1


def test_an_orthogonal_start_learns_a_short_echo():
    (run,) = trained(Trial(arm="ortho", lag=3, updates=150, batch=16))
    facts = facts_of(run.settings, run.curves)
    assert facts["learnt"]
    assert facts["plateau"] == round(math.log(2), 5)
