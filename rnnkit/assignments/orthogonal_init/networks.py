"""Facts of trained networks that no sweep's table has, and how far a change reaches in untrained ones.

``python -m rnnkit.assignments.orthogonal_init.networks runs/sweeps/rates sweeps`` reads the records of a sweep and
writes ``networks.csv``, a row for each, and ``jacobians.csv`` into the folder that is named second.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnnkit.assignments.orthogonal_init.bptt import Net
from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT
from rnnkit.assignments.orthogonal_init.explored import STARTS, Settings, explored
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.spectra import SCALES, spectrum_of
from rnnkit.assignments.orthogonal_init.tasks import LINEAR
from rnnkit.common.names import BadValue
from rnnkit.runs.tables import read_runs, save_rows

LATE = 10  # epochs at the end
SEQUENCES, STREAM = 2000, 99  # fresh ones, and the seed of their stream
MARKERS = 1  # the channel
NEAR = 0.1  # a singular value is near 1 within this
SMALL = 0.5
LAGS = (1, 2, 5, 10, 20, 30, 40, 50, 60)


def network_row(arm: Arm, record: Mapping[str, Any]) -> dict[str, Any]:
    """One trained network: how its last epochs did, its spectrum before and after, and on regressions its outputs."""
    weights, late = weights_of(arm, record), np.asarray(record["metric"], np.float64)[-LATE:]
    start = arm.shape.named(arm.first_weights())["W_hh"]
    row = {"task": arm.task, "init": arm.init, "T": arm.T, "seed": arm.seed}
    row |= {"late": late.mean(), "late_se": late.std(ddof=1) / np.sqrt(len(late)) if len(late) > 1 else np.nan}
    row |= {f"{name}_start": value for name, value in spectrum(start).items()} | spectrum(
        arm.shape.named(weights)["W_hh"]
    )
    if arm.kind.head == LINEAR:
        row |= outputs(arm, weights)
    return {name: float(f"{value:.5g}") if isinstance(value, float) else value for name, value in row.items()}


def weights_of(arm: Arm, record: Mapping[str, Any]) -> np.ndarray:
    """``(P,)``, a record's parameters in one row."""
    row = np.zeros(arm.shape.P)
    for name, part in arm.shape.named(row).items():
        part[:] = record[name]
    return row


def spectrum(W: np.ndarray) -> dict[str, float]:
    """Smallest and largest singular value, the shares of them near 1 and small ones, and the spectral radius."""
    sigma, rho = spectrum_of(W)
    return {
        "sigma_min": float(sigma[-1]),
        "sigma_max": float(sigma[0]),
        "near_one": float(np.mean(np.abs(sigma - 1) <= NEAR)),
        "small": float(np.mean(sigma < SMALL)),
        "rho": rho,
    }


def outputs(arm: Arm, weights: np.ndarray) -> dict[str, float]:
    """What a network answers to fresh sequences, and to the same without their markers.

    Returns:
        standard deviation of the output and of the target; its correlation with the target, with the markers and
        without, and with the mean of all values; mean size of the change when the markers are taken away; half the
        mean squared error.
    """
    drawn = arm.kind.draw(np.random.default_rng(STREAM), arm.T, SEQUENCES, arm.centred)
    blank = drawn.x.copy()
    blank[:, :, MARKERS:] = 0
    net = Net(arm.shape, arm.kind, arm.phi, 1, arm.T, SEQUENCES, np.float64)
    W, readout = arm.shape.matrices(weights[None])
    out, without = (
        net.forward(W, [x])[0, -1].copy() @ readout[0, :-1, 0] + readout[0, -1, 0] for x in (drawn.x, blank)
    )
    y = drawn.y[:, 0]
    return {
        "output_std": float(out.std()),
        "target_std": float(y.std()),
        "correlation": float(np.corrcoef(out, y)[0, 1]),
        "correlation_without": float(np.corrcoef(without, y)[0, 1]),
        "correlation_values": float(np.corrcoef(out, drawn.x[:, :, 0].mean(axis=0))[0, 1]),
        "change_without": float(np.abs(out - without).mean()),
        "fresh_half_mse": float(0.5 * np.mean((out - y) ** 2)),
    }


def jacobian_rows() -> list[dict[str, Any]]:
    r"""Norms of :math:`\partial h_T / \partial h_{T-k}` in untrained tanh networks that read random symbols.

    Returns:
        for each start, scale of the input weights and lag: median, smallest and largest of the draws; see `explored`.
    """
    rows = []
    for start in STARTS:
        for input_scale in SCALES:
            norms = explored(Settings(start, input_scale, max(LAGS)), LAGS).norms
            for lag, some in zip(LAGS, norms.T, strict=True):
                low, middle, high = (float(f"{one:.3g}") for one in np.quantile(some, (0, 0.5, 1)))
                told = {"start": start, "input_scale": input_scale, "lag": lag}
                rows.append(told | {"median": middle, "low": low, "high": high, "draws": len(some)})
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Writes both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", help="a folder of records: that of `rnnkit sweep`")
    parser.add_argument("out", type=Path, help="the folder for the tables")
    told = parser.parse_args(argv)
    records, _ = read_runs(told.runs, EXPERIMENT)
    if not records:
        raise BadValue(f"{told.runs}: expected records of a sweep, found none; make them with rnnkit sweep")
    arms = {name: EXPERIMENT.settings_of(record) for name, record in records.items()}
    rows = [{"run": name} | network_row(arm, records[name]) for name, arm in arms.items()]
    print(save_rows(told.out / "networks.csv", sorted(rows, key=lambda row: (row["task"], row["init"], row["seed"]))))
    print(save_rows(told.out / "jacobians.csv", jacobian_rows()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
