"""One sequence inside of a network while it trains, and the run that is trained to be watched."""

from __future__ import annotations

from base64 import b64decode

import numpy as np
import pytest

from rnnkit.notebook.watch import watch
from rnnkit.plots.inside import ANSWERS, GATES, Inside
from rnnkit.regimes import REGIMES, Regime, get_regime
from rnnkit.trainer import Trainer

pytestmark = pytest.mark.usefixtures("in_front_of_a_person")

SMALL = {"min_length": 10, "max_length": 12, "nhid": 7, "maxiters": 21, "checkFreq": 10, "ebs": 20, "cbs": 10, "bs": 4}


@pytest.fixture
def short(monkeypatch):
    """S1, but that it is over at once."""
    monkeypatch.setitem(REGIMES, "S1", REGIMES["S1"].replace(maxiters=21, checkFreq=10, ebs=20, cbs=10, nhid=7))


def image_of(figure, title):
    return next(ax for ax in figure.axes if ax.get_title(loc="left") == title).images[0].get_array()


@pytest.mark.parametrize(
    ("task", "model", "channels"), [("mem", "gru", 7), ("torder", "rnn", 6), ("mul", "gru", 2), ("perm", "rnn", 100)]
)
def test_each_panel_shows_the_network_as_it_is(task, model, channels):
    trainer = Trainer(Regime(task=task, model=model, **SMALL))
    inside = Inside(trainer)
    for check in trainer.checkpoints():
        figure = inside.show()
        batch = trainer.diag_batch
        seen = trainer.engine.run(trainer.cell, trainer.head, batch, backward=False)
        states = next(ax for ax in figure.axes if ax.get_title(loc="left").startswith("states"))
        np.testing.assert_allclose(states.images[0].get_array(), seen.hidden[:, 0].T, atol=1e-6)
        for name, title in GATES.items():
            if model == "gru":
                np.testing.assert_allclose(image_of(figure, title), seen.gates[name][:, 0].T, atol=1e-6)
        answered = image_of(figure, ANSWERS)
        assert image_of(figure, "what it is shown").shape == (channels, len(batch.inputs))
        if task != "mul":
            np.testing.assert_allclose(answered.sum(0), 1, atol=1e-5)
            last = seen.output[-1, 0] if task == "mem" else seen.output[0]
            assert answered[:, -1].argmax() == last.argmax()
        assert ("untrained" if check.updates == 0 else f"after {check.updates} updates") in figure.get_suptitle()
        assert f"{check.values['valid_error']:.2f} % of the validation set wrong" in figure.get_suptitle()


def test_a_run_is_watched_and_shown_again_as_it_ended(short, tmp_path, monkeypatch, shown, capsys):
    monkeypatch.chdir(tmp_path)
    watch("S1", "builtin")
    (end,) = shown
    name = get_regime("S1").name
    assert b64decode(end["image/png"]).startswith(b"\x89PNG")
    assert (tmp_path / "runs" / "full" / name / f"{name}_final_state.npz").exists()
    assert f"{name}: finished after 21 updates, 100.00 % wrong" in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    watch("S1", "builtin")
    assert shown[1] == end
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")} == before


@pytest.mark.parametrize("variable", ["RNNKIT_PLAIN", "NBGRADER_EXECUTION"])
def test_nothing_is_trained_where_nobody_looks(short, tmp_path, monkeypatch, shown, capsys, variable):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, "1")
    watch("S1", "builtin")
    assert list(tmp_path.iterdir()) == shown == []
    assert "rnnkit run S1" in capsys.readouterr().out


def test_the_run_that_solves_is_not_due():
    from rnnkit.assignments import get_assignment

    assignment = get_assignment("training_dynamics")
    assert "S1" not in (*assignment.hand_in.runs, *assignment.hand_in.welcome)
    assert "S1" not in (*assignment.experiment.due, *assignment.experiment.on_page)
