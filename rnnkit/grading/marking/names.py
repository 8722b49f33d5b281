"""Students' names in what they wrote: hidden from who marks it, until the page is asked for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import escape, unescape

from rnnkit.grading.course.roster import Student

HIDDEN = "[name]"
LEAST = 3  # letters of a name: shorter ones are words, too
NO_TEXT = re.compile(r"(<math.*?</math>|<[^<>]*>)", re.DOTALL)
ALT = re.compile(r'(?<=\balt=")[^"]*')


class Names:
    """The names of a class, as far as the gradebook knows them.

    Arguments:
        people: by their ids.
    """

    def __init__(self, people: Mapping[str, Student]) -> None:
        self._people = people
        self._pattern = lru_cache(None)(self._read)

    def html(self, html: str, students: Iterable[str]) -> str:
        """HTML with the names of these students marked, for the page to show; those in pictures' words are gone."""
        if not (pattern := self._pattern(frozenset(students))):
            return html

        def marked(found: re.Match) -> str:
            return f'<span class="name" data-name="{escape(unescape(found[0]))}">{HIDDEN}</span>'

        parts = NO_TEXT.split(html)  # texts, and between them what is none
        parts[::2] = [pattern.sub(marked, part) for part in parts[::2]]
        parts[1::2] = [ALT.sub(lambda found: pattern.sub(HIDDEN, found[0]), part) for part in parts[1::2]]
        return "".join(parts)

    def text(self, text: str, students: Iterable[str]) -> str:
        """A text without the names of these students."""
        pattern = self._pattern(frozenset(students))
        return pattern.sub(HIDDEN, text) if pattern else text

    def _read(self, students: frozenset[str]) -> re.Pattern | None:
        """Finds ids, whole names and their words, in any case, where no letter or digit stands on either side."""
        people = [self._people.get(id, Student(id)) for id in students]
        words = {word for one in people for word in (one.id, one.name, *one.name.split()) if len(word) >= LEAST}
        either = sorted({escape(word) for word in words} | words, key=len, reverse=True)
        if not either:
            return None
        return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, either))})(?![^\W_])", re.IGNORECASE)
