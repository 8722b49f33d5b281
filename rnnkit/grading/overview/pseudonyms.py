"""Names that are none: "student 17", the same on every page of a course, in an order that tells nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path

from rnnkit.common.lock import locked
from rnnkit.common.names import BadValue
from rnnkit.common.whole import save_text

FILE = "pseudonyms.json"
PATIENCE_S = 10


def pseudonyms(folder: Path, students: Iterable[str], rng: random.Random) -> dict[str, int]:
    """The number of each student: kept once given, and given to new ones in random order.

    Arguments:
        folder: where `FILE` keeps them.
        students: ids.
        rng: decides the order of new ones.

    Raises:
        BadValue: the file there is no such file, or another process holds it.
    """
    path, students = folder / FILE, sorted(set(students))
    busy = BadValue(f"{path}: another process is writing it; try again")
    with locked(folder / f".{FILE}.lock", busy, PATIENCE_S):
        known = _read(path)
        if new := [student for student in students if student not in known]:
            numbers = list(range(len(known) + 1, len(known) + len(new) + 1))
            rng.shuffle(numbers)
            known |= dict(zip(new, numbers, strict=True))
            save_text(path, json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    return {student: known[student] for student in students}


def _read(path: Path) -> dict[str, int]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        known = type(error).__name__
    if isinstance(known, dict) and sorted(known.values(), key=str) == sorted(range(1, len(known) + 1), key=str):
        return known
    raise BadValue(f"{path}: expected ids and the numbers 1 to how many they are; move it away, and new ones are drawn")
