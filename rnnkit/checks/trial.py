"""Tests that students write: a function that is called with a cell, and all that counts is whether it raises.

Where answers are scored, the cell's methods are looked up as those of earlier questions are (see `standins`): what
computes them, a right cell or one with a mistake, is on the grader's side, and nothing here tells which one it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

import torch
from torch import Tensor

from rnnkit.cells import Cell
from rnnkit.checks.case import set_weights
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.observe import _contract
from rnnkit.checks.question import Question
from rnnkit.checks.repeats import sow
from rnnkit.checks.report import CaseReport, Named, Report
from rnnkit.checks.standins import Book, of_method
from rnnkit.common.shapes import RECURRENT

STEPS = 4  # of a point: what is given in steps
SHOWN = 4  # mistakes of a kind that are named
ACCEPTS = "right cells are accepted"


def subject(question: Question, book: Book) -> type[Cell]:
    """The class of the cells that a test is called with: its methods are those that the question needs."""
    target, names = question.needed[0].target, [*RECURRENT[question.needed[0].target]]
    methods = {need.method or "": of_method(need, book, None, names) for need in question.needed}
    return type(target, (Cell,), {"shapes": RECURRENT[target], "__module__": "__main__", "forward": _none, **methods})


def _none(self: Cell, x: Tensor) -> NoReturn:
    raise NotImplementedError("this cell has its step and the parts of it alone; a test does without forward")


def attempt(question: Question, obj: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Calls a student's test with one cell; raises nothing but KeyboardInterrupt.

    Arguments:
        question: whose answer the test is.
        obj: the function, whatever it is.
        asked: ``sizes`` and ``arrays`` of the cell, ``seed`` of random numbers, ``known`` calls (see `Book`).

    Returns:
        ``{"verdict": [status, message] or None, "refused": whether it raised an Exception, "error": that, "calls": the
        calls that are not known yet}``; while there are such calls the rest says nothing.
    """
    verdict, error, book = _contract(question, obj), None, Book(asked["known"], plain=False)
    if not verdict:
        sizes = asked["sizes"]
        cell = subject(question, book)(sizes["I"], sizes["H"], sizes["O"])
        set_weights(cell, question.needed[0].target, torch.float32, Inputs(sizes, asked["arrays"]))
        error = raised(obj, cell, asked["seed"])
    return {"verdict": verdict, "refused": error is not None, "error": error, "calls": book.calls}


def raised(obj: Any, cell: Any, seed: int) -> Exception | None:
    """What a test raises for a cell; leaving Python is no way to refuse one."""
    sow(seed)
    try:
        obj(cell)
    except KeyboardInterrupt:
        raise
    except Exception as error:
        return error
    except BaseException:
        return None
    return None


# ---- the report -----------------------------------------------------------------------------------------------------


class Tried(NamedTuple):
    """What became of one cell that a test was called with.

    Fields:
        kind: the sort of its mistake; empty for a right one.
        name: of the mistake, or of the way in which a right one computes.
        refused: whether the test raised.
        said: what it raised, in words.
    """

    kind: str
    name: str
    refused: bool
    said: str = ""


def report_of(question: Question, tried: Iterable[Tried], more: str = "") -> Report:
    """The report on a test: points by the mistakes that it caught, in quarters, and none where it refuses a right cell.

    Arguments:
        question: whose answer the test is.
        tried: what became of each cell.
        more: what its first line says, too.
    """
    rows = list(tried)
    wrong = [one for one in rows if one.kind]
    refused = next((one for one in rows if not one.kind and one.refused), None)
    accepts = CaseReport(ACCEPTS, 0.0, not refused, [], "no points without" if refused else "they are")
    if refused:
        accepts.details.append(f"{refused.name}: {refused.said}")
        said = f"It refuses a right cell ({refused.name}): no points, whatever it catches. {refused.said}".rstrip()
        refuses = Named(said, "It refuses a right cell.")
        return Report(question.id, question.name, 0.0, question.points, "not right yet", [accepts], [refuses])
    caught = sum(one.refused for one in wrong)
    points = math.floor(STEPS * question.points * caught / len(wrong)) / STEPS
    cases, messages = [accepts], list[str]()
    for kind in dict.fromkeys(one.kind for one in wrong):
        several = [one for one in wrong if one.kind == kind]
        through = [one.name for one in several if not one.refused]
        told = f"{len(several) - len(through)} of {len(several)} caught"
        cases.append(CaseReport(kind, 0.0, not through, [], told))
        if through:
            others = f"; and {len(through) - SHOWN} more" if len(through) > SHOWN else ""
            lets = f"It lets through mistakes in {kind}"
            messages.append(Named(f"{lets}: {'; '.join(through[:SHOWN])}{others}.", f"{lets}."))
    status = "solved" if caught == len(wrong) else "partly right" if points else "not right yet"
    status = f"{status} · {more}" if more else status
    return Report(question.id, question.name, points, question.points, status, cases, messages)
