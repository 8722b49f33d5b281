"""Two students' cells side by side, with what both have marked, and where the other has it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rnnkit.grading.alike import prose
from rnnkit.grading.alike.pairs import Compared, Pair
from rnnkit.grading.alike.work import Cell, Work

RARE = math.log(10)  # of a print that fewer than one in ten would have
MOST_LINES, MOST_TEXT = 150, 8_000  # of a cell that is shown
SOME, VERY = "some", "rare"  # how a line is marked


@dataclass(frozen=True)
class Line:
    """A line of code: its number, its mark (none, `SOME` or `VERY`), and the other one's cell and line."""

    number: int
    text: str
    mark: str = ""
    there: tuple[str, int] = ("", 0)


@dataclass(frozen=True)
class Side:
    """One student's cell: lines of code, or a text in pieces with whether the other one has them; empty without one."""

    lines: tuple[Line, ...] = ()
    pieces: tuple[tuple[str, bool], ...] = ()
    cut: bool = False

    @property
    def tells(self) -> bool:
        """Whether the other one has something of it that is rare."""
        return any(line.mark == VERY for line in self.lines) or any(mark for _, mark in self.pieces)


@dataclass(frozen=True)
class Row:
    """A cell of both students."""

    notebook: str
    name: str
    is_code: bool
    left: Side
    right: Side


def beside(compared: Compared, pair: Pair) -> Iterator[Row]:
    """The cells in which two students have something rare in common, in the order of the notebooks."""
    left, right = compared.works[pair.left], compared.works[pair.right]
    cells: dict[tuple[str, str, bool], list[Cell | None]] = {}
    for place, work in enumerate((left, right)):
        for cell in work.cells:
            cells.setdefault((cell.notebook, cell.name, cell.is_code), [None, None])[place] = cell
    places = [_places(work) for work in (left, right)]
    keys = {True: compared.code.rarity, False: compared.prose.rarity}
    for (notebook, name, is_code), (one, other) in sorted(cells.items(), key=lambda item: item[0][0]):
        rarity = keys[is_code]
        sides = _side(one, places[1], rarity), _side(other, places[0], rarity)
        if sides[0].tells or sides[1].tells:
            yield Row(notebook, name, is_code, *sides)


def _places(work: Work) -> dict[str, dict[str, int]]:
    """Print -> cell -> the first line (of a text, character) where a student has it."""
    places: dict[str, dict[str, int]] = {}
    for cell in work.cells:
        for key, found in cell.prints.items():
            places.setdefault(key, {}).setdefault(cell.name, found[0][0])
    return places


def _side(cell: Cell | None, there: Mapping[str, Mapping[str, int]], rarity: Mapping[str, float]) -> Side:
    if cell is None:
        return Side()
    common = {key: rarity[key] for key in cell.prints if key in there and key in rarity}
    if not cell.is_code:
        text = cell.text[:MOST_TEXT]
        rare = {key for key, weight in common.items() if weight >= RARE}
        return Side(pieces=tuple(prose.marked(text, rare)), cut=len(cell.text) > MOST_TEXT)
    best: dict[int, tuple[float, str]] = {}
    for key, weight in common.items():
        for first, last in cell.prints[key]:
            for number in range(first, min(last, MOST_LINES) + 1):
                best[number] = max(best.get(number, (0.0, "")), (weight, key))
    lines = []
    for number, text in enumerate(cell.text.split("\n"), 1):
        if number > MOST_LINES:
            break
        weight, key = best.get(number, (0.0, ""))
        if not key:
            lines.append(Line(number, text[:MOST_TEXT]))
            continue
        places = there[key]
        name = cell.name if cell.name in places else next(iter(places))
        lines.append(Line(number, text[:MOST_TEXT], VERY if weight >= RARE else SOME, (name, places[name])))
    return Side(tuple(lines), cut=cell.text.count("\n") >= MOST_LINES)
