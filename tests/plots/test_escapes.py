"""The picture of the setting that is stuck, and its folded table."""

from __future__ import annotations

import csv
import json

from matplotlib.backends.backend_agg import FigureCanvasAgg
from runtools import ROOT

from rnnkit.plots.sweeps import plot_escapes

SOURCE = ROOT / "notebooks" / "training_dynamics"


def rows():
    with open(SOURCE / "sweeps" / "stuck.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_seed_is_drawn_and_those_that_left_are_counted():
    figure = plot_escapes(rows(), plateau=1.386, limit=1.3)
    FigureCanvasAgg(figure).draw()
    (ax,) = figure.axes
    counted = [text.get_text() for text in ax.texts if text.get_text().endswith(" out")]
    expected = []
    for alpha in ("2.0", "4.0"):
        for on in ("direct", "total"):
            best = [float(row["best_nll"]) for row in rows() if (row["alpha"], row["omega_on"]) == (alpha, on)]
            expected.append(f"{sum(low < 1.3 for low in best)} of {len(best)} out")
    assert counted == expected
    marked = [line for line in ax.get_lines() if line.get_marker() in ("o", "s")]
    points = [y for line in marked if line.get_markerfacecolor() != "white" for y in line.get_ydata()]
    assert sorted(points) == sorted(float(row["best_nll"]) for row in rows())


def test_an_empty_table_and_a_run_without_a_loss_do_not_break_it():
    FigureCanvasAgg(plot_escapes([], 1.386, 1.3)).draw()
    row = {"alpha": "2.0", "omega_on": "total", "best_nll": "", "valid_nll": ""}
    FigureCanvasAgg(plot_escapes([row], 1.386, 1.3)).draw()


def test_the_table_of_all_seeds_is_folded_below_the_picture():
    cells = json.loads((SOURCE / "5_extra_credit.ipynb").read_text(encoding="utf-8"))["cells"]
    (source,) = ["".join(cell["source"]) for cell in cells if cell["id"] == "contrast"]
    assert 0 < source.index("plot_escapes(") < source.index("folded=")
    (given,) = ["".join(cell["source"]) for cell in cells if cell["id"] == "imports"]
    assert "<details><summary>" in given
