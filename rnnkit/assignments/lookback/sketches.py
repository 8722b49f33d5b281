"""Small figures and numbers of the student's own functions, for the notebook of the questions.

Everything is computed when it is shown, from what the functions give; what the document prints stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.assignments.lookback import document, small_nets
from rnnkit.assignments.lookback.small_nets import COUNT, LENGTH, H, K
from rnnkit.checks.sandbox import quiet
from rnnkit.common.text import aligned
from rnnkit.plots.small import show_curves, show_small, sketch
from rnnkit.plots.style import BLUE, GREEN, GREY, ORANGE

Function = Callable[..., Any]
STEPS = range(1, LENGTH + 1)


def _tensor(values: Any) -> Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float64)


def _numbers(value: Any) -> np.ndarray:
    return value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value, dtype=float)


def _other_beginning(x: np.ndarray) -> np.ndarray:
    """The same sentences with another first word."""
    x = x.copy()
    x[:, 0] = (x[:, 0] + 1) % K
    return x


@sketch(quiet)
def memory(rnn_forward: Function) -> None:
    """How far two sentences that differ in their first word alone are apart, word by word."""

    def draw(figure: Any) -> None:
        w, axes = small_nets.weights("U", "V", "W"), figure.subplots()
        x = small_nets.sentences()
        given = [_tensor(w[name]) for name in "UVW"]
        one, other = (
            np.array([_numbers(rnn_forward(torch.tensor(row), *given)[0]) for row in rows])
            for rows in (x, _other_beginning(x))
        )
        apart = np.linalg.norm(one - other, axis=2)
        axes.semilogy(STEPS, apart.T, color=GREY, linewidth=0.4)
        mean = apart.mean(0)
        axes.semilogy(STEPS, mean, color=ORANGE)
        factor = (mean[10] / mean[1]) ** (1 / 9)
        radius = np.abs(np.linalg.eigvals(w["U"])).max()
        print(f"after the word {mean[0]:.2f}, five later {mean[5]:.3f}, ten {mean[10]:.5f}: x {factor:.2f} a word")
        print(f"spectral radius of U {radius:.2f}, a quarter of it {radius / 4:.2f}")
        axes.set(xlabel="word t", ylabel="||s_t - s'_t||", xticks=(1, 5, 10, 15, 20))

    show_small(draw, (7, 2.8))


@sketch(quiet)
def losses(mean_loss: Function) -> None:
    """A model that knows nothing, and the perplexities of the document beside exp of its losses."""
    same = torch.full((3, 2000), 1 / 2000, dtype=torch.float64)
    words = [torch.tensor([5, 0, 7]), torch.tensor([1])]
    nats, perplexity = map(float, mean_loss([same, same[:1]], words))
    print(f"2000 words, all alike: {nats:.3f} nats per word, perplexity {perplexity:.1f}")
    print(f"words by their frequency alone: {document.UNIGRAM} nats, perplexity {np.exp(document.UNIGRAM):.1f}")
    worse = document.TABLE_1[document.TABLE_1[:, 3] > document.UNIGRAM]
    print(f"table 1: {len(worse)} of {len(document.TABLE_1)} rows are worse than that, with learning rates "
          f"{', '.join(f'{rate:g}' for rate in sorted(set(worse[:, 1])))}")  # fmt: skip
    rows = [*document.TABLE_1[:, 3:], *document.TABLE_7[:, 1:], *document.TABLE_10[:, 4:]]
    odd = [(loss, said) for loss, said in rows if abs(np.exp(loss) / said - 1) > 2e-4]
    print(f"tables 1, 7 and 10: {len(rows)} rows, of which {len(odd)} have a perplexity that is not exp(loss)")
    for loss, said in odd:
        print(f"  loss {loss}: printed {said:g}, exp(loss) = {np.exp(loss):.3f}")
    spread = np.ptp(document.TABLE_7[:, 1])
    print(f"table 7: the losses of lookbacks 0 to 8 lie within {spread:.3f} nats of each other")


@sketch(quiet)
def horizon(rnn_forward: Function, lookback_gradient: Function) -> None:
    """How much of the whole gradient there is at each lookback, of an untrained network."""

    def draw(figure: Any) -> None:
        w, taus = small_nets.weights("U", "V", "W"), range(11)
        given, found = [_tensor(w[name]) for name in "UVW"], []
        d = torch.arange(12) % 2
        for row in small_nets.sentences()[:8, :12]:
            x = torch.tensor(row)
            s, y = (torch.as_tensor(_numbers(one)) for one in rnn_forward(x, *given))
            found.append([_numbers(lookback_gradient(x, d, s, y, *given, tau)[0]) for tau in (*taus, LENGTH)])
        dU = np.array(found).swapaxes(0, 1)  # by lookback, the last is the whole one, and by sentence
        norms = np.linalg.norm(dU, axis=(2, 3)).mean(1)[:-1]
        rest = np.linalg.norm(dU - dU[-1], axis=(2, 3)).mean(1)[:-1] / np.linalg.norm(dU[-1], axis=(1, 2)).mean()
        left, right = figure.subplots(1, 2)
        left.plot(taus, norms, "o-", color=ORANGE, markersize=3)
        short = len(rest) - 1  # at the last one nothing is missing
        right.semilogy(taus[:short], rest[:short], "o-", color=ORANGE, markersize=3)
        left.set(title="||dU||, accumulated", xlabel="lookback tau", ylim=(0, 1.15 * max(norms)))
        right.set(title="what is missing of the whole dU", xlabel="lookback tau")
        print(f"||dU|| at tau 0, 1, 2, 3, 10: {', '.join(f'{norms[tau]:.4f}' for tau in (0, 1, 2, 3, 10))}")
        print(f"missing at tau 0, 1, 2, 3, 5: {', '.join(f'{rest[tau]:.1%}' for tau in (0, 1, 2, 3, 5))}")

    show_small(draw, (9, 2.8))


@sketch(quiet)
def keeping(gru_step: Function) -> None:
    """Two sentences that differ in their first word alone, read by gates that keep less and more."""

    def draw(figure: Any) -> None:
        names = [f"{letter}{gate}" for gate in "rzh" for letter in "UV"]
        w = small_nets.weights(*names)
        for axes, size in zip(figure.subplots(1, 2, sharey=True), (1.0, 0.3), strict=True):
            for bias, color, line in ((-2, GREEN, ":"), (0, BLUE, "--"), (2, ORANGE, "-")):
                scaled = {name: size * w[name] if name[0] == "U" else w[name] + bias * (name == "Vz") for name in names}
                apart, z = _apart(gru_step, [_tensor(scaled[name]) for name in names])
                factor = (apart[10] / apart[1]) ** (1 / 9)
                axes.semilogy(STEPS, apart / apart[0], line, color=color, label=f"mean z {z:.2f}")
                print(f"{size:g} x U, mean z {z:.2f}: x {factor:.2f} a word, {apart[10] / apart[0]:.3f} after ten")
            axes.set(title=f"{size:g} x U", xlabel="word t", xticks=(1, 5, 10, 15, 20))
            axes.legend(frameon=False, fontsize=8)
        figure.axes[0].set_ylabel("||s_t - s'_t||, of the first")

    show_small(draw, (9, 2.8))


def _apart(gru_step: Function, given: list[Tensor]) -> tuple[np.ndarray, float]:
    """How far the states of such pairs are apart, word by word, and the mean of z."""
    x, apart, gates = small_nets.sentences()[:6], [], []
    for pair in zip(x, _other_beginning(x), strict=True):
        states, own = [torch.zeros(H, dtype=torch.float64)] * 2, []
        for words in zip(*pair, strict=True):
            steps = [gru_step(int(word), s, *given) for word, s in zip(words, states, strict=True)]
            states = [torch.as_tensor(_numbers(one[0])) for one in steps]
            own.append(float((states[0] - states[1]).norm()))
            gates.append(_numbers(steps[0][2]).mean())
        apart.append(own)
    return np.mean(apart, axis=0), float(np.mean(gates))


@sketch(quiet)
def courseworks(gru_step: Function, gru_backward: Function) -> None:
    """-dL/dUr of the coursework's net: by the student's functions, by differences, and as its own test expects it."""
    with np.printoptions(precision=8, suppress=True):
        w, x = small_nets.of_test()
        Us, Vs = ([_tensor(w[f"{letter}{gate}"]) for gate in "rzh"] for letter in "UV")
        given = [one for pair in zip(Us, Vs, strict=True) for one in pair]
        s = c = torch.zeros(2, dtype=torch.float64)
        passed = []
        for word in x:
            new, r, z, now = (torch.as_tensor(_numbers(one)) for one in gru_step(int(word), s, *given))
            passed.append((s, c, r, z, now))
            s, c = new, now
        e = -torch.softmax(s @ _tensor(w["W"]), 0)
        e[small_nets.TARGET] += 1
        ds, sums = e @ _tensor(w["W"]).T, []
        for one in reversed(passed):
            found = gru_backward(ds, *one, *Us)
            sums.append(_numbers(found["Ur"]) + (sums[-1] if sums else 0))
            ds = torch.as_tensor(_numbers(found["s_prev"]))
        theirs = small_nets.published()
        for steps, text in ((small_nets.STEPS, f"{small_nets.STEPS} steps back"), (len(x) - 1, "all steps back")):
            by_differences = small_nets.downhill(w, x, "Ur", steps)
            print(f"{text}, yours:\n{sums[steps]}\n{text}, by differences of the loss:\n{by_differences}")
            print(f"farthest: yours {np.abs(sums[steps] - by_differences).max():.1e}")
        print(f"{small_nets.STEPS} steps back, as the coursework's own test expects it:\n{theirs}")
        ratio = theirs / sums[small_nets.STEPS]
        print(f"its numbers over yours: from {ratio.min():.2f} to {ratio.max():.2f}")


@sketch(quiet)
def rates(learning_rate: Function) -> None:
    """The rate by epoch, for the document's values of anneal."""

    def draw(axes: Any) -> None:
        epochs = range(30)
        for anneal, color, line in ((0, "0.5", "-"), (7, GREEN, "-."), (5, BLUE, "--"), (2, ORANGE, "-")):
            found = [float(learning_rate(0.5, anneal, epoch)) for epoch in epochs]
            axes.plot(epochs, found, line, color=color, label=f"anneal {anneal}")
            print(f"anneal {anneal}: {', '.join(f'{one:.4f}' for one in found[:4])}, ..., {found[-1]:.4f}")
        axes.set(ylim=(0, 0.54))

    show_curves(draw, (7, 2.6), "epoch", "learning rate")


