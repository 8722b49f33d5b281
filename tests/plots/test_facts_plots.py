"""Facts against plain numpy, and figures of every kind of run: what they show and that none of them breaks."""

from __future__ import annotations

import functools
import io
import math
import struct
import tempfile
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
import pytest
from faint import faint
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.pylabtools import print_figure
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.text import Text

from rnnkit import plots
from rnnkit.plots import compare
from rnnkit.plots.diagnostics import NOTHING
from rnnkit.plots.style import GAP, NARROW, new_figure, span_of, spread
from rnnkit.record.facts import facts_of, floors_of
from rnnkit.record.file import load, regime_of
from rnnkit.record.keys import NEWER
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
    "few bins": ("B2", {"diagBins": 7}),
}
BOTH = ("mem-rnn", "mem-gru", "mul-rnn", "mul-gru")
SINGLE = {name: getattr(plots, name) for name in plots.__all__}
SIDE_BY_SIDE = {name: getattr(compare, name) for name in compare.__all__}


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


@functools.cache
def figure_of(name, *kinds) -> Figure:
    """A figure of one run, or of several side by side: drawn once for all that is asked of it."""
    if name in SINGLE:
        return drawn(SINGLE[name](run_of(*kinds)))
    return drawn(SIDE_BY_SIDE[name]({kind: run_of(kind) for kind in kinds}))


def figures_of(name) -> list[Figure]:
    """Of both tasks and both cells: a figure for each of them, or one of all."""
    return [figure_of(name, kind) for kind in BOTH] if name in SINGLE else [figure_of(name, *BOTH)]


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
    assert figure_of(name, kind).axes
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


@pytest.mark.parametrize("kind", BOTH)
def test_validation_has_its_curves_and_the_floors_levels(kind):
    record = run_of(kind)
    axes = plots.validation(record).axes
    for ax, key, quantity in ((axes[0], "valid_nll", "nll"), (axes[-1], "valid_error", "error")):
        assert curve_of(record, key) in curves_in(ax)
        expected = {round(getattr(floor, quantity), 6) for floor in floors_of(record).values()}
        found = levels(ax)
        low, high = ax.get_ylim()
        for level in expected:
            assert any(level == pytest.approx(x, abs=1e-6) for x in found), (key, level)
            assert low <= level <= high, (key, level)
        text = " ".join(label.get_text() for label in ax.get_legend().get_texts())
        for name in floors_of(record):
            assert name.replace("_", " ") in text


def curve_of(record, key):
    return record["check_updates"].tolist(), record[key].tolist()


def curves_in(ax):
    return [tuple(list(values) for values in line.get_data()) for line in ax.get_lines()]


def test_validation_of_a_regression_has_every_error_that_is_stored():
    record = run_of("mul-gru")
    _, mae, error = plots.validation(record).axes
    assert curve_of(record, "valid_mae") in curves_in(mae)
    for key in ("valid_err_005", "valid_err_010", "valid_error"):
        assert curve_of(record, key) in curves_in(error), key
    words = [text.get_text() for text in error.get_legend().get_texts()]
    assert [word.split()[3].rstrip(":") for word in words[:3]] == ["0.05", "0.10", "0.20"]
    assert len(plots.validation(run_of("mem-gru")).axes) == 2


def test_gradient_is_a_profile_over_time_and_its_histogram_on_one_axis():
    record = run_of("mem-rnn")
    profile, histogram = plots.gradient_histogram(record).axes
    values = np.log10(finite(record["grad_time"][-1]) + 1e-12)
    np.testing.assert_allclose(profile.get_lines()[0].get_ydata(), values)
    assert shape_of(histogram)[0].sum() == len(values) == 50
    assert profile.get_ylim() == histogram.get_ylim()


def shape_of(ax):
    """Heights and edges of the filled outline in an axis."""
    (shape,) = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    return np.asarray(shape.get_data().values), np.asarray(shape.get_data().edges)


@pytest.mark.parametrize("bins", [60, 7])
def test_every_histogram_has_the_bins_that_were_asked_for(bins):
    record = run_of("mul-gru") if bins == 60 else run_of("few bins")
    assert regime_of(record).diagBins == bins
    assert len(shape_of(plots.gradient_histogram(record).axes[1])[0]) == bins
    assert len(shape_of(plots.saturation_histogram(record).axes[1])[0]) == bins
    for ax in plots.gate_histograms(record).axes[1::2]:
        assert len(shape_of(ax)[0]) == bins
    for name in ("gradient_histograms", "saturations"):
        (ax,) = SIDE_BY_SIDE[name]({"a": record}).axes
        assert len(shape_of(ax)[0]) == bins, name
    _, gradient, saturation = compare.overview({"a": record}).axes
    assert len(shape_of(gradient)[0]) == len(shape_of(saturation)[0]) == bins
    assert len(plots.total_and_direct(record).axes[1].patches[0].get_xy()) > 2 * bins - 2


