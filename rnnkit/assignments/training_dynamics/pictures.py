"""Which mistake made which picture: what is answered, and what a check can say without knowing what is right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from rnnkit.checks.case import Case
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.numbers import joined
from rnnkit.checks.outcome import Outcome, kind_of
from rnnkit.checks.report import Report
from rnnkit.checks.sandbox import quiet
from rnnkit.common.text import one_line

if TYPE_CHECKING:
    from rnnkit.checks.question import Question

LETTERS = "abcdefghijkl"  # of the mistakes in the list
LOOK = {
    1: "at which steps does g_t follow the right run, and at which is it nothing at all?",
    2: "which curves lie above those of the right run, and by which factor at the first update?",
    3: "at how many steps is there any gradient? And does the distance still change over the first steps?",
    4: "what was ρ before the first update, and how large was the first gradient?",
    5: "by how much does g_t change from one step to the next? What sends gradient to an early step?",
    6: "which of the five panels differ from the right run, and which are exactly the same?",
    7: "does the loss leave that of the right run at once, or later? How does the gradient norm go on until then?",
    8: "what value do the units have, and how many powers of ten does g_t lose in a step?",
}  # by picture: where to look
PICTURES = tuple(LOOK)
WEIGHT = 0.5
LATER = "points are told when it is graded"


def letter_of(answers: Any, picture: int) -> Any:
    """What a dict of answers says of a picture; a letter without spaces around it, and small."""
    said = answers.get(picture) if isinstance(answers, dict) else None
    return said.strip().lower() if isinstance(said, str) else said


def _answer(picture: int, obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    answers = obj()
    if isinstance(answers, dict):
        outcome.put(f"picture {picture}", letter_of(answers, picture), str)
    else:
        outcome.problems["answers"] = f'expected a dict, {{1: "a", …}}, got {kind_of(answers)}'


CASES = tuple(Case(f"picture {picture}", WEIGHT, partial(_answer, picture)) for picture in PICTURES)


def given() -> Inputs:
    """The question is asked with nothing."""
    return Inputs({}, {})


def of_answers(question: Question, obj: Any) -> Report:
    """What the student's own check shows: whether every picture has a letter of its own, and where to look."""

    def report(status: str, messages: list[str], points: float = 0.0) -> Report:
        return Report(question.id, question.name, points, question.points, status, messages=messages, said=LATER)

    try:
        with quiet():
            answers = _called(obj)
    except NotImplementedError:
        return report("not written yet", ['return a dict of eight letters: {1: "a", 2: …}'])
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a student's code does
        said = one_line(f"{question.target}() gives no answers, {type(error).__name__}: {error}")
        return report("cannot be read", [said])
    if not isinstance(answers, dict):
        return report("cannot be read", [f'expected a dict, {{1: "a", …}}, got {kind_of(answers)}'])
    letters = {picture: letter_of(answers, picture) for picture in PICTURES}
    messages = [
        f"picture {picture}: {trouble}. Look: {LOOK[picture]}"
        for picture, letter in letters.items()
        if (trouble := _trouble(letter, _alike(letters, picture)))
    ]
    if extra := [key for key in answers if key not in PICTURES]:
        messages.append(f"no picture is called {one_line(repr(extra[0]), 40)}: expected 1 to {len(PICTURES)}")
    done = len(PICTURES) - sum(message.startswith("picture") for message in messages)
    whole = not messages  # then nbgrader's Validate has nothing to find
    messages = messages or ["Every picture has a letter of its own; which of them are right is told when it is graded."]
    return report(f"{done} of {len(PICTURES)} answered", messages, question.points if whole else 0.0)


def _alike(letters: dict[int, Any], picture: int) -> list[int]:
    """The other pictures with the same letter."""
    said = letters[picture]
    return [one for one, other in letters.items() if one != picture and isinstance(other, str) and other == said]


def _called(obj: Callable[[], Any]) -> Any:
    if isinstance(obj, type) or not callable(obj):
        raise TypeError(f"expected the function itself, got {kind_of(obj)}")
    return obj()


def _trouble(letter: Any, others: list[int]) -> str:
    """What keeps an answer from being one; empty for nothing."""
    if letter is None:
        return "no letter yet"
    if not isinstance(letter, str) or len(letter) != 1 or letter not in LETTERS:
        return f"expected one letter of {LETTERS[0]} to {LETTERS[-1]}, got {one_line(repr(letter), 40)}"
    if others:
        return f"{letter} stands at picture {joined(map(str, others))}, too, and each has a mistake of its own"
    return ""
