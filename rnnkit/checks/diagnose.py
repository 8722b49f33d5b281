"""From a wrong outcome to sentences: what is known of exactly these numbers first, then what the numbers give away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rnnkit.checks import repeats, returned
from rnnkit.checks.clues import begins, share, start, tried
from rnnkit.checks.errors import where
from rnnkit.checks.known import ALONE, SLIP, SLIPPED, partly, prints, recognised
from rnnkit.checks.mixtures import curve, made_of, mixture
from rnnkit.checks.numbers import NAMED, few_valued, gradients, is_gradient, joined, unknown_words, words
from rnnkit.checks.only_later import only_later
from rnnkit.checks.outcome import SPELT, close, equal, later
from rnnkit.checks.recurrence import OWN, of_states
from rnnkit.checks.relations import relation
from rnnkit.checks.report import Named
from rnnkit.checks.right import expected
from rnnkit.checks.wrong import Wrong

MOST = 4  # sentences
FORMAL = ("length of", "other keys", SPELT)  # quantities that stand for the form of a result
MEANT = re.compile(r": that would be (a \w+) over (.+) in the place of (a \w+)\.$")
FINITE = "expected finite numbers"
TINY = 1e-6  # a number that is 0 but for rounding
MANY = 6  # names in one sentence


def diagnosis(answer: Wrong) -> list[str]:
    """What can be said of a wrong answer, best first; every sentence is borne out by the outcomes.

    One that tells known mistakes is `Named`.
    """
    told, settled = repeats.said(answer.outcomes, answer.right)
    if settled:
        return [Named(told or "")]
    sentences = _diagnosed(replace(answer, outcomes=repeats.without(answer.outcomes)))
    return [*sentences, *([Named(told)] if told else [])]


def _diagnosed(answer: Wrong) -> list[str]:
    question, outcomes, failed, right = answer.question, answer.outcomes, answer.failed, answer.right
    if sentence := returned.form(question, outcomes):
        return [Named(sentence)]
    if sentence := only_later(answer):
        return [sentence]
    gates = [*map(Named, returned.of_gates(answer))]
    seen = prints(question, outcomes, right)
    error = answer.first_error
    known = recognised(question, seen, where(error)[1] if error else "")
    weak = few_valued(right.values()) or not _telling(answer)
    if weak and known and known.startswith(SLIPPED):
        known = None
    alone = not [case for case in failed if case not in returned.GATES.values()]
    if gates and alone and (not known or known.startswith(SLIPPED)):
        return [*gates]
    if known:
        return [returned.placed(known, answer)]
    numbers = {case: sum(int((value != 0).sum()) for value in outcomes[case].values.values()) for case in failed}
    clues: list[str | None] = [partly(question, seen, numbers, ALONE if weak else SLIP), *gates, _words(answer)]
    if question.of_cell and question.method == "forward" and (sentences := _in_sequence(answer)):
        clues += sentences
        if _follows(answer):
            return list(filter(None, clues))
    own = question.clue(question, outcomes, right) if question.clue else None
    clues += [own, curve(answer), *_compared(answer)]
    if question.method and all("gradients" in case for case in failed):
        clues += [gradients(right[case], outcomes[case]) for case in failed]
    clues += _probed(answer)
    if not any((clue or "").startswith(("z and r are right", "h_t is right")) for clue in clues):
        clues.append(_where(answer))
    return list(dict.fromkeys(filter(None, clues)))[:MOST] or _all_wrong(answer)


def _telling(answer: Wrong) -> bool:
    """Whether what came is more than a NaN or a single 0, which many a formula gives."""
    for case in answer.failed:
        outcome = answer.outcomes[case]
        if outcome.error is not None or any(FINITE not in problem for problem in outcome.problems.values()):
            return True
        for name in answer.names(case):
            got, right = outcome.values.get(name), answer.right[case][name]
            if got is None and later(name):  # a later round, which is not asked after a problem
                continue
            if got is None or got.shape != right.shape:
                return True
            off = got[~close(got, right)]
            if (np.isfinite(off) & ((np.abs(off) > TINY) | (got.size > 1))).any():
                return True
    return False


def _words(answer: Wrong) -> str | None:
    """Which words came that are none of those that are asked for."""
    known = words(answer.right)
    found = sorted(set().union(*(unknown_words(answer.outcomes[case], known) for case in answer.failed)))
    if not (known and found):
        return None
    said, right = (joined([f"“{one}”" for one in several[:MOST]]) for several in (found, known))
    return f"{said} {_are(found)} none of the words that are asked for, {right}."


def _compared(answer: Wrong) -> list[str | None]:
    """How the wrong numbers are related to the right ones, and which terms they are made of."""
    apart = [
        made_of(answer.question, name, got, numbers)
        for case in answer.failed
        for name, numbers in answer.right[case].items()
        if (got := answer.outcomes[case].values.get(name)) is not None and not equal(got, numbers)
    ]
    related: dict[str, str | None] = {}
    for case in answer.unbroken:
        sentence = relation(answer.right[case], answer.outcomes[case], answer.question.in_time)
        if not any(apart) and (sentence is None or sentence.startswith("hidden")):
            sentence = mixture(answer, case) or sentence
        related[case] = sentence
    said = _one_factor([*related.values()])
    return [_where_so(answer, related, sentence) for sentence in said] + apart


def _where_so(answer: Wrong, related: Mapping[str, str | None], sentence: str | None) -> str | None:
    """The same, with the cases of which it is true where their quantity is wrong in others as well."""
    cases = [case for case, one in related.items() if one == sentence]
    name = (sentence or "").partition(":")[0]
    others = [case for case in answer.unbroken if case not in cases and name in answer.names(case)]
    return f"in {_quoted(cases)}, {sentence}" if sentence and cases and others else sentence


def _one_factor(clues: list[str | None]) -> list[str | None]:
    """The same, with one sentence where a quantity has another factor in every case."""
    matches = [re.match(r"(\w+): it is ([\d.e+-]+) times the right answer", clue or "") for clue in clues]
    times = list(dict.fromkeys(one[2] for one in matches if one))
    if len(times) < 2 or len({one[1] for one in matches if one}) > 1:
        return clues
    rest = [clue for clue, one in zip(clues, matches, strict=True) if not one]
    name = next(one[1] for one in matches if one)
    counted = [one for one in (MEANT.search(clue or "") for clue in clues) if one]
    if len(counted) == len([one for one in matches if one]) and len({one[1] for one in counted}) == 1:
        over = max((one[2] for one in counted), key=len)  # where there is one step, T does not count
        return [f"{name}: {counted[0][1]} over {over} stands in the place of {counted[0][3]}.", *rest]
    return [
        f"{name}: it is the right answer times a factor, which is another in each case ({', '.join(times)}): it is "
        "multiplied or divided by something that is made from the numbers, such as their largest or their sum.",
        *rest,
    ]


def _in_sequence(answer: Wrong) -> list[str]:
    """How the states hang together, and what of the rest follows from them."""
    states, right = answer.outcomes["hidden states"], answer.right["hidden states"]["hidden"]
    if states.error is not None or equal(states.values.get("hidden"), right):
        return []
    of_step = next(iter(expected(answer.question.needed[0]).values()))
    sentence = of_states(answer.probed.get(OWN), of_step["h_t"])
    if sentence is None:
        return []
    return [sentence, begins(answer) or ""] if "look at h_0" in sentence else [sentence]


def _follows(answer: Wrong) -> bool:
    """Whether the output is what the right readout makes of the student's states."""
    case = "output at every step"
    output, states = answer.outcomes[case].values.get("output"), answer.outcomes["hidden states"].values["hidden"]
    should, given = answer.right[case]["output"], answer.right["hidden states"]["hidden"]
    if output is None or output.shape != should.shape or states.shape != given.shape:
        return False
    table, own = (
        np.column_stack([one.reshape(-1, one.shape[-1]), np.ones(one[..., 0].size)]) for one in (given, states)
    )
    counts = np.linalg.lstsq(table, should.reshape(len(table), -1), rcond=1e-10)[0]
    return equal(own @ counts, output.reshape(len(own), -1))


