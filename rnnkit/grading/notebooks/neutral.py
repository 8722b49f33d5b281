"""A graded notebook made safe to be stored, and to be shown in a page by nbgrader and nbconvert.

What students wrote and what their code put out is text and images, and nothing of it runs in the page of whoever
reads it. The given cells' texts are left as they are. Of markdown as little is changed as that takes; what nbconvert
then makes of it is looked at, tag by tag, and a text that still gives anything else is shown as it was typed.
"""

from __future__ import annotations

import copy
import html
import json
import re
from collections.abc import Collection, Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_output, writes

from rnnkit.common.text import plain
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
MOST_MARKDOWN = 30_000  # characters of one cell; longer ones take renderers minutes where they are made to
CUT = "\n\n*(the rest was left out: a text may have {most} characters)*"
UNSHOWN = "*(this text cannot be shown)*"
MOST_FORMULAS = 300  # of the kinds whose ends renderers look for again and again, as of brackets
MOST_BRACKETS = 200  # of a line
FORMULA = re.compile(r"\\\\[\[(]|\\begin")
REFERENCE = re.compile(r"&(?:#\d{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});")
NESTED = 5  # references to characters that spell a reference to a character
TAG_OPENS = re.compile(r"<(?=[A-Za-z/!?])")
# TeX that reaches out of its formula: links, attributes, and definitions that change formulas in other cells.
TEX = re.compile(
    r"\\(?=(?:href|url|require|html\w*|class|style|cssId|csname|endcsname|unicode|bbox|mmlToken|data|includegraphics"
    r"|[gex]?def|let|(?:re)?new(?:command|environment)|providecommand|DeclareMathOperator|Newextarrow)"
    r"(?![A-Za-z]))"
)
IMAGE = r"!\[[^\[\]\n]*\]\(attachment:(?P<name>[\w.-]+)\)"
LINK = r"\]\((?:https?://|mailto:)[^\s()<>\\]+\)"
BRACKETS = re.compile(rf"{IMAGE}|{LINK}|!(?=\[)|\](?=[(:\[])", re.ASCII)
ALLOWED = "a blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr img input li ol p pre s span strong table "
ALLOWED += "tbody td th thead tr ul"
ATTRIBUTES = {"class", "style", "id", "href", "title", "src", "alt", "type", "start", "disabled", "checked"}
HTML_TAG = re.compile(rf"</?(?:{'|'.join(ALLOWED.split())})(?P<attributes>(?: [a-z]+(?:=\"[^\"<>]*\")?)*) ?/?>")
ATTRIBUTE = re.compile(r"(?P<name>[a-z]+)(?:=\"(?P<value>[^\"]*)\")?")
VALUES = {
    "href": re.compile(r"https?://.*|mailto:.*|#.*"),
    "src": re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/]+=*"),
    "style": re.compile(r"text-align: ?(?:left|right|center);?|line-height: ?125%;?"),
    "type": re.compile("checkbox"),
}
PAGES_OWN = {"notebook", "notebook-container", "statusmessage", "toc", "top"}  # ids in nbgrader's pages


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


# ---- markdown -----------------------------------------------------------------------------------------------------


def inert(text: str, attachments: Mapping[str, Mapping[str, str]], taken: Collection[str] = ()) -> str:
    """A markdown text that every renderer shows as text, formulas, web links and its own attached images.

    No heading in it has one of the ids that are `taken` in the page.
    """
    if len(text) > MOST_MARKDOWN:
        text = text[:MOST_MARKDOWN] + CUT.format(most=MOST_MARKDOWN)
    text = plain(_without_references(text))
    if len(FORMULA.findall(text)) > MOST_FORMULAS:
        text = as_typed(text)
    if max(line.count("[") for line in text.split("\n")) > MOST_BRACKETS:
        text = text.replace("[", "［")
    text = TAG_OPENS.sub("< ", text)
    text = TEX.sub(r"\\ ", text)
    text = BRACKETS.sub(lambda match: _bracket(match, attachments), text)
    for attempt in (text, as_typed(text)):
        if _is_harmless(attempt, attachments, set(taken) | PAGES_OWN):
            return attempt
    return UNSHOWN


def _without_references(text: str) -> str:
    """A text with the characters that it only referred to, so that what is looked for is found."""
    for _ in range(NESTED):
        text = REFERENCE.sub(lambda match: html.unescape(match.group()), text)
    return REFERENCE.sub(lambda match: f"& {match.group()[1:]}", text)


def as_typed(text: str) -> str:
    """A text as a block of code, in which nothing has a meaning."""
    return "\n".join(f"    {line}" for line in text.replace("$", "＄").replace("\\", "＼").splitlines())


def _bracket(match: re.Match, attachments: Mapping) -> str:
    whole, name = match.group(), match.group("name")
    if len(whole) == 1:
        return f"{whole} "  # "! [" is no image, "] (" no link, and "] :" no definition of one
    if name is not None and name not in attachments:
        return f"(image {name})"
    return whole


def _is_harmless(text: str, attachments: Mapping, taken: set[str]) -> bool:
    """Whether nbconvert makes nothing of a text but what is known to be harmless."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    try:
        page = MarkdownWithMath(IPythonRenderer(escape=False, attachments=dict(attachments))).render(text)
    except Exception:  # what breaks a renderer would break a page
        return False
    tags = list(HTML_TAG.finditer(page))
    if page.count("<") != len(tags) or TEX.search(html.unescape(HTML_TAG.sub("", page))):
        return False
    return all(_is_plain(tag["attributes"], taken) for tag in tags)


def _is_plain(attributes: str, taken: set[str]) -> bool:
    for match in ATTRIBUTE.finditer(attributes):
        name, value = match["name"], match["value"] or ""
        if name not in ATTRIBUTES or (name in VALUES and not VALUES[name].fullmatch(value)):
            return False
        if (name == "id" and value in taken) or (name == "class" and "mermaid" in value.lower()):
            return False
    return True
