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

from rnnkit import assemble
from rnnkit.checks.questions import CELLS
from rnnkit.checks.questions import EXTRA as MORE
from rnnkit.hand_in_report import CHATS_CELL, EXTRA, answer_of, cells_by_id, open_in_report, text_of, unsolved
from rnnkit.modelfile import BUILTIN, DEFAULT_FILE
from rnnkit.names import BadValue
from rnnkit.notebook import PLACES
from rnnkit.record import RecordError, load, regime_of
from rnnkit.regimes import HANDOUT_REGIMES, PROFILES, REGIMES, SIGMOID_REGIMES, Regime, get_regime
from rnnkit.summary import COMMANDS

REPORT = "4_report.ipynb"
NOTEBOOKS = (CELLS, "2_diagnostics.ipynb", "3_regime.ipynb", REPORT)
CHATS = "ai_chats.txt"
EXTRA_RUN = "extra_run"  # the cells that name the run of the extra credit, in REPORT and in MORE
FULL = "full"


@dataclass
class HandIn:
    """What is to be packed.

    Fields:
        files: by their names in the archive; a path, or the content of a file that is made here.
        missing: a line for everything that is missing or not right, and what to do.
        refused: those lines of ``missing`` without which nothing is packed at all.
        notes: what is right, and yet worth a line.
        runs: name, profile and end of every run, by its regime.
    """

    folder: Path
    files: dict[str, Path | bytes] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    runs: dict[str, dict[str, str]] = field(default_factory=dict)


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
    records = {key: _run(found, key, sha256, runs, smoke) for key in HANDOUT_REGIMES}
    for key in SIGMOID_REGIMES:
        _take_extra(found, get_regime(key).name, runs)
    if REPORT in notebooks:
        _report(found, notebooks[REPORT], smoke)
    _extra_credit(found, notebooks, runs)
    _commands(found, {key: regime for key, regime in records.items() if regime}, runs)
    return found


def _notebooks(found: HandIn) -> dict[str, dict[str, Any]]:
    read = {}
    for name in (*NOTEBOOKS, MORE):
        if name == MORE and not (found.folder / name).exists():
            continue
        try:
            notebook = assemble.read_notebook(found.folder / name)
            if not all(isinstance(cell, dict) and isinstance(cell.get("metadata"), dict) for cell in notebook["cells"]):
                raise assemble.NotebookError(f"{name}: expected cells, got something else")
            read[name], found.files[name] = notebook, found.folder / name
        except BadValue:
            there = (found.folder / name).exists()
            found.missing.append(f"{name}: {'not a saved notebook; save it again' if there else 'no such file here'}")
    return read


def _model(found: HandIn, notebook: dict[str, Any] | None) -> str | None:
    """Takes model.py, or makes it from the notebook; returns its hash."""
    path, made, why = found.folder / DEFAULT_FILE, None, f"expected it, or {CELLS} to write it from"
    try:
        made = assemble.model_of(notebook, CELLS).text if notebook else None
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


def _places(folder: Path, name: str, runs: str | Path | None) -> list[Path]:
    if runs is not None:
        return [Path(runs) / name, Path(runs)]
    return [folder / place.format(name=name) for place in PLACES]


