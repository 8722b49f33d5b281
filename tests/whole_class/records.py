"""The records of a student: trained with the student's own cells and seed, at a size that takes a moment."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path

from rnnkit.common.names import BadValue
from rnnkit.record.file import load
from rnnkit.record.find import HANDOUT
from rnnkit.record.keys import FINAL
from rnnkit.regimes import get_regime
from rnnkit.train import train

PROFILE = "tiny"


def path_of(folder: Path, run: str) -> Path:
    """Where a run's record lies in what is handed in."""
    name = HANDOUT.key_of(run)[1]
    return folder / "runs" / name / f"{name}{FINAL}"


def trained(folder: Path, model: Path, runs: Sequence[str], seed: int) -> list[str]:
    """Trains runs into a student's folder.

    Arguments:
        model: the student's model.py.

    Returns:
        those that came to their end; cells that break, or are none to be trained, give no record.
    """
    done = []
    for run in runs:
        path = path_of(folder, run)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            try:
                train(get_regime(run, PROFILE, seed=seed), out=path.parent, cells=str(model))
            except (BadValue, ValueError, TypeError, RuntimeError, ArithmeticError):
                continue
        for left in path.parent.glob(".*"):
            left.unlink()
        if path.is_file():
            done.append(run)
    return done


def figures(folder: Path, runs: Sequence[str]) -> dict[str, dict[str, str]]:
    """What a student would quote of runs."""
    found = {}
    for run in runs:
        record = load(path_of(folder, run))
        last = [
            float(record[name][record["check_updates"] >= 0][-1]) for name in ("valid_nll", "valid_error", "rho_Whh")
        ]
        found[run] = {
            "nll": f"{last[0]:.3f}",
            "err": f"{last[1]:.1f}",
            "r0": f"{float(record['rho_Whh'][0]):.2f}",
            "r1": f"{last[2]:.2f}",
        }
    return found
