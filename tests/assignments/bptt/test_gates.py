"""The gates of the lab: the students' copy fails each check for the right reason, the source passes them all."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import nbformat
from course import ROOT, checks
from nbclient import NotebookClient

from rnnkit.assignments import get_assignment
from rnnkit.assignments.bptt.foretold import MATRICES

LAB = get_assignment("bptt")
SOURCE = ROOT / "notebooks" / LAB.name
QUESTIONS = "1_bptt.ipynb"


def executed(path: Path) -> dict[str, nbformat.NotebookNode]:
    """The cells of a notebook after a run from top to bottom, errors and all."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": path.parent}}
    )
    client.execute(env=os.environ | {"OMP_NUM_THREADS": "1"})
    return {cell.id: cell for cell in notebook.cells}


def printed(cell: nbformat.NotebookNode) -> str:
    """What a cell shows as text."""
    return "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def complaints(cells: dict[str, nbformat.NotebookNode]) -> list[str]:
    """The cells that raise or write to stderr."""
    return [
        name
        for name, cell in cells.items()
        for output in cell.get("outputs", [])
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def predicted(path: Path) -> Path:
    """A notebook with the prediction written in."""
    notebook = nbformat.read(path, as_version=4)
    (cell,) = (cell for cell in notebook.cells if cell.id == "predict")
    cell.source = f"order = {sorted(MATRICES)}\nbecause = 'one has to begin somewhere'"
    nbformat.write(notebook, path)
    return path


def test_the_source_passes_every_check_and_draws_every_figure(tmp_path):
    cells = executed(predicted(Path(shutil.copy(SOURCE / QUESTIONS, tmp_path))))
    assert not complaints(cells)
    for cell in checks(SOURCE / QUESTIONS):
        report, points = cells[cell["id"]].outputs
        assert report.data["text/plain"].startswith(f"{cell['id']}: {cell['about']['points']:g} of ")
        assert float(points.data["text/plain"]) == cell["about"]["points"]
    outputs = [output for cell in cells.values() for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 8
    assert printed(cells["vanilla_forward_figure"]).count(": 5125 parameters") == 3
    apart = re.findall(r"farthest from autograd's (\S+)", printed(cells["weight_gradients_figure"]))
    assert len(apart) == 3
    assert max(map(float, apart)) < 1e-10
    assert max(map(float, re.findall(r"but for (\S+) of", printed(cells["lag_and_time"])))) < 1e-10
    bound = printed(cells["grad_bound_figure"])
    assert "after 50 steps 0.00515;" in bound
    assert "after 50 steps 117;" in bound
    assert "20480 rows, for 1600 targets" in printed(cells["example_two_stops"])
    products = printed(cells["what_the_bound_says_figure"])
    assert "128 after 7 steps, 0 after 8" in products
    assert "sigma 1.60, radius 0.82, the bound says 'undecided'; linear: 0.656" in products
    assert "it is:    1.1 Q (3e+02) > Q (1) > 0.9 Q (0.0018) > 0.1 N(0, 1) (1.3e-05) > 2 x shift (0)" in printed(
        cells["prediction_beside"]
    )


def test_the_release_fails_every_check_because_nothing_is_written_yet(tmp_path):
    cells = executed(Path(shutil.copy(ROOT / "release" / LAB.name / QUESTIONS, tmp_path)))
    assert not complaints(cells)
    for cell in checks(SOURCE / QUESTIONS):
        report, points = cells[cell["id"]].outputs
        text = report.data["text/plain"]
        assert text.startswith(f"{cell['id']}: 0 of {cell['about']['points']:g} point")
        assert ("no prediction yet" if cell["id"] == "prediction" else "not written yet") in text
        assert points.data["text/plain"] == "0.0"
        figure = cells.get(f"{cell['id']}_figure")
        assert figure is None or "once the question above is solved" in printed(figure)


def test_questions_of_the_notebook_and_of_the_table_are_the_same():
    shown = {cell["id"]: cell["about"]["points"] for cell in checks(SOURCE / QUESTIONS)}
    assert shown == {question.id: question.points for question in LAB.scored.values()}
    text = {cell.id: cell.source for cell in nbformat.read(SOURCE / QUESTIONS, as_version=4).cells}
    for question in LAB.scored.values():
        assert f"## `{question.id}` · {question.points:g} point" in text[f"{question.id}_text"]
        assert f"about {question.minutes} minutes" in text[f"{question.id}_text"]
        assert f"| `{question.id}` | {question.points:g} | {question.minutes} |" in text["title"]
    for question in LAB.code:
        assert f"def {question.call}:" in text[f"{question.id}_solution"]
