"""Which cells the fast engine may train in place of: those that compute the same, and can be seen to."""

from __future__ import annotations

import time

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rnnkit.cells import GRU, PHI, RNN, Cell
from rnnkit.checks.generate import bank, patched, student_object
from rnnkit.engines.handover import difference
from rnnkit.regimes import get_regime
from rnnkit.runs.modelfile import Cells, make_cell
from rnnkit.trainer import Trainer

SIZES = {"cbs": 10, "ebs": 10}


def told(cls: type, key: str = "A1") -> str:
    """What `difference` says of a class, with the weights that its training begins with."""
    regime = get_regime(key, "full", **SIZES)
    trainer = Trainer(regime, make_cell(regime, Cells("model.py", "0" * 64, {regime.model: cls})))
    before = {name: parameter.clone() for name, parameter in trainer.cell.named_parameters()}
    said = difference(trainer.cell, trainer.head, trainer.diag_batch)
    assert all(torch.equal(parameter, before[name]) for name, parameter in trainer.cell.named_parameters())
    assert all(parameter.grad is None for parameter in trainer.cell.parameters())
    return said


def right(self, x_t, h_prev):
    return torch.tanh(x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)


def rnn(step) -> type:
    return type("RNN", (Cell,), {"shapes": RNN.shapes, "step": step})


# ---- the same ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["A1", "A1s", "A4", "B1", "B2"])
def test_the_cells_that_students_are_led_to(key):
    model = get_regime(key).model
    assert told(student_object(f"{model}_step"), key) == ""
    assert told({"rnn": RNN, "gru": GRU}[model], key) == ""


def linear(self, x_t, h_prev):
    return torch.tanh(F.linear(x_t, self.W_xh.T) + F.linear(h_prev, self.W_hh.t(), self.b_h))


def joined(self, x_t, h_prev):
    W = torch.cat([self.W_xh, self.W_hh])
    return PHI[self.phi](torch.cat([x_t, h_prev], 1) @ W + self.b_h)


def branching(self, x_t, h_prev):
    a = torch.addmm(self.b_h, x_t, self.W_xh) + h_prev.matmul(self.W_hh)
    if self.phi == "tanh":
        return a.tanh()
    return a.sigmoid()


def spelt_out(self, x_t, h_prev):
    a = x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h
    return 2 / (1 + torch.exp(-2 * a)) - 1


def helper(a):
    return torch.tanh(a)


def by_helper(self, x_t, h_prev):
    return helper(x_t @ self.W_xh + (h_prev @ self.W_hh + self.b_h))


@pytest.mark.parametrize("step", [right, linear, joined, branching, spelt_out, by_helper])
def test_other_ways_to_write_the_same(step):
    assert told(rnn(step)) == ""


def test_a_gru_of_other_words():
    class Own(Cell):
        shapes = GRU.shapes

        def gate(self, x_t, h_prev, W_x, W_h, b):
            return F.sigmoid(x_t @ W_x + h_prev @ W_h + b)

        def step(self, x_t, h_prev):
            z = self.gate(x_t, h_prev, self.W_xz, self.W_hz, self.b_z)
            r = self.gate(x_t, h_prev, self.W_xr, self.W_hr, self.b_r)
            new = F.tanh(x_t @ self.W_xh + (h_prev * r) @ self.W_hh + self.b_h)
            return torch.lerp(h_prev, new, z), {"z": z, "r": r}

    assert told(Own, "A4") == ""


# ---- not the same ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mistake", [m for m in bank() if m.question in ("rnn_step", "gru_step")], ids=lambda m: f"{m.question}-{m.name}"
)
def test_no_known_mistake_is_taken_over(mistake):
    """One that always takes tanh is right where tanh is wanted, and found where the sigmoid is."""
    wrong = student_object(mistake.question, patched(mistake.question, mistake.old, mistake.new))
    assert any(refused(wrong, key) for key in (("A1", "A1s") if mistake.question == "rnn_step" else ("A4",)))


def refused(cls: type, key: str) -> str:
    """Why a class is not taken over; one that breaks the contract or raises is not trained at all."""
    try:
        return told(cls, key)
    except (RuntimeError, ValueError, TypeError, LookupError, NotImplementedError) as error:
        return f"{type(error).__name__}: {error}"


CALLS = [0]
STATE = {"n": 0}


def counts(self, x_t, h_prev):
    self.n = 1
    return right(self, x_t, h_prev)


def counts_globally(self, x_t, h_prev):
    CALLS[0] += 1
    return right(self, x_t, h_prev) * (CALLS[0] < 10_000)


def counts_in_a_default(self, x_t, h_prev, seen=[]):  # noqa: B006
    seen.append(0)
    return right(self, x_t, h_prev)


def by_value(self, x_t, h_prev):
    if h_prev[0, 0] > 0.9999:
        return h_prev
    return right(self, x_t, h_prev)


def where_large(self, x_t, h_prev):
    h = right(self, x_t, h_prev)
    return torch.where(h > 0.9999, h_prev, h)


def in_place(self, x_t, h_prev):
    h_prev[:] = 0
    return right(self, x_t, h_prev)


def without_grad(self, x_t, h_prev):
    with torch.no_grad():
        return right(self, x_t, h_prev)


WRONG = {
    "after midnight": lambda self, x_t, h_prev: right(self, x_t, h_prev) if time.time() > 0 else h_prev,
    "by size": lambda self, x_t, h_prev: right(self, x_t, h_prev) if len(x_t) != 17 else h_prev,
    "by shape": lambda self, x_t, h_prev: right(self, x_t, h_prev) if x_t.shape[0] != 17 else h_prev,
    "by dtype": lambda self, x_t, h_prev: right(self, x_t, h_prev) if x_t.dtype == torch.float64 else h_prev,
    "clamped": lambda self, x_t, h_prev: right(self, x_t, h_prev).clamp(-0.99999, 0.99999),
    "noisy": lambda self, x_t, h_prev: right(self, x_t, h_prev) + 0 * torch.randn_like(h_prev),
    "dropout": lambda self, x_t, h_prev: F.dropout(right(self, x_t, h_prev), 0.1, self.training),
    "cut": lambda self, x_t, h_prev: right(self, x_t, h_prev.detach()),
    "a little off": lambda self, x_t, h_prev: right(self, x_t, h_prev) + 1e-6 * h_prev * h_prev,
    "transposed": lambda self, x_t, h_prev: torch.tanh(x_t @ self.W_xh + h_prev @ self.W_hh.T + self.b_h),
    "by eval": lambda self, x_t, h_prev: eval("right(self, x_t, h_prev)"),
}
WRONG |= {
    step.__name__: step
    for step in (counts, counts_globally, counts_in_a_default, by_value, where_large, in_place, without_grad)
}


@pytest.mark.parametrize("name", WRONG)
def test_cells_that_are_wrong_on_purpose_or_might_be(name):
    assert told(rnn(WRONG[name]))


def test_classes_that_do_more_than_they_show():
    class Watching(RNN):
        def __getattr__(self, name):
            return super().__getattr__(name)

    class Property(RNN):
        @property
        def W_hh2(self):
            return self.W_hh

    class Hooked(RNN):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.register_forward_hook(lambda *_: None)

    class Inner(RNN):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.inner = nn.Identity()

    for cls in (Watching, Property, Hooked, Inner):
        said = told(cls)
        assert said, cls


def test_a_changed_phi_is_seen(monkeypatch):
    monkeypatch.setitem(PHI, "tanh", lambda a: torch.tanh(a))
    assert told(rnn(joined))
