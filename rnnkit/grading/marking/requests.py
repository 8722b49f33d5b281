"""Students' requests for another look: what they ask for, beside what they wrote and got."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnkit.common.names import BadValue
from rnnkit.grading.marking.answers import code_of
from rnnkit.grading.marking.desk import Desk
from rnnkit.grading.marking.journal import FIRST
from rnnkit.grading.report.regrade import read


@dataclass(frozen=True)
class Request:
    """One request.

    Fields:
        id: changes with what is asked.
        dealt: whether a marker has dealt with it.
    """

    id: str
    student: str
    question: str
    reason: str
    dealt: bool


def requests_of(desk: Desk) -> list[Request]:
    """All requests, those that are open first; in each question in an order that tells nothing."""
    names = [*desk.questions, *desk.assignment.scored]
    found = []
    for folder in desk.course.submitted.glob(f"*/{desk.assignment.name}"):
        student = folder.parent.name
        for question, reason in read(folder, names).items():
            id = desk.answers.hidden("request", student, question, reason)
            found.append(Request(id, student, question, reason, id in desk.journal.state.dealt))
    return sorted(found, key=lambda one: (one.dealt, names.index(one.question), one.id))


def request_of(desk: Desk, id: str) -> Request:
    """One of them.

    Raises:
        BadValue: there is none of this id.
    """
    found = next((one for one in requests_of(desk) if one.id == id), None)
    if found is None:
        raise BadValue("there is no such request any more; load the list again")
    return found


def deal(desk: Desk, id: str) -> None:
    """Notes that a request was dealt with."""
    one = request_of(desk, id)
    if not one.dealt:
        desk.journal.append(
            {"do": "request", "role": FIRST, "by": desk.marker, "question": one.question, "request": one.id}
        )


def place_of(desk: Desk, one: Request) -> Path:
    """The graded notebook that a request is about."""
    asked = desk.assignment.scored.get(one.question)
    name = desk.questions[one.question].notebook if one.question in desk.questions else asked.notebook if asked else ""
    return desk.course.autograded / one.student / desk.assignment.name / name


def code_asked_about(desk: Desk, one: Request) -> Iterator[tuple[str, str]]:
    """What a request about a check is shown with: the code, and what the check said."""
    if one.question not in desk.questions:
        code, said = code_of(place_of(desk, one), one.question)
        yield from [(name, text) for name, text in (("code", code), ("check", said)) if text]
