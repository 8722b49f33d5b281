"""From a wrong outcome to sentences: what is known of exactly these numbers first, then what the numbers give away."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from rnnkit.checks import repeats, returned
from rnnkit.checks.clues import begins, share, start, tried
from rnnkit.checks.errors import where
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.known import SLIPPED, partly, prints, recognised
from rnnkit.checks.mixtures import curve, mixture
from rnnkit.checks.numbers import NAMED, gradients, is_gradient, relation, wrong_in
from rnnkit.checks.outcome import WITH, Outcome, equal, later
from rnnkit.checks.question import Question
from rnnkit.checks.recurrence import OWN, of_states
from rnnkit.checks.right import Expected, expected
from rnnkit.checks.terms import made_of

Outcomes = dict[str, Outcome]
MOST = 4  # sentences
FORMAL = ("length of", "other keys")  # quantities that stand for the form of a result
MANY = 6  # names in one sentence


def diagnosis(
    question: Question,
    outcomes: Outcomes,
    failed: list[str],
    right: Expected,
    probes: Callable[[], Outcomes] = dict,
) -> list[str]:
    """What can be said of a wrong answer, best first; every sentence is borne out by the outcomes.

    Arguments:
        question: that was asked.
        outcomes: of all cases, with the public inputs.
        failed: the cases that failed.
        right: the right numbers.
        probes: runs the question's probes, or has their outcomes.
    """
    told, settled = repeats.said(outcomes, right)
    if settled:
        return [told]
    outcomes = repeats.without(outcomes)
    found = _diagnosed(question, outcomes, failed, right, probes)
    return [*found, told] if told else found


def _diagnosed(
    question: Question, outcomes: Outcomes, failed: list[str], right: Expected, probes: Callable[[], Outcomes]
) -> list[str]:
    if found := returned.form(question, outcomes):
        return [found]
    gates = returned.of_gates(question, outcomes, right)
    seen = prints(question, outcomes, right)
    error = next((outcome.error for outcome in outcomes.values() if outcome.error is not None), None)
    if found := _only_later(question, outcomes, failed, right, probes):
        return [found]
    found = recognised(question, seen, where(error)[1] if error else "")
    alone = not [case for case in failed if case not in returned.GATES.values()]
    if gates and alone and (not found or found.startswith(SLIPPED)):
        return gates
    if found:
        return [returned.placed(found, question, outcomes, right)]
    numbers = {case: sum(int((value != 0).sum()) for value in outcomes[case].values.values()) for case in failed}
    clues = [partly(question, seen, numbers), *gates]
    in_steps = question.method is not None or bool({"hs", "hidden", "v", "flow"}.intersection(question.arguments))
    whole = [case for case in failed if outcomes[case].error is None]
    if question.method == "forward" and (found := _in_sequence(question, outcomes, right, probes)):
        clues += found
        if _follows(outcomes, right):
            return list(filter(None, clues))
    own = question.clue(question, outcomes, right) if question.clue else None
    clues += [own, curve(question, outcomes, right)]
    apart = [
        _apart(question, name, outcomes[case], numbers) for case in failed for name, numbers in right[case].items()
    ]
    related = []
    for case in whole:
        found = relation(right[case], outcomes[case], in_steps)
        if not any(apart) and (found is None or found.startswith("hidden")):
            found = mixture(question, case, outcomes[case], right) or found
        related.append(found)
    clues += _one_factor(related) + apart
    clues += _only_gradients(question, outcomes, failed, right)
    clues += _probed(question, outcomes, failed, right, probes)
    if not any((clue or "").startswith(("z and r are right", "h_t is right")) for clue in clues):
        clues.append(_where(outcomes, failed, right))
    return list(dict.fromkeys(filter(None, clues)))[:MOST] or _all_wrong(outcomes, failed, right)


def _one_factor(clues: list[str | None]) -> list[str | None]:
    """The same, with one sentence where a quantity has another factor in every case."""
    found = [re.match(r"(\w+): it is ([\d.e+-]+) times the right answer", clue or "") for clue in clues]
    times = list(dict.fromkeys(one[2] for one in found if one))
    if len(times) < 2 or len({one[1] for one in found if one}) > 1:
        return clues
    rest = [clue for clue, one in zip(clues, found, strict=True) if not one]
    name = next(one[1] for one in found if one)
    return [
        f"{name}: it is the right answer times a factor, which is another in each case ({', '.join(times)}): it is "
        "multiplied or divided by something that is made from the numbers, such as their largest or their sum.",
        *rest,
    ]


def _in_sequence(question: Question, outcomes: Outcomes, right: Expected, probes: Callable[[], Outcomes]) -> list[str]:
    """How the states hang together, and what of the rest follows from them."""
    case = "hidden states"
    if outcomes[case].error is not None or equal(outcomes[case].values.get("hidden"), right[case]["hidden"]):
        return []
    of_step = next(iter(expected(question.needed[0]).values()))
    found = of_states(question.target, probes().get(OWN), of_step["h_t"])
    return [found, *([begins(question, probes())] if "look at h_0" in found else [])] if found else []


def _follows(outcomes: Outcomes, right: Expected) -> bool:
    """Whether the output is what the right readout makes of the student's states."""
    case = "output at every step"
    output, states = outcomes[case].values.get("output"), outcomes["hidden states"].values["hidden"]
    should, given = right[case]["output"], right["hidden states"]["hidden"]
    if output is None or output.shape != should.shape or states.shape != given.shape:
        return False
    table, own = (
        np.column_stack([one.reshape(-1, one.shape[-1]), np.ones(one[..., 0].size)]) for one in (given, states)
    )
    counts = np.linalg.lstsq(table, should.reshape(len(table), -1), rcond=1e-10)[0]
    return equal(own @ counts, output.reshape(len(own), -1))


