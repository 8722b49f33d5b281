"""What the page shows, as plain data; no student's name is in it but where one is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rnnkit.common.names import BadValue
from rnnkit.grading.course.gradebook import opened, people
from rnnkit.grading.marking.answers import Answer, Card
from rnnkit.grading.marking.desk import DONE, ELSEWHERE, PART, STALE, Desk
from rnnkit.grading.marking.journal import FIRST, SECOND, Given, Mark
from rnnkit.grading.marking.names import Names
from rnnkit.grading.marking.requests import Request, code_asked_about, requests_of
from rnnkit.grading.marking.rubric import Rubric, checked, derived, fingerprint
from rnnkit.grading.marking.second import agreement, compared, difference
from rnnkit.grading.marking.shown import Shown

Data = dict[str, Any]


class View:
    """The page's data for one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.shown = desk, Shown()
        self._requests: list[Request] = []
        with opened(desk.course.folder) as book:
            self.names = Names(people(book))

    def overview(self) -> Data:
        """Who marks what, and how far each question is."""
        desk = self.desk
        self._requests = requests_of(desk)
        for question in desk.questions:
            desk.fetch(question)
        return {
            "assignment": desk.assignment.name.replace("_", " "),
            "marker": desk.marker,
            "second": desk.role == SECOND,
            "questions": [self.progress(question) for question in desk.questions],
            "requests": 0 if desk.role == SECOND else sum(not one.dealt for one in self._requests),
            "damaged": len(desk.answers.damaged),
        }

    def progress(self, question: str, book: Mapping[str, Given] | None = None) -> Data:
        """How far a question is, by what the gradebook has."""
        asked, cards = self.desk.questions[question], self.desk.cards(question)
        book = self.desk.read_book(question) if book is None else book
        states = [self.desk.state_of(question, card, book) for card in cards]
        done = sum(state in (DONE, ELSEWHERE) for state in states)
        students = sum(len(card.answers) for card in cards)
        about = {"id": question, "title": asked.title, "most": asked.most, "notebook": asked.notebook}
        return {**about, "answers": len(cards), "done": done, "students": students, "silent": len(book) - students}

    def question(self, id: str) -> Data:
        """A question with all its answers."""
        desk = self.desk
        if desk.is_late:
            desk.recover()
        self._requests = requests_of(desk)
        cards, rubric, asked = desk.fetch(id), desk.rubric(id), desk.questions[id]
        task, scheme = self.shown.texts([asked.task, asked.scheme])
        book = desk.read_book(id)
        return {
            "progress": self.progress(id, book),
            "task": task,
            "scheme": scheme,
            "items": [asdict(item) for item in rubric.items],
            "sum": rubric.sum,
            "old": bool(rubric.scheme) and rubric.scheme != fingerprint(asked.scheme),
            "cards": self._cards(id, cards, book),
            "comments": desk.comments(id),
        }

    def card(self, question: str, id: str) -> Data:
        """One answer again, after a change, with what else that has changed."""
        card = next(one for one in self.desk.cards(question) if one.id == id)
        book = self.desk.read_book(question)
        (state,) = self._states(question, [card], book)
        told = {"card": state, "progress": self.progress(question, book), "comments": self.desk.comments(question)}
        return {**told, "late": self.desk.is_late}

    def _cards(self, question: str, cards: list[Card], book: Mapping[str, Given]) -> list[Data]:
        html = self._answers(cards)
        hints = [list(dict.fromkeys(one.hint for one in card.answers if one.hint)) for card in cards]
        told = iter(self.shown.texts([hint for several in hints for hint in several]))
        return [
            {
                **state,
                "html": text,
                "words": len(card.answers[0].text.split()),
                "figures": [[self._figure(answer, *one) for one in answer.figures] for answer in card.answers],
                "hints": [next(told) for _ in several],
            }
            for card, text, several, state in zip(cards, html, hints, self._states(question, cards, book), strict=True)
        ]

    def _answers(self, cards: list[Card]) -> list[str]:
        """What was written, with the writers' names marked."""
        html = self.shown.answers([card.answers[0] for card in cards])
        return [self.names.html(text, card.students) for text, card in zip(html, cards, strict=True)]

    def _figure(self, answer: Answer, kind: str, content: str, words: str) -> Data:
        """Under which name a picture is asked for, and its words."""
        return {"name": self.shown.picture(kind, content), "words": self.names.text(words, [answer.student])}

    def _states(self, question: str, cards: list[Card], book: Mapping[str, Given]) -> list[Data]:
        """What answers have by now."""
        desk = self.desk
        asked = [one for one in self._requests if one.question == question and desk.role == FIRST]
        found = []
        for card in cards:
            state = desk.state_of(question, card, book)
            marks = [mark for mark in (desk.mark_of(question, id) for id in card.students) if mark]
            mark = max(marks, key=lambda one: one.number, default=None)
            seen = mark if state in (DONE, STALE, PART) else None
            about = self._mark(question, seen)
            if state == ELSEWHERE:
                about |= _elsewhere([book.get(id, Given()) for id in card.students])
            wanted = [self._request(one) for one in asked if one.student in card.students]
            found.append({"id": card.id, "size": len(card.answers), "state": state, "requests": wanted, **about})
        return found

    def _mark(self, question: str, mark: Mark | None) -> Data:
        if mark is None:
            return {"items": {}, "adjust": 0, "comment": "", "points": None, "by": ""}
        points = self.desk.points(question, mark)
        known = {item.id: item.times for item in self.desk.rubric(question).items}
        items = {id: min(count, known[id]) for id, count in mark.items.items() if id in known}
        return {"items": items, "adjust": mark.adjust, "comment": mark.comment, "points": points, "by": mark.by}

    def edited(self, question: str, raw: Any) -> Data:
        """What other items would change: of how many students, and by how much."""
        rubric = Rubric(checked(raw), "")
        rows = self.desk.changes(question, rubric).values()
        apart = [(now.points or 0.0) - (was.points or 0.0) for was, now in rows]
        up, down = sum(one > 0 for one in apart), sum(one < 0 for one in apart)
        return {"up": up, "down": down, "sum": rubric.sum}

    def anew(self, question: str) -> list[Data]:
        """The items that the mark scheme of now gives."""
        asked = self.desk.questions[question]
        return [asdict(item) for item in derived(asked.scheme, asked.most).items]

    def differences(self) -> Data:
        """Where two markers differ, question by question."""
        desk, found = self.desk, []
        for question, asked in desk.questions.items():
            done = compared(desk, question)
            if not done.sample:
                continue
            html = self._answers([pair.card for pair in done.pairs])
            rows = [
                {
                    "id": pair.card.id,
                    "html": text,
                    "first": self._mark(question, pair.first),
                    "second": self._mark(question, pair.second),
                    "settled": self._mark(question, pair.settled) if pair.settled else None,
                    "apart": difference(desk, question, pair),
                }
                for pair, text in zip(done.pairs, html, strict=True)
            ]
            said = agreement(desk, question, done.pairs)
            about = {"id": question, "title": asked.title, "most": asked.most, "sample": done.sample}
            found.append(
                {**about, "marked": done.marked, "told": done.marked == done.sample, "said": said, "rows": rows}
            )
        return {"questions": found}

    def requests(self) -> Data:
        """Students' requests, and what they are about; of a request about a check its code."""
        desk = self.desk
        if desk.role == SECOND:
            raise BadValue("requests for another look are the first marker's")
        self._requests = requests_of(desk)
        rows = []
        for one in self._requests:
            card = ""
            if one.question in desk.questions:
                cards = desk.cards(one.question)
                card = next((found.id for found in cards if one.student in found.students), "")
                title = desk.questions[one.question].title
            else:
                title = desk.assignment.scored[one.question].name
            shown = [(name, self.names.text(text, [one.student])) for name, text in code_asked_about(desk, one)]
            rows.append({**self._request(one), "title": title, "card": card, "shown": shown})
        return {"requests": rows}

    def _request(self, one: Request) -> Data:
        """A request without the name of who asks."""
        return asdict(one) | {"student": "", "reason": self.names.text(one.reason, [one.student])}


def _elsewhere(given: list[Given]) -> Mapping[str, Any]:
    """What was given elsewhere, where all who gave the answer have the same."""
    points, comments = {one.points for one in given}, {one.comment for one in given}
    return {
        "points": points.pop() if len(points) == 1 else None,
        "comment": comments.pop() if len(comments) == 1 else "",
        "by": "elsewhere",
    }
