"""What long memory costs in data movement: ``python -m rnnkit.assignments.orthogonal_init.bytedmd``.

The sizes are those of 3-bit memorization, 5 inputs and 8 classes, for one sequence. The measure counts from where
numbers are read, see `lru`: not what is computed with them, and nothing that a batch or blocks of a product would save.
The order of operations is that of `scalar`; in another one that is as natural the costs differ by two percent or so.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from rnnkit.assignments.orthogonal_init import scalar
from rnnkit.assignments.orthogonal_init.lru import cost, reads
from rnnkit.common.text import aligned
from rnnkit.plots.style import LINES, SMALL, new_figure
from rnnkit.runs.tables import save_rows

TABLE, PICTURE = "sweeps/bytedmd.csv", "figures/bytedmd.png"
DPI = 100
UNITS, LENGTHS = (8, 16, 32, 64), (10, 30, 60)
SIZES = (1, 4)  # bytes per value
COLUMNS = ("program", "H", "T", "reads", *(f"bytedmd_{size}" for size in SIZES))
I, O = 5, 8  # noqa: E741
PROGRAMS = {
    "rnn": "RNN forward",
    "rnn_bptt": "RNN forward + BPTT",
    "gru": "GRU forward",
    "lstm": "LSTM forward",
    "attention": "one self-attention layer",
}
Costs = Mapping[tuple[str, int, int], int]  # by program, H and T


def _zeros(*shape: int) -> Any:
    return [_zeros(*shape[1:]) for _ in range(shape[0])] if shape else 0.0


def arguments(program: str, H: int, T: int) -> tuple[Any, ...]:
    """What a program of `scalar` is called with: nested lists of zeros."""
    x, h, cell, readout = _zeros(T, I), _zeros(H), [_zeros(I, H), _zeros(H, H), _zeros(H)], [_zeros(H, O), _zeros(O)]
    return {
        "rnn": (x, h, cell, *readout),
        "rnn_bptt": (x, h, cell, *readout, _zeros(O)),
        "gru": (x, h, [cell] * 3, *readout),
        "lstm": (x, h, h, [cell] * 4, *readout),
        "attention": (x, _zeros(I, H), h, [[_zeros(H, H), h]] * 3, *readout),
    }[program]


def measured(units: Sequence[int] = UNITS, lengths: Sequence[int] = LENGTHS) -> Iterator[dict[str, Any]]:
    """The rows of the table, as they are measured."""
    for H in units:
        for T in lengths:
            for program in PROGRAMS:
                counts = reads(getattr(scalar, program), *arguments(program, H, T))
                costs = [cost(counts, size) for size in SIZES]
                yield dict(zip(COLUMNS, (program, H, T, int(counts.sum()), *costs), strict=True))


def summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table in words: costs at one byte per value, how they grow, and where self-attention costs more.

    Growth needs three lengths and two numbers of units.
    """
    costs = {(row["program"], int(row["H"]), int(row["T"])): int(row["bytedmd_1"]) for row in rows}
    units, lengths = (sorted({key[axis] for key in costs}) for axis in (1, 2))
    lines = [("H", "T", *PROGRAMS.values())]
    for H in units:
        for T in lengths:
            lines.append((str(H), str(T), *(f"{costs[program, H, T]:,}" for program in PROGRAMS)))
    parts = [f"ByteDMD, 1 byte per value\n{aligned(lines)}"]
    if len(lengths) > 2 and len(units) > 1:
        parts += [_growth(rows, costs, units[-2:], lengths), _crossings(costs, units, lengths)]
    return "\n\n".join(parts)


