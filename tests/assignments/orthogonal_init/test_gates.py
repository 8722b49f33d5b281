"""The gates of the lab: the students' copy fails each check for the right reason, the source passes them all."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from course import ROOT, checks
from kernels import complaints, executed, printed

from rnnkit.assignments import get_assignment
from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT
from rnnkit.notebook.predictions import FILE, PREDICTED, Entry, append

LAB = get_assignment("orthogonal_init")
SOURCE = ROOT / "notebooks" / LAB.name
QUESTIONS = "1_pathological.ipynb"


def foretell(folder: Path) -> None:
    """Says something of every arm that is due, in a folder of notebooks."""
    append(folder / FILE, [Entry(PREDICTED, arm, {"does": "solves"}, "one has to begin") for arm in EXPERIMENT.due])


def test_the_source_passes_every_check_and_draws_every_figure(tmp_path):
    foretell(tmp_path)
    cells = executed(Path(shutil.copy(SOURCE / QUESTIONS, tmp_path)), errors=True)
    assert not complaints(cells)
    for cell in checks(SOURCE / QUESTIONS):
        report, points = cells[cell["id"]].outputs
        assert report.data["text/plain"].startswith(f"{cell['id']}: {cell['about']['points']:g} of ")
        assert float(points.data["text/plain"]) == cell["about"]["points"]
    outputs = [output for cell in cells.values() for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 8
    assert "spectral radius 0.816" in printed(cells["orthogonal_figure"])
    assert "limit 0.999: reached at update 124750" in printed(cells["momentum_schedule_figure"])


def test_the_release_fails_every_check_because_nothing_is_written_yet(tmp_path):
    cells = executed(Path(shutil.copy(ROOT / "release" / LAB.name / QUESTIONS, tmp_path)), errors=True)
    assert not complaints(cells)
    for cell in checks(SOURCE / QUESTIONS):
        report, points = cells[cell["id"]].outputs
        text = report.data["text/plain"]
        assert text.startswith(f"{cell['id']}: 0 of {cell['about']['points']:g} point")
        assert ("no prediction yet" if cell["id"] == "predictions" else "not written yet") in text
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