def _probed(answer: Wrong) -> list[str | None]:
    """What special inputs show of the quantities that are wrong."""
    wrong = [
        (name, answer.outcomes[case].values[name], answer.right[case][name])
        for case in answer.unbroken
        for name in answer.names(case)
        if name in answer.outcomes[case].values and not later(name)
    ]
    names = [name for name, *_ in wrong if not is_gradient(name)]
    if not names:
        return []
    clues: list[str | None] = [start(answer)] if "hidden" in names else []
    if answer.question.name == "GRU.step":
        clues.append(share(answer, set(names)))
    return clues + tried(answer, [name for name, got, right in wrong if name in names and got.shape == right.shape])


def _where(answer: Wrong) -> str | None:
    """Which parts are right and which are not, by name."""
    fine, wrong = [], []
    for case in answer.unbroken:
        numbers, values = answer.right[case], answer.outcomes[case].values
        if any(map(is_gradient, numbers)):
            continue
        for name in numbers:
            if name in values and not later(name) and not name.startswith(FORMAL):
                one = "the new gradients" if name.startswith("grads[") else name.replace(", nothing", " where nothing")
                often = sum(name in answer.right[other] for other in answer.failed) > 1
                (fine if equal(values[name], numbers[name]) else wrong).append(f"{one} in “{case}”" if often else one)
    fine = [one for one in fine if one not in wrong]
    passed = [case for case in answer.outcomes if case not in answer.failed]
    if fine and wrong and len(set(fine + wrong)) < MANY:
        return f"{_listed(fine)} {_are(fine)} right, {_listed(wrong)} {_are(wrong)} not."
    if passed:
        return f"{_quoted(passed)} {_are(passed)} right, {_quoted(answer.failed)} {_are(answer.failed)} not."
    return None


def _all_wrong(answer: Wrong) -> list[str]:
    """The last that can be said: that it is wrong everywhere."""
    wrong = dict.fromkeys(name for case in answer.failed for name in answer.names(case))
    outcomes = [answer.outcomes[case] for case in answer.failed]
    same = [
        name
        for name in wrong
        if not (later(name) or is_gradient(name) or name.startswith(NAMED))
        and any(name in outcome.values for outcome in outcomes)
        and not any(name in outcome.problems for outcome in outcomes)
    ]
    return [f"{name}: {_sized(answer, name)}" for name in same[:2]]


def _sized(answer: Wrong, name: str) -> str:
    """Whether it is too large or too small throughout."""
    pairs = [(answer.outcomes[case].values.get(name), right.get(name)) for case, right in answer.right.items()]
    both = [(got.ravel(), right.ravel()) for got, right in pairs
            if got is not None and right is not None and got.shape == right.shape]  # fmt: skip
    if both:
        got, value = (np.concatenate(one) for one in zip(*both, strict=True))
        if len(got) > 3 and ((got > value).all() or (got < value).all()):
            return f"every entry is too {'large' if (got > value).all() else 'small'}, none by a common factor."
    return "no entry of it is right, and nothing that is known here gives these numbers."


def _listed(names: list[str]) -> str:
    return joined(list(dict.fromkeys(names)))


def _quoted(names: list[str]) -> str:
    return joined([f"“{name}”" for name in names])


def _are(names: list[str]) -> str:
    return "is" if len(set(names)) == 1 and not names[0].startswith("the new gradients") else "are"
