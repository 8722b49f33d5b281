"""Reads what a student's kernel replies to a check: of any reply only numbers and short plain text get through."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnkit.checks.judge import NOT_WRITTEN, Seen
from rnnkit.checks.outcome import Outcome, Reported
from rnnkit.checks.question import Question
from rnnkit.checks.recurrence import OWN
from rnnkit.checks.remote import UNCHECKABLE
from rnnkit.checks.repeats import FIRST
from rnnkit.checks.standins import Call
from rnnkit.common.names import BadValue
from rnnkit.common.text import one_line, plain
from rnnkit.common.wire import WireError, decode

REPLY_LIMIT = 4 << 20  # characters; a right one has a few thousand
TEXT = 300  # characters of a text that is shown
VERDICTS = (NOT_WRITTEN, "not a function", "not a class", "not a cell", "wrong signature")
ENTRIES = {"verdict", "rules", "cases", "probes", "needs"}
NAMES = 160  # of values and problems in a case
MOST_CALLS = 1000  # of earlier questions in one reply
MOST_NUMBERS = 1024  # that a call is given, weights included
MOST_OF_TRIAL = 1 << 14  # the same where a student's test calls a cell, of which it may make a larger one
SHOWN = 8  # problems of a case, and notes


class BadReply(BadValue):
    """A reply that no check gives."""


@dataclass
class Reply:
    """What was seen, as if the object had been run here; and of the earlier questions whose code it calls."""

    seen: Seen
    needs: list[tuple[Question, Reply]] = field(default_factory=list)


def read(text: Any, question: Question, sizes: dict[str, int]) -> Reply:
    """A reply from its JSON.

    Arguments:
        text: what came back, whatever it is.
        question: that was asked.
        sizes: of the inputs.

    Raises:
        BadReply: it is not what `rnnkit.checks.remote.answer` gives.
    """
    return _reply(_decoded(text), question, sizes)


def read_calls(text: Any, question: Question, sizes: dict[str, int]) -> tuple[Reply, dict[str, Call], list[str]]:
    """A reply where earlier questions are stood in for, the calls that are not known yet, and ids of those called.

    Raises:
        BadReply: it is not what `rnnkit.checks.remote.answer` gives.
    """
    entries = _entries(_decoded(text), "the reply", {*ENTRIES, "calls", "called"})
    stood_in = [need.id for need in question.behind]
    calls, called = entries["calls"], _texts(entries["called"], "called")
    if type(calls) is not dict or len(calls) > MOST_CALLS:
        raise BadReply(f"calls: expected an object with at most {MOST_CALLS} calls")
    reply = _reply({name: entries[name] for name in ENTRIES}, question, sizes)
    unknown = {key: _call(call, stood_in) for key, call in calls.items()}
    return reply, unknown, [id for id in stood_in if id in called]


@dataclass
class Trial:
    """What a student's test did with one cell.

    Fields:
        verdict: status and message where it is no test at all.
        refused: whether it raised.
        error: what it raised.
        calls: those of the cell that are not known yet; while there are such the rest says nothing.
    """

    verdict: list[str] | None
    refused: bool
    error: Reported | None
    calls: dict[str, Call]


def read_trial(text: Any, question: Question) -> Trial:
    """A trial of a student's test from its JSON.

    Raises:
        BadReply: it is not what `rnnkit.checks.remote.answer` gives.
    """
    entries = _entries(_decoded(text), "the reply", {"verdict", "refused", "error", "calls"})
    verdict = None if entries["verdict"] is None else _texts(entries["verdict"], "verdict", 2)
    calls, stood_in = entries["calls"], [*question.needs]
    if type(calls) is not dict or len(calls) > MOST_CALLS or type(entries["refused"]) is not bool:
        raise BadReply(f"the reply: expected at most {MOST_CALLS} calls, and whether the cell is refused")
    unknown = {key: _call(call, stood_in, MOST_OF_TRIAL) for key, call in calls.items()}
    return Trial(verdict, entries["refused"], _error(entries["error"]), unknown)


def _call(reply: Any, stood_in: list[str], most: int = MOST_NUMBERS) -> Call:
    entries = _entries(reply, "a call", {"question", "phi", "arrays", "back"})
    arrays, back = entries["arrays"], entries["back"]
    if entries["question"] not in stood_in or type(entries["phi"]) is not str:
        raise BadReply("a call: expected an earlier question")
    for some in (arrays, back):
        right = type(some) is list and all(type(one) is np.ndarray and one.dtype.kind == "f" for one in some)
        if not right or len(some) > NAMES or sum(one.size for one in some) > most:
            raise BadReply(f"a call: expected at most {most} floating-point numbers in arrays")
    return Call(entries["question"], entries["phi"], arrays, back)


def read_several(text: Any, most: int) -> list[str]:
    """The replies to the first of so many requests, one at least, each as it came; from their JSON.

    Raises:
        BadReply: it is not what `rnnkit.checks.remote.answers` gives.
    """
    replies = _loaded(text)
    if type(replies) is not list or not 0 < len(replies) <= most or not all(type(one) is str for one in replies):
        raise BadReply(f"expected a list of 1 to {most} replies")
    return replies


def _decoded(text: Any) -> Any:
    """What the JSON of a reply says, with arrays."""
    try:
        return decode(_loaded(text), REPLY_LIMIT)
    except WireError as error:
        raise BadReply(f"the reply cannot be read: {error}") from None
    except RecursionError:
        raise BadReply("the reply cannot be read: expected JSON, got something else") from None


def _loaded(text: Any) -> Any:
    """What the JSON of a reply says."""
    if type(text) is not str or len(text) > REPLY_LIMIT:
        got = len(text) if type(text) is str else type(text).__name__
        raise BadReply(f"expected a reply of at most {REPLY_LIMIT} characters, got {got}")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadReply("the reply cannot be read: expected JSON, got something else") from None


def _reply(reply: Any, question: Question, sizes: dict[str, int]) -> Reply:
    entries = _entries(reply, "the reply", ENTRIES)
    verdict = entries["verdict"]
    if verdict is not None:
        status, message = _texts(verdict, "verdict", 2)
        return Reply(Seen(verdict=(status if status in VERDICTS else UNCHECKABLE, message)))
    used = _texts(entries["rules"], "rules")
    cases = entries["cases"]
    if type(cases) is not dict:
        raise BadReply(f"cases: expected an object, got {type(cases).__name__}")
    outcomes = {case.name: _outcome(cases.get(case.name), sizes) for case in question.cases}
    probed = _probed(entries["probes"], question)
    return Reply(Seen(outcomes, used, probes=lambda: probed), _needs(entries["needs"], question, sizes))


def _probed(reply: Any, question: Question) -> dict[str, Outcome]:
    sizes = {name: inputs.sizes for name, inputs in question.probe_inputs.items()}
    sizes |= dict.fromkeys((FIRST, OWN), question.inputs.sizes)
    if type(reply) is not dict or not set(reply) <= set(sizes):
        raise BadReply("probes: expected an object with the probes of the question")
    return {name: _outcome(reply[name], sizes[name]) for name in sizes if name in reply}


def _needs(reply: Any, question: Question, sizes: dict[str, int]) -> list[tuple[Question, Reply]]:
    if type(reply) is not dict or not set(reply) <= set(question.needs):
        raise BadReply(f"needs: expected an object with {', '.join(question.needs) or 'nothing'} in it")
    return [(need, _reply(reply[need.id], need, sizes)) for need in question.needed if need.id in reply]


def _outcome(reply: Any, sizes: dict[str, int]) -> Outcome:
    outcome = Outcome(sizes=sizes)
    if reply is None:
        outcome.problems["answer"] = "there is no answer to this case"
        return outcome
    entries = _entries(reply, "a case", {"values", "problems", "error", "notes"})
    for name, text in _named(entries["problems"], "problems")[:SHOWN]:
        outcome.problems[name] = one_line(text) if type(text) is str else "a problem that cannot be read"
    for name, value in _named(entries["values"], "values"):
        if type(value) is np.ndarray and value.dtype == np.float64:
            outcome.values[name] = value
        else:
            outcome.problems.setdefault(name, f"{name}: expected an array of float64")
    outcome.notes = _texts(entries["notes"], "notes")[:SHOWN]
    outcome.error = _error(entries["error"])
    return outcome


def _error(reply: Any) -> Reported | None:
    if reply is None:
        return None
    entries = _entries(reply, "error", {"type", "text", "where"})
    kind, text = entries["type"], entries["text"]
    if type(kind) is not str or type(text) is not str:
        raise BadReply("error: expected text")
    function, line = _texts(entries["where"], "where", 2)
    return Reported(one_line(kind, 80), plain(text, TEXT), (function, line))


def _entries(reply: Any, what: str, names: set[str]) -> dict[str, Any]:
    if type(reply) is not dict or set(reply) != names:
        raise BadReply(f"{what}: expected an object with {', '.join(sorted(names))}")
    return reply


def _named(reply: Any, what: str) -> list[tuple[str, Any]]:
    if type(reply) is not dict or len(reply) > NAMES:
        raise BadReply(f"{what}: expected an object with at most {NAMES} names")
    return [(one_line(name, 100), value) for name, value in reply.items()]


def _texts(reply: Any, what: str, count: int | None = None) -> list[str]:
    right = type(reply) is list and len(reply) <= NAMES and all(type(text) is str for text in reply)
    if not right or (count is not None and len(reply) != count):
        raise BadReply(f"{what}: expected a list of texts")
    return [one_line(text) for text in reply]
