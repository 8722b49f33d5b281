"""A widget that leaves a picture where nothing moves it: in an exported notebook, in print, without a kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from IPython.display import display
from matplotlib.figure import Figure

from rnnkit.common.looking import view_of
from rnnkit.plots.figures import bundle, in_few_colours
from rnnkit.plots.words import told

# The picture is hidden where the widget has come alive: in its output (Lab, an exported page), else in the document.
LIVE = ".widget-vbox"
STYLE = (
    f".jp-OutputArea:has({LIVE}) .rnnkit-still, :root:not(:has(.jp-OutputArea)):has({LIVE}) .rnnkit-still"
    " {display: none}"
)


class WithStill:
    """A column of widgets, and under it a picture, to be seen wherever the widgets are not.

    Arguments:
        children: the widgets.
        still: makes the picture; called when the widgets stand there already.
    """

    def __init__(self, children: Sequence[Any], still: Callable[[], Figure]) -> None:
        self.children, self.still = tuple(children), still

    def _ipython_display_(self, **_: Any) -> None:
        from ipywidgets import VBox

        display(view_of(VBox(self.children), "to be moved where this notebook runs"), raw=True)
        figure = self.still()
        data, about = bundle(in_few_colours(figure, figure.dpi), *told(figure), kind="rnnkit-still")
        data["text/html"] = f"<style>{STYLE}</style>{data['text/html']}"
        display(data, metadata=about, raw=True)


def image() -> Any:
    """A widget for a picture; its ``tooltip`` stands for the picture where it is not seen."""
    from ipywidgets import Image, Layout
    from traitlets import Unicode

    class Described(Image):
        description = Unicode("").tag(sync=True)  # without one the browser's side fails at a tooltip

    return Described(format="png", layout=Layout(max_width="100%", align_self="flex-start"))
