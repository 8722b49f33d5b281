"""What every lab's tables and notes hold: all runs of their sweeps, and all questions with their points and minutes."""

from __future__ import annotations

import re
from pathlib import Path

from course import ROOT, cells

from rnnkit.assignments import get_assignment
from rnnkit.runs.rows import read_table
from rnnkit.runs.sweep_file import read_sweep_file


def every_run(table: Path) -> None:
    """A table beside its sweep has all of its runs, in their order, each to its end."""
    asked, rows = read_sweep_file(table.with_suffix(".toml")), read_table(table)
    assert [row["run"] for row in rows] == [run.settings.name for run in asked.runs]
    assert {row["status"] for row in rows} <= {"solved", "finished", "diverged"}
    for row, run in zip(rows, asked.runs, strict=True):
        assert {name: row[name] for name in run.labels} == {name: str(value) for name, value in run.labels.items()}


def every_question(lab: str) -> None:
    """The instructors' notes have the points and minutes of all questions, and add them up."""
    folder = ROOT / "notebooks" / lab
    notes = (folder / "INSTRUCTORS.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `\w+` \| `?([\w ]+?)`? \| (\d+) \| (\d+) \|$", notes, re.MULTILINE)
    told = {id: (int(points), int(minutes)) for id, points, minutes in rows}
    for question in get_assignment(lab).scored.values():
        assert told[question.id] == (question.points, question.minutes)
    graded = [cell for path in folder.glob("*.ipynb") for cell in cells(path) if cell["about"].get("grade")]
    points = {cell["id"]: cell["about"]["points"] for cell in graded if cell["about"]["points"]}
    assert {id: told[id][0] for id in points} == points
    assert f"for {sum(points.values())} points" in notes
    assert f"add up to {sum(minutes for _, minutes in told.values())}" in notes
