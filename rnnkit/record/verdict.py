"""What a record says of the handout's questions, in classes and numbers: instructors have it, students do not."""

from __future__ import annotations

import numpy as np

from rnnkit.diagnostics import EPS, log10_grad, mean_log10_grad, over_steps
from rnnkit.record.facts import Facts, Record, facts_of, floors_of
from rnnkit.record.file import last_filled, regime_of

VANISHED, EXPLODED = -8.0, 0.0  # log10 g_t: the handout calls -8 to -12 vanished
MOST = 0.5
CLOSE = 0.05  # relative distance at which a loss counts as being at a floor
STILL, STILL_DECADES = 0.01, 0.02  # less movement than this (relative; in decades of g_t) is none to speak of
WIDE = 2.0  # decades between the 5th and 95th percentile of g_t, from which on it is spread
NONE, NOT_RECORDED = "–", "not recorded"


def verdict(record: Record) -> dict[str, str]:
    """What a record with at least one check says, as a row of a table: text by the columns' names.

    ``gradient`` is vanishing, exploding, spread, moderate (none of the three) or not recorded, ``saturation`` is
    saturating, partly saturating, not saturating or not recorded; the rest is their evidence.

    *Source:* handout section 2.3 (item 3) for the limits, section 6 for the questions.
    """
    facts, last = facts_of(record), last_filled(record)
    total, direct = (record[key][last].astype(np.float64) for key in ("grad_time", "grad_time_direct"))
    g = log10_grad(total)
    return {
        "gradient": _gradient(g) if g.size else NOT_RECORDED,
        f"steps below {VANISHED:.0f}": f"{100 * np.mean(g < VANISHED):.0f} %" if g.size else NONE,
        "log10 g: median (5th to 95th percentile)": _spread(g),
        "first step against last": _reach(total),
        "direct term": _direct(total, direct),
        "saturation": _saturation(facts.units_saturated / 100) if g.size else NOT_RECORDED,
        "saturated units": f"{facts.units_saturated:.1f} %" if g.size else NONE,
        "mean distance": f"{facts.sat.mean:.3f}" if g.size else NONE,
        "gates: mean value, distance": _gates(record),
        "clipped updates": _clipped(record),
        "gradient norm: median, largest": _norms(facts),
        "rho: start, end": f"{facts.rho_start:.3f}, {facts.rho_end:.3f}",
        "correlation with rho": _correlation(record, record["rho_Whh"]),
        "correlation with distance": _correlation(record, over_steps(record["sat_time"])),
        "loss": _learning(record, facts),
        "Omega": _omega(record),
    }


def _gradient(g: np.ndarray) -> str:
    if np.mean(g < VANISHED) > MOST:
        return "vanishing"
    if np.mean(g > EXPLODED) > MOST:
        return "exploding"
    low, high = np.percentile(g, [5, 95])
    return "spread" if high - low > WIDE else "moderate"


def _saturation(share: float) -> str:
    return "saturating" if share > MOST else "partly saturating" if share > 0.05 else "not saturating"


def _spread(g: np.ndarray) -> str:
    if not g.size:
        return NONE
    low, mid, high = np.percentile(g, [5, 50, 95])
    return f"{mid:.2f} ({low:.2f} to {high:.2f})"


def _reach(g: np.ndarray) -> str:
    """By which factor g_t changes from the last step back to the first."""
    g = g[np.isfinite(g)]
    if not g.size or g[-1] <= 0:
        return NONE
    return f"10^{np.log10(g[0] / g[-1]):.1f}" if g[0] > 0 else "0"


def _direct(g: np.ndarray, direct: np.ndarray) -> str:
    """How much of g_t is the direct term at the median step: all of it where every step has a loss of its own."""
    seen = np.isfinite(g) & np.isfinite(direct)
    if not seen.any():
        return NONE
    share, zero = np.median(direct[seen] / (g[seen] + EPS)), np.mean(direct[seen] == 0)
    return f"{100 * share:.0f} % of g_t, 0 at {100 * zero:.0f} % of the steps"


def _gates(record: Record) -> str:
    last, words = last_filled(record), []
    older = np.full((last + 1, 1), np.nan)
    for gate in "zr":
        curves = [record.get(f"gate_{gate}_{key}_time", older)[last] for key in ("mean", "sat")]
        mean, distance = (np.nanmean(curve) if np.isfinite(curve).any() else np.nan for curve in curves)
        if np.isfinite(distance):
            words.append(f"{gate} {f'{mean:.2f}' if np.isfinite(mean) else NONE}, {distance:.2f}")
    return "; ".join(words) or NONE


def _clipped(record: Record) -> str:
    regime, norms = regime_of(record), record["gradient_norm"]
    norms = norms[~np.isnan(norms)]
    if regime.clipstyle != "rescale" or not norms.size:
        return NONE
    return f"{100 * np.mean(norms > regime.cutoff):.0f} % to {regime.cutoff:g}"


def _norms(facts: Facts) -> str:
    median, largest = facts.median_gradient_norm, facts.largest_gradient_norm
    return NONE if np.isnan(largest) else f"{median:.3g}, {largest:.3g}"


def _learning(record: Record, facts: Facts) -> str:
    floors = floors_of(record)
    marginal, memoryless = floors["marginal"].nll, floors["memoryless"].nll
    if facts.status == "diverged":
        return f"diverged at iteration {facts.updates - 1}"
    best = facts.best_nll
    if best < (1 - CLOSE) * memoryless:
        return f"{best:.4f}, below all without memory ({memoryless:.4f})"
    where = "below" if best < (1 - CLOSE) * marginal else "at" if best < (1 + CLOSE) * marginal else "above"
    return f"{best:.4f}, {where} the marginal ({marginal:.4f})"


def _omega(record: Record) -> str:
    """What the regulariser did, over the first and the last tenth of the updates."""
    regime = regime_of(record)
    values, steps = record["Omega"], record["steps_in_past"]
    seen = np.isfinite(values)
    if not regime.alpha or not seen.any():
        return NONE
    tenth = max(1, int(seen.sum()) // 10)
    first, last = np.median(values[seen][:tenth]), np.median(values[seen][-tenth:])
    share = 100 * np.median(steps[seen][-tenth:])
    return f"{regime.omega_on}, {first:.3g} to {last:.3g}, at {share:.0f} % of the steps"


def _correlation(record: Record, curve: np.ndarray) -> str:
    """Of mean log10 g_t with a curve over the checks: an observation, no cause.

    Without the untrained network: one point far from all others would decide the sign.
    """
    checks = slice(1, last_filled(record) + 1)
    g = mean_log10_grad(record["grad_time"][checks])
    x = curve[checks].astype(np.float64)
    both = np.isfinite(x) & np.isfinite(g)
    x, y = x[both], g[both]
    if len(x) < 5:
        return "too few checks"
    if np.ptp(y) < STILL_DECADES or np.ptp(x) < STILL * np.abs(x).max():
        return "hardly moves"
    return f"{np.corrcoef(x, y)[0, 1]:+.2f}"
