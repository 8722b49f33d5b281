"""Makes an assignment's ``expected/*.json``: what the solutions of its notebooks give, and what known mistakes give.

Run it in the clone after a change of a solution, a case or the bank: ``python -m rnnkit.checks.generate [ASSIGNMENT]``.
Probes, terms and known mistakes are made where the assignment has them. What it knows to go wrong stands in modules of
its key: `mistakes` with rows of a `Mistake`; `bases`, `families` and `terms` as in ``tests/bank``, which is the main
assignment's, and where slips of one symbol and the table are everybody's.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import multiprocessing
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.checks.assignment import Assignment
from rnnkit.checks.inputs import Expected
from rnnkit.checks.known import ALONE, PAIR, SLIP, Prints, prints
from rnnkit.checks.observe import answers, run_case, run_probes
from rnnkit.checks.question import Question
from rnnkit.checks.sandbox import quiet
from rnnkit.checks.solutions import ROOT, Asked, patched, question_of, solution, student_object
from rnnkit.common.places import PACKAGE
from rnnkit.common.whole import save_text

TESTS = ROOT / "tests"
UNSAFE = re.compile(r"log|\*\* 0.5|exp\(|inv|/ 0|std|var\(|softmax|half")  # NaN crashes some eigenvalue solvers


class Mistake(NamedTuple):
    """``old`` stands exactly once in the question's solution cell; with ``new`` for it the mistake is made."""

    question: str
    name: str
    old: str
    new: str
    message: str


def of_question(question: str, *rows: tuple[str, str, str, str]) -> tuple[Mistake, ...]:
    """Mistakes of one question, each by what else it is made of."""
    return tuple(Mistake(question, *row) for row in rows)


@cache
def _module(name: str) -> Any:
    """A module, of the clone's tests as well; None where there is none."""
    sys.path.insert(0, str(TESTS))
    try:
        return importlib.import_module(name) if importlib.util.find_spec(name) else None
    finally:
        sys.path.remove(str(TESTS))


def _brought(assignment: Assignment, module: str, name: str, nothing: Any = ()) -> Any:
    """What an assignment's own bank, by default its key, has in a module under a name."""
    home = getattr(assignment.key, "BANK", f"{assignment.home}.key")
    return getattr(_module(f"{home}.{module}"), name, nothing)


@cache
def bank(assignment: Assignment | None = None) -> tuple[Mistake, ...]:
    """The known mistakes of an assignment, by default the main one."""
    return tuple(Mistake(*row) for row in _brought(assignment or get_assignment(), "mistakes", "MISTAKES"))


def pairs(asked: Asked) -> Iterator[tuple[Mistake, Mistake, str]]:
    """Every two known mistakes of a question that can be made in one cell, and that cell."""
    question = question_of(asked)
    mistakes, text = [one for one in bank(question.assignment) if one.question == question.id], solution(question)
    for k, other in enumerate(mistakes):
        for one in mistakes[:k]:
            for first, second in ((one, other), (other, one)):
                half = text.replace(first.old, first.new)
                if half.count(second.old) == 1:
                    yield one, other, half.replace(second.old, second.new)
                    break


def slips(question: Question) -> Iterator[Any]:
    """The slips of one symbol in the solution of a question and in other right answers to it; none of a whole class."""
    text = solution(question)
    if text.startswith("class "):
        return
    head, fragile = text.split("    ### BEGIN")[0], re.search(r"linalg\.(eig|matrix_norm)", text)
    bases = _brought(question.assignment, "bases", "BASES")
    rules = _module("bank.slip_rules")
    for whole in (text, *(f"{head}    {body}\n" for id, body in bases if id == question.id)):
        for slip in _module("bank.slips").slips(whole, rules.changes, rules.statements):
            if not fragile or not UNSAFE.search(slip.text):
                yield slip


def more(question: Question) -> Iterator[tuple[str, str]]:
    """Usual mistakes in more than one symbol: the cell and the sentence."""
    for id, old, new, message in _brought(question.assignment, "bases", "MORE"):
        if id == question.id:
            yield patched(question, old, new), message


def families(question: Question) -> Iterator[tuple[str, str]]:
    """Wrong formulas out of the tables: the cell and the sentence."""
    for module, name in (("families", "FUNCTIONS"), ("families_lists", "LISTS"), ("families_cells", "CELLS")):
        for old, new, message in _brought(question.assignment, module, name, {}).get(question.id, tuple)():
            yield patched(question, old, new), message


def _rounded(values: Any) -> Any:
    return [_rounded(value) for value in values] if isinstance(values, list) else float(f"{values:.12g}")


def _stored(numbers: Expected) -> dict[str, dict[str, Any]]:
    """Numbers by case, or by probe, and quantity as JSON holds them."""
    return {
        case: {name: _rounded(values.tolist()) for name, values in quantities.items()}
        for case, quantities in numbers.items()
    }


def right_numbers(question: Question) -> Expected:
    """What the solution of a question gives with the public inputs."""
    with quiet():
        return answers(question, student_object(question), question.inputs)


