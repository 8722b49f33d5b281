"""Makes ``data/*.json``: what the solutions of the source notebooks give, and the fingerprints of the known mistakes.

Run it in the clone after a change of a solution, a case or the bank: ``python -m rnnkit.checks.generate``.
"""

from __future__ import annotations

import importlib.util
import json
import linecache
import sys
from functools import cache
from pathlib import Path
from typing import Any

import torch

from rnnkit.checks.diagnose import Outcomes
from rnnkit.checks.questions import CELLS, DIAGNOSTICS, EXTRA, QUESTIONS
from rnnkit.checks.runner import CASES, run_cases
from rnnkit.checks.sandbox import quiet

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NOTEBOOKS = ROOT / "notebooks" / "training_dynamics"
BANK = ROOT / "tests" / "bank" / "mistakes.py"
FILES = {CELLS: "cells.json", DIAGNOSTICS: "diagnostics.json", EXTRA: "extra.json"}
GIVEN = ("setup", "rnn_class", "gru_class")


@cache
def _cells(notebook: str) -> dict[str, str]:
    cells = json.loads((NOTEBOOKS / notebook).read_text(encoding="utf-8"))["cells"]
    sources = {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}
    return {id: text for id, text in sources.items() if id in GIVEN or id.endswith("_solution")}


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
        exec(compile(source, name, "exec"), space)
    return space[chosen.target]


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
def bank() -> tuple[Any, ...]:
    """The known mistakes of the clone's tests."""
    spec = importlib.util.spec_from_file_location("rnnkit_bank", BANK)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.MISTAKES


def _rounded(values: Any) -> Any:
    return [_rounded(value) for value in values] if isinstance(values, list) else float(f"{values:.12g}")


def outcomes_of(question: str, obj: Any) -> Outcomes:
    """All cases of a question, run quietly."""
    with quiet():
        return run_cases(question, obj)


def expectation(question: str) -> dict[str, Any]:
    """What is stored about one question."""
    right = outcomes_of(question, student_object(question))
    for case, outcome in right.items():
        if outcome.error or outcome.problems:
            raise ValueError(f"{question}, {case}: the solution does not pass: {outcome.problems}") from outcome.error
    mistakes = []
    for mistake in bank():
        if mistake.question == question:
            wrong = outcomes_of(question, student_object(question, patched(question, mistake.old, mistake.new)))
            prints = {case: outcome.fingerprint() for case, outcome in wrong.items()}
            mistakes.append({"name": mistake.name, "message": mistake.message, "prints": prints})
    expected = {
        case: {name: _rounded(values.tolist()) for name, values in outcome.values.items()}
        for case, outcome in right.items()
    }
    return {"expected": expected, "mistakes": mistakes}


def build() -> dict[str, dict[str, Any]]:
    """File name -> its contents."""
    torch.set_num_threads(1)
    return {
        name: {id: expectation(id) for id, question in QUESTIONS.items() if question.notebook == notebook}
        for notebook, name in FILES.items()
    }


def main() -> None:
    """Writes the files."""
    for name, contents in build().items():
        path = HERE / "data" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(_text(contents), encoding="utf-8")
        count = sum(len(entry["mistakes"]) for entry in contents.values())
        print(f"{path.relative_to(ROOT)}: {len(contents)} questions, {count} mistakes")


def _text(contents: dict[str, Any]) -> str:
    """JSON with one line per quantity and per mistake: short, and readable in a diff."""
    lines = []
    for id, entry in contents.items():
        cases = ",\n".join(f"   {json.dumps(case)}: {json.dumps(values)}" for case, values in entry["expected"].items())
        mistakes = ",\n".join(f"   {json.dumps(mistake, ensure_ascii=False)}" for mistake in entry["mistakes"])
        lines.append(f' "{id}": {{\n  "expected": {{\n{cases}\n  }},\n  "mistakes": [\n{mistakes}\n  ]\n }}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


assert set(CASES) == set(QUESTIONS)

if __name__ == "__main__":
    main()
