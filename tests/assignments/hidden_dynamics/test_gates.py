"""The gates of the lab: the students' copy fails each check for the right reason, the source passes them all."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from course import ROOT, checks
from kernels import complaints, executed, printed

from rnnkit.assignments import get_assignment

LAB = get_assignment("hidden_dynamics")
SOURCE = ROOT / "notebooks" / LAB.name
QUESTIONS = "1_hidden_dynamics.ipynb"


def predicted(path: Path) -> Path:
    """A notebook with the predictions written in."""
    notebook = nbformat.read(path, as_version=4)
    (cell,) = (cell for cell in notebook.cells if cell.id == "predict")
    cell.source = "oscillators = '5 to 20'\nwith_half = 0.9"
    nbformat.write(notebook, path)
    return path


def test_the_source_passes_every_check_and_draws_every_figure(tmp_path):
    cells = executed(predicted(Path(shutil.copy(SOURCE / QUESTIONS, tmp_path))), errors=True)
    assert not complaints(cells)
    for cell in checks(SOURCE / QUESTIONS):
        report, points = cells[cell["id"]].outputs
        assert report.data["text/plain"].startswith(f"{cell['id']}: {cell['about']['points']:g} of ")
        assert float(points.data["text/plain"]) == cell["about"]["points"]
    outputs = [output for cell in cells.values() for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 9
    assert "you said of the oscillators after training: 5 to 20" in printed(cells["taxonomy_figure"])
    assert "with half of the steps at most 75.0%; you said 0.9" in printed(cells["best_accuracy_figure"])
    assert "13314; your count for 1, 2, 3 layers: 4994, 13314, 21634" in printed(cells["parameters_figure"])
    assert "the document's best: 93.7% needs 19.2 of 20 steps" in printed(cells["best_accuracy_figure"])


def test_the_release_fails_every_check_because_nothing_is_written_yet(tmp_path):
    cells = executed(Path(shutil.copy(ROOT / "release" / LAB.name / QUESTIONS, tmp_path)), errors=True)
    assert not complaints(cells)
    for cell in checks(SOURCE / QUESTIONS):
        report, points = cells[cell["id"]].outputs
        assert report.data["text/plain"].startswith(f"{cell['id']}: 0 of {cell['about']['points']:g} points")
        said = "no prediction yet" if cell["id"] == "prediction" else "not written yet"
        assert said in report.data["text/plain"]
        assert points.data["text/plain"] == "0.0"
        figure = cells.get(f"{cell['id']}_figure")
        assert figure is None or "once the question above is solved" in printed(figure)


def test_questions_of_the_notebook_and_of_the_table_are_the_same():
    shown = {cell["id"]: cell["about"]["points"] for cell in checks(SOURCE / QUESTIONS)}
    assert shown == {id: question.points for id, question in LAB.scored.items() if question.notebook == QUESTIONS}
    text = {cell.id: cell.source for cell in nbformat.read(SOURCE / QUESTIONS, as_version=4).cells}
    for question in LAB.code:
        assert f"## `{question.id}` · {question.points:g} point" in text[f"{question.id}_text"]
        assert f"about {question.minutes} minutes" in text[f"{question.id}_text"]
        for call in (question.call, *question.also):
            assert f"def {call}" in text[f"{question.id}_solution"]
