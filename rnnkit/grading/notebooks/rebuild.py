"""A submitted notebook's texts in the notebook that was given out.

Nothing of a submission's structure is trusted: cells, their order, metadata, tags and points come from the master.
Of the submission come the texts of the cells that were the student's to write, and the student's own cells.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import count
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from rnnkit.checks.assignment import NO_EARLIER, Earlier
from rnnkit.common.text import listed
from rnnkit.grading.notebooks.earlier import belongs, earlier_name, joined
from rnnkit.grading.notebooks.reading import MOST_CELLS, BadSubmission, as_notebook, clean_image
from rnnkit.grading.notebooks.submitted import MOST_TEXT, SubmittedCell, defined, from_json, of, work_in
from rnnkit.notebook.cells import is_given, marking_of, name_of

MOST_IMAGES = 2 << 20  # bytes of all attached images of a notebook, as base64
OPTIONAL = "optional"  # the tag of a given cell that nobody misses: an earlier release had none
MISSING = "# (this cell is missing from the submission)"
ATTACHED = re.compile(r"[\w.() -]{1,100}")


def rebuild(
    master: NotebookNode, submitted: dict[str, Any], earlier: Earlier = NO_EARLIER, unasked: Collection[str] = ()
) -> tuple[NotebookNode, list[str]]:
    """The master notebook with a student's work in it and no outputs; and what a person may want to know, line by line.

    Arguments:
        master: the notebook as it was given out.
        submitted: what `read` returns, or any JSON.
        earlier: what earlier releases had: `Assignment.earlier`.
        unasked: questions that the release did not have that this is from; nobody misses their cells.

    Raises:
        BadSubmission: there is no list of cells, or there are too many.
    """
    work = _Rebuild(master, earlier, unasked)
    work.take(as_notebook(submitted)["cells"])
    return work.result()


# ---- the given cells ---------------------------------------------------------------------------------------------


def _is_solution(cell: NotebookNode) -> bool:
    """Whether it is for a student's code."""
    return cell.cell_type == "code" and bool(marking_of(cell).get("solution"))


def _is_answer(cell: NotebookNode) -> bool:
    """Whether it is for a written answer, that a person reads."""
    return cell.cell_type == "markdown" and bool(marking_of(cell).get("solution"))


