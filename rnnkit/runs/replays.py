"""``python -m rnnkit.runs.replays ASSIGNMENT FOLDER SEED SECONDS [FILE...]``: does the records in a folder again.

For files that nobody vouches for, in a process that may be killed. Lines of JSON for each record as soon as there is
something to say. With files named, these alone are done again, by the cells of the folder's model.py: its code then
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
from rnnkit.runs.compiled import compiled_before
from rnnkit.runs.doubts import doubts, prints
from rnnkit.runs.modelfile import BUILTIN, DEFAULT_FILE, Cells, find_cells
from rnnkit.runs.replay import DIFFERS, REPRODUCED, UNREPLAYED, Redone, redo


def lines(assignment: str, folder: Path, seed: int, seconds: float, files: Sequence[str] = ()) -> Iterator[str]:
    """Lines of JSON for each record: ``file`` alone before work on it, then what `one` says as well.

    The beginning of every record comes first; a second line, in the place of the first, has what was found later on.

    Arguments:
        assignment: whose experiment trained them.
        seed: of the stretches, and of the noise beside.
        seconds: of this process's computing, for all records.
        files: these alone, by the cells of ``model.py``.
    """
    experiment, end = get_assignment(assignment).experiment, process_time() + seconds
    paths = [path for path in records(folder)[:FILES] if not files or path.relative_to(folder).as_posix() in files]
    todo: list[tuple[Path, list[Redone]]] = [(path, []) for path in paths]
    while todo:
        going_on = []
        for number, (path, done) in enumerate(todo):
            if done and process_time() >= end:
                return
            share = process_time() + max(0.0, end - process_time()) / (len(todo) - number)
            line: dict[str, Any] = {"file": path.relative_to(folder).as_posix()[-300:]}
            yield json.dumps(line)  # a process that dies dies of this one
            first = not done
            try:
                members = Members(path)
                cells = find_cells(folder / DEFAULT_FILE) if files else Cells()
                found, more = one(experiment, members, cells, np.random.RandomState(seed), share, done)
                line |= found
                if more and first:
                    going_on.append((path, done))
            except Exception as error:  # whatever numpy and torch say of numbers that no training makes
                said = str(error) if isinstance(error, BadValue) else f"it cannot be trained again: {short(error)}"
                line |= {"verdict": UNREPLAYED, "said": said[:400]}
            yield json.dumps(encode(line))
        todo = going_on


def one(
    experiment: Any, members: Members, cells: Cells, rng: np.random.RandomState, end: float, done: list[Redone]
) -> tuple[dict[str, Any], bool]:
    """What is said of one record: its run, the verdict, and what looks made up; and whether more can be done again.

    Arguments:
        end: processor time of this process at which it is left.
        done: what has shown so far; its beginning is added to an empty one, else all the rest.
    """
    settings = experiment.settings.from_json(str(members.read(experiment.key)))
    keys = experiment.schema(settings)
    said = {name: str(members.read(name)) for name in ("cells_sha256", "versions") if name in members}
    about = {
        "run": experiment.named(settings)[0] or settings.name,
        "settings": json.dumps(settings.identity(), sort_keys=True)[:4000],
        "doubts": doubts(members, keys),
        "prints": prints(members, keys),
        "same": said.get("versions") == versions(),
        "cells": said.get("cells_sha256", "").replace(BUILTIN, ""),
    }
    verdict, more = again(experiment, members, settings, cells, rng, end, done)
    return about | verdict, more


def again(
    experiment: Any,
    members: Members,
    settings: Any,
    cells: Cells,
    rng: np.random.RandomState,
    end: float,
    done: list[Redone],
) -> tuple[dict[str, Any], bool]:
    """The verdict on one record, of several stretches the first that differs; and whether there are more of them."""
    more = False
    try:
        stretches = experiment.stretches(members, settings, cells, rng)
        more = len(stretches) > 1
        chosen = stretches[1:] if done else stretches[:1]
        for number, stretch in enumerate(chosen):
            share = max(0.0, end - process_time()) / (len(chosen) - number)
            if (found := redo(stretch, rng, until(process_time() + share))) is not None:
                done.append(found)
    except Differs as error:
        return {"verdict": DIFFERS, "at": 0, "said": str(error), "done": [], "exact": False}, False
    except BadValue as error:
        if not done:
            return {"verdict": UNREPLAYED, "said": str(error)}, False
    if not done:
        return {"verdict": UNREPLAYED, "said": "the time did not suffice to train any of it again"}, False
    wrong = [one for one in done if one.verdict == DIFFERS]
    first = min(wrong, key=lambda one: one.at) if wrong else None
    return {
        "verdict": DIFFERS if first else REPRODUCED,
        "at": first.at if first else 0,
        "said": first.said if first else "; ".join(one.said for one in done if one.said),
        "done": [[one.begin, one.end] for one in done],
        "exact": all(one.exact for one in done),
    }, more and not wrong


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
    with compiled_before():
        for line in lines(name, Path(folder), int(seed), float(seconds), files):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
