"""Numbers beside the sweeps' own: what looking back costs, the test split, and the sentences that are hardest.

``python -m rnnkit.assignments.lookback.measured costs FOLDER`` writes ``costs.csv`` there;
``python -m rnnkit.assignments.lookback.measured tested FOLDER RUNS ...`` judges the best network of each folder RUNS of
a sweep's runs on the test split, once, and writes ``tested.csv``;
``python -m rnnkit.assignments.lookback.measured hardest FOLDER RUNS`` writes ``hardest.csv`` of a sweep's two networks.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnnkit.assignments.lookback.baselines import majority, prior, unigram
from rnnkit.assignments.lookback.chosen import hardest as hardest_of
from rnnkit.assignments.lookback.chosen import judged_once
from rnnkit.assignments.lookback.data import splits_of
from rnnkit.assignments.lookback.experiment import EXPERIMENT
from rnnkit.assignments.lookback.settings import Net
from rnnkit.assignments.lookback.training import Training, train_epoch
from rnnkit.runs.tables import read_runs, save_rows

LOOKBACKS, TIMED, REPEATS = (0, 1, 2, 3, 5, 8, 10, 15, 20), 2000, 5  # sentences, times
LARGER = ({"H": 10}, {"H": 25}, {}, {"batch": 10}, {"batch": 500})  # units and batches that are timed
FAR = 5  # the lookback of the networks whose hardest sentences are shown


def seconds(settings: Net) -> float:
    """Seconds of processor that one network trains for a thousand sentences: the least of some times."""
    run = Training(settings.replace(train=TIMED, dev=1, test=1, epochs=1 + REPEATS))
    train_epoch([run])  # what is done once is done
    took = []
    for _ in range(REPEATS):
        begun = time.process_time()
        train_epoch([run])
        took.append(time.process_time() - begun)
    return 1000 * min(took) / TIMED


def costs(lookbacks: Sequence[int] = LOOKBACKS) -> list[dict[str, Any]]:
    """Seconds of an epoch of the usual 10,000 sentences by lookback, of both networks, by units and by batch."""
    rows = []
    for changes in LARGER:
        for model in ("rnn", "gru"):
            for tau in lookbacks if not changes else lookbacks[:: len(lookbacks) - 1]:
                net = Net(model=model, lookback=tau, **changes)  # type: ignore[arg-type]
                took = seconds(net) * net.train / 1000
                row = {"model": model, "H": net.H, "batch": net.batch, "lookback": tau, "seconds": round(took, 3)}
                rows.append(row)
    return rows


def tested(*folders: str) -> list[dict[str, Any]]:
    """Of each folder of runs the best network by its loss on dev, on the test split; see `chosen.judged_once`."""
    rows = []
    for folder in folders:
        found = judged_once(folder)
        net = Net.from_json(json.dumps(found["settings"]))
        splits = splits_of(net)
        language = net.task == "language"
        without = unigram(splits, splits.test) if language else prior(splits, splits.test)
        numbers = {name: round(found[name], 4) for name in ("dev_loss", "test_loss", "test_perplexity", "test_acc")}
        row = {"chosen in": Path(folder).name, "run": found["run"], "settings": found["chosen_from"]}
        row |= {"runs": found["runs"]} | numbers | {"without reading": round(without, 4)}
        if language:
            row["test_acc"] = ""  # of next words: no measure to lay beside the verb's
        rows.append(row | {"majority": "" if language else round(majority(splits, splits.test), 4)})
    return rows


def hardest(folder: str, lookback: int = FAR) -> list[dict[str, Any]]:
    """The dev sentences with the largest loss, of one network of each kind: the first seed's."""
    records = read_runs(folder, EXPERIMENT)[0].values()
    nets = [(EXPERIMENT.settings_of(record), record) for record in records]
    rows: list[dict[str, Any]] = []
    for model in ("rnn", "gru"):
        of = [one for one in nets if (one[0].model, one[0].lookback) == (model, lookback)]
        net, record = min(of, key=lambda one: one[0].seed)
        for place, one in enumerate(hardest_of(net, record), 1):
            rows.append({"model": model, "place": place} | one)
    return rows


def main(what: str, folder: str, *runs: str) -> Path:
    """Writes one of the tables."""
    rows = {"costs": costs, "tested": lambda: tested(*runs), "hardest": lambda: hardest(runs[0])}[what]()
    return save_rows(Path(folder) / f"{what}.csv", rows)


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
