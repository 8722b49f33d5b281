"""``python -m rnnkit.runs.replays ASSIGNMENT FOLDER SEED SECONDS [FILE...]``: does the records in a folder again.

For files that nobody vouches for, in a process that may be killed. One line of JSON for each record as soon as there
is something to say. With files named, these alone are done again, by the cells of the folder's model.py: its code then
runs in this process, which is all that its word is worth.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch

from rnnkit.assignments import get_assignment
from rnnkit.common.names import BadValue
from rnnkit.common.wire import encode
from rnnkit.record.file import versions
from rnnkit.record.npz import Members, short
from rnnkit.record.read_npz import FILES, records
from rnnkit.record.stored_run import Differs
from rnnkit.runs.doubts import doubts, prints
from rnnkit.runs.modelfile import BUILTIN, DEFAULT_FILE, Cells, find_cells
from rnnkit.runs.replay import DIFFERS, REPRODUCED, UNREPLAYED, Redone, redo

FIRST = 0.5  # of a run's time, for its beginning


def lines(assignment: str, folder: Path, seed: int, seconds: float, files: Sequence[str] = ()) -> Iterator[str]:
    """One line of JSON for each record: ``file``, what `again` says, ``doubts``, ``prints``.

    Arguments:
        assignment: whose experiment trained them.
        seed: of the stretches, and of the noise beside.
        seconds: of this process's computing, for all records.
        files: these alone, by the cells of ``model.py``.
    """
    experiment, end = get_assignment(assignment).experiment, process_time() + seconds
    paths = [path for path in records(folder)[:FILES] if not files or path.relative_to(folder).as_posix() in files]
    for number, path in enumerate(paths):
        share = process_time() + max(0.0, end - process_time()) / (len(paths) - number)
        line: dict[str, Any] = {"file": path.relative_to(folder).as_posix()[-300:]}
        yield json.dumps(line)  # a process that dies dies of this one
        try:
            members = Members(path)
            cells = find_cells(folder / DEFAULT_FILE) if files else Cells()
            line |= one(experiment, members, cells, np.random.RandomState(seed), share)
        except Exception as error:  # whatever numpy and torch say of numbers that no training makes
            said = str(error) if isinstance(error, BadValue) else f"it cannot be trained again: {short(error)}"
            line |= {"verdict": UNREPLAYED, "said": said[:400]}
        yield json.dumps(encode(line))


def one(experiment: Any, members: Members, cells: Cells, rng: np.random.RandomState, end: float) -> dict[str, Any]:
    """What is said of one record: its run, the verdict, and what looks made up.

    Arguments:
        end: processor time of this process at which it is left.
    """
    settings = experiment.settings.from_json(str(members.read(experiment.key)))
    keys = experiment.schema(settings)
    said = {name: str(members.read(name)) for name in ("engine", "cells_sha256", "versions") if name in members}
    own = said.get("engine") == "autograd" and said.get("cells_sha256") != BUILTIN
    about = {
        "run": experiment.named(settings)[0] or settings.name,
        "settings": json.dumps(settings.identity(), sort_keys=True)[:4000],
        "doubts": doubts(members, keys),
        "prints": prints(members, keys),
        "same": said.get("versions") == versions(),
        "cells": said.get("cells_sha256", BUILTIN) if own else "",
    }
    return about | again(experiment, members, settings, cells, rng, end)


def again(
    experiment: Any, members: Members, settings: Any, cells: Cells, rng: np.random.RandomState, end: float
) -> dict[str, Any]:
    """The verdict on one record: of several stretches the first that differs."""
    done: list[Redone] = []
    try:
        stretches = experiment.stretches(members, settings, cells, rng)
        for number, stretch in enumerate(stretches):
            left = max(0.0, end - process_time())
            share = left * FIRST if not number and len(stretches) > 1 else left / (len(stretches) - number)
            if (found := redo(stretch, rng, until(process_time() + share))) is not None:
                done.append(found)
    except Differs as error:
        return {"verdict": DIFFERS, "at": 0, "said": str(error), "done": [], "exact": False}
    except BadValue as error:
        if not done:
            return {"verdict": UNREPLAYED, "said": str(error)}
    if not done:
        return {"verdict": UNREPLAYED, "said": "the time did not suffice to train any of it again"}
    wrong = [one for one in done if one.verdict == DIFFERS]
    first = min(wrong, key=lambda one: one.at) if wrong else None
    return {
        "verdict": DIFFERS if first else REPRODUCED,
        "at": first.at if first else 0,
        "said": first.said if first else "; ".join(one.said for one in done if one.said),
        "done": [[one.begin, one.end] for one in done],
        "exact": all(one.exact for one in done),
    }


def until(end: float) -> Callable[[], None]:
    """Raises TimeoutError once this process has computed so long."""

    def look() -> None:
        if process_time() > end:
            raise TimeoutError

    return look


def main(argv: Sequence[str]) -> int:
    """Writes the lines to standard output."""
    torch.set_num_threads(1)
    name, folder, seed, seconds, *files = argv
    for line in lines(name, Path(folder), int(seed), float(seconds), files):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
