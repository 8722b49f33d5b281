"""The extra credit's own run, judged by the network in its record: tried again on sequences that it has never seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rnnkit.checks.judge import failed, whole
from rnnkit.checks.questions import OWN
from rnnkit.checks.report import CaseReport, Report
from rnnkit.names import BadValue
from rnnkit.read_npz import TRIED_AGAIN, WIDTH
from rnnkit.regimes import Regime

PLATEAU = 60.0  # percent wrong: who guesses has 75, who knows one of the two marks 50
SOLVED = 1.0  # percent, the paper's success, at the record's last check
AGAIN = 2.0  # percent on the fresh sequences, a sample
LONG = 50  # steps, the shortest length of the paper's setting
LENGTHS, SEQUENCES = 10, 200  # tried again: lengths, spread over the run's own, and sequences of each
LONGEST = 1000  # steps that are tried
SEED = 77_000


def judged(regime: Regime, weights: Mapping[str, np.ndarray], claimed: float, seed: int = SEED) -> Report:
    """The report on one run of temporal order.

    Arguments:
        regime: what it was trained with.
        weights: of the network that it ended with, by the cell's names.
        claimed: the error at its last check, percent.
        seed: of the fresh sequences.
    """
    if regime.task != TRIED_AGAIN:
        return without(f"{regime.name} is a run of {regime.task}; expected one of torder, temporal order")
    if regime.nhid > WIDTH:
        return without(f"{regime.name}: expected at most {WIDTH} hidden units, got {regime.nhid}")
    from rnnkit.generalise import error_by_length  # torch and the engines, which a check of cells does without

    longest = max(regime.min_length, regime.max_length - 1)
    lengths = np.linspace(min(regime.min_length, LONGEST), min(longest, LONGEST), LENGTHS).astype(int)
    lengths = [*dict.fromkeys(lengths.tolist())]
    each = LENGTHS * SEQUENCES // len(lengths)
    try:
        record = {"regime": np.array(regime.to_json()), **weights}
        found = error_by_length(record, lengths, each, seed, compiled=False)
    except (BadValue, KeyError, ValueError, RuntimeError) as error:
        return without(f"{regime.name}: its network cannot be tried: {error}")
    wrong = 100 * sum(row.wrong for row in found) / sum(row.sequences for row in found)
    solved = wrong < AGAIN and claimed < SOLVED
    said = [] if solved else [f"{claimed:.2f} % wrong at the last check, {wrong:.2f} % tried again"]
    cases = [
        _case(f"off the plateau: less than {PLATEAU:g} % wrong", 2.0, wrong < PLATEAU, f"{wrong:.2f} % wrong"),
        CaseReport(f"solved: less than {SOLVED:g} % wrong", 1.0, solved, said),
        _case(
            f"solved at lengths of {LONG} and more", 1.0, solved and regime.min_length >= LONG,
            f"lengths from {regime.min_length}" if solved else "not solved",
        ),
    ]  # fmt: skip
    about = (
        f"{regime.name}, lengths {lengths[0]} to {lengths[-1]}: {wrong:.2f} % of {len(lengths) * each} fresh sequences "
        f"are wrong, {claimed:.2f} % at the record's last check"
    )
    return whole(OWN, cases, [about])


def from_record(path: Path | None) -> Report:
    """The report on a record, as the student sees it."""
    from rnnkit.record import load, regime_of

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
