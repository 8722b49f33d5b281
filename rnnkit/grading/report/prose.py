"""Markdown and code of a graded notebook as HTML that needs nothing but itself: no script, no address that is loaded.

Raw HTML is shown as it was typed, but for what folds a given text. Formulas are marks until the page is whole, see
`rnnkit.grading.report.formulas`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape
from typing import Any

from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from rnnkit.common.text import plain
from rnnkit.grading.notebooks.reading import MAGIC, clean_image
from rnnkit.grading.report.formulas import Formulas

FOLD = re.compile(r"&lt;(/?(?:details|summary))&gt;")
LINK = re.compile(r"https?://|mailto:")
LEXER, FORMATTER = PythonLexer(), HtmlFormatter(nowrap=True)
Attachments = dict[str, dict[str, str]]  # a text's images by name, each by its kind
STYLE = "\n".join(line for line in HtmlFormatter().get_style_defs(".code").splitlines() if line.startswith(".code "))


class Prose:
    """Texts of one class's notebooks; a given one is read once."""

    def __init__(self) -> None:
        self.formulas = Formulas()
        self._given: dict[tuple[str, int], Markup] = {}

    def given(self, text: str, level: int = 1) -> Markup:
        """The HTML of a text of the course's own; its headings are moved down by so many levels."""
        if (text, level) not in self._given:
            self._given[text, level] = self._html(text, _Given(self.formulas, level))
        return self._given[text, level]

    def written(self, text: str, attachments: Attachments | None = None) -> Markup:
        """The HTML of a text by a student or a grader."""
        return self._html(text, _Written(self.formulas, attachments or {}))

    def commented(self, text: str) -> Markup:
        """The HTML of a grader's comment, whose lines stay lines."""
        return self.written(plain(text).replace("\n", "  \n")) if text else Markup()

    @staticmethod
    def _html(text: str, renderer: _Written) -> Markup:
        try:
            return Markup(MarkdownWithMath(renderer).render(text))
        except Exception:  # what breaks a renderer is shown as it was typed
            return Markup("<pre>{}</pre>").format(text)


class _Written(IPythonRenderer):
    """What people write. A heading of theirs is none of the page's."""

    is_given = False

    def __init__(self, formulas: Formulas, attachments: Attachments) -> None:
        super().__init__(escape=True, attachments=attachments)
        self._formulas = formulas

    def block_math(self, body: str) -> str:
        return self._formulas.mark(body, True, self.is_given)

    def inline_math(self, body: str) -> str:
        return self._formulas.mark(body, False, self.is_given)

    def latex_environment(self, name: str, body: str) -> str:
        return self._formulas.mark(f"\\begin{{{name}}}{body}\\end{{{name}}}", True, self.is_given)

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f'<p class="heading">{text}</p>\n'

    def table(self, text: str) -> str:
        return f'<div class="wide" tabindex="0"><table>{text}</table></div>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return f'<a href="{escape(url)}" rel="noreferrer">{text}</a>' if LINK.match(url) else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        name = url.removeprefix("attachment:")
        alt = escape(unescape(self._formulas.typed(re.sub(r"<[^<>]*>", "", text))))
        for mime in MAGIC:
            if data := clean_image(mime, self.attachments.get(name, {}).get(mime)):
                return f'<img src="data:{mime};base64,{data}" alt="{alt or "image"}">'
        return f"(image {alt or escape(name)})"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre>{escape(code)}</pre>\n"


class _Given(_Written):
    """What the course wrote."""

    is_given = True

    def __init__(self, formulas: Formulas, level: int) -> None:
        super().__init__(formulas, {})
        self._level = level

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        level = min(level + self._level, 6)
        return f"<h{level}>{text}</h{level}>\n"

    def block_html(self, html: str) -> str:
        return FOLD.sub(r"<\1>", super().block_html(html).removeprefix("<p>").removesuffix("</p>\n"))

    def block_code(self, code: str, info: str | None = None) -> str:
        return code_html(code) if info and info.startswith("python") else super().block_code(code)


@lru_cache(1000)
def code_html(source: str) -> Markup:
    """Python code, coloured."""
    return Markup(f'<pre class="code" tabindex="0">{highlight(source, LEXER, FORMATTER)}</pre>\n')
