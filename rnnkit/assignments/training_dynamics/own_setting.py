"""The extra credit's own run, judged by the network in its record: tried again on sequences that it has never seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rnnkit.assignments.training_dynamics.questions import OWN
from rnnkit.checks.judge import failed, whole
from rnnkit.checks.report import CaseReport, Report
from rnnkit.common.names import BadValue
from rnnkit.record.read_npz import TRIED_AGAIN as TASK
from rnnkit.record.read_npz import WIDTH
from rnnkit.regimes import Regime

PLATEAU = 60.0  # percent wrong: who guesses has 75, who knows one of the two marks 50
SOLVED = 1.0  # percent, the paper's success, at the record's last check
AGAIN = 2.0  # percent on the fresh sequences, a sample
LONG = 50  # steps, the shortest length of the paper's setting
LENGTHS, SEQUENCES = 10, 200  # tried again: lengths, spread over the run's own, and sequences of each
LONGEST = 1000  # steps that are tried
SEED = 77_000
NONE = "no record of temporal order was handed in"
UNREADABLE = "no record of temporal order can be read"
TRIED_BY = "rnnkit.assignments.training_dynamics.again"  # the module that tries the runs of a folder again
FOLLOWS, DIFFERS, UNTRIED, BROKEN = "follows", "differs", "untried", "broken"


class Fresh(NamedTuple):
    """What a network did on sequences that it has never seen: lengths, sequences, and wrong ones in percent."""

    lengths: list[int]
    sequences: int
    wrong: float


def tried(
    regime: Regime, weights: Mapping[str, np.ndarray], seed: int, on_sequences: Callable[[int], None] | None = None
) -> Fresh:
    """Tries the network that a run ended with on fresh sequences; ``on_sequences`` is called after each chunk of them.

    Raises:
        BadValue: too many units, or weights that are no network's.
    """
    if regime.nhid > WIDTH:
        raise BadValue(f"expected at most {WIDTH} hidden units, got {regime.nhid}")
    from rnnkit.runs.lengths import error_by_length  # torch and the engines, which a check of cells does without

    longest = max(regime.min_length, regime.max_length - 1)
    spread = np.linspace(min(regime.min_length, LONGEST), min(longest, LONGEST), LENGTHS).astype(int)
    lengths: list[int] = [*dict.fromkeys(spread.tolist())]
    record = {"regime": np.array(regime.to_json()), **weights}
    try:
        rows = error_by_length(record, lengths, LENGTHS * SEQUENCES // len(lengths), seed, on_sequences, False)
    except (KeyError, ValueError, RuntimeError) as error:
        raise BadValue(f"its network cannot be tried: {error}") from None
    sequences = sum(row.sequences for row in rows)
    return Fresh(lengths, sequences, 100 * sum(row.wrong for row in rows) / sequences)


@dataclass
class Again:
    """What trying a run again has shown: whether its weights follow from its anchors, and a sentence about it.

    Without a network that could be tried ``fresh`` is None; ``claimed`` is the error at its last check in percent, NaN
    where there is none.
    """

    name: str
    min_length: int
    claimed: float
    fresh: Fresh | None = None
    verdict: str = UNTRIED
    said: str = ""

    @property
    def points(self) -> float:
        """What it would have."""
        return self.report().points

    def report(self) -> Report:
        """Its points: by its shortest length, the error that its record claims, and what its network did."""
        if self.fresh is None:
            return without(f"{self.name}: {self.said}")
        (lengths, sequences, wrong), claimed = self.fresh, self.claimed
        solved = wrong < AGAIN and claimed < SOLVED
        both = f"{claimed:.2f} % wrong at the last check, {wrong:.2f} % tried again"
        of_length = f"lengths from {self.min_length}" if solved else "not solved"
        cases = [
            _case(f"off the plateau: less than {PLATEAU:g} % wrong", 2.0, wrong < PLATEAU, f"{wrong:.2f} % wrong"),
            _case(f"solved: less than {SOLVED:g} % wrong", 1.0, solved, both),
            _case(f"solved at lengths of {LONG} and more", 1.0, solved and self.min_length >= LONG, of_length),
        ]
        summary = (
            f"{self.name}, lengths {lengths[0]} to {lengths[-1]}: {wrong:.2f} % of {sequences} fresh sequences are "
            f"wrong, {claimed:.2f} % at the record's last check"
        )
        return whole(OWN, cases, [summary])


def judged(regime: Regime, weights: Mapping[str, np.ndarray], claimed: float) -> Report:
    """The report on one run of temporal order: its network alone, wherever it is from."""
    if regime.task != TASK:
        return without(f"{regime.name} is a run of {regime.task}; expected one of torder, temporal order")
    one = Again(regime.name, regime.min_length, claimed)
    try:
        one.fresh = tried(regime, weights, SEED)
    except BadValue as error:
        one.said = str(error)
    return one.report()


def of_run(name: Any) -> Report:
    """The report on the run of this name in the student's folder."""
    from rnnkit.record.find import find_run

    return from_record(find_run(name) if isinstance(name, str) and len(name) <= 100 else None)


def from_record(path: Path | None) -> Report:
    """The report on a record, as the student sees it."""
    from rnnkit.record.file import load, regime_of

    if path is None:
        return without("no record of this name: train it first; the text above has a command")
    try:
        record = load(path)
        regime = regime_of(record)
        if str(record["status"]) == "running":
            return without(f"{regime.name}: not at its end yet; the same command with --resume goes on")
        claimed = record["valid_error"][record["check_updates"] >= 0]
        return judged(regime, record, float(claimed[-1]) if len(claimed) else float("nan"))
    except (BadValue, KeyError, ValueError, TypeError, IndexError) as error:
        return without(f"{path}: not a whole record ({error})")


def without(message: str) -> Report:
    """A report without points."""
    return failed(OWN, "nothing to judge", message)


def _case(name: str, weight: float, passed: bool, else_: str) -> CaseReport:
    return CaseReport(name, weight, bool(passed), [] if passed else [else_])
