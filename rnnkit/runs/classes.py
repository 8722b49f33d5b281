"""Runs of a whole class, a folder for each student: who is in it, and what became of each run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from rnnkit.common.names import BadValue
from rnnkit.common.whole import save_text
from rnnkit.runs.experiment import Experiment
from rnnkit.runs.modelfile import DEFAULT_FILE, student_files, without_file
from rnnkit.runs.rows import read_table
from rnnkit.runs.tables import SUMMARY, read_runs

FILE, STUDENT = "students.csv", "student"
COLUMNS = (STUDENT, "cells")
NO_FILE = f"no {DEFAULT_FILE}"


@dataclass(frozen=True)
class ClassRun:
    """What one student's cells did in one run.

    Fields:
        run: its short name.
        facts: as `Experiment.compared` has them; empty where there is no record.
        curve: rows over the checks, as `Experiment.curves` has them.
        status: how it ended.
        reason: why there is no record, or why it failed.
    """

    student: str
    run: str
    facts: dict[str, Any] = field(default_factory=dict)
    curve: list[dict[str, Any]] = field(default_factory=list)
    status: str = ""
    reason: str = ""


def files_of(paths: Sequence[Path]) -> dict[str, Path]:
    """Every student's file, by name, of several files and folders of them; see `student_files`.

    A file called ``model.py`` is of whom its folder is named for, any other of whom it is named for itself.

    Raises:
        BadValue: a path is not there, a folder has none, or two files would be of one student.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if not path.exists():
            raise BadValue(f"--cells {path}: expected a Python file or a folder of them, found nothing there")
        own = path.resolve().parent.name if path.name == DEFAULT_FILE else path.stem
        for student, file in (student_files(path) if path.is_dir() else {own: path}).items():
            if student in found and found[student].resolve() != file.resolve():
                raise BadValue(
                    f"--cells: expected one file for each student, got {found[student]} and {file} for {student!r}; "
                    "rename one, or put each into a folder of the student's name"
                )
            found[student] = file
    return found


def without_files(paths: Sequence[Path]) -> list[str]:
    """Students' folders in which there is no file."""
    return [student for path in paths if path.is_dir() for student in without_file(path)]


def note(out: Path, files: Mapping[str, Path], without: Sequence[str] = ()) -> None:
    """Writes down whose runs a folder has, beside those that it had before."""
    known = _noted(out) | {student: str(file) for student, file in files.items()} | dict.fromkeys(without, "")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *sorted(known.items())])
    out.mkdir(parents=True, exist_ok=True)
    save_text(out / FILE, text.getvalue())


def students(out: Path) -> list[str]:
    """Whose runs a folder has; nobody where it is no class's. A folder without the list is known by its table."""
    names = [*_noted(out)] or [row[STUDENT] for row in _summary(out) if row.get(STUDENT)]
    inside = (name for name in dict.fromkeys(names) if not PurePosixPath(name).is_absolute())
    return [name for name in inside if ".." not in PurePosixPath(name).parts]


def _noted(out: Path) -> dict[str, str]:
    return {row[STUDENT]: row.get("cells") or "" for row in _table(out / FILE) if row.get(STUDENT)}


def _summary(out: Path) -> list[dict[str, str]]:
    return _table(out / SUMMARY)


def _table(path: Path) -> list[dict[str, str]]:
    try:
        return read_table(path)
    except (OSError, ValueError, csv.Error):
        return []


def read_class(out: Path, experiment: Experiment, names: Sequence[str]) -> Iterator[ClassRun]:
    """Every student's runs, one student's records at a time; a run that failed, and a student without any, too.

    Arguments:
        out: the folder of the class.
        experiment: whose runs they are.
        names: the students, as `students` has them.
    """
    failed = {(row.get(STUDENT), row.get(experiment.names_run)): row for row in _summary(out) if row.get("reason")}
    for student in names:
        records, missing = read_runs(out / student, experiment) if (out / student).is_dir() else ({}, {})
        told = {run: row for (who, run), row in failed.items() if who == student and run}
        for run, record in records.items():
            row = told.pop(run, {})
            status = row.get("status") or str(record["status"])
            compared, curve = experiment.compared(record), experiment.curves(record)
            yield ClassRun(student, _short(experiment, run), compared, curve, status, row.get("reason", ""))
        reasons = missing | {run: row["reason"] for run, row in told.items()}
        for run, reason in reasons.items():
            yield ClassRun(student, _short(experiment, run), status="failed", reason=reason)
        if not (records or reasons):
            reason = failed.get((student, ""), {}).get("reason") or "no record"
            yield ClassRun(student, "", status="failed", reason=reason)


def _short(experiment: Experiment, run: str) -> str:
    return experiment.key_of(run)[0] or run
