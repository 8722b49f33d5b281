"""What was foretold of runs beside what they did."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from rnnkit.plots.contrast import as_ink
from rnnkit.plots.figures import Drawn
from rnnkit.plots.style import BLACK, BLUE, RED, SMALL, Canvas

LINE, PAD = 0.19, 0.08  # inches
WIDTH, LETTERS, NUMBER = 8.0, 108, 42  # inches, of a line, of a number with its words
COLUMNS = ((0.2, BLACK), (1.95, BLUE), (3.65, as_ink(RED)), (5.15, BLACK))  # inches, and a colour that nothing hangs on


class Told(NamedTuple):
    """A run: what was asked, said and done, and the number that decides; the sentence; what else is to be said."""

    run: str
    rows: Sequence[tuple[str, str, str, str]]
    because: str
    note: str = ""


def foretold(runs: Sequence[Told]) -> Figure:
    """A table in words: of each run what was said, what it did, and by which number. The sentence of one alone."""
    lines: list[tuple[tuple[str, ...], dict[str, Any]]] = []
    for one in runs:
        alone = len(runs) == 1
        if alone:
            lines.append(((one.run,), {"weight": "bold"}))
        for asked, said, did, number in one.rows:
            name = asked if alone else f"{one.run}: {asked}"
            first, *rest = textwrap.wrap(number, NUMBER) or [""]
            lines.append(((name, f"you said: {said}", f"it did: {did}", first), {}))
            lines += [(("", "", "", part), {}) for part in rest]
        for text in filter(None, (f"because: {one.because}" if alone else "", one.note and f"{one.run}: {one.note}")):
            for part in textwrap.wrap(text, LETTERS, max_lines=4, placeholder=" …"):
                lines.append((("", part), {"style": "italic", "color": BLACK}))
    height = len(lines) * LINE + 2 * PAD
    figure = Drawn(figsize=(WIDTH, height))
    Canvas(figure)
    page = figure.add_axes((0, 0, 1, 1))  # notebooks show no figure without axes
    page.axis("off")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the font lacks
        for place, (texts, style) in enumerate(lines):
            y = 1 - (PAD + (place + 0.5) * LINE) / height
            for (x, color), text in zip(COLUMNS, texts, strict=False):
                left = 0.1 if len(texts) == 1 else COLUMNS[0][0] if style else x
                how: dict[str, Any] = {"color": color, "fontsize": SMALL, "parse_math": False} | style
                page.text(left / WIDTH, y, text, va="center", **how)
    return figure
