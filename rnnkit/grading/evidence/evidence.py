"""What is missing from submitted runs, or strange about them: short flags for a person, never a score.

The records are read in a process of their own (`rnnkit.record.read_npz`), and here only what that one passes on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnkit.checks.assignment import Assignment
from rnnkit.checks.judge import failed
from rnnkit.checks.question import Question
from rnnkit.checks.report import Report
from rnnkit.common.names import BadValue
from rnnkit.common.text import one_line
from rnnkit.common.wire import decode
from rnnkit.grading.evidence.plausible import strange
from rnnkit.grading.evidence.whose import Whose
from rnnkit.grading.ledger import NOT_TRIED
from rnnkit.grading.sandbox.confine import Finished
from rnnkit.record.find import HANDOUT, PROFILE_ORDER, Runs
from rnnkit.record.keys import FINAL, STATE
from rnnkit.record.read_npz import OUTPUT
from rnnkit.regimes import PROFILES, Regime
from rnnkit.runs.modelfile import BUILTIN

MOST_FLAGS, MOST_TEXT = 12, 160  # of one run; characters of a text
READER = ("python", "-m", "rnnkit.record.read_npz")


@dataclass(frozen=True)
class SubmittedRun:
    """One submitted run.

    Fields:
        key: the handout's name (A1), else that of the file.
        file: the record, relative to the submission; empty where there is none.
        flags: what a person should know, each beginning with the key.
        regime: its settings, where they can be read; of the experiment's own kind where that trains no regimes.
        profile: full, smoke, tiny or custom, by its settings; empty where they cannot be read.
        size: of a due run's settings, the nearest profile.
        content: what the reader passed on, see `rnnkit.record.read_npz.summary`.
        sha256: of the record's bytes; empty where there is none.
    """

    key: str
    file: str = ""
    flags: tuple[str, ...] = ()
    regime: Any = None
    profile: str = ""
    content: dict[str, Any] = field(default_factory=dict, repr=False)
    sha256: str = ""
    size: str = ""


def evidence(
    folder: Path,
    run: Callable[..., Finished],
    assignment: Assignment,
    cells_sha256: str = "",
    whose: Whose | None = None,
) -> list[SubmittedRun]:
    """Looks at every final record in a submission.

    There is one for each of the runs that are due, there or not, in their order; then the others; then what several
    runs have in common, under the key ``runs``.

    Arguments:
        folder: the submitted files.
        run: runs a command confined, with ``stage=folder``.
        assignment: says which runs are due.
        cells_sha256: of the model.py that the submitted notebook gives; empty where it gives none.
        whose: what varies by student; None where nothing does.
    """
    due, known = assignment.hand_in.runs, assignment.experiment or HANDOUT
    files = _files(folder)
    if not any(path.name.endswith(FINAL) for path in files.values()):
        return [_all_runs("runs: no record of any run was handed in")] if due else []
    done = run([*READER, "."], stage=folder)
    records, flags = _decoded(done, (*due, *assignment.hand_in.welcome), known, whose)
    by_key: dict[str, list[SubmittedRun]] = {key: [] for key in due}
    for one in records:
        by_key.setdefault(one.key, []).append(one)
    runs = [_all_runs(*flags)] if flags else []
    for key, several in by_key.items():
        if several:
            best = _best(key, several)
            runs.append(replace(best, sha256=_sha256(files.get(best.file))))
        else:
            runs.append(_missing(known.key_of(key)[1], key, [*files]))
    return [*_joined(runs, due), *_together(runs, assignment, cells_sha256)]


def _all_runs(*flags: str) -> SubmittedRun:
    """What is said of several runs at once."""
    return SubmittedRun("runs", flags=flags)


def _files(folder: Path) -> dict[str, Path]:
    """All files of a submission, by their names as the reader's are shown."""
    paths = [Path(root) / name for root, _, names in os.walk(folder) for name in names]
    return {one_line(path.relative_to(folder).as_posix(), 200): path for path in paths}


