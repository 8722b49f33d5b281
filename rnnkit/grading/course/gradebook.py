"""nbgrader's gradebook: the assignment in it, and a submission's scores, all of them or none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.api import Student as Person

from rnnkit.grading.course.roster import Student
from rnnkit.grading.ledger import NOT_GRADED, NOT_TRIED, WAITS, Entry

COURSE_ID = "rnnkit"
TASK = "_task"  # ends the name of a question that a person marks; its answer has none
# A check that ended like that is looked at by a person.
REVIEW = ("no answer", "against the rules", NOT_TRIED, WAITS)


def url(course: Path) -> str:
    """Where the gradebook of a course is."""
    return f"sqlite:///{course.resolve() / 'grading' / 'gradebook.db'}"


@contextmanager
def opened(course: Path) -> Iterator[Gradebook]:
    """The gradebook, closed again afterwards; what is not committed is rolled back."""
    with Gradebook(url(course), COURSE_ID) as gradebook:
        try:
            yield gradebook
        finally:
            gradebook.db.rollback()


def people(gradebook: Gradebook) -> dict[str, Student]:
    """The students that the gradebook knows, by id."""
    known = [(one.id, one.first_name or "", one.last_name or "", one.email or "") for one in gradebook.students]
    return {row[0]: Student(*row) for row in known}


def enter_students(gradebook: Gradebook, roster: Iterable[Student]) -> None:
    """Enters who is new in a roster, or is called otherwise by now."""
    known = people(gradebook)
    for student in roster:
        if known.get(student.id) != student:
            fields = {name: value or None for name, value in asdict(student).items() if name != "id"}
            gradebook.update_or_create_student(student.id, **fields)


def record(gradebook: Gradebook, assignment: str, entry: Entry, fresh: Collection[str], before: Entry | None) -> None:
    """Enters one submission's result in one transaction.

    Points and comments that a person gave stay, and are marked for another look where what they judge has changed.
    A notebook that was rejected leaves earlier scores of its questions as they are; where there were none they are 0
    and wait for a person.

    Arguments:
        gradebook: as `opened` gives it: where anything goes wrong, nothing is entered.
        fresh: the questions that were graded now; other scores stay.
    """
    submission = _submission(gradebook, assignment, entry.student)
    submission.timestamp = naive(entry.received) or submission.timestamp
    for notebook in submission.notebooks:
        move_to_answers(notebook)
        for grade in notebook.grades:
            if grade.name in fresh and grade.name in entry.scores:
                _enter_score(grade, entry, before)
                if entry.scores[grade.name]["status"] == NOT_GRADED:  # of an attempt that counts again
                    grade.needs_manual_grade = not entry.absent(f"{notebook.name}.ipynb")
            elif grade.name in fresh:
                _enter_answer(grade, entry, before)
            elif isinstance(grade.cell, TaskCell) and not grade.cell.max_score:
                grade.auto_score, grade.needs_manual_grade = 0.0, False  # its points stand in the answer below it
            elif entry.absent(file := f"{notebook.name}.ipynb") or entry.rejected(file):
                grade.auto_score, grade.needs_manual_grade = grade.auto_score or 0.0, not entry.absent(file)
        for comment in notebook.comments:
            if comment.name in fresh and comment.name in entry.answers:
                comment.auto_comment = None if entry.answers[comment.name]["answered"] else "No response."
    gradebook.db.commit()


def naive(when: str) -> datetime | None:
    """A time in ISO as nbgrader has it: UTC, without saying so; None for an empty one."""
    return datetime.fromisoformat(when).astimezone(UTC).replace(tzinfo=None) if when else None


def move_to_answers(notebook: SubmittedNotebook) -> None:
    """Puts what a person once entered at a question without points to its answer, where there is a box for it."""
    grades = {grade.name: grade for grade in notebook.grades}
    comments = {comment.name: comment for comment in notebook.comments}
    for task in [grade for grade in grades.values() if isinstance(grade.cell, TaskCell) and not grade.cell.max_score]:
        answer = task.name.removesuffix(TASK)
        if answer in grades and task.extra_credit:
            grades[answer].extra_credit = (grades[answer].extra_credit or 0.0) + task.extra_credit
            task.extra_credit = None
        if answer in comments and (said := comments[task.name].manual_comment):
            said = "\n\n".join(filter(None, [comments[answer].manual_comment, said]))
            comments[answer].manual_comment, comments[task.name].manual_comment = said, None


def _enter_score(grade: Grade, entry: Entry, before: Entry | None) -> None:
    score = entry.scores[grade.name]
    old = before.scores.get(grade.name, {}) if before else {}
    changed = grade.auto_score != score["points"] or old.get("sha256") != score["sha256"]
    grade.auto_score = float(score["points"])
    if grade.manual_score is None:
        grade.needs_manual_grade = score["status"] in REVIEW
    else:
        grade.needs_manual_grade = grade.needs_manual_grade or changed


def _enter_answer(grade: Grade, entry: Entry, before: Entry | None) -> None:
    answer = entry.answers[grade.name]
    # Where there is nothing but extra credit, giving that is enough: nbgrader asks for a score where it finds none.
    grade.auto_score = None if answer["answered"] and grade.max_score else 0.0
    if grade.manual_score is None and (grade.max_score or grade.extra_credit is None):
        grade.needs_manual_grade = answer["answered"]
    else:
        same = before is not None and before.tree == entry.tree  # then points of an earlier release are of this answer
        if before and grade.name in before.answers:
            same = before.answers[grade.name].get("sha256") == answer["sha256"]
        grade.needs_manual_grade = grade.needs_manual_grade or not same


def auto_scores(gradebook: Gradebook, assignment: str, student: str) -> dict[str, float | None] | None:
    """Question -> automatic points in the gradebook; None where it has no such submission."""
    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        return None
    return {grade.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades}


def remove(gradebook: Gradebook, assignment: str, student: str) -> None:
    """Takes a submission out, and the student too where nothing else of theirs is there."""
    with suppress(MissingEntry):
        gradebook.remove_submission(assignment, student)
    with suppress(MissingEntry):
        person = gradebook.find_student(student)
        if not person.submissions and not person.last_name:
            gradebook.remove_student(student)


def _submission(gradebook: Gradebook, assignment: str, student: str) -> SubmittedAssignment:
    """A submission with all its grades and comments, found or made; nothing is committed here."""
    with suppress(MissingEntry):
        return gradebook.find_submission(assignment, student)
    with gradebook.db.no_autoflush:
        person = gradebook.db.get(Person, student) or Person(id=student)
        submission = SubmittedAssignment(assignment=gradebook.find_assignment(assignment), student=person)
        gradebook.db.add(submission)
        complete(gradebook, submission)
    gradebook.db.flush()
    return submission


def complete(gradebook: Gradebook, submission: SubmittedAssignment) -> None:
    """Gives a submission what it lacks of the assignment's notebooks, grades and comments; nothing is committed."""
    there = {one.name: one for one in submission.notebooks}
    for notebook in submission.assignment.notebooks:
        submitted = there.get(notebook.name) or SubmittedNotebook(notebook=notebook, assignment=submission)
        gradebook.db.add(submitted)
        graded, commented = {one.name for one in submitted.grades}, {one.name for one in submitted.comments}
        for cell in (*notebook.grade_cells, *notebook.task_cells):
            if cell.name not in graded:
                gradebook.db.add(Grade(cell=cell, notebook=submitted))
        for cell in (*notebook.solution_cells, *notebook.task_cells):
            if cell.name not in commented:
                gradebook.db.add(Comment(cell=cell, notebook=submitted))
