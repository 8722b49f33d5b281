"""A check cell shows its report and no bare number below it; nbgrader and terminals find the number all the same."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import determine_grade

from rnnkit.checks.report import Points

NORM = "def global_norm(grads):\n    return float(sum((g**2).sum() for g in grads) ** 0.5)\n"
CHECK = "check('grad_norm', global_norm)"
CELLS = {
    "stub": f"def global_norm(grads):\n    raise NotImplementedError\n{CHECK}",
    "partly": NORM.replace("in grads", "in grads[:4]") + CHECK,
    "solved": NORM + CHECK,
    "extra": f"{CHECK};",
    "kept": f"points = {CHECK}\nassert points == 2 and isinstance(points, float)",
    "unknown": "check('grad', global_norm)",
}
GRADES = {"stub": 0.0, "partly": 1.0, "solved": 2.0, "extra": 2.0, "kept": 2.0, "unknown": 0.0}


@pytest.fixture(scope="module")
def notebook():
    """The cells, run by a kernel."""
    about = {"grade": True, "locked": True, "solution": False, "points": 2.0, "schema_version": 3, "task": False}
    cells = [new_code_cell("from rnnkit.assignments.training_dynamics import check")]
    cells += [new_code_cell(text, metadata={"nbgrader": about | {"grade_id": name}}) for name, text in CELLS.items()]
    book = new_notebook(cells=cells)
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    return book


@pytest.mark.parametrize("points", [0.0, 1.5, 3.0, 0.25])
def test_points_are_a_number_to_nbgrader_and_nothing_to_a_page(points):
    data, _ = DisplayFormatter().format(Points(points))
    assert data == {"text/plain": str(points), "text/html": ""}
    output = new_output("execute_result", data=data)
    cell = new_code_cell(outputs=[output], metadata={"nbgrader": {
        "grade": True, "solution": False, "points": 3.0, "grade_id": "a", "locked": True, "schema_version": 3,
        "task": False}})  # fmt: skip
    assert determine_grade(cell) == (points, 3.0)


def test_nbgrader_takes_the_points_of_every_kind_of_cell(notebook):
    graded = {cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] for cell in notebook.cells[1:]}
    assert graded == GRADES


def test_a_page_shows_one_report_per_cell_and_no_number(notebook):
    for cell in notebook.cells[1:]:
        reports = [output for output in cell.outputs if output.output_type == "display_data"]
        assert len(reports) == 1
        for output in cell.outputs:
            if output.output_type == "execute_result":
                assert output.data["text/html"] == ""
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(nbformat.from_dict(notebook))
    shown = page[page.index("<main") :]
    assert shown.count("<b>grad_norm</b>") == 5
    for number in ("0.0", "1.0", "2.0"):
        assert f"<pre>{number}" not in shown
    assert shown.count("2 of 2 points") == 3


def test_a_terminal_prints_the_report_and_returns_a_plain_float():
    program = "from rnnkit.assignments.training_dynamics import check\n"
    program += "points = check('rho', None)\nprint(type(points), points)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert run.stderr == ""
    assert run.stdout.startswith("rho: 0 of 2 points")
    assert run.stdout.endswith("<class 'float'> 0.0\n")
