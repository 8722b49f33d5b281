"""Small figures and numbers of the student's own functions, for the notebook of the questions.

They look at the document's network, which is trained when the first of them is shown. Everything is computed then, from
what the functions give: no number here is quoted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.assignments.hidden_dynamics import network
from rnnkit.assignments.hidden_dynamics.network import BATCH, C, H, T, Trained, Weights
from rnnkit.checks.sandbox import quiet
from rnnkit.plots.small import show_small, sketch
from rnnkit.plots.style import BLUE, GREEN, GREY, ORANGE

START = 8  # where the lag-1 correlation begins: before, states grow from 0
KINDS = "accumulator", "oscillator", "transient"
STEPS, TICKS = range(1, T + 1), (1, 5, 10, 15, 20)
Function = Callable[..., Any]


def _tensor(values: Any) -> Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float64)


def _numbers(value: Any) -> np.ndarray:
    return value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value, dtype=float)


def _labelled(labels: Function, X: np.ndarray) -> np.ndarray:
    """The student's labels, one for each sequence."""
    y = _numbers(labels(_tensor(X)))
    if y.shape != X.shape[:1]:  # else matplotlib draws a bar for each sequence
        raise ValueError(f"expected {len(X)} labels, got an array of shape {y.shape}")
    return y


def _accuracy(value: Any) -> str:
    """A fraction in percent; what is none as it is."""
    share = float(value)
    return f"{share:.1%}" if 0 <= share <= 1 else f"{share:.4g} (which cannot be: a fraction is between 0 and 1)"


def _clear(trained: Trained) -> np.ndarray:
    """Six test sequences that are clearly on one side, three on each, those of label 0 first."""
    order = np.argsort(trained.X.mean((1, 2)))
    return np.concatenate([order[10:40:10], order[-40:-10:10]])


def _when(trained: Trained) -> tuple[tuple[str, Weights, str], ...]:
    return ("before training", trained.start, ORANGE), ("after training", trained.end, BLUE)


@sketch(quiet)
def means(labels: Function) -> None:
    """A thousand test sequences by their global mean, in the colours of their labels."""

    def draw(figure: Any) -> None:
        X, _ = network.sequences(np.random.default_rng(0), network.TEST)
        y, mean = _labelled(labels, X), X.mean((1, 2))
        axes, edges = figure.subplots(), np.linspace(-0.25, 0.25, 51)
        for label, color in ((0, ORANGE), (1, BLUE)):
            axes.hist(mean[y == label], edges, fc=(color, 0.8), ec=color, label=f"label {label}")
        near = float((np.abs(mean) < 0.01).mean())
        print(f"label 1: {int(y.sum())} of {len(y)}; standard deviation of the mean {mean.std():.4f}, "
              f"1/sqrt({T * C}) = {1 / np.sqrt(T * C):.4f}; within 0.01 of the boundary: {near:.1%}")  # fmt: skip
        axes.set(xlabel="mean over time and channels", ylabel="sequences")
        axes.legend(frameon=False)

    show_small(draw, (7, 2.6))


@sketch(quiet)
def count(parameters: Function) -> None:
    """The count for the document's sizes, beside the network's own arrays."""
    rows = {layers: parameters(C, H, layers, 2) for layers in (1, 2, 3)}
    weights = network.initial(np.random.default_rng(0))
    print(", ".join(f"{name} {value.size}" for name, value in weights.items()))
    print(f"together {sum(value.size for value in weights.values())}; your count for 1, 2, 3 layers: "
          f"{', '.join(map(str, rows.values()))}")  # fmt: skip


