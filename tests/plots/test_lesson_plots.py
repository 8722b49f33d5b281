"""Pictures of a task's sequence, of an unrolled network, and of gradients on their way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch

from rnnkit.plots.backwards import plot_clipping, plot_eigenvalues, plot_losses
from rnnkit.plots.sequences import asked, plot_sequence
from rnnkit.plots.unrolled import plot_unrolled
from rnnkit.plots.words import told
from rnnkit.tasks import TASKS, Batch, Task, get_task


def written(figure) -> list[str]:
    """What stands in the axes."""
    return [text.get_text() for ax in figure.axes for text in ax.texts]


@pytest.mark.parametrize("name", TASKS)
def test_each_task_is_drawn_with_a_name_for_every_row(name):
    task = get_task(name)
    assert (len(task.channels), len(task.outputs)) == (task.n_in, task.n_out)
    figure = plot_sequence(task, length=12)
    figure.draw_without_rendering()
    when = "at every step" if name == "mem" else "step 12 only"
    assert when in figure.get_suptitle()


def test_a_target_stands_where_it_is_asked_for():
    mem = get_task("mem", mempos=4)
    batch = mem.sample(np.random.RandomState(1), 12, 1)
    assert np.isfinite(asked(mem, batch)).all()
    assert asked(mem, batch).argmax(0).tolist() == batch.targets[:, 0].tolist()
    mul = get_task("mul")
    batch = mul.sample(np.random.RandomState(1), 24, 1)
    marked = batch.inputs[batch.inputs[:, 0, 0] == 1, 0, 1]
    (image,) = asked(mul, batch)
    assert np.isnan(image[:-1]).all()
    assert image[-1] == pytest.approx(float(marked.prod()))


def test_numbers_are_written_out_where_there_is_room():
    mul = get_task("mul")
    value = float(mul.sample(np.random.RandomState(1), 24, 1).targets)
    assert f"{value:.2f}".lstrip("0") in written(plot_sequence(mul, length=24))
    assert not written(plot_sequence(mul, length=100))


@dataclass(frozen=True)
class Echo(Task):
    """A task of some later assignment, which knows no more than what a task has to."""

    name: ClassVar[str] = "echo"
    head: ClassVar[str] = "lastLinear"
    n_in: ClassVar[int] = 3
    n_out: ClassVar[int] = 2

    def _draw(self, rng, length, batch):
        x = torch.from_numpy(rng.normal(size=(length, batch, 3)).astype(np.float32))
        return Batch(x, x[0, :, :2])


def test_a_task_that_nobody_foresaw_is_drawn_as_well():
    figure = plot_sequence(Echo(), length=10)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["0", "1", "2"]


def test_only_the_ways_that_there_are_lead_back():
    arrows = [len(plot_unrolled(every, at=2).axes[0].texts) for every in (True, False)]
    assert arrows[0] > arrows[1]
    assert any("direct part: through" in text for text in written(plot_unrolled(True, at=2)))
    assert any("direct part: none" in text for text in written(plot_unrolled(False, at=2)))
    assert not any("direct part" in text for text in written(plot_unrolled()))


def test_an_unrolled_network_says_where_its_arrows_lead():
    assert "h_1 to o_1 to L_1, h_T to o_T to L_T" in told(plot_unrolled(True, steps=2))[0]
    words, _ = told(plot_unrolled(False, at=2))
    assert "outputs and their losses: h_T to o_T to L_T; back to h_2 lead no direct part, and the way" in words
    assert "the direct part from L_2 through o_2" in told(plot_unrolled(True, at=2))[0]


def test_curves_have_their_numbers():
    g = np.array([1e-3, 1e-2, 0.1])
    figure = plot_eigenvalues({"a": 0.1 * np.eye(2)}, {"a": (g, g)})
    assert "a" in written(figure)
    figure = plot_clipping({"n": (np.array([0, 2.0]), np.array([0, 1.0]))})
    assert np.isnan(figure.axes[0].lines[0].get_ydata()[0])  # a logarithm of nothing
    figure = plot_losses({"n": {"leaps": np.array([1.0, 1e140, np.nan]), "falls": np.array([1.0, 0.5, 0.1])}})
    assert figure.axes[0].get_ylim()[1] == 100
