"""The document's network behind the figures: its gradient is autograd's, and it learns what the document says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnkit.assignments.hidden_dynamics import network, sketches


def test_the_gradient_is_that_of_autograd():
    rng = np.random.default_rng(0)
    weights = network.initial(rng)
    X, y = network.sequences(rng, 7, steps=6)
    passed = network.run(weights, X.swapaxes(0, 1))
    loss, slope = network.loss_of(passed.logits, y)
    found, flows = network.back(weights, passed, slope)
    w = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    below, states = torch.tensor(X).unbind(1), []
    for k in (1, 2):
        h = torch.zeros(7, network.H, dtype=torch.float64)
        for one in below:
            h = torch.tanh(one @ w[f"W_xh{k}"] + w[f"b_xh{k}"] + w[f"b_hh{k}"] + h @ w[f"W_hh{k}"])
            h.retain_grad()
            states.append(h)
        below = states[-6:]
    out = torch.nn.functional.cross_entropy(h @ w["W_ho"] + w["b_o"], torch.tensor(y))
    out.backward()
    assert float(out.detach()) == pytest.approx(loss, rel=1e-12)
    for name, value in w.items():
        np.testing.assert_allclose(found[name], value.grad.numpy(), atol=1e-12)
    given = [state.grad for state in states]
    for flow, grads in zip(flows, (given[:6], given[6:]), strict=True):
        np.testing.assert_allclose(flow, torch.stack(grads).numpy(), atol=1e-12)
    torch.testing.assert_close(sketches._logits(weights)(torch.tensor(X)), torch.tensor(passed.logits))


def test_it_has_the_documents_size_and_learns_in_ten_epochs():
    trained = network.trained.__wrapped__(1, 10)
    assert sum(value.size for value in trained.start.values()) == 13_314
    assert 0.4 < trained.curves["train_acc"][0] < 0.62
    assert 0.18 < trained.curves["test_loss"][-1] < 0.3
    assert trained.curves["test_acc"][-1] > 0.85
