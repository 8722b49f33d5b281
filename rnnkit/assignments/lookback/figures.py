"""The pictures of one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rnnkit.assignments.lookback.facts import facts_of
from rnnkit.assignments.lookback.settings import Net
from rnnkit.plots.controls import legend_above
from rnnkit.plots.style import BLACK, BLUE, ORANGE, SKY, new_figure

COLOURS = {"rnn": (ORANGE, "-"), "gru": (BLUE, "--")}  # as the document draws them
BINS = {"1": "acc_1", "2-3": "acc_2_3", "4-5": "acc_4_5", "6+": "acc_6"}


def learning(settings: Net, record: Mapping[str, Any]) -> Figure:
    """Loss on training and dev sentences by epoch, and what is reached without reading; the same for accuracy."""
    facts, number = facts_of(settings, record), settings.task == "agreement"
    figure, axes = new_figure(2 if number else 1, 1, width=4.2, height=2.9)
    epochs = 1 + np.arange(len(record["dev_loss"]))
    colour, line = COLOURS[settings.model]
    without = "always the shares of the two classes" if number else "a unigram model"
    loss = axes[0]
    loss.plot(epochs, record["dev_loss"], color=colour, linestyle=line, label="dev")
    loss.plot(epochs, record["train_loss"], color=SKY, linestyle=line, label="training")
    if facts.get("prior_loss", "") != "":
        loss.axhline(facts["prior_loss"], color=BLACK, linestyle=":", label=without)
    loss.set(xlabel="epoch", ylabel="loss (nats a sentence)" if number else "loss (nats a word)")
    legend_above(loss)
    if number:
        axes[1].plot(epochs, 100 * np.asarray(record["dev_acc"]), color=colour, linestyle=line, label="dev")
        axes[1].plot(epochs, 100 * np.asarray(record["train_acc"]), color=SKY, linestyle=line, label="training")
        if facts.get("majority", "") != "":
            axes[1].axhline(100 * facts["majority"], color=BLACK, linestyle=":", label="always the majority")
        axes[1].set(xlabel="epoch", ylabel="accuracy (%)")
        legend_above(axes[1])
    named = "" if settings.name == settings.model else f"{settings.name}: "
    figure.suptitle(f"{named}{settings.model}, {settings.H} units, looks back {settings.lookback} steps")
    return figure


def looking_back(settings: Net, record: Mapping[str, Any]) -> Figure:
    """Norm of each lag's term of dL/dU before training and after it, and accuracy by distance."""
    figure, axes = new_figure(2, 1, width=4.2, height=2.9)
    colour, line = COLOURS[settings.model]
    gates = ("",) if settings.model == "rnn" else ("r", "z", "h")
    lags = np.arange(np.asarray(record["norms"]).shape[1])
    for gate, before, after, mark in zip(gates, record["norms_initial"], record["norms"], "osd", strict=False):
        axes[0].semilogy(lags, before, color=SKY, linestyle=line, marker=mark, markersize=3, label=f"U{gate} before")
        axes[0].semilogy(lags, after, color=colour, linestyle=line, marker=mark, markersize=3, label=f"U{gate} trained")
    axes[0].axvline(settings.lookback, color=BLACK, linestyle=":", label="the lookback of this run")
    axes[0].set(xlabel="lag (steps)", ylabel="norm of the lag's own term (nats)")
    legend_above(axes[0], 2)
    facts = facts_of(settings, record)
    known = {name: facts[key] for name, key in BINS.items() if facts.get(key, "") != ""}
    axes[1].bar(list(known), [100 * value for value in known.values()], color=colour, width=0.6)
    if facts.get("majority", "") != "":
        axes[1].axhline(100 * facts["majority"], color=BLACK, linestyle=":", label="always the majority")
        legend_above(axes[1])
    axes[1].set(xlabel="distance from subject to verb (steps)", ylabel="accuracy (%)", ylim=(0, 105))
    return figure
