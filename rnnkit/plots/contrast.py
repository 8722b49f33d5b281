"""How well one colour is seen on another, as the Web Content Accessibility Guidelines count it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import to_hex, to_rgb

GRAPHICS, TEXT = 3.0, 4.5  # the least contrast of lines and marks, and of letters: WCAG 2.2, level AA
STEP = 0.98


def luminance(color: Any) -> float:
    """The relative luminance of a colour, 0 to 1.

    Source: WCAG 2.2, "relative luminance".
    """
    parts = np.asarray(to_rgb(color))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: Any, other: Any = "white") -> float:
    """The contrast of two colours, 1 to 21.

    Source: WCAG 2.2, "contrast ratio".
    """
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def as_ink(color: Any) -> str:
    """A colour, darker where letters of it would not be read on white."""
    red, green, blue = to_rgb(color)
    while contrast((red, green, blue)) < TEXT:
        red, green, blue = STEP * red, STEP * green, STEP * blue
    return to_hex((red, green, blue))
