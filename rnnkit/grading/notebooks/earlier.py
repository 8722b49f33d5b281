"""Submissions of an earlier release: their answers in the cells that ask the same now, and what they were not asked."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from nbformat import NotebookNode

from rnnkit.checks.assignment import Earlier
from rnnkit.grading.notebooks.submitted import SubmittedCell, from_json
from rnnkit.notebook.cells import SOLUTION, marking_of, name_of

NOTHING = "*(nothing was written here)*"
TASK = "_task"


def earlier_name(cell: SubmittedCell, names: Container[str]) -> str:
    """Which answer of an earlier release a cell is; empty where it is none."""
    return next((name for name in (cell.grade_id, cell.id) if name in names), "")


def belongs(cell: str, question: str) -> bool:
    """Whether a cell's name is that of a question, or of what stands around it."""
    return cell == question or cell.startswith(f"{question}_")


def joined(written: Mapping[str, SubmittedCell | None]) -> SubmittedCell:
    """Several answers as one, each below its heading; images of the same name get another one."""
    texts, attachments = [], {}
    for number, (heading, cell) in enumerate(written.items()):
        text = cell.bare if cell else NOTHING
        for name, image in cell.attachments.items() if cell else ():
            own = f"{number} {name}".replace(" ", "_") if name in attachments else name
            text = text.replace(f"attachment:{name}", f"attachment:{own}")
            text += "" if f"attachment:{own}" in text else f"\n\n![](attachment:{own})"
            attachments[own] = image
        texts.append(text if len(written) == 1 else f"#### {heading}\n\n{text}")
    return SubmittedCell("markdown", "\n\n".join(texts), attachments=attachments)


def not_asked(
    masters: Mapping[str, NotebookNode], handed_in: Mapping[str, dict[str, Any]], earlier: Earlier
) -> dict[str, dict[str, float]]:
    """The questions that a submission was never asked, with their points, by file.

    It is of an earlier release, as cells of one are in it; of the question there is not one cell.

    Arguments:
        masters: the notebooks as they are given out now.
        handed_in: those of the submission, as far as they can be read.
    """
    cells = {name: [from_json(raw) for raw in one["cells"] if isinstance(raw, dict)] for name, one in handed_in.items()}
    before = {old for parts in earlier.answers.values() for old in parts.values()}
    if not any(earlier_name(cell, before) for one in cells.values() for cell in one):
        return {}
    return {name: dict(_missed(masters[name], one, earlier)) for name, one in cells.items()}


def _missed(master: NotebookNode, cells: list[SubmittedCell], earlier: Earlier) -> Iterator[tuple[str, float]]:
    there = {name for cell in cells for name in (cell.grade_id, cell.id)}
    for cell in master.cells:
        id, marking = name_of(cell), marking_of(cell)
        points = float(marking.get("points") or 0) if marking.get("grade") else 0.0
        if points and id not in earlier.answers and there.isdisjoint({id, id + TASK, id + SOLUTION}):
            yield id, points
