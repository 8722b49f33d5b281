"""Predictions that a cell of a notebook writes down: each that is whole has its points, right or not."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from rnnkit.checks.question import Question
from rnnkit.checks.report import INCOMPLETE, CaseReport, Judged, Report

WORDS = 3  # of a sentence


class Part(NamedTuple):
    """One thing to foretell.

    Fields:
        name: of the cell's variable.
        told: what the report calls it.
        lacks: says what a value lacks; nothing where it is whole.
    """

    name: str
    told: str
    lacks: Callable[[Any], str]


def prediction(notebook: str, names: tuple[str, ...], result: str, minutes: int, foretold: str,
               points: float = 1) -> Question:  # fmt: skip
    """A question that is answered before anything is run: its cell hands the variables of these names to `check`.

    Arguments:
        foretold: the module whose ``PARTS`` have these names, each with an equal share of the points; it is loaded when
            something is judged, as it is left out where answers are scored.
    """

    def judge(said: Any) -> Report:
        values = said if isinstance(said, tuple) and len(said) == len(names) else (said, *[None] * (len(names) - 1))
        cases = [
            CaseReport(part.told, points / len(names), not why, [why] if why else [])
            for part, value in zip(import_module(foretold).PARTS, values, strict=True) for why in [part.lacks(value)]
        ]  # fmt: skip
        found, whole = sum(case.weight for case in cases if case.passed), all(case.passed for case in cases)
        return Report("prediction", "prediction", found, points, "complete" if whole else INCOMPLETE, cases)

    def handed_in(folder: Path, sources: Iterable[str]) -> Judged:
        said = values_of(sources, names)
        told = ", ".join(f"{name}: {said[name]}" for name in names if said.get(name))
        return Judged(judge(tuple(said.get(name) for name in names)), [], [told] if told else [])

    return Question(
        "prediction", points, notebook, "prediction", None, names, result, minutes, judge=judge, handed_in=handed_in
    )


def values_of(sources: Iterable[str], names: Collection[str]) -> dict[str, Any]:
    """What a notebook's cells assign to these names as plain values, the last time."""
    found: dict[str, Any] = {}
    for source in sources:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            for node in (one for one in ast.parse(source).body if isinstance(one, ast.Assign)):
                for target in node.targets:
                    if isinstance(target, ast.Name) and target.id in names:
                        found[target.id] = ast.literal_eval(node.value)
    return found


def answer(name: str, told: str, expected: str, fits: Callable[[Any], object]) -> Part:
    """A plain value.

    Arguments:
        name, told: see `Part`.
        expected: in words.
        fits: whether a value that is not empty is that.
    """

    def lacks(said: Any) -> str:
        from rnnkit.common.text import shown  # left out where answers are scored

        if _empty(said):
            return f"{name}: no prediction yet; expected {expected}"
        return "" if fits(said) else f"{name}: expected {expected}, got {shown(repr(said))}"

    return Part(name, told, lacks)


def _empty(said: Any) -> bool:
    if isinstance(said, list | tuple):
        return all(map(_empty, said))
    return said is None or (isinstance(said, str) and not said.strip())


def choice(name: str, told: str, words: Sequence[str]) -> Part:
    """One of several words."""
    return answer(name, told, f"one of {', '.join(map(repr, words))}", lambda said: type(said) is str and said in words)


def sentence(name: str) -> Part:
    """A reason in words."""
    expected = f"a sentence of {WORDS} words or more"
    return answer(name, "a reason", expected, lambda said: isinstance(said, str) and len(said.split()) >= WORDS)
