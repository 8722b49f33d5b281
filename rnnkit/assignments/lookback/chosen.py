"""The setting that a sweep chose, judged on the test split: once."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rnnkit.assignments.lookback.batches import shelve
from rnnkit.assignments.lookback.data import splits_of
from rnnkit.assignments.lookback.experiment import EXPERIMENT
from rnnkit.assignments.lookback.judged import sentence_by_sentence
from rnnkit.assignments.lookback.settings import Net
from rnnkit.assignments.lookback.training import measured
from rnnkit.common.names import BadValue
from rnnkit.common.whole import save_text
from rnnkit.runs.tables import read_runs

TEST = "test.json"


def on_test(settings: Net, record: Mapping[str, Any]) -> dict[str, float]:
    """Loss (nats), perplexity and accuracy of a run's best weights on its test split."""
    splits, best = splits_of(settings), np.asarray(record["best"])
    model = settings.shape(splits.vocabulary.size)
    loss, accuracy = (float(one[0]) for one in measured(model, best[None], shelve(splits.test.x, splits.test.d)))
    return {"test_loss": loss, "test_perplexity": math.exp(loss), "test_acc": accuracy}


def judged_once(folder: str | Path) -> dict[str, Any]:
    """Judges the run with the smallest loss on dev on the test split, and writes it down in the folder.

    Where that was done before, what was found then is given back, and nothing is judged again.

    Arguments:
        folder: of a sweep's or batch's runs.

    Returns:
        the run's name, its settings, how many runs it was chosen from and how many settings they had but for seeds,
        its loss on dev, and loss, perplexity and accuracy on test.

    Raises:
        BadValue: there is no finished run.
    """
    path = Path(folder, TEST)
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    records = {name: one for name, one in read_runs(folder, EXPERIMENT)[0].items() if str(one["status"]) == "finished"}
    if not records:
        raise BadValue(f"{folder}: expected a folder with finished runs, found none; run a sweep into it first")
    losses = {name: float(np.min(record["dev_loss"])) for name, record in records.items()}
    best = min(losses, key=losses.__getitem__)
    settings = EXPERIMENT.settings_of(records[best])
    kinds = {EXPERIMENT.settings_of(one).replace(name="x", seed=0) for one in records.values()}
    found = {
        "run": best, "settings": json.loads(settings.to_json()), "runs": len(records), "chosen_from": len(kinds),
        "dev_loss": losses[best],
    } | on_test(settings, records[best])  # fmt: skip
    save_text(path, json.dumps(found, indent=1) + "\n")
    return found


def hardest(settings: Net, record: Mapping[str, Any], count: int = 25) -> list[dict[str, Any]]:
    """The dev sentences with the largest loss, the worst first: loss (nats), words, distance, attractors."""
    splits = splits_of(settings)
    model = settings.shape(splits.vocabulary.size)
    losses, _ = sentence_by_sentence(settings, model, np.asarray(record["best"]), splits.dev)
    return [
        {
            "loss": round(float(losses[n]), 4), "words": splits.vocabulary.decode(splits.dev.x[n]),
            "number": ("singular", "plural")[int(splits.dev.label[n])], "distance": int(splits.dev.distance[n]),
            "attractors": int(splits.dev.attractors[n]),
        }
        for n in np.argsort(-losses, kind="stable")[:count]
    ]  # fmt: skip
