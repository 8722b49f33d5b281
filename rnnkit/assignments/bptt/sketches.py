"""Small figures and numbers of the student's own code, for the notebook of the questions.

Everything is computed when it is shown, from what the code gives: no number here is quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.assignments.bptt.bounded import H, normal, rotation
from rnnkit.checks.sandbox import quiet
from rnnkit.plots.small import show_curves, show_small, sketch
from rnnkit.plots.style import BLUE, MAP, RED

Function = Callable[..., Any]


def numbers(value: Any) -> np.ndarray:
    """What a student's code gives, as an array."""
    return value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value, dtype=float)


def _model(VanillaRNN: Function, n_in: int = 10, n_hid: int = H, n_out: int = 5, seed: int = 0) -> Any:
    """A network in float64 with torch's usual first weights, uniform up to 1 / sqrt of the number of inputs."""
    model, rng = VanillaRNN(n_in, n_hid, n_out).double(), np.random.default_rng(seed)
    with torch.no_grad():
        for name, one in model.named_parameters():
            edge = (n_in if name.startswith("W_xh") else n_hid) ** -0.5
            one.copy_(torch.tensor(rng.uniform(-edge, edge, one.shape)))
    return model


# ---- a network -------------------------------------------------------------------------------------------------------


@sketch(quiet)
def shared(VanillaRNN: Function) -> None:
    """The same parameters for any length, and the same outputs for a beginning alone and in pieces."""
    model, x = _model(VanillaRNN), normal(1, 32, 500, 10)
    whole, h_T = model(x)
    for steps in (5, 20, 500):
        outputs, h = model(x[:, :steps])
        count = sum(one.numel() for one in model.parameters())
        apart = float((outputs - whole[:, :steps]).abs().max())
        print(
            f"T = {steps}: {count} parameters, outputs {tuple(outputs.shape)}, last state {tuple(h.shape)}; "
            f"from the first {steps} outputs of the longest they differ by {apart:.0e}"
        )
    first, h = model(x[:, :200])
    rest, end = model(x[:, 200:], h)
    apart = float((torch.cat([first, rest], 1) - whole).abs().max())
    moved = float((end - h_T).abs().max())
    print(f"in two pieces, the state handed on: outputs differ by {apart:.0e}, the last state by {moved:.0e}")


# ---- through time ----------------------------------------------------------------------------------------------------


def _run(model: Any, x: Tensor, targets: Tensor, last: bool) -> tuple[list[Any], Tensor]:
    """The states of a backward pass with a hook on each, and the direct derivatives of the loss (T, B, H)."""
    h, outputs, states = None, [], []
    for x_t in x.split(1, dim=1):  # one step at a time: so the states can be had
        output, h = model(x_t, h)
        h.retain_grad()
        outputs.append(output[:, 0])
        states.append(h)
    steps = range(len(states) - 1, len(states)) if last else range(len(states))

    def loss(at: list[Tensor]) -> Tensor:
        return torch.stack([nn.functional.cross_entropy(at[t], targets[:, t]) for t in steps]).mean()

    loss(outputs).backward()
    leaves = [h.detach().requires_grad_() for h in states]
    direct = torch.autograd.grad(loss([model.W_hy(h) for h in leaves]), leaves, allow_unused=True)
    return states, torch.stack([torch.zeros_like(h) if d is None else d for d, h in zip(direct, leaves, strict=True)])


def _data(steps: int) -> tuple[Tensor, Tensor]:
    """Noise and random targets, as in the document."""
    return normal(1, 32, steps, 10), torch.tensor(np.random.default_rng(2).integers(5, size=(32, steps)))


@sketch(quiet)
def hooks(VanillaRNN: Function, flow: Function, steps: int = 50) -> None:
    """The norm of dL/dh_t over time: kept by a hook on every state, and by the student's own formula."""

    def draw(axes: Any) -> None:
        for last, color, name in ((False, BLUE, "a loss at every step"), (True, RED, "a loss at the last step alone")):
            model = _model(VanillaRNN)
            states, direct = _run(model, *_data(steps), last)
            hooked, hidden = torch.stack([h.grad for h in states]), torch.stack(states).detach()
            own = torch.as_tensor(numbers(flow(hidden, direct, model.W_hh.weight.detach().T)))
            norms = [one.flatten(1).norm(dim=1) for one in (hooked, own)]
            axes.semilogy(range(1, steps + 1), norms[0], "o", color=color, markersize=3, label=f"{name}: hooks")
            axes.semilogy(range(1, steps + 1), norms[1], color=color, linewidth=1, label=f"{name}: yours")
            print(
                f"{name}: norm {norms[0][0]:.1e} at t = 1, {norms[0][-1]:.1e} at t = {steps}, a factor of "
                f"{(norms[0][0] / norms[0][-1]) ** (1 / (steps - 1)):.2f} a step; yours differs from the hooks' by "
                f"{(hooked - own).abs().max():.0e}"
            )

    show_curves(draw, (8, 3), "step t", "||dL/dh_t||")


