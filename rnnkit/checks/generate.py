"""Makes an assignment's ``expected/*.json``: what the solutions of its notebooks give, and what known mistakes give.

Run it in the clone after a change of a solution, a case or the bank: ``python -m rnnkit.checks.generate [ASSIGNMENT]``.
Probes, terms and known mistakes are made where the assignment has them: mistakes and terms stand in the bank of the
clone's tests, which is the main assignment's.
"""

from __future__ import annotations

import importlib
import json
import linecache
import multiprocessing
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.checks.assignment import Assignment
from rnnkit.checks.inputs import Expected
from rnnkit.checks.known import ALONE, PAIR, SLIP, Prints, prints
from rnnkit.checks.observe import answers, run_case, run_probes
from rnnkit.checks.question import Question
from rnnkit.checks.sandbox import quiet
from rnnkit.common.places import PACKAGE
from rnnkit.common.whole import save_text
from rnnkit.notebook.cells import SOLUTION, read_notebook, text_of

ROOT = PACKAGE.parent
BANK = ROOT / "tests" / "bank"
UNSAFE = re.compile(r"log|\*\* 0.5|exp\(|inv|/ 0|std|var\(|softmax|half")  # NaN crashes some eigenvalue solvers
GIVEN = ("setup", "rnn_class", "gru_class")


Asked = Question | str  # a question, or the id of one of the main assignment's


def question_of(asked: Asked) -> Question:
    """The question that is meant."""
    return get_assignment().questions[asked] if isinstance(asked, str) else asked


@cache
def _cells(assignment: str, notebook: str) -> dict[str, str]:
    read = read_notebook(ROOT / "notebooks" / assignment / notebook)["cells"]
    cells = {cell["id"]: cell for cell in read if cell["cell_type"] == "code"}
    return {id: text_of(cell) for id, cell in cells.items() if id in GIVEN or id.endswith(SOLUTION)}


def solution(asked: Asked) -> str:
    """The text of a question's solution cell."""
    question = question_of(asked)
    return _cells(question.assignment.name, question.notebook)[f"{question.id}_solution"]


def student_object(asked: Asked, text: str | None = None, **others: str) -> Any:
    """The class or function of a notebook, as a check cell would hand it over.

    The solution cells of the question and of others, by id, may be replaced by these texts.
    """
    question = question_of(asked)
    if text:
        others[question.id] = text
    texts = {f"{id}_solution": other for id, other in others.items()}
    space: dict[str, Any] = {"__name__": "__main__"}
    for id, source in (_cells(question.assignment.name, question.notebook) | texts).items():
        name = f"<cell {id}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(_compiled(source, name), space)
    return space[question.target]


@lru_cache(200)
def _compiled(source: str, name: str) -> Any:
    return compile(source, name, "exec")


def patched(asked: Asked, old: str, new: str) -> str:
    """A solution cell with one place changed, which must be there exactly once."""
    text = solution(asked)
    if text.count(old) != 1:
        raise ValueError(f"{question_of(asked).id}: expected {old!r} once in the solution, not {text.count(old)} times")
    return text.replace(old, new)


@cache
def _module(name: str) -> Any:
    """A module of the clone's `tests/bank`."""
    sys.path.insert(0, str(BANK.parent))
    try:
        return importlib.import_module(f"{BANK.name}.{name}")
    finally:
        sys.path.remove(str(BANK.parent))


def bank() -> tuple[Any, ...]:
    """The known mistakes of the clone's tests."""
    return _module("mistakes").MISTAKES


def pairs(question: str) -> Iterator[tuple[Any, Any, str]]:
    """Every two known mistakes of a question that can be made in one cell, and that cell."""
    mistakes, text = [one for one in bank() if one.question == question], solution(question)
    for k, other in enumerate(mistakes):
        for one in mistakes[:k]:
            for first, second in ((one, other), (other, one)):
                half = text.replace(first.old, first.new)
                if half.count(second.old) == 1:
                    yield one, other, half.replace(second.old, second.new)
                    break


def slips(question: str) -> Iterator[Any]:
    """The slips of one symbol in the solution of a question, and in other right answers to it."""
    head = solution(question).split("    ### BEGIN")[0]
    bodies = [f"{head}    {body}\n" for id, body in _module("bases").BASES if id == question]
    rules = _module("slip_rules")
    for text in (solution(question), *bodies):
        for slip in _module("slips").slips(text, rules.changes, rules.statements):
            if question != "rho" or not UNSAFE.search(slip.text):
                yield slip


def more(question: str) -> Iterator[tuple[str, str]]:
    """Usual mistakes in more than one symbol: the cell and the sentence."""
    for id, old, new, message in _module("bases").MORE:
        if id == question:
            yield patched(question, old, new), message


def families(question: str) -> Iterator[tuple[str, str]]:
    """Wrong formulas out of the tables: the cell and the sentence."""
    tables = _module("families").FUNCTIONS | _module("families_lists").LISTS | _module("families_cells").CELLS
    for old, new, message in tables.get(question, tuple)():
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
    table = _module("table").Table([case.name for case in question.cases])
    for mistake in bank():
        if mistake.question == id:
            text = patched(id, mistake.old, mistake.new)
            line = _module("bases").LINES.get((id, mistake.name), "")
            table.add(ALONE, (mistake.message,), _prints(question, text, right), line)
    for text, message in more(id):
        table.add(SLIP, (message,), _prints(question, text, right))
    for one, other, text in pairs(id):
        table.add(PAIR, (one.message, other.message), _prints(question, text, right))
    for text, message in families(id):
        table.add_family(message, _prints(question, text, right))
    seen: set[str] = set()
    for slip in slips(id):
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
    names = _module("terms").names(question, student_object)
    return {
        quantity: {said: _rounded(np.asarray(eval(text, names)).tolist()) for said, text in rows.items()}
        for quantity, rows in _module("terms").TERMS.get(question.id, {}).items()
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
    if any(question.probes for question in computed(assignment)):
        save_text(folder / "probes.json", _lines({q.id: json.dumps(probe_numbers(q)) for q in computed(assignment)}))
    if name != MAIN:  # the bank is the main assignment's
        return
    save_text(folder / "terms.json", _lines({q.id: json.dumps(terms(q)) for q in computed(assignment)}))
    path = folder / "known.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if ids else {}
    ids = ids or [question.id for question in computed(assignment)]
    with multiprocessing.Pool(2) as pool:
        for id, one in zip(ids, pool.imap(known, ids), strict=True):
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
