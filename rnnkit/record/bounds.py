r"""The paper's two claims about norms and vanishing gradients, tried on the checks of a run.

One step back, :math:`d_{t-1} = (d_t \odot \varphi') W_{hh}^\top` where the loss looks at the last state only, and so

.. math::
    \lVert d_{t-1} \rVert \le \gamma\, \sigma_{\max}(W_{hh})\, \lVert d_t \rVert, \qquad \gamma = \max |\varphi'|,

1 for tanh and the identity, 1/4 for the sigmoid. Hence: :math:`\gamma \sigma_{\max} < 1` suffices for gradients to
vanish, and :math:`\gamma \sigma_{\max} > 1` is necessary for them to explode. That the spectral radius is above 1 says
neither.

*Source:* Pascanu et al. 2013, section 2.1; with gamma and sigma_max as in its proof.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnnkit.common.names import BadValue
from rnnkit.record.file import regime_of

GAMMA = {"tanh": 1.0, "sigmoid": 0.25, "identity": 1.0}
ROUNDING = 1e-3  # relative: g_t and sigma_max are float32, and g_t is a mean of norms


class Bound(NamedTuple):
    """One check.

    Fields:
        updates: updates seen by then.
        rho: spectral radius of W_hh.
        bound: gamma sigma_max, the most that a norm can grow in one step back.
        growth: geometric mean of g_{t-1} / g_t over the steps.
        largest: largest g_{t-1} / g_t.
    """

    updates: int
    rho: float
    bound: float
    growth: float
    largest: float


class Claim(NamedTuple):
    """One claim: at how many checks it applies, and at how many of those it does not hold."""

    text: str
    applies: int
    broken: int


def bounds_of(record: dict[str, Any]) -> list[Bound]:
    """Bound and measured growth at every check with a gradient.

    Raises:
        BadValue: a GRU, a loss at every step (there the direct terms add up, and norms grow back in time without any
            exploding), or a record without diagnostics.
    """
    regime = regime_of(record)
    head = str(record["classif_type"])
    if regime.model != "rnn" or head == "softmax" or not regime.collectDiags:
        raise BadValue(
            f"{regime.name}: expected an RNN with a loss after the last step and --collectDiags, got model "
            f"{regime.model}, head {head}, collectDiags {regime.collectDiags}; take a run of torder, for instance"
        )
    gamma, bounds = GAMMA[str(record["act_name"])], []
    for slot in np.flatnonzero(record["check_updates"] >= 0):
        g = record["grad_time"][slot].astype(np.float64)
        g = g[np.isfinite(g)]
        pairs = (g[1:] > 0) & (g[:-1] > 0)
        if pairs.any():
            steps = g[:-1][pairs] / g[1:][pairs]  # g_{t-1} / g_t
            rho, sigma_max = float(record["rho_Whh"][slot]), float(record["sigma_max_Whh"][slot])
            growth, largest = float(np.exp(np.log(steps).mean())), float(steps.max())
            bounds.append(Bound(int(record["check_updates"][slot]), rho, gamma * sigma_max, growth, largest))
    return bounds


def claims(bounds: list[Bound]) -> list[Claim]:
    """The paper's claims, and one that is often taken for them, counted over the checks."""
    below, above = [b for b in bounds if b.bound < 1], [b for b in bounds if b.growth > 1 + ROUNDING]
    wide = [b for b in bounds if b.rho > 1]
    broken = {
        "no step back grows by more than gamma sigma_max": [b.largest > b.bound * (1 + ROUNDING) for b in bounds],
        "gamma sigma_max < 1 suffices: the gradient vanishes": [b.growth >= 1 for b in below],
        "gamma sigma_max > 1 is necessary: wherever the gradient grows, it is so": [b.bound <= 1 for b in above],
        "not the paper's: a spectral radius above 1 makes the gradient grow": [b.growth <= 1 for b in wide],
    }
    return [Claim(text, len(each), sum(each)) for text, each in broken.items()]
