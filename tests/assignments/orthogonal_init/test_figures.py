"""The lab's figures say what the numbers say, its document's programs draw them, and a browser shows its page."""

from __future__ import annotations

import json
import re
import runpy
import sys

import numpy as np
import pytest
from browser import browser, needs_chromium
from course import ROOT
from matplotlib.colors import to_rgb
from PIL import Image

from rnnkit.assignments.orthogonal_init import show
from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT, train
from rnnkit.assignments.orthogonal_init.figures import TINTS, ortho_vs_random, outcome, summary_table, task_examples
from rnnkit.assignments.orthogonal_init.parting import Parting
from rnnkit.assignments.orthogonal_init.results import document
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.spectra import pair_of, reaches, spectra_in_words, spectrum_W_hh
from rnnkit.assignments.orthogonal_init.training import Training, train_epoch
from rnnkit.cli.report import write_report
from rnnkit.plots.style import BLUE

pytestmark = pytest.mark.usefixtures("seen")

SIZE = {"epochs": 2, "batches": 2, "batch": 5}
METRICS = {  # of temporal order, whose threshold is .9
    "solved": [0.3, 0.95, 0.4, 0.95, 0.95, 0.95, 0.95, 0.95],
    "fell back": [0.3, 0.95, 0.4, 0.95, 0.95, 0.95, 0.95, 0.73],
    "failed": [0.3, 0.8, 0.4, 0.8, 0.8, 0.8, 0.8, 0.25],
}


def history(init, metric, task="temporal_order", T=60, seed=0):
    past = [one > 0.9 for one in metric]
    first = past.index(True) + 1 if any(past) else None
    return {
        "task": task, "init": init, "sequence_len": T, "epoch": [*range(1, len(metric) + 1)], "metric": metric,
        "loss": [1.1 - one for one in metric], "solved_epoch": first, "seed": seed,
    }  # fmt: skip


def cells(figure):
    (table,) = figure.axes[0].tables
    return {place: (cell.get_text().get_text(), cell.get_facecolor()[:3]) for place, cell in table.get_celld().items()}


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("found", METRICS)
def test_each_arm_is_coloured_by_its_own_outcome(found):
    arms = [history("ortho", METRICS[found]), history("random", METRICS["solved"])]
    assert outcome(arms[0]) == found
    shown = cells(summary_table(arms))
    assert shown[1, 2][1] == to_rgb(TINTS[found])
    assert shown[1, 3][1] == to_rgb(TINTS["solved"])
    assert ("best 0.950" in shown[1, 2][0]) is (found == "fell back")
    assert ("fell back" in shown[1, 2][0]) is (found == "fell back")


def test_an_arm_that_is_late_has_not_fallen_back():
    assert outcome(history("random", [0.3] * 8 + [0.92, 0.93])) == "solved"
    assert outcome(history("random", [0.3] * 8 + [0.92, 0.73])) == "fell back"


def test_curves_say_what_became_of_each_arm():
    figure = ortho_vs_random([history("ortho", METRICS["solved"]), history("random", METRICS["fell back"])])
    loss, metric = figure.axes
    assert loss.get_yscale() == "log"
    assert legend(metric) == ["ortho: solved at 2", "random: crossed at 2, fell back", "chance", "threshold"]
    assert max(metric.lines[0].get_ydata()) == 95  # percent
    dashed = [line for line in metric.lines if line.get_linestyle() == "--"]
    assert [(line.get_color(), line.get_xdata()[0]) for line in dashed] == [(BLUE, 2)]
    assert [line.get_ydata()[0] for line in metric.lines if line.get_linestyle() == ":"] == [25]


def test_several_seeds_are_a_band_and_a_rate_with_its_interval():
    seeds = [history("ortho", METRICS["failed" if seed else "solved"], seed=seed) for seed in range(5)]
    metric = ortho_vs_random(seeds).axes[1]
    assert metric.collections
    assert legend(metric)[0] == "ortho: 1 of 5 seeds crossed"
    assert cells(summary_table(seeds))[1, 2] == ("1 of 5 crossed\n4 to 62 % at 95 %", to_rgb(TINTS["fell back"]))


def test_the_documents_examples_are_drawn():
    addition, order, bits = task_examples().axes
    assert "target 1.28948262" in addition.get_title()
    marked = [step for step, bar in enumerate(addition.patches) if bar.get_facecolor()[:3] == to_rgb(BLUE)]
    assert marked == [13, 26]
    assert "class BB" in order.get_title()
    assert "bits 0 1 1" in bits.get_title()


def test_spectra_are_those_before_and_after_with_the_law_over_the_first():
    arms = [Arm(f"addition_{init}", init=init) for init in ("ortho", "random")]
    pairs = {arm.init: pair_of(arm, {"W_hh": np.diag(np.r_[3.0, np.full(63, 0.5)])}) for arm in arms}
    figure = spectrum_W_hh(pairs)
    first, last, how_often = figure.axes
    assert "quarter circle, up to 1.6" in legend(how_often)
    assert "ortho: all at 1" in legend(how_often)
    assert "ortho: 0.500 to 3.000, radius 3.000" in legend(last)
    assert "ortho: 1.000 to 1.000, radius 1.000" in legend(first)
    assert how_often.lines[0].get_xdata()[-1] == pytest.approx(1.6)
    rows = [line.split() for line in spectra_in_words(pairs).splitlines()]
    assert rows[3][:3] == ["random", "at", "init"]
    assert 1.4 < float(rows[3][4]) < 1.7
    assert 0.7 < float(rows[3][5]) < 0.95


