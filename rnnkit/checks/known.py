"""Known mistakes: alone, two at once, and slips of one symbol, each by the numbers that it gives.

Stored are a word and a few numbers for each case, never a formula. Of the many wrong formulas of a family they are
stored for all cases together.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from rnnkit.checks.inputs import Expected
from rnnkit.checks.numbers import wrong_in
from rnnkit.checks.outcome import PROJECTIONS, Fingerprint, Outcomes, later, same_print
from rnnkit.checks.question import Question
from rnnkit.checks.report import Named

Prints = dict[str, Fingerprint | None]  # by case; None where it is right
ALONE, PAIR, SLIP = range(3)  # kinds
NEAR = 3e-5  # two such numbers are the same
PART = re.compile(r" \(That is what .+ something else as well\.\)")  # what follows a sentence on a part of the cases
SLIPPED = "your numbers are those of this slip: "
OR = " Or, with the same numbers: "  # between slips that give the same
ENOUGH = {ALONE: 3, PAIR: 6, SLIP: 8}  # numbers that must fit where not every case does


@dataclass(frozen=True)
class Known:
    """One entry.

    Fields:
        kind: ALONE, PAIR or SLIP.
        says: what is said of it: both mistakes of a pair; of a slip all that give these numbers.
        prints: case -> fingerprint; None where the case is right all the same.
        line: where it is told by an exception alone, what must stand in the line that raised it, a regular expression.
    """

    kind: int
    says: tuple[str, ...]
    prints: Prints
    line: str = ""

    def fits(self, case: str, seen: Fingerprint | None) -> bool:
        """Whether this mistake does in a case what was seen; None is a case that passed."""
        stored = self.prints.get(case)
        return stored is seen if stored is None or seen is None else same_print(seen, stored)


@functools.cache
def _lines(home: str) -> dict[str, str]:
    """question -> its line of an assignment's file, read alone where that question is asked for: the file is large."""
    path = resources.files(home) / "expected" / "known.json"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    parts = (line.strip().rstrip(",").partition(": ") for line in text.splitlines()[1:-1])
    return {name.strip('"'): stored for name, _, stored in parts}


@functools.cache
def _stored(question: Question) -> dict[str, Any]:
    """What is stored of a question; nothing where no mistakes are known."""
    nothing = {"cases": [], "words": [], "says": [], "known": []}
    return json.loads(_lines(question.assignment.home).get(question.id, json.dumps(nothing)))


@functools.cache
def known(question: Question) -> tuple[Known, ...]:
    """Everything that is known of a question case by case, mistakes that were written down by hand first."""
    return read(_stored(question))


def families(question: Question) -> dict[str, list[list[float]]]:
    """What is known of all cases together: word -> rows of three numbers and the number of the sentence."""
    return _stored(question).get("families", {})


def of_family(question: Question, seen: Prints) -> Named | None:
    """The wrong formula that gives the numbers of all cases together, if it is stored."""
    word, numbers = together(seen)
    rows = families(question).get(word, ())
    fitting = (row for row in rows if max(abs(p - q) for p, q in zip(numbers, row, strict=False)) < NEAR)
    said = (sentence(question, row) for row in fitting)
    return next((Named(SLIPPED + one, one) for one in said), None)


def says(question: Question) -> list[str]:
    """The sentences on all mistakes that are known of a question."""
    return list(_stored(question)["says"])


def sentence(question: Question, row: list[float]) -> str:
    """What is said of a row of `families`."""
    return _stored(question)["says"][int(row[-1])]


def together(seen: Prints) -> tuple[str, list[float]]:
    """The fingerprints of all cases as one: a word and three numbers."""
    word = hashlib.blake2s("|".join(print[0] if print else "-" for print in seen.values()).encode(), digest_size=3)
    numbers = np.zeros(PROJECTIONS)
    for k, print in enumerate(seen.values()):
        numbers += np.cos(0.7 + 1.3 * k) * np.arcsinh(print[1:] if print else numbers * 0)
    return word.hexdigest(), [round(float(number), 5) for number in numbers]


