"""What a page is made of: sections with groups of pictures."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from matplotlib.figure import Figure

from rnnkit.plots.figures import in_few_colours
from rnnkit.plots.naming import Table
from rnnkit.plots.words import told

DPI = 150


@dataclass(frozen=True)
class Picture:
    """A figure as it stands in the page, with what it shows in words and tables."""

    png: str
    width: int
    height: int
    caption: str
    alt: str
    tables: list[Table]


@dataclass
class Group:
    """Pictures that belong together, with what is said of all of them."""

    pictures: list[Picture]
    title: str = ""
    line: str = ""


@dataclass
class Section:
    """A heading, a line, groups of pictures."""

    id: str
    title: str
    line: str
    groups: list[Group]


def picture(figure: Figure, caption: str) -> Picture:
    """The figure as it stands in the page."""
    width, height = (int(inches * 100) for inches in figure.get_size_inches())
    return Picture(base64.b64encode(in_few_colours(figure, DPI)).decode(), width, height, caption, *told(figure))
