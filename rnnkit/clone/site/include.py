"""Texts of the clone as parts of a page: a whole file or one section, its headings and links fitted to their place.

A page says ``{{ README.md }}`` or ``{{ README.md > Due dates }}``: the section's text without its heading, up to the
next heading of any depth. Behind a heading's signs, ``## {{ README.md > Due dates }}``, it brings its own heading
along. A file of code stands there folded, below its path.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import indent

from rnnkit.common.names import BadValue

INCLUDE = re.compile(r"^(#+ )?\{\{ (\S+?)(?: > (.+?))? \}\}$", re.M)
HEADING = re.compile(r"^(#+) (.+)$")
FENCE = re.compile(r"^ *(```+|~~~+)")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
REMOTE = re.compile(r"!\[([^\]]*)\]\(https?:[^)\s]+\)")  # a picture that would be loaded from the network
NOT_YET = "OWNER/"  # in an address that is to be filled in
ELSEWHERE = ("http:", "https:", "mailto:", "#")


def sections(text: str) -> dict[str, str]:
    """The sections of a Markdown text by their headings, each up to the next one; "" is what comes before."""
    found, title, fence = {"": ""}, "", ""
    for line in text.splitlines(keepends=True):
        mark = FENCE.match(line)
        if mark and (not fence or mark[1] == fence):
            fence = "" if fence else mark[1]
        heading = None if fence else HEADING.match(line.rstrip("\n"))
        if heading:
            title = heading[2].strip()
            found[title] = ""
        else:
            found[title] += line
    return found


def deeper(text: str, by: int) -> str:
    """A Markdown text whose headings stand lower by so many levels."""
    fence, lines = "", []
    for line in text.splitlines():
        mark = FENCE.match(line)
        if mark and (not fence or mark[1] == fence):
            fence = "" if fence else mark[1]
        lines.append("#" * by + line if not fence and HEADING.match(line) else line)
    return "\n".join(lines)


class Includes:
    """What pages take from the files of a clone.

    Arguments:
        root: the clone.
        pages: the page that shows a file, by the file's path below the root: ``{"README.md": "index.md"}``.
        picture: is told each picture that is shown, by its path below the root, and returns its place in the site.
    """

    def __init__(self, root: Path, pages: Mapping[str, str], picture: Callable[[str], str]) -> None:
        self.root, self.pages, self.picture = root, pages, picture

    def expanded(self, text: str, page: str) -> str:
        """A page's text with all that it includes.

        Arguments:
            text: Markdown.
            page: where it will stand, below the site's root.

        Raises:
            BadValue: a file or a section that is not there.
        """
        return INCLUDE.sub(lambda found: self._included(found[1] or "", found[2], found[3], page), text)

    def _included(self, signs: str, file: str, title: str | None, page: str) -> str:
        path = self.root / file
        if not path.is_file():
            raise BadValue(f"{page}: expected the file {file}, found none")
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".md":
            block = f"```{path.suffix[1:]}\n{text}```"
            return f'??? example "`{file}`"\n\n{indent(block, " " * 4)}\n'
        if title is not None:
            parts = sections(text)
            if title not in parts:
                raise BadValue(f"{page}: expected a section {title!r} in {file}, found none")
            text = f"{signs}{title}\n{parts[title]}" if signs else parts[title]
        elif signs:
            text = deeper(text, len(signs) - 2)
        return self.linked(text, file, page).strip() + "\n"

    def linked(self, text: str, file: str, page: str) -> str:
        """A text of this file with its links as they are from that page; what no page shows is named only."""

        def fitted(found: re.Match[str]) -> str:
            image, words, target = found.groups()
            if target.startswith(ELSEWHERE):
                return words if NOT_YET in target else found[0]
            place = os.path.relpath((self.root / file).parent / target, self.root)
            if not (self.root / place).exists():
                raise BadValue(f"{file}: expected {target}, to which it links, found none")
            here = os.path.dirname(page)
            if image:
                return f"![{words}]({os.path.relpath(self.picture(place), here)})"
            if place in self.pages:
                return f"[{words}]({os.path.relpath(self.pages[place], here)})"
            return f"{words} (`{place}`)"

        return LINK.sub(fitted, REMOTE.sub(r"\1", text))