def read(stored: dict[str, Any]) -> tuple[Known, ...]:
    """The entries of one question, from what is stored of it."""
    cases, words, says = stored["cases"], stored["words"], stored["says"]
    return tuple(
        Known(
            kind,
            tuple(says[k] for k in which),
            {case: [words[entry[0]], *entry[1:]] if entry else None for case, entry in zip(cases, prints, strict=True)},
            *line,
        )
        for kind, which, prints, *line in stored["known"]
    )


def prints(question: Question, outcomes: Outcomes, right: Expected) -> Prints:
    """case -> fingerprint of what was seen; None where it is right.

    Of a cell the first round is enough, which gives many numbers; a function often gives one only.
    """
    rounds = not question.method
    by_case: Prints = {}
    for case, outcome in outcomes.items():
        wrong = [*wrong_in(right[case], outcome), *outcome.problems]
        fine = outcome.error is None and not [name for name in wrong if rounds or not later(name)]
        by_case[case] = None if fine else outcome.fingerprint(rounds)
    return by_case


def recognised(question: Question, seen: Prints, line: str = "") -> Named | None:
    """What is known of exactly this outcome, and of the line that raised: it fits every case, passed or failed.

    Two mistakes at once are claimed only if both together do what came, and nothing that is known alone does it.
    """
    fitting = [one for one in known(question) if all(one.fits(case, print) for case, print in seen.items())]
    single = next((_sentence(one) for one in fitting if one.kind != PAIR and re.search(one.line, line)), None)
    if single or (single := of_family(question, seen)):
        return single
    return next((_sentence(one) for one in fitting if one.kind == PAIR and _both(question, one, list(seen))), None)


def _both(question: Question, pair: Known, cases: list[str]) -> bool:
    """Whether it takes both mistakes of a pair to do what the pair does in these cases: nothing alone does it."""
    done = {case: pair.prints[case] for case in cases}
    alone = (one for one in known(question) if one.kind != PAIR)
    return not any(all(one.fits(case, print) for case, print in done.items()) for one in alone)


def partly(question: Question, seen: Prints, numbers: dict[str, int], most: int = SLIP) -> Named | None:
    """What is known of a part of the cases that failed, where it gives other wrong numbers in no case.

    ``numbers`` is how many of them each case gave: few tell little from others. ``most`` is the last kind that counts.
    A slip is one of very many, so half of the cases that failed have to show it.
    """
    failed = [case for case, print in seen.items() if print is not None]
    best: tuple[int, Known, list[str]] | None = None
    for one in known(question):
        if one.kind > most or any(_against(one, case, print, numbers.get(case, 0)) for case, print in seen.items()):
            continue
        fits = [case for case in failed if one.prints[case] is not None and one.fits(case, seen[case])]
        if sum(numbers.get(case, 0) for case in fits) < ENOUGH[one.kind] or (best and len(fits) <= best[0]):
            continue
        if (one.kind != PAIR or _both(question, one, fits)) and (one.kind != SLIP or 2 * len(fits) >= len(failed)):
            best = len(fits), one, fits
    if best is None:
        return None
    _, one, fits = best  # cannot be all of them: that would have been recognised
    rest = [case for case in failed if case not in fits]
    said = _sentence(one)
    return Named(f"{said} (That is what {_show(fits)}; {_show(rest)} something else as well.)", *said.mistakes)


def _against(one: Known, case: str, seen: Fingerprint | None, numbers: int) -> bool:
    """Whether a mistake gives other wrong numbers in a case than were seen, or wrong ones where they are right."""
    return one.prints[case] is not None and not one.fits(case, seen) and (seen is None or numbers > 0)


def _show(cases: list[str]) -> str:
    *others, last = [f"“{case}”" for case in cases]
    return f"{', '.join(others)} and {last} show" if others else f"{last} shows"


def _sentence(one: Known) -> Named:
    if one.kind == ALONE:
        return Named(one.says[0])
    if one.kind == PAIR:
        return Named(f"Two mistakes at once. First: {one.says[0]} And: {one.says[1]}", *one.says)
    name = OR.join(one.says)
    return Named(SLIPPED + name, name)
