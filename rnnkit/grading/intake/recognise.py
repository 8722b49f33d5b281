"""Which file of a submission is which notebook of the assignment: by the cells in it, else by its name.

Cells have names that survive a file's renaming. Where two files could be one notebook, and neither has all that the
other has, nothing is guessed: the notebook waits for a person.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from nbformat import NotebookNode

from rnnkit.checks.assignment import NO_EARLIER, Earlier
from rnnkit.common.text import listed, shown
from rnnkit.grading.notebooks.reading import BadSubmission, Missing, find, notebooks, read
from rnnkit.grading.notebooks.submitted import from_json
from rnnkit.notebook.cells import marking_of, name_of

MOST_READ = 20  # files of a submission; the others are known by their names alone
ENOUGH = 1 / 3  # of a notebook's cells, or of those that a student writes: then a file is this notebook
LONGEST = 200  # characters of a cell's name
TEXT = "\0"  # before the hash of a text, which no name begins with


class Given:
    """How the cells of a given notebook are known.

    `counts` says how often each name and text is in all notebooks: what several have tells none of them.
    """

    def __init__(self, master: NotebookNode, counts: Counter[str], earlier: Earlier):
        marks = [{mark for mark in _marks(cell) if counts[mark] == 1} for cell in master.cells]
        self.counts = counts
        self.numbers = {mark: number for number, cell in enumerate(marks) for mark in cell}
        self.size = len(set(self.numbers.values()))
        solutions = {number for number, cell in enumerate(master.cells) if marking_of(cell).get("solution")}
        names = {name_of(cell): number for number, cell in enumerate(master.cells)}
        before = {old: names[new] for new, parts in earlier.answers.items() if new in names for old in parts.values()}
        self.numbers |= before  # an answer of an earlier release is the one that has taken its place
        self.theirs = {number for name, number in self.numbers.items() if name[0] != TEXT and number in solutions}


@dataclass
class Candidate:
    """A notebook's file as it was handed in."""

    path: str  # below the submission
    cells: list[set[str]] = field(default_factory=list)  # what each can be known by: names, and its text's hash
    problem: BadSubmission | None = None  # why it cannot be read
    is_of: list[str] = field(default_factory=list)  # the notebooks that it is, by its cells

    def known(self, given: Given) -> set[int]:
        """The given cells of a notebook that are in it."""
        return {given.numbers[mark] for marks in self.cells for mark in marks if mark in given.numbers}

    def is_(self, given: Given) -> bool:
        """Whether enough of a notebook is in it."""
        cells = self.known(given)
        written = len(cells & given.theirs)
        most_written = written > 1 and written >= ENOUGH * len(given.theirs)
        return len(cells) > 1 and (len(cells) >= ENOUGH * given.size or most_written)

    def work(self, given: Given) -> set[tuple[int | None, str]]:
        """A student's texts in it, by their hashes: those in the cells for them, or all where no such cell is known."""
        numbers = [{given.numbers.get(mark) for mark in cell} & given.theirs for cell in self.cells]
        texts = [{mark for mark in cell if mark[0] == TEXT and mark not in given.counts} for cell in self.cells]
        if not any(numbers):
            return {(None, text) for cell in texts for text in cell}
        return {pair for places, cell in zip(numbers, texts, strict=True) for pair in product(places, cell)}


def recognise(
    folder: Path, masters: Mapping[str, NotebookNode], earlier: Earlier = NO_EARLIER
) -> dict[str, tuple[Path, list[str]] | BadSubmission]:
    """The file that is handed in for each notebook, with flags; or why there is none, or none that is certain.

    Arguments:
        folder: the submission.
        masters: file name -> the notebook as it was given out.
        earlier: what earlier releases had.
    """
    counts = Counter(mark for master in masters.values() for cell in master.cells for mark in _marks(cell))
    given = {name: Given(master, counts, earlier) for name, master in masters.items()}
    paths = sorted(notebooks(folder), key=lambda path: path not in masters)
    files = [_read(folder, path) for path in paths[:MOST_READ]]
    for file in files:
        file.is_of = [name for name, one in given.items() if file.is_(one)]
    chosen: dict[str, tuple[Path, list[str]] | BadSubmission] = {}
    for name in masters:
        try:
            path, flags = _choose(name, given[name], files) or (_named(folder, name, files), [])
            named = [] if Path(path).name == name else [f"the file was named {shown(path)}"]
            chosen[name] = folder / path, named + flags
        except Missing as problem:
            chosen[name] = _instead(name, given[name], files) or problem
        except BadSubmission as problem:
            chosen[name] = problem
    return chosen


def _read(folder: Path, path: str) -> Candidate:
    try:
        return Candidate(path, [_marks(raw) for raw in read(folder / path)["cells"] if isinstance(raw, dict)])
    except BadSubmission as problem:
        return Candidate(path, problem=problem)


def _marks(raw: dict) -> set[str]:
    """What a cell can be known by: its names, and its text's hash."""
    cell = from_json(raw)
    digest = hashlib.sha256(cell.bare.encode("utf-8", "replace")).hexdigest()
    return {cell.grade_id[:LONGEST], cell.id[:LONGEST], f"{TEXT}{digest}" if cell.bare else ""} - {""}


def _choose(name: str, given: Given, files: list[Candidate]) -> tuple[str, list[str]] | None:
    """The file that is a notebook by its cells, and flags; None where none is."""
    mine = [file for file in files if name in file.is_of]
    if not mine:
        return None
    mine = [file for file in mine if file.path == name or file.path not in file.is_of] or mine
    mine = [file for file in mine if "/" not in file.path] or mine
    named = [file for file in files if file.path == name and file not in mine]
    unknown = [file for file in named if file.work(given) and not file.is_of]
    chosen = _fullest(name, mine, unknown, given)
    left = [file.path for file in mine if not file.work(given) <= chosen.work(given)]
    flags = [f"not looked at, though it is this notebook with other work in it: {listed(left)}"] if left else []
    return chosen.path, flags + [str(file.problem) for file in named if file.problem]


def _fullest(name: str, mine: list[Candidate], unknown: list[Candidate], given: Given) -> Candidate:
    """The file with all the work that the others, and one of its name alone, have; else the one of the right name."""
    mine = sorted(mine, key=lambda file: file.path != name)
    for file in mine:
        if all(file.work(given) >= other.work(given) for other in mine + unknown):
            return file
    if mine[0].path == name:
        return mine[0]
    paths = listed([file.path for file in mine + unknown])
    raise BadSubmission(f"{name}: expected one such notebook, got {paths}, each with other work in it; leave one")


def _named(folder: Path, name: str, files: list[Candidate]) -> str:
    """The file that is a notebook by its name alone, if it has no other notebook's cells."""
    path = find(folder, name).relative_to(folder).as_posix()
    for file in files:
        if file.path == path and file.is_of:
            raise BadSubmission(f"{name}: {shown(path)} has the cells of {file.is_of[0]}; is it that one?")
    return path


def _instead(name: str, given: Given, files: list[Candidate]) -> BadSubmission | None:
    """Why a notebook that is not there may be there after all: a few of its cells are in a file that is no other's."""
    few = [file for file in files if len(file.known(given)) > 1 and not file.is_of]
    if not few:
        return None
    told = listed([f"{file.path} ({len(file.known(given))} of {given.size} cells)" for file in few])
    return BadSubmission(f"{name}: expected this notebook, got some of its cells in {told}; is it that one?")