def _features(inputs: Inputs, question: Question) -> dict[str, Any]:
    """What may be said of a round, the most telling first."""
    letters = "TBIHO" if question.method == "forward" else "BIH"
    if not question.method:
        letters = "TBH" if {"hs", "hidden", "v", "flow"}.intersection(question.arguments) else ""
    found = {key: inputs.options[key] for key in ("last", "head", "phi", "grad", "gates") if key in inputs.options}
    if "h_prev" in question.arguments and not inputs.arrays["h_prev"].any():
        found["h_prev is 0"] = True
    sizes = [inputs.sizes[letter] for letter in letters]
    found |= {f"{letter} = 1": True for letter in letters if inputs.sizes[letter] == 1}
    if len(sizes) > 1 and len(set(sizes)) == 1:
        found["all sizes are equal"] = True
    public = question.inputs.sizes
    others = (letter for letter in letters if inputs.sizes[letter] != public[letter])
    return found | {f"{letter} is not {public[letter]}": True for letter in others}


def _apart(question: Question, name: str, outcome: Outcome, numbers: np.ndarray) -> str | None:
    got = outcome.values.get(name)
    return None if got is None or equal(got, numbers) else made_of(question, name, got, numbers)


def _only_later(
    question: Question, outcomes: Outcomes, failed: list[str], right: Expected, probes: Callable[[], Outcomes]
) -> str | None:
    """What to say where every failed case is right with its first inputs; None where one is not."""
    rounds: dict[str, None] = {}
    alike: list[list[str]] = []
    for case in failed:
        outcome = outcomes[case]
        wrong = [*wrong_in(right[case], outcome), *outcome.problems]
        if outcome.error is not None or not all(map(later, wrong)):
            return None
        names = dict.fromkeys(name.split(WITH, 1)[1][:-1] for name in wrong)
        rounds |= names
        alike.append(_alike(question, question.inputs.of(case), set(names)))
    if found := curve(question, outcomes, right):
        return found
    first = probes().get(repeats.FIRST)
    if first is not None and any(_of_round(name, first.notes) for name in rounds):
        return (
            "the first call is right; later calls of the same cell are not, and with the same inputs asked first they "
            f"come out otherwise: something is kept from call to call {repeats.WHAT}. "
            f"It shows with: {'; '.join(rounds)}."
        )
    common = [one for one in alike[0] if all(one in rest for rest in alike)][:2]
    shared = f" What these have and the others have not: {', '.join(common)}." if common else ""
    return f"right with the first inputs, not with others: {'; '.join(rounds)}.{shared}"


def _of_round(name: str, notes: list[str]) -> bool:
    return any(name.startswith(note) or note.startswith(name) for note in notes)


def _alike(question: Question, inputs: Inputs, wrong: set[str]) -> list[str]:
    """What is common to the inputs of the rounds that are wrong and to no other, the first included."""
    about = {"": {"phi": "tanh", "last": "lastLinear", "gates": "zr"} | _features(inputs, question)}
    about |= {name: {"gates": "zr"} | _features(given, question) for name, given in inputs.rounds.items()}
    failing = [about[name] for name in wrong if name in about]
    passing = [one for name, one in about.items() if name not in wrong]
    if not failing:
        return []
    common = [
        (key, value)
        for key, value in failing[0].items()
        if all(one.get(key) == value for one in failing) and not any(one.get(key) == value for one in passing)
    ]
    said = list(dict.fromkeys(_feature(key, value) for key, value in common))
    telling = [one for one in said if one.startswith("the keys") or one == "h_prev is 0"]
    single = [one.removesuffix(" = 1") for one in said if one.endswith(" = 1")]
    return telling or [one for one in said if not any(one.startswith(f"{letter} is not") for letter in single)]