def test_saturation_shows_all_units_not_the_steps_means():
    record = run_of("mul-rnn")
    profile, histogram = plots.saturation_histogram(record).axes
    heights, edges = shape_of(histogram)
    assert heights.sum() == pytest.approx(100)
    np.testing.assert_allclose(heights, 100 * record["sat_units"][-1], rtol=1e-6)
    means = finite(record["sat_time"][-1])
    np.testing.assert_allclose(profile.get_lines()[0].get_ydata(), means)
    centres = (edges[1:] + edges[:-1]) / 2
    assert (heights / 100) @ centres == pytest.approx(means.mean(), abs=edges[1])


def test_gates_are_shown_by_value_beside_their_distance():
    record = run_of("mem-gru")
    axes = plots.gate_histograms(record).axes
    for gate, profile, histogram in zip("zr", axes[::2], axes[1::2], strict=True):
        value, distance = (line.get_ydata() for line in profile.get_lines())
        np.testing.assert_array_equal(value, record[f"gate_{gate}_mean_time"][-1][: len(value)])
        np.testing.assert_array_equal(distance, record[f"gate_{gate}_sat_time"][-1][: len(distance)])
        heights, edges = shape_of(histogram)
        assert (heights.sum(), edges[0], edges[-1]) == (pytest.approx(100), 0, 1)
        assert f" {gate}\n" in profile.get_ylabel()


@pytest.mark.parametrize("kind", ["no diagnostics", "mem-rnn", "gru without gates"])
def test_what_was_not_recorded_is_said(kind):
    figure = plots.gate_histograms(run_of(kind))
    assert [ax.texts[0].get_text() for ax in figure.axes[::2]] == 2 * ["not recorded in this run"]


@pytest.mark.parametrize("kind", ["mem-rnn", "mul-gru", "sigmoid"])
def test_a_record_without_units_is_drawn_by_its_means_and_says_so(kind):
    older = {name: value for name, value in run_of(kind).items() if name not in NEWER}
    for name, function in SINGLE.items():
        drawn(function(older))
        if name == "saturation_histogram":
            assert "an older record has no units" in function(older).axes[1].get_title()
            assert shape_of(function(older).axes[1])[0].sum() == pytest.approx(100)
            assert function(run_of(kind)).axes[1].get_title() == ""
    for name, function in SIDE_BY_SIDE.items():
        assert drawn(function({"a": older})).axes, name
    if kind == "mul-gru":
        assert len(plots.gate_histograms(older).axes[0].get_lines()) == 1  # the distance alone


def test_sigmoid_distances_fill_their_own_range():
    assert shape_of(plots.saturation_histogram(run_of("sigmoid")).axes[1])[1][-1] == 0.5


@pytest.mark.parametrize(("kind", "lines"), [("mem-rnn", 3), ("mul-rnn", 1)])
def test_norms_after_clipping_are_shown_where_there_is_clipping(kind, lines):
    record = run_of(kind)
    found = plots.gradient_norms(record).axes[0].get_lines()
    assert len(found) == lines
    np.testing.assert_array_equal(found[0].get_ydata(), record["gradient_norm"])
    if lines == 3:
        np.testing.assert_array_equal(found[1].get_ydata(), record["gradient_norm_clipped"])
        assert found[2].get_ydata()[0] == 0.05


@pytest.mark.parametrize("name", ["norms", "overlaid"])
def test_comparisons_of_clipping_show_the_norm_after_it_too(name):
    runs = {"A": run_of("mul-rnn"), "C": run_of("mem-rnn")}
    ax = SIDE_BY_SIDE[name](runs).axes[0]
    assert {text.get_text() for text in ax.texts} == {"A", "C", "C, after"}
    assert len(ax.get_lines()) == 3
    assert max(ax.get_lines()[2].get_ydata()) <= 0.05 + 1e-6


def test_axes_are_named():
    for name in SINGLE:
        axes = figure_of(name, "mul-gru").axes
        assert all(ax.get_xlabel() or ax.get_ylabel() for ax in axes), name  # a colour bar has but one
        assert any(ax.get_ylabel() or ax.get_legend() for ax in axes), name


# ---- axes, labels, legends --------------------------------------------------------------------------------------


def test_one_quantity_has_one_axis_in_all_runs():
    records = [run_of("mem-rnn"), run_of("mul-rnn"), run_of("mem-gru")]
    for name in ("gradient_histogram", "spectrum", "gradient_norms"):
        assert len({SINGLE[name](record, records).axes[0].get_ylim() for record in records}) == 1, name
    assert len({plots.gradient_histogram(record).axes[0].get_ylim() for record in records}) == 1
    assert len({plots.saturation_histogram(record).axes[0].get_ylim() for record in records}) == 1
    assert len({plots.heat_map(record, records).axes[0].images[0].get_clim() for record in records}) == 1


