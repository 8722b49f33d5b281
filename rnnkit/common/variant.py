"""Variants: settings of the named runs that are drawn from each student's id, so that no two students' runs are alike.

A class has them where ``variants.json`` stands beside the notebooks: it names the runs, what of them varies and in
which range, and a word. The student's id, in ``student.txt`` beside it, decides the rest. The word is no secret: it
makes another class, or another year, have other draws, and whoever has the file can compute everybody's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rnnkit.common.names import STUDENT, BadValue
from rnnkit.common.whole import save_text

VARIANTS, OWNER = "variants.json", "student.txt"
MOST_OWNER = 256  # bytes of student.txt
DRAWN = "rnnkit_drawn"  # in the metadata of a figure in a notebook: what varies of the runs it shows, by run
FOLDER = "RNNKIT_VARIANTS_IN"  # in the environment: where the two files are, for runs that begin in other folders
WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")
ABOUT = "Your runs have settings of your own, drawn from your id. Name it once: rnnkit run A1 --student YOUR_ID"
ASK = f"name your id once, rnnkit run --student YOUR_ID, or write it into {OWNER} beside {VARIANTS}"


def drawn(word: str, student: str, key: str, low: int, high: int) -> int:
    """A whole number that word, student and key decide, and nothing else; the same everywhere and for ever.

    Arguments:
        word: of the class.
        student: the id; capital letters or not make no difference.
        key: of what is drawn: other keys give other numbers.
        low, high: the smallest and the largest that it may be.

    Raises:
        BadValue: there is no number from low to high.
    """
    if low > high:
        raise BadValue(f"expected a range from low to high, got {low} to {high}")
    digest = hashlib.sha256("\0".join((word, student.casefold(), key)).encode()).digest()
    return low + int.from_bytes(digest, "big") % (high - low + 1)


@dataclass(frozen=True)
class Variant:
    """One student's.

    Fields:
        student: the id.
        runs: the short names of the runs that vary.
        values: the settings that these have, by their names.
    """

    student: str
    runs: tuple[str, ...]
    values: tuple[tuple[str, int], ...]

    def of(self, run: str) -> dict[str, int]:
        """The settings that a run has by its student; none of a run that does not vary."""
        return dict(self.values) if run in self.runs else {}


@dataclass(frozen=True)
class Variants:
    """A class's.

    Fields:
        assignment, word: whose, and what everybody's are drawn with.
        runs: the short names of the runs that vary.
        ranges: the smallest and the largest value of each setting that varies, by its name.
    """

    assignment: str
    word: str
    runs: tuple[str, ...]
    ranges: tuple[tuple[str, int, int], ...]

    def __post_init__(self) -> None:
        if not WORD.fullmatch(self.word):
            raise BadValue(f"expected a word of letters, digits and . _ - (64 at most), got {self.word!r}")

    def of(self, student: str) -> Variant:
        """A student's (BadValue: the id cannot be one)."""
        if not STUDENT.fullmatch(student):
            raise BadValue(f"expected an id of letters, digits and . _ @ - (64 at most), got {student!r}; {ASK}")
        values = ((name, drawn(self.word, student, name, low, high)) for name, low, high in self.ranges)
        return Variant(student, self.runs, tuple(values))

    def to_json(self) -> str:
        """The text of the file."""
        ranges = {name: [low, high] for name, low, high in self.ranges}
        told = {"about": ABOUT, "assignment": self.assignment, "word": self.word, "runs": self.runs, "ranges": ranges}
        return json.dumps(told, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Variants:
        """What `to_json` wrote (ValueError, KeyError or TypeError: it is something else)."""
        told = json.loads(text)
        ranges = tuple((str(name), int(low), int(high)) for name, (low, high) in told["ranges"].items())
        return cls(str(told["assignment"]), str(told["word"]), tuple(map(str, told["runs"])), ranges)


def read_variants(path: Path) -> Variants | None:
    """The variants of a file; None where there is no such file (BadValue: it is something else)."""
    if not path.is_file():
        return None
    try:
        return Variants.from_json(path.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = str(error) if isinstance(error, BadValue) else f"got something else ({type(error).__name__})"
        raise BadValue(f"{path}: expected variants as they were given out; {why}; put the file back") from None


def owner(folder: Path) -> str:
    """The id in a folder's ``student.txt``.

    Raises:
        BadValue: there is none, or it cannot be one.
    """
    try:
        with open(folder / OWNER, "rb") as file:
            student = file.read(MOST_OWNER).decode("utf-8-sig").strip()
    except FileNotFoundError:
        raise BadValue(f"{OWNER}: expected your id, as your runs depend on it; found no such file; {ASK}") from None
    except (OSError, ValueError) as error:
        raise BadValue(f"{OWNER}: expected your id, it cannot be read ({type(error).__name__}); {ASK}") from None
    if not STUDENT.fullmatch(student):
        raise BadValue(
            f"{OWNER}: expected an id of letters, digits and . _ @ - (64 at most), got {student[:70]!r}; {ASK}"
        )
    return student


def claim(folder: Path, student: str) -> None:
    """Writes a student's id into ``student.txt``, once.

    Raises:
        BadValue: no variants stand in the folder, the id cannot be one, or another one stands there.
    """
    variants = read_variants(folder / VARIANTS)
    if variants is None:
        raise BadValue(
            f"--student: expected {VARIANTS} in {folder.resolve()}, found none; go into the assignment's folder, or, "
            "if it came without that file, leave --student out"
        )
    variants.of(student)
    if (folder / OWNER).exists():
        if (there := owner(folder)) != student:
            raise BadValue(
                f"--student: expected {there!r}, which {OWNER} says and your runs here are made with, got {student!r}; "
                f"if {there!r} is wrong, put yours into {OWNER} and make the runs again"
            )
        return
    save_text(folder / OWNER, f"{student}\n")


def current() -> Variant | None:
    """The variant of whoever works in this folder; None where no variants stand.

    Raises:
        BadValue: they do, and the id or the file is missing something.
    """
    folder = Path(os.environ.get(FOLDER, "."))
    variants = read_variants(folder / VARIANTS)
    return variants.of(owner(folder)) if variants else None


def known() -> Variant | None:
    """As `current`; None also where an id is missing."""
    try:
        return current()
    except BadValue:
        return None


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Whatever begins from here on, wherever, has the variant of this folder."""
    before = os.environ.get(FOLDER)
    if not (folder / VARIANTS).is_file():
        yield
        return
    os.environ[FOLDER] = str(folder.resolve())
    try:
        yield
    finally:
        if before is None:
            del os.environ[FOLDER]
        else:
            os.environ[FOLDER] = before