@sketch(quiet)
def gradients(VanillaRNN: Function, flow: Function, weight_gradients: Function) -> None:
    """The student's gradients beside autograd's, in float64."""
    model, (x, targets) = _model(VanillaRNN), _data(20)
    states, direct = _run(model, x, targets, last=False)
    hidden, h_0 = torch.stack(states).detach(), torch.zeros(32, H, dtype=torch.float64)
    g = torch.as_tensor(numbers(flow(hidden, direct, model.W_hh.weight.detach().T)))
    found = weight_gradients(x.transpose(0, 1), h_0, hidden, g)
    there = {"W_xh": model.W_xh.weight.grad.T, "W_hh": model.W_hh.weight.grad.T, "b_h": model.W_xh.bias.grad}
    for name, right in there.items():
        apart = np.abs(numbers(found[name]) - right.numpy()).max()
        print(f"{name}: largest entry {right.abs().max():.1e}, farthest from autograd's {apart:.0e}")


# ---- what is done with gradients -------------------------------------------------------------------------------------


@sketch(quiet)
def clipping(clip_and_monitor: Function) -> None:
    """A large gradient, clipped both ways: its norms before and after, and the angle between the two."""
    names = {"W_xh": (10, H), "W_hh": (H, H), "b_h": (H,)}
    grads = {name: 0.3 * normal(seed, *shape) ** 3 for seed, (name, shape) in enumerate(names.items())}

    def long(several: dict[str, Any]) -> np.ndarray:
        return np.concatenate([numbers(several[name]).ravel() for name in names])

    for by, limit in (("norm", 1.0), ("value", 1.0), ("value", 0.1), ("value", 0.01)):
        new, norms = clip_and_monitor(dict(grads), by, limit)
        before, after = long(grads), long(new)
        cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
        parts = ", ".join(f"{name} {float(norms[name]):.2f}" for name in names)
        print(
            f"by {by}, limit {limit:g}: {parts}; total {float(norms['total']):.2f} before, "
            f"{float(norms['clipped']):.2f} after; turned by {np.degrees(np.arccos(min(cosine, 1))):.1f} degrees"
        )


@sketch(quiet)
def reach(truncated: Function, steps: int = 20) -> None:
    """How strongly each state's gradient reaches each input, for three chunk sizes; and what the state itself keeps."""
    size, x = 16, normal(3, steps, 1, 4)
    W_xh, W_hh = 0.1 * normal(4, 4, size), rotation(5, size)

    def step(x_t: Tensor, h: Tensor) -> Tensor:
        return torch.tanh(x_t @ W_xh + h @ W_hh)

    def draw(figure: Any) -> None:
        h_0 = torch.zeros(1, size, dtype=torch.float64)
        for axes, k in zip(figure.subplots(1, 3, sharey=True), (steps, 8, 1), strict=True):
            leaf = x.clone().requires_grad_()
            hs = list(truncated(step, leaf, h_0, k))
            back = [torch.autograd.grad(h.square().sum(), leaf, retain_graph=True)[0] for h in hs]
            rows = [one.flatten(1).norm(dim=1) for one in back]
            axes.imshow(torch.stack(rows).log10().clamp(min=-4).numpy(), cmap=MAP, vmin=-4, vmax=1, aspect="auto")
            axes.set(title=f"k = {k}", xlabel="input of step")
            other = x.clone()
            other[0] += 1
            moved = float((hs[-1] - list(truncated(step, other, h_0, k))[-1]).detach().norm())
            print(f"k = {k}: gradient from the last state to x_1 {rows[-1][0]:.1e}; x_1 + 1 moves it by {moved:.1e}")
        figure.axes[0].set_ylabel("state of step")

    show_small(draw, (9, 2.8))


@sketch(quiet)
def costs(chunks: Sequence[int] = (300, 100, 30, 10)) -> None:
    """Time of one gradient, and what is kept for its way back, by the size of a chunk; the first is the sequence."""
    from rnnkit.assignments.bptt.measured import costs as measured
    from rnnkit.assignments.bptt.tasks import TAIL

    for row in measured(chunks, chunks[0] - TAIL):
        print(f"{row['T']} steps, chunks of {row['chunk']}: {row['seconds']:.3f} s, {row['kept_mb']:.2f} MB kept")


@sketch(quiet)
def echoed(echo: Function) -> None:
    """One sequence of the echo task, and what a predictor loses that knows nothing, and one that remembers."""
    symbols = torch.tensor(np.random.default_rng(0).integers(4, size=(200, 12)))
    for lag in (3, 0):
        targets, counts, floor = echo(symbols, lag, 4)
        targets, counts = np.asarray(targets), np.asarray(counts, dtype=bool)
        shown = " ".join(f"{y}" if c else "." for y, c in zip(targets[0], counts[0], strict=True))
        print(f"lag {lag}: reads {' '.join(map(str, symbols[0].tolist()))}\n       says  {shown}")
    targets, counts, floor = echo(symbols, 3, 4)
    targets, counts = torch.as_tensor(np.asarray(targets)), torch.as_tensor(np.asarray(counts, dtype=bool))
    present = nn.functional.one_hot(symbols, 4).double()  # a predictor that repeats what it reads now
    for name, weight in (("nothing", 0.0), ("the symbol it reads now", 1.0)):
        loss = nn.functional.cross_entropy((weight * present)[counts], targets[counts])
        print(f"lag 3, a predictor that goes by {name}: {loss:.3f} nats; the floor {float(floor):.3f}")
