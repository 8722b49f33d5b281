"""Losses, strict errors and metrics, counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnkit.heads import get_head, mean_metrics

sizes, seeds = st.integers(1, 5), st.integers(0, 10_000)


def log_softmax(o):
    o = o - o.max(-1, keepdims=True)
    return o - np.log(np.exp(o).sum(-1, keepdims=True))


@given(T=sizes, B=sizes, n_out=sizes, seed=seeds)
def test_softmax_is_the_mean_over_all_steps_and_strict_over_them(T, B, n_out, seed):
    rng, head = np.random.RandomState(seed), get_head("softmax")
    o, y = rng.normal(size=(T, B, n_out)), rng.randint(n_out, size=(T, B))
    nats = [-log_softmax(o)[t, b, y[t, b]] for t in range(T) for b in range(B)]
    wrong = [any(o[t, b].argmax() != y[t, b] for t in range(T)) for b in range(B)]
    assert head.wrong(torch.tensor(o), torch.tensor(y)).tolist() == wrong
    found = head.metrics(torch.tensor(o), torch.tensor(y))
    assert found == pytest.approx({"nll": np.mean(nats), "error": np.mean(wrong)})


@given(B=sizes, n_out=sizes, seed=seeds)
def test_last_softmax_is_the_mean_over_the_batch(B, n_out, seed):
    rng, head = np.random.RandomState(seed), get_head("lastSoftmax")
    o, y = rng.normal(size=(B, n_out)), rng.randint(n_out, size=B)
    nats = [-log_softmax(o)[b, y[b]] for b in range(B)]
    wrong = [o[b].argmax() != y[b] for b in range(B)]
    found = head.metrics(torch.tensor(o), torch.tensor(y))
    assert found == pytest.approx({"nll": np.mean(nats), "error": np.mean(wrong)})


@given(B=sizes, n_out=sizes, seed=seeds, err_abs=st.sampled_from([0.04, 0.2, 0.5]))
def test_last_linear_sums_over_outputs(B, n_out, seed, err_abs):
    rng = np.random.RandomState(seed)
    o, y = rng.uniform(size=(B, n_out)), rng.uniform(size=(B, n_out))
    off = [sum(abs(o[b, k] - y[b, k]) for k in range(n_out)) for b in range(B)]
    expected = {
        "nll": np.mean([sum((o[b, k] - y[b, k]) ** 2 for k in range(n_out)) for b in range(B)]),
        "error": np.mean([d > err_abs for d in off]),
        "mae": np.mean(off),
        "err_005": np.mean([d > 0.05 for d in off]),
        "err_010": np.mean([d > 0.10 for d in off]),
        "maxae": max(off),
    }
    assert get_head("lastLinear", err_abs).metrics(torch.tensor(o), torch.tensor(y)) == pytest.approx(expected)


def test_last_linear_is_wrong_only_beyond_the_threshold():
    off = torch.tensor([[0.0], [0.25], [0.25 + 1e-9], [-0.25], [-0.3]], dtype=torch.float64)
    wrong = get_head("lastLinear", 0.25).wrong(off, torch.zeros(5, 1, dtype=torch.float64))
    assert wrong.tolist() == [False, False, True, False, True]


@pytest.mark.parametrize("name", ["softmax", "lastSoftmax", "lastLinear"])
def test_nan_is_a_wrong_answer(name):
    y = {"softmax": torch.zeros(3, 2, dtype=torch.int64), "lastSoftmax": torch.zeros(2, dtype=torch.int64)}.get(
        name, torch.zeros(2, 1)
    )
    o = torch.full((*y.shape, 4) if name != "lastLinear" else y.shape, math.nan)
    assert get_head(name).wrong(o, y).tolist() == [True, True]


@pytest.mark.parametrize("step", [0, 4], ids=["a blank", "a digit"])
def test_one_wrong_step_spoils_the_sequence(step):
    y = torch.tensor([[2, 2], [2, 2], [2, 2], [0, 1], [1, 1]])
    o = torch.nn.functional.one_hot(y, 3).double()
    assert get_head("softmax").wrong(o, y).tolist() == [False, False]
    o[step, 1] = o[step, 1].roll(1)
    assert get_head("softmax").wrong(o, y).tolist() == [False, True]


@pytest.mark.parametrize(("name", "shape"), [("softmax", (3, 4)), ("lastSoftmax", (4,))])
def test_equal_odds_cost_the_logarithm(name, shape):
    y = torch.zeros(shape, dtype=torch.int64)
    assert float(get_head(name).loss(torch.zeros(*shape, 6, dtype=torch.float64), y)) == pytest.approx(math.log(6))


def test_chunks_are_averaged_and_the_largest_error_kept():
    chunks = [{"nll": 1.0, "error": 0.5, "maxae": 3.0}, {"nll": 3.0, "error": 0.0, "maxae": 1.0}]
    assert mean_metrics(chunks) == mean_metrics(chunks[::-1]) == {"nll": 2.0, "error": 0.25, "maxae": 3.0}
    assert mean_metrics(chunks[:1]) == chunks[0]
    assert math.isnan(mean_metrics([{"maxae": 1.0}, {"maxae": math.nan}])["maxae"])


def test_default_threshold_is_a_fifth():
    assert get_head("lastLinear").err_abs == 0.2


def test_unknown_head_says_the_nearest():
    with pytest.raises(ValueError, match=r"unknown head 'lastLiner'.*did you mean 'lastLinear'"):
        get_head("lastLiner")
