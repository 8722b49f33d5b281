"""What the sweeps' tables say of each of the document's claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from statistics import median

from rnnkit.assignments.orthogonal_init.experiment import HEADLINE
from rnnkit.assignments.orthogonal_init.key.verdicts import Tables, above, epoch_of, left_chance, told
from rnnkit.assignments.orthogonal_init.script import BATCHES, EPOCHS
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.tables import rates
from rnnkit.assignments.orthogonal_init.tasks import MAIN
from rnnkit.runs.claims import Finding, Judge, Lacking, counted, denied, every, mostly, rare
from rnnkit.runs.rows import Row, spread

Where = dict[str, str]
OTHERS = {
    "multiplication": "others", "random_permutation_memorization": "recall", "noiseless_memorization_5bit": "recall",
    "noiseless_memorization_20bit": "recall",
}  # fmt: skip
TWENTY = ("rates", "rates_fresh")  # seeds
LONGEST, USUAL = "60", "0.1"  # lag and input weights of the Jacobians that count here
WIDE: Where = {"init": "random", "scale": "0.125"}  # N(0, 1/n) for 64 units
IDENTITY: Where = {"init": "identity", "phi": "tanh"}


# ---- of several kinds -----------------------------------------------------------------------------------------------


def fails(*names: str, **only: str) -> Judge:
    """Most runs of these tables do not solve their task."""

    def judge(tables: Tables) -> Finding:
        rate = tables.rate(*names, **only)
        epochs = f", epoch {spread(rate.epochs, '.3g')}" if rate.epochs else ""
        return Finding(f"solved {told(rate)}{epochs}", mostly(rate.runs - rate.solved, rate.runs))

    return judge


def gap(one: tuple[Where, str], other: tuple[Where, str], **only: str) -> Judge:
    """One rate is above another.

    Arguments:
        one, other: which runs, and of which tables, with a space between their names.
    """

    def judge(tables: Tables) -> Finding:
        first, second = (tables.rate(*names.split(), **only, **where) for where, names in (one, other))
        return Finding(f"{told(first)} against {told(second)}", above(first, second))

    return judge


def no(judge: Judge) -> Judge:
    """The contrary."""

    def contrary(tables: Tables) -> Finding:
        value, holds = judge(tables)
        return Finding(value, denied(holds))

    return contrary


def parts(judges: dict[str, Judge]) -> Judge:
    """All of several; one whose table is not there is not decided."""

    def judge(tables: Tables) -> Finding:
        found = {name: _or_lacking(one, tables) for name, one in judges.items()}
        return Finding("; ".join(f"{name} {one.value}" for name, one in found.items()),
                       every([one.holds for one in found.values()]))  # fmt: skip

    return judge


def none(judges: dict[str, Judge]) -> Judge:
    """None of several holds: refuted by one that does, and never shown by gaps that were not found."""

    def judge(tables: Tables) -> Finding:
        found = {name: _or_lacking(one, tables) for name, one in judges.items()}
        return Finding("; ".join(f"{name} {one.value}" for name, one in found.items()),
                       False if any(one.holds for one in found.values()) else None)  # fmt: skip

    return judge


def _or_lacking(judge: Judge, tables: Tables) -> Finding:
    try:
        return judge(tables)
    except Lacking as lacking:
        return Finding(str(lacking), None)


def networks(init: str, holds: Callable[[Row], bool], told: Callable[[Sequence[Row]], str]) -> Judge:
    """Most trained networks of addition have a property."""

    def judge(tables: Tables) -> Finding:
        rows = tables.rows("networks", task="addition", init=init)
        yes = sum(map(holds, rows))
        return Finding(f"{counted(yes, len(rows))}: {told(rows)}", mostly(yes, len(rows)))

    return judge


def over(rows: Sequence[Row], name: str, form: str = ".2f") -> str:
    """Median and range of a column."""
    return spread([float(row[name]) for row in rows], form)


def sooner(some: Sequence[Row], others: Sequence[Row]) -> tuple[int, int]:
    """In how many seeds one solves its task sooner than the other, and of how many; without those that end alike."""
    other = {row["seed"]: epoch_of(row) for row in others}
    pairs = [(epoch_of(row), other.get(row["seed"], inf)) for row in some]
    apart = [one < two for one, two in pairs if one != two]
    return sum(apart), max(len(apart), 1)


# ---- of one claim each ----------------------------------------------------------------------------------------------


def quoted_command(tables: Tables) -> Finding:
    """The program's defaults are those of the table."""
    (epochs, table_epochs), (batches, table_batches) = EPOCHS, BATCHES
    value = f"defaults {epochs} × {batches} batches, the table {table_epochs} × {table_batches}"
    return Finding(value, (epochs, batches) == (table_epochs, table_batches))


