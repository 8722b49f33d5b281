"""A release with other cells, entered into a gradebook with submissions: what persons gave goes where it counts now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import (
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from rnnkit.checks.assignment import Assignment
from rnnkit.grading.course.gradebook import complete, move_to_answers
from rnnkit.notebook.cells import marking_of


def renew(gradebook: Gradebook, assignment: Assignment, masters: Mapping[str, NotebookNode]) -> None:
    """Gives the gradebook the cells of a release, where there are submissions: nbgrader adds and removes none then.

    The points of answers that another has taken the place of become its points, see `Earlier.answers`; comments too.
    """
    try:
        known = gradebook.find_assignment(assignment.name)
    except MissingEntry:
        return
    if not known.submissions:
        return
    with gradebook.db.no_autoflush:
        there = {notebook.name: notebook for notebook in known.notebooks}
        gone = {}
        for file, master in masters.items():
            notebook = there.get(Path(file).stem) or Notebook(name=Path(file).stem, assignment=known)
            gradebook.db.add(notebook)
            gone[notebook.name] = _renew_cells(gradebook, notebook, master)
        for submission in known.submissions:
            complete(gradebook, submission)
            for notebook in submission.notebooks:
                if gone.get(notebook.name):
                    move_to_answers(notebook)
                    _carry(notebook, assignment.earlier.answers)
        gradebook.db.flush()
        for notebook in known.notebooks:
            for cell in gone.get(notebook.name, ()):
                _remove(gradebook, notebook, cell)
    gradebook.db.commit()


def _renew_cells(gradebook: Gradebook, notebook: Notebook, master: NotebookNode) -> list:
    """Adds to a notebook in the gradebook what is new, and returns its cells that are no longer there."""
    gone: list = []
    kinds = (
        (GradeCell, notebook.grade_cells, is_grade, _graded),
        (SolutionCell, notebook.solution_cells, is_solution, lambda cell: {}),
        (TaskCell, notebook.task_cells, is_task, _graded),
        (SourceCell, notebook.source_cells, _has_source, _source),
    )
    for kind, there, fits, fields in kinds:
        wanted = {marking_of(cell)["grade_id"]: cell for cell in master.cells if marking_of(cell) and fits(cell)}
        known = {cell.name for cell in there}
        gone += [cell for cell in there if cell.name not in wanted]
        for name in wanted.keys() - known:
            gradebook.db.add(kind(name=name, notebook=notebook, **fields(wanted[name])))
    return gone


def _graded(cell: NotebookNode) -> dict[str, Any]:
    return {"max_score": float(marking_of(cell)["points"]), "cell_type": cell.cell_type}


def _has_source(cell: NotebookNode) -> bool:
    return is_grade(cell) or is_solution(cell) or is_locked(cell) or is_task(cell)


def _source(cell: NotebookNode) -> dict[str, Any]:
    return {"cell_type": cell.cell_type, "locked": is_locked(cell), "source": cell.source}


def _carry(notebook: SubmittedNotebook, answers: Mapping[str, Mapping[str, str]]) -> None:
    """Points and comments of earlier answers, at the answers that have taken their place.

    The points are the sum where every part has some, be it as nothing was written there; else they wait for another
    look, and the comment says which parts had some.
    """
    grades, comments = ({one.name: one for one in several} for several in (notebook.grades, notebook.comments))
    for name, parts in answers.items():
        old = {heading: grades[part] for heading, part in parts.items() if part in grades}
        if name not in grades or not old:
            continue
        given = {heading: grade.manual_score for heading, grade in old.items() if grade.manual_score is not None}
        unread = [grade for grade in old.values() if grade.manual_score is None and grade.needs_manual_grade]
        grade, said = grades[name], []
        if given and not unread:
            grade.manual_score = sum(given.values())
            grade.needs_manual_grade = any(one.needs_manual_grade for one in old.values())
        elif given:
            grade.needs_manual_grade = True
            said.append("Points so far: " + ", ".join(f"{heading} {points:g}" for heading, points in given.items()))
        if extra := sum(one.extra_credit or 0.0 for one in old.values()):
            grade.extra_credit = extra
        for heading, part in parts.items():
            if part in comments and comments[part].manual_comment:
                said.append(f"{heading}: {comments[part].manual_comment}")
        if said:
            comments[name].manual_comment = "\n\n".join(said)


def _remove(gradebook: Gradebook, notebook: Notebook, cell: object) -> None:
    for submitted in notebook.submissions:
        for one in (*submitted.grades, *submitted.comments):
            if one.cell is cell:
                gradebook.db.delete(one)
    gradebook.db.delete(cell)
