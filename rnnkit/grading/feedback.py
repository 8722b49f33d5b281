"""``rnnkit feedback``: what every student gets back, nbgrader's pages of the notebooks and one page that sums up."""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.config import Config

from rnnkit.grading.course import Course, lock
from rnnkit.grading.feedback_page import INDEX, write_page
from rnnkit.grading.ledger import GRADED, Entry, Ledger
from rnnkit.grading.marks import Marks, Submission, gradebook_url, nobody, order_of, read_marks, unfinished
from rnnkit.grading.release import settings as settings_of
from rnnkit.grading.roster import Student, read_roster
from rnnkit.names import BadValue
from rnnkit.setup_env import SetupError, clone_root

ASSIGNMENT = "training_dynamics"
TAG = re.compile(r"<(?=[A-Za-z/!?])")
MARKERS = ("HIDDEN TESTS", "MARK SCHEME")


class FeedbackError(BadValue):
    """Feedback that cannot be made."""


@dataclass(frozen=True)
class Made:
    """What became of one student's feedback: the page, or the reason why there is no new one.

    `to_read` says how many of the student's answers a person has yet to look at, `waits_for` all that is to come before
    the total is final.
    """

    student: str
    page: Path | None
    reason: str = ""
    to_read: int = 0
    waits_for: tuple[str, ...] = ()


class OwnWords(NbGraderPreprocessor):
    """Lets students quote nbgrader's markers: what stands between them is cut out of given cells only."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Puts a no-break space into the markers of cells that are not locked."""
        if not cell.metadata.get("nbgrader", {}).get("locked"):
            for marker in MARKERS:
                cell.source = cell.source.replace(marker, marker.replace(" ", "\xa0"))
        return cell, resources


class InertComments(NbGraderPreprocessor):
    """Keeps comments from acting as HTML on nbgrader's pages, which take them as they are; runs after GetGrades."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Puts an invisible word joiner behind each < that could begin a tag."""
        about = cell.metadata.get("nbgrader", {})
        if about.get("comment"):
            about["comment"] = TAG.sub("<\u2060", about["comment"])
        return cell, resources