def _feature(key: str, value: Any) -> str:
    if value is True:
        return key
    if key == "gates":
        return f"the keys of gates come in another order ({', '.join(value)}): a dict is read by its keys"
    if key == "grad":
        return "torch.no_grad and eval()" if value == "off" else "no gradient is asked for"
    return f"{'head' if key == 'last' else key} = {value}"


def _probed(
    question: Question, outcomes: Outcomes, failed: list[str], right: Expected, probes: Callable[[], Outcomes]
) -> list[str | None]:
    """What special inputs show of the quantities that are wrong."""
    whole = [case for case in failed if outcomes[case].error is None]
    wrong = [
        name
        for case in whole
        for name in wrong_in(right[case], outcomes[case])
        if name in outcomes[case].values and not later(name)
    ]
    if all(map(is_gradient, wrong)):
        return []
    probed, clues = probes(), []
    if "hidden" in wrong:
        clues.append(start(question, probed))
    if question.name == "GRU.step" and whole:
        clues.append(share(question, {name for name in wrong if not is_gradient(name)}, outcomes[whole[0]].values))
    shaped = [
        name
        for case in whole
        for name in right[case]
        if name in wrong and outcomes[case].values[name].shape == right[case][name].shape and not is_gradient(name)
    ]
    return clues + tried(question, shaped, probed)


def _only_gradients(question: Question, outcomes: Outcomes, failed: list[str], right: Expected) -> list[str | None]:
    """Of the gradients, where every case of values passed."""
    if question.method and all("gradients" in case for case in failed):
        return [gradients(right[case], outcomes[case]) for case in failed]
    return []


def _where(outcomes: Outcomes, failed: list[str], right: Expected) -> str | None:
    """Which parts are right and which are not, by name."""
    fine, wrong = [], []
    for case in failed:
        outcome = outcomes[case]
        if outcome.error is not None or any(is_gradient(name) for name in right[case]):
            continue
        for name, numbers in right[case].items():
            if name in outcome.values and not later(name) and not name.startswith(FORMAL):
                one = "the new gradients" if name.startswith("grads[") else name.replace(", nothing", " where nothing")
                often = sum(name in right[other] for other in failed) > 1
                said = f"{one} in “{case}”" if often else one
                (fine if equal(outcome.values[name], numbers) else wrong).append(said)
    fine = [one for one in fine if one not in wrong]
    passed = [case for case in outcomes if case not in failed]
    if fine and wrong and len(set(fine + wrong)) < MANY:
        return f"{_listed(fine)} {_are(fine)} right, {_listed(wrong)} {_are(wrong)} not."
    if passed:
        return f"{_quoted(passed)} {_are(passed)} right, {_quoted(failed)} {_are(failed)} not."
    return None


def _all_wrong(outcomes: Outcomes, failed: list[str], right: Expected) -> list[str]:
    """The last that can be said: that it is wrong everywhere."""
    wrong = [name for case in failed for name in wrong_in(right[case], outcomes[case]) if not later(name)]
    wrong = [name for name in wrong if any(name in outcomes[case].values for case in failed)]
    same = [name for name in dict.fromkeys(wrong) if not is_gradient(name) and not name.startswith(NAMED)]
    same = [name for name in same if not any(name in outcomes[case].problems for case in failed)]
    said = (f"{name}: {_sized(outcomes, right, name)}" for name in same)
    return list(said)[:2]


def _sized(outcomes: Outcomes, right: Expected, name: str) -> str:
    """Whether it is too large or too small throughout."""
    both = [(outcomes[case].values[name].ravel(), right[case][name].ravel()) for case in right
            if name in right[case] and name in outcomes[case].values
            and outcomes[case].values[name].shape == right[case][name].shape]  # fmt: skip
    if both:
        got, value = (np.concatenate(one) for one in zip(*both, strict=True))
        if len(got) > 3 and ((got > value).all() or (got < value).all()):
            return f"every entry is too {'large' if (got > value).all() else 'small'}, none by a common factor."
    return "no entry of it is right, and nothing that is known here gives these numbers."


def _listed(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _quoted(names: list[str]) -> str:
    return _listed([f"“{name}”" for name in names])


def _are(names: list[str]) -> str:
    return "is" if len(set(names)) == 1 and not names[0].startswith("the new gradients") else "are"
