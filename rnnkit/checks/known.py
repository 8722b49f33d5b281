"""Known mistakes: alone, two at once, and slips of one symbol, each by the numbers that it gives with the public inputs.

Stored are a word and a few numbers for each case, never a formula.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

from rnnkit.checks.outcome import Fingerprint, same_print

ALONE, PAIR, SLIP = range(3)  # kinds


@dataclass(frozen=True)
class Known:
    """One entry.

    Fields:
        kind: ALONE, PAIR or SLIP.
        says: what is said of it: both mistakes of a pair; of a slip all that give these numbers.
        prints: case -> fingerprint; None where the case is right all the same.
    """

    kind: int
    says: tuple[str, ...]
    prints: dict[str, Fingerprint | None]

    def fits(self, case: str, seen: Fingerprint | None) -> bool:
        """Whether this mistake does in a case what was seen; None is a case that passed."""
        stored = self.prints.get(case)
        return stored is seen if stored is None or seen is None else same_print(seen, stored)


@functools.cache
def _stored() -> dict[str, Any]:
    return json.loads((resources.files("rnnkit.checks") / "data" / "known.json").read_text(encoding="utf-8"))


@functools.cache
def known(question_id: str) -> tuple[Known, ...]:
    """Everything that is known of a question, mistakes that were written down by hand first."""
    about = _stored()[question_id]
    cases, words, says = about["cases"], about["words"], about["says"]
    return tuple(
        Known(
            kind,
            tuple(says[k] for k in which),
            {case: [words[entry[0]], *entry[1:]] if entry else None for case, entry in zip(cases, prints, strict=True)},
        )
        for kind, which, prints in about["known"]
    )


def recognised(question_id: str, seen: dict[str, Fingerprint | None]) -> str | None:
    """What is known of exactly this outcome: it fits every case, those that failed and those that passed.

    Arguments:
        question_id: an id of `QUESTIONS`.
        seen: case -> fingerprint; None where the case passed.
    """
    found = [one for one in known(question_id) if all(one.fits(case, print) for case, print in seen.items())]
    return _sentence(found[0]) if found else None


def partly(question_id: str, seen: dict[str, Fingerprint | None], numbers: set[str]) -> str | None:
    """What is known of a part of the cases that failed, where it is wrong in no case that passed.

    Arguments:
        question_id: an id of `QUESTIONS`.
        seen: case -> fingerprint; None where the case passed.
        numbers: the cases that gave any numbers: one that gave none tells nothing from others.
    """
    failed = [case for case, print in seen.items() if print is not None]
    best: tuple[int, Known, list[str]] | None = None
    for one in known(question_id):
        if any(print is None and one.prints[case] is not None for case, print in seen.items()):
            continue
        fits = [case for case in failed if one.prints[case] is not None and one.fits(case, seen[case])]
        if numbers.intersection(fits) and (best is None or len(fits) > best[0]):
            best = len(fits), one, fits
    if best is None:
        return None
    _, one, fits = best
    rest = [case for case in failed if case not in fits]
    return f"{_sentence(one)} (That is what {_listed(fits)} shows; {_listed(rest)} shows something else as well.)"


def _listed(cases: list[str]) -> str:
    return " and ".join(f"“{case}”" for case in cases)


def _sentence(one: Known) -> str:
    if one.kind == ALONE:
        return one.says[0]
    if one.kind == PAIR:
        return f"Two mistakes at once. First: {one.says[0]} And: {one.says[1]}"
    more = "".join(f" Or, with the same numbers: {text}" for text in one.says[1:])
    return f"your numbers are those of this slip: {one.says[0]}{more}"
