"""A graded notebook made safe to be stored, and to be shown in a page by nbgrader and nbconvert.

What students wrote and what their code put out is text and images, and nothing of it runs in the page of whoever
reads it. The given cells' texts are left as they are.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output, writes

from rnnkit.common.text import plain
from rnnkit.grading.notebooks.markdown import as_typed, inert
from rnnkit.grading.notebooks.reading import MAGIC, clean_image, cut

MOST = 3 << 20  # bytes of a notebook
MOST_SOURCES = 800_000  # bytes of all that a student wrote
MOST_TEXTS = 400_000  # bytes of all texts that were put out
MOST_TEXT = 20_000  # characters of one of them
BEFORE = 10  # times as many characters are looked at: most may be colours
MOST_OUTPUTS, OUTPUTS_OF_A_CELL = 1000, 50
WORST = 14  # bytes that one character may take
AROUND = 200  # bytes of an output without an image
KEPT = ("nbgrader", "deletable", "editable", "tags")


def neutralise(nb: NotebookNode, most: int = MOST) -> NotebookNode:
    """A copy of a rebuilt and executed notebook that is safe to store and to show.

    Arguments:
        nb: the notebook; cells whose nbgrader metadata say so are the given ones, all others the student's.
        most: bytes that it may have, given cells included.

    Returns:
        A notebook whose outputs are texts, png and jpeg, and whose texts by the student are inert in a page.
    """
    return _Neutral(nb, most).result()


def _size(text: str) -> int:
    """The bytes that a text takes in a file, where every line has its own."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")) + 12 * text.count("\n")


def _is_given(cell: NotebookNode) -> bool:
    about = cell.metadata.get("nbgrader")
    return bool(about) and not about.get("solution")


class _Neutral:
    """One notebook being made safe."""

    def __init__(self, nb: NotebookNode, most: int):
        self.nb, self.most = nb, most
        self.sources, self.texts, self.outputs, self.attached = MOST_SOURCES, MOST_TEXTS, MOST_OUTPUTS, most // 3
        ids = {str(cell.metadata.get("nbgrader", {}).get("grade_id", cell.get("id", ""))) for cell in nb.cells}
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
        room = self.most - len(writes(out).encode("utf-8")) + sum(len(bundle[mime]) for bundle, mime in images)
        for bundle, mime in images:
            if len(bundle[mime]) + AROUND > room:
                bundle["text/plain"] = "[an image was left out: the notebook is too large]"
                del bundle[mime]
                room -= AROUND
            else:
                room -= len(bundle[mime])

    # ---- texts ----

    def _cell(self, cell: NotebookNode) -> NotebookNode:
        if _is_given(cell):
            kept = copy.deepcopy({key: value for key, value in cell.items() if key != "outputs"})
        else:
            kept = {"cell_type": cell.cell_type, "metadata": self._metadata(cell)}
            kept |= {"id": cell.id} if "id" in cell else {}
            self._write(kept, cell)
        if kept["cell_type"] == "code":
            kept["outputs"] = self._outputs(cell.get("outputs", []))
            count = cell.get("execution_count")
            kept["execution_count"] = count if type(count) is int else None
        return NotebookNode(kept)

    @staticmethod
    def _metadata(cell: NotebookNode) -> NotebookNode:
        """nbgrader's own and the tags; rebuilding has them from the given notebook."""
        return copy.deepcopy(NotebookNode({key: cell.metadata[key] for key in KEPT if key in cell.metadata}))

    def _write(self, kept: dict, cell: NotebookNode) -> None:
        text = plain(cell.source if isinstance(cell.source, str) else "")
        if _size(text) > self.sources:
            text = cut(text, max(self.sources // WORST, 0))
        self.sources -= _size(text)
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

    def _outputs(self, outputs: list) -> list[NotebookNode]:
        kept = []
        for output in _joined(outputs):
            if len(kept) == OUTPUTS_OF_A_CELL or self.outputs == 0:
                kept.append(new_output("stream", name="stdout", text="[more outputs were left out]\n"))
                break
            if made := self._output(output):
                kept.append(made)
                self.outputs -= 1
        return kept

    def _output(self, output: dict) -> NotebookNode | None:
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return new_output(kind, name=name, text=self._text(output.get("text")))
        if kind == "error":
            lines = output.get("traceback")
            lines = [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []
            return new_output(
                kind,
                ename=cut(self._text(output.get("ename")), 200),
                evalue=cut(self._text(output.get("evalue")), 2000),
                traceback=self._text("\n".join(lines)).split("\n"),
            )
        if kind not in ("display_data", "execute_result"):
            return None
        count = output.get("execution_count")
        more = {"execution_count": count if type(count) is int else None} if kind == "execute_result" else {}
        return new_output(kind, data=self._data(output.get("data")), metadata={}, **more)

    def _data(self, data: Any) -> dict[str, str]:
        data = data if isinstance(data, dict) else {}
        kept = {mime: image for mime in MAGIC if (image := clean_image(mime, data.get(mime))) is not None}
        if "text/plain" in data or not kept:
            kept["text/plain"] = self._text(data.get("text/plain", "[an output that is no text, png or jpeg]"))
        return kept

    def _text(self, text: Any) -> str:
        """A text that was put out, as far as there is room for it."""
        if isinstance(text, list):
            text = "".join(part for part in text if isinstance(part, str))
        text = cut(plain(cut(text, BEFORE * MOST_TEXT), colours=True), MOST_TEXT) if isinstance(text, str) else ""
        if _size(text) > self.texts:
            text = cut(text, max(self.texts // WORST, 0))
        self.texts -= _size(text)
        return text


def _joined(outputs: Any) -> Iterator[dict]:
    """The outputs, with what was written to the same stream in a row as one."""
    last: dict | None = None
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        is_stream = output.get("output_type") == "stream"
        if is_stream and last is not None and last["name"] == output.get("name"):
            last["parts"].append(_as_text(output))
            continue
        if last is not None:
            yield {**last, "text": last["parts"]}
        last = {"output_type": "stream", "name": output.get("name"), "parts": [_as_text(output)]} if is_stream else None
        if not is_stream:
            yield output
    if last is not None:
        yield {**last, "text": last["parts"]}


def _as_text(output: dict) -> str:
    text = output.get("text")
    if isinstance(text, list):
        text = "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""
