"""What ``rnnkit bench`` found, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnnkit.bench.measure import Spread
from rnnkit.bench.pace import CHECK_PARTS, UPDATE_PARTS

NAMES = {"autograd": "plain loop"}
KINDS = {
    "step": "training step: forward and backward; plain loop and fused with all diagnostics, torch.nn with none",
    "chunk": "validation chunk: forward and metrics",
}


def heading(about: dict[str, Any], engines: Sequence[str]) -> str:
    """The machine and what is compared."""
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    where = "" if about["device"] == "cpu" else f", on {about['device']}"
    load = f", load {about['load'][0]:.1f}" if about["load"] else ""
    lines = [
        f"{about['processor']}, {about['cores']} cores; {about['threads']} thread{where}, nice {about['nice']}{load}",
        versions,
        f"engines: {', '.join(map(name_of, engines))}, and torch.nn.RNN and torch.nn.GRU",
        f"{about['time']} time, median over interleaved rounds (quartiles); ratios are medians of the rounds' ratios",
    ]
    return "\n".join(lines)


def difference(found: dict[str, float], first: dict[str, dict[str, float]]) -> str:
    """How far the engines' gradients are from the plain loop's, and how long their first steps took."""
    lines = []
    for name, value in found.items():
        if name != "autograd":
            lines.append(f"{name_of(name)}: gradients within {value:.1e} of the plain loop's, relatively")
            words = ", ".join(f"{case} {seconds:.2f} s" for case, seconds in first[name].items())
            lines.append(f"{name_of(name)}, the first step of each: {words}")
    return "\n".join(lines) or "the plain loop only: no other engine works here"


def kernels(rows: Sequence[dict[str, Any]]) -> str:
    """Training steps, or validation chunks."""
    first = rows[0]
    products = first["gflops_of_products"]
    head = ["", "", "", "ms", "(quartiles)", "x plain loop", "x torch.nn", "% of large mm", "% of 1000x50x50"]
    body = [
        [
            row["model"].upper(), row["task"], name_of(row["engine"]), *_milliseconds(row["seconds"]),
            times(row["over_plain"]), times(row["over_torch"]),
            _percent(row["of_large_product"]), _percent(row["of_small_product"]),
        ]
        for row in rows
    ]  # fmt: skip
    calls = {f"{row['model']} {row['task']}": row["first_call"] for row in rows if row["engine"] == "fused"}
    notes = [
        f"float32 products in the same rounds: large {products['large'].median:.0f} GF/s, "
        f"1000x50x50 {products['small'].median:.0f} GF/s; percent: of the products with recurrent weights alone",
    ]
    if calls and first["kind"] == "chunk":
        words = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in calls.items())
        notes.append(f"fused, the first chunk of each: {words}")
    title = f"\n{KINDS[first['kind']]} (T {first['T']}, B {first['B']}, H {first['H']})"
    return "\n".join([title, table([head, *body], left=3), *notes])


def regimes(rows: Sequence[dict[str, Any]], hours: dict[str, float]) -> str:
    """Seconds of updates and check, and what all seven regimes would take."""
    head = ["", "", "s", "(quartiles)", "updates", "check", "x plain loop"]
    body = [
        [
            row["regime"], name_of(row["engine"]), *_seconds(row["seconds"]),
            f"{row['seconds_updates'].median:.3f}", f"{row['seconds_check'].median:.3f}", times(row["over_plain"]),
        ]
        for row in rows
    ]  # fmt: skip
    lines = [f"\n{rows[0]['updates']} updates and one check of a whole training", table([head, *body], left=2)]
    if hours:
        words = ", ".join(f"{name_of(name)} {value:.2f} h" for name, value in sorted(hours.items()))
        lines.append(f"all seven regimes of the handout on one core would take: {words}")
    return "\n".join(lines)


def profile(rows: Sequence[dict[str, Any]]) -> str:
    """Parts of an update and of a check, engines side by side."""
    lines = []
    for what, parts, unit in (("update", UPDATE_PARTS, "ms"), ("check", CHECK_PARTS, "ms")):
        columns = [[what, *(f"{part}" for part in parts), f"all ({unit})"]]
        for row in rows:
            whole = row[what]["all"]
            shares = [f"{1e3 * row[what][part]:.3g} ({100 * row[what][part] / whole:.0f} %)" for part in parts]
            columns.append([f"{row['regime']} {name_of(row['engine'])}", *shares, f"{1e3 * whole:.3g}"])
        lines += [f"\nwhere the time of one {what} goes (ms, percent)", table(columns, left=1)]
    return "\n".join(lines)


def growth(rows: Sequence[dict[str, Any]]) -> str:
    """Slopes and the times that they come from."""
    head = ["", "", "", "", "slope", "ms at the sizes"]
    body = [
        [
            row["kind"], row["model"].upper(), row["axis"], name_of(row["engine"]), f"{row['slope']:.2f}",
            "  ".join(f"{n}: {1e3 * s:.3g}" for n, s in zip(row["sizes"], row["seconds"], strict=True)),
        ]
        for row in rows
    ]  # fmt: skip
    title = "\ngrowth with T, B and H: slope of log time over log size (1: proportional)"
    return "\n".join([title, table([[*row[:4], f"{row[4]:>5}", row[5]] for row in [head, *body]], left=6)])


def closing(about: dict[str, Any]) -> str:
    """How long it took and how undisturbed it was."""
    share = about["processor_share"]
    return (
        f"\n{about['seconds']:.0f} s; the process had the processor for {100 * share:.0f} % of them, "
        f"{100 * about['system_share']:.0f} % of that in the system (mostly for memory)"
    )


def name_of(engine: str) -> str:
    """The engine's name in tables and figures."""
    return NAMES.get(engine, engine)


def times(found: Spread) -> str:
    """``5.21 (5.1-5.3)``."""
    return f"{found.median:.2f} ({found.low:.2f}-{found.high:.2f})"


def table(rows: Sequence[Sequence[str]], left: int) -> str:
    """Rows in aligned columns, the first ``left`` of them to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            text.ljust(w) if i < left else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _milliseconds(found: Spread) -> list[str]:
    return [f"{1e3 * found.median:.2f}", f"({1e3 * found.low:.2f}-{1e3 * found.high:.2f})"]


def _seconds(found: Spread) -> list[str]:
    return [f"{found.median:.3f}", f"({found.low:.3f}-{found.high:.3f})"]


def _percent(found: Spread) -> str:
    return f"{100 * found.median:.0f}"
