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

from rnnkit.assignments.training_dynamics.questions import CELLS, REPORT
from rnnkit.assignments.training_dynamics.questions import EXTRA as MORE
from rnnkit.common.names import BadValue
from rnnkit.hand_in.notebooks import CHATS_CELL, EXTRA, answer_of, open_in_report, unsolved
from rnnkit.notebook.assemble import model_of
from rnnkit.notebook.cells import cells_by_id, read_notebook, text_of
from rnnkit.record.file import STATE, RecordError, load, regime_of
from rnnkit.record.find import KEPT, Found, find, fingerprint, places, unfinished
from rnnkit.regimes import HANDOUT_REGIMES, REGIMES, SIGMOID_REGIMES, Regime, differences
from rnnkit.runs.modelfile import BUILTIN, DEFAULT_FILE
from rnnkit.runs.summary import COMMANDS

NOTEBOOKS = (CELLS, "2_diagnostics.ipynb", "3_regime.ipynb", REPORT)
CHATS = "ai_chats.txt"
EXTRA_RUN = "extra_run"  # the cells that name the run of the extra credit, in REPORT and in MORE
FULL = "full"
Where = list[list[Path]]  # see `rnnkit.record.find.places`


@dataclass
class HandIn:
    """What is to be packed.

    Fields:
        files: by their names in the archive; a path, or the content of a file that is made here.
        missing: a line for everything that is missing or not right, and what to do.
        refused: those lines of ``missing`` without which nothing is packed at all.
        notes: what is right, and yet worth a line.
        runs: name, profile and end of every run, by its regime.
        prints: the fingerprints of their records.
    """

    folder: Path
    files: dict[str, Path | bytes] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    runs: dict[str, dict[str, str]] = field(default_factory=dict)
    prints: dict[str, str] = field(default_factory=dict)


def collect(folder: str | Path, *, runs: str | Path | None = None, smoke: bool = False) -> HandIn:
    """Everything that is to be handed in.

    Arguments:
        folder: the assignment's folder.
        runs: where the runs are, if not where `rnnkit.notebook.show` looks for them.
        smoke: smaller runs than the handout's are right, too.
    """
    found = HandIn(Path(folder))
    notebooks = _notebooks(found)
    sha256 = _model(found, notebooks.get(CELLS))
    for name, notebook in notebooks.items():
        if name not in (REPORT, MORE):
            found.missing += [f"{name}: question {question} is still to be solved" for question in unsolved(notebook)]
    where = places(folder, runs)
    records = {key: _run(found, key, sha256, where, smoke) for key in HANDOUT_REGIMES}
    for key in SIGMOID_REGIMES:
        for one in find(key, where)[:1]:
            found.prints[key] = fingerprint(one.path.read_bytes())
            _take_run(found, key, one)
    if REPORT in notebooks:
        _report(found, notebooks[REPORT], smoke)
    _extra_credit(found, notebooks, where)
    _commands(found, {key: regime for key, regime in records.items() if regime}, runs)
    return found


def _notebooks(found: HandIn) -> dict[str, dict[str, Any]]:
    read = {}
    for name in (*NOTEBOOKS, MORE):
        if name == MORE and not (found.folder / name).exists():
            continue
        try:
            read[name] = read_notebook(found.folder / name)
            found.files[name] = found.folder / name
        except BadValue:
            there = (found.folder / name).exists()
            found.missing.append(f"{name}: {'not a saved notebook; save it again' if there else 'no such file here'}")
    return read


def _model(found: HandIn, notebook: dict[str, Any] | None) -> str | None:
    """Takes model.py, or makes it from the notebook; returns its hash."""
    path, made, why = found.folder / DEFAULT_FILE, None, f"expected it, or {CELLS} to write it from"
    try:
        made = model_of(notebook, CELLS).text if notebook else None
    except BadValue as error:
        why = str(error)
    if path.is_file():
        content = path.read_bytes()
        found.files[DEFAULT_FILE] = path
        if made and not _same_code(content, made):
            found.notes.append(f"{DEFAULT_FILE} is not what {CELLS} as saved would write: its last cell writes it")
    elif made:
        content = found.files[DEFAULT_FILE] = made.encode()
        found.notes.append(f"{DEFAULT_FILE}: none here; written from the saved {CELLS}")
    else:
        found.missing.append(f"{DEFAULT_FILE}: {why}")
        return None
    return hashlib.sha256(content).hexdigest()


def _same_code(content: bytes, text: str) -> bool:
    try:
        return ast.dump(ast.parse(content)) == ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return False


def _run(found: HandIn, key: str, sha256: str | None, where: Where, smoke: bool) -> Regime | None:
    """Takes one regime's run; returns what it was trained with, None where there is no record of it."""
    command, several = f"rnnkit run {key} --profile {FULL}", find(key, where)
    if not several:
        found.missing.append(f"{key}: {_elsewhere(found.folder, key) or f'no run; {command}'}")
        return None
    one = several[0]
    try:
        content = load(one.path)
        wrong = [f"{key}: {text}" for text in _not_right(key, one, content, sha256, smoke, command)]
    except RecordError as error:
        found.missing.append(f"{key}: {error}")
        return None
    except (KeyError, ValueError, TypeError):
        found.missing.append(f"{key}: {one.path} is no whole record")
        return None
    found.missing += wrong
    for other in several[1:]:
        if left := unfinished(other.status, other.updates, other.regime or one.regime):
            found.notes.append(f"{key}: left out: {other.path}, {left}")
    found.runs[key] = {"name": one.name, "profile": one.profile, "status": one.status}
    found.prints[key] = fingerprint(one.path.read_bytes())
    _take_run(found, key, one)
    return one.regime


