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

LAB = get_assignment("lookback")
SOURCE = ROOT / "notebooks" / LAB.name
QUESTIONS = "1_lookback.ipynb"


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
    cell.source = "rnn_stops, gru_stops = 3, 12\nbecause = 'one has to begin somewhere'"
    nbformat.write(notebook, path)
    return path


def numbers(text: str, after: str) -> list[float]:
    """The numbers that are listed after some words."""
    return [
        float(one)
        for one in re.search(re.escape(after) + r"((?:[-\d.e]+%?(?:, )?)+)", text)[1].replace("%", "").split(", ")
    ]


def test_the_source_passes_every_check_and_draws_every_figure(tmp_path):
    cells = executed(predicted(Path(shutil.copy(SOURCE / QUESTIONS, tmp_path))))
    assert not complaints(cells)
    for cell in checks(SOURCE / QUESTIONS):
        report, points = cells[cell["id"]].outputs
        assert report.data["text/plain"].startswith(f"{cell['id']}: {cell['about']['points']:g} of ")
        assert float(points.data["text/plain"]) == cell["about"]["points"]
    outputs = [output for cell in cells.values() for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 6


def test_what_the_text_says_of_the_figures_is_so(tmp_path):
    cells = executed(predicted(Path(shutil.copy(SOURCE / QUESTIONS, tmp_path))))
    said = {name: printed(cell) for name, cell in cells.items() if name.endswith("_figure")}
    assert "table 1: 9 of 18 rows are worse than that, with learning rates 0.05, 0.1" in said["mean_loss_figure"]
    assert "printed 97.004, exp(loss) = 97.045" in said["mean_loss_figure"]
    risen = numbers(said["lookback_gradient_figure"], "||dU|| at tau 0, 1, 2, 3, 10: ")
    assert risen == sorted(risen)
    assert numbers(said["lookback_gradient_figure"], "missing at tau 0, 1, 2, 3, 5: ")[3] < 5
    rnn, gru = (line for line in said["contribution_norms_figure"].splitlines() if "tau-th term" in line)
    assert numbers(rnn, "x ")[0] < 0.56
    assert numbers(gru, "x ")[0] > 0.85
    assert all(float(one) < 1e-7 for one in re.findall(r"farthest: yours (\S+)", said["gru_backward_figure"]))
    assert "its numbers over yours: from 1.25 to 1.56" in said["gru_backward_figure"]
    large, small = (
        [float(one) for one in re.findall(rf"^{size} x U, .*: x (\S+) a word", said["gru_step_figure"], re.M)]
        for size in ("1", "0.3")
    )
    assert min(large) > 0.9
    assert small == sorted(small)
    assert small[-1] - small[0] > 0.2
    assert "200 updates" in said["update_after_figure"]
    assert "10 updates" in said["update_after_figure"]


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
    assert text["title"].split("\n\n")[1].startswith("**In this lab the update gate $z$ KEEPS the old state,**")
