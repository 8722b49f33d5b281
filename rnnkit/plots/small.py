"""A small figure of a student's own code, shown in a notebook; a line of text while the code is not there yet."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def show_small(
    draw: Callable[[Figure], object], size: tuple[float, float], within: Callable[[], AbstractContextManager]
) -> None:
    """Draws and shows a figure, or says in a line why there is none.

    Arguments:
        draw: fills the figure in, with what the student's code gives.
        size: width and height in inches.
        within: makes what the code runs in; see `rnnkit.checks.sandbox.quiet`.
    """
    from IPython.display import Image, display

    figure, (width, height) = Figure(figsize=size), size
    FigureCanvasAgg(figure)
    figure.subplots_adjust(  # inches for labels and titles: a layout that measures them takes twice the time
        left=0.8 / width, right=1 - 0.15 / width, bottom=0.5 / height, top=1 - 0.3 / height, wspace=0.2, hspace=0.3
    )
    try:
        with within():
            draw(figure)
            data = io.BytesIO()
            figure.savefig(data, format="png", dpi=100)
    except Exception as error:
        waiting = isinstance(error, NotImplementedError)
        print("The figure appears here once the question above is solved." if waiting else f"No figure: {error!r}")
    else:
        display(Image(data.getvalue()))
