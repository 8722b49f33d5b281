"""A recurrent network unrolled through time, and the ways that the gradient takes back."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.plots.contrast import as_ink
from rnnkit.plots.style import BLACK, BLUE, ORANGE, RED, SMALL, new_figure

INPUT, STATE, OUTPUT, LOSS = 0.0, 1.0, 2.0, 3.0  # heights of the rows: inputs, states, outputs, losses
NODE = 0.27  # radius
DIRECT, LATER = ORANGE, RED  # the two parts of the total derivative
ASIDE = 0.1  # between an arrow forward and the one back beside it


def plot_unrolled(every_step: bool = True, at: int | None = None, steps: int = 4) -> Figure:
    """Inputs, states, readout and loss over time; with ``at`` also every way from the loss back to one state.

    Arguments:
        every_step: whether the loss looks at the output of each step, or at that of the last alone.
        at: t of the state h_t whose total derivative dL/dh_t is shown; None shows the way forward only.
        steps: T, states drawn; the last is called h_T.

    Returns:
        a figure; orange is the direct part of dL/dh_t, through the output of step t, and dashed red the part that
        comes through later states. The two together are the total derivative.

    *Source:* Pascanu et al. 2013, figure 2.
    """
    figure, (ax,) = new_figure(width=1.3 * steps + 1.4, height=4.6 if at else 4.0)
    ax.set(xlim=(-0.7, steps + 0.45), ylim=(INPUT - (1.0 if at else 0.4), LOSS + 0.4), aspect="equal")
    ax.axis("off")
    losses = range(1, steps + 1) if every_step else [steps]
    _circle(ax, 0, STATE, "$h_0=0$", faint=True)
    for t in range(1, steps + 1):
        _forward(ax, t, _index(t, steps), loss=t in losses)
    if at is not None:
        _back(ax, at, steps, losses)
    when = "a loss at every step" if every_step else "a loss after the last step only"
    title = when if at is None else rf"{when}: $dL/dh_{_index(at, steps)}$ is the sum of all ways back"
    ax.set_title(title, fontsize=10)
    ax.set_label(_told(steps, [*losses], at))
    return figure


def _told(steps: int, losses: list[int], at: int | None) -> str:
    """What the arrows say."""
    names = [_index(t, steps) for t in losses]
    said = "arrows lead from h_0 to h_1 and so on to h_T, and up to each state from its input; "
    said += "from there on up to outputs and their losses: " + ", ".join(f"h_{n} to o_{n} to L_{n}" for n in names)
    if at is None:
        return said
    here = _index(at, steps)
    direct = f"the direct part from L_{here} through o_{here}" if at in losses else "no direct part"
    later = ", ".join(f"L_{_index(t, steps)} through o_{_index(t, steps)}" for t in losses if t > at)
    return f"{said}; back to h_{here} lead {direct}, and the way through later states, step by step, from {later}"


def _index(t: int, steps: int) -> str:
    return "T" if t == steps else str(t)


def _forward(ax: Axes, t: int, index: str, loss: bool) -> None:
    """One step: from its input and the state before it to its state, its output and its loss."""
    _circle(ax, t, INPUT, f"$x_{index}$")
    _circle(ax, t, STATE, f"$h_{index}$", fill="#dcebf5")
    _arrow(ax, (t, INPUT), (t, STATE), label="$W_{xh}$")
    _arrow(ax, (t - 1, STATE), (t, STATE), label="$W_{hh}$")
    if loss:
        _circle(ax, t, OUTPUT, f"$o_{index}$")
        _circle(ax, t, LOSS, f"$L_{index}$", fill="#f4f4f4")
        _arrow(ax, (t, STATE), (t, OUTPUT), label="$W_{ho}$")
        _arrow(ax, (t, OUTPUT), (t, LOSS))


def _back(ax: Axes, at: int, steps: int, losses: range | list[int]) -> None:
    """Every way from a loss to h_at: first its own output's, then those through later states."""
    for t in range(at, steps + 1):
        color, style = (DIRECT, "-") if t == at else (LATER, "--")
        if t in losses:
            _arrow(ax, (t, LOSS), (t, OUTPUT), color, style, aside=ASIDE)
            _arrow(ax, (t, OUTPUT), (t, STATE), color, style, aside=ASIDE)
        if t > at:
            _arrow(ax, (t, STATE), (t - 1, STATE), LATER, "--", aside=ASIDE, label=f"$J_{_index(t, steps)}$")
    ax.scatter([at], [STATE], s=900, facecolors="none", edgecolors=BLUE, linewidths=2, zorder=4)
    direct = "direct part: through the output of its own step"
    _key(ax, -0.62, DIRECT, "-", direct if at in losses else "direct part: none, its own output is not asked for")
    _key(ax, -0.85, LATER, "--", "through later states: each step back multiplies by a Jacobian $J$")


def _circle(ax: Axes, x: float, y: float, text: str, fill: str = "white", faint: bool = False) -> None:
    edge = "#707070" if faint else BLACK
    size = SMALL - 1 if faint else 11
    ax.text(x, y, text, ha="center", va="center", fontsize=size, color=edge, zorder=5)
    ax.scatter([x], [y], s=620, facecolors=fill, edgecolors=edge, linewidths=1, zorder=3)


def _arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str = "#555555", style: str = "-",
    aside: float = 0.0, label: str = "",
) -> None:  # fmt: skip
    """An arrow from node to node, moved to the left of its direction by ``aside``; its label on the same side."""
    (x0, y0), (x1, y1) = start, end
    along = (x1 - x0, y1 - y0)  # of length 1
    left = (-along[1], along[0])
    gap = (NODE * along[0] + aside * left[0], NODE * along[1] + aside * left[1])
    back = (-NODE * along[0] + aside * left[0], -NODE * along[1] + aside * left[1])
    how = {"arrowstyle": "-|>", "color": color, "linestyle": style, "linewidth": 1.8 if aside else 1, "shrinkA": 0}
    ax.annotate("", (x1 + back[0], y1 + back[1]), (x0 + gap[0], y0 + gap[1]), arrowprops=how | {"shrinkB": 0})
    if label:
        beside = aside + (0.16 if left[1] else 0.21)  # more where the label is wide rather than high
        middle = ((x0 + x1) / 2 + beside * left[0], (y0 + y1) / 2 + beside * left[1])
        ax.text(*middle, label, ha="center", va="center", fontsize=SMALL, color=as_ink(color))


def _key(ax: Axes, y: float, color: str, style: str, text: str) -> None:
    ax.plot([-0.65, -0.3], [y, y], color=color, linestyle=style, linewidth=1.8)
    ax.text(-0.2, y, text, va="center", fontsize=SMALL)