def _growth(rows: Sequence[Mapping[str, Any]], costs: Costs, units: Sequence[int], lengths: Sequence[int]) -> str:
    """By program at the largest sizes; a step is what one more of them costs between the two largest lengths."""
    (few, H), (short, first, *_), (last, T) = units, lengths, lengths[-2:]
    of_4 = {row["program"]: int(row["bytedmd_4"]) for row in rows if (int(row["H"]), int(row["T"])) == (H, T)}

    def step(program: str, H: int, begin: int, end: int) -> float:
        return (costs[program, H, end] - costs[program, H, begin]) / (end - begin)

    names = ("a step", "of H^3", f"of a step at T {short} to {first}", "as a power of H", "of RNN forward", "4 bytes")
    lines = [("", *names)]
    for program, title in PROGRAMS.items():
        late, early, smaller = step(program, H, last, T), step(program, H, short, first), step(program, few, last, T)
        power, whole = math.log(late / smaller, H / few), costs[program, H, T]
        times = (late / H**3, late / early, whole / costs["rnn", H, T], of_4[program] / whole)
        cubes, longer, of_rnn, bytes_4 = (f"{one:.2f}x" for one in times)
        lines.append((title, f"{late:,.0f}", cubes, longer, f"H^{power:.2f}", of_rnn, bytes_4))
    return f"H = {H}; a step is one more between T = {last} and {T}, its power is from H = {few} on\n{aligned(lines)}"


def _crossings(costs: Costs, units: Sequence[int], lengths: Sequence[int]) -> str:
    """The lengths of the table between which one layer of self-attention begins to cost more."""
    others = [program for program in PROGRAMS if program != "attention"]
    lines = [("H", *(PROGRAMS[program] for program in others))]
    for H in units:
        words = []
        for program in others:
            more = [costs["attention", H, T] > costs[program, H, T] for T in lengths]
            first = more.index(True) if any(more) else len(more)
            spans = [f"T <= {lengths[0]}", *(f"T {a + 1} to {b}" for a, b in pairwise(lengths)), f"T > {lengths[-1]}"]
            words.append(spans[first])
        lines.append((str(H), *words))
    return f"one self-attention layer costs more from a length on that is\n{aligned(lines)}"


def picture(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Cost against length at the most units, and against units at the largest length; log axes."""
    figure, axes = new_figure(2, 1, width=4.4, height=3.4, sharey=True)
    for ax, axis, other, label in zip(axes, "TH", "HT", ("steps T", "units H"), strict=True):
        most = max(int(row[other]) for row in rows)
        for (program, title), (color, style) in zip(PROGRAMS.items(), LINES, strict=False):
            chosen = [row for row in rows if row["program"] == program and int(row[other]) == most]
            ax.plot(
                [int(row[axis]) for row in chosen], [int(row["bytedmd_1"]) for row in chosen], color=color,
                linestyle=style, marker="o", markersize=3, label=title,
            )  # fmt: skip
        ticks = sorted({int(row[axis]) for row in rows})
        ax.set(xscale="log", yscale="log", xlabel=label, title=f"{other} = {most}")
        ax.set_xticks(ticks, [str(tick) for tick in ticks])
        ax.minorticks_off()
    axes[0].set_ylabel("ByteDMD, 1 byte per value")
    axes[1].legend(fontsize=SMALL)
    return figure


def main(argv: Sequence[str] | None = None) -> int:
    """Measures; prints and writes the table, what it says, and the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, nargs="+", default=UNITS, metavar="H")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS, metavar="T")
    parser.add_argument("--table", default=TABLE, metavar="CSV", help=f"default: {TABLE}")
    parser.add_argument("--picture", default=PICTURE, metavar="PNG", help=f"default: {PICTURE}")
    flags = parser.parse_args(argv)
    rows: list[dict[str, Any]] = []
    for row in measured(flags.units, flags.lengths):
        rows.append(row)
        print(f"H {row['H']}, T {row['T']}, {PROGRAMS[row['program']]}: {row['bytedmd_1']:,}", flush=True)
    for path in (flags.table, flags.picture):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    print(f"\n{summary(rows)}\n\ntable: {save_rows(flags.table, rows)}")
    picture(rows).savefig(flags.picture, dpi=DPI)
    print(f"picture: {flags.picture}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
