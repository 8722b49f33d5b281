"""Facts against plain numpy, and figures of every kind of run: what they show and that none of them breaks."""

from __future__ import annotations

import functools
import inspect
import math
import tempfile

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rnnkit import plots
from rnnkit.facts import facts_of, floors_of
from rnnkit.plots import compare
from rnnkit.record import load
from rnnkit.regimes import get_regime
from rnnkit.train import content, train
from rnnkit.trainer import Trainer

RUNS = {
    "mem-rnn": ("A2", {}),
    "mem-gru": ("A5", {}),
    "mul-rnn": ("B1", {}),
    "mul-gru": ("B2", {}),
    "sigmoid": ("A1s", {}),
    "diverged": ("B1", {"lr": 50.0, "checkFreq": 1}),
    "diverged between checks": ("B1", {"lr": 1e30}),
    "no diagnostics": ("B1", {"collectDiags": False}),
    "gru without gates": ("B2", {"diagGates": False}),
    "solved": ("A1", {"memvalues": 1, "mempos": 2, "lr": 0.5, "maxiters": 401}),
    "one update": ("B1", {"maxiters": 1}),
}
SINGLE = {name: getattr(plots, name) for name in plots.__all__} | {"total_and_direct": compare.total_and_direct}
SIDE_BY_SIDE = {
    name: function
    for name, function in vars(compare).items()
    if inspect.isfunction(function)
    and function.__module__ == compare.__name__
    and next(iter(inspect.signature(function).parameters), "") == "runs"
    and not name.startswith("_")
}


@functools.cache
def run_of(kind):
    if kind == "untrained":  # interrupted after the check at slot 0
        trainer = Trainer(get_regime("A4", "tiny"))
        next(iter(trainer.checkpoints()))
        return {name: np.asarray(value) for name, value in content(trainer).items()}
    key, changes = RUNS[kind]
    with tempfile.TemporaryDirectory() as folder:
        return load(train(get_regime(key, "tiny", **changes), out=folder, cells="builtin"))


def drawn(figure) -> Figure:
    assert isinstance(figure, Figure)
    FigureCanvasAgg(figure).draw()
    return figure


every_run = pytest.mark.parametrize("kind", [*RUNS, "untrained"])


def test_runs_are_what_they_are_called():
    statuses = {kind: str(run_of(kind)["status"]) for kind in RUNS}
    assert {kind for kind, status in statuses.items() if status == "diverged"} == {
        "diverged",
        "diverged between checks",
    }
    assert statuses["solved"] == "solved"
    assert str(run_of("untrained")["status"]) == "running"


# ---- facts ------------------------------------------------------------------------------------------------------


def finite(values):
    return values[np.isfinite(values)].astype(float)


@every_run
def test_facts_are_those_of_the_arrays(kind):
    record = run_of(kind)
    last = max(k for k, updates in enumerate(record["check_updates"]) if updates >= 0)
    norms = [float(x) for x in record["gradient_norm"] if not math.isnan(x)]
    losses = [float(x) for x in record["valid_nll"] if not math.isnan(x)]
    g = np.log10(finite(record["grad_time"][last]) + 1e-12)
    sat, units = finite(record["sat_time"][last]), finite(record["unit_sat_time"][last])
    found = facts_of(record)
    nothing = math.nan
    expected = {
        "updates": int(record["updates"]),
        "wall_time": record["wall_time"][last],
        "valid_nll": record["valid_nll"][last],
        "valid_error": record["valid_error"][last],
        "best_nll": min(losses),
        "best_error": min(x for x in record["valid_error"] if not math.isnan(x)),
        "median_gradient_norm": np.median(norms) if norms else nothing,
        "largest_gradient_norm": max(norms) if norms else nothing,
        "rho_start": record["rho_Whh"][0],
        "rho_end": record["rho_Whh"][last],
        "units_saturated": 100 * units.mean() if units.size else nothing,
    }
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, nan_ok=True), name
    assert found.log10_grad.p50 == pytest.approx(np.median(g) if g.size else nothing, nan_ok=True)
    assert found.sat.mean == pytest.approx(sat.mean() if sat.size else nothing, nan_ok=True)
    assert (found.status, found.profile) == (str(record["status"]), str(record["profile"]))


@every_run
def test_row_of_a_table_has_plain_short_values(kind):
    row = facts_of(run_of(kind)).row()
    assert row["status"] in ("finished", "solved", "diverged", "unfinished")
    for name, value in row.items():
        assert type(value) in (str, int, float), name
        assert len(str(value)) < 40, name


@pytest.mark.parametrize(("kind", "constant"), [("mem-rnn", math.log(6)), ("mul-rnn", 7 / 144)])
def test_floors_are_those_of_the_task(kind, constant):
    floors = floors_of(run_of(kind))
    assert floors["constant"].nll == pytest.approx(constant)
    assert min(floor.nll for floor in floors.values()) > 0


