"""What a record says, in words: every sentence is computed from its numbers and states them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnkit.diagnostics import EPS, log10_grad
from rnnkit.facts import Facts, Record, facts_of, floors_of
from rnnkit.record import last_filled, regime_of

VANISHED, EXPLODED = -8.0, 0.0  # log10 g_t: the handout calls -8 to -12 vanished
MOST = 0.5
CLOSE = 0.05  # relative distance at which a loss counts as being at a floor
STILL, STILL_DECADES = 0.01, 0.02  # less movement than this (relative; in decades of g_t) is none to speak of
WIDE = 2.0  # decades between the 5th and 95th percentile of g_t, from which on it is spread


@dataclass(frozen=True)
class Verdict:
    """Fields:
    gradient: ``vanishing``, ``exploding``, ``spread``, ``moderate`` (none of the three) or ``not recorded``.
    saturation: ``saturating``, ``partly saturating``, ``not saturating`` or ``not recorded``.
    sentences: the evidence.
    """

    gradient: str
    saturation: str
    sentences: tuple[str, ...]


def verdict(record: Record) -> Verdict:
    """Reads a record with at least one check.

    *Source:* handout section 2.3 (item 3) for the limits, section 6 for the questions.
    """
    facts = facts_of(record)
    if not np.isfinite(facts.log10_grad.p50):
        sentences = (_learning(record, facts), *_omega(record), "No diagnostics were collected.")
        return Verdict("not recorded", "not recorded", sentences)
    gradient, about_gradient = _gradient(record)
    saturation, about_saturation = _saturation(facts)
    sentences = (_learning(record, facts), about_gradient, _reach(record), about_saturation, *_gates(record))
    return Verdict(gradient, saturation, (*sentences, *_omega(record), _clipping(record), _correlations(record)))


def _learning(record: Record, facts: Facts) -> str:
    floors = floors_of(record)
    marginal, memoryless = floors["marginal"].nll, floors["memoryless"].nll
    if facts.best_nll < (1 - CLOSE) * memoryless:
        against = "below what any network without memory reaches"
    elif facts.best_nll < (1 - CLOSE) * marginal:
        against = "below the best answer that ignores the input, but not below the best without memory"
    elif facts.best_nll < (1 + CLOSE) * marginal:
        against = f"within {100 * CLOSE:.0f} % of the best answer that ignores the input"
    else:
        against = "worse than the best answer that ignores the input"
    text = (
        f"Best validation loss {facts.best_nll:.4f}: {against} (ignoring the input {marginal:.4f}, without memory "
        f"{memoryless:.4f}); best validation error {facts.best_error:.2f} %."
    )
    if facts.status == "diverged":
        text += f" The weights stopped being finite at iteration {facts.updates - 1}."
    return text


def _gradient(record: Record) -> tuple[str, str]:
    values = log10_grad(record["grad_time"][last_filled(record)])
    below, above = float(np.mean(values < VANISHED)), float(np.mean(values > EXPLODED))
    low, mid, high = np.percentile(values, [5, 50, 95])
    calm = "spread" if high - low > WIDE else "moderate"
    kind = "vanishing" if below > MOST else "exploding" if above > MOST else calm
    shares = f"{100 * below:.0f} % of the time steps below {VANISHED:.0f}, {100 * above:.0f} % above {EXPLODED:.0f}"
    words = {
        "vanishing": f"Vanishing: {100 * below:.0f} % of the time steps have log10 g_t below {VANISHED:.0f}",
        "exploding": f"Exploding: {100 * above:.0f} % of the time steps have g_t above 1",
        "spread": f"Spread, neither vanished nor exploded: log10 g_t has {shares}",
        "moderate": f"Neither vanishing nor exploding nor spread, but close together: log10 g_t has {shares}",
    }
    return kind, f"{words[kind]} (median {mid:.2f}, 5th to 95th percentile {low:.2f} to {high:.2f})."


def _reach(record: Record) -> str:
    """How the gradient changes on its way back, and how much of it is only the direct term."""
    last = last_filled(record)
    g = record["grad_time"][last].astype(np.float64)
    g = g[np.isfinite(g)]
    text = "At the first step g_t is 0 to the last digit of a 32-bit number."
    if g[0] > 0 and g[-1] > 0:
        text = f"From the last step back to the first g_t changes by a factor of 10^{np.log10(g[0] / g[-1]):.1f}."
    direct = record["grad_time_direct"][last].astype(np.float64)
    direct = direct[np.isfinite(direct)]
    if str(record["classif_type"]) == "softmax":
        share = float(np.median(direct / (g + EPS)))
        text += (
            f" Every step has a loss of its own here, so g_t cannot vanish with the distance: the direct term alone is "
            f"{100 * share:.0f} % of g_t at the median step."
        )
    return text


def _saturation(facts: Facts) -> tuple[str, str]:
    share = facts.units_saturated / 100
    kind = "saturating" if share > MOST else "partly saturating" if share > 0.05 else "not saturating"
    return kind, (
        f"{kind.capitalize()}: {100 * share:.1f} % of the units are nearer than {facts.regime.satThresh:g} to the ends "
        f"of their range; mean distance {facts.sat.mean:.3f}, between {facts.sat.low:.3f} and {facts.sat.high:.3f} "
        "over the time steps."
    )


def _gates(record: Record) -> tuple[str, ...]:
    last, words = last_filled(record), []
    for gate, name in (("z", "update"), ("r", "reset")):
        values = record[f"gate_{gate}_sat_time"][last]
        values = values[np.isfinite(values)]
        if values.size:
            state = "decided" if values.mean() < 0.05 else "leaning" if values.mean() < 0.25 else "undecided"
            words.append(f"the {name} gate is {state} (mean distance {values.mean():.3f} of at most 0.5)")
    return (f"Gates: {', '.join(words)}.",) if words else ()


def _clipping(record: Record) -> str:
    regime = regime_of(record)
    norms = record["gradient_norm"]
    norms = norms[~np.isnan(norms)]
    if not norms.size:
        return "No update was done."
    text = f"The gradient norm was {np.median(norms):.3g} at the median update and {norms.max():.3g} at the largest; "
    if regime.clipstyle != "rescale":
        return text + "nothing was clipped."
    return text + f"{100 * np.mean(norms > regime.cutoff):.0f} % of the updates were clipped to {regime.cutoff:g}."


def _omega(record: Record) -> tuple[str, ...]:
    """What the regulariser did, over the first and the last tenth of the updates."""
    regime = regime_of(record)
    values, steps = record["Omega"], record["steps_in_past"]
    seen = np.isfinite(values)
    if not regime.alpha or not seen.any():
        return ()
    tenth = max(1, int(seen.sum()) // 10)
    first, last = np.median(values[seen][:tenth]), np.median(values[seen][-tenth:])
    return (
        f"Omega, with weight {regime.alpha:g} and on the {regime.omega_on} derivative, had a median of {first:.3g} in "
        f"the first tenth of the updates and of {last:.3g} in the last, where it looked at "
        f"{100 * np.median(steps[seen][-tenth:]):.0f} % of the steps.",
    )


def _correlations(record: Record) -> str:
    """Of mean log10 g_t with saturation and rho over the checks: an observation, no cause.

    Without the untrained network: one point far from all others would decide the sign.
    """
    checks = slice(1, last_filled(record) + 1)
    with np.errstate(invalid="ignore"):
        g = np.array(
            [log10_grad(row).mean() if np.isfinite(row).any() else np.nan for row in record["grad_time"][checks]]
        )
        sat = np.array(
            [row[np.isfinite(row)].mean() if np.isfinite(row).any() else np.nan for row in record["sat_time"][checks]]
        )
    rho = record["rho_Whh"][checks].astype(np.float64)
    if not len(rho):
        return f"rho_Whh was {record['rho_Whh'][0]:.3f} before training; there is no later check."
    return (
        f"rho_Whh was {record['rho_Whh'][0]:.3f} before training, between {rho.min():.3f} and {rho.max():.3f} at the "
        f"{len(rho)} checks since, and {rho[-1]:.3f} at the last. Over these checks mean log10 g_t correlates with "
        f"rho_Whh at {_correlation(g, rho)} and with the distance to saturation at {_correlation(g, sat)}."
    )


def _correlation(x: np.ndarray, y: np.ndarray) -> str:
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    if len(x) < 5:
        return "(too few checks to say)"
    if np.ptp(x) < STILL_DECADES or np.ptp(y) < STILL * np.abs(y).max():
        return "(not said: one of the two hardly moves)"
    return f"{np.corrcoef(x, y)[0, 1]:+.2f}"