def _prints(question: Question, text: str, right: Expected) -> Prints | None:
    """The fingerprints of a wrong answer; None in the cases that it passes, and None where no case gives a number.

    Asked in float64 alone, and of a cell in the first round alone: that is what `known.prints` looks at.
    """
    try:
        obj = student_object(question, text)
    except Exception:
        return None
    outcomes = {}
    with quiet():
        for case in question.cases:
            given = question.inputs.of(case.name)
            outcomes[case.name] = run_case(case, obj, torch.float64, given.alone() if question.method else given)
    return prints(question, outcomes, right)


def known(asked: Asked) -> dict[str, Any]:
    """The fingerprints of all that is known to go wrong in one question."""
    torch.set_num_threads(1)
    question = question_of(asked)
    id, right = question.id, right_numbers(question)
    table = _module("bank.table").Table([case.name for case in question.cases])
    lines = _brought(question.assignment, "bases", "LINES", {})
    for mistake in bank(question.assignment):
        if mistake.question == id:
            text = patched(question, mistake.old, mistake.new)
            table.add(ALONE, (mistake.message,), _prints(question, text, right), lines.get((id, mistake.name), ""))
    for text, message in more(question):
        table.add(SLIP, (message,), _prints(question, text, right))
    for one, other, text in pairs(question):
        table.add(PAIR, (one.message, other.message), _prints(question, text, right))
    for text, message in families(question):
        table.add_family(message, _prints(question, text, right))
    seen: set[str] = set()
    for slip in slips(question):
        if slip.text not in seen:
            seen.add(slip.text)
            wrong = _prints(question, slip.text, right)
            table.add(SLIP, (table.family(wrong) or slip.message,), wrong)
    return table.stored()


def probe_numbers(question: Question) -> dict[str, dict[str, Any]]:
    """The right numbers of a question's probes."""
    with quiet():
        outcomes = run_probes(question, student_object(question))
    fine = {name: one for name, one in outcomes.items() if one.error is None and not one.problems}
    return _stored({name: outcome.values for name, outcome in fine.items()})


def terms(question: Question) -> dict[str, dict[str, list[Any]]]:
    """The numbers of the terms that a question's sums may be made of, by quantity."""
    terms = _brought(question.assignment, "terms", "TERMS", {}).get(question.id, {})
    names = _brought(question.assignment, "terms", "names")(question, student_object) if terms else {}
    return {
        quantity: {said: _rounded(np.asarray(eval(text, names)).tolist()) for said, text in rows.items()}
        for quantity, rows in terms.items()
    }


def computed(assignment: Assignment) -> list[Question]:
    """The questions whose right numbers are shipped."""
    return [question for question in assignment.code if not question.judge]


def build(assignment: Assignment) -> dict[str, dict[str, Any]]:
    """File name -> its contents: the right numbers by notebook."""
    torch.set_num_threads(1)
    files: dict[str, dict[str, Any]] = {}
    for question in computed(assignment):
        file = files.setdefault(f"{Path(question.notebook).stem}.json", {})
        file[question.id] = {"expected": _stored(right_numbers(question))}
    return files


def main() -> None:
    """Writes the files of an assignment; where questions are named, too, those alone are made anew in `known.json`."""
    name, *ids = sys.argv[1:] if sys.argv[1:2] and sys.argv[1] in names() else [MAIN, *sys.argv[1:]]
    assignment = get_assignment(name)
    folder = PACKAGE / "assignments" / name / "expected"
    folder.mkdir(exist_ok=True)
    for file, contents in build(assignment).items():
        save_text(folder / file, _text(contents))
        print(f"{file}: {len(contents)} questions")
    asked = computed(assignment)
    if any(question.probes for question in asked):
        save_text(folder / "probes.json", _lines({q.id: json.dumps(probe_numbers(q)) for q in asked}))
    made = {q.id: terms(q) for q in asked}
    if any(made.values()):
        save_text(folder / "terms.json", _lines({id: json.dumps(one) for id, one in made.items()}))
    if not bank(assignment):
        return
    path = folder / "known.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if ids else {}
    ids = ids or [question.id for question in asked]
    with multiprocessing.Pool(2) as pool:
        for id, one in zip(ids, pool.imap(known, [f"{name}/{id}" for id in ids]), strict=True):
            stored[id] = one
            counts = [sum(entry[0] == kind for entry in one["known"]) for kind in (ALONE, PAIR, SLIP)]
            wrong = sum(map(len, one["families"].values()))
            print(f"{id}: {counts[0]} mistakes, {counts[1]} pairs, {counts[2]} slips, {wrong} formulas", flush=True)
            there = {id: stored[id] for id in assignment.questions if id in stored}
            dense = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
            save_text(path, _lines({id: dense(one) for id, one in there.items()}))


def _lines(rows: Mapping[str, str]) -> str:
    """A JSON object with the JSON of each entry on a line: short, and readable in a diff."""
    return "{\n" + ",\n".join(f" {json.dumps(name)}: {row}" for name, row in rows.items()) + "\n}\n"


def _text(contents: dict[str, Any]) -> str:
    """JSON with one line per case."""
    rows = {}
    for id, entry in contents.items():
        cases = ",\n".join(f"   {json.dumps(case)}: {json.dumps(values)}" for case, values in entry["expected"].items())
        rows[id] = f'{{\n  "expected": {{\n{cases}\n  }}\n }}'
    return _lines(rows)


if __name__ == "__main__":
    main()