# ---- figures of one run -----------------------------------------------------------------------------------------


@every_run
@pytest.mark.parametrize("name", SINGLE)
def test_every_run_has_every_figure(kind, name):
    before = dict(mpl.rcParams)
    figure = drawn(SINGLE[name](run_of(kind)))
    assert figure.axes
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", plots.__all__)
def test_titles_name_the_run_and_a_profile_that_is_not_full(name):
    record = run_of("mul-gru")
    title = SINGLE[name](record).get_suptitle()
    assert "B2_mul_gru_noclip" in title
    assert "tiny profile" in title
    full = SINGLE[name](record | {"profile": np.array("full")}).get_suptitle()
    assert "B2_mul_gru_noclip" in full
    assert "profile" not in full


def levels(ax) -> list[float]:
    return [line.get_ydata()[0] for line in ax.get_lines() if len(set(line.get_ydata())) == 1]


@pytest.mark.parametrize("kind", ["mem-rnn", "mem-gru", "mul-rnn", "mul-gru"])
def test_validation_has_its_curves_and_the_floors_levels(kind):
    record = run_of(kind)
    loss, error = plots.validation(record).axes
    for ax, key, quantity in ((loss, "valid_nll", "nll"), (error, "valid_error", "error")):
        curve = ax.get_lines()[0]
        np.testing.assert_array_equal(curve.get_xdata(), record["check_updates"])
        np.testing.assert_array_equal(curve.get_ydata(), record[key])
        expected = {round(getattr(floor, quantity), 6) for floor in floors_of(record).values()}
        found = levels(ax)
        low, high = ax.get_ylim()
        for level in expected:
            assert any(level == pytest.approx(x, abs=1e-6) for x in found), (key, level)
            assert low <= level <= high, (key, level)
        text = " ".join(label.get_text() for label in ax.get_legend().get_texts())
        for name in floors_of(record):
            assert name.replace("_", " ") in text


def test_a_histogram_counts_the_finite_steps_of_the_last_check():
    record = run_of("mem-rnn")
    for figure, key in ((plots.gradient_histogram, "grad_time"), (plots.saturation_histogram, "sat_time")):
        bars = figure(record).axes[0].patches
        assert sum(bar.get_height() for bar in bars) == np.isfinite(record[key][-1]).sum() == 50
        assert len(bars) == 60  # the handout's --diagBins


@pytest.mark.parametrize("kind", ["no diagnostics", "mem-rnn", "gru without gates"])
def test_what_was_not_recorded_is_said(kind):
    figure = plots.gate_histograms(run_of(kind))
    assert [ax.texts[0].get_text() for ax in figure.axes] == 2 * ["not recorded in this run"]


def test_gates_of_a_gru_are_shown():
    record = run_of("mem-gru")
    for ax, gate in zip(plots.gate_histograms(record).axes, "zr", strict=True):
        assert sum(bar.get_height() for bar in ax.patches) == np.isfinite(record[f"gate_{gate}_sat_time"][-1]).sum()
        assert f" {gate}:" in ax.get_xlabel()


def test_sigmoid_distances_fill_their_own_range():
    ends = [bar.get_x() + bar.get_width() for bar in plots.saturation_histogram(run_of("sigmoid")).axes[0].patches]
    assert max(ends) == pytest.approx(0.5)


@pytest.mark.parametrize(("kind", "lines"), [("mem-rnn", 3), ("mul-rnn", 1)])
def test_norms_after_clipping_are_shown_where_there_is_clipping(kind, lines):
    record = run_of(kind)
    found = plots.gradient_norms(record).axes[0].get_lines()
    assert len(found) == lines
    np.testing.assert_array_equal(found[0].get_ydata(), record["gradient_norm"])
    if lines == 3:
        np.testing.assert_array_equal(found[1].get_ydata(), record["gradient_norm_clipped"])
        assert found[2].get_ydata()[0] == 0.05


def test_axes_are_named():
    for name, function in SINGLE.items():
        for ax in drawn(function(run_of("mul-gru"))).axes:
            assert ax.get_xlabel(), name
        assert any(ax.get_ylabel() or ax.get_legend() for ax in function(run_of("mul-gru")).axes), name


# ---- figures of several runs ------------------------------------------------------------------------------------

GROUPS = {
    "one": ["mem-rnn"],
    "two tasks": ["mem-rnn", "mem-gru", "mul-rnn", "mul-gru"],
    "early ends": ["solved", "diverged", "untrained", "one update"],
    "diverged between checks": ["diverged between checks"],
    "no diagnostics": ["no diagnostics"],
    "some without": ["no diagnostics", "gru without gates", "mul-gru"],
}


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("name", SIDE_BY_SIDE)
def test_runs_side_by_side(name, group):
    figure = drawn(SIDE_BY_SIDE[name]({kind: run_of(kind) for kind in GROUPS[group]}))
    assert figure.axes
