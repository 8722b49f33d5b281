"""Formulas of a page, set when the site is built: TeX becomes MathML, which browsers show without a script."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from rnnkit.common.pandoc import PandocError, pandoc

PATIENCE = 120.0  # seconds for one page
TEX = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.S)
ANNOTATION = re.compile(r"<annotation[^<>]*>[^<]*</annotation>")


def with_mathml(page: str) -> str:
    """A page's HTML with each of its formulas as MathML.

    Raises:
        PandocError: there is no pandoc, or it cannot set one of them.
    """
    found = [(kind == "div", html.unescape(tex).strip()) for kind, tex in TEX.findall(page)]
    ready = iter(_mathml(found) if found else [])
    return TEX.sub(lambda _: next(ready), page)


def _mathml(formulas: Sequence[tuple[bool, str]]) -> list[str]:
    """The MathML of formulas, each with whether it stands on a line of its own."""
    paragraphs = [f"$${_several_lines(tex)}$$" if display else f"${tex}$" for display, tex in formulas]
    text = pandoc("\n\n".join(paragraphs), "markdown", "html", PATIENCE, "--mathml")[0]
    made = [ANNOTATION.sub("", math) for math in re.findall(r"<math\b.*?</math>", text, re.S)]
    if len(made) != len(formulas):
        raise PandocError(f"expected {len(formulas)} formulas from pandoc, got {len(made)}: {paragraphs}")
    return [
        f'<span class="formula">{math}</span>' if display else math
        for (display, _), math in zip(formulas, made, strict=True)
    ]


def _several_lines(tex: str) -> str:
    """TeX that aligns its lines, as docstrings have it, in the environment that does."""
    return f"\\begin{{aligned}}{tex}\\end{{aligned}}" if "&" in tex and "\\begin" not in tex else tex
