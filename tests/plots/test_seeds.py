"""Runs that differ in nothing but the seed are one line with a band, and a rate has its interval in words."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets import Dropdown, IntSlider, ToggleButton

from rnnkit import plots
from rnnkit.cli.report import write_report
from rnnkit.common.statistics import rate_in_words
from rnnkit.plots import compare, widgets
from rnnkit.plots.live import Moments
from rnnkit.plots.seeds import Seeds, grouped, middle
from rnnkit.plots.style import marked, title_of
from rnnkit.plots.sweeps import plot_curves
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.runs.jobs import plan
from rnnkit.runs.tables import alike
from rnnkit.train import train

SEEDS = (52, 1, 2, 3, 4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five seeds of A1 and one of A2, tiny."""
    out = tmp_path_factory.mktemp("seeds")
    for seed in SEEDS:
        name = f"A1_mem_rnn_tanh_noclip-seed{seed}"
        train(get_regime("A1", "tiny", seed=seed, name=name), out=out / name, cells="builtin")
    train(get_regime("A2", "tiny"), out=out / "A2", cells="builtin")
    return out


@pytest.fixture(scope="module")
def runs(folder):
    return {path.parent.name: load(path) for path in sorted(folder.glob("*/*_final_state.npz"))}


def ended_early(record, checks=3):
    """As a run that solved its task after so many checks leaves it: its arrays end there."""
    updates = int(record["check_updates"][checks - 1])
    short = {name: record[name][:checks] for name in record if np.shape(record[name])[:1] == (5,)}
    short |= {name: record[name][:updates] for name in record if np.shape(record[name])[:1] == (41,)}
    return record | short | {"status": np.array("solved"), "updates": np.array(updates)}


def test_the_band_is_the_quartiles_or_the_range_of_those_that_are_there():
    x = np.array([0.0, 1.0, 2.0])
    curves = [(x[:2], np.array([0.0, value])) for value in (1.0, 2.0, 3.0)] + [(x, np.array([0.0, 9.0, 5.0]))]
    curves.append((x, np.array([0.0, np.nan, np.inf])))
    places, median, low, high, there = middle(curves)
    assert list(there) == [5, 4, 1]
    assert list(places) == [0, 1, 2]
    assert list(median) == [0, 2.5, 5]
    assert (low[1], high[1]) == tuple(np.percentile([1, 2, 3, 9], [25, 75]))
    assert (low[2], high[2]) == (5, 5)
    few = middle([(x, np.array([0.0, 1.0, np.nan])), (x, np.array([0.0, 4.0, np.nan]))])
    assert [values[1] for values in few[1:4]] == [2.5, 1, 4]
    assert np.isnan([values[2] for values in few[1:4]]).all()


def test_other_settings_cells_and_the_same_seed_again_are_apart(runs):
    assert alike(dict.fromkeys("abc", "one"), {"a": 1, "b": 2, "c": 1}) == [["a", "b"], ["c"]]
    assert [*grouped(runs)] == ["A1, 5 seeds", "A2"]
    name, first = next(iter(runs.items()))
    other = runs | {name: first | {"cells_sha256": np.array("another's")}}
    assert [*grouped(other)] == [name, "A1, 4 seeds", "A2"]
    assert [*grouped(marked(grouped(runs)))] == ["A1, 5 seeds", "A2"]  # nothing more to do


@pytest.mark.parametrize("name", plots.__all__)
def test_every_figure_of_a_run_takes_several_seeds(runs, name):
    seeds = grouped(runs)["A1, 5 seeds"]
    figure = getattr(plots, name)(seeds)
    figure.canvas.draw()
    assert figure.get_suptitle().startswith("A1, 5 seeds (tiny profile)")
    lines = [line for ax in figure.axes for line in ax.get_lines()]
    bands = [one for ax in figure.axes for one in ax.collections if "FillBetween" in type(one).__name__]
    assert bands or name in ("over_training", "heat_map") or not lines or name == "gate_histograms"


def test_a_curve_of_several_seeds_is_their_median(runs):
    figure = compare.validations(runs)
    for ax, key in zip(figure.axes, ("valid_nll", "valid_error"), strict=True):
        line = ax.get_lines()[0]
        each = [record[key] for name, record in runs.items() if name != "A2"]
        assert line.get_ydata() == pytest.approx(np.median(each, axis=0))
        assert len(ax.collections) == 1
        assert {text.get_text() for text in ax.texts} == {"A1, 5 seeds", "A2"}


