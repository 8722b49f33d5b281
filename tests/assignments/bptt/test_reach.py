"""How far a change reaches: products of Jacobians and their bounds; the page of runs; predictions of runs."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from course import ROOT

from rnnkit.assignments import get_assignment
from rnnkit.assignments.bptt import jacobians, report
from rnnkit.assignments.bptt.experiment import EXPERIMENT, train
from rnnkit.assignments.bptt.figures import style_of
from rnnkit.assignments.bptt.networks import ARMS, at_rest, hidden, named
from rnnkit.assignments.bptt.outcome import LEARNS, LOST, NOTHING, SHORT, SOME, does
from rnnkit.assignments.bptt.settings import Trial
from rnnkit.cli.report import write_report
from rnnkit.cli.sweep import Table
from rnnkit.hand_in.collect import collect
from rnnkit.notebook import foretell, predict
from rnnkit.notebook.predictions import FILE
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.sweep_file import read_sweep_file

SMALL: dict[str, Any] = {"lag": 4, "H": 6, "batch": 3, "dtype": "float64"}


def small(arm: str, **more) -> Trial:
    return Trial(f"small_{arm}", arm=arm, **SMALL | ({"link": 3} if arm == "link" else {}) | more)


# ---- products of Jacobians ------------------------------------------------------------------------------------------


def jacobian(trial: Trial, x: torch.Tensor, lag: int) -> np.ndarray:
    """dh_T / dh_(T-lag) of one sequence (T, I), by autograd of the whole function of that one state."""
    w = named(torch.from_numpy(trial.first_weights())[None], trial.shapes)
    begun = at_rest(trial.network, torch.zeros(1, 1, trial.H, dtype=torch.float64), trial.link)
    x = x[:, None, None]
    _, (h, *others) = hidden(trial.network, w, x[: len(x) - lag], begun)

    def last(h: torch.Tensor) -> torch.Tensor:
        return hidden(trial.network, w, x[len(x) - lag :], (h, *others))[1][0][0, 0]

    return torch.autograd.functional.jacobian(last, h)[:, 0, 0].numpy()


@pytest.mark.parametrize("arm", ARMS)
def test_norms_are_those_of_the_derivative_by_one_earlier_state(arm):
    trial = small(arm)
    norms = jacobians.products(trial, trial.first_weights(), sequences=2, seed=5).norms
    drawn = trial.kind.draw(np.random.default_rng(5), trial.lag, trial.K, 2)
    assert norms.shape == (2, trial.T)
    for n in range(2):
        x = torch.from_numpy(drawn.x[:, n]).double()
        for lag in (1, 2, 9):
            assert norms[n, lag] == pytest.approx(np.linalg.norm(jacobian(trial, x, lag), 2), rel=1e-9)
    np.testing.assert_allclose(norms[:, 0], 1)


@pytest.mark.parametrize(("arm", "factor"), [("ortho", 1.0), ("skip", None), ("default", None)])
def test_no_norm_is_above_the_bound_of_its_arm(arm, factor):
    trial = small(arm)
    found = jacobians.products(trial, trial.first_weights())
    assert (found.norms <= found.bound * (1 + 1e-9)).all()
    assert factor is None or found.factor == pytest.approx(factor)
    linear = jacobians.products(small(arm, phi="identity"), trial.first_weights())
    top = {"ortho": linear.bound[5], "default": found.factor}
    if arm in top:  # without slopes the bound is reached: by one step, and of an orthogonal matrix by all
        assert linear.norms[0, 5 if arm == "ortho" else 1] == pytest.approx(top[arm])


def test_arms_without_such_a_bound_have_none():
    for arm in ("link", "gru", "lstm"):
        assert math.isnan(jacobians.products(small(arm), small(arm).first_weights()).factor)
    found = {arm: {"first weights": jacobians.products(small(arm), small(arm).first_weights())} for arm in ARMS}
    (ax,) = jacobians.draw(found).axes
    assert (
        sum(line.get_linestyle() == ":" and len(line.get_xdata()) > 0 for line in ax.lines) == 3 + 1
    )  # and link's own
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [*ARMS, "(gamma sigma)^k"]


def test_the_report_draws_what_the_table_says():
    sweeps = ROOT / "notebooks" / "bptt" / "sweeps"
    assert len(report.products(sweeps).axes) == 2
    table = report.products_table(1, 20, folder=sweeps).data
    assert len(table.splitlines()) == 2 + 2 * len(ARMS)
    assert table.count("none of this form") == 6
    assert report.samples(sweeps).data.count("| grammar |") == 6


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_page_has_lags_plateaus_products_and_maps(tmp_path):
    for arm, lag, seed in (("ortho", 2, 0), ("ortho", 4, 0), ("gru", 4, 0), ("gru", 4, 1)):
        trial = small(arm, seed=seed, updates=4).replace(name=f"{arm}_{lag}_{seed}", lag=lag)
        train(trial, tmp_path / trial.name)
    train(Trial("wave", "sine", lag=0, updates=4, batch=2, H=4), tmp_path / "wave")
    html = write_report(tmp_path, EXPERIMENT).read_text()
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert titles[:4] == ["By lag", "The plateau", "How far a change reaches", "Lag and time"]
    assert "Longest lag learnt, with all shorter ones here, echo: ortho 0, gru 0 (0 to 0)." in html
    for caption in ("echo: ortho, gru.", "echo, lag 4: ortho, gru.", "sine: default.", "echo, lag 4, gru."):
        assert caption in html
    assert "echo, lag 2, ortho." not in html  # of several lags the longest


def test_an_arm_looks_the_same_in_all_figures():
    found = {arm: {"trained": jacobians.products(small(arm), small(arm).first_weights())} for arm in ("default", "gru")}
    colors = [{line.get_label(): line.get_color() for line in jacobians.draw(arms).axes[0].lines}
              for arms in (found, {"gru": found["gru"]})]  # fmt: skip
    assert colors[0]["gru"] == colors[1]["gru"] != colors[0]["default"]
    assert style_of("ortho, chunk 10", 1) != style_of("ortho", 1)


def test_a_page_of_a_wave_has_no_lags(tmp_path):
    train(Trial("wave", "sine", lag=0, updates=4, batch=2, H=4), tmp_path / "wave")
    html = write_report(tmp_path, EXPERIMENT).read_text()
    assert "The plateau</h2>" in html
    assert "By lag</h2>" not in html


# ---- what a sweep counts --------------------------------------------------------------------------------------------


def test_a_sweep_counts_the_seeds_that_learnt_their_task(tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(
        'name = "two"\nassignment = "bptt"\nexperiment = "echo_default"\nseeds = [0, 1]\n'
        "[base]\nupdates = 60\nH = 8\nbatch = 8\nlr = 0.03\n[grid]\nlag = [0, 30]\n"
    )
    jobs = read_sweep_file(path).jobs(str(tmp_path / "out"), Cells())
    for job in jobs:
        train(job.settings, job.folder)
    table = Table(tmp_path / "two.csv", jobs)
    table.write()
    assert [line.split(" solved")[0] for line in table.rates()] == ["lag0: 2 of 2 seeds", "lag30: 0 of 2 seeds"]


# ---- predictions ----------------------------------------------------------------------------------------------------


def record_of(run: str, loss: np.ndarray, metric: float, **changes) -> dict:
    settings, kept = EXPERIMENT.get(run, **changes), np.zeros(len(loss))
    return {"settings": settings.to_json(), "loss": loss, "metric": kept + metric, "grad_norm": kept, "angle": kept}


@pytest.mark.parametrize(
    ("run", "loss", "metric", "answer", "number"),
    [
        ("echo_ortho", np.full(1500, 0.1), 0.96, LEARNS, "accuracy 0.960, loss 0.1, plateau 0.69315"),
        ("echo_gru", np.full(1500, 0.5), 0.8, SOME, "accuracy 0.800"),
        ("echo_gru", np.full(1500, 0.69), 0.5, NOTHING, "loss 0.69"),
        ("echo_gru", np.full(300, 0.69), 0.5, SHORT, "only 300 updates: accuracy 0.500"),
        ("echo_gru", np.full(300, 0.01), 0.99, LEARNS, "accuracy 0.990"),
        ("echo_ortho", np.append(np.ones(3), np.nan), 0.5, LOST, "after update 4"),
        ("sine_default", np.full(1500, 0.02), 0.02, LEARNS, "loss 0.02, plateau 0.04467"),
    ],
)
def test_the_last_updates_decide(run, loss, metric, answer, number):
    found = does(record_of(run, loss, metric))
    assert found.answer == answer
    assert number in found.number


def test_a_run_is_predicted_before_it_is_shown_and_that_is_handed_in(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RNNKIT_PLAIN", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setattr(foretell, "in_notebook", lambda: True)
    assert foretell.waits(["echo_gru"], EXPERIMENT)
    expected = 'predict("bptt echo_gru", does="learns it / learns some / stays at the plateau", because="one sentence")'
    assert expected in capsys.readouterr().out
    predict("bptt echo_gru", does="learns it", because="it has gates")
    assert not foretell.waits(["echo_gru"], EXPERIMENT)
    assert collect(get_assignment("bptt"), tmp_path).files[FILE] == Path(tmp_path / FILE)


def test_the_notebook_asks_before_it_trains_and_shows_nothing_before_it_is_told():
    cells = json.loads((ROOT / "notebooks/bptt/2_experiment.ipynb").read_text())["cells"]
    order = [cell["id"] for cell in cells]
    assert order.index("predict") < order.index("training") < order.index("compare") < order.index("facts")
    for cell in cells[order.index("compare") + 1 :]:
        assert cell["cell_type"] == "markdown" or "if seen" in "".join(cell["source"])
