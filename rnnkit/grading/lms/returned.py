"""``rnnkit feedback --zip``: pages of feedback in one zip, under the names by which a platform finds their students.

Source:
    Moodle: mod/assign/feedback/file/importziplib.php of github.com/moodle/moodle, "upload multiple feedback files":
        the first part of a path that is ``NAME_NUMBER_assignsubmission_file``, with or without ``_`` behind it, tells
        the student, and what comes after it is the file's name.
    Canvas: `infer_comment_context_from_filename` of github.com/instructure/canvas-lms: the first two numbers between
        ``_`` in a file's name tell the student and the file that was handed in, which has to be there; it is shown as
        a comment's attachment, *under the name of the file that was handed in*.
    Blackboard has no such upload of its own: the names are those of the download, for a person or an institution's
        own tool.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.common.text import shown
from rnnkit.common.whole import whole
from rnnkit.grading.course.course import Course
from rnnkit.grading.intake.receipts import Receipt, Receipts
from rnnkit.grading.intake.whose import returned
from rnnkit.grading.ledger import Ledger

PACKED = "feedback.zip"  # in the place of the student's name of a file, where that was no zip


@dataclass
class Returned:
    """What stands in the zip.

    Fields:
        platforms: how many students came from each; those of none have a folder of their id.
        misnamed: students to whom Canvas shows a zip under a name that does not end like one.
    """

    platforms: dict[str, int] = field(default_factory=dict)
    misnamed: list[str] = field(default_factory=list)


def write_zip(course: Course, assignment: Assignment, students: Sequence[str], to: Path) -> Returned:
    """Writes the pages of these students, which are there, into a zip; whole or not at all.

    Raises:
        BadValue: the file is there and no zip, or two students' things came under one name.
    """
    if to.exists() and not zipfile.is_zipfile(to):
        raise BadValue(f"--zip {to}: expected a new file or a zip to be written anew, found something else")
    receipts, entries = Receipts(course.submitted, assignment.name), Ledger(course.ledger, assignment.name).entries
    done, whose = Returned(), {}
    to.parent.mkdir(parents=True, exist_ok=True)
    with whole(to) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in students:
            receipt = _receipt(receipts, student, entries[student].tree if student in entries else "")
            pages = sorted((course.feedback / student / assignment.name).glob("*.html"))
            for name, content in _named(student, receipt, pages, done):
                if (first := whose.setdefault(name.casefold(), student)) != student:
                    raise BadValue(f"{shown(name)}: is it {first}'s or {student}'s? Both came under that name")
                archive.writestr(name, content)
    return done


def _receipt(receipts: Receipts, student: str, tree: str) -> Receipt:
    """That of the submission that was graded, else the newest that has a platform's name."""
    named = [receipt for receipt in receipts.all(student) if receipt.key]
    graded = [receipt for receipt in named if receipt.tree == tree]
    return (graded or named or [Receipt("", "")])[-1]


def _named(student: str, receipt: Receipt, pages: list[Path], done: Returned) -> Iterator[tuple[str, bytes]]:
    """A student's files in the zip: each one's name and content."""
    name = receipt.name or receipt.source
    platform, before, own = returned(name, receipt.key) if _is_safe(name) else ("", "", "")
    done.platforms[platform] = done.platforms.get(platform, 0) + 1
    if platform == "Canvas":
        is_zip = own.casefold().endswith(".zip")
        done.misnamed += [] if is_zip else [student]
        yield before + (own if is_zip else PACKED), _packed(pages)
        return
    folder = name if platform == "Moodle" and not own else before.rstrip("_") if platform == "Blackboard" else student
    start = before if platform == "Moodle" and own else f"{folder}/"
    yield from ((f"{start}{page.name}", page.read_bytes()) for page in pages)


def _packed(pages: list[Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for page in pages:
            archive.writestr(page.name, page.read_bytes())
    return buffer.getvalue()


def _is_safe(name: str) -> bool:
    """Whether a name can be one in a zip without leading anywhere; others came by hand, and their id serves."""
    return name.isprintable() and not name.startswith(".") and not set(name) & set("/\\:")
