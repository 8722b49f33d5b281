"""The shapes in annotations hold while code runs, and a wrong one is caught; nobody but tests pays for that.

The modules with such shapes are imported once more, apart from everyone else's, with every function checked.
"""

from __future__ import annotations

import importlib
import sys
import typing
from types import SimpleNamespace

import beartype  # noqa: F401 (loaded now, it does not take TYPE_CHECKING for true below)
import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError, install_import_hook

import rnnkit.diagnostics  # noqa: F401 (the same)

TYPED = ("cells", "heads", "tasks", "tasks.base", "engines.base", "engines.autograd", "engines.bptt", "diagnostics")
T, B, I, H, O = 12, 4, 5, 3, 4  # noqa: E741


@pytest.fixture(scope="module")
def typed():
    """The typed modules, whose annotations are checked at every call."""
    others = {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] == "rnnkit"}
    with (
        pytest.MonkeyPatch.context() as patch,
        install_import_hook([f"rnnkit.{name}" for name in TYPED], "beartype.beartype"),
    ):
        patch.setattr(typing, "TYPE_CHECKING", True)  # what annotations name is imported for a type checker alone
        found = {name.replace(".", "_"): importlib.import_module(f"rnnkit.{name}") for name in TYPED}
    for name in [name for name in sys.modules if name.partition(".")[0] == "rnnkit"]:
        del sys.modules[name]
    sys.modules |= others
    return SimpleNamespace(**found)


@pytest.fixture
def x():
    return torch.randn(T, B, I, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", ["RNN", "GRU"])
@pytest.mark.parametrize("task", ["mem", "torder", "mul"])
def test_a_pass_keeps_its_shapes(typed, name, task):
    source = typed.tasks.get_task(task)
    batch = source.sample(np.random.RandomState(1), 30, B)
    cell = getattr(typed.cells, name)(source.n_in, H, source.n_out, head=source.head)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.uniform_(-0.5, 0.5)
    weights = {name: one.detach() for name, one in cell.named_parameters()}
    head = typed.heads.get_head(source.head)
    passes = [typed.engines_autograd.AutogradEngine().run(cell, head, batch)]
    passes.append(typed.engines_bptt.run_pass(weights, "tanh" if name == "RNN" else None, head, batch, True, True))
    for run in passes:
        assert run.flow.shape == run.hidden.shape == (len(batch.inputs), B, H)
        assert {*typed.diagnostics.over_time(run, gates=True)} >= {"grad_time", "sat_time", "gate_z_sat_time"}
        assert typed.diagnostics.over_units(run, bins=7)["sat_units"].shape == (7,)
    assert cell(batch.inputs)[1].shape == passes[0].hidden.shape
    assert cell.recurrent_weight_for_rho().shape == (H, H)


@pytest.mark.parametrize("task", ["mem", "torder", "torder3", "mul", "add", "perm"])
def test_batches_have_the_shapes_of_their_annotations(typed, task):
    batch = typed.tasks.get_task(task).sample(np.random.RandomState(1), 30, B)
    for name, kind in typing.get_type_hints(typed.tasks.Batch, vars(typed.tasks_base)).items():
        assert isinstance(getattr(batch, name), kind), name


def test_a_batch_of_another_rank_is_told(typed):
    kinds = typing.get_type_hints(typed.tasks.Batch, vars(typed.tasks_base))
    assert not isinstance(torch.zeros(T, B), kinds["inputs"])
    assert not isinstance(torch.zeros(T, B, O), kinds["targets"])
    assert not isinstance(torch.zeros(B), kinds["targets"])  # classes are whole numbers


WRONG = {
    "a step of a whole sequence": lambda typed, x: typed.cells.RNN(I, H, O).step(x, torch.zeros(B, H)),
    "states of another batch": lambda typed, x: typed.cells.GRU(I, H, O).step(x[0], torch.zeros(B + 1, H)),
    "whole numbers": lambda typed, x: typed.cells.RNN(I, H, O)(x.long()),
    "a probe of fewer steps": lambda typed, x: typed.cells.unroll(
        typed.cells.RNN(I, H, O), x, torch.zeros(T - 1, B, H)
    ),
    "a flow without its batch": lambda typed, x: typed.engines_base.Pass(x.sum(), x.sum(), x, x, flow=x[:, 0]),
    "a flow of other units": lambda typed, x: typed.engines_base.Pass(x.sum(), x.sum(), x, x, flow=x[..., 1:]),
    "a loss for each sequence": lambda typed, x: typed.engines_base.Pass(x[0, :, 0], x.sum(), x, x),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_a_wrong_shape_is_caught(typed, x, call):
    with pytest.raises(TypeCheckError):
        call(typed, x)


def test_a_cell_that_returns_another_shape_is_caught(typed):
    class Turned(typed.cells.Cell):
        shapes = typed.cells.RNN.shapes

        def step(self, x_t, h_prev):
            return h_prev.T

    with pytest.raises(TypeCheckError):
        typed.cells.unroll(Turned(I, B + 1, O), torch.zeros(1, B, I))