def _sha256(path: Path | None) -> str:
    try:
        with open(path or "", "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _missing(name: str, key: str, files: list[str]) -> SubmittedRun:
    halves = [Path(file) for file in files if file.endswith(STATE) and not file.endswith(FINAL)]
    # `rnnkit pack` names the folder by the regime, whatever the file is called.
    half = any(name in (path.parent.name, path.name.removesuffix(STATE)) for path in halves)
    return SubmittedRun(key, flags=(f"{key}: no record" + (", only the state of an unfinished run" if half else ""),))


def _decoded(
    done: Finished, asked: Sequence[str], known: Runs, whose: Whose | None
) -> tuple[list[SubmittedRun], list[str]]:
    """The reader's lines as runs, and what went wrong with it."""
    runs, flags = [], []
    lines = done.stdout[: 2 * OUTPUT].splitlines()
    for number, line in enumerate(lines):
        try:
            runs.append(_run(decode(json.loads(line)), asked, known, whose))
        except Exception as error:  # nothing in a submission may end its grading
            if not (done.returncode and number == len(lines) - 1):  # a line that was cut off has its reason below
                flags.append(f"runs: a record cannot be read ({type(error).__name__})")
    if done.returncode or done.why:
        flags.append(
            f"runs: not all records could be read: {one_line(done.why or f'exit status {done.returncode}', MOST_TEXT)}"
        )
    return runs, flags


def _run(content: dict[str, Any], asked: Sequence[str], known: Runs, whose: Whose | None) -> SubmittedRun:
    """One line of the reader, with its flags."""
    file = one_line(content["file"], 200)
    stem = Path(file).name.removesuffix(FINAL)
    named_so = next((key for key in asked if stem == known.key_of(key)[1]), one_line(stem, 40))
    if content["problem"] is not None:
        problem = one_line(content["problem"], MOST_TEXT)
        return SubmittedRun(named_so, file, (f"{named_so}: {one_line(Path(file).name, MOST_TEXT)}: {problem}",))
    try:
        settings = _settings(content, known)
    except BadValue as why:
        return SubmittedRun(named_so, file, (f"{named_so}: {why}",), content=content)
    usual, drawn = whose.looked_at(settings, known) if whose else (settings, [])
    key, profile, flags = _which(usual, asked, known)
    flags += drawn
    if settings.name != stem:
        flags.append(f"the file is called {one_line(stem, 60)}, its run {one_line(settings.name, 60)}")
    if isinstance(settings, Regime):
        says = content["texts"].get("profile")
        if says != (profile if profile in PROFILES else "custom") and not (whose and says == "custom"):
            flags.append(f"says profile {one_line(content['texts'].get('profile'), 20)}, its settings are {profile}")
        flags += strange(content, settings)
    cut = [f"and {len(flags) - MOST_FLAGS} more"] if len(flags) > MOST_FLAGS else []
    flags = [f"{key}: {flag}" for flag in [*flags[:MOST_FLAGS], *cut]]
    size = known.nearest(usual, key) if key in asked else ""
    return SubmittedRun(key, file, tuple(flags), settings, profile, content, size=size)


def _settings(content: dict[str, Any], known: Runs) -> Any:
    if known.key not in content["texts"]:
        problem = one_line(content["problems"].get(known.key, f"no key {known.key!r}"), MOST_TEXT)
        raise BadValue(f"the record has no settings: {problem}")
    try:
        return known.settings.from_json(content["texts"][known.key])
    except (ValueError, TypeError, RecursionError) as error:
        raise BadValue(f"its settings cannot be read: {one_line(error, MOST_TEXT)}") from None


def _which(settings: Any, asked: Sequence[str], known: Runs) -> tuple[str, str, list[str]]:
    """Which named run this is, in which profile, and how it differs from it."""
    key, profile = known.named(settings)
    if key in asked:
        return key, profile, [] if profile == "full" else [f"profile {profile}, not full"]
    key = known.key_of(settings.name)[0]
    changed = known.differences(settings, key) if key else []
    flags = [f"settings are not the handout's: {one_line(', '.join(changed), 200)}"] if changed else []
    return key if key in asked else one_line(settings.name, 40), "custom", flags


def _best(key: str, several: list[SubmittedRun]) -> SubmittedRun:
    """The one that counts of several of a run: one at its end, then the largest profile, then the most updates."""

    def rank(one: SubmittedRun) -> tuple:
        running = one.content.get("texts", {}).get("status") == "running"
        return (
            not one.profile,
            running,
            PROFILE_ORDER.index(one.profile) if one.profile in PROFILE_ORDER else 0,
            -one.content.get("numbers", {}).get("updates", 0),
            len(one.flags),
            one.file,
        )

    best, *others = sorted(several, key=rank)
    twice = [one.file for one in others if one.profile == best.profile]
    more = (f"{key}: {len(twice)} more of this profile: {one_line(', '.join(twice), 150)}",) if twice else ()
    return replace(best, key=key, flags=(*best.flags, *more))


def _joined(runs: list[SubmittedRun], due: Sequence[str]) -> list[SubmittedRun]:
    """The runs, with what is said of several of them in the same words said once, at the end."""
    said: dict[str, list[str]] = {}
    for one in runs:
        for flag in one.flags:
            said.setdefault(flag.removeprefix(f"{one.key}: "), []).append(one.key)
    several = {text: keys for text, keys in said.items() if len(keys) > 1}
    alone = [
        replace(one, flags=tuple(flag for flag in one.flags if flag.removeprefix(f"{one.key}: ") not in several))
        for one in runs
    ]
    together = tuple(f"{_listed(keys, due)}: {text}" for text, keys in several.items())
    return [*alone, _all_runs(*together)] if together else alone


def _listed(keys: list[str], due: Sequence[str]) -> str:
    """``A1-A5, B1, B2``: three and more in a row of the runs that are due are shortened."""
    order = list(due)
    rows: list[list[str]] = []
    for key in keys:
        last = rows[-1][-1] if rows else ""
        following = key in order and last in order and order.index(key) == order.index(last) + 1
        if following and last[:1] == key[:1]:
            rows[-1].append(key)
        else:
            rows.append([key])
    return ", ".join(f"{row[0]}-{row[-1]}" if len(row) > 2 else ", ".join(row) for row in rows)


def _together(runs: list[SubmittedRun], assignment: Assignment, cells_sha256: str) -> Iterator[SubmittedRun]:
    """What only shows in all runs at once, and beside the notebook that their cells are from."""
    cells, due = defaultdict(list), assignment.hand_in.runs
    for one in runs if assignment.model else ():
        if sha256 := one.content.get("texts", {}).get("cells_sha256"):
            cells[one_line(sha256, 64)].append(one.key)
    if len(cells) > 1:
        which = "; ".join(f"{_listed(keys, due)} by {one_line(sha256, 12)}" for sha256, keys in cells.items())
        yield _all_runs(f"runs: made with different model.py's: {which}")
    builtin = cells.pop(BUILTIN, [])
    if builtin:
        yield _all_runs(f"runs: made with the built-in cells, not model.py: {_listed(builtin, due)}")
    right = {*builtin, *cells.get(cells_sha256, [])}
    others = [one.key for one in runs if one.content.get("texts", {}).get("cells_sha256") and one.key not in right]
    if assignment.model and cells_sha256 and others:
        name = assignment.model.notebook
        yield _all_runs(f"runs: made with another model.py than {name} gives: {_listed(others, due)}")


def untried(assignment: Assignment, question: Question, runs: list[SubmittedRun]) -> Report:
    """What is said of a run that has points before it is tried again, see `rnnkit.grading.course.own_run`."""
    judge = assignment.module_of(question)
    if any(one.regime is not None and one.regime.task == judge.TASK for one in runs):
        return failed(question, NOT_TRIED, "the run is tried again after everything else")
    return judge.without(judge.NONE)


def record_of(run: SubmittedRun) -> dict[str, np.ndarray]:
    """What is known of a run in the shape of a record: curves over checks, and the last check's diagnostics.

    Raises:
        BadValue: too little is known.
    """
    checks, last = run.content.get("checks", {}), run.content.get("last", {})
    if "check_updates" not in checks or run.regime is None:
        raise BadValue(f"{run.key}: expected checks and settings, found none")
    count = len(checks["check_updates"])
    if not (checks["check_updates"] >= 0).any():
        raise BadValue(f"{run.key}: expected at least one check, found none")
    record: dict[str, Any] = {name: value for name, value in checks.items() if len(value) == count}
    record |= {name: np.broadcast_to(row, (count, len(row))) for name, row in last.items()}
    record |= {name: np.array(text) for name, text in run.content["texts"].items()}
    record |= {name: np.array(number) for name, number in run.content["numbers"].items()}
    return record | run.content["curves"]
