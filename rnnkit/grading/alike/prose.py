"""Prose as a set of prints: three words in a row, single words, and numbers, each with the places where it stands.

Words are in a row within a sentence only, so that sentences in another order are the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection

WORD = re.compile(r"[^\W_]+(?:[.,'’][^\W_]+)*")
NUMBER = re.compile(r"\d[\d.,]*(?:e\d+)?")
ENDS = re.compile(r"[.!?;:\n]")  # between two words: a sentence's end
DIGITS = 3  # of a number that is copied rather than met by chance
ROW = 3  # words
WORDS, WORD_ALONE, COPIED_NUMBER = "words", "word", "number"  # what a print begins with
MOST_WORDS = 5_000  # of an answer
Place = tuple[int, int]  # first character, and the one after the last


def prints(text: str) -> dict[str, list[Place]]:
    """The prints of an answer; numbers are no words, so that the sentence around them tells by itself."""
    found: dict[str, list[Place]] = {}
    row: list[tuple[str, Place]] = []
    for number, match in enumerate(WORD.finditer(text)):
        if number == MOST_WORDS:
            break
        word = match.group().casefold()
        is_number = NUMBER.fullmatch(word) is not None
        if is_number and len(word.translate({ord(one): None for one in ".,"}).lstrip("0")) >= DIGITS:
            found.setdefault(f"{COPIED_NUMBER} {word}", []).append(match.span())
        elif len(word) > ROW:
            found.setdefault(f"{WORD_ALONE} {word}", []).append(match.span())
        if row and ENDS.search(text, row[-1][1][1], match.start()):
            row = []
        row = [*row[1 - ROW :], ("#" if is_number else word, match.span())]
        if len(row) == ROW:
            key = " ".join([WORDS, *(one for one, _ in row)])
            found.setdefault(key, []).append((row[0][1][0], row[-1][1][1]))
    return found


def marked(text: str, common: Collection[str]) -> list[tuple[str, bool]]:
    """A text in pieces, and whether each of them is covered by prints that another text has, too."""
    covered = sorted(place for key, places in prints(text).items() if key in common for place in places)
    pieces: list[tuple[str, bool]] = []
    at = 0
    for first, last in covered:
        if last <= at:
            continue
        if first > at:
            pieces.append((text[at:first], False))
        pieces.append((text[max(first, at) : last], True))
        at = last
    return [*pieces, (text[at:], False)]
