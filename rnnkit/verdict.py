"""What a record says, in words: every sentence is computed from its numbers and states them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnkit.diagnostics import EPS, log10_grad
from rnnkit.facts import Facts, Record, facts_of, floors_of
from rnnkit.record import last_filled, regime_of

VANISHED, EXPLODED = -8.0, 0.0  # log10 g_t: the handout calls -8 to -12 vanished
MOST = 0.5


@dataclass(frozen=True)
class Verdict:
    """Fields:
    gradient: ``vanishing``, ``exploding``, ``spread`` or ``not recorded``.
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
        return Verdict("not recorded", "not recorded", (_learning(record, facts), "No diagnostics were collected."))
    gradient, about_gradient = _gradient(record)
    saturation, about_saturation = _saturation(facts)
    sentences = (_learning(record, facts), about_gradient, _reach(record), about_saturation, *_gates(record))
    return Verdict(gradient, saturation, (*sentences, _clipping(record), _correlations(record)))


def _learning(record: Record, facts: Facts) -> str:
    floors = floors_of(record)
    beaten = [name for name, floor in floors.items() if facts.best_nll < 0.95 * floor.nll]
    against = f"clearly below the floor of {', '.join(beaten)}" if beaten else "not clearly below any floor"
    levels = ", ".join(f"{name} {floors[name].nll:.4f}" for name in ("constant", "marginal", "memoryless"))
    text = (
        f"Best validation loss {facts.best_nll:.4f}, {against} ({levels}); "
        f"best validation error {facts.best_error:.2f} %."
    )
    if facts.status == "diverged":
        text += f" The weights stopped being finite at iteration {facts.updates - 1}."
    return text


def _gradient(record: Record) -> tuple[str, str]:
    values = log10_grad(record["grad_time"][last_filled(record)])
    below, above = float(np.mean(values < VANISHED)), float(np.mean(values > EXPLODED))
    kind = "vanishing" if below > MOST else "exploding" if above > MOST else "spread"
    words = {
        "vanishing": f"Vanishing: {100 * below:.0f} % of the time steps have log10 g_t below {VANISHED:.0f}",
        "exploding": f"Exploding: {100 * above:.0f} % of the time steps have g_t above 1",
        "spread": f"Neither vanished nor exploded: {100 * below:.0f} % of the time steps below {VANISHED:.0f}, "
        f"{100 * above:.0f} % above {EXPLODED:.0f}",
    }
    low, mid, high = np.percentile(values, [5, 50, 95])
    return kind, f"{words[kind]} (median {mid:.2f}, 5th to 95th percentile {low:.2f} to {high:.2f})."


def _reach(record: Record) -> str:
    """How the gradient changes on its way back, and how much of it is only the direct term."""
    last = last_filled(record)
    g = record["grad_time"][last].astype(np.float64)
    g = g[np.isfinite(g)]
    change = np.log10(g[0] + EPS) - np.log10(g[-1] + EPS)
    text = f"From the last step to the first g_t changes by a factor of 10^{change:.1f}."
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
        f"of their range; mean distance {facts.sat.mean:.3f} (10th to 90th percentile over steps "
        f"{facts.sat.p10:.3f} to {facts.sat.p90:.3f})."
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


def _correlations(record: Record) -> str:
    """Of mean log10 g_t with saturation and rho over the checks: an observation, no cause."""
    checks = slice(0, last_filled(record) + 1)
    with np.errstate(invalid="ignore"):
        g = np.array(
            [log10_grad(row).mean() if np.isfinite(row).any() else np.nan for row in record["grad_time"][checks]]
        )
        sat = np.array(
            [row[np.isfinite(row)].mean() if np.isfinite(row).any() else np.nan for row in record["sat_time"][checks]]
        )
    rho = record["rho_Whh"][checks].astype(np.float64)
    return (
        f"Over {len(g)} checks rho_Whh went from {rho[0]:.3f} to {rho[-1]:.3f}; mean log10 g_t correlates with rho_Whh "
        f"at {_correlation(g, rho)} and with the distance to saturation at {_correlation(g, sat)}."
    )


def _correlation(x: np.ndarray, y: np.ndarray) -> str:
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    if len(x) < 3 or np.ptp(x) < 1e-9 or np.ptp(y) < 1e-9:
        return "(undefined: one of them hardly moves)"
    return f"{np.corrcoef(x, y)[0, 1]:+.2f}"
