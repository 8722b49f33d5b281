"""Numbers that need no training, or a trained network: what a chunk costs, and how far gradients reach.

``python -m rnnkit.assignments.bptt.measured costs FOLDER`` writes ``costs.csv`` there;
``map FOLDER RUNS`` writes ``map.csv`` and ``map.png`` of the runs of the sweep echo in the folder ``RUNS``;
``products FOLDER RUNS`` writes ``products.csv`` of the same runs; ``samples FOLDER RUNS`` writes ``samples.csv`` of
those of the sweep text.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from rnnkit.assignments.bptt import jacobians
from rnnkit.assignments.bptt.experiment import EXPERIMENT
from rnnkit.assignments.bptt.lag_map import Parts, draw, split
from rnnkit.assignments.bptt.networks import ARMS
from rnnkit.assignments.bptt.settings import Trial
from rnnkit.assignments.bptt.speaking import TEMPERATURES, said
from rnnkit.assignments.bptt.training import gradient
from rnnkit.runs.tables import save_rows

LAG, CHUNKS, REPEATS = 970, (1000, 500, 200, 100, 50, 20, 10), 5  # 1000 steps
MAPPED, MAP_LAG = ("default", "ortho", "gru", "lstm"), 20


class Kept:
    """Bytes that forward passes keep for their way back, at most at a time."""

    def __init__(self) -> None:
        self.most, self._now, self._seen, self._back = 0, 0, set[int](), False

    def pack(self, one: torch.Tensor) -> torch.Tensor:
        """Called for what is kept."""
        if self._back:
            self._now, self._seen, self._back = 0, set(), False
        store = one.untyped_storage()
        if store.data_ptr() not in self._seen:
            self._seen.add(store.data_ptr())
            self._now += store.nbytes()
            self.most = max(self.most, self._now)
        return one

    def unpack(self, one: torch.Tensor) -> torch.Tensor:
        """Called on the way back, when what was kept is given up."""
        self._back = True
        return one


def costs(chunks: Sequence[int] = CHUNKS, lag: int = LAG) -> list[dict[str, Any]]:
    """Time of one gradient, and bytes kept for the way back, by the size of a chunk."""
    rows = []
    for chunk in chunks:
        trial = Trial(lag=lag, chunk=chunk)
        drawn = trial.kind.draw(trial.data_stream(), lag, trial.K, trial.batch)
        x = torch.from_numpy(drawn.x).unsqueeze(1)
        y = x.argmax(-1)  # a loss at every step
        weights, seconds, kept = trial.first_weights()[None], [], Kept()
        with torch.autograd.graph.saved_tensors_hooks(kept.pack, kept.unpack):
            gradient(trial, weights, x, y)
        for _ in range(REPEATS):
            begun = time.process_time()
            gradient(trial, weights, x, y)
            seconds.append(time.process_time() - begun)
        rows.append(
            {"T": trial.T, "chunk": chunk, "seconds": round(median(seconds), 4), "kept_mb": round(kept.most / 1e6, 3)}
        )
    return rows


def maps(runs: Path, seed: int = 0) -> dict[tuple[str, str], Parts]:
    """The parts of the gradient of each arm before training and after, by arm and stage."""
    found = {}
    for arm in MAPPED:
        (path,) = runs.glob(f"lag{MAP_LAG}-{arm}-seed{seed}/*_final_state.npz")
        record = EXPERIMENT.load(path)
        trial = EXPERIMENT.settings_of(record)
        found[arm, "first weights"] = split(trial, trial.first_weights())
        found[arm, "trained"] = split(trial, np.asarray(record["weights"]))
    return found


def map_rows(found: dict[tuple[str, str], Parts]) -> list[dict[str, Any]]:
    """A row for each arm, stage and lag."""
    return [
        {"arm": arm, "stage": stage, "lag": lag, "norm": f"{norm:.4g}", "apart": f"{parts.apart:.1e}"}
        for (arm, stage), parts in found.items()
        for lag, norm in enumerate(parts.by_lag)
    ]


def product_rows(runs: Path) -> list[dict[str, Any]]:
    """A row for each arm, stage and lag: of all seeds and sequences median and range, and the median of the bounds."""
    rows = []
    for arm in ARMS:
        records = [EXPERIMENT.load(path) for path in runs.glob(f"lag{MAP_LAG}-{arm}-seed*/*_final_state.npz")]
        seeds = [jacobians.before_and_after(EXPERIMENT.settings_of(one), one) for one in records]
        for stage in seeds[0]:
            norms = np.concatenate([one[stage].norms for one in seeds])
            middle, low, high = np.quantile(norms, (0.5, 0, 1), axis=0)
            bounds = np.median([one[stage].bound for one in seeds], axis=0)
            told = {"median": middle, "low": low, "high": high, "bound": bounds}
            for k in range(norms.shape[1]):
                values = {name: f"{each[k]:.4g}" if np.isfinite(each[k]) else "" for name, each in told.items()}
                rows.append({"arm": arm, "stage": stage, "lag": k, "seeds": len(seeds)} | values)
    return rows


def sample_rows(runs: Path, seed: int = 0) -> list[dict[str, Any]]:
    """A row for each text, arm and temperature: what the network of this seed says."""
    rows = []
    for path in sorted(runs.glob(f"*-seed{seed}/*_final_state.npz")):
        record = EXPERIMENT.load(path)
        trial = EXPERIMENT.settings_of(record)
        for temperature in TEMPERATURES:
            text = said(trial, np.asarray(record["weights"]), temperature)
            rows.append({"task": trial.task, "arm": trial.arm, "temperature": temperature, "said": text})
    return rows


def main(argv: Sequence[str]) -> int:
    """Writes what is asked for."""
    torch.set_num_threads(1)
    what, folder = argv[0], Path(argv[1])
    if what == "costs":
        save_rows(folder / "costs.csv", costs())
        return 0
    if what in ("products", "samples"):
        save_rows(folder / f"{what}.csv", {"products": product_rows, "samples": sample_rows}[what](Path(argv[2])))
        return 0
    found = maps(Path(argv[2]))
    save_rows(folder / "map.csv", map_rows(found))
    by_stage = sorted(found, key=lambda one: (one[1], MAPPED.index(one[0])))
    figure = draw({f"{arm}, {stage}": found[arm, stage] for arm, stage in by_stage}, len(MAPPED))
    figure.savefig(folder.parent / "viz" / "map.png", dpi=80)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
