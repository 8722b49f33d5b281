"""How far verbs are from their subjects, and how many attractors are between: in a corpus, and as they should be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from rnnkit.assignments.lookback.corpus import Sentences
from rnnkit.plots.controls import legend_above
from rnnkit.plots.style import BLACK, RED, SKY, new_figure
from rnnkit.runs.rows import grid
from rnnkit.tasks import agreement

# Sentences of the coursework's wiki-dev.txt by distance: 1 to 11, and all longer ones.
WIKI_DEV = (659, 53, 57, 74, 30, 25, 26, 20, 14, 6, 6, 30)
LONGEST = len(WIKI_DEV)  # this distance and all longer ones are together
MANY = 3  # attractors, likewise


def of_nouns(owner: float = agreement.OWNER, quality: float = agreement.QUALITY) -> np.ndarray:
    """``(4,)``: how probable it is that a noun with what stands before it has 0, 1, 2, 3 words."""
    return np.convolve([0, 1 - owner, owner], [1 - quality, quality])


def expected_distances(p_adjacent: float = agreement.P_ADJACENT, p_more: float = agreement.P_MORE) -> np.ndarray:
    r"""``(12,)``: how probable the grammar makes each distance from 1 on; the last entry is for longer ones, too.

    .. math:: p_1 = p_{adj}, \quad
        p_{d+1} = (1 - p_{adj}) \sum_{k \ge 1} p_{more}^{k-1} (1 - p_{more}) \, l^{*k}_d

    where l are the odds of a piece's length, and its k-th power by ``*`` those of k pieces.
    """
    noun = of_nouns()
    piece = np.zeros(6)
    piece[1] = agreement.MANNER
    piece[2:5] += (1 - agreement.MANNER - agreement.CLAUSE) * noun[1:]  # a place before it
    piece[3:6] += agreement.CLAUSE * noun[1:]  # that, and a deed
    odds = np.zeros(1 + 5 * agreement.MOST)
    odds[0] = p_adjacent
    chain, left = np.ones(1), 1 - p_adjacent
    for k in range(agreement.MOST):
        chain = np.convolve(chain, piece)
        ends = 1 - p_more if k < agreement.MOST - 1 else 1.0
        odds[: len(chain)] += left * ends * chain
        left *= p_more
    return np.append(odds[: LONGEST - 1], odds[LONGEST - 1 :].sum())


def expected_attractors(
    p_adjacent: float = agreement.P_ADJACENT, p_attr: float = agreement.P_ATTRACTOR, p_more: float = agreement.P_MORE
) -> np.ndarray:
    """``(MANY + 1,)``: how probable the grammar makes no attractor, one, two; and the last entry three or more."""
    one = (1 - agreement.MANNER) * p_attr
    odds, left, counts = np.array([p_adjacent]), 1 - p_adjacent, np.ones(1)
    for k in range(agreement.MOST):
        counts = np.convolve(counts, [1 - one, one])
        odds = np.pad(odds, (0, len(counts) - len(odds)))
        odds += left * (1 - p_more if k < agreement.MOST - 1 else 1.0) * counts
        left *= p_more
    return np.append(odds[:MANY], odds[MANY:].sum())


def counted(values: np.ndarray, most: int, least: int = 0) -> np.ndarray:
    """``(most - least + 1,)``: how often each value from ``least`` on occurs; in the last, all above."""
    return np.bincount(np.minimum(values, most) - least, minlength=most - least + 1)


def table(sentences: Sentences, **odds: float) -> str:
    """Sentences by distance, and by attractors where they are known, beside what the grammar's odds expect.

    The numbers after ``±`` are standard deviations of such a count. The distances of the coursework's dev set stand
    beside them, as shares of so many sentences.

    Arguments:
        odds: the grammar's ``p_adjacent``, ``p_attr`` and ``p_more``, if they are not the default.
    """
    of_distance = {name: p for name, p in odds.items() if name != "p_attr"}
    blocks = [_table("distance", sentences.distance, 1, expected_distances(**of_distance), WIKI_DEV)]
    if (sentences.attractors >= 0).all():
        blocks.append(_table("attractors", sentences.attractors, 0, expected_attractors(**odds)))
    mean, far = sentences.distance.mean(), (sentences.distance > 7).mean()
    return "\n\n".join([*blocks, f"Mean distance {mean:.2f}; further than 7: {100 * far:.1f} %."])


def _table(name: str, values: np.ndarray, least: int, odds: np.ndarray, like: Sequence[int] = ()) -> str:
    found, n = counted(values, least + len(odds) - 1, least), len(values)
    lines = [[name, "sentences", "share", "expected of the grammar", *(["coursework, dev"] if like else [])]]
    for k, (count, p) in enumerate(zip(found, odds, strict=True)):
        label = f"{k + least}" if k < len(odds) - 1 else f"{k + least} or more"
        expected = f"{n * p:.0f} ± {np.sqrt(n * p * (1 - p)):.0f}"
        beside = [f"{100 * like[k] / sum(like):.1f} %"] if like else []
        lines.append([label, f"{count}", f"{100 * count / n:.1f} %", expected, *beside])
    return grid(lines)


def figure_3b(sentences: Sentences, **odds: float) -> Figure:
    """Sentences by distance from subject to verb; points: what the grammar's odds expect, ± 2 standard deviations.

    Arguments:
        odds: the grammar's ``p_adjacent`` and ``p_more``, if they are not the default.
    """
    found, p, n = counted(sentences.distance, LONGEST, 1), expected_distances(**odds), len(sentences.distance)
    figure, (ax,) = new_figure(1, 1)
    steps = np.arange(1, LONGEST + 1)
    ax.bar(steps, found, color=SKY, label=f"{n} sentences")
    ax.errorbar(steps, n * p, 2 * np.sqrt(n * p * (1 - p)), fmt=".", color=BLACK, capsize=3, label="grammar, expected")
    dev = sum(WIKI_DEV)
    ax.plot(steps, n * np.array(WIKI_DEV) / dev, "x", color=RED, label=f"coursework, dev ({dev} sentences)")
    ax.set_xticks(steps, [*map(str, steps[:-1]), f"{LONGEST}+"])
    ax.set(xlabel="distance from subject to verb (words)", ylabel="sentences", yscale="log")
    legend_above(ax, 2)
    return figure
