"""A course's variants: what was given out is kept in the course, so that grading knows every student's."""

from __future__ import annotations

import shutil
from pathlib import Path

from rnnkit.common.names import BadValue
from rnnkit.common.variant import OWNER, VARIANTS, Variants, read_variants
from rnnkit.common.whole import save_text


def place(course: Path, assignment: str) -> Path:
    """The file, in the course's folder."""
    return course / "grading" / "variants" / f"{assignment}.json"


def kept(course: Path, assignment: str) -> Variants | None:
    """The variants that an assignment was given out with; None where it was without (BadValue: a broken file)."""
    return read_variants(place(course, assignment))


def keep(course: Path, variants: Variants) -> None:
    """Writes them; others that stand there are refused (BadValue), as students may have made their runs with these."""
    path = place(course, variants.assignment)
    if (there := read_variants(path)) not in (None, variants):
        raise BadValue(
            f"--variants: expected {there.word!r}, with which {variants.assignment} was given out before, got "
            f"{variants.word!r}; if nobody has begun yet, move {path} away first"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    save_text(path, variants.to_json())


def put_into(stage: Path, variants: Variants, student: str) -> None:
    """Makes a submission's staged files those of its student, by the course; what is there by these names goes."""
    for name, text in ((VARIANTS, variants.to_json()), (OWNER, f"{student}\n")):
        if (stage / name).is_dir():
            shutil.rmtree(stage / name)
        save_text(stage / name, text)