def test_no_axis_magnifies_a_speck():
    record = dict(run_of("mul-gru"))
    count = len(record["rho_Whh"])
    record["rho_Whh"] = np.linspace(0.080840, 0.080845, count).astype(np.float32)
    _, rho, _ = plots.over_training(record).axes
    low, high = rho.get_xlim()
    assert high - low >= 0.05 - 1e-9
    assert plots.spectrum(record).axes[0].get_ylim()[0] == 0
    assert plots.spectrum(record).axes[0].get_ylim()[1] >= 1
    assert np.ptp(span_of([np.full(3, 0.5)], 0.2)) == pytest.approx(0.2)
    assert span_of([], 0.2) == (0, 0.2)


@given(st.lists(st.floats(0, 1), max_size=9))
def test_labels_at_the_ends_of_lines_are_apart(heights):
    found = spread(sorted(heights))
    assert all(above - below >= GAP - 1e-9 for below, above in pairwise(found))
    assert not found or max(found) <= 1 + 1e-9
    if all(above - below >= GAP for below, above in pairwise(sorted(heights))):
        assert found == pytest.approx(sorted(heights))


def test_lines_on_each_other_are_labelled_at_their_ends():
    record = run_of("mem-rnn")
    figure = drawn(compare.validations({"A": record, "B": record, "C": record}))
    for ax in figure.axes:
        boxes = [Text.get_window_extent(text) for text in ax.texts]  # without the tie
        assert sorted(text.get_text() for text in ax.texts) == ["A", "B", "C"]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


@pytest.mark.parametrize("name", [*SINGLE, *SIDE_BY_SIDE])
def test_no_legend_and_no_label_covers_data(name):
    for figure in figures_of(name):
        inside = [ax.get_window_extent() for ax in figure.axes]
        for ax in figure.axes:
            legend = ax.get_legend()
            boxes = [legend.get_window_extent()] if legend else []
            boxes += [Text.get_window_extent(text) for text in ax.texts if text.get_text() != NOTHING]
            assert not any(box.overlaps(axis) for box in boxes for axis in inside), name
            for box in boxes:
                assert box.x0 >= 0, name
                assert box.x1 <= figure.bbox.x1, name


def test_maps_have_a_title_a_colour_bar_and_one_scale_from_dark_to_light():
    figure = plots.heat_map(run_of("mul-gru"))
    ax, bar = figure.axes
    assert "B2_mul_gru" in figure.get_suptitle()
    assert "log" in bar.get_ylabel()
    colours = mpl.colormaps[ax.images[0].get_cmap().name](np.linspace(0, 1, 64))[:, :3] @ [0.299, 0.587, 0.114]
    assert (np.diff(colours) > 0).all()


@pytest.mark.parametrize("name", ["validation", "over_training", "total_and_direct", "validations", "omegas"])
def test_narrow_figures_fit_a_phone(name):
    function = SINGLE.get(name) or SIDE_BY_SIDE[name]
    of = run_of("mul-gru") if name in SINGLE else {"a": run_of("mul-gru")}
    assert function(of, narrow=True).get_size_inches()[0] <= NARROW < function(of).get_size_inches()[0]


# ---- figures of several runs ------------------------------------------------------------------------------------

GROUPS = {
    "one": ["mem-rnn"],
    "two tasks": BOTH,
    "seven": [*RUNS][:7],
    "early ends": ["solved", "diverged", "untrained", "one update"],
    "diverged between checks": ["diverged between checks"],
    "no diagnostics": ["no diagnostics"],
    "some without": ["no diagnostics", "gru without gates", "mul-gru"],
}


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("name", SIDE_BY_SIDE)
def test_runs_side_by_side(name, group):
    assert figure_of(name, *GROUPS[group]).axes


def test_a_notebook_draws_a_figure_once_and_within_its_edges(monkeypatch):
    figure, (ax,) = new_figure(width=4.0, height=3.0)
    drawn, draw = [], Axes.draw
    monkeypatch.setattr(Axes, "draw", lambda self, renderer: drawn.append(self) or draw(self, renderer))
    ax.set(xlabel="updates", ylabel="a label\non two lines")
    png = print_figure(figure)
    assert drawn == [ax]
    assert struct.unpack(">II", png[16:24]) == (400, 300)
    assert figure.get_layout_engine() is not None
    assert ax.get_tightbbox().x0 >= 0
    larger = io.BytesIO()
    figure.savefig(larger, format="png", dpi=200)
    assert struct.unpack(">II", larger.getvalue()[16:24]) == (800, 600)


@pytest.mark.parametrize("name", [*SINGLE, *SIDE_BY_SIDE])
def test_lines_marks_and_letters_are_seen(name):
    for figure in figures_of(name):
        assert faint(figure) == [], name


@pytest.mark.parametrize("name", [*SINGLE, *SIDE_BY_SIDE])
def test_margins_hold_what_stands_around_axes(name):
    for figure in figures_of(name):
        boxes = [ax.get_tightbbox() for ax in figure.axes]
        assert not any(one.padded(-1).overlaps(other.padded(-1)) for one, other in combinations(boxes, 2))
        for box in boxes:
            assert min(box.x0, box.y0) >= -1, name
            assert max(box.x1 - figure.bbox.x1, box.y1 - figure.bbox.y1) <= 1, name
