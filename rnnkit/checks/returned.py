"""What came back in another form or order than asked for, and traces that do not belong to their step."""

from __future__ import annotations

import re

import numpy as np

from rnnkit.checks.inputs import Expected
from rnnkit.checks.known import OR, SLIPPED
from rnnkit.checks.outcome import Outcome, Outcomes, equal
from rnnkit.checks.question import Question
from rnnkit.checks.report import Named
from rnnkit.checks.wrong import Wrong
from rnnkit.common.shapes import shape_of

GATES = {"GRU.step": "h_t and gates: values", "GRU.forward": "gate traces"}  # the case that asks for z and r
_GOT = re.compile(r"got (.*)$")
_FORMS = {
    "generator": "a function with yield in it gives a generator: collect in a list, and return once.",
    "dict": "one dict came back where a tuple should: return the parts one after the other, separated by commas.",
}


def form(question: Question, outcomes: Outcomes) -> str | None:
    """What the form of the results shows: their order, or one container in place of another."""
    if question.method == "forward" and "hidden states" in outcomes:
        return _forward(outcomes)
    step = next(iter(outcomes.values()))
    if question.name == "GRU.step" and "got dict" in step.problems.get("h_t", ""):
        gates = step.problems.get("gates", "")
        if "got tensor" in gates:
            return "h_t and the gates are in the wrong order: first h_t, then the dict."
    return _container(step)


def _container(outcome: Outcome) -> str | None:
    for name in ("step", "forward"):
        got = _GOT.search(outcome.problems.get(name, ""))
        if got and (form := next((text for kind, text in _FORMS.items() if got[1].startswith(kind)), None)):
            return form
    return None


def _forward(outcomes: Outcomes) -> str | None:
    hidden, output = outcomes["hidden states"], outcomes["output at every step"]
    if sentence := _container(hidden):
        return sentence
    traces = outcomes.get("gate traces")
    third = "gates" if traces else "None"
    wanted = ["output", "hidden", third]
    places = (_kind(output, "output", third), _kind(hidden, "hidden", third), _third(traces, hidden, third))
    kinds = [kind for kind in places if kind]
    if kinds == wanted or sorted(kinds) != sorted(wanted):
        return None
    if kinds[2] == third:
        return "output and hidden are in the wrong order: first output, then hidden."
    return f"what comes back is in the wrong order: {', '.join(kinds)}, and it should be {', '.join(wanted)}."


def _kind(outcome: Outcome, name: str, third: str) -> str | None:
    """What stands in the place of the output or the states."""
    problem = outcome.problems.get(name, "")
    if ("got None" in problem and third == "None") or ("got dict" in problem and third == "gates"):
        return third
    return _shaped(outcome.values[name].shape, outcome) if name in outcome.values else None


def _third(traces: Outcome | None, hidden: Outcome, third: str) -> str | None:
    """What stands in the third place."""
    problem = hidden.problems.get("traces", "") if traces is None else traces.problems.get("gates", "")
    if not problem:
        return third
    got = re.search(r"got tensor of shape \(([\d, ]*)\)", problem)
    return got and _shaped(tuple(int(size) for size in got[1].split(",") if size.strip()), hidden)


def _shaped(shape: tuple[int, ...], outcome: Outcome) -> str | None:
    names = {shape_of("TBO", outcome.sizes): "output", shape_of("TBH", outcome.sizes): "hidden"}
    return names.get(shape)


def of_gates(answer: Wrong) -> list[str]:
    """What is said of z and r where they alone are not right, as they are returned."""
    question, outcomes, right = answer.question, answer.outcomes, answer.right
    case = GATES.get(question.name, "")
    if case not in outcomes:
        return []
    outcome = outcomes[case]
    state = "h_t" if question.name == "GRU.step" else "hidden"
    others = outcomes["hidden states"] if state == "hidden" else outcome
    if outcome.error is not None or not equal(others.values.get(state), _of(right, state)):
        return []
    values = right[case]
    if equal(outcome.values.get("z"), values["r"]) and equal(outcome.values.get("r"), values["z"]):
        return [f"{state} is right: z and r are swapped in what is returned."]
    single = [gate for gate in "zr" if _is_one_number(outcome.problems.get(gate, ""), outcome.values.get(gate))]
    said = []
    if single:
        one = f"{' and '.join(single)} {'are one number each' if len(single) == 2 else 'is one number'}"
        shape = "(B, H)" if state == "h_t" else "(T, B, H)"
        said.append(f"{one}: return the gates themselves, {shape}, one for every sequence and unit.")
    for gate in set("zr").difference(single):
        got = outcome.values.get(gate)
        if got is not None and not equal(got, values[gate]) and (how := _how(gate, got, values)):
            said.append(f"{state} is right: only what is returned as {gate} is wrong: {how}")
    return sorted(said)


def _is_one_number(problem: str, got: np.ndarray | None) -> bool:
    return bool(re.search(r"got (float|int|tensor of shape \(\))$", problem)) or (got is not None and got.size == 1)


def _of(right: Expected, name: str) -> np.ndarray:
    return next(numbers[name] for numbers in right.values() if name in numbers)


def _how(gate: str, got: np.ndarray, right: dict[str, np.ndarray]) -> str | None:
    value, other = right[gate], right["r" if gate == "z" else "z"]
    if got.shape != value.shape:
        if got.ndim + 1 == value.ndim and got.shape == value.shape[1:] and equal(got, value[-1]):
            return f"it is the last step's {gate} alone; the {gate} of all steps belong there."
        return None
    tests = {
        f"it is 1 - {gate}.": 1 - value,
        f"it is {'r' if gate == 'z' else 'z'}.": other,
        f"every step holds the last step's {gate}.": value[-1:] + 0 * value,
        f"every step holds the first step's {gate}.": value[:1] + 0 * value,
        "it is averaged over the batch.": value.mean(-2, keepdims=True) + 0 * value,
        "it is averaged over the units.": value.mean(-1, keepdims=True) + 0 * value,
        "it runs backwards in time.": value[::-1],
        "it is one step late.": np.concatenate([value[:1], value[:-1]]),
        "it is 0 everywhere.": 0 * value,
        "it is 1 everywhere.": 1 + 0 * value,
        "it is the square.": value**2,
        "it is its distance to the nearer of 0 and 1.": np.minimum(value, 1 - value),
        "it is rounded to 0 and 1.": value.round(),
        "it is the sum inside, before the sigmoid.": np.log(value / (1 - value)),
    }
    told = [text for text, one in tests.items() if equal(got, one)]
    return next((text for text in told if value.ndim > 2 or not ("step" in text or "time" in text)), None)


def placed(sentence: Named, answer: Wrong) -> Named:
    """A sentence of `GRU.step` that leaves open where the mistake is, with the place that the numbers show."""
    where = "in the mixture or in what is returned, "
    if answer.question.name != "GRU.step" or where not in sentence:
        return sentence
    wrong = answer.names(GATES["GRU.step"])
    if "h_t" in wrong and ("z" in wrong or "r" in wrong):
        return sentence
    place = "in the mixture" if "h_t" in wrong else "in what is returned"
    lead, *texts = re.split(r"(?:Or, with the same numbers: )", sentence.replace(where, f"{place}, "))
    parts = list(dict.fromkeys(part.strip() for part in [lead.split("slip: ")[-1], *texts]))
    parts = [part for part in parts if not any(part != one and part.endswith(one) for one in parts)] or parts
    name = OR.join(parts)
    return Named((SLIPPED if "slip: " in lead else "") + name, name)
