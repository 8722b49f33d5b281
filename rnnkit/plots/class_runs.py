"""One HTML page of a class's runs: what each student's cells did in each run, and who is far from the others."""

from __future__ import annotations

import math
import shlex
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnkit.common.pages import pages
from rnnkit.common.whole import save_text
from rnnkit.plots.naming import Table
from rnnkit.plots.page import PAGE
from rnnkit.plots.words import Curve, some, until
from rnnkit.runs.classes import ClassRun

FAR = 3.5  # spreads from the median: the usual limit for the modified z-score
LEAST = 5  # runs: of fewer nothing is said to be far from the others
SHARE = 4
SAME = 0.05  # of the median: nearer than that is not far, however alike the others are
POINTS, CURVES = 80, 3  # of a line; of a run
OPEN = 25  # rows of a table that are not folded
WIDTH, HEIGHT, LEFT, BELOW, ABOVE = 380, 210, 46, 30, 8  # of a drawing
APART = [  # colour and dashes of the lines of those who are drawn apart: told apart in black and white, too
    ("#b3261e", "none"), ("#0b5cad", "7 3"), ("#8a5000", "2 2"), ("#5b4bb3", "9 2 2 2"),
    ("#1f7a3a", "4 4"), ("#a0307a", "12 4"), ("#5f6b00", "6 2 2 2 2 2"), ("#00696b", "1 3"),
]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One student's run in the table.

    Fields:
        far: facts that are far from the others'.
        apart: colour and dashes of its lines, where it is one of the few that are drawn apart.
    """

    one: ClassRun
    far: tuple[str, ...] = ()
    apart: tuple[str, str] | None = None


@dataclass(frozen=True)
class Line:
    """A line of a drawing, as the points of an SVG polyline."""

    points: str
    label: str
    apart: tuple[str, str] | None


@dataclass(frozen=True)
class Drawing:
    """The lines of a class over the checks, with the ends of both axes, and the class in numbers at some checks."""

    what: str
    along: str
    lines: list[Line]
    low: str
    high: str
    end: str
    numbers: Table


@dataclass(frozen=True)
class Compared:
    """One run and the class.

    Fields:
        columns: the facts' names.
        rows: those without a record, then those far from the others, then the others, the worst first.
        alike: how many have the same facts as somebody else, in every digit.
    """

    run: str
    columns: list[str]
    rows: list[Row]
    drawings: list[Drawing]
    alike: int

    @property
    def trained(self) -> int:
        """How many have a record."""
        return sum(bool(row.one.facts) for row in self.rows)

    @property
    def shown(self) -> list[Row]:
        """What is not folded."""
        return self.rows if len(self.rows) <= OPEN else [row for row in self.rows if row.far or not row.one.facts]

    @property
    def folded(self) -> list[Row]:
        """The others, where they are many."""
        return [row for row in self.rows if row not in self.shown]


def write_class_page(folder: Path, title: str, runs: Iterable[ClassRun], order: Sequence[str], command: str) -> Path:
    """Writes ``report.html``: self-contained, no network, no scripts.

    Arguments:
        folder: of the class.
        title: what was trained.
        runs: of all students.
        order: of the runs' short names.
        command: that makes the page again, but for the folder.

    Returns:
        The page's path.
    """
    known: dict[str, list[ClassRun]] = {}
    for one in runs:
        known.setdefault(one.run, []).append(one)
    place = {run: number for number, run in enumerate(order)}
    without = known.pop("", [])
    sections = [compared(run, known[run]) for run in sorted(known, key=lambda run: (place.get(run, len(place)), run))]
    people = {one.student for several in (*known.values(), without) for one in several}
    made = (
        pages("rnnkit.plots", number=said)
        .get_template("class_runs.html")
        .render(
            title=title,
            sections=sections,
            without=without,
            people=len(people),
            far=FAR,
            least=LEAST,
            size=(WIDTH, HEIGHT, LEFT, BELOW, ABOVE),
            command=f"{command} {shlex.quote(str(folder))}",
        )
    )
    return save_text(folder / PAGE, made)


def compared(run: str, several: Sequence[ClassRun]) -> Compared:
    """Sets one run of all students side by side."""
    there = [one for one in several if one.facts]
    columns = list(dict.fromkeys(name for one in there for name in one.facts))
    limits = {name: _limits([one.facts.get(name) for one in there]) for name in columns}
    rows = [Row(one, tuple(name for name in columns if one.facts and _far(one.facts.get(name), limits[name])))
            for one in several]  # fmt: skip
    rows.sort(key=lambda row: (bool(row.one.facts), -len(row.far), _worst(row.one, columns), row.one.student))
    apart = [row for row in rows if row.far]
    lines = {row.one.student: line for row, line in zip(apart, APART, strict=False)}
    rows = [Row(row.one, row.far, lines.get(row.one.student)) for row in rows]
    counts = Counter(repr(sorted(one.facts.items(), key=lambda item: item[0])) for one in there)
    drawings = [_drawing(name, there, lines) for name in _curves(there)]
    return Compared(run, columns, rows, drawings, sum(count for count in counts.values() if count > 1))


def _number(value: Any) -> float | None:
    """A value as a number; None for what is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _limits(values: Sequence[Any]) -> tuple[float, float] | None:
    """Between what values are like the others: `FAR` spreads about the median, by the median of their distances.

    Right cells give equal numbers: of these one counts for the spread, where more than one in `SHARE` is another. None
    where there are fewer than `LEAST` numbers: then nothing can be said.
    """
    numbers = [number for value in values if (number := _number(value)) is not None and math.isfinite(number)]
    if len(numbers) < LEAST:
        return None
    middle = statistics.median(numbers)
    others = {*numbers} if len({*numbers}) > max(LEAST, len(numbers) / SHARE) else numbers
    spread = 1.4826 * statistics.median(abs(number - middle) for number in others)
    reach = max(FAR * spread, SAME * abs(middle), 1e-9)
    return middle - reach, middle + reach


