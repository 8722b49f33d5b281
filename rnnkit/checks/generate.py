"""Makes ``data/*.json``: what the solutions of the source notebooks give, and the fingerprints of the known mistakes.

Run it in the clone after a change of a solution, a case or the bank: ``python -m rnnkit.checks.generate``.
"""

from __future__ import annotations

import importlib
import json
import linecache
import multiprocessing
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnnkit.assignments.training_dynamics.inputs import SIZES, fixed
from rnnkit.assignments.training_dynamics.questions import CELLS, DIAGNOSTICS, EXTRA, QUESTIONS
from rnnkit.checks.known import ALONE, PAIR, SLIP, Prints, prints
from rnnkit.checks.observe import CASES, run_case, run_cases, run_probes
from rnnkit.checks.outcome import Outcome
from rnnkit.checks.sandbox import quiet
from rnnkit.common.places import PACKAGE
from rnnkit.notebook.cells import SOLUTION, read_notebook, text_of

ROOT = PACKAGE.parent
HERE = PACKAGE / "assignments" / "training_dynamics" / "expected"
NOTEBOOKS = ROOT / "notebooks" / "training_dynamics"
BANK = ROOT / "tests" / "bank"
FILES = {CELLS: "cells.json", DIAGNOSTICS: "diagnostics.json", EXTRA: "extra.json"}
Outcomes = dict[str, Outcome]
Expected = dict[str, dict[str, np.ndarray]]
UNSAFE = re.compile(r"log|\*\* 0.5|exp\(|inv|/ 0|std|var\(|softmax|half")  # NaN crashes some eigenvalue solvers
GIVEN = ("setup", "rnn_class", "gru_class")


@cache
def _cells(notebook: str) -> dict[str, str]:
    cells = {cell["id"]: cell for cell in read_notebook(NOTEBOOKS / notebook)["cells"] if cell["cell_type"] == "code"}
    return {id: text_of(cell) for id, cell in cells.items() if id in GIVEN or id.endswith(SOLUTION)}


def solution(question: str) -> str:
    """The text of a question's solution cell."""
    return _cells(QUESTIONS[question].notebook)[f"{question}_solution"]


def student_object(question: str, text: str | None = None, **others: str) -> Any:
    """The class or function of a notebook with all its solutions, as a check cell would hand it over.

    Arguments:
        question: its id.
        text: the question's solution cell, by default the right one.
        others: other questions' solution cells by id, where they are not the right ones.
    """
    chosen = QUESTIONS[question]
    texts = {f"{id}_solution": other for id, other in others.items()} | ({f"{question}_solution": text} if text else {})
    space: dict[str, Any] = {"__name__": "__main__"}
    for id, source in (_cells(chosen.notebook) | texts).items():
        name = f"<cell {id}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(_compiled(source, name), space)
    return space[chosen.target]


@lru_cache(200)
def _compiled(source: str, name: str) -> Any:
    return compile(source, name, "exec")


def patched(question: str, old: str, new: str) -> str:
    """A solution cell with one place changed.

    Raises:
        ValueError: the place is not there exactly once.
    """
    text = solution(question)
    if text.count(old) != 1:
        raise ValueError(f"{question}: expected {old!r} once in the solution, found it {text.count(old)} times")
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
    bodies = [body for id, body in _module("bases").BASES if id == question]
    rules = _module("slip_rules")
    for text in (solution(question), *(f"{head}    {body}\n" for body in bodies)):
        yield from (
            slip
            for slip in _module("slips").slips(text, rules.changes, rules.statements)
            if question != "rho" or not UNSAFE.search(slip.text)
        )


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


def outcomes_of(question: str, obj: Any) -> Outcomes:
    """All cases of a question, run quietly."""
    with quiet():
        return run_cases(question, obj)


def _prints(question: str, text: str, right: Expected) -> Prints | None:
    """The fingerprints of a wrong answer; None in the cases that it passes, and None where no case gives a number.

    Asked in float64 alone, and of a cell in the first round alone: that is what `known.prints` looks at.
    """
    try:
        obj = student_object(question, text)
    except Exception:
        return None
    about, inputs, outcomes = QUESTIONS[question], fixed(question), {}
    with quiet():
        for case in CASES[question]:
            given = inputs.of(case.name)
            outcomes[case.name] = run_case(
                case, obj, torch.float64, replace(given, rounds={}) if about.notebook == CELLS else given
            )
    return prints(about, outcomes, right)


def expectation(question: str) -> dict[str, Any]:
    """The right numbers of one question."""
    right = outcomes_of(question, student_object(question))
    for case, outcome in right.items():
        if outcome.error or outcome.problems:
            raise ValueError(f"{question}, {case}: the solution does not pass: {outcome.problems}") from outcome.error
    return {
        case: {name: _rounded(values.tolist()) for name, values in outcome.values.items()}
        for case, outcome in right.items()
    }