def six_thousand(tables: Tables) -> Finding:
    """A count that rounds to 6 thousand."""
    counts = [Arm(task=task).shape.P for task in MAIN]
    return Finding(", ".join(map(str, counts)), any(5500 <= count < 6500 for count in counts))


def random_forever(tables: Tables) -> Finding:
    """No seed crosses a threshold."""
    found = {task: tables.rate(*TWENTY, task=task, init="random") for task in HEADLINE}
    value = "; ".join(f"{task} {told(rate)}" for task, rate in found.items())
    return Finding(value, not any(rate.solved for rate in found.values()))


def at_chance(task: str) -> Judge:
    """No more seeds leave chance than by luck."""

    def judge(tables: Tables) -> Finding:
        left = [left_chance(row) for row in tables.rows(*TWENTY, task=task, init="random")]
        return Finding(counted(sum(left), len(left)), rare(sum(left), len(left)))

    return judge


def six_cells(tables: Tables) -> Finding:
    """Most seeds have six cells as the prediction has them."""
    like: dict[str, bool] = {}
    for row in tables.rows(*TWENTY):
        fits = (row["init"] == "ortho") == bool(row["solved_epoch"])
        like[row["seed"]] = like.get(row["seed"], True) and fits
    return Finding(counted(sum(like.values()), len(like)), mostly(sum(like.values()), len(like)))


def breaks_at_80(tables: Tables) -> Finding:
    """Most runs fail from 80 steps on."""
    found = [tables.rate("lengths", init="ortho", T=T) for T in ("80", "100")]
    solved, runs = sum(rate.solved for rate in found), sum(rate.runs for rate in found)
    value = ", ".join(f"T {T}: {told(rate)}" for T, rate in zip((80, 100), found, strict=True))
    return Finding(f"solved {value}, together {counted(solved, runs)}", mostly(runs - solved, runs))


def keeps_norm(tables: Tables) -> Finding:
    """Half of it or more."""
    (row,) = tables.rows("jacobians", start="orthogonal", input_scale=USUAL, lag=LONGEST)
    value = f"{row['median']} ({row['low']} to {row['high']}) of a change is left after {LONGEST} steps"
    return Finding(value, float(row["low"]) >= 0.5)


def explodes(tables: Tables) -> Finding:
    """A run diverges, or the norm grows tenfold."""
    (one,), (last,) = (
        tables.rows("jacobians", start="N(0, 1/n)", input_scale=USUAL, lag=lag) for lag in ("1", LONGEST)
    )
    runs = tables.rows("inits", **WIDE)
    lost = sum(row["status"] == "diverged" for row in runs)
    norms = f"norm {one['median']} after one step, {last['median']} ({last['low']} to {last['high']}) after {LONGEST}"
    return Finding(f"{norms}; {lost} of {len(runs)} runs diverged",
                   lost > 0 or float(last["median"]) > 10 * float(one["median"]))  # fmt: skip


def norm_over_one(tables: Tables) -> Finding:
    """Norm below 1.1, radius at least 1."""
    rows = tables.rows("networks", init="random")
    norm, rho = ([float(row[f"{name}_start"]) for row in rows] for name in ("sigma_max", "rho"))
    return Finding(f"norm {spread(norm, '.2f')}, radius {spread(rho, '.2f')}", median(norm) < 1.1 and median(rho) >= 1)


