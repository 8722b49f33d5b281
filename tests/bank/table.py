"""What is known of a question, as it is stored: each outcome once, each word and sentence once."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnkit.checks.known import NEAR, PAIR, SLIP, Prints, together
from rnnkit.checks.outcome import same_print

MOST = 2  # ways to say it of a slip


class Table:
    """Collects what is known of a question: each outcome once, and each word and sentence once."""

    def __init__(self, cases: list[str]) -> None:
        self.cases, self.entries = cases, []  # kind, sentences, prints
        self.places: dict[tuple[Any, ...], list[int]] = {}
        self.families: dict[str, list[tuple[list[float], str]]] = {}

    def add(self, kind: int, says: tuple[str, ...], prints: Prints | None, line: str = "") -> None:
        """Takes an outcome in, unless it is right or tells nothing; slips that give the same numbers become one.

        What a slip does alone is no two mistakes at once: it takes the place of such a pair.
        """
        if prints is None or not any(prints.values()) or (kind == SLIP and not _numbers(prints)):
            return
        words = tuple(print and print[0] for print in prints.values())
        for place in self.places.setdefault(words, []):
            other_kind, other_says, other, _ = self.entries[place]
            if all(print is None or same_print(print, other[case]) for case, print in prints.items()):
                new = not any(_bare(says[0]) == _bare(text) for text in other_says)
                if (kind, other_kind) == (SLIP, PAIR):
                    self.entries[place] = (kind, says, prints, line)
                elif kind == other_kind == SLIP and new and len(other_says) < MOST:
                    self.entries[place] = (kind, (*other_says, says[0]), other, "")
                return
        self.places[words].append(len(self.entries))
        self.entries.append((kind, says, prints, line))

    def add_family(self, says: str, prints: Prints | None) -> None:
        """Takes a wrong formula in whose numbers none has that is there already."""
        if prints is None or not _numbers(prints):
            return
        words = tuple(print and print[0] for print in prints.values())
        for place in self.places.get(words, ()):
            kind, _, other, _ = self.entries[place]
            if all(print is None or same_print(print, other[case]) for case, print in prints.items()):
                if kind != PAIR:
                    return
                self.entries[place] = (SLIP, (says,), prints, "")
                return
        word, numbers = together(prints)
        if self.family(prints) is None:
            self.families.setdefault(word, []).append((numbers, says))

    def family(self, prints: Prints | None) -> str | None:
        """What is said of the wrong formula that gives these numbers."""
        if prints is None:
            return None
        word, numbers = together(prints)
        rows = self.families.get(word, ())
        return next((says for row, says in rows if np.abs(np.subtract(row, numbers)).max() < NEAR), None)

    def stored(self) -> dict[str, Any]:
        """As it is written to the file."""
        words = list(dict.fromkeys(print[0] for _, _, prints, _ in self.entries for print in prints.values() if print))
        texts = [text for _, texts, _, _ in self.entries for text in texts]
        says = list(dict.fromkeys(texts + [text for rows in self.families.values() for _, text in rows]))
        word_at, says_at = {w: k for k, w in enumerate(words)}, {t: k for k, t in enumerate(says)}
        known = [
            [
                kind,
                [says_at[t] for t in texts],
                [print and [word_at[print[0]], *map(_short, print[1:])] for print in prints.values()],
            ]
            + [line] * bool(line)
            for kind, texts, prints, line in self.entries
        ]
        families = {word: [[*row, says_at[text]] for row, text in rows] for word, rows in self.families.items()}
        return {"cases": self.cases, "words": words, "says": says, "known": known, "families": families}


def _numbers(prints: Prints) -> bool:
    return any(print and any(print[1:]) for print in prints.values())


def _bare(text: str) -> str:
    """A sentence without the place that it begins with."""
    return text.split(", ", 1)[-1] if text.startswith("in ") else text


def _short(number: float) -> float:
    return float(f"{number:.6g}")
