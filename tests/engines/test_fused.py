"""The fast engine against the plain one: every array of a `Pass`, compiled or by torch operations."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest
import torch
from passes import ARRAYS, assert_same

from rnnkit.common.names import BadValue
from rnnkit.engines import fused, get_engine
from rnnkit.heads import get_head
from rnnkit.regimes import get_regime
from rnnkit.trainer import Trainer


def both(cell, batch, **how):
    return (get_engine(name).run(cell, get_head(cell.head), batch, **how) for name in ("fused", "autograd"))


@pytest.mark.parametrize("phi", ["tanh", "sigmoid", "identity"])
@pytest.mark.parametrize("how", [{}, {"flow": False}, {"backward": False}], ids=str)
def test_float64_equals_autograd(random_cell, random_batch, model, head_name, phi, how):
    cell, batch = random_cell(model, phi=phi, head=head_name), random_batch(head_name)
    assert_same(*both(cell, batch, **how))


def distance(found, expected):
    """||found - expected|| / ||expected||; numbers under 1e-37 have few digits, and count as that."""
    return float((found.double() - expected.double()).norm() / expected.double().norm().clamp_min(1e-37))


@pytest.mark.parametrize("phi", ["tanh", "sigmoid", "identity"])
@pytest.mark.parametrize("how", [{}, {"flow": False}, {"backward": False}], ids=str)
@pytest.mark.parametrize(
    "sizes", [(6, 4, 3, 5, 2), (1, 1, 1, 1, 1), (9, 7, 2, 16, 3), (3, 21, 7, 50, 6), (5, 5, 4, 83, 18)]
)
def test_float32_equals_autograd(random_cell, random_batch, model, head_name, phi, how, sizes):
    steps, size, n_in, n_hid, n_out = sizes
    std = 0.5 / n_hid**0.5
    cell = random_cell(model, n_in, n_hid, n_out, phi=phi, head=head_name, dtype=torch.float32, std=std)
    batch = random_batch(head_name, steps, size, n_in, n_out, dtype=torch.float32)
    found, expected = both(cell, batch, **how)
    assert_same(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("size", [1, 64, 70, 130])
def test_metrics(random_cell, random_batch, model, head_name, dtype, size):
    cell = random_cell(model, n_hid=21, head=head_name, dtype=dtype, std=0.2)
    batch, head = random_batch(head_name, 37, size, dtype=dtype), get_head(head_name)
    fused, plain = get_engine("fused"), get_engine("autograd")
    found = fused.metrics(cell, head, fused.prepare(batch))
    expected = plain.metrics(cell, head, plain.prepare(batch))
    assert found == pytest.approx(expected, rel=1e-5)
    assert found.keys() == expected.keys()
    assert found["error"] == expected["error"]


def trained(key, updates):
    """A regime's trainer after some updates."""
    trainer = Trainer(get_regime(key, maxiters=10_000, ebs=100, cbs=100))
    trainer.train_until(updates)
    return trainer


@pytest.mark.parametrize("updates", [0, 200], ids=["init", "trained"])
@pytest.mark.parametrize("key", ["A1", "A1s", "A4", "B1", "B1s", "B2"])
def test_every_array_at_the_handouts_sizes(key, updates):
    """Each within 1e-5 of the plain engine."""
    trainer = trained(key, updates)
    cell, head, batch = trainer.cell, trainer.head, trainer.diag_batch
    found, expected = (get_engine(name).run(cell, head, batch) for name in ("fused", "autograd"))
    arrays = {name: [getattr(run, name) for run in (found, expected)] for name in ARRAYS if name != "error"}
    arrays |= {f"dL/d{name}": [run.grads[name] for run in (found, expected)] for name in expected.grads}
    arrays |= {f"gate {name}": [run.gates[name] for run in (found, expected)] for name in expected.gates or {}}
    arrays |= {f"flow {t}": [run.flow[t] for run in (found, expected)] for t in range(len(expected.flow))}
    far = {name: distance(*pair) for name, pair in arrays.items() if distance(*pair) > 1e-5}
    assert not far
    assert found.error == expected.error


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_pass_keeps_its_numbers(random_cell, random_batch, model, head_name, dtype):
    cell, head = random_cell(model, head=head_name, dtype=dtype), get_head(head_name)
    first = get_engine("fused").run(cell, head, random_batch(head_name, dtype=dtype))
    kept = copy.deepcopy(first)
    get_engine("fused").run(cell, head, random_batch(head_name, seed=5, dtype=dtype))
    assert_same(first, kept, rtol=0, atol=0)


def test_a_diverged_network_gives_nan(random_cell, random_batch, model, head_name):
    cell, batch = random_cell(model, head=head_name, dtype=torch.float32), random_batch(head_name, dtype=torch.float32)
    with torch.no_grad():
        cell.W_hh[0, 0] = float("nan")
    found, expected = both(cell, batch)
    assert bool(found.loss.isnan())
    assert bool(expected.loss.isnan())
    assert found.error == expected.error == 1.0
    engine = get_engine("fused")
    metrics = engine.metrics(cell, get_head(head_name), engine.prepare(batch))
    assert metrics["nll"] != metrics["nll"]
    assert metrics["error"] == 1.0


@pytest.mark.parametrize("head", ["softmax", "lastSoftmax"])
def test_of_equal_logits_the_first_counts(random_cell, random_batch, model, head):
    cell, batch = random_cell(model, head=head, std=0.0, dtype=torch.float32), random_batch(head, 3, 40)
    batch = batch.to("cpu", torch.float32)
    engine, expected = get_engine("fused"), get_engine("autograd").run(cell, get_head(head), batch).error
    assert engine.run(cell, get_head(head), batch).error == expected > 0
    assert engine.metrics(cell, get_head(head), engine.prepare(batch))["error"] == float(expected)


def test_without_numba_torch_operations(random_cell, random_batch, model, head_name, monkeypatch):
    monkeypatch.setattr(fused, "_compiled", lambda: None)
    cell, batch = random_cell(model, head=head_name, dtype=torch.float32), random_batch(head_name, dtype=torch.float32)
    assert_same(*both(cell, batch), rtol=1e-4, atol=1e-6)
    engine = get_engine("fused")
    assert engine.prepare(batch) is batch
    assert engine.metrics(cell, get_head(head_name), batch).keys() >= {"nll", "error"}


def test_other_parameters_are_refused(random_cell, random_batch):
    cell = random_cell("rnn")
    cell.extra = torch.nn.Parameter(torch.zeros(1))
    with pytest.raises(BadValue, match=r"expected the parameters W_xh, .*got .*extra.*use the engine 'autograd'"):
        get_engine("fused").run(cell, get_head("softmax"), random_batch("softmax"))
    del cell.extra
    cell.phi = "relu"
    with pytest.raises(BadValue, match="expected phi to be one of tanh, sigmoid, identity, got 'relu'"):
        get_engine("fused").run(cell, get_head("softmax"), random_batch("softmax"))


def test_numba_is_imported_only_when_wanted():
    code = "import rnnkit.train, rnnkit.engines, sys; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "False\n", done.stderr