@sketch(quiet)
def two_norms(contribution_norms: Function) -> None:
    """Both norms by lookback, of an untrained plain network and an untrained gated one."""

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        x = small_nets.sentences()
        gates = [f"{letter}{gate}" for gate in "rzh" for letter in "UV"]
        nets = {
            "RNN, U": (small_nets.rnn_terms, small_nets.weights("U", "V", "W"), ORANGE, "-"),
            "GRU, Uh": (small_nets.gru_terms, small_nets.weights(*gates, "W"), BLUE, "--"),
        }
        for name, (terms, w, color, line) in nets.items():
            states, deltas = zip(*(terms(row, w) for row in x), strict=True)
            given = [[_tensor(delta) for delta in own] for own in deltas], [_tensor(s) for s in states]
            norms = {key: _numbers(one)[:-1] for key, one in contribution_norms(*given).items()}
            left.semilogy(norms["per_tau"], line, color=color, label=name)
            right.plot(norms["accumulated"], line, color=color)
            alone, together = norms["per_tau"], norms["accumulated"]
            some = [", ".join(f"{one[tau]:.3g}" for tau in (0, 1, 2, 5, 10)) for one in (alone, together)]
            factor = (alone[10] / alone[1]) ** (1 / 9)
            print(f"{name} at tau 0, 1, 2, 5, 10: tau-th term {some[0]}, x {factor:.2f} a step")
            print(f"{name} at tau 0, 1, 2, 5, 10: accumulated {some[1]}")
        left.set(title="the tau-th term alone", xlabel="lookback tau", xticks=range(0, LENGTH, 5))
        right.set(title="terms 0 to tau together", xlabel="lookback tau", xticks=range(0, LENGTH, 5))
        right.set_ylim(bottom=0)
        left.legend(frameon=False, fontsize=8)
        print(f"{COUNT} sentences of {LENGTH} words; a loss at every word")

    show_small(draw, (9, 3))


