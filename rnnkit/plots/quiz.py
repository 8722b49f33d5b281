"""A short quiz on reading a picture: three choices, and at once why; nothing is counted."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from IPython.display import display

from rnnkit.common.looking import grading, widgets_move
from rnnkit.common.names import BadValue
from rnnkit.plots.contrast import as_ink
from rnnkit.plots.figures import as_html, bundle
from rnnkit.plots.naming import Table
from rnnkit.plots.quizzes import Item, items
from rnnkit.plots.still import image
from rnnkit.plots.style import GREEN, RED

LETTERS = "abc"
FIGURES = Path("figures")
TOLD = "quiz.json"  # beside the pictures: picture -> what it shows in words, and in tables


def quiz(topic: str = "gradient", number: int | None = None, answer: str = "") -> None:
    """Shows a picture and asks what it tells; a click says why it is so, or is not. No points, nothing is kept.

    Without widgets it prints one item, and says what it thinks of an answer: ``quiz("gradient", 2, "b")``.

    Arguments:
        topic: ``gradient``.
        number: of one item, from 1; by default all, one below the other with widgets, else the first.
        answer: a letter.

    Raises:
        BadValue: an unknown topic, number or letter.
    """
    there = items(topic)
    if not there:
        raise BadValue(f'topic: expected "gradient", got {topic!r}')
    if number is not None and number not in range(1, len(there) + 1):
        raise BadValue(f"number: expected 1 to {len(there)}, got {number!r}")
    if answer and (len(answer) != 1 or answer not in LETTERS):
        raise BadValue(f"answer: expected a, b or c, got {answer!r}")
    if grading():
        return
    files = (FIGURES / name for name in (TOLD, *(f"{item.picture}.png" for item in there)))
    if lost := next((file.as_posix() for file in files if not file.is_file()), ""):
        print(f"{lost} is not here: the pictures come with the notebooks, in their folder figures")
        return
    if widgets_move() and not answer:
        from ipywidgets import Layout, VBox

        chosen = there if number is None else (there[number - 1],)
        display(VBox([Asked(item).box for item in chosen], layout=Layout(gap="18px")))
    else:
        _printed(topic, there[(number or 1) - 1], number or 1, len(there), answer)


def _shown(item: Item) -> tuple[bytes, str, list[Table]]:
    """An item's picture, what it shows, and its numbers."""
    said, tables = json.loads((FIGURES / TOLD).read_text(encoding="utf-8"))[item.picture]
    return (FIGURES / f"{item.picture}.png").read_bytes(), said, [Table(*one) for one in tables]


class Asked:
    """One item with a button for each choice."""

    def __init__(self, item: Item) -> None:
        from ipywidgets import HTML, Button, HBox, Layout, VBox

        self.item, self.said = item, HTML()
        shown = image()
        shown.value, shown.tooltip, tables = _shown(item)
        self.buttons = [Button(description=choice, layout=Layout(width="auto")) for choice in item.choices]
        for place, button in enumerate(self.buttons):
            button.on_click(partial(self._chosen, place))
        row = HBox(self.buttons, layout=Layout(flex_flow="row wrap"))
        self.box = VBox([shown, HTML(as_html(tables)), HTML(f"<b>{item.asked}</b>"), row, self.said])

    def _chosen(self, place: int, _: Any) -> None:
        choice, why = [*self.item.choices.items()][place]
        self.said.value = f"<i>{choice}</i>: {why}"
        for other, button in enumerate(self.buttons):
            marked = as_ink(GREEN if place == self.item.right else RED)  # letters on widgets' own would be faint
            button.style = {"button_color": marked, "text_color": "white"} if other == place else {}


def _printed(topic: str, item: Item, number: int, count: int, answer: str) -> None:
    if answer:
        choice, why = [*item.choices.items()][LETTERS.index(answer)]
        print(f"{choice}: {why}")
        return
    data, metadata = bundle(*_shown(item))
    display(data, metadata=metadata, raw=True)
    print(f"{number} of {count}: {item.asked}")
    for letter, choice in zip(LETTERS, item.choices, strict=True):
        print(f"  {letter}  {choice}")
    print(f'Answer with quiz("{topic}", {number}, "a"), or b, or c.')
