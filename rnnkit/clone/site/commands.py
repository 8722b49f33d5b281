"""The commands of a page: a test runs each, or the page says that none does, and why: see ``commands.toml``."""

from __future__ import annotations

import functools
import re
import tomllib
from html import escape
from pathlib import Path

TABLE = Path(__file__).with_name("commands.toml")
BLOCK = re.compile(r"^(?P<mark>```+) *(?P<language>\w*)\n(?P<text>.*?)^(?P=mark)$", re.M | re.S)
SHELL = {"", "sh", "bash"}  # the languages of blocks that are typed into a terminal
CELL = re.compile(r"^%", re.M)  # a notebook's
WHEEL = re.compile(r"rnnkit-[\d.]+-")
COMMENT = re.compile(r"\s+#\s.*$")


def commands(block: str) -> list[str]:
    """The commands of a block, without comments and the kit's version; a backslash at the end joins two lines."""
    lines = WHEEL.sub("rnnkit-VERSION-", re.sub(r" *\\\n *", " ", block)).splitlines()
    found = [COMMENT.sub("", line).strip() for line in lines]
    return [line for line in found if line and not line.startswith("#")]


def blocks(text: str) -> list[str]:
    """The blocks of a Markdown text that are typed into a terminal."""
    found = (one["text"] for one in BLOCK.finditer(text) if one["language"] in SHELL)
    return [block for block in found if not CELL.search(block)]


@functools.cache
def table() -> dict[str, dict[str, str]]:
    """``run``: command -> the file of tests that runs it; ``not run``: command -> why none does."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def with_marks(text: str) -> str:
    """A page that says below a block which of its commands no test runs."""
    why = table()["not run"]

    def marked(found: re.Match[str]) -> str:
        if found["language"] not in SHELL:
            return found[0]
        if CELL.search(found["text"]):
            return f'{found[0]}\n\n<p class="not-run">No test runs this cell: it is for Google Colab.</p>\n'
        reasons: dict[str, list[str]] = {}
        for command in commands(found["text"]):
            if command in why:
                reasons.setdefault(why[command], []).append(f"<code>{escape(command)}</code>")
        if not reasons:
            return found[0]
        words = "; ".join(f"{', '.join(those)}: {escape(reason)}" for reason, those in reasons.items())
        return f'{found[0]}\n\n<p class="not-run">No test runs {words}.</p>\n'

    return BLOCK.sub(marked, text)
