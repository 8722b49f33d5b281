"""A widget that leaves a picture where nothing moves it: in an exported notebook, in print, without a kernel."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

from IPython.display import display

from rnnkit.common.looking import view_of

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
        still: makes the picture, the bytes of a PNG file; called when the widgets stand there already.
    """

    def __init__(self, children: Sequence[Any], still: Callable[[], bytes]) -> None:
        self.children, self.still = tuple(children), still

    def _ipython_display_(self, **_: Any) -> None:
        from ipywidgets import VBox

        display(view_of(VBox(self.children), "to be moved where this notebook runs"), raw=True)
        picture = b64encode(self.still()).decode()
        source = f'alt="what the widget shows" src="data:image/png;base64,{picture}"'
        shown = f'<img class="rnnkit-still" style="max-width:100%" {source}>'
        display({"text/html": f"<style>{STYLE}</style>{shown}", "image/png": picture}, raw=True)
