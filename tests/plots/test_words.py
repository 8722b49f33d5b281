"""What a figure shows, in words and in tables, and how a notebook shows it."""

from __future__ import annotations

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure

from rnnkit.plots.figures import Drawn
from rnnkit.plots.naming import SERIES, label, number
from rnnkit.plots.style import draw_ridges, label_ends, new_figure
from rnnkit.plots.words import ROWS, told


def test_a_curve_is_told_with_its_ends_and_its_lowest_and_highest_and_has_a_table():
    figure, (ax,) = new_figure()
    ax.plot([0, 1, 2, 3, 4], [5.0, 9.0, 1.0, np.nan, 2.0], label="loss")
    ax.axhline(1.5, label="floor")
    ax.set(xlabel="updates", ylabel=r"$\log_{10}(g_t)$")
    words, (table,) = told(figure)
    assert words == (
        "log_10(g_t): over updates; loss from 5 at 0 to 2 at 4, lowest 1 at 2, highest 9 at 1; a line at 1.5, floor."
    )
    assert table.columns == ["updates", "loss"]
    assert table.rows == [["0", "5"], ["1", "9"], ["2", "1"], ["4", "2"]]


def test_a_long_curve_is_in_the_table_at_some_places_with_both_ends():
    figure, (ax,) = new_figure()
    ax.plot(np.arange(1000), np.arange(1000) / 10)
    ax.plot(np.arange(500), np.ones(500))
    _, (table,) = told(figure)
    assert len(table.rows) == ROWS
    assert [table.rows[0][:2], table.rows[-1]] == [["0", "0"], ["999", "99.9", ""]]


def test_lines_that_are_named_at_their_ends_have_that_name():
    figure, (ax,) = new_figure()
    lines = {name: ax.plot([0, 1], [k, k + 1], color=f"C{k}")[0] for k, name in enumerate(("A1", "B1"))}
    label_ends(ax, lines)
    words, (table,) = told(figure)
    assert "A1 from 0 at 0 to 1 at 1; B1 from 1 at 0 to 2 at 1" in words
    assert table.columns[1:] == ["A1", "B1"]
    assert "it says" not in words


def test_many_lines_are_all_in_the_table_and_some_in_the_words():
    figure, (ax,) = new_figure()
    for k in range(SERIES + 3):
        ax.plot([0, 1], [k, k], label=f"line {k}")
    words, (table,) = told(figure)
    assert "and 3 more lines, in the table" in words
    assert len(table.columns) == SERIES + 4


def test_lines_of_one_name_are_told_together_and_a_legend_names_those_of_other_panels():
    figure, (left, right) = new_figure(2)
    left.plot([0, 1], [[0, 5, 2], [1, 6, 3]], color="red", label="_unit")
    left.set(ylabel="units")
    left.plot([0, 1], [7, 8], "--", color="blue", label="mean")
    right.plot([0, 1], [1, 2], "--", color="blue")
    words, _ = told(figure)
    assert "3 lines, units, from between 0 and 5 at 0 to between 1 and 6 at 1; all of them between 0 and 6" in words
    assert words.endswith("over x; mean from 1 at 0 to 2 at 1.")


def test_bars_that_touch_are_a_histogram_and_many_bars_have_their_ends():
    figure, (left, right) = new_figure(2)
    left.hist([0.5, 1.5, 1.5, 2.5], [0, 1, 2, 3, 4], label="a")
    right.bar(range(SERIES + 2), range(SERIES + 2))
    words, (table, _) = told(figure)
    assert "a, histogram of the values: the most lie from 1 to 2, the median from 1 to 2, all from 0 to 3" in words
    assert table.rows == [["0 to 1", "1"], ["1 to 2", "2"], ["2 to 3", "1"]]
    assert "and 2 more, in the table; lowest 0 with 0, highest 9 with 9" in words


