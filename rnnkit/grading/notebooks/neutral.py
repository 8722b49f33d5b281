"""A graded notebook made safe to be stored, and to be shown in a page by nbgrader and nbconvert.

What students wrote and what their code put out is text and images, and nothing of it runs in the page of whoever
reads it. The given cells' texts are left as they are.
"""

from __future__ import annotations

import copy
import json

from nbformat import NotebookNode
from nbformat.v4 import new_output, writes

from rnnkit.common.text import plain
from rnnkit.grading.notebooks.markdown import as_typed, inert
from rnnkit.grading.notebooks.reading import MAGIC, clean_image, cut
from rnnkit.grading.sandbox.outputs import output_of
from rnnkit.notebook.cells import is_given, name_of

MOST = 3 << 20  # bytes of a notebook, given cells included
MOST_SOURCES = 800_000  # bytes of all that a student wrote
MOST_TEXTS = 400_000  # bytes of all texts that were put out
MOST_TEXT = 20_000  # characters of one of them
BEFORE = 10  # times as many characters are looked at: most may be colours
MOST_OUTPUTS, OUTPUTS_OF_A_CELL = 1000, 50
WORST = 14  # bytes that one character may take
AROUND = 200  # bytes of an output without an image
KEPT = ("nbgrader", "deletable", "editable", "tags")


def neutralise(nb: NotebookNode) -> NotebookNode:
    """A copy of a rebuilt and executed notebook that is safe to store and to show.

    Cells whose nbgrader metadata say so are the given ones, all others the student's. Outputs are as `Outputs` keeps
    them; what is left of them are texts, png and jpeg.
    """
    return _Neutral(nb).result()


def _size(text: str) -> int:
    """The bytes that a text takes in a file, where every line has its own."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")) + 12 * text.count("\n")


def _fitting(text: str, room: int) -> tuple[str, int]:
    """A text cut to the room that there is, and what is left of that."""
    if _size(text) > room:
        text = cut(text, max(room // WORST, 0))
    return text, room - _size(text)


class _Neutral:
    """One notebook being made safe."""

    def __init__(self, nb: NotebookNode):
        self.nb = nb
        self.sources, self.texts, self.outputs, self.attached = MOST_SOURCES, MOST_TEXTS, MOST_OUTPUTS, MOST // 3
        ids = set(map(name_of, nb.cells))
        self.taken = ids | {name + end for name in ids for end in ("-comment", "_extra_credit")}

    def result(self) -> NotebookNode:
        out = NotebookNode({key: copy.deepcopy(value) for key, value in self.nb.items() if key != "cells"})
        out.metadata.pop("widgets", None)
        out.cells = [self._cell(cell) for cell in self.nb.cells]
        self._fit_images(out)
        return out

    def _fit_images(self, out: NotebookNode) -> None:
        """Leaves out the images that make the notebook too large, the first ones last."""
        bundles = [output.data for cell in out.cells for output in cell.get("outputs", ()) if "data" in output]
        images = [(bundle, mime) for bundle in bundles for mime in MAGIC if mime in bundle]
        room = MOST - len(writes(out).encode("utf-8")) + sum(len(bundle[mime]) for bundle, mime in images)
        for bundle, mime in images:
            if len(bundle[mime]) + AROUND > room:
                bundle["text/plain"] = "[an image was left out: the notebook is too large]"
                del bundle[mime]
                room -= AROUND
            else:
                room -= len(bundle[mime])

    # ---- texts ----

    def _cell(self, cell: NotebookNode) -> NotebookNode:
        if is_given(cell):
            kept = copy.deepcopy({key: value for key, value in cell.items() if key != "outputs"})
        else:
            # nbgrader's own and the tags; rebuilding has them from the given notebook
            metadata = {key: value for key, value in cell.metadata.items() if key in KEPT}
            kept = {"cell_type": cell.cell_type, "metadata": copy.deepcopy(metadata)}
            kept |= {"id": cell.id} if "id" in cell else {}
            self._write(kept, cell)
        if kept["cell_type"] == "code":
            kept |= {"outputs": self._outputs(cell.outputs), "execution_count": None}
        return NotebookNode(kept)

    def _write(self, kept: dict, cell: NotebookNode) -> None:
        text, self.sources = _fitting(plain(cell.source), self.sources)
        if cell.cell_type == "raw":
            kept["cell_type"], text = "markdown", as_typed(text)
        if kept["cell_type"] == "markdown":
            attachments = self._attachments(cell.get("attachments") or {})
            text = inert(text, attachments, self.taken)
            if attachments:
                kept["attachments"] = attachments
        kept["source"] = text

    def _attachments(self, given: dict) -> NotebookNode:
        kept = NotebookNode()
        for name, bundle in given.items():
            for mime, data in bundle.items() if isinstance(bundle, dict) else ():
                image = clean_image(mime, data)
                if image is not None and len(image) <= self.attached:
                    self.attached -= len(image)
                    kept.setdefault(plain(name), NotebookNode())[mime] = image
        return kept

    # ---- outputs ----

    def _outputs(self, outputs: list[NotebookNode]) -> list[NotebookNode]:
        kept = []
        for output in outputs:
            if len(kept) == OUTPUTS_OF_A_CELL or self.outputs == 0:
                kept.append(new_output("stream", name="stdout", text="[more outputs were left out]\n"))
                break
            kept.append(self._output(output_of(output["output_type"], output)))
            self.outputs -= 1
        return kept

    def _output(self, output: NotebookNode) -> NotebookNode:
        if output.output_type == "stream":
            output.text = self._text(output.text)
        elif output.output_type == "error":
            output.ename, output.evalue = cut(self._text(output.ename), 200), cut(self._text(output.evalue), 2000)
            output.traceback = self._text("\n".join(output.traceback)).split("\n")
        else:
            output.data = self._data(output.data)
        return output

    def _data(self, data: dict[str, str]) -> dict[str, str]:
        kept = {mime: image for mime in MAGIC if (image := clean_image(mime, data.get(mime))) is not None}
        if "text/plain" in data or not kept:
            kept["text/plain"] = self._text(data.get("text/plain", "[an output that is no text, png or jpeg]"))
        return kept

    def _text(self, text: str) -> str:
        """A text that was put out, as far as there is room for it."""
        text, self.texts = _fitting(cut(plain(cut(text, BEFORE * MOST_TEXT), colours=True), MOST_TEXT), self.texts)
        return text
