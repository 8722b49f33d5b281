"""Controls, and words and a picture that follow them; where nobody can move them, a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from rnnkit.common.looking import grading, in_notebook, widgets_move
from rnnkit.plots.figures import Drawn, as_html
from rnnkit.plots.moving import Moving
from rnnkit.plots.still import WithStill, image
from rnnkit.plots.words import told

WIDE: dict[str, Any] = {"layout": {"width": "360px"}, "style": {"description_width": "120px"}}  # of a control


class Controls(WithStill):
    """The widget: whatever a control is moved to is drawn at once.

    Arguments:
        controls: by the names of the settings.
        follow: from the controls' values, by name, to words in HTML and a picture, set and not drawn yet.
        still: the figure that stands there without a kernel.

    Attributes:
        controls: the same.
        image: shows the picture.
    """

    def __init__(
        self,
        controls: Mapping[str, Any],
        follow: Callable[..., tuple[str, Moving]],
        still: Callable[[], Figure],
    ) -> None:
        from ipywidgets import HTML, Box, Layout

        self.controls, self._follow = controls, follow
        self.image = image()
        self._words, self._numbers = HTML(), HTML()
        for control in controls.values():
            control.observe(self._show, names="value")
        self._show()
        box = Box([*controls.values()], layout=Layout(flex_flow="row wrap"))
        super().__init__([box, self._words, self.image, self._numbers], still)

    def _show(self, _: object = None) -> None:
        values = {name: control.value for name, control in self.controls.items()}
        self._words.value, moving = self._follow(**values)
        self.image.value = moving.png()
        self.image.tooltip, tables = told(moving.figure)  # what stands for the picture where it is not seen
        self._numbers.value = as_html(tables)


class Pair:
    """A wide panel and a narrow one, drawn again and again in little time.

    Arguments:
        panels: each makes on its axes what has ``moving`` artists, and a ``show`` that sets them and returns axes that
            got other limits.
        ratio: of the widths.
        columns: of each panel's legend.
    """

    def __init__(self, panels: Sequence[Callable[[Axes], Any]], ratio: float, columns: Sequence[int]) -> None:
        figure = Drawn(figsize=(9.0, 3.6), dpi=80)
        axes = figure.subplots(1, 2, width_ratios=(ratio, 1))
        self._panels = [panel(ax) for panel, ax in zip(panels, axes, strict=True)]
        for ax, number in zip(axes, columns, strict=True):
            legend_above(ax, number)
        figure.subplots_adjust(left=0.085, right=0.985, bottom=0.14, top=0.88, wspace=0.2)
        artists = [artist for panel in self._panels for artist in panel.moving]
        self._moving = Moving(figure, artists, room=(0.08, 0.13, 0.012, 0.11))

    def show(self, *seen: Any) -> Moving:
        """The picture of what the panels are to show, not drawn yet."""
        for panel in self._panels:
            self._moving.changed |= panel.show(*seen)
        return self._moving


def menu(name: str, options: Iterable[Any], value: Any) -> Any:
    """A control that chooses one of several."""
    from ipywidgets import Dropdown

    return Dropdown(options=[*options], value=value, description=name, **WIDE)


def slider(name: str, low: float, high: float, step: float, value: float) -> Any:
    """A control for a number; a whole one where its step is whole."""
    from ipywidgets import FloatSlider, IntSlider

    kind = IntSlider if isinstance(step, int) else FloatSlider
    return kind(min=low, max=high, step=step, value=value, description=name, **WIDE)


def notches(name: str, options: Iterable[Any], value: Any) -> Any:
    """A control for a number that is one of several."""
    from ipywidgets import SelectionSlider

    return SelectionSlider(options=[*options], value=value, description=name, **WIDE)


def where_it_moves(widget: Callable[[], Any], figure: Callable[[], Figure], static: bool = False) -> Any:
    """A widget where somebody can move it.

    Arguments:
        widget, figure: make what is shown, and what stands for it.
        static: wants the figure in any case.

    Returns:
        the widget; the figure outside of a notebook, where ``RNNKIT_PLAIN`` is set, under papermill and without
        ipywidgets; None in autograding.
    """
    if grading():
        return None
    if static or not widgets_move() or not in_notebook():
        return figure()
    return widget()


def limit(ax: Axes, across: tuple[float, float], up: tuple[float, float]) -> bool:
    """Sets limits; whether they were others."""
    if (ax.get_xlim(), ax.get_ylim()) == (across, up):
        return False
    ax.set(xlim=across, ylim=up)
    return True


def plain(ax: Axes) -> None:
    """Axes of a picture that is drawn again and again."""
    ax.grid(alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    ax.set_title("", y=1)  # matplotlib need not look for a place for one


def decades(ax: Axes, ticks: str = "{x:.0e}") -> None:
    """A logarithmic axis upwards with few ticks, and no mathematics to set, which takes its time."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(numticks=6))
    ax.yaxis.set_major_formatter(ticks)
    ax.yaxis.set_minor_locator(NullLocator())


def legend_above(ax: Axes, columns: int = 1) -> None:
    """A legend that covers no curve."""
    ax.legend(fontsize=7, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.1, frameon=False, ncols=columns)
