"""Markdown of notebook cells, as Typst: pandoc reads it; what it may then contain is decided here.

Students write what they like. Nothing they write is run or fetched, and no word of it is lost: what cannot be set as
it was meant stands there as it was typed.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

from rnnkit.common.names import BadValue
from rnnkit.common.pandoc import PandocError, pandoc

READER = "ipynb-raw_attribute-yaml_metadata_block-auto_identifiers-gfm_auto_identifiers"
PATIENCE = 10  # seconds for all cells together
PATIENCE_ALONE = 3  # for one, where together they took longer
LONGEST = 100_000  # characters of a cell that pandoc is given
LINE = 92  # characters of a line of code on the page
LINKS = ("http://", "https://", "mailto:")
UNREAD = re.compile(r"Could not convert TeX math (.*?)(?:, rendering as TeX|\n|$)")
# What JupyterLab takes for a formula and pandoc does not: spaces inside the dollars, and a bare environment.
DOLLARS = re.compile(r"(?<![\\$])\$([^$\n`]+)\$(?!\$)")
BARE = re.compile(r"^[ \t]*\\begin\{(align|equation|gather)(\*?)\}(.*?)\\end\{\1\2\}[ \t]*$", re.DOTALL | re.MULTILINE)
# A word that is longer than a line gets places to break at.
BREAK = "\\g<0>\u200b"
UNBROKEN = re.compile(r"[^\s\u200b]{60}(?=[^\s\u200b])")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")

Image = Callable[[str, str], str | None]  # the Typst for an image by address and words; None for none


class PdfError(BadValue):
    """A report that no PDF can be made of."""


def clean(text: str) -> str:
    """Text without control characters and halves of surrogate pairs, which no page can hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def string(text: str) -> str:
    """Text as a Typst string."""
    return '"' + clean(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def wrapped(text: str, width: int = LINE) -> str:
    """Text with its long lines broken."""
    lines = clean(text).expandtabs(4).split("\n")
    return "\n".join(line[i : i + width] for line in lines for i in range(0, max(len(line), 1), width))


def _as_jupyter(text: str) -> str:
    """Markdown with its formulas written as pandoc takes them; what may as well be a price stays."""

    def inline(match: re.Match) -> str:
        body = match[1].strip()
        formula = re.search(r"[\\_^=]", body) or re.fullmatch(r"[A-Za-z]", body)
        return f"${body}$" if formula and body != match[1] else match[0]

    def display(match: re.Match) -> str:
        before, (kind, _, body) = text[: match.start()], match.groups()
        if before.count("$$") % 2 or before.count("```") % 2:
            return match[0]
        kind = {"align": "aligned", "gather": "gathered"}.get(kind)
        return f"$$\\begin{{{kind}}}{body}\\end{{{kind}}}$$" if kind else f"$${body}$$"

    text = BARE.sub(display, text)
    return DOLLARS.sub(inline, text)


def convert(cells: Sequence[str], images: Sequence[Image]) -> tuple[list[str | None], list[str]]:
    """Cells' Markdown as Typst, all in one go, or one by one where that fails (PdfError: there is no pandoc).

    Returns:
        the Typst of each, None for one that pandoc cannot read; and the formulas that are shown as typed.
    """
    texts = [_as_jupyter(clean(text)) if len(text) <= LONGEST else "" for text in cells]
    try:
        converted, unread = _together(texts, images)
    except PandocError as error:
        raise PdfError(f"{error}, or give your own PDF with --pdf") from None
    except (subprocess.SubprocessError, ValueError, LookupError, TypeError, RecursionError):
        if len(cells) == 1:
            return [None], []
        single = [convert([cell], [image]) for cell, image in zip(cells, images, strict=True)]
        return [done for (done,), _ in single], [tex for _, typed in single for tex in typed]
    return [done if len(text) <= LONGEST else None for done, text in zip(converted, cells, strict=True)], unread


def _together(texts: Sequence[str], images: Sequence[Image]) -> tuple[list[str], list[str]]:
    """The cells as one notebook to pandoc's document tree, the tree mended, and that to Typst."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in texts]
    patience = PATIENCE if len(texts) > 1 else PATIENCE_ALONE
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    tree = json.loads(pandoc(json.dumps(notebook), READER, "json", patience)[0])
    converted = [block["c"][1] for block in tree["blocks"]]
    if len(converted) != len(texts):
        raise ValueError("a cell is missing")
    border = f"// {hashlib.sha256(''.join(texts).encode()).hexdigest()}"  # no text can hold the hash of itself
    tree["blocks"] = []
    for blocks, image in zip(converted, images, strict=True):
        tree["blocks"] += [_mended(block, image) for block in blocks] + [_element("RawBlock", ["typst", border])]
    typst, complaints = pandoc(json.dumps(tree), "json", "typst", patience)
    parts = typst.split(border)
    if len(parts) != len(texts) + 1:
        raise ValueError("a cell is missing")
    return [part.strip("\n") for part in parts[:-1]], UNREAD.findall(complaints)


def _element(kind: str, content: Any) -> dict[str, Any]:
    return {"t": kind, "c": content}


MARKED = ("Emph", "Strong", "Strikeout")
NO_ATTRIBUTES = ["", [], []]


def _mended(node: Any, image: Image) -> Any:
    """A part of the document tree: no raw parts, no identifiers, links to the web only, images that are there."""
    if isinstance(node, list):
        return [_mended(part, image) for part in node]
    if not isinstance(node, dict) or "c" not in node:
        return node
    kind, content = node["t"], node["c"]
    if kind in ("RawInline", "RawBlock") and re.fullmatch(r"<br\s*/?>", content[1].strip(), re.IGNORECASE):
        return {"t": "LineBreak"} if kind == "RawInline" else _element("Para", [{"t": "LineBreak"}])
    if kind in ("RawBlock", "CodeBlock"):
        return _element("RawBlock", ["typst", _listing(content[1], content[0][1] if kind == "CodeBlock" else [])])
    if kind in ("RawInline", "Code"):
        return _element("Code", [NO_ATTRIBUTES, UNBROKEN.sub(BREAK, content[1])])
    if kind == "Str":
        return _element(kind, UNBROKEN.sub(BREAK, content))
    if kind == "Image":
        address = content[2][0]
        if typst := image(address, _words(content[1])):
            return _element("RawInline", ["typst", typst])
        shown = address if len(address) <= 60 else f"{address[:57]}..."
        return _element("Code", [NO_ATTRIBUTES, f"[an image that is not here: {shown}]"])
    content = _mended(content, image)
    if kind == "Link" and not content[2][0].lower().startswith(LINKS):
        return _element("Span", [NO_ATTRIBUTES, content[1]])
    if kind in ("Link", "Span", "Div", "Table", "Figure"):
        content[0] = NO_ATTRIBUTES
    if kind == "Table":  # a column is as wide as what stands in it
        content[2] = [[align, {"t": "ColWidthDefault"}] for align, _ in content[2]]
    if kind == "Header":
        content[1] = NO_ATTRIBUTES
    return _element(kind, content)


def _words(inlines: list[Any]) -> str:
    """The words of a part of a line, without what marks them."""
    said = (one["c"] if one["t"] == "Str" else _words(one["c"]) if one["t"] in MARKED else " " for one in inlines)
    return "".join(said).strip()


def _listing(text: str, classes: Sequence[str]) -> str:
    language = next((name for name in classes if re.fullmatch(r"[A-Za-z0-9]{1,20}", name)), None)
    return f"#raw({string(wrapped(text))}, block: true, lang: {string(language) if language else 'none'})"
