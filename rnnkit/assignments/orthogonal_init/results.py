"""The document's results: its table in words, and its ``results.json``, with what the table leaves out beside."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnkit.assignments.orthogonal_init.facts import facts_of
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.tasks import LINEAR, chance
from rnnkit.assignments.orthogonal_init.training import solved_epoch
from rnnkit.common.text import aligned

COLUMNS = ("task", "T", "metric", "chance", "ortho final", "random final", "gap", "ortho solved@", "random solved@")
Trained = Sequence[tuple[Arm, Mapping[str, Any]]]  # settings and record


def row_of(settings: Arm, record: Mapping[str, Any]) -> dict[str, Any]:
    """One arm in ``rows``: the document's keys, then the best value, whether it was sustained, both squared errors."""
    facts, last = facts_of(settings, record), float(record["metric"][-1])
    linear = settings.kind.head == LINEAR
    return {
        "task": settings.task,
        "init": settings.init,
        "T": settings.T,
        "chance": chance(settings.task, settings.T),
        "metric_name": settings.kind.metric,
        "final_metric": last,
        "final_loss": float(record["loss"][-1]),
        "solved_epoch": solved_epoch(settings, record),
        "wallclock_s": float(record["seconds"]),
        "best": facts["best"],
        "sustained": facts["sustained"],
        "half_mse": last if linear else None,
        "mse": 2 * last if linear else None,
    }


def history_of(settings: Arm, record: Mapping[str, Any]) -> dict[str, Any]:
    """One arm in ``histories``."""
    return {
        "epoch": [*range(1, len(record["loss"]) + 1)],
        "loss": np.asarray(record["loss"]).tolist(),
        "metric": np.asarray(record["metric"]).tolist(),
        "metric_name": settings.kind.metric,
        "solved_epoch": solved_epoch(settings, record),
        "task": settings.task,
        "init": settings.init,
        "sequence_len": settings.T,
        **_config(settings),
        "n_params": settings.shape.P,
    }


def _config(settings: Arm) -> dict[str, Any]:
    """What the document says of every run."""
    names = {
        "n_hidden": "H", "lr": "lr", "momentum": "momentum", "batch_size": "batch", "batches_per_epoch": "batches",
        "n_epochs": "epochs", "clip": "clip", "seed": "seed",
    }  # fmt: skip
    return {name: getattr(settings, ours) for name, ours in names.items()}


def document(trained: Trained, seconds: float) -> dict[str, Any]:
    """All of ``results.json``.

    Arguments:
        trained: of equal settings but for task, init and T.
        seconds: that passed.
    """
    versions = {"python": platform.python_version(), "numpy": np.__version__, "platform": platform.platform()}
    lengths = {settings.task: settings.T for settings, _ in trained}
    return {
        "rows": [row_of(*one) for one in trained],
        "histories": {f"{settings.task}__{settings.init}": history_of(settings, one) for settings, one in trained},
        "total_wallclock_s": seconds,
        "config": {**_config(trained[0][0]), "task_T": lengths, "dtype": trained[0][0].dtype, **versions},
    }


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The document's table of both arms of each task, and under it what it does not tell."""
    arms = {(row["task"], row["init"]): row for row in rows}
    lines, more = [COLUMNS], [("task", "init", "best", "sustained", "half-MSE", "MSE")]
    for task in dict.fromkeys(row["task"] for row in rows):
        ortho, random = arms[task, "ortho"], arms[task, "random"]
        gap = abs(ortho["final_metric"] - random["final_metric"])
        numbers = [ortho["chance"], ortho["final_metric"], random["final_metric"], gap]
        epochs = [row["solved_epoch"] or "never" for row in (ortho, random)]
        lines.append((task, str(ortho["T"]), ortho["metric_name"], *(f"{n:.3f}" for n in numbers), *map(str, epochs)))
    for row in rows:
        errors = ["" if row[name] is None else f"{row[name]:.4f}" for name in ("half_mse", "mse")]
        more.append((row["task"], row["init"], f"{row['best']:.4f}", "yes" if row["sustained"] else "no", *errors))
    return f"{aligned(lines)}\n\nsustained: all of the last five epochs past the threshold\n{aligned(more)}"