@sketch(quiet)
def last_noun(by_distance: Function) -> None:
    """A reader of the last noun alone, and one that always says singular: their shares by distance."""

    def draw(figure: Any) -> None:
        rng, n, axes, lines = np.random.default_rng(0), 4000, figure.subplots(), []
        distance = np.where(rng.random(n) < 0.66, 1, rng.integers(2, 12, n))
        label = (rng.random(n) < 0.32).astype(int)
        other = (distance > 1) & (rng.random(n) < 0.5)  # the noun before the verb is another, of the other number
        readers = {"the last noun": (np.where(other, 1 - label, label), BLUE), "always singular": (0 * label, ORANGE)}
        for shift, (name, (said, color)) in enumerate(readers.items()):
            shares = by_distance(*(torch.tensor(one) for one in (distance, said, label)))
            shares = {key: float(value) for key, value in shares.items()}
            axes.bar(np.arange(len(shares)) + 0.4 * shift - 0.2, list(shares.values()), 0.38, color=color, label=name)
            lines.append([name, *(f"{value:.3f}" for value in shares.values())])
        print(aligned([["", *shares], *lines]))
        axes.axhline(shares["majority"], color="0.5", linestyle=":")
        axes.set(xticks=range(len(shares)), ylim=(0, 1.25), ylabel="share")
        axes.set_xticklabels(list(shares))
        axes.legend(frameon=False, ncols=2, loc="upper right", fontsize=8)
        same = [one for one in document.ACCURACIES if one == document.MAJORITY]
        found = ", ".join(map(str, document.ACCURACIES))
        print(f"table 2, plain networks of 10, 25, 50 units: {found}")
        print(f"the majority of its development sentences: {document.MAJORITY}; {len(same)} of "
              f"{len(document.ACCURACIES)} is just that")  # fmt: skip

    show_small(draw, (8, 2.8))


@sketch(quiet)
def cadence(update_after: Function) -> None:
    """How many updates an epoch has, and what becomes of its last sentences."""
    lines = [["sentences", "batch", "updates", "the first of", "the last of", "left over"]]
    for n, batch in ((10_000, 500), (10_000, 100), (1000, 100), (1000, 5), (1000, 1), (1000, 70)):
        indices, divisors = update_after(n, batch)
        sizes = np.diff([-1, *indices])
        left = n - 1 - indices[-1]
        ends = [f"{sizes[end]}, over {divisors[end]}" for end in (0, -1)]
        lines.append([*map(str, (n, batch, len(indices))), *ends, str(left)])
    print(aligned(lines))