@sketch(quiet)
def trajectories(layer: Function) -> None:
    """Sixteen units of the trained network's second layer over six test sequences, by the student's own layer."""

    def draw(figure: Any) -> None:
        trained = network.trained()
        chosen = _clear(trained)
        x = _tensor(trained.X[chosen])
        for k in (1, 2):
            names = (f"W_xh{k}", f"b_xh{k}", f"W_hh{k}", f"b_hh{k}")
            x = torch.as_tensor(_numbers(layer(x, *(_tensor(trained.end[name]) for name in names))))
        states = network.run(trained.end, trained.X[chosen].swapaxes(0, 1)).states[1][1:]
        print(f"farthest from the network's own states: {np.abs(x.numpy().swapaxes(0, 1) - states).max():.1e}")
        for unit, axes in enumerate(figure.subplots(4, 4, sharex=True, sharey=True).flat):
            for place, sequence in enumerate(x.numpy()):
                color = BLUE if trained.y[chosen[place]] else ORANGE
                axes.plot(STEPS, sequence[:, unit], color=color, linewidth=0.9)
            axes.set(ylim=(-1.05, 1.05), yticks=(-1, 0, 1), xticks=(1, 10, 20))
            axes.set_title(f"unit {unit}", fontsize=7, pad=2)

    show_small(draw, (9, 5))


@sketch(quiet)
def flow(contributions: Function) -> None:
    """dL/dh_t, and what each step adds to the gradient of W_hh, of both layers, before and after training."""

    def draw(figure: Any) -> None:
        trained = network.trained()
        reaching, adding = figure.subplots(1, 2)
        for when, weights, color in _when(trained):
            for layer, line in ((1, "-"), (2, "--")):
                states, flow, gradient = _passed_back(weights, trained, layer)
                reaches = np.sqrt((flow**2).sum((1, 2)))
                terms = _numbers(contributions(_tensor(states), _tensor(flow)))
                reaching.semilogy(STEPS, reaches, line, color=color, label=f"layer {layer}, {when}")
                adding.semilogy(STEPS[1:], terms[1:], line, color=color)
                print(f"layer {layer}, {when}: dL/dh_t, step 1 over step {T}: {reaches[0] / reaches[-1]:.3g}; "
                      f"contribution of step 1: {terms[0]:.1g}, of step 2 over step {T}: {terms[1] / terms[-1]:.3g}; "
                      f"steps 1 to {T // 2}: {terms[: T // 2].sum() / terms.sum():.0%} of the sum of all norms, which "
                      f"is {terms.sum() / np.linalg.norm(gradient):.2f} times the norm of the gradient")  # fmt: skip
        reaching.set(title="||dL/dh_t||", xlabel="step t", xticks=TICKS)
        adding.set(title="contribution to dL/dW_hh", xlabel="step t", xticks=TICKS)
        reaching.legend(frameon=False, fontsize=8)

    show_small(draw, (9, 3.2))


