"""What was graded, from which files, how and with what result: ``grading/ledger.json``, one entry for each student."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rnnkit.common.names import BadValue
from rnnkit.common.whole import save_text
from rnnkit.grading.walk import walk

GRADED, REJECTED, FAILED = "graded", "rejected", "failed"  # submissions; the first two of notebooks, too
NOT_TRIED, WAITS = "not tried yet", "waits for the instructor"  # of a check
NOT_ASKED = "not asked"  # of a check that the release of the submission did not have
NOT_GRADED = "not graded"  # of a check whose notebook was never there
ABSENT = "absent"  # of a notebook that need not be handed in
WHOLE_FILE = 64 << 20  # bytes; of a larger file only name, kind and size are hashed


@dataclass(kw_only=True)
class Findings:
    """What grading finds out about a submission.

    Fields:
        notebooks: file -> status, reason, and flags: what a person should look at.
        scores: question -> notebook, points, most, extra (credit), status, text, sha256 of the code, and mistakes, the
            names of the known ones that the check told; entries of earlier versions have no mistakes.
        answers: question for a person -> notebook, answered, sha256.
        not_asked: the points of questions that the release of the submission did not have.
        records: run -> sha256 of its record.
        profiles: run -> full, smoke or tiny, by the settings in its record; or custom and the nearest of them.
        times: run -> seconds that some of its checks took, see `rnnkit.grading.notebooks.copied`.
        curves: run -> hash of the numbers of its curves, whatever the rest of the file says.
        evidence: what is missing or strange about the submitted runs.
        flags: everything else that a person should look at.
        checks: how often the student ran each check and what was foretold, by files of their own that nobody vouches
            for; no score.
        tried: question -> how often its check ran and failed, from the same files.
        seconds, peak_mb: what the grader process took, kernels not counted in the memory.
    """

    notebooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    not_asked: dict[str, float] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=dict)
    curves: dict[str, str] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    tried: dict[str, list[int]] = field(default_factory=dict)
    seconds: float = 0.0
    peak_mb: int = 0


@dataclass
class Entry(Findings):
    """One student's submission, and what was found out about it.

    Fields:
        status: ``graded``, ``rejected`` (nothing in it could be used) or ``failed`` (the grader gave up on it).
        tree: hash of the submitted files; with `version` and `confined` it says whether there is anything to do.
        version: hash of the release and of all code that scores depend on.
        confined: ``bubblewrap``, or ``none`` where the instructor trusted the submissions.
        seed: of the random inputs of the checks: the same seed gives the same again.
        received, graded: when the files were handed in, see `grading.intake.receipts`, and when they were graded; UTC.
        before: of the grading before the last one when it was, the points, and those of each question: ``{"graded",
            "points", "scores"}``; empty where there was none.
        received_by: who says when they were handed in, see `grading.dates.rule.SOURCES`.
        late: seconds, due, penalty (points) and rule (in words), of one that came late; empty where it was on time.
        attempts: of each attempt that was graded, the first to come first: received, received_by, points, extra
            (credit), penalty, status, tree, and counts: whether it is this entry.
    """

    student: str
    status: str
    reason: str = ""
    tree: str = ""
    version: str = ""
    confined: str = ""
    seed: int = 0
    received: str = ""
    received_by: str = ""
    graded: str = ""
    before: dict[str, Any] = field(default_factory=dict)
    late: dict[str, Any] = field(default_factory=dict)
    attempts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def points(self) -> float:
        """The sum of the checks' points, without extra credit."""
        return float(sum(score["points"] for score in self._counted()))

    @property
    def most(self) -> float:
        """The most that they could be."""
        return float(sum(score["most"] for score in self._counted()))

    @property
    def extra(self) -> float:
        """The checks' points for extra credit."""
        return float(sum(score["points"] for score in self.scores.values())) - self.points

    @property
    def standing(self) -> dict[str, Any]:
        """When it was graded and with which points, as the next grading keeps it in `before`; empty without scores."""
        scores = {id: score["points"] for id, score in self.scores.items()}
        return {"graded": self.graded, "points": self.points, "scores": scores} if scores else {}

    def _counted(self) -> list[dict[str, Any]]:
        return [score for score in self.scores.values() if not score.get("extra")]

    @property
    def all_flags(self) -> list[str]:
        """Flags of the submission, its notebooks and its runs."""
        of_notebooks = [
            text if text.startswith(name) else f"{name}: {text}"
            for name, notebook in self.notebooks.items()
            for text in filter(None, (notebook["reason"], *notebook["flags"]))
        ]
        return [*self.flags, *of_notebooks, *self.evidence]

    def has(self, question: str) -> bool:
        """Whether there is anything to be seen of a question; an entry that says nothing denies nothing."""
        blank = self.status == GRADED and not (self.scores or self.answers)
        checked = self.scores.get(question, {}).get("status", NOT_GRADED) != NOT_GRADED
        return blank or checked or question in self.answers

    def absent(self, notebook: str) -> bool:
        """Whether a notebook that need not be handed in was not."""
        return self.notebooks.get(notebook, {}).get("status") == ABSENT

    def rejected(self, notebook: str) -> bool:
        """Whether nothing of a notebook could be used."""
        return self.status == FAILED or self.notebooks.get(notebook, {"status": REJECTED})["status"] == REJECTED


class Ledger:
    """The entries of an assignment; `save` writes all of them, whole or not at all."""

    def __init__(self, path: Path, assignment: str) -> None:
        self.path, self.assignment = path, assignment
        self.content: dict[str, Any] = {"entered": {}, "assignments": {}}
        try:
            if path.exists():
                self.content = json.loads(path.read_text(encoding="utf-8"))
            stored = self.content["assignments"].get(assignment, {})
            self.entries = {student: Entry(**kept) for student, kept in stored.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadValue(
                f"{path}: expected the ledger of a course, got something else ({type(error).__name__}); "
                "move it away, and everything is graded anew"
            ) from None

    def save(self) -> None:
        """Writes the ledger, if anything has changed."""
        self.content["assignments"][self.assignment] = {
            student: asdict(self.entries[student]) for student in sorted(self.entries)
        }
        text = json.dumps(self.content, indent=1, ensure_ascii=False) + "\n"
        if not self.path.exists() or self.path.read_text(encoding="utf-8") != text:
            save_text(self.path, text)


def tree_hash(folder: Path) -> str:
    """A hash of names, kinds, sizes and contents of all files in a folder; links are not followed."""
    digest = hashlib.sha256()
    for inside, status in walk(folder):
        digest.update(os.fsencode(inside) + b"\0")
        if status is not None:
            digest.update(b"%d\0%d\0" % (stat.S_IFMT(status.st_mode), status.st_size))
            digest.update(_content(os.path.join(folder, inside), status))
    return digest.hexdigest()


def file_hashes(folder: Path) -> list[str]:
    """The hashes of the contents of all files in a folder, whatever the files are called."""
    hashes = {
        _content(os.path.join(folder, inside), status).hex()
        for inside, status in walk(folder)
        if status is not None and stat.S_ISREG(status.st_mode)
    }
    return sorted(hashes - {""})


def _content(path: str, status: os.stat_result) -> bytes:
    try:
        if stat.S_ISLNK(status.st_mode):
            return os.fsencode(os.readlink(path))
        if stat.S_ISREG(status.st_mode) and status.st_size <= WHOLE_FILE:
            return hashlib.sha256(Path(path).read_bytes()).digest()
    except OSError:
        return b"unreadable"
    return b""
