"""What one student hands in: honest work, or what is injected in its place."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from course import ASSIGNMENT, NAME, ROOT, cells
from forgeries import forge
from hostile import CASES
from hostile.base import REPORT, Submission, named

from rnnkit.assignments.training_dynamics.questions import ASKED, CELLS, DIAGNOSTICS, EXTRA, LESSON
from rnnkit.checks.generate import patched
from rnnkit.notebook import predictions
from rnnkit.notebook.assemble import model_of
from rnnkit.runs.modelfile import DEFAULT_FILE
from whole_class import code, prose, records
from whole_class.plan import HOSTILE, Student, known

WRITTEN = tuple(
    name.removesuffix("_task")
    for name in (named(cell) for cell in Submission(True, Path("none")).all(REPORT))
    if name.endswith("_task")
)  # what a person reads
BECAUSE = "I think so {0} of the {1} in it"


def write(one: Student, course: Path, made: Path, work: Path) -> None:
    """Writes what one student hands in, whole or not at all.

    Arguments:
        course: where it will be graded, which an attacker knows.
        made: the folder of all hand-ins, where those that are copied lie already.
        work: a folder for what is not whole yet.
    """
    own, rng = work / one.id, random.Random(f"student {one.seed}")
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    if one.group == HOSTILE:
        _attack(one, course, own)
    else:
        _honestly(one, made / one.source if one.source else None, own, rng)
    made.mkdir(exist_ok=True)
    own.rename(made / one.id)


def _attack(one: Student, course: Path, work: Path) -> None:
    case = CASES[one.attack]
    made = Submission(case.is_right, course)
    case.write(made)
    made.notebooks.pop(LESSON, None)
    made.write(work)


def _honestly(one: Student, source: Path | None, work: Path, rng: random.Random) -> None:
    """All that is the student's own work, or somebody else's that is handed in as such."""
    submission = Submission(True, Path("none"))
    solutions = {id: code.answer(id, rng) for id in ASKED}
    if source and one.copied != "prose":
        solutions = {
            id: code.renamed(text, 2, rng) for id, text in cells_of(source, [f"{id}_solution" for id in ASKED]).items()
        }
    for id, name in one.mistakes.items():
        mistake = known(id, name)
        solutions[id] = code.styled(patched(id, mistake.old, mistake.new), rng, 0.0)
    for id, text in solutions.items():
        if id not in one.empty:
            submission.cell(f"{id}_solution")["source"] = text
    for id in one.empty:
        submission.cell(f"{id}_solution")["source"] = untouched()[id]
    if source and one.copied != "prose":
        _reorder(submission, rng)
    for name in (LESSON, *([EXTRA] if rng.random() < 0.5 and not one.mistakes.keys() & {"omega"} else [])):
        del submission.notebooks[name]
    model = model_of(submission.notebooks[CELLS], CELLS).text
    (work / DEFAULT_FILE).write_text(model, encoding="utf-8")
    one = replace(one, runs=records.trained(work, work / DEFAULT_FILE, one.runs, one.seed))
    if source and one.copied == "all, and records":
        shutil.rmtree(work / "runs")
        shutil.copytree(source / "runs", work / "runs")
    figures = records.figures(work, one.runs)
    for run, kind in one.forged.items():
        forge(kind, records.path_of(work, run), np.random.RandomState(one.seed))
    texts = {id: prose.written(id, figures, rng) for id in (*WRITTEN, "ai_chats")}
    if source and one.copied != "code":
        texts = {
            id: text if rng.random() < 0.5 else prose.edited(text, rng)
            for id, text in cells_of(source, [*texts]).items()
        }
    for id, text in texts.items():
        submission.cell(id)["source"] = text
    _foretell(one, work, rng)
    for name, lost in (("report", [REPORT]), ("cells", [CELLS, DEFAULT_FILE]), ("diagnostics", [DIAGNOSTICS])):
        for path in lost if one.lacks == name else ():
            submission.notebooks.pop(path, None)
            (work / path).unlink(missing_ok=True)
    for name, notebook in submission.notebooks.items():
        (work / name).write_text(json.dumps(notebook), encoding="utf-8")


@cache
def untouched() -> dict[str, str]:
    """The cells of the questions as they are given out."""
    paths = (ROOT / "release" / NAME).glob("*.ipynb")
    found = {cell["id"]: cell["source"] for path in paths for cell in cells(path)}
    return {id: found[f"{id}_solution"] for id in ASKED}


def cells_of(folder: Path, ids: list[str]) -> dict[str, str]:
    """The texts of cells that another one handed in, by their questions."""
    notebooks = (json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.ipynb"))
    found = {cell["id"]: "".join(cell["source"]) for notebook in notebooks for cell in notebook["cells"]}
    return {id.removesuffix("_solution"): found[id] for id in ids if id in found}


def _reorder(submission: Submission, rng: random.Random) -> None:
    """Puts two answers of each notebook in each other's place, as far as one does not need the other before."""
    for notebook, pairs in (
        (CELLS, [("gru_update_gate", "gru_reset_gate"), ("rnn_rho", "rnn_forward")]),
        (DIAGNOSTICS, [("sat_time", "gate_sat_time"), ("rho", "sat_time")]),
    ):
        found = submission.notebooks[notebook]["cells"]
        one, other = (
            next(k for k, cell in enumerate(found) if cell["id"] == f"{id}_solution") for id in rng.choice(pairs)
        )
        found[one], found[other] = found[other], found[one]


def _foretell(one: Student, work: Path, rng: random.Random) -> None:
    """What the student foretold of the runs, before their figures were opened."""
    asked = ASSIGNMENT.experiment.asked if ASSIGNMENT.experiment else ()
    for run in one.runs:
        choices = {question.name: rng.choice(question.answers) for question in asked}
        because = BECAUSE.format(
            rng.choice(["because", "in view", "on account"]), rng.choice(["clipping", "gates", "length"])
        )
        entries = [
            predictions.Entry(predictions.PREDICTED, run, choices, because),
            predictions.Entry(predictions.OPENED, run),
        ]
        predictions.append(work / predictions.FILE, entries)
    for left in work.glob(".*.lock"):
        left.unlink()
