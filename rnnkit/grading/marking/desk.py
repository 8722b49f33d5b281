"""What a marker does: reads the answers to a question, gives marks, edits the items, takes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.exc import OperationalError

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue, lookup
from rnnkit.common.text import plain
from rnnkit.grading.course.course import Course
from rnnkit.grading.marking.answers import Answers, Card, questions_of
from rnnkit.grading.marking.book import Book
from rnnkit.grading.marking.journal import FIRST, SECOND, SETTLED, Event, Given, Journal, Mark, rows_of
from rnnkit.grading.marking.rubric import Rubric, Rubrics, checked

OPEN, PART, STALE, ELSEWHERE, DONE = "open", "part", "changed", "elsewhere", "marked"
MOST_COMMENT, MOST_COMMENTS, MOST_ADJUST = 5000, 40, 1000.0


class Elsewhere(BadValue):
    """An answer has points or a comment that were not given here; `token` tells which, for who replaces them."""

    def __init__(self, text: str, token: str) -> None:
        super().__init__(text)
        self.token = token


class Desk:
    """One marker at one assignment.

    Arguments:
        marker: their name, for the journal.
        role: `FIRST` or `SECOND`; what the second one gives is kept apart from the gradebook.
        sample: how many answers of each question the second one marks; all where None.
    """

    def __init__(
        self, course: Course, assignment: Assignment, marker: str, role: str = FIRST, sample: int | None = None
    ) -> None:
        folder = course.folder / "grading"
        self.course, self.assignment, self.marker, self.role = course, assignment, marker, role
        self.questions = questions_of(course, assignment)
        self.rubrics = Rubrics(folder / "rubrics" / f"{assignment.name}.json")
        self.journal = Journal(folder / "marking" / f"{assignment.name}.jsonl")
        self.answers = Answers(course, assignment, self.questions, self.journal.salt)
        self.book = Book(course, assignment.name)
        self._cards: dict[str, list[Card]] = {}
        self.is_late = False  # whether the gradebook was busy, and lacks what the journal has
        if role == SECOND and self.journal.state.sample != (said := [sample]):
            self.journal.append({"do": "sample", "by": marker, "sample": said})
        self.recover()

    # ---- reading -------------------------------------------------------------------------------------------------

    def rubric(self, question: str) -> Rubric:
        """The items of a question."""
        asked = lookup(self.questions, question, "question")
        return self.rubrics.of(question, asked.scheme, asked.most)

    def fetch(self, question: str) -> list[Card]:
        """The answers to a question as they are now; the second marker's are those of the sample."""
        cards = self.answers.cards(lookup(self.questions, question, "question").id)
        self._cards[question] = cards = self.sampled(cards) if self.role == SECOND else cards
        return cards

    def sampled(self, cards: list[Card]) -> list[Card]:
        """Those that the second marker marks, in the same order."""
        (most,) = self.journal.state.sample or [None]
        drawn = sorted(cards, key=lambda card: self.answers.hidden("sample", card.id))[:most]
        return [card for card in cards if card in drawn]

    def cards(self, question: str) -> list[Card]:
        """The answers to a question as they were last fetched."""
        return self._cards[question] if question in self._cards else self.fetch(question)

    def card(self, question: str, id: str) -> Card:
        """One of them, if it is still what it was.

        Raises:
            BadValue: it is not.
        """
        card = next((card for card in self.cards(question) if card.id == id), None)
        for one in card.answers if card else ():
            path = self.course.autograded / one.student / self.assignment.name / self.questions[question].notebook
            now = self.answers.read(one.student, path).get(question) if path.is_file() else None
            if now is None or now.hash != one.hash:
                card = None
        if card is None:
            raise BadValue(f"{question}: this answer is no longer what it was; load the question again")
        return card

    def read_book(self, question: str) -> dict[str, Given]:
        """What the gradebook has of a question."""
        return self.book.read(self.questions[question])

    def mark_of(self, question: str, student: str) -> Mark | None:
        """The mark that this marker sees; the second one does not see the first one's."""
        if self.role == SECOND:
            return self.journal.state.marks[SECOND].get((question, student))
        return self.journal.state.effective(question, student)

    def is_foreign(self, question: str, student: str, now: Given) -> bool:
        """Whether the gradebook has what was not given here."""
        return now.said != self.journal.state.expected.get((question, student), Given()).said

    def state_of(self, question: str, card: Card, book: Mapping[str, Given]) -> str:
        """How far an answer is."""
        states = {self._state(question, one.student, one.hash, book.get(one.student, Given())) for one in card.answers}
        return states.pop() if len(states) == 1 else ELSEWHERE if ELSEWHERE in states else PART

    def _state(self, question: str, student: str, answer: str, now: Given) -> str:
        mark = self.mark_of(question, student)
        if self.role == FIRST and self.is_foreign(question, student, now):
            return OPEN if now.waits else ELSEWHERE
        if mark is None:
            return OPEN
        return STALE if mark.answer != answer or (self.role == FIRST and now.waits) else DONE

    def comments(self, question: str) -> list[str]:
        """Comments to be used again: first those on this question, the most frequent ones first."""
        roles = (SECOND,) if self.role == SECOND else (FIRST, SETTLED)
        here: Counter[str] = Counter()
        others: Counter[str] = Counter()
        for role in roles:
            for (id, _), mark in self.journal.state.marks[role].items():
                if mark.comment:
                    (here if id == question else others)[mark.comment] += 1
        return list(dict.fromkeys(text for text, _ in (*here.most_common(), *others.most_common())))[:MOST_COMMENTS]

    def points(self, question: str, mark: Mark) -> float:
        """What a mark gives by the items of now."""
        return self.rubric(question).points(mark.items, mark.adjust, self.questions[question].most or None)

    # ---- writing -------------------------------------------------------------------------------------------------

    def mark(
        self, question: str, card: str, items: Any, adjust: Any, comment: Any, replaces: str = "", role: str = ""
    ) -> None:
        """Marks an answer, for all who gave it.

        Arguments:
            items: item -> how often.
            replaces: the token of what was given elsewhere and may be replaced, see `Elsewhere`.
            role: this marker's by default.

        Raises:
            BadValue: something is not as expected; nothing was marked then.
        """
        found, role = self.card(question, card), role or self.role
        counts, extra, said = self._checked(question, items, adjust, comment)
        mark = Mark(counts, extra, said, found.answers[0].hash, self.marker, "", 0)
        marks = self.journal.state.marks
        if role == FIRST and any(self._settled(question, one.student, one.hash) for one in found.answers):
            raise BadValue("the two markers' difference on this answer was settled; change it among the differences")
        if role == SECOND and any(self._is_own(marks[FIRST].get((question, id))) for id in found.students):
            raise BadValue(f"{self.marker} is the first marker of this answer; another person has to be the second")
        now = Given(self.points(question, mark), said, False)
        rows = {} if role == SECOND else self._rows(question, dict.fromkeys(found.students, now), replaces)
        self._enter(
            {
                "do": "mark", "role": role, "by": self.marker, "question": question, "students": found.students,
                "answer": mark.answer, "items": counts, "adjust": extra, "comment": said, "points": now.points,
                "rows": rows,
            }
        )  # fmt: skip

    def _is_own(self, mark: Mark | None) -> bool:
        return mark is not None and mark.by.casefold() == self.marker.casefold()

    def _settled(self, question: str, student: str, answer: str) -> bool:
        mark = self.journal.state.marks[SETTLED].get((question, student))
        return mark is not None and mark.answer == answer

    def _checked(self, question: str, items: Any, adjust: Any, comment: Any) -> tuple[dict[str, int], float, str]:
        known = {item.id: item.times for item in self.rubric(question).items}
        if not isinstance(items, dict) or not all(isinstance(count, int) for count in items.values()):
            raise BadValue("items: expected how often an answer has each, as whole numbers")
        gone = items.keys() - known.keys()
        if gone or not all(0 <= items[id] <= known[id] for id in items):
            raise BadValue("items: they are not those of now; load the question again")
        if isinstance(adjust, bool) or not isinstance(adjust, int | float) or not abs(adjust) <= MOST_ADJUST:
            raise BadValue(f"adjust: expected points of at most {MOST_ADJUST:g}, got {adjust!r}")
        if not isinstance(comment, str) or len(comment) > MOST_COMMENT:
            raise BadValue(f"comment: expected at most {MOST_COMMENT} characters")
        return {id: count for id, count in items.items() if count}, float(adjust), plain(comment).strip()

    def _rows(self, question: str, wanted: Mapping[str, Given], replaces: str) -> dict[str, tuple[Given, Given]]:
        """What is to change in the gradebook, before and after; what was given elsewhere is not replaced unasked."""
        book = self.read_book(question)
        elsewhere = {id: book[id] for id in wanted if id in book and self.is_foreign(question, id, book[id])}
        if elsewhere:
            token = self.answers.hidden("given", *(f"{id} {given.said}" for id, given in sorted(elsewhere.items())))
            if replaces != token:
                raise Elsewhere(_told(elsewhere.values()), token)
        return {id: (book[id], given) for id, given in wanted.items() if id in book}

    def _enter(self, event: Event) -> None:
        """Into the journal, then into the gradebook; where that is busy, later."""
        line = self.journal.append(event)
        try:
            self._write(line)
        except OperationalError:
            self.is_late = True

    def _write(self, event: Event) -> None:
        rows = rows_of(event)
        if rows:
            now = {student: given for student, (_, given) in rows.items()}
            self.book.write(self.questions[event["question"]], now)
            self.journal.append({"do": "entered", "of": event["n"]})

    def recover(self) -> None:
        """Enters what a death, or a busy gradebook, has kept from being entered, and what edited items change."""
        self.is_late, late = False, list(self.journal.open_rows())
        for question in {question for question, *_ in late} & self.questions.keys():
            book = self.read_book(question)
            rows = {id: (was, now) for one, id, was, now in late if one == question and book.get(id) == was}
            if rows:
                self._enter({"do": "again", "question": question, "rows": rows})
        for question in {question for question, _ in self.journal.state.marks[FIRST]} & self.questions.keys():
            self.reapply(question, self.rubric(question))

    def changes(self, question: str, rubric: Rubric) -> dict[str, tuple[Given, Given]]:
        """What other items change in the gradebook; what was given elsewhere stays."""
        book, most = self.read_book(question), self.questions[question].most or None
        rows = {}
        for student, now in book.items():
            mark = self.journal.state.effective(question, student)
            if mark and not self.is_foreign(question, student, now):
                points = rubric.points(mark.items, mark.adjust, most)
                if points != now.points:
                    rows[student] = now, now._replace(points=points)
        return rows

    def reapply(self, question: str, rubric: Rubric, before: Rubric | None = None) -> int:
        """Gives earlier marks the points of other items; how many changed."""
        rows = self.changes(question, rubric)
        if rows or before:
            items = [asdict(item) for item in rubric.items]
            was = [asdict(item) for item in (before or rubric).items]
            event = {"do": "rubric", "by": self.marker, "question": question, "items": items, "before": was}
            self._enter({**event, "rows": rows})
        return len(rows)

    def edit(self, question: str, raw: Any) -> int:
        """Other items for a question, for earlier marks as well; how many of these changed."""
        if self.role == SECOND:
            raise BadValue("the items are the first marker's to change; adjust the points, or say it in a comment")
        before = self.rubric(question)
        self.rubrics.known[question] = now = replace(before, items=checked(raw))
        self.rubrics.save()
        return self.reapply(question, now, before)

    def undo(self) -> Event:
        """Takes back this marker's last change; what was changed elsewhere since then stays.

        Raises:
            BadValue: there is none.
        """
        event = self.journal.last(self.marker, (self.role, SETTLED))
        if event is None:
            raise BadValue(f"there is nothing of {self.marker}'s to be undone")
        rows, back = rows_of(event), {}
        if rows:
            book = self.read_book(event["question"])
            back = {id: (now, was) for id, (was, now) in rows.items() if id in book and book[id].said == now.said}
        if event["do"] == "rubric":
            before = self.rubric(event["question"])
            self.rubrics.known[event["question"]] = replace(before, items=checked(event["before"]))
            self.rubrics.save()
        question = {"question": event["question"]} if "question" in event else {}
        self._enter({"do": "undo", "by": self.marker, "of": event["n"], **question, "rows": back})
        return event


def _told(elsewhere: Iterable[Given]) -> str:
    """What was given elsewhere, in words."""
    given = next(iter(elsewhere))
    points = "no points" if given.points is None else f"{given.points:g} points"
    comment = f" and the comment “{plain(given.comment, 200)}”" if given.comment else ""
    return f"this answer has {points}{comment}, given elsewhere (in Formgrader, say)"
