"""What a student hands in: found in the assignment's folder, with a line for everything that is missing or not right.

Nothing is executed and nothing in the folder is changed.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnkit.assignments import MAIN
from rnnkit.checks.assignment import Assignment
from rnnkit.checks.tally import FILE, MOST_BYTES
from rnnkit.common import variant
from rnnkit.common.names import BadValue
from rnnkit.hand_in.found import find_notebooks, has_names
from rnnkit.hand_in.notebooks import answer_of, asks, never_run, open_in_report, unsolved
from rnnkit.notebook import predictions
from rnnkit.notebook.assemble import model_of
from rnnkit.notebook.cells import cells_by_id, text_of
from rnnkit.record.file import RecordError, load
from rnnkit.record.find import HANDOUT, KEPT, Found, Runs, find, fingerprint, places, unfinished
from rnnkit.record.keys import STATE
from rnnkit.runs.modelfile import BUILTIN, DEFAULT_FILE
from rnnkit.runs.tables import COMMANDS

CHATS = "ai_chats.txt"
REGRADE, MOST_REGRADE = "regrade.txt", 1 << 16  # asks for another look at points; bytes
OWN = {
    FILE: MOST_BYTES,
    predictions.FILE: predictions.MOST_BYTES,
    REGRADE: MOST_REGRADE,
    variant.OWNER: variant.MOST_OWNER,  # where there are variants
}
FULL = "full"
Where = list[list[Path]]  # see `rnnkit.record.find.places`


@dataclass
class Collected:
    """What is to be packed."""

    assignment: Assignment
    folder: Path
    files: dict[str, Path | bytes] = field(default_factory=dict)  # by their names in the archive; bytes are made here
    missing: list[str] = field(default_factory=list)  # a line for all that is missing or not right, and what to do
    refused: list[str] = field(default_factory=list)  # those lines of `missing` without which nothing is packed at all
    notes: list[str] = field(default_factory=list)  # what is right, and yet worth a line
    runs: dict[str, dict[str, str]] = field(default_factory=dict)  # name, profile and end of each, by its regime
    prints: dict[str, str] = field(default_factory=dict)  # the fingerprints of their records

    @property
    def prefix(self) -> str:
        """What stands before the size in the name of the folder that ``rnnkit run`` makes."""
        return "" if self.assignment.name == MAIN else f"{self.assignment.name}-"

    @property
    def named(self) -> Runs:
        """What names the runs."""
        return self.assignment.experiment or HANDOUT


def collect(
    assignment: Assignment, folder: str | Path, *, runs: str | Path | None = None, smoke: bool = False
) -> Collected:
    """Everything that is to be handed in.

    Arguments:
        assignment: what it is of.
        folder: the assignment's folder.
        runs: where the runs are, if not where `rnnkit.notebook.show` looks for them.
        smoke: smaller runs than the handout's are right, too.
    """
    collected, due = Collected(assignment, Path(folder)), assignment.hand_in
    notebooks = _notebooks(collected)
    sha256 = _model(collected, assignment.model.notebook, notebooks) if assignment.model else None
    for name, notebook in notebooks.items():
        if name not in (due.report, *assignment.optional):
            collected.missing += [
                f"{name}: question {question} is still to be solved" for question in unsolved(notebook)
            ]
            if asks(notebook) and (unseen := never_run(notebook)):
                collected.notes.append(f"{name}: {unseen}")
    where, named = places(folder, runs, collected.prefix), collected.named
    records = {key: _run(collected, key, sha256, where, smoke) for key in due.runs}
    for key in due.welcome:
        for one in find(key, where, named)[:1]:
            _take_run(collected, key, one)
    if due.report in notebooks:
        _report(collected, notebooks[due.report], smoke)
    for cell, name in due.own_runs.items():
        records |= _own_run(collected, notebooks, where, cell, name)
    varies = (collected.folder / variant.VARIANTS).is_file()
    own = {name: collected.folder / name for name in OWN if varies or name != variant.OWNER}
    collected.files |= {name: path for name, path in own.items() if path.is_file() and path.stat().st_size <= OWN[name]}
    _judged(collected, notebooks)
    _commands(collected, {key: settings for key, settings in records.items() if settings}, runs)
    collected.missing += collected.refused
    return collected


def _notebooks(collected: Collected) -> dict[str, dict[str, Any]]:
    read, assignment = {}, collected.assignment
    found = find_notebooks(assignment, collected.folder)
    for name in (name for name in assignment.notebooks if name not in assignment.lessons):
        one = found.get(name)
        if isinstance(one, BadValue):
            collected.refused.append(str(one))
        elif one:
            collected.files[name] = one.path
            if one.path.name != name:
                collected.notes.append(f"{name}: taken from {one.path.name}")
            if has_names(one.content):
                read[name] = one.content
            else:
                collected.missing.append(
                    f"{name}: its cells have lost their names, so that nothing in it is checked here"
                )
        elif (collected.folder / name).exists():
            collected.missing.append(f"{name}: not a saved notebook; save it again")
        elif name not in assignment.optional:
            collected.missing.append(f"{name}: no such file here")
    return read


def _model(collected: Collected, name: str, notebooks: dict[str, Any]) -> str | None:
    """Takes model.py, or makes it from the notebook; returns its hash."""
    path, made, why = collected.folder / DEFAULT_FILE, None, f"expected it, or {name} to write it from"
    try:
        made = model_of(notebooks[name], name).text if name in notebooks else None
    except BadValue as error:
        why = str(error)
    if path.is_file():
        content = path.read_bytes()
        collected.files[DEFAULT_FILE] = path
        if made and not _same_code(content, made):
            collected.notes.append(f"{DEFAULT_FILE} is not what {name} as saved would write: its last cell writes it")
    elif made:
        content = collected.files[DEFAULT_FILE] = made.encode()
        collected.notes.append(f"{DEFAULT_FILE}: none here; written from the saved {name}")
    else:
        collected.missing.append(f"{DEFAULT_FILE}: {why}")
        return None
    return hashlib.sha256(content).hexdigest()


def _same_code(content: bytes, text: str) -> bool:
    try:
        return ast.dump(ast.parse(content)) == ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return False


def _run(collected: Collected, key: str, sha256: str | None, where: Where, smoke: bool) -> Any:
    """Takes one run; returns what it was trained with, None where there is no record of it."""
    several = find(key, where, collected.named)
    if not several:
        collected.missing.append(f"{key}: {_elsewhere(collected, key) or f'no run; {_command(collected, key)}'}")
        return None
    one = several[0]
    try:
        wrong = [f"{key}: {text}" for text in _not_right(collected, key, one, sha256, smoke)]
    except (RecordError, KeyError, ValueError, TypeError) as error:
        why = error if isinstance(error, RecordError) else f"{one.path} is no whole record"
        collected.missing.append(f"{key}: {why}")
        return None
    collected.missing += wrong
    for other in several[1:]:
        if left := unfinished(other.status, other.updates, collected.named.total(other.settings or one.settings)):
            collected.notes.append(f"{key}: left out: {other.path}, {left}")
    collected.runs[key] = {"name": one.name, "profile": one.profile, "status": one.status}
    _take_run(collected, key, one)
    return one.settings


def _command(collected: Collected, key: str) -> str:
    """What makes a run of the size that is due."""
    return f"rnnkit run {collected.prefix.replace('-', ' ')}{key} --profile {FULL}"


def _elsewhere(collected: Collected, key: str) -> str:
    """What is said of a run that is not where it should be, but a folder away; empty where there is none."""
    paths = [path for depth in ("*/*/*/", "*/*/", "*/") for path in collected.folder.glob(f"{depth}*{STATE}")]
    where = [[path.parent] for path in sorted(paths) if KEPT not in path.parent.name]
    for one in find(key, where, collected.named):
        if one.finished and one.profile == FULL:
            path = one.path.parent if one.path.parent.name != one.name else one.path.parent.parent
            return f"not where it is looked for; there is one with --runs {path}"
        if one.finished:
            return f"only profile {one.profile}; hand in {FULL}; {_command(collected, key)}"
    return ""


def _take_run(collected: Collected, key: str, one: Found) -> None:
    """The files of a run: its record, what belongs to that, its log, its executed notebook."""
    collected.prints[key] = fingerprint(one.path.read_bytes())
    collected.files[f"runs/{one.run}/{one.path.name}"] = one.path
    for ending in ("_anchors.npz", ".log", ".ipynb"):
        path = one.path.with_name(f"{one.stem}{ending}")
        if path.is_file():
            collected.files[f"runs/{one.run}/{path.name}"] = path
        elif ending == ".log":
            collected.missing.append(f"{key}: no log; expected {path} beside the record")


def _not_right(collected: Collected, key: str, one: Found, sha256: str | None, smoke: bool) -> Iterator[str]:
    """What is wrong with a record."""
    named, command, trained = collected.named, _command(collected, key), str(load(one.path)["cells_sha256"])
    if one.profile == "custom":
        yield f"not the handout's settings: {', '.join(named.differences(one.settings, key))}; {command}"
    elif one.profile != FULL and not smoke:
        yield f"a run of profile {one.profile}, not {FULL}; {command} (--allow-smoke, where that is agreed)"
    if not one.finished:
        yield (
            f"not at its end, {one.updates} of {named.total(one.settings)} updates in {one.path}; "
            f"the same command goes on: {command}"
        )
    if not collected.assignment.model:
        return
    if trained == BUILTIN:
        yield f"trained with rnnkit's own cells, not with {DEFAULT_FILE}; {command}"
    elif sha256 is not None and trained != sha256:
        yield (
            f"trained with another {DEFAULT_FILE} (sha256 {trained[:12]}) than the one here ({sha256[:12]}); "
            f"put the right one back, or {command}"
        )


def _report(collected: Collected, notebook: dict[str, Any], smoke: bool) -> None:
    """The answers, the figures and the links of AI chats."""
    due = collected.assignment.hand_in
    chats = answer_of(cells_by_id(notebook).get(due.chats)) if due.chats else ""
    if chats:
        collected.files[CHATS] = f"{chats}\n".encode("utf-8", "replace")
    elif due.chats:
        collected.refused.append(
            f"{due.report}: AI chats: not answered; write the link of every chat into that cell, or none"
        )
    lines = open_in_report(notebook, due.not_due, smoke, collected.prints)
    collected.missing += [f"{due.report}: {line}" for line in lines]


def _judged(collected: Collected, notebooks: dict[str, dict[str, Any]]) -> None:
    """What a file that is judged lacks, and what a teacher sees of it."""
    for question in collected.assignment.records:
        cells = cells_by_id(notebooks.get(question.notebook, {"cells": []}))
        if question.handed_in and question.id in cells:
            code = [text_of(cell) for cell in cells.values() if cell.get("cell_type") == "code"]
            report, flags, _ = question.handed_in(collected.folder, code)
            lacking = [f"{case.name} ({', '.join(case.details)})" for case in report.cases if not case.passed]
            open_ = f"{report.points:g} of {report.most:g} points; not {', '.join(lacking)}" if lacking else ""
            collected.notes += [f"{question.id}: {text}" for text in (*flags, *report.messages, open_) if text]


def _own_run(collected: Collected, notebooks: dict[str, Any], where: Where, cell: str, name: str) -> dict[str, Any]:
    """The runs of a student's own that the report or a notebook that need not be handed in names, where there are any.

    Arguments:
        cell: that names the run.
        name: of the run where the cell does not tell, and of the answer about it.

    Returns:
        their settings.
    """
    due = collected.assignment.hand_in
    saying = [one for one in (due.report, *collected.assignment.optional) if one in notebooks]
    cells = {one: cells_by_id(notebooks[one]) for one in saying}
    named = (_run_named(one[cell], name, collected.named) for one in cells.values() if cell in one)
    names = list(dict.fromkeys(named)) or [name]
    there = {one: several[0] for one in names if (several := find(one, where, collected.named))}
    done = [one for one in there.values() if one.status != "running"]
    for one in done:
        _take_run(collected, name, one)
    meant = there or set(names) != {name} or answer_of(cells.get(due.report or "", {}).get(name))
    if meant and not done:
        collected.notes.append(
            f"{name}: no finished run {' or '.join(map(repr, names))} found; points for the run are those of its record"
        )
    return {one.run: one.settings for one in done if one.settings}


def _run_named(cell: dict[str, Any], name: str, named: Runs) -> str:
    """The run that a cell names."""
    try:
        statement = ast.parse(text_of(cell)).body[0]
        value = ast.literal_eval(getattr(statement, "value"))  # noqa: B009
        return named.key_of(Path(str(value)).name or name)[1]
    except (IndexError, ValueError, SyntaxError, AttributeError):
        return name


def _commands(collected: Collected, records: dict[str, Any], runs: str | Path | None) -> None:
    """The student's commands.txt, or the one of ``rnnkit run``; what it lacks is added from the records."""
    usual = (collected.folder / "runs" / f"{collected.prefix}{size}" for size in (FULL, "smoke"))
    places = [collected.folder, *([Path(runs)] if runs else usual)]
    own = next((place / COMMANDS for place in places if (place / COMMANDS).is_file()), None)
    text = own.read_text(encoding="utf-8", errors="replace").rstrip("\n") if own else ""
    words = set(re.findall(r"[\w-]+", text))
    lacking = {key: one for key, one in records.items() if not {key, one.name} & words}
    if lacking:
        added = "\n".join(map(collected.named.command, lacking.values()))
        text = f"{text}\n# from the records of the runs:\n{added}".lstrip("\n")
        collected.notes.append(f"{COMMANDS}: the commands of {', '.join(lacking)} are taken from the runs' records")
    if text:
        collected.files[COMMANDS] = f"{text}\n".encode()