def _elsewhere(folder: Path, key: str) -> str:
    """What is said of a run that is not where it should be, but a folder away; empty where there is none."""
    paths = [path for depth in ("*/*/*/", "*/*/", "*/") for path in folder.glob(f"{depth}*{STATE}")]
    where = [[path.parent] for path in sorted(paths) if KEPT not in path.parent.name]
    for one in find(key, where):
        if one.finished and one.profile == FULL:
            path = one.path.parent if one.path.parent.name != one.name else one.path.parent.parent
            return f"not where it is looked for; there is one with --runs {path}"
        if one.finished:
            return f"only profile {one.profile}; hand in {FULL}; rnnkit run {key} --profile {FULL}"
    return ""


def _take_run(found: HandIn, key: str, one: Found) -> None:
    """The files of a run: its record, what belongs to that, its log, its executed notebook."""
    found.files[f"runs/{one.run}/{one.path.name}"] = one.path
    for ending in ("_anchors.npz", ".log", ".ipynb"):
        path = one.path.with_name(f"{one.stem}{ending}")
        if path.is_file():
            found.files[f"runs/{one.run}/{path.name}"] = path
        elif ending == ".log":
            found.missing.append(f"{key}: no log; expected {path} beside the record")


def _not_right(key: str, one: Found, content: Any, sha256: str | None, smoke: bool, command: str) -> Iterator[str]:
    """What is wrong with a record that can be read."""
    if one.profile == "custom":
        yield f"not the handout's settings: {', '.join(differences(regime_of(content), key))}; {command}"
    elif one.profile != FULL and not smoke:
        yield f"a run of profile {one.profile}, not {FULL}; {command} (--allow-smoke, where that is agreed)"
    if not one.finished:
        yield (
            f"not at its end, {one.updates} of {regime_of(content).maxiters} updates in {one.path}; "
            f"the same command goes on: {command}"
        )
    trained = str(content["cells_sha256"])
    if trained == BUILTIN:
        yield f"trained with rnnkit's own cells, not with {DEFAULT_FILE}; {command}"
    elif sha256 is not None and trained != sha256:
        yield (
            f"trained with another {DEFAULT_FILE} (sha256 {trained[:12]}) than the one here ({sha256[:12]}); "
            f"put the right one back, or {command}"
        )


def _report(found: HandIn, notebook: dict[str, Any], smoke: bool) -> None:
    """The answers, the figures and the links of AI chats."""
    cells = cells_by_id(notebook)
    chats = answer_of(cells.get(CHATS_CELL))
    if chats:
        found.files[CHATS] = f"{chats}\n".encode("utf-8", "replace")
    else:
        found.refused.append(f"{REPORT}: AI chats: not answered; write the link of every chat into that cell, or none")
        found.missing += found.refused
    found.missing += [f"{REPORT}: {line}" for line in open_in_report(notebook, smoke, found.prints)]


def _extra_credit(found: HandIn, notebooks: dict[str, Any], where: Where) -> None:
    """The runs that either notebook names, where there are any."""
    cells = {name: cells_by_id(notebooks[name]) for name in (REPORT, MORE) if name in notebooks}
    names = list(dict.fromkeys(_run_named(found) for found in cells.values()))
    there = {name: several[0] for name in names if (several := find(name, where))}
    done = [one for one in there.values() if one.status != "running"]
    for one in done:
        _take_run(found, "extra credit", one)
    meant = there or set(names) != {EXTRA} or answer_of(cells.get(REPORT, {}).get(EXTRA))
    if meant and not done:
        found.notes.append(
            f"extra credit: no finished run {' or '.join(map(repr, names))} found; the points for the run are those of "
            "its record"
        )


def _run_named(cells: dict[str, Any]) -> str:
    """The run that a notebook says is the extra credit's."""
    try:
        (statement,) = ast.parse(text_of(cells[EXTRA_RUN])).body
        name = Path(str(ast.literal_eval(statement.value))).name or EXTRA
        return REGIMES[name].name if name in REGIMES else name
    except (KeyError, ValueError, SyntaxError, AttributeError):
        return EXTRA


def _commands(found: HandIn, records: dict[str, Regime], runs: str | Path | None) -> None:
    """The student's commands.txt, or the one of ``rnnkit run``; what it lacks is added from the records."""
    places = [
        found.folder,
        *([Path(runs)] if runs else [found.folder / "runs" / FULL, found.folder / "runs" / "smoke"]),
    ]
    own = next((place / COMMANDS for place in places if (place / COMMANDS).is_file()), None)
    text = own.read_text(encoding="utf-8", errors="replace").rstrip("\n") if own else ""
    lacking = {key: regime for key, regime in records.items() if not re.search(rf"\b({key}|{regime.name})\b", text)}
    if lacking:
        added = "\n".join(regime.command() for regime in lacking.values())
        text = f"{text}\n# from the records of the runs:\n{added}".lstrip("\n")
        found.notes.append(f"{COMMANDS}: the commands of {', '.join(lacking)} are taken from the runs' records")
    if text:
        found.files[COMMANDS] = f"{text}\n".encode()
