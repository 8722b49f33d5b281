"""Which file of a folder is which notebook: by the cells in it, else by its name.

A notebook that was downloaded from a host comes back under another name, beside the one that was given out. The one
with all the work is meant; where each of two has work that the other lacks, nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.hand_in.notebooks import answer_of, never_run, unsolved
from rnnkit.notebook.cells import SOLUTION, cells_by_id, marking_of, name_of, read_notebook, text_of

ENOUGH = 1 / 3  # of the cells that tell a notebook: then a file is this notebook
OWN_COPY = re.compile(r"-Copy\d+$")  # what JupyterLab calls a duplicate, made to be kept
DOWNLOADED = re.compile(r"^(?:Copy of )?(.+?)(?: ?\(\d+\))?$")  # as Drive and browsers name what is there already
CHECK = re.compile(r"^check\(\s*[\"'](\w+)[\"']", re.MULTILINE)


@dataclass
class File:
    """A notebook's file, as it was read."""

    path: Path
    content: dict[str, Any]

    @cached_property
    def cells(self) -> set[str]:
        """What its cells are called, without what marks solutions."""
        return names_in(self.content)

    @cached_property
    def work(self) -> set[tuple[str, str]]:
        """What a student has written in it: the cells that are theirs, each with its text."""
        left = {f"{question.split()[0]}{SOLUTION}" for question in unsolved(self.content)}
        cells = cells_by_id(self.content).items()
        mine = {name: answer_of(cell) for name, cell in cells if marking_of(cell).get("solution") and name not in left}
        return {(name, text) for name, text in mine.items() if text}


def names_in(notebook: Mapping[str, Any]) -> set[str]:
    """What a notebook's cells are called, or where a host has lost that, which questions they check."""
    named = {name_of(cell).removesuffix(SOLUTION) for cell in notebook["cells"]} - {""}
    return named | {id for cell in notebook["cells"] for id in CHECK.findall(text_of(cell))}


def has_names(notebook: Mapping[str, Any]) -> bool:
    """Whether the cells of a notebook are still called as they were."""
    return any(marking_of(cell) for cell in notebook["cells"])


def files_in(folder: Path) -> list[File]:
    """The notebooks of a folder that can be read, but for a student's own duplicates."""
    found = []
    for path in sorted(folder.glob("*.ipynb")):
        if not OWN_COPY.search(path.stem):
            with suppress(BadValue):
                found.append(File(path, read_notebook(path)))
    return found


def find_notebooks(assignment: Assignment, folder: Path) -> dict[str, File | BadValue]:
    """The file that is meant for each notebook of an assignment that is to be handed in; those that are there.

    Arguments:
        assignment: whose notebooks they are.
        folder: the student's.

    Returns:
        By the notebook's own name; an error instead of a file says between which ones nothing decides.
    """
    files, telling = files_in(folder), {name: _telling(assignment, name) for name in assignment.notebooks}
    of = {file.path: [name for name, ids in telling.items() if _is(file, ids)] for file in files}
    found: dict[str, File | BadValue] = {}
    for name in (name for name in telling if name not in assignment.lessons):
        mine = [file for file in files if name in (of[file.path] or [_plain(file.path)])]
        if mine:
            found[name] = _meant(name, mine)
    return found


def _telling(assignment: Assignment, name: str) -> set[str]:
    """The cells by which a notebook is known."""
    due = assignment.hand_in
    report = {*due.own_runs, *due.not_due, *filter(None, [due.chats])} if name == due.report else set()
    return report | {question.id for question in assignment.scored.values() if question.notebook == name}


def _is(file: File, telling: set[str]) -> bool:
    return bool(telling) and len(file.cells & telling) >= ENOUGH * len(telling)


def _plain(path: Path) -> str:
    """A file's name without what a download has added."""
    match = DOWNLOADED.match(path.stem)
    return f"{match[1] if match else path.stem}{path.suffix}"


def _meant(name: str, files: list[File]) -> File | BadValue:
    """The one with all the work; of several that have it one that was run, and the one of the right name."""
    files = sorted(files, key=lambda file: (bool(never_run(file.content)), file.path.name != name))
    whole = [file for file in files if all(file.work >= other.work for other in files)]
    if whole:
        return whole[0]
    several = " and ".join(repr(file.path.name) for file in sorted(files, key=lambda file: file.path.name))
    return BadValue(f"{name}: expected one such notebook, got {several}, each with other work in it; leave one here")