def _passed_back(weights: Weights, trained: Trained, layer: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States, total derivatives and dL/dW_hh of a layer, for ten batches of test sequences."""
    X, y = trained.X[: 10 * BATCH], trained.y[: 10 * BATCH]
    passed = network.run(weights, X.swapaxes(0, 1))
    found, flows = network.back(weights, passed, network.loss_of(passed.logits, y)[1])
    return passed.states[layer - 1], flows[layer - 1], found[f"W_hh{layer}"]


def _logits(weights: Weights) -> Callable[[Tensor], Tensor]:
    """The network in torch, as a function of sequences ``(B, T, C)``."""
    w = {name: _tensor(value) for name, value in weights.items()}

    def logits(x: Tensor) -> Tensor:
        steps = x.unbind(1)
        for k in (1, 2):
            h, states = torch.zeros(len(x), H, dtype=x.dtype), []
            for one in steps:
                h = torch.tanh(one @ w[f"W_xh{k}"] + w[f"b_xh{k}"] + w[f"b_hh{k}"] + h @ w[f"W_hh{k}"])
                states.append(h)
            steps = tuple(states)
        return steps[-1] @ w["W_ho"] + w["b_o"]

    return logits


@sketch(quiet)
def sensitivity(input_sensitivity: Function) -> None:
    """By how much the answer moves with the input of each step, at the start and after training."""

    def draw(figure: Any) -> None:
        trained, axes = network.trained(), figure.subplots()
        x = _tensor(trained.X[:200])
        for name, weights, color in _when(trained):
            found = _numbers(input_sensitivity(_logits(weights), x))
            axes.plot(STEPS, found, "o-", color=color, markersize=3, label=name)
            print(f"{name}: step 1 {found[0]:.2f}, step {T // 2} {found[T // 2 - 1]:.2f}, step {T} {found[-1]:.2f}; "
                  f"smallest {found.min():.2f}, largest {found.max():.2f}")  # fmt: skip
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.set(xlabel="step t", ylabel="d(logit_1 - logit_0) / d(all of x_t)", xticks=TICKS)
        axes.yaxis.label.set_fontsize(8)
        axes.legend(frameon=False)

    show_small(draw, (7, 2.8))


def _measured(unit_features: Function, weights: Weights, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    hidden = network.run(weights, X.swapaxes(0, 1)).states[1][1:].swapaxes(0, 1)
    c, a = unit_features(_tensor(hidden), _tensor(X), START)
    return _numbers(c), _numbers(a)


@sketch(quiet)
def units(unit_features: Function) -> None:
    """The 64 units of the second layer by their two features, before and after training."""

    def draw(figure: Any) -> None:
        trained = network.trained()
        for axes, (name, weights, color) in zip(figure.subplots(1, 2, sharey=True), _when(trained), strict=True):
            c, a = _measured(unit_features, weights, trained.X)
            axes.plot(c, a, "o", color=color, markersize=4)
            for edge in (-0.5, 0.5):
                axes.axvline(edge, color=GREY, linewidth=0.8)
            axes.axhline(-0.1, color=GREY, linewidth=0.8)
            axes.set(title=name, xlabel="c", xlim=(-1.05, 1.05), ylim=(-0.6, 1.05))
            low, middle, high = np.quantile(a, (0, 0.5, 1))
            print(f"{name}: |c| up to {np.abs(c).max():.2f}, median {np.median(np.abs(c)):.2f}; "
                  f"a from {low:.2f} to {high:.2f}, median {middle:.2f}")  # fmt: skip
        figure.axes[0].set_ylabel("a")

    show_small(draw, (8, 3))


@sketch(quiet)
def kinds(unit_features: Function, taxonomy: Function, said: Any = "") -> None:
    """How many units are of which kind, before and after training, and one unit of each kind.

    Arguments:
        said: how many were foretold to oscillate.
    """

    def draw(figure: Any) -> None:
        trained, examples = network.trained(), {}
        for name, weights, _ in _when(trained):
            words = list(taxonomy(*map(_tensor, _measured(unit_features, weights, trained.X))))
            print(f"{name}: {', '.join(f'{words.count(kind)} {kind}s' for kind in KINDS)}")
            hidden = network.run(weights, trained.X[_clear(trained)].swapaxes(0, 1)).states[1][1:]
            examples |= {kind: (name, hidden[..., words.index(kind)]) for kind in KINDS if kind in words}
        print(f"you said of the oscillators after training: {said or 'nothing'}")
        for axes, kind in zip(figure.subplots(1, 3, sharey=True), KINDS, strict=True):
            when, states = examples.get(kind, ("there is none", np.zeros((T, 0))))
            for place, one in enumerate(states.T):
                axes.plot(STEPS, one, color=BLUE if place > 2 else ORANGE, linewidth=0.9)
            axes.set(title=f"{kind}, {when}", xlabel="step t", ylim=(-1.05, 1.05), xticks=TICKS)
            axes.title.set_fontsize(9)

    show_small(draw, (9, 2.6))


@sketch(quiet)
def bound(best_accuracy: Function, steps_used: Function, said: Any = "") -> None:
    """The best accuracy by steps seen, beside a count on random sequences, and what the trained network's says.

    Arguments:
        said: the accuracy that was foretold for half of the steps.
    """

    def draw(figure: Any) -> None:
        trained, axes = network.trained(), figure.subplots()
        S = np.cumsum(np.random.default_rng(1).standard_normal((20_000, T)), axis=1)
        shares = [0.5, *((S > 0) == (S[:, -1:] > 0)).mean(0)]
        axes.plot(range(T + 1), [float(best_accuracy(k, T)) for k in range(T + 1)], color=BLUE, label="your bound")
        axes.plot(range(T + 1), shares, "o", color=ORANGE, markersize=3, label="sign of the first k, counted")
        last, best = trained.curves["test_acc"][-1], trained.curves["test_acc"].max()
        for name, accuracy in (("last epoch", last), ("best epoch", best), ("the page's best", 0.937)):
            print(f"{name}: {accuracy:.1%} needs {float(steps_used(float(accuracy), T)):.1f} of {T} steps; "
                  f"of 100 steps {float(steps_used(float(accuracy), 100)):.1f}")  # fmt: skip
        print(f"with half of the steps at most {_accuracy(best_accuracy(T // 2, T))}; you said {said or 'nothing'}")
        axes.axhline(last, color=GREEN, linestyle="--", label="the network, last epoch")
        axes.set(xlabel="steps seen, k", ylabel="accuracy", ylim=(0.45, 1.02), xticks=(0, *TICKS))
        axes.legend(frameon=False)

    show_small(draw, (7, 3))


@sketch(quiet)
def boundary(labels: Function) -> None:
    """Accuracy by the distance of the mean from 0, of the network and of a linear rule that was fitted."""

    def draw(figure: Any) -> None:
        trained, axes = network.trained(), figure.subplots()
        y = _labelled(labels, trained.X)
        guesses = network.run(trained.end, trained.X.swapaxes(0, 1)).logits.argmax(1)
        X, its = network.sequences(np.random.default_rng(2), network.TRAIN)
        rule = np.linalg.lstsq(X.reshape(len(X), -1), 2.0 * its - 1, rcond=None)[0]
        flat = trained.X.reshape(len(y), -1)
        fifth = np.argsort(np.argsort(np.abs(trained.X.mean((1, 2))))) * 5 // len(y)
        answers = {"network": (guesses, BLUE), "linear rule": ((flat @ rule > 0).astype(int), ORANGE)}
        for shift, (name, (one, color)) in enumerate(answers.items()):
            shares = [float((one == y)[fifth == k].mean()) for k in range(5)]
            axes.bar(np.arange(1, 6) + 0.4 * shift - 0.2, shares, 0.38, color=color, label=name)
            print(f"{name}: {(one == y).mean():.1%}; by fifth of |mean|: {', '.join(f'{one:.1%}' for one in shares)}")
        axes.set(xlabel="fifth of |mean|, the nearest to 0 first", ylabel="accuracy", ylim=(0.45, 1.19))
        axes.legend(frameon=False, loc="upper left", ncols=2)

    show_small(draw, (7, 2.8))


@sketch(quiet)
def curves(summary: Function) -> None:
    """Loss and accuracy by epoch, the summary, and how far luck alone moves it."""

    def draw(figure: Any) -> None:
        found = network.trained().curves
        row = summary(*(curve.tolist() for curve in found.values()))
        epochs = 1 + np.arange(len(found["test_acc"]))
        for axes, kind in zip(figure.subplots(1, 2), ("loss", "acc"), strict=True):
            for part, color in (("train", ORANGE), ("test", BLUE)):
                axes.plot(epochs, found[f"{part}_{kind}"], color=color, label=part)
            axes.set(title={"loss": "loss (nats)", "acc": "accuracy"}[kind], xlabel="epoch")
        figure.axes[1].axvline(row["best_epoch"], color=GREY, linestyle=":", label="best test epoch")
        figure.axes[1].legend(frameon=False)
        figure.axes[0].legend(frameon=False)
        print({name: value if type(value) is int else round(float(value), 4) for name, value in row.items()})
        late, share = found["test_acc"][-10:], float(row["test_acc"])
        print(f"last ten epochs: {late.mean():.1%}, from {late.min():.1%} to {late.max():.1%}; an accuracy of "
              f"{_accuracy(share)} on {network.TEST} sequences has a standard error of "
              f"{np.sqrt(share * (1 - share) / network.TEST):.1%}")  # fmt: skip

    show_small(draw, (9, 2.8))
