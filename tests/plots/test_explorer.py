"""The explorer: its numbers are the field's, its pictures follow its sliders, and nothing is missing without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from rnnkit.cells import MODELS, PHI
from rnnkit.engines import AutogradEngine
from rnnkit.heads import HEADS
from rnnkit.inits import set_weights
from rnnkit.notebook import explore
from rnnkit.plots import controls, explorer
from rnnkit.plots.explored import Settings, explored, sequence, weights
from rnnkit.plots.explorer import Explorer
from rnnkit.tasks import Batch

KINDS = [Settings("RNN", phi, 1.2, scale) for phi in ("linear", "tanh", "sigmoid", "relu") for scale in (0.0, 1.0)]
GRUS = [Settings("GRU", "tanh", 1.2, 1.0, bias, 30) for bias in (-4.0, 2.0)]


@pytest.fixture(autouse=True)
def in_front_of_a_person(monkeypatch):
    monkeypatch.delenv("RNNKIT_PLAIN", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


def name_of(settings: Settings) -> str:
    return f"{settings.cell}-{settings.phi}-{settings.input_scale}-{settings.gate_bias}"


@pytest.mark.parametrize("settings", [*KINDS, *GRUS], ids=name_of)
def test_the_profile_is_the_total_derivative_of_autograd(settings, monkeypatch):
    monkeypatch.setitem(PHI, "relu", torch.relu)
    phi = {"linear": "identity"}.get(settings.phi, settings.phi)
    cell = MODELS[settings.cell.lower()](2, 50, 1, phi=phi, head="lastLinear", dtype=torch.float64)
    set_weights(cell, weights(settings))
    inputs, head = torch.from_numpy(sequence(settings))[:, None], HEADS["lastLinear"]("lastLinear")
    out, _, _ = cell(inputs)
    run = AutogradEngine().run(cell, head, Batch(inputs, out.detach() - 0.5))  # the squared error's slope is 1 there
    expected = run.flow.norm(dim=-1)[:, 0].numpy()
    np.testing.assert_allclose(explored(settings).gradient, expected, rtol=1e-10, atol=0)


def test_in_the_linear_case_the_profile_is_that_of_powers_of_the_eigenvalues():
    settings = Settings(phi="linear", radius=1.1, length=60)
    w = weights(settings)
    values, vectors = np.linalg.eig(w["W_hh"])
    parts = np.linalg.solve(vectors, w["W_ho"][:, 0])
    flows = [vectors @ (values ** (settings.length - t) * parts) for t in range(1, settings.length + 1)]
    seen = explored(settings)
    np.testing.assert_allclose(seen.gradient, np.linalg.norm(flows, axis=1), rtol=1e-10)
    np.testing.assert_allclose(np.abs(seen.eigenvalues).max(), 1.1)
    np.testing.assert_allclose(np.sort_complex(seen.jacobian), np.sort_complex(seen.eigenvalues))


@pytest.mark.parametrize("settings", KINDS, ids=name_of)
def test_the_bound_holds_for_every_rnn(settings):
    for radius in (0.1, 0.9, 2.0):
        seen = explored(replace(settings, radius=radius, length=200))
        assert (seen.gradient <= seen.bound * (1 + 1e-9)).all()
        assert seen.gradient[-1] == pytest.approx(1)
        assert np.isfinite(seen.path).all()


def test_a_shut_update_gate_keeps_the_gradient():
    shut, open = (explored(Settings("GRU", gate_bias=bias)).gradient[0] for bias in (-6.0, 0.0))
    assert shut > 0.8
    assert open < 1e-6


# How long a move takes (median of 50, each by one step of a slider drawn by chance):
# python -c "import random, time, statistics; from rnnkit.plots.explorer import Explorer
# sliders, took = [one for one in Explorer().controls.values() if hasattr(one, 'step')], []
# for _ in range(50):
#     one, begun = random.choice(sliders), time.perf_counter()
#     one.value += one.step if one.value < one.max else -one.step; took.append(time.perf_counter() - begun)
# print(statistics.median(took))"
def test_every_control_changes_the_picture():
    box = Explorer()
    moves = {"radius": 1.5, "input_scale": 2.0, "length": 120, "phi": "sigmoid", "cell": "GRU", "gate_bias": 1.0}
    seen = [bytes(box.image.value)]
    for name, value in moves.items():
        box.controls[name].value = value
        seen.append(bytes(box.image.value))
    assert len(set(seen)) == len(seen)
    assert all(picture.startswith(b"\x89PNG") for picture in seen)
    assert box.controls["phi"].disabled
    assert not box.controls["gate_bias"].disabled
    for name in moves:
        box.controls[name].value = getattr(Settings(), name)
    assert bytes(box.image.value) == seen[0]  # nothing is left of what was drawn before


def test_where_nobody_moves_it_the_same_pictures_stand_side_by_side(monkeypatch):
    whole = len(explorer.EXAMPLES) * 4
    for figure in (explore(), explore(static=True)):  # there is no kernel here
        assert isinstance(figure, Figure)
        assert len(figure.axes) == whole
    monkeypatch.setattr(controls, "in_notebook", lambda: True)
    assert isinstance(explore(), Explorer)
    monkeypatch.setenv("RNNKIT_PLAIN", "1")
    assert isinstance(explore(), Figure)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert explore() is None
