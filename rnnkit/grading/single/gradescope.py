"""What one grading found out, as Gradescope's autograder harness reads it.

Source: https://gradescope-autograders.readthedocs.io/en/latest/specs/ (read as stored there in 2026): the file is
``/autograder/results/results.json``, the submission lies in ``/autograder/submission``; ``score`` at the top stands in
the place of the sum of the tests; a test's ``status`` is ``passed`` or ``failed``; what is printed is shown to
instructors alone, unless ``stdout_visibility`` says otherwise; a test of visibility ``hidden`` is never shown to
students.
"""

from __future__ import annotations

from typing import Any

from rnnkit.grading.ledger import NOT_ASKED, NOT_GRADED, NOT_TRIED, WAITS
from rnnkit.grading.single.single import TO_MARK

OPEN = (TO_MARK, NOT_TRIED, WAITS)  # neither passed nor failed
MESSAGE = "  -> "  # how the lines begin that tell a student something, see `rnnkit.checks.report.Report.text`
AFTER = "a person marks this; its points are not in the score yet"


def results(told: dict[str, Any]) -> dict[str, Any]:
    """The content of ``results.json``.

    A test stands for a question: of the cases that it is tried with neither names nor numbers are given away. An
    answer that a person has yet to mark has no score, and says so. Flags are for instructors alone.

    Arguments:
        told: as `rnnkit.grading.single.grade_one` returns it.
    """
    tests = [_test(str(number), id, one) for number, (id, one) in enumerate(told["questions"].items(), 1)]
    if told["flags"]:
        flags = {"name": "for instructors", "output": "\n".join(told["flags"]), "visibility": "hidden"}
        tests.append({"number": str(len(tests) + 1), "output_format": "text"} | flags)
    return {
        "score": told["points"] + told["extra"],
        "execution_time": told["seconds"],
        "output": output(told),
        "output_format": "text",
        "tests": tests,
        "extra_data": {name: told[name] for name in ("assignment", "seed", "version", "confined")},
    }


def refused(reason: str) -> dict[str, Any]:
    """The content of ``results.json`` where nothing could be graded: the reason is shown to the student."""
    return {"score": 0.0, "output": f"nothing was graded: {reason}", "output_format": "text", "tests": []}


def output(told: dict[str, Any]) -> str:
    """What concerns the whole submission: the points, what is to come, and which notebooks could not be used."""
    lines = [f"{told['points']:g} of {told['most']:g} points by checks"]
    lines[0] += f", {told['extra']:g} for extra credit" if told["extra"] else ""
    if waiting := [one["most"] for one in told["questions"].values() if one["status"] == TO_MARK]:
        lines.append(f"{len(waiting)} answers, {sum(waiting):g} points, are marked by a person later")
    reasons = {name: one["reason"].removeprefix(f"{name}: ") for name, one in told["notebooks"].items()}
    lines += [f"{name}: {reason}" for name, reason in reasons.items() if reason]
    return "\n".join(lines)


def _test(number: str, id: str, one: dict[str, Any]) -> dict[str, Any]:
    test: dict[str, Any] = {"name": id, "name_format": "text", "number": number}
    test |= {"output_format": "text", "visibility": "visible"}
    if one["status"] == TO_MARK:
        return test | {"output": f"{AFTER} ({one['most']:g} to be had)"}
    said = [line.removeprefix(MESSAGE) for line in one["message"].split("\n") if line.startswith(MESSAGE)]
    test |= {"score": one["points"], "max_score": 0.0 if one["extra"] else one["most"]}
    if one["status"] not in (*OPEN, NOT_ASKED, NOT_GRADED):
        test["status"] = "passed" if one["points"] >= one["most"] else "failed"
    return test | {"output": "\n".join([one["status"], *said])}
