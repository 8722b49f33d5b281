"""Answers as HTML that cannot act, and their pictures apart from it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

from markupsafe import Markup

from rnnkit.common.pandoc import PandocError
from rnnkit.grading.marking.answers import Answer
from rnnkit.grading.report.prose import Prose

MOST_MARKED_UP = 12_000  # characters that are read as Markdown; more is shown as it was typed
MOST_SHOWN = 40_000
MOST_FORMULAS = 60  # dollars of one answer: beyond that they stay as they were typed
PICTURE = re.compile(r'<img src="data:(image/(?:png|jpeg));base64,([^"]*)"')


class Shown:
    """Texts of a class as HTML; `pictures` has what they show, kind and bytes, by hash."""

    def __init__(self) -> None:
        self.pictures: dict[str, tuple[str, bytes]] = {}
        self._prose, self._html = Prose(), dict[str, str]()

    def answers(self, answers: Sequence[Answer]) -> list[str]:
        """The HTML of what students wrote."""
        for one in answers:
            if one.hash not in self._html:
                self._html[one.hash] = self._answer(one)
        return self._settled([self._html[one.hash] for one in answers])

    def texts(self, texts: Sequence[str]) -> list[str]:
        """The HTML of the course's own Markdown."""
        return self._settled([str(self._prose.given(text)) for text in texts])

    def picture(self, kind: str, content: str) -> str:
        """Keeps a picture, and tells the name that it is asked for by."""
        data = base64.b64decode(content)
        name = hashlib.sha256(data).hexdigest()
        self.pictures[name] = kind, data
        return name

    def _answer(self, answer: Answer) -> str:
        text = answer.text
        if len(text) > MOST_MARKED_UP or text.count("$") > MOST_FORMULAS:
            cut = len(text) - MOST_SHOWN
            more = Markup("<p>… and {} more characters.</p>").format(cut) if cut > 0 else ""
            return Markup("<pre>{}</pre>{}").format(text[:MOST_SHOWN], more)
        html = str(self._prose.written(text, answer.attachments))
        return PICTURE.sub(lambda found: f'<img loading="lazy" data-picture="{self.picture(*found.groups())}"', html)

    def _settled(self, html: list[str]) -> list[str]:
        """Texts with their formulas set; as they were typed where there is no pandoc."""
        try:
            return self._prose.formulas.settled(html)
        except PandocError:
            return [self._prose.formulas.typed(one) for one in html]
