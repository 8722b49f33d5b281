"""``python -m rnnkit.….again FOLDER SEED SECONDS``: tries the runs of temporal order in a folder again.

For files that nobody vouches for, in a process that may be killed. Their networks are tried on fresh sequences, and the
best of them are trained again in part. One line of JSON for each run, in the order of the points that it would have.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from rnnkit.assignments.training_dynamics.own_setting import BROKEN, DIFFERS, FOLLOWS, UNTRIED, Again, tried
from rnnkit.common.names import BadValue
from rnnkit.common.shapes import SHAPES
from rnnkit.common.wire import encode
from rnnkit.record.npz import Members, short
from rnnkit.record.read_npz import FILES, TRIED_AGAIN, WIDTH, records
from rnnkit.record.stored_run import Differs, Untried, stored
from rnnkit.regimes import Regime
from rnnkit.runs.modelfile import BUILTIN
from rnnkit.runs.stretches import Clock, OutOfTime, Stretches

MOST_TRIED = 4  # runs, those with the smallest errors


def lines(folder: Path, seed: int, seconds: float) -> Iterator[str]:
    """Tries the runs below a folder again, each a line of JSON; of several only the best ones.

    Arguments:
        folder: the submitted files.
        seed: of everything that is drawn.
        seconds: of this process's computing, for all of them.
    """
    clock, runs = Clock(seconds), []
    for path, regime, claimed in _runs(folder)[:MOST_TRIED]:
        one = Again(regime.name, regime.min_length, claimed)
        try:
            one.fresh = tried(regime, _weights(Members(path), regime), seed, clock.look)
        except OutOfTime:
            one.said = f"{math.ceil(seconds)} s of computing did not suffice to try its network"
        except BadValue as error:
            one.verdict, one.said = UNTRIED if regime.nhid > WIDTH else BROKEN, str(error)
        runs.append((one, path, regime))
    runs.sort(key=lambda item: -item[0].points)
    for one, path, regime in runs:
        if one.points:
            one.verdict, one.said = _verdict(path, regime, seed, clock)
        yield json.dumps(encode(asdict(one) | {"fresh": one.fresh and [*one.fresh]}))
        if one.verdict == FOLLOWS:
            return


def _verdict(path: Path, regime: Regime, seed: int, clock: Clock) -> tuple[str, str]:
    members = Members(path)
    try:
        return FOLLOWS, Stretches(stored(members, regime), seed, clock).follow()
    except Differs as error:
        if _by_own_code(members):
            why = "it was trained by cells of its own, and the built-in ones do not give its weights"
            return UNTRIED, f"{why}: {error}"
        return DIFFERS, str(error)
    except (Untried, OutOfTime) as error:
        return UNTRIED, str(error)
    except (ValueError, RuntimeError, KeyError, np.linalg.LinAlgError) as error:  # BadValue is a ValueError
        return UNTRIED, f"it cannot be trained again: {short(error)}"


def _by_own_code(members: Members) -> bool:
    """Whether a run says that it was trained by cells that are not known to compute what the built-in ones do."""
    said = {name: str(members.read(name)) for name in ("engine", "cells_sha256") if name in members}
    return said.get("engine") == "autograd" and said.get("cells_sha256") != BUILTIN


def _runs(folder: Path) -> list[tuple[Path, Regime, float]]:
    """Path, settings and claimed error of the runs of temporal order that can be read, the smallest error first."""
    runs = []
    for path in records(folder)[:FILES]:
        with contextlib.suppress(ValueError, TypeError, KeyError, IndexError, RecursionError):
            members = Members(path)
            regime = Regime.from_json(str(members.read("regime")))
            if regime.task == TRIED_AGAIN:
                runs.append((path, regime, _claimed(members)))
    return sorted(runs, key=lambda run: (math.isnan(run[2]), run[2]))


def _claimed(members: Members) -> float:
    """The error at the last check, percent. A run that ended early may have many empty slots after it."""
    try:
        return float(members.read("valid_error")[members.read("check_updates") >= 0][-1])
    except (ValueError, KeyError, IndexError, TypeError):
        return math.nan


def _weights(members: Members, regime: Regime) -> dict[str, np.ndarray]:
    """The network that a run ended with; nothing too large is made of it (BadValue)."""
    names = SHAPES[regime.model.upper()]
    weights = {name: np.array(members.read(name)) for name in names if name in members}  # writable
    for name, one in weights.items():
        if one.dtype.kind != "f" or one.ndim > 2 or max(one.shape, default=0) > WIDTH:
            raise BadValue(f"{name}: expected weights of at most {WIDTH} units, got {one.dtype} of shape {one.shape}")
    return weights


def main(argv: Sequence[str]) -> int:
    """Writes the lines to standard output."""
    torch.set_num_threads(1)
    for line in lines(Path(argv[0]), int(argv[1]), float(argv[2])):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
