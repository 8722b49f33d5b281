"""The files that a run writes, and whose they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from rnnkit.common.lock import locked
from rnnkit.common.names import BadValue
from rnnkit.common.whole import free_name, unfinished
from rnnkit.record.file import RecordError, check_belongs, load
from rnnkit.regimes import Regime

LOCK_PATIENCE = 10  # seconds: the trainings of a killed batch need one or two to notice that they are orphans


class OutputError(BadValue):
    """A folder that cannot be written to."""


class RunFiles:
    """``{name}_final_state.npz``, ``{name}_state.npz`` (on the way) and ``{name}.log`` in a folder."""

    def __init__(self, out: str | Path, name: str) -> None:
        self.out, self.name = Path(out), name
        self.final = self.out / f"{name}_final_state.npz"
        self.state = self.out / f"{name}_state.npz"
        self.log = self.out / f"{name}.log"

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

    def stored(self, regime: Regime, engine: str, sha256: str) -> tuple[dict[str, np.ndarray] | None, str]:
        """What an earlier run of the same settings left; otherwise None and why there is nothing to go on from.

        Raises:
            RecordError: files of this name that cannot be read, or that another regime, engine or model.py made.
        """
        for path in (self.final, self.state):
            if path.exists():
                stored = load(path)
                check_belongs(stored, regime, engine, sha256, path)
                return stored, ""
        return None, f"{self.name}: no saved state in {self.out}, starting over"

    def can_resume(self, regime: Regime, engine: str, sha256: str) -> bool:
        """Whether there is something to go on from, finished or half-finished."""
        try:
            return self.stored(regime, engine, sha256)[0] is not None
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
