"""What the verbs for instructors say of the class: its page, the audit, who is alike."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
from course import ASSIGNMENT, NAME, ROOT

from rnnkit.grading.alike.alike import alike as compared
from rnnkit.grading.alike.pairs import THRESHOLD
from rnnkit.grading.audit.audit import known
from rnnkit.grading.audit.verdicts import together
from rnnkit.grading.course.course import Course
from rnnkit.record.find import HANDOUT
from rnnkit.runs.replay import DIFFERS
from whole_class.make import COURSE

TABLE, PAGE = "class.csv", "class.html"


@cache
def _course(folder: Path) -> Course:
    return Course(ROOT, folder / COURSE)


def typed(folder: Path, *words: str) -> None:
    """Types a command about the course, and says how long it took.

    Raises:
        RuntimeError: it cannot be done; its last lines are in the message.
    """
    began = time.monotonic()
    command = [sys.executable, "-m", "rnnkit", *words, "--course", str(folder / COURSE)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{command}: exit code {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
    print(f"rnnkit {' '.join(words)}: {time.monotonic() - began:.0f} s")


def counted(folder: Path) -> dict[tuple[str, str], int]:
    """How many students the table of the class counts for each question's mistakes."""
    typed(folder, "class", NAME, "--to", str(folder / PAGE), "--csv", str(folder / TABLE))
    rows = csv.DictReader(io.StringIO((folder / TABLE).read_text(encoding="utf-8"), newline=""))
    return {(row["question"], row["what"]): int(row["students"]) for row in rows if row["kind"] == "mistake"}


def audited(folder: Path, jobs: int) -> dict[tuple[str, str], list[str]]:
    """What training again says against records: student, run -> doubts."""
    typed(folder, "audit", NAME, "--jobs", str(jobs))
    students = known(_course(folder), ASSIGNMENT)
    shared, found = together(students), dict[tuple[str, str], list[str]]()
    for one in students:
        for sha256, verdict in one.records:
            differs = [verdict.text] if verdict.verdict == DIFFERS else []
            run = HANDOUT.key_of(verdict.run)[0] or verdict.run  # another seed's run is not a named one
            found[one.student, run] = [*differs, *verdict.doubts, *shared.get(sha256, ())]
    return found


def alike(folder: Path) -> list[set[str]]:
    """The pairs that reach the threshold."""
    began = time.monotonic()
    found = compared(_course(folder), ASSIGNMENT, folder / "alike.html")
    print(f"alike: {time.monotonic() - began:.0f} s")
    students = [work.student for work in found.works]
    texts = np.triu(np.maximum(found.code.share, found.prose.share) >= THRESHOLD, 1)
    pairs = {(int(left), int(right)) for left, right in np.argwhere(texts)}
    pairs |= {(one.left, one.right) for one in found.pairs if one.score >= THRESHOLD}
    return [{students[left], students[right]} for left, right in sorted(pairs)]
