"""What says nothing of whose a work is: what was given out, and how a question is usually answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnkit.checks.assignment import Assignment
from rnnkit.grading.alike import code, prose
from rnnkit.grading.alike.rare import Usual
from rnnkit.grading.alike.work import PICTURES, own_cells, picture
from rnnkit.grading.release.release import RELEASE, SOURCE
from rnnkit.notebook.cells import SOLUTION, read_notebook, text_of

# Of what no given text and no known way has: the share of students who have it all the same.
EXPRESSION = 0.02
OF_WORDS = {prose.WORDS: 0.01, prose.WORD_ALONE: 0.06, prose.COPIED_NUMBER: 0.15}


@dataclass(frozen=True)
class Background:
    """What a class is compared before: of code, of prose, and the pictures that were given."""

    code: Usual
    prose: Usual
    pictures: frozenset[str]


def background(root: Path, assignment: Assignment, ways: Mapping[str, Sequence[str]] | None = None) -> Background:
    """What is known of an assignment beside its class.

    Arguments:
        root: the clone.
        assignment: whose sources and release are read.
        ways: question -> bodies of right answers; by default those of the key, where it has any.
    """
    release, source = root / RELEASE / assignment.name, root / SOURCE / assignment.name
    notebooks = {name: read_notebook(release / name) for name in assignment.notebooks}
    names = {name: code.Names.of(_sources(notebook)) for name, notebook in notebooks.items()}
    given = _given(release, notebooks, names)
    known: dict[str, list[set[str]]] = {}  # question -> the prints of each way
    written: list[set[str]] = []
    for name in notebooks:
        if not (source / name).is_file():
            continue
        for cell in own_cells(name, read_notebook(source / name)):
            if cell.is_code:
                known.setdefault(cell.name.removesuffix(SOLUTION), []).append({*cell.prints})
            else:
                written.append({*cell.prints})
    for id, bodies in (getattr(assignment.key, "WAYS", {}) if ways is None else ways).items():
        if (question := assignment.scored.get(id)) and question.notebook in notebooks:
            texts = [f"def {question.call}:\n    {body}" for body in bodies]
            known.setdefault(id, []).extend(_prints(text, names[question.notebook]) for text in texts)
    return Background(
        Usual(given[True], _shares(known.values()), lambda print: EXPRESSION),
        Usual(given[False], _shares([one] for one in written), lambda print: OF_WORDS[print.split(" ", 1)[0]]),
        frozenset(picture(path.read_bytes()) for path in release.rglob("*") if path.suffix.lower() in PICTURES),
    )


def _given(release: Path, notebooks: Mapping[str, dict], names: Mapping[str, code.Names]) -> dict[bool, frozenset[str]]:
    """The prints of code (True) and of prose (False) that were given out."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for name, notebook in notebooks.items():
        for text in _sources(notebook):
            found[True] |= _prints(text, names[name])
        for cell in notebook["cells"]:
            if cell.get("cell_type") != "code":
                found[False] |= {*prose.prints(text_of(cell))}
    for path in release.rglob("*.py"):
        found[True] |= _prints(path.read_text(encoding="utf-8"), code.Names())
    for path in release.rglob("*.md"):
        found[False] |= {*prose.prints(path.read_text(encoding="utf-8"))}
    return {kind: frozenset(prints) for kind, prints in found.items()}


def _sources(notebook: Mapping[str, Any]) -> list[str]:
    return [text_of(cell) for cell in notebook["cells"] if cell.get("cell_type") == "code"]


def _prints(text: str, names: code.Names) -> set[str]:
    """The prints of a code beside others, whose names are known."""
    return {*code.prints(text, names | code.Names.of([text])).lines}


def _shares(groups: Iterable[Sequence[set[str]]]) -> dict[str, float]:
    """The share of a question's ways that have a print, the largest of all questions; one way alone is no certainty."""
    shares: dict[str, float] = {}
    for ways in groups:
        for print, count in Counter(print for one in ways for print in one).items():
            shares[print] = max(shares.get(print, 0.0), count / (len(ways) + 1))
    return shares
