"""What the kit's docstrings have that Markdown has not, made Markdown when the site reads them."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Any

import griffe

MATH = re.compile(r"^\.\. math::(.*(?:\n(?:[ \t]+.*)?)*)", re.M)
FIELDS = re.compile(r"^Fields:$", re.M)


def as_markdown(text: str) -> str:
    """A docstring with its formulas between dollars, and fields as attributes.

    Arguments:
        text: without the indentation of its place.
    """

    def between_dollars(found: re.Match[str]) -> str:
        first, _, rest = found[1].partition("\n")
        return f"$$\n{(first.strip() + chr(10) + dedent(rest)).strip()}\n$$\n\n"

    return FIELDS.sub("Attributes:", MATH.sub(between_dollars, text))


class Markdown(griffe.Extension):
    """Turns each docstring that is read."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Called for everything that has a name."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)