def test_bars_beside_a_tick_have_its_name_and_a_panel_may_tell_of_itself():
    figure, (ax,) = new_figure()
    ax.bar([-0.2, 0.8], [3, 4], 0.4)
    ax.set_xticks([0, 1], ["RNN", "GRU"])
    assert told(figure)[0] == "bars: RNN 3, GRU 4."
    ax.set_label("arrows lead up.")
    assert told(figure) == ("arrows lead up.", [])


def test_a_histogram_is_told_with_its_mode_and_median():
    figure, (ax,) = new_figure()
    ax.stairs([1, 6, 0, 1], [0, 1, 2, 3, 4])
    ax.set(xlabel="distance", ylabel="units")
    words, (table,) = told(figure)
    assert "histogram of distance: the most lie from 1 to 2, the median from 1 to 2, all from 0 to 4" in words
    assert table.rows == [["0 to 1", "1"], ["1 to 2", "6"], ["3 to 4", "1"]]


def test_histograms_above_one_another_are_named_and_each_to_its_own_height():
    figure, (ax,) = new_figure()
    draw_ridges(ax, {"A1": (np.array([1.0, 3.0]), np.arange(3)), "B1": (np.array([8.0, 2.0]), np.arange(3))})
    words, (first, second) = told(figure)
    assert "A1, histogram" in words
    assert [first.rows, second.rows] == [[["0 to 1", "0.333"], ["1 to 2", "1"]], [["0 to 1", "1"], ["1 to 2", "0.25"]]]


def test_maps_points_bars_and_texts_are_told():
    figure, axes = new_figure(2, 2)
    figure.colorbar(axes[0].imshow([[1, 2], [3, 4]], extent=(0, 2, 2, 0)), label="norm")
    axes[1].scatter([1, 2], [3, 4])
    axes[2].bar(["RNN", "GRU"], [10, 20])
    axes[3].text(0.5, 0.5, r"$h_1$")
    words, tables = told(figure)
    assert "map of norm, 2 rows over columns, from 1 to 4, which is first at column 1.5, row 1.5" in words
    assert "2 points, x from 1 to 2, y from 3 to 4, the first at (1, 3), the last at (2, 4)" in words
    assert "bars: RNN 10, GRU 20" in words
    assert "it says: h_1" in words
    assert tables[0].rows == [["0.5", "1", "2"], ["1.5", "3", "4"]]


@pytest.mark.parametrize(
    ("value", "text"), [(2001, "2001"), (0.12345, "0.123"), (-4.5, "-4.5"), (float("nan"), "none"), (3e9, "3e+09")]
)
def test_numbers(value, text):
    assert number(value) == text


def test_labels_are_without_the_marks_of_mathematics():
    assert label(r"$\rho$ and $\sigma_{\max}$ of $W_{hh}$") == "ρ and σ_max of W_hh"
    assert label("costs 5 $") == "costs 5"


@pytest.mark.parametrize("inline", [False, True])
def test_a_notebook_shows_a_picture_with_words_and_its_numbers_folded(inline):
    shell = InteractiveShell()
    draws = []
    if inline:  # as %matplotlib inline does
        shell.display_formatter.formatters["image/png"].for_type(Figure, draws.append)
    InteractiveShell._instance = shell
    try:
        figure = Drawn(figsize=(2, 2))
        figure.subplots().plot([0, 1], [2, 3], label="a < b")
        data, about = shell.display_formatter.format(figure)
    finally:
        InteractiveShell.clear_instance()
    assert not draws
    assert data["text/plain"] == "over x; a < b from 2 at 0 to 3 at 1."
    assert 'alt="over x; a &lt; b from 2 at 0 to 3 at 1."' in data["text/html"]
    assert "<details><summary>" in data["text/html"]
    assert '<th scope="col">a &lt; b</th>' in data["text/html"]
    assert about["image/png"]["alt"] == data["text/plain"]
    assert data["image/png"] in data["text/html"]
