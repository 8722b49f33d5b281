"""The lesson: its formulas hold, its notebook runs from top to bottom, and nothing of it is handed in or graded."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from rnnkit.assignments.training_dynamics import ASSIGNMENT, lesson
from rnnkit.assignments.training_dynamics.questions import LESSON
from rnnkit.common.places import PACKAGE
from rnnkit.tasks import get_task

NOTEBOOK = json.loads((PACKAGE.parent / "notebooks" / ASSIGNMENT.name / LESSON).read_text(encoding="utf-8"))
MUL = get_task("mul")


@pytest.mark.parametrize("phi", ["tanh", "sigmoid", "identity"])
def test_the_sum_of_products_is_the_total_derivative(phi):
    mem = get_task("mem", mempos=2)
    cell = lesson.network(lesson.matrix(1.1), mem, phi=phi)
    run = lesson.backwards(cell, lesson.batch_of(mem, 10))
    for t in (1, 7, len(run.flow)):
        np.testing.assert_allclose(lesson.by_jacobians(cell, run, t), run.flow[t - 1], rtol=1e-9, atol=1e-15)


def test_eigenvalues_foretell_what_the_text_says():
    rotation = lesson.linear(lesson.matrix(1.0, "rotation"), MUL, 50)
    np.testing.assert_allclose(rotation.norms, rotation.foretold, rtol=1e-9)
    shear = lesson.linear(lesson.matrix(0.8, "shear"), MUL, 50)
    assert shear.rho == pytest.approx(0.8)
    assert shear.sigma > 1
    assert shear.norms[0] > shear.norms[-1] > 1e4 * shear.foretold[0]
    drawn = lesson.linear(lesson.matrix(0.8), MUL, 50)
    assert drawn.norms[0] < 1e-4 * drawn.norms[-1]


def test_clipping_tames_what_explodes_and_brings_back_nothing():
    explodes = lesson.network(lesson.matrix(1.1), MUL)
    vanishes = lesson.network(lesson.matrix(0.7), MUL, phi="tanh")
    batch = lesson.batch_of(MUL, 50)
    for cell, norm in ((explodes, 1000), (vanishes, 0.1)):
        found = lesson.clipping(cell, batch, 0.05)
        assert found.norm > norm
        assert found.norm_clipped == 0.05
    ratios = [shares[1] / shares[-1] for shares in (found.before, found.after)]
    assert ratios[0] == pytest.approx(ratios[1])
    assert ratios[0] < 1e-8
    assert not np.isfinite(lesson.train(explodes, MUL, 50, 3, "nothing")).all()


def test_the_notebook_runs_and_shows_its_pictures(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    space = {}
    for cell in NOTEBOOK["cells"]:
        if cell["cell_type"] == "code":
            exec(re.sub(r"^%.*$", "", "".join(cell["source"]), flags=re.MULTILINE), space)
    assert len(shown) == 13
    losses = space["losses"]
    assert np.isnan(losses["explodes"]["no clipping"][-1])
    assert losses["explodes"]["clipped to 1"][-20:].mean() < 0.1  # the text: near the loss of always saying the mean
    assert losses["vanishes"]["clipped to 1"][-20:].mean() == pytest.approx(7 / 144, rel=0.2)


def test_nothing_of_it_is_graded_or_asked_for():
    assert LESSON in ASSIGNMENT.notebooks
    assert LESSON in ASSIGNMENT.optional
    assert LESSON in ASSIGNMENT.lessons
    marks = [cell["metadata"].get("nbgrader", {}) for cell in NOTEBOOK["cells"]]
    assert not [mark for mark in marks if mark.get("grade") or mark.get("solution") or mark.get("task")]
