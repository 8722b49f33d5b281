"""The report's tables and figures, and its slider, of tables that are there and of some that are not."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from rnnkit.assignments.lookback import lag_norms, report, slider
from rnnkit.assignments.lookback.experiment import EXPERIMENT
from rnnkit.common.names import BadValue
from rnnkit.runs.tables import save_rows

pytestmark = pytest.mark.usefixtures("seen")

TAUS = (0, 2, 5)
BINS = {"acc_1": 0.9, "acc_2_3": 0.8, "acc_4_5": 0.7, "acc_6": 0.6}


@pytest.fixture
def sweeps(tmp_path):
    """A table of runs and one of norms; the GRU's loss falls with the lookback, the plain network's is 0.4."""
    runs = [
        {"run": f"{model}_{tau}_{seed}", "status": "finished", "model": model, "lookback": tau, "seed": seed}
        | {"train": 100, "best_loss": 0.4 + seed / 100 - tau / 20 * (model == "gru"), "acc": 0.8, "majority": 0.7}
        | BINS
        for model in ("rnn", "gru")
        for tau in TAUS
        for seed in (0, 1, 2)
    ]
    norms = [
        {"model": model, "seed": 0, "gate": gate, "lag": lag, "norm_initial": 0.5**lag, "norm": 0.6**lag}
        | {"accumulated": 2 - 0.5**lag}
        for model, gate in (("rnn", "U"), ("gru", "Uh"))
        for lag in range(6)
    ]
    save_rows(tmp_path / f"{report.LOOKBACK}.csv", runs)
    save_rows(tmp_path / f"{report.NORMS}.csv", norms)
    return tmp_path


def test_a_table_has_medians_with_the_smallest_and_the_largest_seed(sweeps):
    text = str(report.table(report.LOOKBACK, by=["model", "lookback"], folder=sweeps))
    assert "0.4100 (0.4000 to 0.4200)" in text
    assert "0.1600 (0.1500 to 0.1700)" in text  # the GRU at 5


def test_what_is_not_there_is_said(tmp_path):
    for shown in (
        report.table("gates", folder=tmp_path), report.by_lookback("acc", folder=tmp_path), report.norms(tmp_path),
        report.by_distance(folder=tmp_path), report.by_factor("figure3a", "train", folder=tmp_path),
        slider.explore(tmp_path),
    ):  # fmt: skip
        assert "is not there" in str(shown)


def test_figures_have_both_networks(sweeps):
    figures = [
        report.by_lookback("best_loss", "acc", folder=sweeps), report.by_distance(folder=sweeps), report.norms(sweeps),
        report.by_factor(report.LOOKBACK, "train", folder=sweeps), slider.explore(sweeps, static=True),
    ]  # fmt: skip
    for figure in figures:
        assert isinstance(figure, Figure)
        told = " ".join(text for ax in figure.axes for text in ax.get_legend_handles_labels()[1])
        assert "rnn" in told
        assert "gru" in told
    points = {line.get_label(): line.get_ydata() for line in figures[-1].axes[-1].lines}
    assert all(len(points[model]) == 4 for model in ("rnn", "gru"))  # the still picture has a lookback, too
    (line,) = (line for line in figures[0].axes[0].lines if line.get_label() == "gru")
    assert line.get_ydata() == pytest.approx([0.41, 0.31, 0.16])


def test_the_slider_tells_loss_and_accuracy_at_its_lookback(sweeps):
    widget = slider.Lookbacks(report.rows_of(report.LOOKBACK, sweeps), report.rows_of(report.NORMS, sweeps))
    first = widget.image.value
    widget.controls["tau"].value = 5
    assert "lookback 5" in widget._words.value
    assert "gru: loss 0.1600, accuracy at distance 6+ 0.600" in widget._words.value
    assert widget.image.value != first


def test_norms_are_those_of_the_networks_that_look_back_farthest(tmp_path):
    records = {}
    for tau in (1, 3):
        net = EXPERIMENT.get("rnn", "tiny", lookback=tau)
        arrays = dict.fromkeys(("norms_initial", "norms", "accumulated"), tau * np.ones((1, 4)))
        records[str(tau)] = {"settings": net.to_json(), **arrays}
    rows = lag_norms.rows_of(records)
    assert [row["lag"] for row in rows] == [0, 1, 2, 3]
    assert {row["norm"] for row in rows} == {3.0}
    with pytest.raises(BadValue, match="found none"):
        lag_norms.main(str(tmp_path), str(tmp_path))
