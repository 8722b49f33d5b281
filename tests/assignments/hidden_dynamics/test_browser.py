"""The widgets follow their controls, and leave a figure where nobody can move them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from rnnkit.assignments.hidden_dynamics import browser, inside, network
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.plots import controls

pytestmark = pytest.mark.usefixtures("seen")


@pytest.fixture(autouse=True)
def in_a_notebook(monkeypatch):
    monkeypatch.delenv("RNNKIT_PLAIN", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setattr(controls, "in_notebook", lambda: True)
    monkeypatch.setattr(controls, "widgets_move", lambda: True)
    monkeypatch.setattr(inside, "FRESH", 200)


def pixels(widget) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(widget.image.value)).convert("L"))


def test_the_browser_shows_the_unit_that_is_chosen():
    net = Net()
    weights, _ = net.begun()
    widget = browser.browse(net, {"before": weights})
    x, _ = inside.fresh(net)
    states = network.run(weights, x).states[1][1:]
    c, a = inside.features(states, x)
    first = pixels(widget)
    widget.controls["unit"].value = 7
    assert f"unit 7, {inside.kinds(c, a)[7]}: c = {c[7]:.2f}, a = {a[7]:.2f}" in widget._words.value
    assert (pixels(widget) != first).any()
    widget.controls["sequence"].value = 3
    assert f"sequence 3: mean {x[:, 3].mean():+.3f}" in widget._words.value
    assert widget._lines[3].get_ydata() == pytest.approx(states[:, 3, 7])


def test_the_bound_follows_steps_length_and_accuracy():
    widget = browser.explore_bound(0.937)
    assert "who sees 10 of 20 steps is right in at most 75.0%; 93.7% needs 19.2 steps" in widget._words.value
    widget.controls["T"].value = 100
    assert widget.controls["k"].max == 100
    widget.controls["k"].value = 100
    assert "who sees 100 of 100 steps is right in at most 100.0%" in widget._words.value


def test_without_somebody_to_move_them_they_are_figures():
    net = Net()
    weights, _ = net.begun()
    for made in (browser.browse(net, {"before": weights}, static=True), browser.explore_bound(static=True)):
        assert isinstance(made, Figure)
