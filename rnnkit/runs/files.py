"""The files that a run writes, and whose they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnkit.common.lock import locked
from rnnkit.common.names import BadValue
from rnnkit.common.whole import PART, free_name, unfinished
from rnnkit.record.file import RecordError
from rnnkit.record.keys import FINAL, STATE

if TYPE_CHECKING:
    from rnnkit.runs.experiment import Experiment

LOCK_PATIENCE = 10  # seconds: the trainings of a killed batch need one or two to notice that they are orphans


class OutputError(BadValue):
    """A folder that cannot be written to."""


class RunFiles:
    """``{name}_final_state.npz``, ``{name}_state.npz`` (on the way) and ``{name}.log`` in a folder."""

    def __init__(self, out: str | Path, name: str) -> None:
        self.out, self.name = Path(out), name
        self.final = self.out / f"{name}{FINAL}"
        self.state = self.out / f"{name}{STATE}"
        self.log = self.out / f"{name}.log"
        self.progress = self.out / f".{name}.progress"  # updates done at the last check, while somebody trains

    def make_folder(self) -> None:
        """Makes the folder if it is missing (OutputError where it cannot be made or written to)."""
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"expected a folder or a place for one, got: {error.strerror}"
            raise OutputError(f"--out {self.out}: {reason}; choose another one") from None
        if not os.access(self.out, os.W_OK):
            raise OutputError(f"--out {self.out}: expected a folder that may be written to; choose another one")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other processes from training into these files; the system lets go when the process ends.

        Raises:
            OutputError: another process holds on to them for longer than a dying one would.
        """
        refusal = OutputError(
            f"{self.log}: another process is training into this file; wait for it to end, or choose another --out"
        )
        with locked(self.out / f".{self.name}.lock", refusal, LOCK_PATIENCE):
            for half in (*unfinished(self.final), *unfinished(self.state)):
                half.unlink(missing_ok=True)  # a killed process was writing it
            yield

    def show_progress(self, updates: int) -> None:
        """Says how far a run is, for whoever watches it from another process."""
        part = self.progress.with_suffix(PART)
        with suppress(OSError):  # a full disk is met where it matters
            part.write_text(str(updates))
            part.replace(self.progress)

    def live_updates(self) -> int:
        """Updates that a run at work has done by its last check; 0 where none is at work, or not so far."""
        try:
            return int(self.progress.read_text())
        except (OSError, ValueError):
            return 0

    def stored(self, experiment: Experiment, settings: Any, sha256: str) -> tuple[dict[str, np.ndarray] | None, str]:
        """What an earlier run of the same settings left; otherwise None and why there is nothing to go on from.

        Raises:
            RecordError: files of this name that cannot be read, or that other settings, cells or engines made.
        """
        for path in (self.final, self.state):
            if path.exists():
                record = experiment.load(path)
                experiment.check_belongs(record, settings, sha256, path)
                return record, ""
        return None, f"{self.name}: no saved state in {self.out}, starting over"

    def can_resume(self, experiment: Experiment, settings: Any, sha256: str) -> bool:
        """Whether there is something to go on from, finished or half-finished."""
        try:
            return self.stored(experiment, settings, sha256)[0] is not None
        except RecordError:
            return False

    def keep_aside(self) -> Path | None:
        """Moves an earlier run's files into a new folder ``{name}_kept_1``, ``_2`` …; None where there are none."""
        old = [path for path in (self.final, self.state, self.log) if path.exists()]
        if not old:
            return None
        kept = free_name(self.out / self.name)
        kept.mkdir()
        for path in old:
            path.rename(kept / path.name)
        return kept
