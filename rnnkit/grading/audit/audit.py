"""``rnnkit audit``: does the training of submitted records again, as far as a student's share of time goes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import queue
import secrets
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat

from rnnkit.checks.assignment import Assignment
from rnnkit.common.lock import locked
from rnnkit.common.names import BadValue
from rnnkit.common.text import one_line
from rnnkit.common.whole import save_bytes
from rnnkit.common.wire import decode
from rnnkit.grading.audit.ready import Ready
from rnnkit.grading.audit.verdicts import FILE, OWN, OfStudent, Verdict, Verdicts, verdict_of
from rnnkit.grading.course.attempts import files_of
from rnnkit.grading.course.course import Course, standing
from rnnkit.grading.course.own_run import OUTPUT, wall_s
from rnnkit.grading.course.stage import stage_data
from rnnkit.grading.course.submission import MOST_MEMORY_MB
from rnnkit.grading.ledger import Ledger
from rnnkit.grading.sandbox.confine import Finished, Limits, run
from rnnkit.grading.variants import kept, put_into
from rnnkit.grading.walk import walk
from rnnkit.notebook.assemble import model_of
from rnnkit.record.keys import FINAL
from rnnkit.runs.modelfile import DEFAULT_FILE
from rnnkit.runs.replay import DIFFERS, UNREPLAYED

SECONDS = 240.0  # of computing, for all records of a student
REPLAYS = "rnnkit.runs.replays"
NO_RECORDS = "no record was handed in"
STAGING = "audit_"  # folders in the course's work; one that is there when an audit begins was left by a killed one


@dataclass(frozen=True)
class How:
    """How records are done again.

    Fields:
        seconds: of computing, for each student.
        seed: of the stretches; another one for each audit where none is given, so that nobody can foresee them.
        confined: False where the instructor has typed that these submissions are trusted.
        force: also what was done before.
    """

    seconds: float = SECONDS
    seed: int | None = None
    confined: bool = True
    force: bool = False


def audit(
    course: Course,
    assignment: Assignment,
    students: Sequence[str] = (),
    how: How | None = None,
    jobs: int = 0,
    on_student: Callable[[OfStudent, int], object] = lambda one, of: None,
    tell: Callable[[str], object] = lambda text: None,
) -> list[OfStudent]:
    """Does every submitted record again that was not yet; what is known is kept after each student.

    Of several attempts those of the one that counts.

    Arguments:
        students: only these; all by default.
        jobs: students at a time; as many as there are cores by default.
        on_student: called with each student's verdicts as they come, and how many there will be.
        tell: called with a line before work that takes long and is no student's.

    Raises:
        BadValue: an assignment without runs, an unknown student, settings that cannot be, or another audit under way.
    """
    how = how or How()
    if assignment.experiment is None:
        raise BadValue(f"{assignment.name}: expected an assignment that trains, this one leaves no records")
    if not 0 < how.seconds < math.inf:
        raise BadValue(f"--seconds: expected a positive number of seconds, got {how.seconds:g}")
    if jobs < 0:
        raise BadValue(f"--jobs: expected at least 1, or 0 for as many as there are cores, got {jobs}")
    folders = _folders(course, assignment, students)
    found: list[OfStudent] = []
    with _work(course) as work:
        verdicts = Verdicts(course.folder / "grading" / FILE, assignment.name)
        ready = Ready(course.root, assignment.name, how.confined, work, tell)

        def one(student: str) -> tuple[OfStudent, dict[str, Verdict]]:
            return _student(course, assignment, student, folders[student], how, verdicts, ready, work / "in" / student)

        for told, fresh in at_once(one, [*folders], jobs or os.cpu_count() or 1):
            verdicts.known |= fresh
            if fresh:
                verdicts.save()
            found.append(told)
            on_student(told, len(folders))
    return sorted(found, key=lambda one: one.student)


@contextlib.contextmanager
def _work(course: Course) -> Iterator[Path]:
    """A folder for an audit, without what killed ones have left."""
    course.work.mkdir(parents=True, exist_ok=True)
    busy = BadValue(f"{course.folder}: another audit of this course is under way; wait for it, or end it")
    with locked(course.work / ".audit.lock", busy):
        for left in course.work.glob(f"{STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=STAGING, dir=course.work, ignore_cleanup_errors=True) as folder:
            yield Path(folder)


def _folders(course: Course, assignment: Assignment, students: Sequence[str]) -> dict[str, Path]:
    """Student -> the files of the attempt that counts."""
    entries = Ledger(course.ledger, assignment.name).entries
    chosen = sorted(standing(course, assignment, students).entries)
    return {one: files_of(course, assignment.name, entries.get(one), one) for one in chosen}


def at_once(work: Callable[[str], Any], items: Sequence[str], jobs: int) -> Iterator[Any]:
    """What work makes of items, as it comes. An interruption waits for nothing: sandboxes end with this process."""
    todo: queue.SimpleQueue[str] = queue.SimpleQueue()
    made: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for item in items:
        todo.put(item)

    def go() -> None:
        while True:
            try:
                made.put(work(todo.get_nowait()))
            except queue.Empty:
                return
            except BaseException as error:
                made.put(error)

    for _ in range(min(jobs, len(items))):
        threading.Thread(target=go, daemon=True).start()
    for _ in items:
        one = made.get()
        if isinstance(one, BaseException):
            raise one
        yield one


def known(course: Course, assignment: Assignment, students: Sequence[str] = ()) -> list[OfStudent]:
    """What was found out before of the records that count now; nothing is done again, or read where nothing was."""
    verdicts = Verdicts(course.folder / "grading" / FILE, assignment.name)
    folders = _folders(course, assignment, students) if verdicts.known else {}
    return [_told(student, _files(folder), verdicts.known) for student, folder in folders.items()]


def _student(
    course: Course,
    assignment: Assignment,
    student: str,
    folder: Path,
    how: How,
    verdicts: Verdicts,
    ready: Ready,
    stage: Path,
) -> tuple[OfStudent, dict[str, Verdict]]:
    files = _files(folder)
    known = verdicts.known
    if not files or (not how.force and all(verdicts.settled(one, how.seconds) for one in files.values())):
        return _told(student, files, known), {}
    stage_data(folder, stage)
    if variants := kept(course.folder, assignment.name):
        put_into(stage, variants, student)
    fresh = replayed(assignment, stage, files, how, ready.runtime, _models(course, assignment, student, folder))
    shutil.rmtree(stage, ignore_errors=True)
    return _told(student, files, known | fresh), fresh


def _told(student: str, files: dict[str, str], known: dict[str, Verdict]) -> OfStudent:
    there = {sha256: known[sha256] for sha256 in files.values() if sha256 in known}
    ordered = sorted(there.items(), key=lambda item: item[1].run)
    return OfStudent(student, ordered, "" if there else NO_RECORDS if not files else "not audited yet")


def _files(folder: Path) -> dict[str, str]:
    """The records of a submission by their paths, and the sha256 of each."""
    files = {}
    for inside, status in walk(folder):
        if inside.endswith(FINAL) and status is not None and stat.S_ISREG(status.st_mode):
            with open(folder / inside, "rb") as file:
                files[Path(inside).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return files


def replayed(
    assignment: Assignment, stage: Path, files: dict[str, str], how: How, runtime: Path, models: dict[str, bytes]
) -> dict[str, Verdict]:
    """What comes out of a student's records, by their sha256.

    The built-in formulas do them again. What differs and was trained by other cells is done again by these.

    Arguments:
        stage: the submitted files, without code.
        files: the records' paths in it, and the sha256 of each.
        models: what was handed in as model.py, by its sha256.
    """
    seed = secrets.randbelow(2**32) if how.seed is None else how.seed
    about: dict[str, Any] = {
        "seconds": how.seconds,
        "seed": seed,
        "audited": datetime.now(UTC).isoformat(timespec="seconds"),
    }

    def ask(seconds: float, *only: str) -> dict[str, Verdict]:
        limits = Limits(wall_s=wall_s(seconds), cpu_s=math.ceil(seconds) + 120, memory_mb=MOST_MEMORY_MB)
        argv = ["python", "-m", REPLAYS, assignment.name, ".", str(seed), f"{seconds:g}", *only]
        done = run(argv, stage=stage, limits=limits, confined=how.confined, runtime=runtime, most_output=OUTPUT)
        return _lines(done, about)

    found = ask(how.seconds)
    own = {file: one for file, one in found.items() if one.verdict == DIFFERS and one.cells and file in files}
    for sha256 in {one.cells for one in own.values()}:
        only = [file for file, one in own.items() if one.cells == sha256]
        if sha256 in models:
            save_bytes(stage / DEFAULT_FILE, models[sha256])
            by_own = ask(how.seconds / 2, *only)
            for file in only:
                one = by_own.get(file, found[file])
                one.said = f"{OWN}; {one.said}".removesuffix("; ")
                found[file] = one
        else:
            for file in only:
                said = (
                    "it was trained by cells of its own that were not handed in, and the built-in ones do not give it"
                )
                found[file].verdict, found[file].said = UNREPLAYED, f"{said}: {found[file].said}"
    lacking = Verdict("?", said="it was not among the records that were read", **about)
    return {sha256: found.get(file[-300:], lacking) for file, sha256 in files.items()}


def _lines(done: Finished, about: dict[str, Any]) -> dict[str, Verdict]:
    """Each record's last verdict, by its path; of one that the process died of, that."""
    why = one_line(done.why or (f"exit status {done.returncode}" if done.returncode else ""), 160)
    begun, found = "", dict[str, Verdict]()
    for text in done.stdout.splitlines():
        try:
            line = decode(json.loads(text))
            file = str(line["file"])
            if "verdict" not in line:
                begun = file
                continue
            found[file] = verdict_of({"run": _stem(file)} | line, **about)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            file = begun
            found[file] = Verdict(_stem(file), said=f"no answer ({type(error).__name__})", **about)
        begun = "" if file == begun else begun
    if begun:
        one = found.setdefault(begun, Verdict(_stem(begun), **about))
        said = f"doing {'more of ' if one.done else ''}it again was broken off: {why or 'it ended'}"
        one.said = "; ".join(filter(None, [one.said, said]))
    return found


def _stem(file: str) -> str:
    return one_line(Path(file).name.removesuffix(FINAL), 60)


def _models(course: Course, assignment: Assignment, student: str, folder: Path) -> dict[str, bytes]:
    """What a submission has as model.py: made of its graded notebook, or handed in as it is."""
    texts = []
    if assignment.model is not None:
        path = course.autograded / student / assignment.name / assignment.model.notebook
        with contextlib.suppress(OSError, ValueError, RecursionError, MemoryError):  # BadValue is a ValueError
            texts.append(model_of(nbformat.read(path, 4), path.name).text.encode())
        for inside, status in walk(folder):
            if Path(inside).name == DEFAULT_FILE and status is not None and stat.S_ISREG(status.st_mode):
                texts.append((folder / inside).read_bytes()[: 1 << 20])
    return {hashlib.sha256(text).hexdigest(): text for text in texts}
