"""Formulas of a page, set when the page is made: TeX becomes MathML, which browsers show without a script.

pandoc reads the TeX, in a process of its own; what it may answer is decided here. A formula that it cannot read, and
one that its answer does not look harmless for, stands there as it was typed.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from html import escape
from subprocess import SubprocessError
from typing import Any, NamedTuple
from xml.etree import ElementTree

from rnnkit.common.pandoc import PandocError, pandoc

PATIENCE = 10  # seconds for all formulas of one student
MEMORY = ("+RTS", "-M512m", "-RTS")  # pandoc's own limit
LONGEST = 4000  # characters of one formula
MOST = 2000  # formulas of one student
DEEPEST = 60  # elements inside each other: browsers lay out deep ones slowly
SPACE = "{http://www.w3.org/1998/Math/MathML}"
ELEMENTS = "math semantics mrow mi mn mo mtext mspace ms msub msup msubsup munder mover munderover mmultiscripts mfrac "
ELEMENTS += "msqrt mroot mtable mtr mtd mstyle mpadded mphantom menclose mprescripts none"
TAGS = {SPACE + name for name in ELEMENTS.split()}
ATTRIBUTES = "display form stretchy accent accentunder mathvariant columnalign width style height depth lspace rspace "
ATTRIBUTES += "voffset linethickness minsize maxsize movablelimits fence separator displaystyle scriptlevel symmetric "
ATTRIBUTES += "columnspacing rowspacing notation largeop"
NAMES = set(ATTRIBUTES.split())
VALUE = re.compile(r"[A-Za-z0-9 .,:;%+-]*")
ANNOTATION = re.compile(r"<annotation[^<>]*>[^<]*</annotation>")
UNSEEN = re.compile(r"\\label\s*\{[^{}]*\}|\\(?:notag|nonumber)(?![A-Za-z])")
OLD_FONT = re.compile(r"\{\\(rm|bf|it|sf|tt)(?![A-Za-z])\s*([^{}]*)\}")
BREAK = re.compile(r"\\\\(?![A-Za-z])")


class Formula(NamedTuple):
    """TeX without its dollars, and whether it stands on a line of its own."""

    tex: str
    display: bool

    @property
    def typed(self) -> str:
        """It as it was typed."""
        dollars = "" if self.tex.startswith("\\begin") else "$$" if self.display else "$"
        return f"{dollars}{self.tex}{dollars}"


class Formulas:
    """The formulas of all pages of a class, each set once.

    A text gets a mark where a formula stands, and `settled` puts the formulas in the marks' places. Nobody can type a
    mark: it has a random number.
    """

    def __init__(self) -> None:
        self._numbers: dict[Formula, int] = {}
        self._formulas: dict[int, Formula] = {}
        self._given: set[int] = set()
        self._set: dict[int, str] = {}
        self._mark = f"formula-{secrets.token_hex(12)}-{{}}-"
        self._marks = re.compile(self._mark.format(r"(\d+)"))

    def mark(self, tex: str, display: bool, given: bool = False) -> str:
        """What stands for a formula until it is set; given ones are set apart from what students wrote."""
        formula = Formula(tex.strip(), display)
        number = self._numbers.setdefault(formula, len(self._numbers))
        self._formulas[number] = formula
        if given:
            self._given.add(number)
        return self._mark.format(number)

    def settled(self, pages: Sequence[str]) -> list[str]:
        """Pages of one student with all their formulas.

        Raises:
            PandocError: there is no pandoc, or it cannot set the formulas of the course's own texts.
        """
        wanted = {int(number) for page in pages for number in self._marks.findall(page)} - self._set.keys()
        for batch in (sorted(wanted & self._given), sorted(wanted - self._given)):
            answers = _mathml([self._formulas[number] for number in batch]) if batch else []
            if not answers and self._given.intersection(batch):
                raise PandocError("expected pandoc to set the notebooks' formulas, it failed; try again")
            self._set |= {
                number: shown(self._formulas[number], _harmless(answer))
                for number, answer in zip(batch, answers, strict=False)  # none where pandoc gave up
            }
        return [self._marks.sub(self._formula, page) for page in pages]

    def typed(self, text: str) -> str:
        """A text with its formulas as they were typed, for places that hold no element."""
        return self._marks.sub(lambda mark: escape(self._formulas[int(mark[1])].typed), text)

    def _formula(self, mark: re.Match) -> str:
        number = int(mark[1])
        return self._set.get(number) or shown(self._formulas[number], None)


def shown(formula: Formula, math: str | None) -> str:
    """The HTML of a formula: its MathML, or what was typed where there is none."""
    html = math or f"<code>{escape(formula.typed)}</code>"
    return f'<span class="formula" tabindex="0">{html}</span>' if formula.display else html


def _mathml(formulas: Sequence[Formula]) -> list[str]:
    """What pandoc makes of each formula: MathML, or something else where it cannot; an empty list where it gives up."""
    border = f"<!-- {secrets.token_hex(12)} -->"
    blocks: list[dict[str, Any]] = []
    for number, (tex, display) in enumerate(formulas):
        kind = {"t": "DisplayMath" if display else "InlineMath"}
        math = {"t": "Math", "c": [kind, _as_pandoc_reads(tex, display)]}
        readable = len(tex) <= LONGEST and number < MOST
        blocks += [{"t": "Plain", "c": [math] * readable}, {"t": "RawBlock", "c": ["html", border]}]
    document = json.dumps({"pandoc-api-version": [1, 23], "meta": {}, "blocks": blocks})
    try:
        parts = pandoc(document, "json", "html", PATIENCE, "--mathml", *MEMORY)[0].split(border)
    except (SubprocessError, UnicodeError):
        return []
    return parts[:-1] if len(parts) == len(formulas) + 1 else []


def _as_pandoc_reads(tex: str, display: bool) -> str:
    """TeX without what numbers and names equations, and with the spellings that pandoc knows."""
    tex = OLD_FONT.sub(r"{\\math\1{\2}}", UNSEEN.sub("", tex))
    several_lines = display and BREAK.search(tex) and "\\begin" not in tex
    return f"\\begin{{gathered}}{tex}\\end{{gathered}}" if several_lines else tex


def _harmless(answer: str) -> str | None:
    """MathML of known elements and attributes, without the TeX that pandoc puts into it; None for anything else."""
    math = ANNOTATION.sub("", answer.strip())
    try:
        return math if math.startswith("<math ") and _is_known(ElementTree.fromstring(math), 1) else None
    except ElementTree.ParseError:
        return None


def _is_known(element: ElementTree.Element, depth: int) -> bool:
    plain = all(name in NAMES and VALUE.fullmatch(value) for name, value in element.items())
    return depth <= DEEPEST and element.tag in TAGS and plain and all(_is_known(one, depth + 1) for one in element)