def _run(found: HandIn, key: str, sha256: str | None, runs: str | Path | None, smoke: bool) -> Regime | None:
    """Takes one regime's run; returns what it was trained with, None where there is no record of it."""
    name, command = get_regime(key).name, f"rnnkit run {key} --profile {FULL}"
    records, troubles = {}, []
    for place in _places(found.folder, name, runs):
        try:
            path = place / f"{name}_final_state.npz"
            if path.is_file():
                content = load(path)
                records.setdefault(_profile(key, regime_of(content)), (path, content))
            elif (path := place / f"{name}_state.npz").is_file():
                content = load(path)
                troubles.append(
                    f"{key}: not at its end, {int(content['updates'])} of {regime_of(content).maxiters} updates "
                    f"in {path}; the same command goes on: {command}"
                )
        except (RecordError, KeyError, ValueError, TypeError) as error:
            troubles.append(
                f"{key}: {error}" if isinstance(error, RecordError) else f"{key}: {path} is no whole record"
            )
    if not records:
        found.missing += troubles or [f"{key}: {_elsewhere(found.folder, key, name, runs) or f'no run; {command}'}"]
        return None
    profile = FULL if FULL in records else next(iter(records))
    path, content = records[profile]
    regime = regime_of(content)
    found.runs[key] = {"name": name, "profile": profile, "status": str(content["status"])}
    found.missing += [f"{key}: {text}" for text in _not_right(key, content, sha256, smoke, command)]
    _take_run(found, key, name, path.parent)
    return regime


def _elsewhere(folder: Path, key: str, name: str, runs: str | Path | None) -> str:
    """What is said of a run that is not where it should be, but one folder away; empty where there is none."""
    folder, file = folder if runs is None else Path(runs), f"{name}/{name}_final_state.npz"
    said = ""
    for path in sorted([*folder.glob(f"runs/*/{file}"), *folder.glob(f"*/{file}")]):
        try:
            profile = _profile(key, regime_of(load(path)))
        except (RecordError, KeyError, ValueError, TypeError):
            continue
        if profile == FULL:
            return f"not where it is looked for; there is one with --runs {path.parent.parent}"
        said = said or f"only profile {profile}; hand in {FULL}; rnnkit run {key} --profile {FULL}"
    return said


def _take_run(found: HandIn, key: str, name: str, place: Path) -> None:
    """The files of a run: its record, what belongs to that, its log, its executed notebook."""
    for ending in ("_final_state.npz", "_anchors.npz", ".log", ".ipynb"):
        path = place / f"{name}{ending}"
        if path.is_file():
            found.files[f"runs/{name}/{path.name}"] = path
        elif ending == ".log":
            found.missing.append(f"{key}: no log; expected {path} beside the record")


def _profile(key: str, regime: Regime) -> str:
    same = (profile for profile in PROFILES if get_regime(key, profile).identity() == regime.identity())
    return next(same, "custom")


def _not_right(key: str, content: Any, sha256: str | None, smoke: bool, command: str) -> Iterator[str]:
    """What is wrong with a record that can be read."""
    regime = regime_of(content)
    profile = _profile(key, regime)
    if profile == "custom":
        wanted = get_regime(key).identity()
        name = next(name for name, value in regime.identity().items() if value != wanted[name])
        got = regime.identity()[name]
        yield f"not the handout's settings, {name} is {got} and should be {wanted[name]}; {command}"
    elif profile != FULL and not smoke:
        yield f"a run of profile {profile}, not {FULL}; {command} (--allow-smoke, where that is agreed)"
    if str(content["status"]) == "running":
        yield f"not at its end; {command}"
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
    found.missing += [f"{REPORT}: {line}" for line in open_in_report(notebook, smoke)]


def _extra_credit(found: HandIn, notebooks: dict[str, Any], runs: str | Path | None) -> None:
    """The runs that either notebook names, where there are any."""
    cells = {name: cells_by_id(notebooks[name]) for name in (REPORT, MORE) if name in notebooks}
    names = list(dict.fromkeys(_run_named(found) for found in cells.values()))
    there = [name for name in names if _take_extra(found, name, runs)]
    begun = any((place / f"{EXTRA}_state.npz").is_file() for place in _places(found.folder, EXTRA, runs))
    meant = begun or set(names) != {EXTRA} or answer_of(cells.get(REPORT, {}).get(EXTRA))
    if meant and not there:
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


def _take_extra(found: HandIn, name: str, runs: str | Path | None) -> bool:
    """Takes a run that need not be there; returns whether it is."""
    for place in _places(found.folder, name, runs):
        if (place / f"{name}_final_state.npz").is_file():
            _take_run(found, name, name, place)
            return True
    return False


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
