"""Which file of a submission is which notebook of the assignment: by the cells in it, else by its name.

Cells have names that survive a file's renaming. Where two files could be one notebook, and neither has all that the
other has, nothing is guessed: the notebook waits for a person.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from rnnkit.common.text import listed, shown
from rnnkit.grading.notebooks.reading import BadSubmission, Missing, find, notebooks, read
from rnnkit.grading.notebooks.submitted import from_json

MOST_READ = 20  # files of a submission; the others are known by their names alone
ENOUGH = 1 / 3  # of a notebook's cells, or of those that a student writes: then a file is this notebook
LONGEST = 200  # characters of a cell's name
TEXT = "\0"  # before the hash of a text, which no name begins with


class Given:
    """How the cells of a given notebook are known.

    Arguments:
        master: the notebook.
        counts: how often each name and text is in all notebooks: what several have tells none of them.
        everything: every text that was given out, whichever notebook has it: no student wrote it.
    """

    def __init__(self, master: NotebookNode, counts: Counter[str], everything: set[str]):
        self.numbers = {
            mark: number
            for number, cell in enumerate(master.cells)
            for mark in _marks(*_names(cell), cell.source)
            if counts[mark] == 1
        }
        self.everything = everything
        self.size = len(set(self.numbers.values()))
        solutions = [cell for cell in master.cells if cell.metadata.get("nbgrader", {}).get("solution")]
        self.theirs = {self.numbers[name] for cell in solutions for name in _names(cell) if name in self.numbers}


@dataclass
class Candidate:
    """A notebook's file as it was handed in.

    Fields:
        path: below the submission.
        cells: of each cell in it what it can be known by: names, and its text's hash; empty where it cannot be read.
        problem: why it cannot.
    """

    path: str
    cells: list[set[str]] = field(default_factory=list)
    problem: BadSubmission | None = None

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
        texts = [{mark for mark in cell if mark.startswith(TEXT)} - given.everything for cell in self.cells]
        placed = {
            (number, text) for found, cell in zip(numbers, texts, strict=True) for number in found for text in cell
        }
        return placed if any(numbers) else {(None, text) for cell in texts for text in cell}


def recognise(folder: Path, masters: Mapping[str, NotebookNode]) -> dict[str, tuple[Path, list[str]] | BadSubmission]:
    """The file that is handed in for each notebook, with flags; or why there is none, or none that is certain.

    Arguments:
        folder: the submission.
        masters: file name -> the notebook as it was given out.
    """
    folder = Path(folder)
    marks = [_marks(*_names(cell), cell.source) for master in masters.values() for cell in master.cells]
    counts = Counter(mark for cell in marks for mark in cell)
    given = {name: Given(master, counts, set(counts)) for name, master in masters.items()}
    paths = sorted(notebooks(folder), key=lambda path: path not in masters)
    files = [_read(folder, path) for path in paths[:MOST_READ]]
    chosen: dict[str, tuple[Path, list[str]] | BadSubmission] = {}
    for name in masters:
        try:
            path, flags = _choose(name, given, files) or (find(folder, name).relative_to(folder).as_posix(), [])
            _check(name, path, given, files)
            named = [] if Path(path).name == name else [f"the file was named {shown(path)}"]
            chosen[name] = folder / path, named + flags
        except BadSubmission as problem:
            chosen[name] = _instead(name, given, files) if isinstance(problem, Missing) else None
            chosen[name] = chosen[name] or problem
    return chosen


def _read(folder: Path, path: str) -> Candidate:
    try:
        cells = [from_json(raw) for raw in read(folder / path)["cells"] if isinstance(raw, dict)]
        return Candidate(path, [_marks(cell.grade_id, cell.id, cell.text) for cell in cells])
    except BadSubmission as problem:
        return Candidate(path, problem=problem)


def _marks(grade_id: str, id: str, text: str) -> set[str]:
    """What a cell can be known by: its names, and its text's hash."""
    digest = hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()
    return {grade_id[:LONGEST], id[:LONGEST], f"{TEXT}{digest}" if text.strip() else ""} - {""}


def _names(cell: NotebookNode) -> tuple[str, str]:
    return cell.metadata.get("nbgrader", {}).get("grade_id", ""), cell.get("id", "")


def _choose(name: str, given: Mapping[str, Given], files: list[Candidate]) -> tuple[str, list[str]] | None:
    """The file that is a notebook by its cells, and flags; None where none is.

    Raises:
        BadSubmission: several are, and each has work that the others lack.
    """
    mine = [file for file in files if file.is_(given[name])]
    if not mine:
        return None
    mine = [file for file in mine if not _is_another(file, name, given)] or mine
    mine = [file for file in mine if "/" not in file.path] or mine
    named = [file for file in files if file.path == name and file not in mine]
    unknown = [file for file in named if file.work(given[name]) and not _others(file, name, given)]
    chosen = _fullest(name, mine, unknown, given[name])
    left = [file.path for file in mine if not file.work(given[name]) <= chosen.work(given[name])]
    flags = [f"not looked at, though it is this notebook with other work in it: {listed(left)}"] if left else []
    return chosen.path, flags + [str(file.problem) for file in named if file.problem]


def _fullest(name: str, mine: list[Candidate], unknown: list[Candidate], given: Given) -> Candidate:
    """The file with all the work that the others have; else the one of the right name.

    Arguments:
        mine: files that are this notebook.
        unknown: one that has its name alone.
    """
    mine = sorted(mine, key=lambda file: file.path != name)
    for file in mine:
        if all(file.work(given) >= other.work(given) for other in mine + unknown):
            return file
    if mine[0].path == name:
        return mine[0]
    paths = listed([file.path for file in mine + unknown])
    raise BadSubmission(f"{name}: expected one such notebook, got {paths}, each with other work in it; leave one")


def _others(file: Candidate, name: str, given: Mapping[str, Given]) -> list[str]:
    """The other notebooks that a file is by its cells."""
    return [other for other in given if other != name and file.is_(given[other])]


def _is_another(file: Candidate, name: str, given: Mapping[str, Given]) -> bool:
    """Whether a file has the name of another notebook, and is that too."""
    return file.path in _others(file, name, given)


def _check(name: str, path: str, given: Mapping[str, Given], files: list[Candidate]) -> None:
    """Refuses a file that has one notebook's name and another one's cells."""
    for file in files:
        if file.path == path and not file.is_(given[name]) and (others := _others(file, name, given)):
            raise BadSubmission(f"{name}: {shown(path)} has the cells of {others[0]}; is it that one?")


def _instead(name: str, given: Mapping[str, Given], files: list[Candidate]) -> BadSubmission | None:
    """Why a notebook that is not there may be there after all: a few of its cells are in a file that is no other's."""
    some = [file for file in files if len(file.known(given[name])) > 1]
    few = [file for file in some if not any(map(file.is_, given.values()))]
    if not few:
        return None
    told = listed([f"{file.path} ({len(file.known(given[name]))} of {given[name].size} cells)" for file in few])
    return BadSubmission(f"{name}: expected this notebook, got some of its cells in {told}; is it that one?")
