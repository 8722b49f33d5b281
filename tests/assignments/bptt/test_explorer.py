"""The explorer shows the field's numbers, follows its controls, and leaves a figure where nobody can move them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from rnnkit.assignments.bptt import bounded, explorer
from rnnkit.assignments.bptt.bounded import LONGEST, SLOPES, Settings, said_of
from rnnkit.assignments.bptt.key.reference import RIGHT
from rnnkit.plots import controls

pytestmark = pytest.mark.usefixtures("seen")

NETS = [
    Settings(matrix, sigma, phi, 0.3)
    for matrix in bounded.STARTS
    for phi, (_, _, most) in SLOPES.items()
    for sigma in (0.9 / most, 1.0 / most, 1.2 / most)
]


def name_of(settings: Settings) -> str:
    return f"{settings.matrix}-{settings.sigma:g}-{settings.phi}"


@pytest.fixture
def in_a_notebook(monkeypatch):
    monkeypatch.delenv("RNNKIT_PLAIN", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setattr(controls, "in_notebook", lambda: True)
    monkeypatch.setattr(controls, "widgets_move", lambda: True)


@pytest.mark.parametrize("settings", NETS, ids=name_of)
def test_the_bound_holds_and_is_the_questions_own(settings):
    seen = bounded.bounded(settings)
    assert (seen.norms <= seen.bound * (1 + 1e-9)).all()
    assert seen.radius <= settings.sigma * (1 + 1e-9)
    assert seen.slopes.max() <= SLOPES[settings.phi][2]
    for k in (1, 7, LONGEST):
        assert seen.bound[k - 1] == pytest.approx(RIGHT["grad_bound"](settings.sigma, SLOPES[settings.phi][2], k))
    W = bounded.STARTS[settings.matrix]()
    W = W * (settings.sigma / torch.linalg.matrix_norm(W, 2))
    said = RIGHT["what_the_bound_says"](W, settings.phi)
    assert (said == "vanishes") is ("sufficient</b> for vanishing" in said_of(seen.factor))


@pytest.mark.parametrize("phi", SLOPES)
def test_the_norms_are_those_of_autograds_jacobians(phi):
    seen = bounded.bounded(Settings("normal numbers", 1.6, phi, 0.3))
    unit = bounded.STARTS["normal numbers"]()
    W = unit * (1.6 / torch.linalg.matrix_norm(unit, 2))
    visited = bounded.states(W, phi, 0.3, LONGEST)
    lag = 5
    rng = np.random.default_rng(1)
    W_xh = torch.tensor(0.3 * rng.standard_normal((bounded.SYMBOLS, len(W))))
    symbols = rng.integers(bounded.SYMBOLS, size=LONGEST)

    def last(h: torch.Tensor) -> torch.Tensor:
        for symbol in symbols[-lag:]:
            h = SLOPES[phi][0](W_xh[symbol] + h @ W)
        return h

    jacobian = torch.autograd.functional.jacobian(last, visited[-lag - 1])
    assert seen.norms[lag - 1] == pytest.approx(float(torch.linalg.matrix_norm(jacobian, 2)), rel=1e-10)


def test_the_counterexamples_are_what_the_text_says():
    shifted = bounded.bounded(Settings("shift", 2.0, "identity")).norms
    assert shifted[6] == 128
    assert (shifted[7:] == 0).all()
    assert bounded.bounded(Settings("normal numbers", 1.6, "identity")).norms[-1] < 1e-3
    kept, lost = (bounded.bounded(Settings("orthogonal", 1.0, "tanh", scale)).norms[49] for scale in (0.01, 1.0))
    assert kept > 0.5
    assert lost < 1e-6
    np.testing.assert_allclose(bounded.bounded(Settings("orthogonal", 1.1, "identity")).norms, 1.1 ** np.arange(1, 101))


def test_every_control_changes_words_and_picture(in_a_notebook):
    widget = explorer.explore()
    moves = {"matrix": "normal numbers", "sigma": 2.0, "phi": "sigmoid", "scale": 1.0, "k": 20}
    seen, said = [bytes(widget.image.value)], [widget._words.value]
    for name, value in moves.items():
        widget.controls[name].value = value
        seen.append(bytes(widget.image.value))
        said.append(widget._words.value)
    assert len({*seen}) == len({*said}) == len(moves) + 1
    assert "sufficient</b> for vanishing" in said[-1]  # a quarter of 2
    assert f"(γσ)^k = {0.5**20:.2e}" in said[-1]
    widget.controls["sigma"].value = 4.0
    assert "γσ = 1: neither" in widget._words.value
    widget.controls["sigma"].value = 5.0
    assert "not sufficient" in widget._words.value


def test_without_somebody_to_move_it_it_is_a_figure(in_a_notebook, monkeypatch):
    monkeypatch.setenv("RNNKIT_PLAIN", "1")
    monkeypatch.setattr(controls, "widgets_move", lambda: False)
    for made in (explorer.explore(), explorer.explore(static=True)):
        assert isinstance(made, Figure)
        assert len(made.axes) == len(explorer.EXAMPLES)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert explorer.explore() is None
