"""What is still open in saved notebooks that are to be handed in: questions, answers, figures."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rnnkit.notebook.cells import SOLUTION, cells_by_id, marking_of, text_of
from rnnkit.notebook.predictions import FORETOLD
from rnnkit.record.find import LEFT, SHOWN, SMALLER

STUB = "YOUR ANSWER HERE"
TOLD = re.compile(r"\breport\.\w+\(")  # what shows a table or a figure of a lab's own


def answer_of(cell: dict[str, Any] | None) -> str:
    """What a student wrote into an answer's cell; empty where it is untouched or gone."""
    return text_of(cell).replace(STUB, "").strip() if cell else ""


def unsolved(notebook: dict[str, Any]) -> Iterator[str]:
    """Questions whose solution cells still raise NotImplementedError, are empty, or are no Python."""
    for name, cell in cells_by_id(notebook).items():
        if not marking_of(cell).get("solution") or cell.get("cell_type") != "code":
            continue
        try:
            tree = ast.parse(text_of(cell))
        except (SyntaxError, ValueError):
            yield f"{name.removesuffix(SOLUTION)} (no Python)"
            continue
        raised = [ast.unparse(node.exc) for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
        if not tree.body or any(text.startswith("NotImplementedError") for text in raised):
            yield name.removesuffix(SOLUTION)


def open_in_report(
    notebook: dict[str, Any], not_due: Sequence[str], smoke: bool, prints: Mapping[str, str]
) -> Iterator[str]:
    """What a report lacks: questions, answers, figures.

    Arguments:
        notebook: the report, as it was saved.
        not_due: cells that need not be answered, or whose figures need not be made.
        smoke: whether figures of smaller runs than the handout's will do.
        prints: the fingerprints of the records that are handed in, by their regimes.
    """
    cells = cells_by_id(notebook)
    tasks = [name.removesuffix("_task") for name in cells if name.endswith("_task")]
    if not tasks:
        yield "expected the assignment's questions, found none of them; is it the right file?"
    answers = [name for name in tasks if name not in not_due and not answer_of(cells.get(name))]
    if answers:
        yield f"answers to write: {_some(answers)}"
    figures = {name: cell for name, cell in cells.items() if name.endswith("_figure") and name not in not_due}
    without = [name for name, cell in figures.items() if _images(cell) < text_of(cell).count("show(")]
    said = {name: json.dumps(cell.get("outputs", [])) for name, cell in figures.items()}
    small, half = ([name for name, text in said.items() if words in text] for words in (SMALLER, LEFT))
    others = [name for name, cell in figures.items() if _drawn_from_others(cell, prints)]
    told = [name for name, cell in cells.items() if cell.get("cell_type") == "code" and TOLD.search(text_of(cell))]
    if empty := [name for name in told if not cells[name].get("outputs")]:
        yield f"tables and figures missing in {_some(empty)}; run all cells and save"
    for names, what, then in (
        (without, "missing in", ""),
        ([] if smoke else small, "of smaller runs in", "with the full runs in place, "),
        (half, "of unfinished runs in", "when these are at their end, "),
        (others, "of other records than those that are handed in, in", ""),
    ):
        if names:
            yield f"figures {what} {_some(names)}; {then}run all cells and save"


def _drawn_from_others(cell: dict[str, Any], prints: Mapping[str, str]) -> bool:
    """Whether a figure was drawn from another record than the one of its run; what does not say so is believed."""
    shown = [output.get("metadata", {}).get(SHOWN, {}) for output in cell.get("outputs", [])]
    return any(prints.get(name, one) != one for names in shown for name, one in names.items())


def _images(cell: dict[str, Any]) -> int:
    due = (one for one in cell.get("outputs", []) if not one.get("metadata", {}).keys() & FORETOLD.keys())
    kinds = [kind for output in due for kind in output.get("data", {})]
    return sum(kind in ("image/png", "image/jpeg", "image/svg+xml") for kind in kinds)


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
