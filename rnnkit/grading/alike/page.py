"""The page of a class's pairs: whole in one file, without anything from elsewhere; names hidden until asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rnnkit.common.pages import pages
from rnnkit.common.text import plain
from rnnkit.grading.alike.beside import beside
from rnnkit.grading.alike.pairs import BINS, Compared

HIGH, WIDE = 120, 600  # of the picture of all scores


def page(
    compared: Compared, people: Sequence[tuple[int, str]], about: str, threshold: float, missing: Sequence[str]
) -> str:
    """The page as HTML.

    Arguments:
        compared: the class.
        people: of each student the number that stands for the name, and the name, where it is known.
        about: what the assignment is called.
        threshold: that pairs were held against.
        missing: students who are not compared, as nothing of theirs was graded.
    """
    environment = pages("rnnkit.grading.alike", percent=lambda share: f"{100 * share:.0f}", plain=plain)
    return environment.get_template("alike.html").render(
        about=about,
        compared=compared,
        threshold=threshold,
        missing=len(missing),
        unread=sum(bool(one.unread) for one in compared.works),
        who=[(number, one.student, name) for one, (number, name) in zip(compared.works, people, strict=True)],
        rows=[(pair, [*beside(compared, pair)]) for pair in compared.pairs],
        all_pairs=sum(compared.counts),
        bars=_bars(compared.counts),
        high=HIGH,
        wide=WIDE,
    )


def _bars(counts: Sequence[int]) -> list[tuple[float, float, float, tuple[str, str]]]:
    """Left end, top and width of the bar of each bin that has pairs, and its words; heights go with the logarithm."""
    most, width = math.log1p(max(counts, default=0)) or 1.0, WIDE / BINS
    return [
        (number * width, HIGH * (1 - math.log1p(count) / most), width - 1, (f"{number / BINS:.2f}", str(count)))
        for number, count in enumerate(counts)
        if count
    ]
