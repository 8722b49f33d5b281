"""A check whose two halves are apart: the code runs here and answers with numbers, which are judged elsewhere.

What comes back is only what the code computed; whether it is right is not known in this process.
"""

from __future__ import annotations

import importlib
import json
from time import monotonic
from typing import Any

import torch

from rnnkit.checks import rules
from rnnkit.checks.errors import where
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.observe import Seen, observe, reached, run_case, run_cases
from rnnkit.checks.outcome import Outcomes
from rnnkit.checks.question import Question
from rnnkit.checks.sandbox import quiet
from rnnkit.checks.standins import Book, placed
from rnnkit.checks.trial import attempt
from rnnkit.common.wire import decode, encode

VALUES_LIMIT = 1 << 18  # bytes of all values of a question; right ones are a few thousand
TEXT_LIMIT = 400  # characters
SEVERAL_S, SEVERAL_LIMIT = 0.5, 1 << 20  # seconds, and characters, after which no more requests are answered at once
UNCHECKABLE = "cannot be checked"


def request(
    question: Question, inputs: Inputs | None = None, known: dict[str, Any] | None = None, plain: bool = False
) -> str:
    """The JSON that `answer` reads: with None, of the public inputs.

    With ``known`` (see `Book`), right earlier questions are put in the place of the student's; ``plain`` ones give
    floats and arrays where they give tensors otherwise.
    """
    asked = {"assignment": question.assignment.home, "question": question.id}
    asked |= {"inputs": encode(None if inputs is None else inputs.plain())}
    return json.dumps(asked if known is None else asked | {"known": encode(known), "plain": plain})


def trial_request(question: Question, inputs: Inputs, seed: int, known: dict[str, Any]) -> str:
    """The same for one cell that a student's test is called with; see `rnnkit.checks.trial.attempt`."""
    cell = {"sizes": inputs.sizes, "arrays": inputs.arrays, "seed": seed, "known": known}
    return json.dumps({"assignment": question.assignment.home, "question": question.id, "trial": encode(cell)})


def answer(request: str, obj: Any) -> str:
    """Runs a student's class or function in the cases of a question; raises nothing but KeyboardInterrupt.

    Arguments:
        request: from `request` or `trial_request`, which is answered by `rnnkit.checks.trial.attempt`.
        obj: the class or function, whatever it is.

    Returns:
        JSON for `wire.decode`: ``{"verdict": [status, message] or None, "rules": names, "cases": {case: {"values",
        "problems", "error", "notes"}}, "probes": {probe: as a case}, "needs": {question: the same of it}}``; probes and
        needs only with the public inputs. Where earlier questions are stood in for, no needs, but ``"calls"``, those
        whose results are not known, and ``"called"``, ids; while there are such calls there is nothing else to read.
    """
    try:
        asked = json.loads(request)
        question = importlib.import_module(asked["assignment"]).ASSIGNMENT.asked[asked["question"]]
        if "trial" in asked:
            with quiet():
                tried = attempt(question, obj, decode(asked["trial"]))
            return json.dumps(encode(tried | {"error": _error(tried["error"])}))
        inputs = None if asked["inputs"] is None else Inputs.read(decode(asked["inputs"]))
        with quiet():
            if "known" in asked:
                reply = _with_earlier(question, obj, inputs, asked)
            elif inputs is None:
                reply = _with_needs(question, obj, observe(question, obj))
            else:
                reply = _reply(observe(question, obj, inputs))
        return json.dumps(encode(reply))
    except Exception as error:  # an object that defeats the check itself
        verdict = (UNCHECKABLE, f"this object could not be checked: {type(error).__name__}")
        return json.dumps(encode(_reply(Seen(verdict=verdict))))


def answers(requests: list[str], obj: Any) -> str:
    """Answers several requests at once, as `answer` does; the replies to the first of them, as JSON.

    Those that a slow or a talkative object has left over are to be asked again.
    """
    replies, begun = [answer(requests[0], obj)], monotonic()
    for request in requests[1:]:
        if monotonic() - begun > SEVERAL_S or sum(map(len, replies)) > SEVERAL_LIMIT:
            break
        replies.append(answer(request, obj))
    return json.dumps(replies)


def _with_earlier(question: Question, obj: Any, inputs: Inputs | None, asked: dict[str, Any]) -> dict[str, Any]:
    """The reply with stand-ins in the place of earlier questions, or the calls whose results it needs first."""
    book, seen = Book(decode(asked["known"]), asked["plain"]), Seen()
    with placed(question, obj, book):
        with rules.tripwire(question) as used:  # what is forbidden is so from the first request on
            _look_ahead(question, obj, inputs or question.inputs, book)
        if used:
            seen, book.calls = Seen(rules=sorted(used)), {}
        elif not book.calls:
            seen = observe(question, obj, inputs)
        reply = _reply(seen)
        if inputs is None and seen.outcomes and not book.calls:
            reply["probes"] = _cases(seen.probes())
    return reply | {"calls": book.calls, "called": sorted(book.called)}


def _look_ahead(question: Question, obj: Any, inputs: Inputs, book: Book) -> None:
    """Runs all rounds of the first case and then of the last, which may ask for gradients, for the calls they make."""
    for case in dict.fromkeys((question.cases[0], question.cases[-1])):
        given = inputs.of(case.name)
        alone = given.alone()
        run_case(case, obj, torch.float32, alone, seed=1)
        for one in (alone, *given.rounds.values()):
            run_case(case, obj, torch.float64, one)
        if book.calls:
            return


def _with_needs(question: Question, obj: Any, seen: Seen) -> dict[str, Any]:
    """Also what the earlier questions do that this one calls, so that a mistake can be told where it is."""
    reply = _reply(seen)
    if seen.outcomes:
        reply["probes"] = _cases(seen.probes())
        for need, other in reached(question, obj):
            reply["needs"][need.id] = _with_needs(need, other, Seen(run_cases(need, other)))
    return reply


def _reply(seen: Seen) -> dict[str, Any]:
    verdict = seen.verdict and list(map(_cut, seen.verdict))
    used, cases = list(map(_cut, seen.rules)), _cases(seen.outcomes)
    return {"verdict": verdict, "rules": used, "cases": cases, "probes": {}, "needs": {}}


def _cases(outcomes: Outcomes) -> dict[str, Any]:
    left, cases = VALUES_LIMIT, {}
    for case, outcome in outcomes.items():
        values, problems = {}, {name: _cut(text) for name, text in outcome.problems.items()}
        for name, value in outcome.values.items():
            left -= value.nbytes
            if left < 0:
                problems.setdefault(name, f"{name}: the array of shape {value.shape} is too large")
            else:
                values[name] = value
        notes = list(map(_cut, outcome.notes))
        cases[case] = {"values": values, "problems": problems, "error": _error(outcome.error), "notes": notes}
    return cases


def _error(error: BaseException | None) -> dict[str, Any] | None:
    if error is None:
        return None
    kind = NotImplementedError if isinstance(error, NotImplementedError) else type(error)
    return {"type": kind.__name__, "text": _cut(str(error)), "where": list(map(_cut, where(error)))}


def _cut(text: str) -> str:
    return text[:TEXT_LIMIT]
