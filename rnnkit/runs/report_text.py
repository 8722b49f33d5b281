"""What a run prints and logs: one block per check."""

from __future__ import annotations

import numpy as np

from rnnkit.diagnostics import log10_grad, summarize
from rnnkit.regimes import Regime
from rnnkit.trainer import Checkpoint


def check_block(regime: Regime, check: Checkpoint) -> str:
    """The lines of one check.

    Losses in nats (squared error for regression), errors in percent, histograms over the time steps of the diagnostic
    batch. Averages are over the updates since the check before.

    *Source:* handout section 2.3.
    """
    v, trained = check.values, check.slot > 0
    where = f"iteration {check.updates - 1} of {regime.maxiters}" if trained else "untrained network"
    train = f"train nll {check.train_nll:.3f} | " if trained else ""
    norms = f"avg grad norm {check.gradient_norm:.3f} | " if trained else ""
    if trained and regime.clipstyle == "rescale":
        norms += f"avg grad norm (post clip) {check.gradient_norm_clipped:.3f} | "
    lines = [
        f"{regime.name}: {where}",
        f"  {train}valid nll {v['valid_nll']:.3f} | "
        f"valid error {v['valid_error']:.2f} % | best valid error {check.best_error:.2f} %",
        f"  {norms}rho_Whh {v['rho_Whh']:.2f} | sigma_max_Whh {v['sigma_max_Whh']:.2f}",
    ]
    if trained and regime.alpha > 0:
        of = "" if regime.omega_on == "total" else " of the direct term alone"
        lines.append(f"  Omega{of} {check.Omega:.4g} | steps in the past {check.steps_in_past:.3f}")
    if "valid_mae" in v:
        lines.append(
            f"  MAE {v['valid_mae']:.3f} | error@0.05 {v['valid_err_005']:.2f} % | "
            f"error@0.10 {v['valid_err_010']:.2f} % | error@{regime.err_abs:.2f} {v['valid_error']:.2f} % | "
            f"largest error {v['valid_maxae']:.3f}"
        )
    return "\n".join([*lines, *_over_time(regime.satThresh, check.over_time)])


def _over_time(threshold: float, over_time: dict[str, np.ndarray]) -> list[str]:
    """The lines of the diagnostics through time, if any were collected."""
    if not over_time:
        return []
    g, distances = summarize(log10_grad(over_time["grad_time"])), over_time["sat_time"]
    s, near = summarize(distances), 100 * float(np.mean(distances < threshold))
    units = 100 * float(np.mean(over_time["unit_sat_time"]))
    lines = [
        f"  log10 g_t: range {g.low:.2f} .. {g.high:.2f} | mean {g.mean:.2f} | "
        f"p05 {g.p05:.2f} | p50 {g.p50:.2f} | p95 {g.p95:.2f}",
        f"  saturation distance: mean {s.mean:.3f} | p10 {s.p10:.3f} | p90 {s.p90:.3f} | "
        f"below {threshold:g}: {near:.1f} % of steps, {units:.1f} % of units",
    ]
    for gate in "zr":
        values = over_time.get(f"gate_{gate}_sat_time")
        if values is not None and np.isfinite(values).any():
            s = summarize(values)
            lines.append(f"  gate {gate} distance: mean {s.mean:.3f} | p10 {s.p10:.3f} | p90 {s.p90:.3f}")
    return lines


def closing_line(regime: Regime, status: str, updates: int) -> str:
    """How a run ended, in one line."""
    none_wrong = regime.stop_error <= 100 / regime.ebs
    less = f"less than {regime.stop_error:g} % of the validation is wrong"
    meaning = {
        "finished": f"finished: all {updates} updates done",
        "solved": f"solved after {updates} updates: {'no validation sequence is wrong' if none_wrong else less}",
        "diverged": (
            f"diverged at iteration {updates - 1}: the weights are no longer finite, and no update could change that; "
            "stopped, with everything until then recorded"
        ),
    }
    return f"{regime.name}: {meaning[status]}"