def _far(value: Any, limits: tuple[float, float] | None) -> bool:
    """Whether a number is far from the others, or none any more where theirs are."""
    number = _number(value)
    if limits is None or (number is None and value is not None):
        return False
    return number is None or not limits[0] <= number <= limits[1]


def _worst(one: ClassRun, columns: Sequence[str]) -> float:
    """What rows are sorted by: the first fact, the largest first, and before them who has none."""
    number = _number(one.facts.get(columns[0])) if columns else None
    return -math.inf if number is None or not math.isfinite(number) else -number


def _curves(there: Sequence[ClassRun]) -> list[str]:
    """The names of the curves that are drawn: what the rows have beside the column that they run along."""
    names = list(dict.fromkeys(name for one in there for row in one.curve for name in row))
    return [name for name in names if name not in ("updates", "epoch")][:CURVES]


def _drawing(name: str, there: Sequence[ClassRun], apart: Mapping[str, tuple[str, str]]) -> Drawing:
    """All students' lines of one quantity; those far from the others in colour, and on top."""
    along = "updates" if any("updates" in row for one in there for row in one.curve) else "epoch"
    curves = {one.student: _points(one.curve, along, name) for one in there}
    places = [x for points in curves.values() for x, _ in points]
    heights = [y for points in curves.values() for _, y in points]
    end, low, high = max(places, default=1.0) or 1.0, min(heights, default=0.0), max(heights, default=1.0)
    span = high - low or 1.0

    def at(x: float, y: float) -> str:
        across = LEFT + (WIDTH - LEFT - 6) * x / end
        return f"{across:.1f},{ABOVE + (HEIGHT - ABOVE - BELOW) * (1 - (y - low) / span):.1f}"

    order = sorted(curves, key=lambda student: student in apart)
    lines = [
        Line(" ".join(at(x, y) for x, y in curves[student]), student, apart.get(student))
        for student in order
        if curves[student]
    ]
    numbers = _numbers(name, along, curves, apart)
    return Drawing(name, along, lines, said(low), said(high), said(end), numbers)


def _numbers(name: str, along: str, points: Mapping[str, Sequence[tuple[float, float]]], apart: Iterable[str]) -> Table:
    """The class at some checks: how many are there, lowest, median and highest; those who are drawn apart by name."""
    curves = {who: Curve(who, *np.asarray(some_, dtype=float).T) for who, some_ in points.items() if some_}
    longest = max((one.x for one in curves.values()), key=lambda x: x[-1], default=np.empty(0))
    rows, named = [], [who for who in apart if who in curves]
    for place in longest[some(len(longest))] if len(longest) else ():
        there = [value for one in curves.values() if (value := until(one, place)) is not None]
        ends = (min(there), statistics.median(there), max(there))
        own = (until(curves[who], place) for who in named)
        rows.append([said(place), str(len(there)), *map(said, ends), *("" if v is None else said(v) for v in own)])
    return Table(f"{name} of the class", [along, "students", "lowest", "median", "highest", *named], rows)


def _points(curve: Sequence[Mapping[str, Any]], along: str, name: str) -> list[tuple[float, float]]:
    """A curve's points, as many as can be seen, the last among them."""
    points = [(float(row[along]), float(row[name])) for row in curve if name in row and along in row]
    points = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    step = max(1, math.ceil(len(points) / POINTS))
    return points[::step] + (points[-1:] if (len(points) - 1) % step else [])


def said(value: Any) -> str:
    """A fact as it stands in the table."""
    if value is None:
        return "never"
    number = _number(value)
    if number is None or not math.isfinite(number):
        return str(value)
    return f"{number:,.0f}" if number == int(number) and number else f"{number:.4g}"