class NotebookPages(GenerateFeedback):
    """nbgrader's own pages, without the copies of a student's other files that it puts beside them."""

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Copies nothing."""


def feedback(
    settings: Config,
    assignment: str,
    students: Sequence[str] | None = None,
    *,
    roster: Sequence[Student] = (),
    ledger: Mapping[str, Entry] | None = None,
    order: Sequence[tuple[str, str]] = (),
) -> list[Made]:
    """Renews the feedback of students, each one's whole or not at all; one that fails leaves the others alone.

    Arguments:
        settings: nbgrader's, as `rnnkit.grading.release.settings` reads them; they name the course's folder.
        assignment: which one.
        students: whose; everybody who has handed something in where None.
        roster: for the names on the pages.
        ledger: what became of every submission: a page says so where it was not graded.
        order: of the questions of notebooks that were not handed in, see `rnnkit.grading.marks.order_of`.

    Returns:
        What became of each student's feedback, in the order of their ids.

    Raises:
        BadValue: no gradebook, no such assignment, a student who has handed nothing in, or the course is being graded.
    """
    marks, ledger = read_marks(gradebook_url(settings), assignment, order), ledger or {}
    names = marks.people | {student.id: student for student in roster}
    there = {path.parent.name for path in _folder(settings, "autograded").glob(f"*/{assignment}")}
    there |= {student for student, entry in ledger.items() if entry.status != GRADED}
    for student in students or ():
        if student not in there:
            raise FeedbackError(f"{nobody(student, there)}; nothing of theirs was graded")
    chosen = sorted(there) if students is None else list(dict.fromkeys(students))
    root = Path(settings.CourseDirectory.root)
    with lock(Course(root, root)):
        return [
            _renew(settings, assignment, names.get(id, Student(id)), marks, ledger.get(id, Entry(id, GRADED)))
            for id in chosen
        ]


def _folder(settings: Config, step: str) -> Path:
    return Path(settings.CourseDirectory.root) / settings.CourseDirectory[f"{step}_directory"]


def _renew(settings: Config, assignment: str, student: Student, marks: Marks, entry: Entry) -> Made:
    target = _folder(settings, "feedback") / student.id / assignment
    graded = _folder(settings, "autograded") / student.id / assignment
    root = Path(settings.CourseDirectory.root)
    work = Course(root, root).work
    work.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix="feedback_", dir=work))
    try:
        fresh = staging / student.id / assignment
        fresh.mkdir(parents=True)
        if any(graded.glob("*.ipynb")):
            make_notebook_pages(settings, assignment, student.id, staging)
        write_page(fresh, graded, assignment, student, marks, entry)
        _replace(fresh, target, staging / "old")
    except (BadValue, OSError) as error:
        return Made(student.id, None, str(error))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    submission = marks.submissions.get(student.id) or Submission(student.id, None)
    waits_for = tuple(submission.waits_for(entry))
    return Made(student.id, target / INDEX, to_read=len(submission.to_read(entry)), waits_for=waits_for)


def make_notebook_pages(settings: Config, assignment: str, student: str, out: Path) -> None:
    """One student's pages by nbgrader, into ``out/STUDENT/ASSIGNMENT``.

    Raises:
        FeedbackError: nbgrader refuses.
    """
    config = deepcopy(settings)
    config.CourseDirectory.student_id = student
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.feedback_directory = str(out)
    said = _Kept()
    converter = NotebookPages(coursedir=CourseDirectory(config=config, log=said.log), config=config, log=said.log)
    converter.preprocessors = [OwnWords, *converter.preprocessors, InertComments]
    converter.force = True
    try:
        converter.start()
    except NbGraderException as error:
        raise FeedbackError(f"nbgrader cannot make the pages: {said.reason or error}") from None


class _Kept(logging.Handler):
    """Keeps what nbgrader says of a failure from the terminal, and finds the reason in it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.log = logging.Logger("rnnkit.feedback")
        self.log.addHandler(self)
        self.reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        """The last line of the first traceback is the reason."""
        message = record.getMessage().strip()
        if not self.reason and message.startswith("Traceback"):
            self.reason = message.splitlines()[-1]


def _replace(fresh: Path, target: Path, aside: Path) -> None:
    """Puts a folder in another's place; the old one comes back where that fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(aside)
    try:
        fresh.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise


def main(argv: Sequence[str]) -> int:
    """``rnnkit feedback``: 0 done, 1 where a student's page could not be made, 2 where nothing could be done."""
    parser = argparse.ArgumentParser(prog="rnnkit feedback", description="Make the pages that students get back.")
    parser.add_argument("assignment", nargs="?", default=ASSIGNMENT, help="default: %(default)s")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder (default: the clone)")
    parser.add_argument("--student", action="append", metavar="ID", help="only this one (repeat it for more)")
    options = parser.parse_args(argv)
    try:
        root = clone_root()
        course = Course(root, (options.course or root).resolve())
        settings = settings_of(root, course.folder)
        made = feedback(
            settings,
            options.assignment,
            options.student,
            roster=read_roster(course.roster) if course.roster.exists() else (),
            ledger=Ledger(course.ledger, options.assignment).entries,
            order=order_of(root, options.assignment),
        )
    except (SetupError, BadValue, OSError) as error:
        print(f"rnnkit feedback: {error}", file=sys.stderr)
        return 2
    failed = [one for one in made if one.page is None]
    for one in failed:
        print(f"rnnkit feedback: {one.student}: {one.reason}; the earlier pages stay", file=sys.stderr)
    print(f"{_folder(settings, 'feedback')}: feedback for {len(made) - len(failed)} of {len(made)} students")
    if said := unfinished(sum(bool(one.waits_for) for one in made)):
        print(said)
    return 1 if failed else 0
