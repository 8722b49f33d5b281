"""A small figure or table of a student's own code, shown in a notebook; a line of text while that code is not right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import ParamSpec

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.common.text import one_line
from rnnkit.plots.figures import Drawn

WAITING = "This appears once the question above is solved."
P = ParamSpec("P")


def sketch(within: Callable[[], AbstractContextManager]) -> Callable[[Callable[P, object]], Callable[P, None]]:
    """Makes a function that shows something end in one line, whatever a student's code in it returns or raises.

    Arguments:
        within: makes what the code runs in; see `rnnkit.checks.sandbox.quiet`.
    """

    def guarded(show: Callable[P, object]) -> Callable[P, None]:
        @wraps(show)
        def shown(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                with within():
                    show(*args, **kwargs)
            except NotImplementedError:
                print(WAITING)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # a student's function may raise SystemExit as well
                print(f"No figure: {_said(error)}")

        return shown

    return guarded


def _said(error: BaseException) -> str:
    """An exception in one line."""
    try:
        return f"{type(error).__name__}: {one_line(error)}".removesuffix(": ")
    except Exception:  # one whose text raises
        return type(error).__name__


def show_small(draw: Callable[[Figure], object], size: tuple[float, float]) -> None:
    """Draws and shows a figure.

    Arguments:
        draw: fills the figure in.
        size: width and height in inches.
    """
    from IPython.display import display

    figure, (width, height) = Drawn(figsize=size), size
    figure.subplots_adjust(  # inches for labels and titles: a layout that measures them takes twice the time
        left=0.8 / width, right=1 - 0.15 / width, bottom=0.5 / height, top=1 - 0.3 / height, wspace=0.2, hspace=0.3
    )
    draw(figure)
    display(figure)


def show_curves(draw: Callable[[Axes], object], size: tuple[float, float], x: str, y: str) -> None:
    """Draws and shows one panel with a legend, whose axes have these names; see `show_small`."""

    def panel(figure: Figure) -> None:
        axes = figure.subplots()
        draw(axes)
        axes.set(xlabel=x, ylabel=y)
        axes.legend(frameon=False, fontsize=8)

    show_small(panel, size)
