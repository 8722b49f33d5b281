"""Which record stands for a run: one choice, for the figures, the page and the hand-in alike.

A run is known by the regime in its record, whatever its files are called. Of several records a finished one stands
before one on its way; then the handout's size before smoke before any other; then the place that is looked at first;
then the newest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rnnkit.common.names import BadValue
from rnnkit.common.whole import KEPT
from rnnkit.record.file import regime_of
from rnnkit.record.keys import FINAL, STATE
from rnnkit.regimes import PROFILES, REGIMES, Regime, get_regime, named

# Where a student's runs are, in this order. Not in runs/tiny: that shows nothing, and grading leaves one there.
PLACES = ("runs/full/*", "runs/full", ".", "runs/*", "runs", "runs/smoke/*", "runs/smoke")
NOT_LOOKED_AT = "tiny"
SMALLER, LEFT = "not the handout's full size", "unfinished"  # said below a figure of such a run
SHOWN = "rnnkit"  # in the metadata of a figure in a notebook: the fingerprints of the records it was drawn from, by run
PROFILE_ORDER = (*PROFILES, "custom", "")


@dataclass(frozen=True)
class Found:
    """A record's file, and what a glance at it says.

    Fields:
        path: the file.
        stem: its name without the ending.
        regime: what it was trained with; None where that cannot be read.
        key: the named regime of these settings (A1); empty where there is none.
        profile: full, smoke, tiny or custom; empty where it cannot be read.
        status: running, finished, solved or diverged; empty where it is not told.
        updates: updates done.
        newest: smaller for a newer file.
    """

    path: Path
    stem: str
    regime: Regime | None = None
    key: str = ""
    profile: str = ""
    status: str = ""
    updates: int = 0
    newest: int = 0

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return self.status not in ("", "running")

    @property
    def name(self) -> str:
        """The run's own name."""
        return self.regime.name if self.regime else self.stem

    @property
    def run(self) -> str:
        """The long name of the regime that it is, else the run's own."""
        return REGIMES[self.key].name if self.key else self.name

    def is_run(self, name: str) -> bool:
        """Whether this is a record of a regime (by its short or long name), or else of a run of that name."""
        key, long = key_of(name)
        return self.key == key if key and self.key else long in (self.stem, self.name)


def unfinished(status: str, updates: int, regime: Regime) -> str:
    """What is said of a run on its way, in figures and below them; empty for one that came to its end."""
    return f"{LEFT}, {updates} of {regime.maxiters} updates" if status == "running" else ""


def fingerprint(content: bytes) -> str:
    """Tells one record's file from another."""
    return hashlib.sha256(content).hexdigest()[:16]


def key_of(name: str) -> tuple[str, str]:
    """Short and long name of a regime; an empty one and the name itself for any other run."""
    try:
        long = get_regime(name).name
    except BadValue:
        return "", name
    return next(key for key, regime in REGIMES.items() if regime.name == long), long


def glance(path: Path) -> Found:
    """What a record's file is, read without its arrays; a damaged one has no regime."""
    status = path.stat()
    return _glance(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _glance(path: Path, changed: int, size: int) -> Found:
    stem = path.name.removesuffix(FINAL) if path.name.endswith(FINAL) else path.name.removesuffix(STATE)
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:  # members when they are asked for
            regime = regime_of({"regime": stored["regime"]})
            status = str(stored["status"]) if "status" in stored else ""
            updates = int(stored["updates"]) if "updates" in stored else 0
    except Exception:  # whatever zipfile, zlib and numpy say of bytes that are no record; loading it tells
        return Found(path, stem, newest=-changed)
    return Found(path, stem, regime, *named(regime), status, updates, -changed)


def places(home: str | Path = ".", runs: str | Path | None = None) -> list[list[Path]]:
    """The folders to look into, in the order of preference.

    Arguments:
        home: the assignment's folder.
        runs: where the runs are, if not in the usual `PLACES` there.
    """
    bases = [Path(home) / place for place in PLACES] if runs is None else [Path(runs) / "*", Path(runs)]
    return [_folders(base) for base in bases]


def _folders(base: Path) -> list[Path]:
    if base.name != "*":
        return [base]
    inside = sorted(base.parent.iterdir()) if base.parent.is_dir() else []
    return [
        path
        for path in inside
        if path.is_dir() and KEPT not in path.name and not path.name.startswith(".") and path.name != NOT_LOOKED_AT
    ]


def candidates(where: Sequence[Sequence[Path]]) -> list[Found]:
    """Every record in these folders, the one that stands for its run before the others of it."""
    records = {}
    for place, folders in enumerate(where):
        for path in (path for folder in folders for path in sorted(folder.glob(f"*{STATE}")) if path.is_file()):
            records.setdefault(path, (place, glance(path)))
    return [one for _, one in sorted(records.values(), key=lambda pair: _rank(*pair))]


def _rank(place: int, one: Found) -> tuple:
    return one.regime is None, not one.finished, PROFILE_ORDER.index(one.profile), place, one.newest


def find(name: str, where: Sequence[Sequence[Path]]) -> list[Found]:
    """The records of a run, the one that stands for it first.

    Arguments:
        name: a regime's short or long name, or the name of a run.
        where: from `places`.
    """
    return [one for one in candidates(where) if one.is_run(name)]