# ---- programs -------------------------------------------------------------------------------------------------------


def trained(arm):
    run = Training(arm)
    for _ in range(arm.epochs):
        train_epoch([run])
    return arm, run.state()


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Runs one of the lab's files as a program in an empty folder, with less to train; returns its exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(show, "train_all", lambda arms: [trained(arm) for arm in arms])
    monkeypatch.setattr(show, "reaches", lambda: reaches(scales=[0.1]))

    def run(name, *flags):
        monkeypatch.setattr(sys, "argv", [name, *flags])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(ROOT / "notebooks/orthogonal_init" / name), run_name="__main__")
        return ended.value.code

    return run


def test_the_documents_figures_are_drawn_from_its_results(tmp_path, capsys, program):
    tasks = ("addition", "temporal_order")
    arms = [Arm(f"{task}_{init}", task, init, **SIZE) for task in tasks for init in ("ortho", "random")]
    (tmp_path / "results.json").write_text(json.dumps(document([trained(arm) for arm in arms], 1.0)))
    assert program("visualize_rnn_pathological.py") == 0
    names = ["jacobian_norms", "ortho_vs_random", "spectrum_W_hh", "summary_table", "task_examples"]
    assert sorted(path.name for path in (tmp_path / "viz").iterdir()) == [f"{name}.png" for name in names]
    for path in (tmp_path / "viz").iterdir():
        with Image.open(path) as image:
            assert min(image.size) > 100
    said = capsys.readouterr().out
    assert "ortho   after training" in said
    assert "0.1 N(0, 1)" in said


@pytest.mark.parametrize("content", [None, "{}", "{", json.dumps({"histories": {}, "config": {}}), "[]"])
def test_results_that_are_not_there_are_said_with_what_to_run(tmp_path, capsys, program, content):
    if content:
        (tmp_path / "results.json").write_text(content)
    assert program("visualize_rnn_pathological.py") == 2
    assert "python3 rnn_pathological.py --all --seed 0" in capsys.readouterr().err
    assert not (tmp_path / "viz").exists()


def test_the_animation_grows_and_holds_its_end(tmp_path, capsys, program):
    small = ["--n-epochs", "5", "--batches-per-epoch", "1", "--max-frame-side", "300", "--out", "a.gif"]
    shown = ["--snapshot-every", "2", "--fps", "10", "--hold-final", "12"]
    assert program("make_rnn_pathological_gif.py", *small, *shown) == 0
    held = []
    with Image.open(tmp_path / "a.gif") as image:
        for frame in range(image.n_frames):
            image.seek(frame)
            held.append(image.info["duration"])
        assert max(image.size) == 300
    assert held == [100, 100, 100 + 1200]  # epochs 2, 4 and 5
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
    assert "3 pictures, the last for 12 more" in capsys.readouterr().out


def test_captions_of_the_animation_are_the_datas():
    arms = [history("ortho", METRICS["solved"]), history("random", METRICS["fell back"])]
    parting = Parting(arms, 300)
    said = {}
    for epoch in parting.epochs(3):
        parting.at(epoch)
        said[epoch] = [text.get_text() for text in parting.said]
    assert said == {
        3: ["ortho: 40.0 %, crossed at 2", "random: 40.0 %, crossed at 2"],
        6: ["ortho: 95.0 %, crossed at 2", "random: 95.0 %, crossed at 2"],
        8: ["ortho: 95.0 %, solved at 2", "random: 73.0 %, crossed at 2, fell back"],
    }


# ---- the page -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Of three seeds of one arm, one of another, and another start."""
    folder, arms = tmp_path_factory.mktemp("runs"), [Arm(f"ortho_{seed}", seed=seed, T=12, **SIZE) for seed in range(3)]
    arms += [Arm("random_0", init="random", T=12, **SIZE), Arm("scaled", scale=1.1, T=12, curriculum=10, **SIZE)]
    for arm in arms:
        train(arm, folder / arm.name)
    return write_report(folder, EXPERIMENT)


def test_the_page_has_the_labs_figures_and_a_table_of_its_runs(page):
    text = page.read_text()
    assert re.findall(r'<section id="([a-z]+)"', text) == [
        "curves", "outcomes", "spectra", "reach", "tasks", "facts", "runs"
    ]  # fmt: skip
    assert "addition, T = 12: ortho, random, ortho, scale 1.1, curriculum 10." in text
    assert "addition, T = 12, ortho: 0 of 3 seeds solved it; between 0 and 56 % would, at 95 % confidence." in text
    rows = [
        line.count("<t") for line in text.split("<h2>Facts</h2>")[1].split("</table>")[0].splitlines() if "<tr>" in line
    ]
    assert len({*rows}) == 2  # head and body, all as wide though one run has a column more
    assert text.count("<td>addition</td>") == 5


@needs_chromium
def test_a_browser_shows_all_of_the_page(page):
    for_each = "[...document.images].map(i => [i.complete && i.naturalWidth > 100, i.clientWidth])"
    with browser() as chromium:
        for width in (390, 1200):
            tab = chromium.new_page(viewport={"width": width, "height": 900})
            tab.goto(page.as_uri())
            shown = tab.evaluate(for_each)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert len(shown) == 7
            assert all(complete and wide > 300 for complete, wide in shown)
