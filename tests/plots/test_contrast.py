"""Contrast as it is counted, and that the colours of all figures have enough of it."""

from __future__ import annotations

import pytest
from faint import faint

from rnnkit.plots.contrast import GRAPHICS, TEXT, as_ink, contrast
from rnnkit.plots.style import LINES, label_ends, new_figure


def test_contrast_is_that_of_the_guidelines():
    assert contrast("black") == pytest.approx(21)
    assert contrast("#777777") == pytest.approx(4.48, abs=0.01)  # the grey that just fails
    assert contrast("white", "blue") == contrast("blue", "white") == pytest.approx(8.59, abs=0.01)


@pytest.mark.parametrize("color", [color for color, _ in LINES])
def test_the_colours_of_lines_are_seen_on_white_and_read_as_ink(color):
    assert contrast(color) >= GRAPHICS
    assert contrast(as_ink(color)) >= TEXT


def test_ink_is_as_it_was_where_it_can_be_read():
    assert as_ink("#0072b2") == "#0072b2"


def test_what_is_faint_is_told():
    figure, (ax,) = new_figure()
    lines = {"A": ax.plot([0, 1], color="yellow")[0], "B": ax.plot([1, 0], "o", color="black", alpha=0.2)[0]}
    ax.text(0, 0, "pale", color="0.6")
    assert [one.partition(":")[0] for one in faint(figure)] == ["line '_child0'", "marks of '_child1'", "'pale'"]
    label_ends(ax, {"A": lines["A"]})
    assert len(faint(figure)) == 3