def test_seeds_that_ended_early_are_told_and_marked(runs):
    names = [name for name in runs if name != "A2"]
    some = {name: ended_early(runs[name]) if name in names[:2] else runs[name] for name in names}
    (label,) = grouped(some)
    assert label == "A1, 5 seeds (3 to the end)"
    for name in compare.__all__:
        getattr(compare, name)(some).canvas.draw()
    seeds = grouped(some)[label]
    assert "after 21 to 41 updates" in plots.gradient_histogram(seeds).get_suptitle()
    assert title_of(seeds) == "A1, 5 seeds (3 to the end) (tiny profile)\nmedian and quartiles"
    nll = plots.validation(seeds).axes[0]
    (hollow,) = [line for line in nll.get_lines() if line.get_color() == "white"]
    assert list(np.isfinite(hollow.get_ydata())) == [False, False, False, True, True]
    dots = [line for line in nll.get_lines() if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in dots] == [21, 21]
    left = [runs[name]["valid_nll"][-1] for name in names[2:]]
    assert nll.get_lines()[0].get_ydata()[-1] == pytest.approx(np.median(left))
    for name in plots.__all__:
        getattr(plots, name)(seeds).canvas.draw()
    running = Seeds([runs[names[0]] | {"status": np.array("running")}, some[names[1]]], names[:2])
    assert running.label == "A1, 2 seeds (1 to the end, 1 unfinished)"


def test_a_page_of_several_seeds(folder):
    text = write_report(folder).read_text(encoding="utf-8")
    assert "<figcaption>A1, 5 seeds: validation over training.</figcaption>" in text
    assert text.count("validation over training.</figcaption>") == 2
    assert "A1, 5 seeds: 0 of 5 seeds solved it; between 0 and 43 % would, at 95 % confidence." in text
    assert "Settings in which A1, 5 seeds, A2 differ: seed: A1, 5 seeds 1/2/3/4/52, A2 52; clipstyle" in text
    assert "one line, the median" in text
    assert text.count("-seed3</td>") == 1  # the table of facts has each run


def test_a_rate_in_words():
    assert rate_in_words(4, 4) == "4 of 4 seeds solved it; between 51 and 100 % would, at 95 % confidence"


def test_seeds_of_a_run_stand_side_by_side(tmp_path):
    for seed, name in ((3, "A1_mem_rnn_tanh_noclip-seed3"), (52, "A1_mem_rnn_tanh_noclip")):
        (job,) = plan(["A1"], tmp_path, profile="tiny", overrides={"seed": seed})
        assert (job.settings.name, job.settings.seed) == (name, seed)
    (job,) = plan(["A1"], tmp_path, profile="tiny", overrides={"seed": 3, "name": "mine"})
    assert job.settings.name == "mine"


def test_a_sweeps_curves_are_one_line_for_each_setting():
    rows = [
        {"run": f"L20-{method}-seed{seed}", "method": method, "seed": str(seed), "updates": str(at), "valid_error": err}
        for method in ("SGD", "SGD-C")
        for seed in (1, 2, 3)
        for at, err in ((0, "75"), (10, str(10 * seed)), (20, str(seed)))
        if not (seed == 3 and at == 20)
    ]
    (ax,) = plot_curves(rows, log=True).axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        f"L20-{method}, 3 seeds (2 to the end)" for method in ("SGD", "SGD-C")
    ]
    thick = [
        line for line in ax.get_lines() if line.get_linewidth() > 1.5 and line.get_marker() == "None"
    ]  # the medians
    assert [list(line.get_ydata()) for line in thick] == [[75, 20, 1.5]] * 2
    assert ax.get_xscale() == "symlog"
    assert ax.get_xlim()[0] == 0


def test_the_browser_shows_a_second_run_on_the_same_axes(runs, folder):
    record, (other, path) = runs["A2"], next((name, folder / name) for name in runs if name != "A2")
    box = widgets.browse(record, {other: next(path.glob("*_final_state.npz")), "broken": folder / "nothing.npz"})
    controls, image, said, _ = box.children
    beside = next(one for one in controls.children if isinstance(one, Dropdown))
    slider = next(one for one in controls.children if isinstance(one, IntSlider))
    alone = bytes(image.value)
    beside.value = other
    pictures = {alone, bytes(image.value)}
    slider.value = 1
    pictures.add(bytes(image.value))
    next(one for one in controls.children if isinstance(one, ToggleButton)).value = True
    pictures.add(bytes(image.value))
    assert len(pictures) == 4
    beside.value = "broken"
    assert "nothing.npz" in said.value
    one, two = (Moments(a, [b], columns=2) for a, b in ((record, runs[other]), (runs[other], record)))
    two.share(one)
    for mine, others in zip(one.figure.axes, two.figure.axes, strict=True):
        assert (mine.get_xlim(), mine.get_ylim()) == (others.get_xlim(), others.get_ylim())
