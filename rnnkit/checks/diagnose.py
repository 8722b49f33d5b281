"""From a wrong outcome to sentences: what is known of exactly these numbers first, then what the numbers give away."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from rnnkit.checks import repeats, returned
from rnnkit.checks.clues import begins, share, start, tried
from rnnkit.checks.errors import where
from rnnkit.checks.known import SLIPPED, partly, prints, recognised
from rnnkit.checks.mixtures import curve, mixture
from rnnkit.checks.numbers import NAMED, gradients, is_gradient, wrong_in
from rnnkit.checks.only_later import only_later
from rnnkit.checks.outcome import Outcome, equal, later
from rnnkit.checks.question import Question
from rnnkit.checks.recurrence import OWN, of_states
from rnnkit.checks.relations import relation
from rnnkit.checks.right import Expected, expected
from rnnkit.checks.terms import made_of

Outcomes = dict[str, Outcome]
MOST = 4  # sentences
FORMAL = ("length of", "other keys")  # quantities that stand for the form of a result
MANY = 6  # names in one sentence


def diagnosis(
    question: Question, outcomes: Outcomes, failed: list[str], right: Expected, probes: Callable[[], Outcomes] = dict
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
        return [told or ""]
    outcomes = repeats.without(outcomes)
    sentences = _diagnosed(question, outcomes, failed, right, probes)
    return [*sentences, *([told] if told else [])]


def _diagnosed(
    question: Question, outcomes: Outcomes, failed: list[str], right: Expected, probes: Callable[[], Outcomes]
) -> list[str]:
    if sentence := returned.form(question, outcomes):
        return [sentence]
    gates = returned.of_gates(question, outcomes, right)
    seen = prints(question, outcomes, right)
    error = next((outcome.error for outcome in outcomes.values() if outcome.error is not None), None)
    if sentence := only_later(question, outcomes, failed, right, probes):
        return [sentence]
    sentence = recognised(question, seen, where(error)[1] if error else "")
    alone = not [case for case in failed if case not in returned.GATES.values()]
    if gates and alone and (not sentence or sentence.startswith(SLIPPED)):
        return gates
    if sentence:
        return [returned.placed(sentence, question, outcomes, right)]
    numbers = {case: sum(int((value != 0).sum()) for value in outcomes[case].values.values()) for case in failed}
    clues: list[str | None] = [partly(question, seen, numbers), *gates]
    in_steps = question.method is not None or bool({"hs", "hidden", "v", "flow"}.intersection(question.arguments))
    whole = [case for case in failed if outcomes[case].error is None]
    if question.method == "forward" and (sentence := _in_sequence(question, outcomes, right, probes)):
        clues += sentence
        if _follows(outcomes, right):
            return list(filter(None, clues))
    own = question.clue(question, outcomes, right) if question.clue else None
    clues += [own, curve(question, outcomes, right)]
    apart = [
        _apart(question, name, outcomes[case], numbers) for case in failed for name, numbers in right[case].items()
    ]
    related = []
    for case in whole:
        sentence = relation(right[case], outcomes[case], in_steps)
        if not any(apart) and (sentence is None or sentence.startswith("hidden")):
            sentence = mixture(question, case, outcomes[case], right) or sentence
        related.append(sentence)
    clues += _one_factor(related) + apart
    clues += _only_gradients(question, outcomes, failed, right)
    clues += _probed(question, outcomes, failed, right, probes)
    if not any((clue or "").startswith(("z and r are right", "h_t is right")) for clue in clues):
        clues.append(_where(outcomes, failed, right))
    return list(dict.fromkeys(filter(None, clues)))[:MOST] or _all_wrong(outcomes, failed, right)


def _one_factor(clues: list[str | None]) -> list[str | None]:
    """The same, with one sentence where a quantity has another factor in every case."""
    matches = [re.match(r"(\w+): it is ([\d.e+-]+) times the right answer", clue or "") for clue in clues]
    times = list(dict.fromkeys(one[2] for one in matches if one))
    if len(times) < 2 or len({one[1] for one in matches if one}) > 1:
        return clues
    rest = [clue for clue, one in zip(clues, matches, strict=True) if not one]
    name = next(one[1] for one in matches if one)
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
    sentence = of_states(question.target, probes().get(OWN), of_step["h_t"])
    if sentence is None:
        return []
    return [sentence, begins(question, probes()) or ""] if "look at h_0" in sentence else [sentence]


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


def _apart(question: Question, name: str, outcome: Outcome, numbers: np.ndarray) -> str | None:
    got = outcome.values.get(name)
    return None if got is None or equal(got, numbers) else made_of(question, name, got, numbers)


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
