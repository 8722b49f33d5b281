"""Reads what a student's kernel replies to a check: of any reply only numbers and short plain text get through."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnkit.checks.judge import NOT_WRITTEN, Seen
from rnnkit.checks.outcome import Outcome, Reported
from rnnkit.checks.probes import probe_inputs
from rnnkit.checks.question import Question
from rnnkit.checks.recurrence import OWN
from rnnkit.checks.remote import UNCHECKABLE
from rnnkit.checks.repeats import FIRST
from rnnkit.checks.standins import Call
from rnnkit.checks.wire import WireError, decode
from rnnkit.common.names import BadValue
from rnnkit.common.text import one_line, plain

REPLY_LIMIT = 4 << 20  # characters; a right one has a few thousand
TEXT = 300  # characters of a text that is shown
VERDICTS = (NOT_WRITTEN, "not a function", "not a class", "not a cell", "wrong signature")
ENTRIES = {"verdict", "rules", "cases", "probes", "needs"}
NAMES = 160  # of values and problems in a case
MOST_CALLS = 1000  # of earlier questions in one reply
MOST_NUMBERS = 1024  # that a call is given, weights included
SHOWN = 8  # problems of a case, and notes


class BadReply(BadValue):
    """A reply that no check gives."""


@dataclass
class Reply:
    """What was replied.

    Fields:
        seen: as if the object had been run here.
        needs: the same of the earlier questions whose code it calls.
    """

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

    Arguments:
        text, question, sizes: as for `read`.

    Raises:
        BadReply: it is not what `rnnkit.checks.remote.answer` gives.
    """
    about = _entries(_decoded(text), "the reply", {*ENTRIES, "calls", "called"})
    stood_in = [need.id for need in question.behind]
    calls, called = about["calls"], _texts(about["called"], "called")
    if type(calls) is not dict or len(calls) > MOST_CALLS:
        raise BadReply(f"calls: expected an object with at most {MOST_CALLS} calls")
    reply = _reply({name: about[name] for name in ENTRIES}, question, sizes)
    found = {key: _call(call, stood_in) for key, call in calls.items()}
    return reply, found, [id for id in stood_in if id in called]


def _call(found: Any, stood_in: list[str]) -> Call:
    about = _entries(found, "a call", {"question", "phi", "arrays", "back"})
    arrays, back = about["arrays"], about["back"]
    if about["question"] not in stood_in or type(about["phi"]) is not str:
        raise BadReply("a call: expected an earlier question")
    for some in (arrays, back):
        right = type(some) is list and all(type(one) is np.ndarray and one.dtype.kind == "f" for one in some)
        if not right or len(some) > NAMES or sum(one.size for one in some) > MOST_NUMBERS:
            raise BadReply(f"a call: expected at most {MOST_NUMBERS} floating-point numbers in arrays")
    return Call(about["question"], about["phi"], arrays, back)


def _decoded(text: Any) -> Any:
    """What the JSON of a reply says.

    Raises:
        BadReply: it is none.
    """
    if type(text) is not str or len(text) > REPLY_LIMIT:
        raise BadReply(f"expected a reply of at most {REPLY_LIMIT} characters, got {_size(text)}")
    try:
        return decode(json.loads(text), REPLY_LIMIT)
    except WireError as error:
        raise BadReply(f"the reply cannot be read: {error}") from None
    except (ValueError, RecursionError):
        raise BadReply("the reply cannot be read: expected JSON, got something else") from None


def _size(text: Any) -> str:
    return f"{len(text)}" if type(text) is str else type(text).__name__


def _reply(found: Any, question: Question, sizes: dict[str, int]) -> Reply:
    about = _entries(found, "the reply", ENTRIES)
    verdict = about["verdict"]
    if verdict is not None:
        status, message = _texts(verdict, "verdict", 2)
        return Reply(Seen(verdict=(status if status in VERDICTS else UNCHECKABLE, message)))
    used = _texts(about["rules"], "rules")
    cases = about["cases"]
    if type(cases) is not dict:
        raise BadReply(f"cases: expected an object, got {type(cases).__name__}")
    outcomes = {case.name: _outcome(cases.get(case.name), sizes) for case in question.cases}
    probed = _probed(about["probes"], question)
    return Reply(Seen(outcomes, used, probes=lambda: probed), _needs(about["needs"], question, sizes))


def _probed(found: Any, question: Question) -> dict[str, Outcome]:
    sizes = {name: inputs.sizes for name, inputs in probe_inputs(question).items()}
    sizes |= dict.fromkeys((FIRST, OWN), question.inputs.sizes)
    if type(found) is not dict or not set(found) <= set(sizes):
        raise BadReply("probes: expected an object with the probes of the question")
    return {name: _outcome(found[name], sizes[name]) for name in sizes if name in found}


def _needs(found: Any, question: Question, sizes: dict[str, int]) -> list[tuple[Question, Reply]]:
    if type(found) is not dict or not set(found) <= set(question.needs):
        raise BadReply(f"needs: expected an object with {', '.join(question.needs) or 'nothing'} in it")
    return [(need, _reply(found[need.id], need, sizes)) for need in question.needed if need.id in found]


def _outcome(found: Any, sizes: dict[str, int]) -> Outcome:
    outcome = Outcome(sizes=sizes)
    if found is None:
        outcome.problems["answer"] = "there is no answer to this case"
        return outcome
    about = _entries(found, "a case", {"values", "problems", "error", "notes"})
    for name, text in _named(about["problems"], "problems")[:SHOWN]:
        outcome.problems[name] = one_line(text) if type(text) is str else "a problem that cannot be read"
    for name, value in _named(about["values"], "values"):
        if type(value) is np.ndarray and value.dtype == np.float64:
            outcome.values[name] = value
        else:
            outcome.problems.setdefault(name, f"{name}: expected an array of float64")
    outcome.notes = _texts(about["notes"], "notes")[:SHOWN]
    outcome.error = _error(about["error"])
    return outcome


def _error(found: Any) -> Reported | None:
    if found is None:
        return None
    about = _entries(found, "error", {"type", "text", "where"})
    kind, text = about["type"], about["text"]
    if type(kind) is not str or type(text) is not str:
        raise BadReply("error: expected text")
    function, line = _texts(about["where"], "where", 2)
    return Reported(one_line(kind, 80), plain(text, TEXT), (function, line))


def _entries(found: Any, what: str, names: set[str]) -> dict[str, Any]:
    if type(found) is not dict or set(found) != names:
        raise BadReply(f"{what}: expected an object with {', '.join(sorted(names))}")
    return found


def _named(found: Any, what: str) -> list[tuple[str, Any]]:
    if type(found) is not dict or len(found) > NAMES:
        raise BadReply(f"{what}: expected an object with at most {NAMES} names")
    return [(one_line(name, 100), value) for name, value in found.items()]


def _texts(found: Any, what: str, count: int | None = None) -> list[str]:
    right = type(found) is list and len(found) <= NAMES and all(type(text) is str for text in found)
    if not right or (count is not None and len(found) != count):
        raise BadReply(f"{what}: expected a list of texts")
    return [one_line(text) for text in found]