class _Rebuild:
    """One notebook being rebuilt."""

    def __init__(self, master: NotebookNode, earlier: Earlier, unasked: Collection[str]):
        self.earlier, self.unasked = earlier, unasked
        self.out = copy.deepcopy(master)
        self.given = {name_of(cell): cell for cell in self.out.cells}
        self.flagged: dict[str, list[str]] = {}
        self.copies: dict[str, list[SubmittedCell]] = {key: [] for key in self.given}
        self.parts: dict[str, list[SubmittedCell]] = {}  # answers of earlier releases, by their names
        self.own: dict[str | None, list[SubmittedCell]] = {}  # the student's own cells, by the given cell they follow
        self.room, self.numbers = MOST_IMAGES, count(1)

    def _flag(self, what: str, key: str) -> None:
        names = self.flagged.setdefault(what, [])
        if key not in names:
            names.append(key)

    def take(self, cells: list) -> None:
        """Sorts a submission's cells into those that were given, copies of them, and the student's own."""
        place, taken_by = None, {old: new for new, parts in self.earlier.answers.items() for old in parts.values()}
        for key, cell in self._recognised([from_json(raw) for raw in cells if isinstance(raw, dict)]):
            if key is None and (name := earlier_name(cell, taken_by)):
                self.parts.setdefault(name, []).append(cell)
                place = taken_by[name] if taken_by[name] in self.given else place
                continue
            if key is None and cell.digest in self.earlier.texts:
                continue
            if key is not None and not self.copies[key]:
                place = key
            elif key is None and cell.injected:
                self._flag("cells that papermill put in were left out", cell.id or "without a name")
            elif key is None or not is_given(self.given[key]):
                self.own.setdefault(place, []).append(cell)
            if key is not None:
                self.copies[key].append(cell)

    def _recognised(self, cells: list[SubmittedCell]) -> Iterator[tuple[str | None, SubmittedCell]]:
        """Each cell with the key of the given cell that it is: by its grade_id, else its id, else its whole text."""
        by_grade = {marking_of(cell)["grade_id"]: key for key, cell in self.given.items() if marking_of(cell)}
        by_id = {cell.id: key for key, cell in self.given.items()}
        keys = [by_grade.get(cell.grade_id, by_id.get(cell.id)) for cell in cells]
        texts = Counter(cell.source.strip() for cell in self.given.values())
        by_text = {
            (cell.cell_type, text): key
            for key, cell in self.given.items()
            if key not in keys and texts[text := cell.source.strip()] == 1
        }
        for index, (key, cell) in enumerate(zip(keys, cells, strict=True)):
            if key is None:
                keys[index] = by_text.pop((cell.kind, cell.bare), None)
            elif marking_of(self.given[key]) and key != by_grade.get(cell.grade_id):
                self._flag("nbgrader's metadata was changed (put back)", key)
        self._recognise_solutions(keys, cells)
        return zip(keys, cells, strict=True)

    def _recognise_solutions(self, keys: list[str | None], cells: list[SubmittedCell]) -> None:
        """Solutions that lost their marks: the one cell in a solution's place that defines what it has to."""
        order = list(self.given)
        for key in (key for key in order if key not in keys and _is_solution(self.given[key])):
            wanted, at = defined(self.given[key].source), order.index(key)
            before = max((index for index, other in enumerate(keys) if other in order[:at]), default=-1)
            after = next((index for index, other in enumerate(keys) if other in order[at + 1 :]), len(keys))
            meant = [
                index
                for index in range(before + 1, after)
                if keys[index] is None and cells[index].kind == "code" and wanted and wanted <= cells[index].defined
            ]
            if len(meant) == 1:
                keys[meant[0]] = key
                self._flag("solutions without their marks are known by what they define", key)

    def result(self) -> tuple[NotebookNode, list[str]]:
        """The notebook and its flags."""
        for key, cell in self.given.items():
            self._fill(key, cell)
        cells = self._own_cells(None)
        for key, cell in self.given.items():
            cells += [cell, *self._own_cells(key)]
        if len(cells) > MOST_CELLS:
            raise BadSubmission(f"expected at most {MOST_CELLS} cells, got {len(cells)} with those that were missing")
        self.out.cells = cells
        if not any(self.copies.values()):
            return self.out, ["not one cell of the assignment's notebook is in it: is it another notebook?"]
        flags = [f"{what}: {listed(names)}" for what, names in self.flagged.items()]
        if 2 * sum(not copies for copies in self.copies.values()) > len(self.copies) and not self.parts:
            flags.insert(0, "most cells of the assignment's notebook are missing: is it another notebook?")
        return self.out, flags

    # ---- filling a given cell ----

    def _fill(self, key: str, cell: NotebookNode) -> None:
        """Puts the student's text into a given cell, where it is the student's to write."""
        copies, stub = self.copies[key], cell.source.strip()
        if not copies and OPTIONAL not in cell.metadata.get("tags", ()) and not self._is_newer(key):
            self._flag("cells are missing (put back)", key)
        elif len(copies) > 1:
            self._flag("cells are there more than once (the first written one counts)", key)
        if is_given(cell):
            for one in (one for one in copies if one.text != cell.source and one.digest not in self.earlier.texts):
                self._flag("locked cells were edited (ignored)", key)
                self._keep_work(key, cell, one)
            return
        written = [one for one in copies if one.bare not in ("", stub) or (_is_answer(cell) and one.attachments)]
        for one in copies:
            one.used = one in written[:1] or one.bare in ("", stub) or one.bare == written[0].bare
        if not written and _is_answer(cell) and key not in self.unasked:
            written = self._written_earlier(key, stub) or self._written_beside(key)
        if written:
            cell.source = self._text(written[0], key)
            if written[0].bare in ("", stub):  # only images, which nothing refers to
                cell.source += "".join(f"\n\n![](attachment:{name})" for name in written[0].attachments)
            self._attach(cell, written[0], key)
        elif copies and cell.cell_type == "code":
            self._look_elsewhere(key, cell)
            cell.source = copies[0].text
        elif cell.cell_type == "code" and marking_of(cell):
            self._look_elsewhere(key, cell)
            cell.source = MISSING  # not the stub, which would replace a function that is defined elsewhere

    def _look_elsewhere(self, key: str, cell: NotebookNode) -> None:
        """Flags what an untouched or missing solution should define and a cell of the student's own does."""
        wanted = defined(cell.source) if _is_solution(cell) else set()
        own = (one for cells in self.own.values() for one in cells if one.kind == "code" and not one.used)
        if wanted and any(wanted & one.defined for one in own):
            self._flag("solutions are untouched, and a cell of the student's own defines the same (look there)", key)

    def _keep_work(self, key: str, cell: NotebookNode, returned: SubmittedCell) -> None:
        """What a student wrote into a locked cell, as a cell of their own beside it."""
        text = work_in(cell.source, returned.text, cell.cell_type)
        if not text:
            return
        self._flag("work in a locked cell is kept in a cell beside it", key)
        kept = SubmittedCell(cell.cell_type, text)
        if cell.cell_type == "code" and marking_of(cell).get("grade"):  # it has to be there before the check
            self.own.setdefault(self._before(key), []).append(kept)
        else:
            self.own.setdefault(key, []).insert(0, kept)

    def _before(self, key: str) -> str | None:
        """The given cell before a given one."""
        keys = list(self.given)
        index = keys.index(key)
        return keys[index - 1] if index else None

    def _is_newer(self, key: str) -> bool:
        """Whether the release that this is from had no such cell."""
        cell = self.given[key]
        replaced = is_given(cell) or not marking_of(cell) or key in self.earlier.answers
        return (bool(self.parts) and replaced) or any(belongs(key, question) for question in self.unasked)

    def _written_earlier(self, key: str, stub: str) -> list[SubmittedCell]:
        """The answers that an earlier release asked for in the place of this one, as one."""
        parts = self.earlier.answers.get(key, {})
        written = {
            heading: next(
                (one for one in self.parts.get(name, ()) if one.bare not in ("", stub) or one.attachments), None
            )
            for heading, name in parts.items()
        }
        if not any(written.values()):
            return []
        self._flag("answers of an earlier release stand in the cell that asks the same now", key)
        return [joined(written)]

    def _written_beside(self, key: str) -> list[SubmittedCell]:
        """An answer that stands in new cells, where its own cell is untouched or missing: all of them as one."""
        before = list(self.given)[: list(self.given).index(key) + 1]
        last = next((other for other in reversed(before) if self.copies[other]), None)
        asked_before = self.parts and key in self.earlier.answers  # then what stands above it was asked elsewhere
        places = dict.fromkeys([key] if asked_before else [self._before(key), key, last])
        written = [cell for place in places for cell in self.own.get(place, ()) if not cell.used and cell.prose]
        if not written:
            return []
        self._flag("answers stand in a new cell beside their own (moved there)", key)
        whole = SubmittedCell("markdown", "\n\n".join(cell.prose for cell in written))
        for cell in written:
            cell.used = True
            whole.attachments |= cell.attachments
        return [whole]

    def _text(self, cell: SubmittedCell, key: str) -> str:
        if len(cell.text) > MOST_TEXT:
            self._flag(f"cells have more than {MOST_TEXT} characters (cut)", key)
        return cell.text[:MOST_TEXT]

    def _attach(self, target: NotebookNode, cell: SubmittedCell, key: str) -> None:
        """Keeps the images that were pasted into a text."""
        if target.cell_type != "markdown":
            return
        kept = {}
        for name, bundle in cell.attachments.items():
            cleaned = ((mime, clean_image(mime, data)) for mime, data in of(dict, bundle).items())
            images = {mime: data for mime, data in cleaned if data is not None and len(data) <= self.room}
            if images and ATTACHED.fullmatch(name):
                kept[name] = NotebookNode(images)
                self.room -= sum(map(len, images.values()))
            else:
                self._flag("attachments that are no png or jpeg, or too large, were left out", key)
        if kept:
            target.attachments = NotebookNode(kept)

    def _own_cells(self, place: str | None) -> list[NotebookNode]:
        """The student's own cells after a given one."""
        return [self._own_cell(cell) for cell in self.own.get(place, ()) if cell.bare and not cell.used]

    def _own_cell(self, cell: SubmittedCell) -> NotebookNode:
        text, id = self._text(cell, "one of the student's own"), f"own-{next(self.numbers)}"
        if cell.kind == "code":
            return new_code_cell(text, id=id)
        if cell.kind == "raw":
            text = "\n".join(f"    {line}" for line in text.splitlines())
        made = new_markdown_cell(text, id=id)
        self._attach(made, cell, "one of the student's own")
        return made
