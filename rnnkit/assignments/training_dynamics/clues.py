"""What wrong answers to one question alone give away: clipping."""

from __future__ import annotations

import numpy as np

from rnnkit.checks.inputs import Expected
from rnnkit.checks.outcome import Outcome, equal, named
from rnnkit.checks.question import Question


def factor(question: Question, outcomes: dict[str, Outcome], right: Expected) -> str | None:
    """The factor that the gradients were multiplied with, where it is one and not cutoff / norm."""
    case = "above the cutoff"
    if outcomes[case].error is not None:
        return None
    inputs, factors = question.inputs.of(case), []
    for special, given in {"": inputs, **inputs.rounds}.items():
        at = (lambda one, special=special: named(one, special)) if special else (lambda one: one)
        names = [name for name in right[case] if name.startswith("grads[") and name == at(name.split(" (with")[0])]
        norm, cutoff = float(right[case].get(at("norm"), np.array(0.0))), float(given["cutoff"])
        values = [outcomes[case].values[name] for name in names if name in outcomes[case].values]
        if norm <= cutoff or len(values) < len(names):
            continue
        wanted = np.concatenate([right[case][name].ravel() for name in names]) * norm / cutoff
        got = np.concatenate([value.ravel() for value in values])
        times = float(got @ wanted / (wanted @ wanted))
        if got.shape != wanted.shape or not equal(got, times * wanted):
            return None
        factors.append((times, cutoff, norm))
    if not factors or all(abs(times * norm / cutoff - 1) < 1e-4 for times, cutoff, norm in factors):
        return None
    times, cutoff, norm = factors[0]
    said = f"your factor is {times:.6g}, and cutoff / norm is {cutoff / norm:.6g}"
    digits = next((n for n in range(1, 5) if all(abs(round(c / n_, n) - t) < 1e-9 for t, c, n_ in factors)), None)
    if digits:
        return f"{said}: it is rounded to {digits} digit{'s' * (digits != 1)} after the point."
    more = [c / t - n for t, c, n in factors if t > 0]
    if len(more) > 1 and np.ptp(more) < 1e-5 and abs(more[0]) > 1e-8:
        return f"{said}: it is as if {more[0]:.3g} were added to the norm."
    return f"{said}."