def nesterov_cleaner(tables: Tables) -> Finding:
    """Sooner in most seeds."""
    one, other = (tables.rows("momentum", init="ortho", method=name) for name in ("nesterov", "heavy_ball"))
    found = [rates(rows, [])[0] for rows in (one, other)]
    both = " against ".join(f"{told(rate)}, epoch {spread(rate.epochs, '.3g')}" for rate in found)
    return Finding(f"{both}; sooner in {counted(*sooner(one, other))}", mostly(*sooner(one, other)))


def xor_wants_nesterov(tables: Tables) -> Finding:
    """Most runs without it fail."""
    plain = tables.rate("xor_curriculum")  # heavy ball, as all that say nothing else
    direct = _or_lacking(fails("xor_nesterov"), tables).value
    value = f"curriculum, heavy ball: {told(plain)}, at full length after {spread(plain.full_at, '.4g')} updates"
    return Finding(f"{value}; Nesterov and schedule alone: {direct}", mostly(plain.runs - plain.solved, plain.runs))


def precision_is_nothing(tables: Tables) -> Finding:
    """The rates differ by a tenth at most."""
    one, other = (tables.rate("precision", dtype=name) for name in ("float32", "float64"))
    double = {(row["task"], row["seed"]): epoch_of(row) for row in tables.rows("precision", dtype="float64")}
    ends = [(epoch_of(row), double.get((row["task"], row["seed"]), inf))
            for row in tables.rows("precision", dtype="float32")]  # fmt: skip
    flipped, moved = sum((a == inf) != (b == inf) for a, b in ends), sum(a != b for a, b in ends)
    value = (
        f"float32 {told(one)}, float64 {told(other)}; of {len(ends)} pairs {flipped} end otherwise, {moved} elsewhere"
    )
    alike = abs(one.solved / one.runs - other.solved / other.runs) <= 0.1
    return Finding(value, False if above(one, other) is not None else True if alike else None)


def one_hot_is_why(tables: Tables) -> Finding:
    """Addition of one-hot values is solved sooner than of numbers, in most seeds."""
    plain = tables.rows("rates", task="addition", init="ortho")
    found = {"temporal_order": tables.rows("rates", task="temporal_order", init="ortho"), "addition": plain}
    names = ("addition_quantised", "addition_gated", "addition_lag", "temporal_order_late")
    found |= {task: tables.rows("ablations", task=task) for task in names}
    first = sooner(found["addition_quantised"], plain)
    middle = ", ".join(f"{task} {median(map(epoch_of, rows)):.3g}" for task, rows in found.items())
    return Finding(f"{counted(*first)}; median epoch: {middle}", mostly(*first))


def bad_rotation(tables: Tables) -> Finding:
    """With other data and other input weights, too, most runs from the matrix of a seed that failed fail."""
    cross, said, solved, runs = tables.rows("cross"), [], 0, 0
    for row in tables.rows("rates", init="ortho", solved_epoch=""):
        here = [one for one in cross if (one["task"], one["weight_seed"]) == (row["task"], row["seed"])]
        if here:
            fine = sum(bool(one["solved_epoch"]) for one in here)
            solved, runs = solved + fine, runs + len(here)
            pair = f"matrix {row['seed']} with input weights {here[0]['seed']}"
            said.append(f"{row['task']}, {pair}: solved with {fine} of {len(here)} streams of data")
    if not runs:
        raise Lacking("no matrix of a seed that failed in cross")
    inputs: dict[str, list[bool]] = {}
    for one in tables.rows("cross_inputs"):
        inputs.setdefault(f"matrix {one['weight_seed']} with input weights {one['seed']}", []).append(
            bool(one["solved_epoch"])
        )
    said += [f"addition, {pair}: {sum(fine)} of {len(fine)}" for pair, fine in inputs.items()]
    return Finding("; ".join(said), mostly(runs - solved, runs))
