"""A figure that is drawn many times in little time: what stays is kept as an image."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image


class Moving:
    """Axes, ticks and labels are drawn once; a picture then costs what moves in it.

    Arguments:
        figure: with all that it holds.
        artists: what moves, in the order in which it is drawn.
        room: of a panel's labels, left of it, below, right and above, as shares of the figure.

    Attributes:
        changed: axes that got other limits since the last picture, to be drawn again; whoever changes them says so.
    """

    def __init__(self, figure: Figure, artists: Sequence[Artist], room: tuple[float, float, float, float]) -> None:
        self.figure, self.canvas, self.artists = figure, FigureCanvasAgg(figure), artists
        self.changed: set[Axes] = set()
        self._room, self._background = room, None
        self._animate(True)

    def png(self) -> bytes:
        """The picture, as the bytes of a PNG file."""
        return png_of(self.pixels())

    def pixels(self) -> np.ndarray:
        """The same as red, green and blue, ``(height, width, 3)``."""
        canvas: Any = self.canvas
        if self._background is None:
            canvas.draw()  # all but what moves
        elif self.changed:
            canvas.restore_region(self._background)
            for ax in self.changed:
                self.figure.draw_artist(self._blank(ax))
                self.figure.draw_artist(ax)
        if self._background is None or self.changed:
            self._background, self.changed = canvas.copy_from_bbox(self.figure.bbox), set()
        canvas.restore_region(self._background)
        for artist in self.artists:
            (artist.axes or self.figure).draw_artist(artist)
        return np.asarray(canvas.buffer_rgba())[..., :3]

    def still(self) -> Figure:
        """The figure, to be kept and drawn as any other."""
        self._animate(False)
        return self.figure

    def _animate(self, moves: bool) -> None:
        for artist in self.artists:
            artist.set_animated(moves)

    def _blank(self, ax: Axes) -> Artist:
        """White over a panel with its labels."""
        box, (left, below, right, above) = ax.get_position(), self._room
        corner, width, height = (box.x0 - left, box.y0 - below), box.width + left + right, box.height + below + above
        return Rectangle(corner, width, height, color="white", transform=self.figure.transFigure, figure=self.figure)


def png_of(pixels: np.ndarray) -> bytes:
    """A picture, ``(height, width, 3)``, as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def gif_of(pictures: Iterable[np.ndarray], fps: float, hold: int = 0, colours: int = 32) -> bytes:
    """Pictures one after the other, again and again, as the bytes of a GIF file.

    Arguments:
        pictures: ``(height, width, 3)`` each; the colours are those of the last one.
        fps: of them a second.
        hold: the last one stays for so many more.
    """
    images = [Image.fromarray(pixels) for pixels in pictures]
    palette = images[-1].quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    first, *others = (image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images)
    each = round(1000 / fps)  # milliseconds
    how: dict[str, Any] = {"duration": [each] * len(others) + [each * (1 + hold)], "loop": 0, "optimize": True}
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, **how)
    return file.getvalue()
