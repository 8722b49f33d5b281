"""The page of an audit: one HTML file with everything that was found, for the instructor alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rnnkit.checks.assignment import Assignment
from rnnkit.common.pages import pages
from rnnkit.common.whole import save_text
from rnnkit.grading.audit.verdicts import OfStudent, together
from rnnkit.runs.replay import DIFFERS, REPRODUCED, UNREPLAYED

ORDER = (DIFFERS, UNREPLAYED, REPRODUCED)


def write_page(path: Path, assignment: Assignment, students: Sequence[OfStudent], command: str) -> Path:
    """Writes the page, whole or not at all.

    Arguments:
        path: of the HTML file.
        students: everybody's verdicts.
        command: that makes it again.
    """
    counts = Counter(one.verdict for student in students for _, one in student.records)
    shared = together(students)
    rows = [
        {"student": student.student, "one": one, "doubts": [*one.doubts, *shared.get(sha256, [])], "sha256": sha256}
        for student in students
        for sha256, one in student.records
    ]
    looks = [row for row in rows if row["one"].verdict == DIFFERS or row["doubts"]]  # type: ignore[attr-defined]
    text = (
        pages("rnnkit.grading.audit")
        .get_template("audit.html")
        .render(
            title=assignment.title,
            name=assignment.name,
            command=command,
            counts={verdict: counts[verdict] for verdict in ORDER},
            looks=looks,
            rows=rows,
            without=[(one.student, one.why) for one in students if not one.records],
            students=len(students),
        )
    )
    return save_text(path, text)
