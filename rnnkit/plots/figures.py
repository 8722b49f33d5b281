"""The kit's figures: in a notebook each shows itself with words for who does not see it, and its numbers in tables."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rnnkit.common.looking import running_shell
from rnnkit.plots.naming import Table
from rnnkit.plots.words import told

COLOURS = 128  # of a picture: a third of the bytes
NUMBERS = "The numbers in a table"


class Drawn(Figure):
    """matplotlib's, which a notebook displays as picture, words and tables; without ``%matplotlib inline``, too."""

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        if formatter := getattr(running_shell(), "display_formatter", None):  # else matplotlib's draws it once more
            formatter.formatters["image/png"].for_type(Drawn, lambda _: None)
        return bundle(in_few_colours(self, self.dpi), *told(self))


def bundle(picture: bytes, said: str, tables: list[Table], kind: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """A picture for a notebook: data and metadata of ``display(…, raw=True)``.

    JupyterLab takes the words from the HTML, other readers from the metadata or the plain text.

    Arguments:
        picture: a PNG file.
        said: what it shows.
        tables: with its numbers.
        kind: a class of the HTML.
    """
    png = base64.b64encode(picture).decode()
    image = f'<img style="max-width:100%" alt="{escape(said)}" src="data:image/png;base64,{png}">'
    html = f'<div class="rnnkit-figure {kind}">{image}{as_html(tables)}</div>'
    return {"image/png": png, "text/html": html, "text/plain": said}, {"image/png": {"alt": said}}


def as_html(tables: list[Table]) -> str:
    """Tables that are folded until asked for."""
    if not tables:
        return ""
    whole = ""
    for one in tables:
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in one.columns)
        rows = "".join(f"<tr>{''.join(f'<td>{escape(value)}</td>' for value in row)}</tr>" for row in one.rows)
        whole += f'<table><caption style="text-align:left">{escape(one.caption)}</caption>'
        whole += f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<details><summary>{NUMBERS}</summary><div tabindex="0" style="overflow-x:auto">{whole}</div></details>'


def in_few_colours(figure: Figure, dpi: float) -> bytes:
    """The figure as a PNG file of a third of the bytes."""
    canvas, buffer = FigureCanvasAgg(figure), io.BytesIO()
    figure.set_dpi(dpi)
    canvas.draw()
    pixels = PIL.Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    pixels.quantize(COLOURS).save(buffer, format="png")
    return buffer.getvalue()
