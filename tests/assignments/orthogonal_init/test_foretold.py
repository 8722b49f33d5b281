"""An arm is predicted before its curves, which decide by a rule; the explorer shows what the question measures."""

from __future__ import annotations

from pathlib import Path

import IPython.display
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from rnnkit.assignments import get_assignment
from rnnkit.assignments.orthogonal_init import check, explorer
from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT
from rnnkit.assignments.orthogonal_init.explored import STARTS, Settings, explored, states
from rnnkit.assignments.orthogonal_init.foretold import LEARNS, NOTHING, SHORT, SOLVES, does
from rnnkit.assignments.orthogonal_init.key.reference import RIGHT
from rnnkit.checks.predictions import judged
from rnnkit.notebook import compare_prediction, foretell, predict
from rnnkit.notebook.predictions import FILE, FORETOLD, read
from rnnkit.plots import controls

PREDICTIONS = get_assignment("orthogonal_init").scored["predictions"]
WHY = "the gradient has to come through"


def record_of(arm: str, metric: np.ndarray, **changes) -> dict:
    """What a record of an arm with this metric holds of it."""
    settings = EXPERIMENT.get(arm, **changes)
    return {"settings": settings.to_json(), "metric": metric, "steps": np.full(len(metric), settings.T)}


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """A student's folder, in a kernel; and what is displayed there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RNNKIT_PLAIN", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    for module in (foretell, controls):
        monkeypatch.setattr(module, "in_notebook", lambda: True)
    figures: list = []
    monkeypatch.setattr(IPython.display, "display", lambda figure, metadata=None: figures.append((figure, metadata)))
    return figures


CLIMBS, FLAT = np.linspace(0.25, 0.93, 80), np.full(80, 0.26)


@pytest.mark.parametrize(
    ("arm", "metric", "answer", "number"),
    [
        ("temporal_order_random", np.append(CLIMBS, 0.25), SOLVES, "accuracy past 0.9 in epoch 77, T = 60"),
        ("temporal_order_random", FLAT + 0.3 * (abs(np.arange(80) - 40) < 9), LEARNS, "accuracy 0.560 at best"),
        ("temporal_order_random", FLAT + 0.3 * (np.arange(80) == 40), NOTHING, "accuracy 0.320 at best, chance 0.250"),
        ("addition_random", np.full(80, 0.08), NOTHING, "half MSE 0.080 at best, chance 0.087"),
        ("addition_random", np.full(80, 0.074), LEARNS, "half MSE 0.074"),
        ("addition_ortho", np.full(8, 0.08), SHORT, "only 8 epochs, half MSE 0.080"),
        ("addition_ortho", np.full(8, 0.01), SOLVES, "half MSE past 0.05 in epoch 1"),
        ("addition_ortho", np.array([0.08, np.nan]), "nothing that can be said", "no number"),
    ],
)
def test_the_curve_decides(arm, metric, answer, number):
    found = does(record_of(arm, metric))
    assert found.answer == answer
    assert number in found.number


def test_the_arms_are_predicted_before_their_curves_and_it_is_the_saying_that_counts(shown, capsys):
    record = record_of("addition_random", np.full(80, 0.08))
    assert foretell.waits(["addition_random"], EXPERIMENT)
    said = capsys.readouterr().out
    assert 'predict("orthogonal_init addition_random", does="solves / learns some / stays at chance", because=' in said
    predict("orthogonal_init addition_ortho addition_random", does=("solves", "fails"), because=WHY)
    assert "addition_random: does: expected one of 'solves', 'learns some'" in capsys.readouterr().out
    predict("orthogonal_init addition_ortho addition_random", does=("solves", "learns some"), because=WHY)
    assert not foretell.waits(["addition_ortho", "addition_random"], EXPERIMENT)
    compare_prediction(record, EXPERIMENT)
    ((figure, about),) = shown
    words = [text.get_text() for text in figure.findobj() if hasattr(text, "get_text")]
    assert about == FORETOLD
    assert {"you said: learns some", "it did: stays at chance", f"because: {WHY}"} <= {*words}
    predict("orthogonal_init addition_random", does="stays at chance", because=WHY)
    assert "changed after its figure was opened; before: does learns some" in capsys.readouterr().out
    assert [one.what for one in read(Path(FILE))[0]] == ["predicted", "predicted", "opened", "predicted"]
    report, flags, told = judged(PREDICTIONS, Path.cwd())
    assert (report.points, report.status, flags) == (0.33, "incomplete", [])
    assert "  ok   addition_random (0.17 of 0.17)" in report.text()
    assert told[1].startswith("addition_random: does learns some")
    predict(" ".join([EXPERIMENT.assignment, *EXPERIMENT.due]), does="solves", because=WHY)
    assert check("predictions") == 1.0


def test_no_other_assignment_is_meant_by_chance(shown, tmp_path, capsys):
    predict("addition_ortho", does="solves", because=WHY)  # of the main assignment, which asks something else
    predict("orthogonal_init", does="solves", because=WHY)
    text = capsys.readouterr().out
    assert "addition_ortho: unknown question 'does'" in text
    assert "expected the name of a run, got 'orthogonal_init'" in text
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("start", [*STARTS])
def test_the_explorer_shows_what_the_question_measures(start):
    seen = explored(Settings(start, 0.3, 40))
    visited = states(seen.start.W_hh, 0.3, 40)
    for W, hidden, norms in zip(seen.start.W_hh, visited, seen.norms, strict=True):
        right = RIGHT["jacobian_norms"](torch.tensor(W), torch.tensor(hidden))
        np.testing.assert_allclose(norms, np.asarray(right)[seen.lags - 1], rtol=1e-8)
    assert (seen.norms <= seen.start.sigma[:, None] ** seen.lags * (1 + 1e-9)).all()
    assert seen.lags[[0, -1]].tolist() == [1, 40]


# How long a move takes, in processor time (median of 60):
# OMP_NUM_THREADS=1 python -c "import random, time, statistics
# from rnnkit.assignments.orthogonal_init.explorer import SCALES, STARTS, Explorer
# box, took = Explorer(), []
# choices = {'start': [*STARTS], 'input_scale': SCALES, 'length': range(5, 201, 5)}
# for _ in range(60):
#     name = random.choice([*choices]); begun = time.process_time()
#     box.controls[name].value = random.choice(choices[name]); took.append(time.process_time() - begun)
# print(statistics.median(took), max(took))"
def test_every_control_moves_the_picture_and_a_figure_stands_where_none_can(shown, monkeypatch):
    box = explorer.explore()
    first = seen = bytes(box.image.value)
    for name, value in {"start": "0.1 N(0, 1)", "input_scale": 1.0, "length": 120}.items():
        box.controls[name].value = value
        assert bytes(box.image.value) != seen
        seen = bytes(box.image.value)
    assert seen.startswith(b"\x89PNG")
    for name in box.controls:
        box.controls[name].value = getattr(Settings(), name)
    assert bytes(box.image.value) == first  # nothing is left of what was drawn before
    assert isinstance(explorer.explore(static=True), Figure)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert explorer.explore() is None
