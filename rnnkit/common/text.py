"""Texts from outside, made so that they can be shown: in a terminal, on a page, in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

MOST_NAMES = 8  # in a message
COLOUR = re.compile(r"(\x1b\[[0-9;]{0,20}m)")  # of a terminal's text
ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?", re.DOTALL)  # what steers a terminal
# All control characters but tab and line feed; what turns the direction of writing, is invisible, or half a character.
STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def storable(text: str) -> str:
    """A text that can be stored: half characters become U+FFFD, NUL is left out."""
    return text.replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def plain(text: Any, most: int | None = None, *, colours: bool = False) -> str:
    """Text without characters that do something instead of being shown.

    Arguments:
        text: from outside.
        most: characters that are kept; all by default.
        colours: whether the colours of a terminal stay.
    """
    text = str(text) if most is None else str(text)[: 20 * most]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    pieces = COLOUR.split(text) if colours else [text]
    pieces[::2] = [STEERING.sub("", ESCAPE.sub("", piece)) for piece in pieces[::2]]
    return _begun("".join(pieces), most)


def one_line(text: Any, most: int = 300) -> str:
    """Text of printable characters, spaces instead of line breaks, and not too long."""
    text = ESCAPE.sub("", str(text)[: 20 * most])
    return _begun("".join(" " if one.isspace() else one for one in text if one.isspace() or one.isprintable()), most)


def shown(text: str, most: int = 120) -> str:
    """A name from outside, for a message: one line, with ``?`` for each character that cannot be printed."""
    return _begun("".join(one if one.isprintable() else "?" for one in text), most)


def listed(names: list[str]) -> str:
    """Names from outside, for a message."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(shown(name, 60) for name in names[:MOST_NAMES]) + more


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Rows of a table as text in columns."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _begun(text: str, most: int | None) -> str:
    return text if most is None or len(text) <= most else f"{text[: most - 1]}…"
