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
    lines = [_headline(regime, check), _losses(check), _norms(regime, check)]
    if check.slot and regime.alpha > 0:
        lines.append(_omega(regime, check))
    if "valid_mae" in check.values:
        lines.append(_regression(regime, check))
    if check.over_time:
        lines += [_gradient(check), _saturation(regime, check)]
        lines += [_gate(check, gate) for gate in "zr" if np.isfinite(_gate_values(check, gate)).any()]
    return "\n".join(lines)


def _headline(regime: Regime, check: Checkpoint) -> str:
    if check.slot == 0:
        return f"{regime.name}: untrained network"
    return f"{regime.name}: iteration {check.updates - 1} of {regime.maxiters}"


def _losses(check: Checkpoint) -> str:
    v = check.values
    train = f"train nll {check.train_nll:.3f} | " if check.slot else ""
    return (
        f"  {train}valid nll {v['valid_nll']:.3f} | "
        f"valid error {v['valid_error']:.2f} % | best valid error {check.best_error:.2f} %"
    )


def _norms(regime: Regime, check: Checkpoint) -> str:
    norms = f"avg grad norm {check.gradient_norm:.3f} | " if check.slot else ""
    if check.slot and regime.clipstyle == "rescale":
        norms += f"avg grad norm (post clip) {check.gradient_norm_clipped:.3f} | "
    return f"  {norms}rho_Whh {check.values['rho_Whh']:.2f} | sigma_max_Whh {check.values['sigma_max_Whh']:.2f}"


def _omega(regime: Regime, check: Checkpoint) -> str:
    of = "" if regime.omega_on == "total" else " of the direct term alone"
    return f"  Omega{of} {check.Omega:.4g} | steps in the past {check.steps_in_past:.3f}"


def _regression(regime: Regime, check: Checkpoint) -> str:
    v = check.values
    return (
        f"  MAE {v['valid_mae']:.3f} | error@0.05 {v['valid_err_005']:.2f} % | error@0.10 {v['valid_err_010']:.2f} % | "
        f"error@{regime.err_abs:.2f} {v['valid_error']:.2f} % | largest error {v['valid_maxae']:.3f}"
    )


def _gradient(check: Checkpoint) -> str:
    s = summarize(log10_grad(check.over_time["grad_time"]))
    return (
        f"  log10 g_t: range {s.low:.2f} .. {s.high:.2f} | mean {s.mean:.2f} | "
        f"p05 {s.p05:.2f} | p50 {s.p50:.2f} | p95 {s.p95:.2f}"
    )


def _saturation(regime: Regime, check: Checkpoint) -> str:
    values = check.over_time["sat_time"]
    s, near = summarize(values), 100 * float(np.mean(values < regime.satThresh))
    units = 100 * float(np.mean(check.over_time["unit_sat_time"]))
    return (
        f"  saturation distance: mean {s.mean:.3f} | p10 {s.p10:.3f} | p90 {s.p90:.3f} | "
        f"below {regime.satThresh:g}: {near:.1f} % of steps, {units:.1f} % of units"
    )


def _gate_values(check: Checkpoint, gate: str) -> np.ndarray:
    return check.over_time.get(f"gate_{gate}_sat_time", np.array([np.nan]))


def _gate(check: Checkpoint, gate: str) -> str:
    s = summarize(_gate_values(check, gate))
    return f"  gate {gate} distance: mean {s.mean:.3f} | p10 {s.p10:.3f} | p90 {s.p90:.3f}"


def _solved(regime: Regime) -> str:
    none = regime.stop_error <= 100 / regime.ebs
    return (
        "no validation sequence is wrong" if none else f"less than {regime.stop_error:g} % of the validation is wrong"
    )


def closing_line(regime: Regime, status: str, updates: int) -> str:
    """How a run ended, in one line."""
    meaning = {
        "finished": f"finished: all {updates} updates done",
        "solved": f"solved after {updates} updates: {_solved(regime)}",
        "diverged": (
            f"diverged at iteration {updates - 1}: the weights are no longer finite, and no update could change that; "
            "stopped, with everything until then recorded"
        ),
    }
    return f"{regime.name}: {meaning[status]}"
