"""Golden values: the printed numbers of the handout's starter, seed 52, its exact flags, to iteration 200.

They are safe to the printed digit on another BLAS: noise of 1e-5 on all initial weights leaves every one as it is.
"""

from __future__ import annotations

import numpy as np
import pytest

from rnnkit.diagnostics import log10_grad
from rnnkit.engines import get_engine
from rnnkit.regimes import get_regime
from rnnkit.trainer import Trainer

# train nll / valid error (%) / mean gradient norm / rho / valid nll
GOLDEN = {
    "A1": {40: ".677/100/1.553/1.05/.452", 100: ".414/100/.198/1.15/.352", 200: ".370/100/.119/1.17/.342"},
    "B1": {40: ".064/34.89/.236/.72/.048", 100: ".051/36.79/.129/.72/.048", 200: ".051/39.82/.170/.72/.048"},
    "B2": {40: ".082/28.27/.303/.08/.058", 100: ".049/29.62/.075/.08/.049", 200: ".051/38.35/.096/.08/.048"},
}
SATURATION_AT_20 = {"A1": ".748", "B1": ".924", "B2": ".995"}
VALID_LENGTHS = {"A1": [150, 189, 167, 188, 136, 133, 106, 196, 100, 180]}


class Runs:
    """One training a regime, kept for all tests with an engine: ``{iteration: checkpoint}``."""

    def __init__(self, engine):
        self.engine, self.done = engine, {}

    def __call__(self, key):
        if key not in self.done:
            trainer = Trainer(get_regime(key, maxiters=221), engine=get_engine(self.engine))
            self.done[key] = trainer, {check.updates - 1: check for check in trainer.checkpoints()}
        return self.done[key]


@pytest.fixture(scope="module", params=["fused", pytest.param("autograd", marks=pytest.mark.slow)])
def run_of(request):
    return Runs(request.param)


def short(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}".removeprefix("0")


def row(check) -> str:
    values, train, norm = check.values, short(check.train_nll), short(check.gradient_norm)
    percent = f"{values['valid_error']:.2f}".removesuffix(".00")
    return "/".join([train, percent, norm, short(values["rho_Whh"], 2), short(values["valid_nll"])])


@pytest.mark.parametrize(("key", "iteration"), [(key, n) for key, rows in GOLDEN.items() for n in rows])
def test_printed_row(run_of, key, iteration):
    _, checks = run_of(key)
    assert row(checks[iteration]) == GOLDEN[key][iteration]


@pytest.mark.parametrize("key", GOLDEN)
def test_saturation_at_20(run_of, key):
    trainer, checks = run_of(key)
    assert short(checks[20].over_time["sat_time"].mean()) == SATURATION_AT_20[key]
    assert short(np.nanmean(trainer.arrays["sat_time"][1])) == SATURATION_AT_20[key]


def test_regression_metrics_of_b1_at_20(run_of):
    values = run_of("B1")[1][20].values
    assert [short(values[name]) for name in ("valid_mae", "valid_maxae")] == [".173", ".841"]
    assert [short(values[name], 2) for name in ("valid_err_005", "valid_err_010")] == ["82.34", "64.25"]


def test_first_window_of_a1(run_of):
    """The starter sums 21 values there and divides by 20."""
    check = run_of("A1")[1][20]
    assert short(check.train_nll * 21 / 20) == "1.505"
    assert short(check.values["rho_Whh"], 2) == ".84"


def log10_at_20(run_of, key, quantity):
    return log10_grad(run_of(key)[1][20].over_time[quantity])


def test_gradient_of_a1_is_total_and_larger_than_its_direct_term(run_of):
    assert f"{log10_at_20(run_of, 'A1', 'grad_time').mean():.2f}" == "-3.65"
    assert f"{log10_at_20(run_of, 'A1', 'grad_time_direct').mean():.2f}" == "-3.90"


def test_gradient_of_b1_vanishes(run_of):
    total = log10_at_20(run_of, "B1", "grad_time")
    assert [f"{v:.2f}" for v in np.percentile(total, [50, 95, 100])] == ["-12.00", "-3.79", "-1.99"]


@pytest.mark.parametrize("key", ["B1", "B2"])
def test_direct_term_of_a_last_step_task_is_one_spike(run_of, key):
    direct, total = (log10_at_20(run_of, key, quantity) for quantity in ("grad_time_direct", "grad_time"))
    assert (direct[:-1] == -12).all()
    assert direct[-1] == total[-1] > -4
    assert (total[-10:] > -12).all()


@pytest.mark.parametrize("key", VALID_LENGTHS)
def test_frozen_lengths(run_of, key):
    assert run_of(key)[0].valid_lengths == VALID_LENGTHS[key]


@pytest.mark.parametrize(("key", "steps"), [("A1", 220), ("B1", 215)])
def test_diagnostic_batch(run_of, key, steps):
    trainer, checks = run_of(key)
    assert trainer.diag_batch.inputs.shape[:2] == (steps, 20)
    assert checks[20].over_time["grad_time"].shape == (steps,)
