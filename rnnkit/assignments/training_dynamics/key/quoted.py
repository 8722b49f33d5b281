"""The numbers in a text, and which figures they are roundings of."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping, Sequence

MOST_NUMBERS = 30  # of one answer
MOST_NAMES = 2  # of one number
Figures = Mapping[str, float]  # by names that begin with what they are of: ``log10 g_t: median``
MOST_TEXT = 20_000  # characters of an answer that are looked at
CLOSE = 0.1  # relative: what is further off is another figure
# No settings of a run, but numbers that answers use all the same.
KNOWN = {
    "the histogram's floor": -12.0,
    "the limit of vanishing": -8.0,
    "what is added to g_t before its logarithm": 1e-12,
    "ln 4": 1.386,
}

_NUMBER = re.compile(
    r"(?<![\w.^_\\])(?<!\^[-−–])(?<!\^\{)(?<!\^\{[-−–])(?P<sign>[-−–]?)(?P<digits>\d{1,3}(?:[,\u202f\u00a0]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:(?:e|E|\s?(?:·|×|x|\*|\\cdot|\\times)\s?10\^)\{?(?P<power>[-−+]?\d{1,3})\}?)?(?P<percent>\s?\\?%)?(?![\w^])"
)


@dataclasses.dataclass(frozen=True)
class Number:
    """A number as it stands in an answer: text, value, half a unit of its last digit, digits but outer zeros."""

    text: str
    value: float
    half: float
    percent: bool
    figures: int


def numbers_in(text: str) -> list[Number]:
    """The numbers that say something: no small counts without a decimal point, none in names like A1 or h_2."""
    numbers: dict[str, Number] = {}
    for match in _NUMBER.finditer(text[:MOST_TEXT]):
        digits = re.sub("[,\u202f\u00a0]", "", match["digits"])
        power = int((match["power"] or "0").replace("−", "-"))
        before = text[: match.start()].rstrip()
        minus = bool(match["sign"]) and not (match["sign"] == "–" and before[-1:].isdigit())
        try:
            value, half = (-1 if minus else 1) * float(digits) * 10.0**power, 0.5 * 10.0**power
        except OverflowError:
            continue
        half *= 10.0 ** -len(digits.partition(".")[2])
        plain = "." not in digits and match["power"] is None and not match["percent"]
        if plain and abs(value) < 10 and not minus:
            continue
        shown = " ".join(match[0].split()).replace("-", "−").replace("–", "−").replace("\\", "")
        figures = len(digits.replace(".", "").strip("0"))
        numbers.setdefault(shown, Number(shown, value, half, bool(match["percent"]), figures))
    return list(numbers.values())[:MOST_NUMBERS]


def hints(answer: str, mine: Sequence[Figures], others: Sequence[Figures] = ()) -> str:
    """What the numbers in an answer are, in one line; empty where it has none.

    A number is what it is a rounding of, in the order given; else it may be a little off, but of ``mine`` only. First
    of these are the run's own: of them alone may a number of one digit be a rounding, or one without % a percentage.
    """
    parts, strangers = [], []
    for number in numbers_in(answer):
        limit = _rounded(number, [{}, KNOWN]) if number.figures < 2 else ""  # −8 before what is −8.376
        name = limit or _rounded(number, mine) or _near(number, mine) or _rounded(number, others)
        if name:
            parts.append(f"{number.text} is {name}")
        else:
            strangers.append(number.text)
    if strangers:
        verb = "is" if len(strangers) == 1 else "are"
        parts.append(f"{', '.join(strangers)} {verb} none of these runs' figures")
    return "; ".join(parts)


def _rounded(number: Number, sources: Sequence[Figures]) -> str:
    """The first figures that a number is a rounding of; empty where it is of none."""
    for place, figures in enumerate(sources):
        half = number.half if place == 0 or number.figures > 1 else 0.0
        names = [
            _words(name)
            for name, value in _comparable(number, figures, own=place == 0)
            if abs(number.value - value) <= half * (1 + 1e-9) + 1e-9 * abs(value)
        ]
        if names:
            return " or ".join(names[:MOST_NAMES])
    return ""


def _near(number: Number, sources: Sequence[Figures]) -> str:
    """The nearest of the first figures that are close to a number, or are it but for the sign; empty where none is."""
    for place, figures in enumerate(sources if number.figures > 1 else sources[:1]):
        near: list[tuple[bool, float, str]] = []
        for name, value in _comparable(number, figures, own=place == 0):
            bare = number.value > 0 > value and number.half < 0.5  # the sign was forgotten, or stands in words
            off = abs(number.value - (-value if bare else value))
            if off <= min(3 * number.half, CLOSE * abs(value)) * (1 + 1e-9):
                near.append((bare, off, f"{_words(name)} ({shown(value)})"))
        if near:
            return min(near)[2]
    return ""


def _comparable(number: Number, figures: Figures, *, own: bool) -> Iterator[tuple[str, float]]:
    """The figures that a number can be at all; nothing but 0 is a rounding of 0."""
    for name, value in figures.items():
        alike = number.percent == name.endswith("%") or (own and not number.percent)
        if alike and math.isfinite(value) and (value == 0) == (number.value == 0):
            yield name, value


def parts_of(name: str) -> tuple[str, str]:
    """What a figure is of, and which one: ``log10 g_t``, ``median``."""
    what, _, which = name.removesuffix(" %").partition(": ")
    return what, which


def _words(name: str) -> str:
    """``log10 g_t: median`` as one says it."""
    what, which = parts_of(name)
    return f"the {which} of {what}" if which else what


def shown(value: float) -> str:
    """A figure with four digits."""
    return f"{value:{'.4g' if abs(value) < 1e4 else '.0f'}}".replace("-", "−")
