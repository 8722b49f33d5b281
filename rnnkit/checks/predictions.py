"""Points for having said, before a figure was opened, what each run would do; never for having been right."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rnnkit.checks.question import Question
from rnnkit.checks.report import INCOMPLETE, CaseReport, Judged, Report
from rnnkit.common.looking import running_shell
from rnnkit.common.text import shown
from rnnkit.notebook.predictions import CHANGED, FILE, LATE, MENDED, Entry, Standing, read, refusal, standing

if TYPE_CHECKING:
    from rnnkit.runs.experiment import Experiment

OWN_RUN = "own_run"  # what names one's own experiment in the notebook, see `HandIn.own_runs`


def judged(question: Question, folder: Path, own: str = "") -> Judged:
    """The report on a folder's predictions: a share of the points for each run that is due, and for one's own.

    A changed prediction counts by what it was when the figures were opened. Flags tell where the file shows that it was
    edited, or that a figure was opened before.

    Arguments:
        question: whose points they are.
        folder: that holds the file.
        own: the name of the experiment of one's own, where it is not the usual one.
    """
    entries: list[Entry] = []
    flags = []
    try:
        entries, broken = read(folder / FILE)
        flags += [f"{FILE}: {broken}"] if broken else []
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        flags.append(f"{FILE}: cannot be read ({shown(str(error))})")
    flags += [
        f"{FILE}: begun again, as an earlier one ({one.run}) was broken: {one.because}"
        for one in entries
        if one.what == MENDED
    ]
    experiment = question.assignment.experiment
    assert experiment, f"{question.assignment.name} has nothing to foretell"
    due, usual = experiment.due, question.assignment.hand_in.own_runs.get(OWN_RUN, "")
    runs = [*due, *filter(None, [usual if own in due else own or usual])]
    stands = {run: standing(entries, run) for run in runs}
    cases = [_case(experiment, run, one, question.points / len(runs)) for run, one in stands.items()]
    points, whole = sum(case.weight for case in cases if case.passed), all(case.passed for case in cases)
    flags += [f"{run}: its figure was opened before it was predicted" for run, one in stands.items() if one.late]
    told = [_told(run, one) for run, one in stands.items() if one.first]
    report = Report(
        question.id, question.target, round(points, 2), question.points, "complete" if whole else INCOMPLETE, cases
    )
    report.messages = [f"{run}: {CHANGED}; what it was before counts" for run, one in stands.items() if one.changed]
    return Judged(report, flags, told)


def _case(experiment: Experiment, run: str, one: Standing, most: float) -> CaseReport:
    """Whether a whole prediction was made in time."""
    if one.first is None:
        why = "no prediction yet"
    elif one.late:
        why = LATE
    else:
        why = refusal(experiment.asked, *one.first.said)
    told = "" if most == round(most, 2) else f"{0 if why else most:.2f} of {most:.2f}"  # a sixth of a point
    return CaseReport(run, most, not why, [why] if why else [], told)


def _told(run: str, one: Standing) -> str:
    """A prediction in a line, for a teacher."""
    versions = [version for version in (one.first, one.last) if version][: 1 + (one.first is not one.last)]
    said = [f"{version.answers} “{version.because}” ({version.time})" for version in versions]
    return f"{run}: {', then '.join(said)}{one.note and f'; {one.note}'}"


def own_in(sources: Iterable[str]) -> str:
    """The name that cells of a notebook give to `OWN_RUN`; empty where none does."""
    own = ""
    for source in sources:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            for node in ast.parse(source).body:
                if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == OWN_RUN for one in node.targets):
                    value = getattr(node.value, "value", None)
                    own = value.strip() if isinstance(value, str) and value.strip() else own
    return own


def own_here() -> str:
    """The name in the notebook that is running."""
    shell = running_shell()
    value = shell.user_ns.get(OWN_RUN) if shell else None
    return value.strip() if isinstance(value, str) and value.strip() else ""
