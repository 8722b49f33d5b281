"""Where two markers differ, and what is settled; told of a question when the second marker is through with it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from rnnkit.common.names import BadValue
from rnnkit.grading.marking.answers import Card
from rnnkit.grading.marking.desk import Desk
from rnnkit.grading.marking.journal import FIRST, SECOND, SETTLED, Mark


@dataclass(frozen=True)
class Pair:
    """An answer that two persons have marked, and what was settled."""

    card: Card
    first: Mark
    second: Mark
    settled: Mark | None


@dataclass(frozen=True)
class Compared:
    """What two markers gave the answers to a question.

    Fields:
        sample: how many the second one marks, and `marked` how many are marked.
        pairs: those that both have marked, the largest difference first; none before all are marked.
    """

    sample: int
    marked: int
    pairs: list[Pair]


def compared(desk: Desk, question: str) -> Compared:
    """Two markers' marks of one question; what the second one has not yet marked is not told of."""
    if not desk.journal.state.sample:
        return Compared(0, 0, [])
    cards = desk.sampled(desk.answers.cards(question))
    second = {card.id: mark for card in cards if (mark := _of(desk, SECOND, question, card))}
    pairs = []
    if len(second) == len(cards):
        for card in cards:
            if first := _of(desk, FIRST, question, card):
                pairs.append(Pair(card, first, second[card.id], _of(desk, SETTLED, question, card)))
    pairs.sort(key=lambda pair: -abs(difference(desk, question, pair)))
    return Compared(len(cards), len(second), pairs)


def _of(desk: Desk, role: str, question: str, card: Card) -> Mark | None:
    """One marker's mark of an answer; None where it is not, or not for all who gave it, of what is there now."""
    marks = [desk.journal.state.marks[role].get((question, student)) for student in card.students]
    current = [mark for mark in marks if mark and mark.answer == card.answers[0].hash]
    return current[0] if current and len(current) == len(marks) else None


def difference(desk: Desk, question: str, pair: Pair) -> float:
    """The second marker's points less the first one's."""
    return desk.points(question, pair.second) - desk.points(question, pair.first)


def agreement(desk: Desk, question: str, pairs: list[Pair]) -> str:
    """How far two markers agree, in a sentence; empty where there is nothing to compare."""
    if not pairs:
        return ""
    apart = [difference(desk, question, pair) for pair in pairs]
    same = sum(not one for one in apart)
    size = fmean(map(abs, apart))
    return (
        f"{same} of {len(pairs)} answers have the same points; on average {size:.2g} apart, "
        f"the second marker {abs(fmean(apart)):.2g} {'above' if fmean(apart) > 0 else 'below'} the first"
    )


def settle(desk: Desk, question: str, card: str, take: str | float, replaces: str = "") -> None:
    """Decides a difference: by the first mark, the second one, or points of one's own. That goes to the gradebook.

    Raises:
        BadValue: there is no such difference, or it is not told yet.
    """
    pair = next((pair for pair in compared(desk, question).pairs if pair.card.id == card), None)
    if pair is None:
        raise BadValue("expected an answer that both markers have marked, in a question that the second one is through")
    desk.fetch(question)
    chosen = {FIRST: pair.first, SECOND: pair.second}.get(str(take))
    if chosen:
        items, adjust = chosen.items, chosen.adjust
        other = pair.second if chosen is pair.first else pair.first
        comment = chosen.comment or other.comment
    elif isinstance(take, int | float) and not isinstance(take, bool):
        items, adjust, comment = {}, float(take), pair.first.comment or pair.second.comment
    else:
        raise BadValue(f"take: expected first, second or points, got {take!r}")
    known = {item.id: item.times for item in desk.rubric(question).items}
    items = {id: min(count, known[id]) for id, count in items.items() if id in known}
    desk.mark(question, card, items, adjust, comment, replaces, SETTLED)
