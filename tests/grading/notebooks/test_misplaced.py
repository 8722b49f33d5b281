"""Work that stands where it does not belong is found, moved to where it counts, and flagged."""

from __future__ import annotations

import copy

import nbformat
import pytest
from course import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from rnnkit.grading.notebooks.rebuild import rebuild

RELEASE = ROOT / "release" / "training_dynamics"
ANSWER, TASK = "a1_grad_time", "a1_grad_time_task"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def master(name: str):
    return nbformat.read(RELEASE / name, 4)


def rebuilt(name: str, change):
    submitted = copy.deepcopy(master(name))
    change(submitted.cells, {cell.id: number for number, cell in enumerate(submitted.cells)})
    notebook, flags = rebuild(master(name), submitted)
    return {cell.id: cell for cell in notebook.cells}, notebook, flags


def above(cells, at):
    cells.insert(at[ANSWER], new_markdown_cell("The answer is -4.39."))


def raw_below(cells, at):
    cells.insert(at[ANSWER] + 1, new_raw_cell("The answer is -4.39."))


def comment_below(cells, at):
    cells.insert(at[ANSWER] + 1, new_code_cell("# The answer\n# is -4.39."))


def in_the_task(cells, at):
    cells[at[TASK]].source += "\n\nThe answer is -4.39."


@pytest.mark.parametrize("change", [above, raw_below, comment_below, in_the_task])
def test_answers_beside_their_cell_count(change):
    cells, notebook, flags = rebuilt("4_report.ipynb", change)
    assert " ".join(cells[ANSWER].source.split()) == "The answer is -4.39."
    assert any("beside" in flag and ANSWER in flag for flag in flags)
    assert cells[TASK].source == next(cell.source for cell in master("4_report.ipynb").cells if cell.id == TASK)
    assert sum("-4.39" in cell.source for cell in notebook.cells) == 1


def test_an_image_alone_is_an_answer():
    def change(cells, at):
        cells[at[ANSWER]].attachments = {"x.png": {"image/png": PNG}}

    cells, _, _ = rebuilt("4_report.ipynb", change)
    assert cells[ANSWER].attachments == {"x.png": {"image/png": PNG}}
    assert "![](attachment:x.png)" in cells[ANSWER].source


def test_imports_in_a_locked_cell_are_kept():
    def change(cells, at):
        cells[at["setup"]].source += "\nimport math\nprint('more')\n"

    cells, notebook, flags = rebuilt("2_diagnostics.ipynb", change)
    kept = notebook.cells[[cell.id for cell in notebook.cells].index("setup") + 1]
    assert (kept.cell_type, kept.source) == ("code", "import math")
    assert "math" not in cells["setup"].source
    assert any("kept in a cell beside it: setup" in flag for flag in flags)


def test_a_function_above_its_check_is_kept_before_it():
    def change(cells, at):
        cells[at["rho"]].source = "def spectral_radius(W):\n    return 1.0\n\n" + cells[at["rho"]].source

    cells, notebook, _ = rebuilt("2_diagnostics.ipynb", change)
    order = [cell.id for cell in notebook.cells]
    before = notebook.cells[order.index("rho") - 1]
    assert before.source == "def spectral_radius(W):\n    return 1.0"
    assert cells["rho"].source == next(c.source for c in master("2_diagnostics.ipynb").cells if c.id == "rho")


def test_line_ends_of_windows_are_no_change():
    def change(cells, at):
        for cell in cells:
            cell.source = cell.source.replace("\n", "\r\n")

    _, notebook, flags = rebuilt("1_cells.ipynb", change)
    assert flags == []
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in master("1_cells.ipynb").cells]
