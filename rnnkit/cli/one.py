"""``rnnkit grade --one``: one submission by itself, as text, as JSON, or as Gradescope reads it."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from tqdm.auto import tqdm

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.common.whole import save_text
from rnnkit.grading.ledger import GRADED, NOT_GRADED
from rnnkit.grading.notebooks.reading import BadSubmission
from rnnkit.grading.single import grade_one
from rnnkit.grading.single.gradescope import output, refused, results
from rnnkit.grading.single.single import NotGraded


def main(given: argparse.Namespace, assignment: Assignment) -> int:
    """Grades; 0 done, 1 where nothing of it could be used or the grader gave up.

    With ``--gradescope`` a submission that cannot be graded is a result, too: its student is told why.
    """
    if given.gradescope and not os.access(given.gradescope.parent, os.W_OK):
        raise BadValue(f"--gradescope {given.gradescope}: expected a folder that can be written, found none")
    how = {"trust": given.trust, "seed": given.seed, "own_run_s": given.own_run_seconds}
    try:
        with tqdm(unit="s", desc="grading", bar_format="{desc} {elapsed}", disable=None, leave=False) as bar:
            told = grade_one(given.one, assignment, **how, on_wait=bar.update)
    except (BadSubmission, NotGraded) as error:
        if not given.gradescope:
            raise
        _save(given, refused(str(error)))
        return 1
    if given.gradescope:
        _save(given, results(told))
    if given.json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
    elif not given.gradescope:
        print(text(told))
    return 0 if told["status"] == GRADED else 1


def text(told: dict[str, Any]) -> str:
    """What came out, to be read: notebook by notebook, without the questions of those that are not there."""
    lines = [output(told)]
    for name, questions in _by_notebook(told).items():
        counted = [one for one in questions.values() if one["points"] is not None and not one["extra"]]
        had, most = (sum(one[what] for one in counted) for what in ("points", "most"))
        lines.append(f"\n{name}: {round(had, 2):g} of {most:g} points")
        for id, one in questions.items():
            points = "–" if one["points"] is None else f"{round(one['points'], 2):g}"
            extra = ", extra credit" if one["extra"] else ""
            lines.append(f"\n{id}: {points} of {one['most']:g} points{extra} · {one['status']}")
            lines += one["message"].split("\n")[1:]
    lines += ["", *(f"flag: {flag}" for flag in told["flags"])] if told["flags"] else []
    how = "" if told["confined"] else ", without a sandbox"
    return "\n".join([*lines, "", f"{told['seconds']:g} s, seed {told['seed']}, rnnkit {told['version']}{how}"])


def _by_notebook(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The questions that there is anything to be said of, by their notebooks."""
    there: dict[str, dict[str, Any]] = {}
    for id, one in told["questions"].items():
        if one["status"] != NOT_GRADED:
            there.setdefault(one["notebook"], {})[id] = one
    return there


def _save(given: argparse.Namespace, content: dict[str, Any]) -> None:
    save_text(given.gradescope, json.dumps(content, indent=1) + "\n")
