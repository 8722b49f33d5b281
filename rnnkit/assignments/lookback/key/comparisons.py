"""Two kinds of networks, seed by seed: by how much they differ, with an interval, and what that decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rnnkit.assignments.lookback import tables as made
from rnnkit.common.statistics import Interval, mean_interval
from rnnkit.runs.claims import Finding, Holds, Judge, Lacking, Tables
from rnnkit.runs.rows import Row, chosen

LOOKBACK, CURVES = "figure2abc", "figure4a_curves"
SAME = 0.01  # nats, less than which is no difference
TENTH = 0.1**0.2  # a factor per step that makes a tenth of five steps
LONGER = 1.1  # how many times as long takes longer
Rows = Callable[[Tables], Sequence[Row]]


def at(name: str, **only: str) -> Rows:
    """Rows of a sweep with these values."""
    return lambda tables: tables.rows(name, **only)


def usual(model: str, lookback: str) -> Rows:
    """Networks of which nothing else was changed."""
    return at(LOOKBACK, model=model, lookback=lookback)


def after(epochs: str, model: str, lookback: str) -> Rows:
    """What they had reached after so many epochs."""
    return lambda tables: chosen(made.after(tables.rows(CURVES, model=model, lookback=lookback)), epochs=epochs)


def changes(tables: Tables, old: Rows, new: Rows, column: str = "best_loss", last: str = "") -> dict[str, float]:
    """By seed: a column of the new ones minus that of the old ones.

    Arguments:
        last: the new ones' column, where it is another.
    """
    before, now = ({row["seed"]: row for row in rows(tables)} for rows in (old, new))
    found = {seed: float(now[seed][last or column]) - float(before[seed][column]) for seed in now if seed in before}
    if not found:
        raise Lacking("no seed that both have")
    return found


def lower(old: Rows, new: Rows, column: str = "best_loss", last: str = "", sign: int = 1) -> Judge:
    """The column is lower in the new ones, by the interval of the mean change; not, where it is `SAME` at most."""

    def judge(tables: Tables) -> Finding:
        found = [*changes(tables, old, new, column, last).values()]
        ahead = mean_interval([sign * value for value in found])
        return Finding(_said(found), True if ahead.high < 0 else False if ahead.low > -SAME else None)

    return judge


higher = partial(lower, sign=-1)


def unchanged(old: Rows, new: Rows, beside_old: Rows | None = None, beside_new: Rows | None = None) -> Judge:
    """The loss is the same, give or take `SAME`; with two other kinds, the change is the same as between those."""

    def judge(tables: Tables) -> Finding:
        found = changes(tables, old, new)
        if beside_old and beside_new:
            beside = changes(tables, beside_old, beside_new)
            found = {seed: beside[seed] - value for seed, value in found.items() if seed in beside}
        return Finding(_said([*found.values()]), within(mean_interval([*found.values()])))

    return judge


def within(found: Interval) -> Holds:
    """Whether it is 0, give or take `SAME`: decided where the whole interval is inside, or outside."""
    if found.low > -SAME and found.high < SAME:
        return True
    return False if found.low > SAME or found.high < -SAME else None


def fades(model: str) -> Judge:
    """Each lag's term is smaller than the one before, by a factor below `TENTH`."""

    def judge(tables: Tables) -> Finding:
        rows = usual(model, made.FARTHEST)(tables)
        trained, first = (mean_interval([float(row[name]) for row in rows]) for name in ("fall", "fall_initial"))
        value = f"a factor of {trained.said('.3f')} a step, before training {first.said('.3f')}, {len(rows)} seeds"
        return Finding(value, True if trained.high < TENTH else False if trained.low > TENTH else None)

    return judge


def vanishes(model: str) -> Judge:
    """All terms together, which update the weights, are less than half of the first two."""

    def judge(tables: Tables) -> Finding:
        gate = "Uh" if model == "gru" else "U"
        one, all_of_them = (
            {row["seed"]: float(row["accumulated"]) for row in tables.rows("norms", model=model, gate=gate, lag=lag)}
            for lag in ("1", made.FARTHEST)
        )
        found = mean_interval([all_of_them[seed] / one[seed] for seed in one])
        value = f"{found.said('.3f')} times as large, {len(one)} seeds"
        return Finding(value, True if found.high < 0.5 else False if found.low > 0.5 else None)

    return judge


def takes_longer(model: str, than: str = "") -> Judge:
    """An epoch takes longer with the longest lookback than without; or what it adds is more than for another model."""

    def judge(tables: Tables) -> Finding:
        def seconds(model: str) -> tuple[float, float]:
            rows = tables.rows("costs", model=model, H="50", batch="100")
            times = {row["lookback"]: float(row["seconds"]) for row in rows}
            return times["0"], times[made.FARTHEST]

        none, all_of_them = seconds(model)
        value = f"{none:.2f} to {all_of_them:.2f} s an epoch"
        if not than:
            return Finding(value, all_of_them > LONGER * none)
        other = seconds(than)
        value = f"{value}, {than} {other[0]:.2f} to {other[1]:.2f} s"
        return Finding(value, all_of_them - none > LONGER * (other[1] - other[0]))

    return judge


def learns(rows: Rows) -> Judge:
    """The loss is below what is reached without reading."""

    def judge(tables: Tables) -> Finding:
        found = [float(row["best_loss"]) - float(row["prior_loss"]) for row in rows(tables)]
        ahead = mean_interval(found)
        return Finding(_said(found, "runs"), True if ahead.high < 0 else False if ahead.low > 0 else None)

    return judge


def _said(found: Sequence[float], of: str = "seeds") -> str:
    return f"{mean_interval(found).said('+.4f')}, {len(found)} {of}"