def known(question: str) -> dict[str, Any]:
    """The fingerprints of all that is known to go wrong in one question."""
    torch.set_num_threads(1)
    right = {case: outcome.values for case, outcome in outcomes_of(question, student_object(question)).items()}
    table = _module("table").Table([case.name for case in CASES[question]])
    for mistake in bank():
        if mistake.question == question:
            text = patched(question, mistake.old, mistake.new)
            line = _module("bases").LINES.get((question, mistake.name), "")
            table.add(ALONE, (mistake.message,), _prints(question, text, right), line)
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
            found = _prints(question, slip.text, right)
            table.add(SLIP, (table.family(found) or slip.message,), found)
    return table.stored()


def probe_numbers(question: str) -> dict[str, dict[str, Any]]:
    """The right numbers of a question's probes."""
    with quiet():
        outcomes = run_probes(question, student_object(question))
    return {
        probe: {name: _rounded(values.tolist()) for name, values in outcome.values.items()}
        for probe, outcome in outcomes.items()
        if outcome.error is None and not outcome.problems
    }


def terms(question: str) -> dict[str, dict[str, list[Any]]]:
    """The numbers of the terms that a question's sums may be made of, by quantity."""
    names = dict(fixed(question).arrays) | {"np": np}
    if question == "gru_step":
        part = student_object("gru_step")(*(SIZES[letter] for letter in "IHO"), dtype=torch.float64)
        with torch.no_grad():
            for name, value in part.named_parameters():
                value.copy_(torch.tensor(names[name]))
            x_t, h_prev = torch.tensor(names["x_t"]), torch.tensor(names["h_prev"])
            z, r = part.update_gate(x_t, h_prev), part.reset_gate(x_t, h_prev)
            made = {"z": z, "r": r, "c": part.candidate(x_t, h_prev, r), "c1": part.candidate(x_t, h_prev, r * 0 + 1),
                    "c2": torch.tanh(x_t @ part.W_xh + r * (h_prev @ part.W_hh) + part.b_h)}  # fmt: skip
        names |= {name: value.numpy() for name, value in made.items()}
    return {
        quantity: {said: _rounded(np.asarray(eval(text, names)).tolist()) for said, text in rows.items()}
        for quantity, rows in _module("bases").TERMS.get(question, {}).items()
    }


def build() -> dict[str, dict[str, Any]]:
    """File name -> its contents: the right numbers by notebook."""
    torch.set_num_threads(1)
    return {
        name: {id: {"expected": expectation(id)} for id, question in QUESTIONS.items() if question.notebook == notebook}
        for notebook, name in FILES.items()
    }


def main() -> None:
    """Writes the files; named questions alone are made anew in `known.json` where there are arguments."""
    for name, contents in build().items():
        (HERE / name).write_text(_text(contents), encoding="utf-8")
        print(f"{name}: {len(contents)} questions")
    for name, numbers in {"probes": probe_numbers, "terms": terms}.items():
        lines = [f" {json.dumps(id)}: {json.dumps(numbers(id))}" for id in QUESTIONS]
        (HERE / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    path = HERE / "known.json"
    found = json.loads(path.read_text(encoding="utf-8")) if sys.argv[1:] else {}
    ids = sys.argv[1:] or list(QUESTIONS)
    with multiprocessing.Pool(2) as pool:
        for id, one in zip(ids, pool.imap(known, ids), strict=True):
            found[id] = one
            counts = [sum(entry[0] == kind for entry in one["known"]) for kind in (ALONE, PAIR, SLIP)]
            wrong = sum(map(len, one["families"].values()))
            print(f"{id}: {counts[0]} mistakes, {counts[1]} pairs, {counts[2]} slips, {wrong} formulas", flush=True)
            _write_known(path, found)


def _write_known(path: Path, found: dict[str, Any]) -> None:
    ordered = {id: found[id] for id in QUESTIONS if id in found}
    lines = [f' "{id}": {json.dumps(one, ensure_ascii=False, separators=(",", ":"))}' for id, one in ordered.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _text(contents: dict[str, Any]) -> str:
    """JSON with one line per case: short, and readable in a diff."""
    lines = []
    for id, entry in contents.items():
        cases = ",\n".join(f"   {json.dumps(case)}: {json.dumps(values)}" for case, values in entry["expected"].items())
        lines.append(f' "{id}": {{\n  "expected": {{\n{cases}\n  }}\n }}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


assert set(CASES) == set(QUESTIONS)

if __name__ == "__main__":
    main()
