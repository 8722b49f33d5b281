"""rho_Whh and sigma_max_Whh: how much the recurrent matrix can grow a state, in the long and in the short run."""

from __future__ import annotations

import numpy as np
import torch

from rnnkit.cells import Cell


def rho_Whh(cell: Cell) -> float:
    r"""Spectral radius :math:`\rho(W) = \max_i |\lambda_i(W)|` of ``cell.recurrent_weight_for_rho()``.

    Returns:
        The radius; NaN where W is not finite.

    *Source:* handout section 2.3, item 6.
    """
    W = _matrix(cell)
    return float(np.abs(np.linalg.eigvals(W)).max()) if np.isfinite(W).all() else float("nan")


def sigma_max_Whh(cell: Cell) -> float:
    r"""Largest singular value :math:`\lVert W \rVert_2`, the quantity of the paper's bounds; not below rho.

    Returns:
        The norm; NaN where W is not finite.

    *Source:* Pascanu et al. 2013, section 2.1: with slope bound gamma, ``gamma sigma_max < 1`` suffices for vanishing.
    """
    W = _matrix(cell)
    return float(np.linalg.norm(W, 2)) if np.isfinite(W).all() else float("nan")


def _matrix(cell: Cell) -> np.ndarray:
    return torch.as_tensor(cell.recurrent_weight_for_rho()).detach().cpu().double().numpy()
