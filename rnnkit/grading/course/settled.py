"""The reports of questions that no code is run for: a run that is tried later, a file, what was never asked."""

from __future__ import annotations

from pathlib import Path

from nbformat import NotebookNode

from rnnkit.checks.assignment import Assignment
from rnnkit.checks.judge import failed
from rnnkit.checks.report import Report
from rnnkit.common.text import one_line
from rnnkit.grading.evidence.evidence import SubmittedRun, untried
from rnnkit.grading.ledger import NOT_ASKED, Findings

EARLIER = "the release that this was handed in from had no such question"


def settled(
    assignment: Assignment, name: str, notebook: NotebookNode, stage: Path, runs: list[SubmittedRun], found: Findings
) -> dict[str, Report]:
    """The reports of a notebook's questions, by id; flags, and what a file tells, are put to the findings.

    Arguments:
        name: the notebook's file.
        stage: the submitted data files.
    """
    reports = {
        id: failed(one, NOT_ASKED, EARLIER)
        for id, one in assignment.scored.items()
        if one.notebook == name and id in found.not_asked
    }
    for one in assignment.records:
        if one.notebook != name or one.id in reports:
            continue
        if one.handed_in is None:
            reports[one.id] = untried(assignment, one, runs)
            continue
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        reports[one.id], flags, told = one.handed_in(stage, code)
        found.notebooks[name]["flags"] += [f"{one.id}: {one_line(text, 1000)}" for text in flags]
        found.checks += [f"{one.id}: {one_line(text, 1500)}" for text in told]
    return reports
