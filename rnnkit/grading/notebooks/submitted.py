"""What is used of a cell that came back; every field is of its type, whatever came."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rnnkit.common.text import storable
from rnnkit.grading.notebooks.misplaced import defined

MOST_TEXT = 200_000  # characters of a cell
INJECTED = "injected-parameters"  # papermill's tag


@dataclass
class SubmittedCell:
    """One cell of a submission.

    Fields:
        kind: ``code``, ``markdown`` or ``raw``.
        text: its source, with line ends as they are here; one character more than is kept, where it is longer.
        grade_id, id: as it says them.
        injected: whether papermill put it in.
        attachments: as they came.
        used: whether its text stands elsewhere, or nowhere for a good reason.
    """

    kind: str
    text: str
    grade_id: str = ""
    id: str = ""
    injected: bool = False
    attachments: dict = field(default_factory=dict)
    used: bool = False

    def __post_init__(self):
        self.bare = self.text.strip()

    @cached_property
    def defined(self) -> set[str]:
        """The functions, methods and classes in it."""
        return defined(self.text)


def from_json(raw: dict) -> SubmittedCell:
    """A cell of a notebook's JSON."""
    metadata = of(dict, raw.get("metadata"))
    about = of(dict, metadata.get("nbgrader"))
    kind = of(str, raw.get("cell_type"))
    return SubmittedCell(
        kind=kind if kind in ("code", "markdown") else "raw",
        text=_source(raw.get("source")),
        grade_id=of(str, about.get("grade_id")),
        id=of(str, raw.get("id")),
        injected=INJECTED in of(list, metadata.get("tags")),
        attachments=of(dict, raw.get("attachments")),
    )


def of(kind: type, value: Any) -> Any:
    """The value if it is of the type, else an empty one."""
    return value if isinstance(value, kind) else kind()


def _source(source: Any) -> str:
    parts, room = [], MOST_TEXT + 1  # so that it is known that something was cut
    for part in source if isinstance(source, list) else [source]:
        if isinstance(part, str) and room > 0:
            parts.append(part[:room])
            room -= len(parts[-1])
    return storable("".join(parts)).replace("\r\n", "\n").replace("\r", "\n")
