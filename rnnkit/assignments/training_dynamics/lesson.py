"""Small experiments for the lesson: a network with a chosen recurrent matrix, and what its gradient does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from rnnkit.cells import RNN
from rnnkit.diagnostics import grad_time, rho_Whh, sigma_max_Whh
from rnnkit.engines import FusedEngine, Pass
from rnnkit.engines.bptt import PHI_SLOPE, before_first
from rnnkit.heads import get_head
from rnnkit.inits import set_weights
from rnnkit.optim import clip, sgd
from rnnkit.tasks import Batch, Task

BATCH = 20  # sequences B
H = 20  # units


def matrix(rho: float, kind: str = "random", seed: int = 0) -> np.ndarray:
    """A recurrent matrix ``(H, H)`` of a chosen spectral radius.

    Arguments:
        rho: largest modulus of its eigenvalues.
        kind: ``random``: normal weights; ``rotation``: orthogonal times rho, so that all eigenvalues have this modulus;
            ``shear``: far from normal, all eigenvalues equal to rho and its largest singular value well above.
        seed: of the draw.
    """
    drawn = np.random.RandomState(seed).normal(size=(H, H))
    if kind == "rotation":
        return rho * np.linalg.qr(drawn)[0]
    if kind == "shear":
        return rho * np.eye(H) + 0.3 * np.eye(H, k=1)
    return drawn * rho / np.abs(np.linalg.eigvals(drawn)).max()


def network(W_hh: np.ndarray, task: Task, phi: str = "identity", seed: int = 0) -> RNN:
    """A vanilla RNN for a task with this recurrent matrix; the other weights are normal, with deviation 0.1."""
    rng, n_hid = np.random.RandomState(seed), len(W_hh)
    cell = RNN(task.n_in, n_hid, task.n_out, phi=phi, head=task.head, dtype=torch.float64)
    others = {"W_xh": (task.n_in, n_hid), "W_ho": (n_hid, task.n_out)}
    set_weights(cell, {"W_hh": W_hh} | {name: rng.normal(scale=0.1, size=size) for name, size in others.items()})
    return cell


def batch_of(task: Task, length: int, seed: int = 0) -> Batch:
    """A batch of 20 sequences in float64."""
    return task.sample(np.random.RandomState(seed), length, BATCH).to("cpu", torch.float64)


def backwards(cell: RNN, batch: Batch) -> Pass:
    """The batch forward through the network and back, with the total and the direct derivative at every step."""
    return FusedEngine().run(cell, get_head(cell.head), batch)


class Linear(NamedTuple):
    """The gradient of a network, and what eigenvalues say of it.

    Fields:
        rho, sigma: spectral radius and largest singular value of W_hh.
        norms: ``(T,)``, norm of dL/dh_t, mean over the batch.
        foretold: ``(T,)``, rho^(T - t) times the norm at step T.
    """

    rho: float
    sigma: float
    norms: np.ndarray
    foretold: np.ndarray

    def __str__(self) -> str:
        ratio = self.norms[0] / self.norms[-1]
        return f"ρ {self.rho:.2f}, σ_max {self.sigma:.2f}, norm at t = 1 over that at T {ratio:.1e}"


def linear(W_hh: np.ndarray, task: Task, length: int) -> Linear:
    """The linear network (phi the identity) with this recurrent matrix, on one batch."""
    cell = network(W_hh, task)
    g, rho = grad_time(backwards(cell, batch_of(task, length))), rho_Whh(cell)
    return Linear(rho, sigma_max_Whh(cell), g, rho ** np.arange(len(g) - 1, -1, -1.0) * g[-1])


def by_jacobians(cell: RNN, run: Pass, t: int) -> np.ndarray:
    r"""dL/dh_t ``(B, H)`` as the sum of products that the lesson derives, term by term.

    .. math:: \sum_{k=t}^{T} \frac{\partial^+ L}{\partial h_k}\, J_k J_{k-1} \cdots J_{t+1},
        \qquad J_i = \mathrm{diag}(\varphi'(a_i))\, W_{hh}^\top

    Slow and clear: every product is multiplied out. *Source:* Pascanu et al. 2013, equations 4 and 5.
    """
    assert run.direct is not None
    slopes, direct = PHI_SLOPE[cell.phi](run.hidden).numpy(), run.direct.numpy()
    back, steps = cell.W_hh.detach().numpy().T, len(direct)
    J = slopes[..., None] * back  # (T, B, H, H); J[i - 1] is J_i
    total = np.zeros_like(direct[0])
    for k in range(t, steps + 1):
        term = direct[k - 1][:, None]  # (B, 1, H)
        for i in range(k, t, -1):
            term = term @ J[i - 1]
        total += term[:, 0]
    return total


def shares(run: Pass) -> np.ndarray:
    """``(T,)``: the norm of what each step adds to dL/dW_hh: the paper's temporal contributions, summed over losses."""
    assert run.flow is not None
    assert run.phi is not None
    delta = run.flow * PHI_SLOPE[run.phi](run.hidden)  # (T, B, H), dL/da_t
    return (before_first(run.hidden).mT @ delta).norm(dim=(1, 2)).numpy()


class Clipping(NamedTuple):
    """A gradient before and after clipping: its global norm, and each step's share ``(T,)`` of dL/dW_hh."""

    norm: float
    norm_clipped: float
    before: np.ndarray
    after: np.ndarray

    def __str__(self) -> str:
        early = [f"{shares[1] / shares[-1]:.1e}" for shares in (self.before, self.after)]
        told = f"share of step 2 over that of the last {early[0]} before, {early[1]} after"
        return f"norm {self.norm:.3g}, clipped to {self.norm_clipped:.3g}; {told}"


def clipping(cell: RNN, batch: Batch, cutoff: float) -> Clipping:
    """One gradient of a network, clipped by its global norm."""
    run = backwards(cell, batch)
    found, before = clip(run.grads, cell.W_hh, "rescale", cutoff), shares(run)
    return Clipping(found.norm, found.norm_clipped, before, before * (found.norm_clipped / found.norm))


def train(cell: RNN, task: Task, length: int, updates: int, clipstyle: str, lr: float = 0.01) -> np.ndarray:
    """``(updates,)``: the loss before each update of the cell, in place; cutoff 1, a new batch each time."""
    losses = []
    for update in range(updates):
        run = backwards(cell, batch_of(task, length, seed=update))
        losses.append(float(run.loss))
        sgd(cell, clip(run.grads, cell.W_hh, clipstyle).grads, lr)
    return np.array(losses)
