"""Sentences made from probes: with which special inputs a wrong answer is right, and with which it is not."""

from __future__ import annotations

import numpy as np

from rnnkit.checks.inputs import Probe
from rnnkit.checks.outcome import Outcome, equal
from rnnkit.checks.right import probe_expected
from rnnkit.checks.wrong import Wrong

MOST = 4  # probes of a kind that are named
READOUT = ("W_ho = 0", "b_o = 0")  # no state depends on them
STAYS = "x and every bias are 0 (all states stay 0 then)"


def tried(answer: Wrong, wrong: list[str]) -> list[str]:
    """What the probes say of each quantity that is wrong with the public inputs."""
    sentences = []
    question, probed, expected = answer.question, answer.probed, probe_expected(answer.question)
    wrong = [name for name in dict.fromkeys(wrong) if name != "output" or "hidden" not in wrong]
    for quantity in wrong[:2]:
        idle = {STAYS, *(READOUT if quantity in ("hidden", "z", "r") and question.method == "forward" else ())}
        known = [
            probe
            for probe in question.probes
            if quantity in expected.get(probe.name, {}) and probe.name in probed and probe.name not in idle
        ]
        fine = [probe for probe in known if _right(probed[probe.name], quantity, expected[probe.name][quantity])]
        rest = [probe for probe in known if probe not in fine]
        if fine:
            still = f" It is wrong, too, when {_named(rest, MOST - 1)}." if rest else ""
            looks = [probe.look for probe in fine if probe.look and (rest or probe.narrow)]
            look = f": {looks[0]}" if looks else ""
            sentences.append(f"{quantity} tried with special inputs: it is right when {_named(fine)}{look}.{still}")
    return sentences


def _named(probes: list[Probe], most: int = MOST) -> str:
    more = f"; and {len(probes) - most} more" if len(probes) > most else ""
    return "; when ".join(probe.name for probe in probes[:most]) + more


def _right(outcome: Outcome, quantity: str, expected: np.ndarray) -> bool:
    return outcome.error is None and not outcome.problems and equal(outcome.values.get(quantity), expected)


def start(answer: Wrong) -> str | None:
    """Whether the first state is another one than from h_0 = 0: seen where input and biases are 0."""
    outcome, expected = answer.probed.get(STAYS), probe_expected(answer.question).get(STAYS, {}).get("hidden")
    hidden = None if outcome is None else outcome.values.get("hidden")
    if expected is None or hidden is None or hidden.shape != expected.shape or np.abs(expected).max() > 1e-9:
        return None
    if np.abs(hidden[0]).max() < 1e-9:
        return None
    return (
        "with x = 0 and every bias 0 all states must stay 0, and your first state does not: h_0 is not 0, or something "
        "is added to the states."
    )


def begins(answer: Wrong) -> str | None:
    """What a first state that is not right depends on, by the probes in which it is."""
    probed, expected = answer.probed, probe_expected(answer.question)
    fine = [
        name for name in (STAYS, "x = 0") if name in probed and _right(probed[name], "hidden", expected[name]["hidden"])
    ]
    if "x = 0" in fine:
        return "with x = 0 all is right: h_0 depends on x."
    return "with x and every bias 0 all is right, with x = 0 alone it is not: h_0 depends on a bias." if fine else None


def share(answer: Wrong, wrong: set[str]) -> str | None:
    """Of `GRU.step`: which of z, r and h_t is wrong, and whether h_t only follows."""
    values = answer.outcomes[answer.unbroken[0]].values
    if not {"z", "r", "h_t"} <= set(values) or not wrong <= {"z", "r", "h_t"}:
        return None
    numbers = [probe_expected(answer.question).get(probe.name, {}) for probe in answer.question.probes[1::-1]]
    ends = [one["h_t"] for one in numbers if "h_t" in one]
    if wrong == {"h_t"}:
        return (
            "z and r are right, h_t is not: the mistake is in the candidate, in what it is given, or in how it is "
            "mixed with the old state."
        )
    if wrong == {"z", "h_t"} and [end.shape for end in ends] == 2 * [values["z"].shape]:
        shut, opened = ends
        with np.errstate(all="ignore"):
            where = (values["h_t"] - shut) / (opened - shut)
        if np.abs(where - values["z"]).max() < 1e-3:
            return "z is wrong and r is right; h_t follows from your z: mend the update gate."
    gates = sorted(wrong - {"h_t"})
    named = f"{' and '.join(gates)} {'is' if len(gates) == 1 else 'are'}"
    if "h_t" not in wrong:
        return f"h_t is right, {named} not as returned: look at what is put into the dict."
    other = "" if len(gates) == 2 else f", {'r' if gates == ['z'] else 'z'} is right"
    return f"{named} wrong{other}; h_t is wrong, too, and depends on the gates: mend those first."
