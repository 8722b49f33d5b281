"""The gates of every lab: the students' copy fails each check for the right reason, the source passes them all."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from course import ROOT, checks
from kernels import Cells, complaints, executed, printed

from rnnkit.assignments import get_assignment
from rnnkit.checks.assignment import Assignment


class LabGates:
    """A lab names itself in a subclass, with what its notebook of questions shows.

    Attributes:
        lab: its name.
        notebook: its file.
        figures: pictures that are drawn.
        predicted: what the cell ``predict`` says, where there is one.
        shown: what cells print among other things.
    """

    lab, notebook, predicted = "", "", ""
    figures = 0
    shown: dict[str, tuple[str, ...]] = {}

    @property
    def assignment(self) -> Assignment:
        return get_assignment(self.lab)

    @property
    def source(self) -> Path:
        return ROOT / "notebooks" / self.lab / self.notebook

    def foretell(self, path: Path) -> None:
        """Says in a notebook, or beside it, what is to be foretold."""
        notebook = nbformat.read(path, as_version=4)
        (cell,) = (cell for cell in notebook.cells if cell.id == "predict")
        cell.source = self.predicted
        nbformat.write(notebook, path)

    def look(self, cells: Cells) -> None:
        """More that is so of what the source shows."""

    def test_the_source_passes_every_check_and_draws_every_figure(self, tmp_path):
        path = Path(shutil.copy(self.source, tmp_path))
        self.foretell(path)
        cells = executed(path, errors=True)
        assert not complaints(cells)
        for cell in checks(self.source):
            report, points = cells[cell["id"]].outputs
            assert report.data["text/plain"].startswith(f"{cell['id']}: {cell['about']['points']:g} of ")
            assert float(points.data["text/plain"]) == cell["about"]["points"]
        outputs = [output for cell in cells.values() for output in cell.get("outputs", [])]
        assert sum("image/png" in output.get("data", {}) for output in outputs) == self.figures
        for id, texts in self.shown.items():
            for text in texts:
                assert text in printed(cells[id]), (id, text)
        self.look(cells)

    def test_the_release_fails_every_check_because_nothing_is_written_yet(self, tmp_path):
        cells = executed(Path(shutil.copy(ROOT / "release" / self.lab / self.notebook, tmp_path)), errors=True)
        assert not complaints(cells)
        records = {question.id for question in self.assignment.records}
        for cell in checks(self.source):
            report, points = cells[cell["id"]].outputs
            text = report.data["text/plain"]
            assert text.startswith(f"{cell['id']}: 0 of {cell['about']['points']:g} point")
            assert ("no prediction yet" if cell["id"] in records else "not written yet") in text
            assert points.data["text/plain"] == "0.0"
            figure = cells.get(f"{cell['id']}_figure")
            assert figure is None or "once the question above is solved" in printed(figure)

    def test_questions_of_the_notebook_and_of_the_table_are_the_same(self):
        shown = {cell["id"]: cell["about"]["points"] for cell in checks(self.source)}
        questions = [one for one in self.assignment.scored.values() if one.notebook == self.notebook]
        assert shown == {question.id: question.points for question in questions}
        text = {cell.id: cell.source for cell in nbformat.read(self.source, as_version=4).cells}
        for question in questions:
            assert f"## `{question.id}` · {question.points:g} point" in text[f"{question.id}_text"]
            assert f"about {question.minutes} minutes" in text[f"{question.id}_text"]
            assert f"| `{question.id}` | {question.points:g} | {question.minutes} |" in text["title"]
        for question in self.assignment.code:
            for call in (question.call, *question.also):
                assert f"def {call}" in text[f"{question.id}_solution"]
