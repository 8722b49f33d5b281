"""What a page is made of: sections with groups of pictures."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
import PIL.Image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI, COLORS = 150, 128


@dataclass(frozen=True)
class Picture:
    """A figure as it stands in the page."""

    png: str
    width: int
    height: int
    caption: str


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
    return Picture(base64.b64encode(in_few_colours(figure)).decode(), width, height, caption)


def in_few_colours(figure: Figure) -> bytes:
    """The figure as a PNG file of a third of the bytes."""
    canvas, buffer = FigureCanvasAgg(figure), io.BytesIO()
    figure.set_dpi(DPI)
    canvas.draw()
    pixels = PIL.Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    pixels.quantize(COLORS).save(buffer, format="png")
    return buffer.getvalue()
