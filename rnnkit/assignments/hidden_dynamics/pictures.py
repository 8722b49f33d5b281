"""Pictures of one network: its curves, its units over time, and what it listens to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnkit.assignments.hidden_dynamics import inside, network
from rnnkit.assignments.hidden_dynamics.network import C, H, Weights
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.plots.seeds import draw_band
from rnnkit.plots.style import BLACK, BLUE, GREEN, GREY, LINES, NARROW, ORANGE, legend_below, new_figure

WHEN = {"before": ORANGE, "after": BLUE}
KIND_COLORS = {inside.ACCUMULATOR: BLUE, inside.OSCILLATOR: GREEN, inside.TRANSIENT: ORANGE}
SEQUENCES = 6
BATCH = 320


def learning(settings: Net, record: Mapping[str, Any]) -> Figure:
    """Loss and accuracy by epoch, training and test; lines where the rate is halved and where the test is best."""
    figure, (loss, accuracy) = new_figure(2, 1, width=4.5, height=2.8)
    epochs = 1 + np.arange(len(record["test_loss"]))
    for part, color in (("train", ORANGE), ("test", BLUE)):
        loss.plot(epochs, record[f"{part}_loss"], color=color, label=part)
        accuracy.plot(epochs, 100 * np.asarray(record[f"{part}_acc"]), color=color)
    best = int(np.argmax(record["test_acc"])) + 1
    accuracy.axvline(best, color=BLUE, linestyle=":", label=f"best test epoch, {best}")
    halved = range(settings.halve, len(epochs), settings.halve) if settings.halve else ()
    for n, epoch in enumerate(halved):
        loss.axvline(epoch + 0.5, color=GREY, linestyle="--", linewidth=0.9, label=None if n else "rate halved")
    loss.set(xlabel="epoch", ylabel="loss (nats)", ylim=(0, None))
    accuracy.set(xlabel="epoch", ylabel="accuracy (%)")
    loss.legend(fontsize=8)
    accuracy.legend(fontsize=8, loc="lower right")
    told = f"{settings.cell}, {settings.init}" if settings.cell == "rnn" else f"torch's {settings.cell}"
    figure.suptitle(f"{settings.name}: {told}, T = {settings.T}", fontsize=10)
    return figure


def trajectories(settings: Net, weights: Weights, first: int = 0, count: int = 16) -> Figure:
    """Units of layer 2 over time, a panel each, for sequences that are clearly on one side: blue for label 1."""
    states, labels = over_sequences(settings, weights)
    found = kinds_of(settings, weights)
    figure, axes = new_figure(4, -(-count // 4), width=2.3, height=1.25, sharex=True, sharey=True)
    for unit, ax in enumerate(axes[:count], first):
        for curve, label in zip(states[:, :, unit].T, labels, strict=True):
            ax.plot(1 + np.arange(settings.T), curve, color=BLUE if label else ORANGE, linewidth=0.9)
        ax.set_title(f"unit {unit}, {found[unit]}", fontsize=8)
        ax.set_ylim(-1.05, 1.05)
    for ax in axes[-4:]:
        ax.set_xlabel("step t", fontsize=8)
    return figure


def over_sequences(settings: Net, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """States of layer 2 ``(T, N, H)`` for some fresh sequences, three of each label, and the labels ``(N,)``."""
    x, y = inside.fresh(settings)
    order = np.argsort(x.mean((0, 2)))
    far = len(order) // 20
    chosen = np.concatenate([order[far : far + SEQUENCES // 2], order[-far - SEQUENCES // 2 : -far]])
    return network.run(weights, x[:, chosen]).states[1][1:], y[chosen]


def kinds_of(settings: Net, weights: Weights) -> np.ndarray:
    """The kind of each unit of layer 2, ``(H,)``."""
    x, _ = inside.fresh(settings)
    return inside.kinds(*inside.features(network.run(weights, x).states[1][1:], x))


def flow(settings: Net, record: Mapping[str, Any], narrow: bool = False) -> Figure:
    """dL/dh_t, contribution to dL/dW_hh, and input sensitivity by step, before and after training."""
    x, y = inside.fresh(settings)
    steps = 1 + np.arange(settings.T)
    columns, lines, width = (1, 3, NARROW) if narrow else (3, 1, 3.6)
    figure, (reaching, adding, sensitivity) = new_figure(columns, lines, width=width, height=2.8)
    for when, weights in inside.both(settings, record).items():
        found = inside.flow_of(weights, x[:, :BATCH], y[:BATCH])
        for layer, line in ((1, "-"), (2, "--")):
            told = f"layer {layer}, {when} training"
            reaching.semilogy(steps, found.reaching[layer - 1], line, color=WHEN[when], label=told)
            adding.semilogy(steps[1:], found.adding[layer - 1][1:], line, color=WHEN[when])
        sensitivity.plot(steps, found.sensitivity, color=WHEN[when])
    reaching.set(title="||dL/dh_t||", xlabel="step t")
    adding.set(title="contribution to dL/dW_hh", xlabel="step t")
    sensitivity.set(title="d(logit_1 - logit_0)/d(all of x_t)", xlabel="step t")
    sensitivity.axhline(0, color=BLACK, linewidth=0.6)
    reaching.legend(fontsize=7)
    for ax in (reaching, adding, sensitivity):
        ax.title.set_fontsize(9)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def running_mean(settings: Net, weights: Weights) -> Figure:
    """How well each accumulator knows the mean so far, at every step: its correlation over sequences."""
    x, _ = inside.fresh(settings)
    states = network.run(weights, x).states[1][1:]
    units = kinds_of(settings, weights) == inside.ACCUMULATOR
    figure, (ax,) = new_figure(1, 1, width=5, height=2.6)
    curves = inside.running(states, x, units)
    ax.plot(1 + np.arange(settings.T), curves, color=BLUE, linewidth=0.5, alpha=0.7)
    ax.set(xlabel="step t", ylabel="|correlation|\nwith the mean so far", ylim=(0, 1.02))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_title(f"{units.sum()} accumulators of {len(units)} units; {C} channels", fontsize=9)
    return figure


# ---- of several networks --------------------------------------------------------------------------------------------


def curves(arms: Mapping[str, Sequence[Mapping[str, Any]]], rules: Mapping[str, float]) -> Figure:
    """Loss and test accuracy by epoch, a line for each arm: of several seeds the median with its band.

    Arguments:
        arms: records, by what they are called.
        rules: accuracies of those that need no network, by what they are called.
    """
    figure, (loss, accuracy) = new_figure(1, 2, width=NARROW, height=2.9)

    def of(name: str, records: Sequence[Mapping[str, Any]], scale: float) -> list[tuple[np.ndarray, np.ndarray]]:
        return [(1 + np.arange(len(one[name])), scale * np.asarray(one[name])) for one in records]

    for (arm, records), (color, _) in zip(arms.items(), cycle(LINES)):
        draw_band(loss, of("train_loss", records, 1), color=color, linestyle=":")
        draw_band(loss, of("test_loss", records, 1), color=color)
        draw_band(accuracy, of("test_acc", records, 100), color=color, label=f"{arm}: {ends(records)}")
    for (rule, value), style in zip(rules.items(), cycle(("--", "-."))):
        accuracy.axhline(100 * value, color="0.5", linestyle=style, linewidth=0.9, label=f"{rule}: {100 * value:.1f}")
    accuracy.axhline(50, color=BLACK, linestyle=":", linewidth=0.9, label="chance")
    loss.set(ylabel="loss (nats)", ylim=(0, None))
    loss.plot([], [], ":", color=BLACK, label="training")
    loss.plot([], [], color=BLACK, label="test")
    loss.legend(fontsize=7)
    accuracy.set(xlabel="epoch", ylabel="test accuracy (%)")
    legend_below(accuracy)
    return figure


def ends(records: Sequence[Mapping[str, Any]]) -> str:
    """The accuracy of the last epoch and of the best one, in percent: of several seeds the medians."""
    last, best = (100 * float(np.median([of(one["test_acc"]) for one in records])) for of in (lambda a: a[-1], np.max))
    return f"last {last:.1f}, best {best:.1f}" + (f", {len(records)} seeds" if len(records) > 1 else "")


def without(units: Sequence[Mapping[str, Any]], held: Sequence[Mapping[str, Any]]) -> Figure:
    """How many units are of which kind; and the change of the accuracy with those of a kind held at their mean.

    Arguments:
        units, held: rows of `rnnkit.assignments.hidden_dynamics.rows`, with the ``seed`` of each.
    """
    figure, (counts, change) = new_figure(1, 2, width=NARROW, height=2.6)
    for place, kind in enumerate(inside.KINDS):
        for shift, (when, color) in zip((-0.15, 0.15), WHEN.items(), strict=True):
            found = [int(row[f"{kind}s"]) for row in units if row["when"] == when]
            counts.bar(place + shift, np.median(found), 0.28, fc=(color, 0.4), ec=color, label=None if place else when)
            counts.plot(np.full(len(found), place + shift), found, "o", color=color, markersize=3)
    whole = {row["seed"]: row for row in held if row["held"] == "none"}
    there = {row["held"] for row in held}
    named = [name for kind in inside.KINDS for name in (kind, f"as many accumulators as {kind}s")]
    kinds = [name for name in named if name in there]
    for column, color, told, shift in (("accuracy", BLUE, "all", -0.1), ("nearest", ORANGE, "nearest fifth", 0.1)):
        for place, kind in enumerate(kinds):
            lost = [100 * (row[column] - whole[row["seed"]][column]) for row in held if row["held"] == kind]
            change.plot(lost, np.full(len(lost), place + shift), "o", color=color, markersize=4,
                        label=None if place else told)  # fmt: skip
    counts.set(ylabel=f"units of {H}", ylim=(0, H))
    counts.set_xticks(range(len(inside.KINDS)), [f"{kind}s" for kind in inside.KINDS])
    change.set(xlabel="change of the accuracy (points)")
    change.set_yticks(range(len(kinds)), [kind.replace(" as ", "\nas ") for kind in kinds], fontsize=8)
    change.invert_yaxis()
    change.axvline(0, color=BLACK, linewidth=0.6)
    for ax in (counts, change):
        ax.legend(fontsize=7)
    return figure


def needed(accuracies: Mapping[str, float]) -> Figure:
    """The bound, by the share of the steps; and the share that each of these accuracies needs at least."""
    figure, (ax,) = new_figure(width=NARROW, height=3.2)
    shares = np.linspace(0, 1, 400)
    ax.plot(shares, 100 * inside.best_accuracy(shares, 1), color=GREY)
    for (label, accuracy), (color, _), mark in zip(accuracies.items(), cycle(LINES), cycle("osD^v")):
        share = float(inside.steps_used(accuracy, 1))
        ax.plot(share, 100 * accuracy, mark, color=color, label=f"{label}: {100 * accuracy:.1f}, {share:.1%}")
    ax.set(xlabel="share of the steps, k / T", ylabel="best accuracy (%)")
    legend_below(ax)
    return figure
