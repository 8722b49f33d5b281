"""Which record stands for a run: one choice, for the figures, the page and the hand-in alike.

A run is known by the settings in its record, whatever its files are called. Of several records a finished one stands
before one on its way; then the handout's size before smoke before any other; then the place that is looked at first;
then the newest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from rnnkit.common.whole import KEPT
from rnnkit.record.file import regime_of
from rnnkit.record.keys import FINAL, STATE
from rnnkit.regimes import PROFILES, REGIMES, Regime, differences, get_regime, named, nearest

# Where a student's runs are, in this order. Not in runs/tiny: that shows nothing, and grading leaves one there.
PLACES = ("runs/full/*", "runs/full", ".", "runs/*", "runs", "runs/smoke/*", "runs/smoke")
NOT_LOOKED_AT = "tiny"
SMALLER, LEFT = "not the handout's full size", "unfinished"  # said below a figure of such a run
SHOWN = "rnnkit"  # in the metadata of a figure in a notebook: the fingerprints of the records it was drawn from, by run
PROFILE_ORDER = (*PROFILES, "custom", "")


def key_of(name: str) -> tuple[str, str]:
    """Short and long name of a regime; an empty one and the name itself for any other run."""
    pairs = ((key, regime.name) for key, regime in REGIMES.items() if name in (key, regime.name))
    return next(pairs, ("", name))


class Runs(Protocol):
    """What names runs: an experiment, see `rnnkit.runs.experiment`; the handout's regimes where none is given."""

    key: ClassVar[str]  # of a record, for the settings as JSON
    settings: ClassVar[Any]  # their class

    @property
    def profiles(self) -> Mapping[str, Any]: ...  # sizes, the one that is due first
    def get(self, name: str, /, profile: str = ..., **overrides: Any) -> Any: ...
    def settings_of(self, content: Mapping[str, Any]) -> Any: ...
    def named(self, settings: Any) -> tuple[str, str]: ...
    def key_of(self, name: str) -> tuple[str, str]: ...
    def total(self, settings: Any) -> int: ...
    def nearest(self, settings: Any, key: str) -> str: ...
    def differences(self, settings: Any, key: str) -> list[str]: ...
    def command(self, settings: Any) -> str: ...


class Handout:
    """What names the runs that are regimes."""

    key: ClassVar[str] = "regime"
    settings: ClassVar[Any] = Regime
    profiles: Mapping[str, Any] = PROFILES
    settings_of = staticmethod(regime_of)
    named = staticmethod(named)
    key_of = staticmethod(key_of)
    total = staticmethod(attrgetter("maxiters"))
    nearest = staticmethod(nearest)
    differences = staticmethod(differences)
    command = staticmethod(Regime.command)

    def get(self, name: str, /, profile: str = "full", **overrides: Any) -> Regime:
        """A named run's settings."""
        return get_regime(name, profile, **overrides)


HANDOUT = Handout()


@dataclass(frozen=True)
class Found:
    """A record's file, and what a glance at it says.

    Fields:
        stem: the file's name without the ending.
        settings: what it was trained with; None where that cannot be read.
        key: the named run of these settings (A1); empty where there is none.
        run: the long name of the named run that it is, else the run's own.
        profile, status: empty where they are not told.
        newest: smaller for a newer file.
    """

    path: Path
    stem: str
    settings: Any = None
    key: str = ""
    run: str = ""
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
        return self.settings.name if self.settings else self.stem


def unfinished(status: str, updates: int, total: int) -> str:
    """What is said of a run on its way, in figures and below them; empty for one that came to its end."""
    return f"{LEFT}, {updates} of {total} updates" if status == "running" else ""


def fingerprint(content: bytes) -> str:
    """Tells one record's file from another."""
    return hashlib.sha256(content).hexdigest()[:16]


def glance(path: Path, runs: Runs = HANDOUT) -> Found:
    """What a record's file is, read without its arrays; a damaged one has no settings."""
    file, stem = path.stat(), path.name.removesuffix(FINAL).removesuffix(STATE)
    text, status, updates = _glance(path, runs.key, file.st_mtime_ns, file.st_size)
    try:
        settings = runs.settings_of({runs.key: text})
        key, profile = runs.named(settings)
    except Exception:  # none, or those of another experiment
        return Found(path, stem, run=stem, newest=-file.st_mtime_ns)
    run = runs.key_of(key)[1] if key else settings.name
    return Found(path, stem, settings, key, run, profile, status, updates, -file.st_mtime_ns)


@lru_cache(maxsize=4096)
def _glance(path: Path, key: str, changed: int, size: int) -> tuple[str, str, int]:
    """The settings, the status, and the updates done."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:  # members when they are asked for
            status = str(stored["status"]) if "status" in stored else ""
            return str(stored[key]), status, int(stored["updates"]) if "updates" in stored else 0
    except Exception:  # whatever zipfile, zlib and numpy say of bytes that are no record; loading it tells
        return "", "", 0


def places(home: str | Path = ".", runs: str | Path | None = None, prefix: str = "") -> list[list[Path]]:
    """The folders to look into, in the order of preference: in the assignment's, or where the runs are if elsewhere.

    ``prefix`` stands before the sizes in the folders' names where ``rnnkit run`` was told which assignment to run.
    """
    usual = (place.replace("/full", f"/{prefix}full").replace("/smoke", f"/{prefix}smoke") for place in PLACES)
    bases = [Path(home) / place for place in usual] if runs is None else [Path(runs) / "*", Path(runs)]
    return [_folders_in(base.parent) if base.name == "*" else [base] for base in bases]


def _folders_in(folder: Path) -> list[Path]:
    inside = (path for path in sorted(folder.glob("[!.]*")) if path.is_dir())
    return [path for path in inside if KEPT not in path.name and path.name != NOT_LOOKED_AT]


def candidates(where: Sequence[Sequence[Path]], runs: Runs = HANDOUT) -> list[Found]:
    """Every record in these folders, the one that stands for its run before the others of it."""
    records: dict[Path, tuple[int, Found]] = {}
    for place, folders in enumerate(where):
        for path in (path for folder in folders for path in sorted(folder.glob(f"*{STATE}")) if path.is_file()):
            records.setdefault(path, (place, glance(path, runs)))
    order = (*runs.profiles, "custom", "")

    def rank(pair: tuple[int, Found]) -> tuple:
        place, one = pair
        return one.settings is None, not one.finished, order.index(one.profile), place, one.newest

    return [one for _, one in sorted(records.values(), key=rank)]


def find(name: str, where: Sequence[Sequence[Path]], runs: Runs = HANDOUT) -> list[Found]:
    """The records of a run, by a named run's short or long name or its own, the one that stands for it first."""
    key, long = runs.key_of(name)
    known = candidates(where, runs)
    return [one for one in known if (one.key == key if key and one.key else long in (one.stem, one.name))]


def find_run(name: str, folder: str | Path | None = None) -> Path | None:
    """The record that stands for a run; None where there is none.

    Arguments:
        name: a named run's short or long name, or the name of a run.
        folder: where to look, itself and the folders in it; by default ``runs/`` (full size first) and here.
    """
    return next((one.path for one in find(name, places(runs=folder))), None)
