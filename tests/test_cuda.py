"""On a CUDA device, where there is one: the processor's numbers up to rounding, and runs that go on as they were."""

from __future__ import annotations

import itertools
import json
import shlex

import numpy as np
import pytest
import torch

from rnnkit import train as training
from rnnkit.assignments import get_assignment
from rnnkit.cli import main
from rnnkit.record.file import load, regime_of
from rnnkit.regimes import get_regime
from rnnkit.runs import replays
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.perform import perform
from rnnkit.runs.replay import REPRODUCED
from rnnkit.trainer import Trainer, builtin_cell, content

HERE = "cuda"
if not torch.cuda.is_available():
    pytest.skip("there is no CUDA device", allow_module_level=True)
EXPERIMENT = get_assignment("training_dynamics").experiment
SMALL = {"maxiters": 61, "ebs": 200, "cbs": 100}
TINY = shlex.split("--min_length 10 --max_length 30 --nhid 8 --maxiters 11 --ebs 100 --cbs 50 --checkFreq 5")


def trained(key: str, device: str, dtype: torch.dtype, cell: bool = False) -> dict:
    """The record of a small run; of a built-in cell by its formulas, or by autograd where it is handed over."""
    regime = get_regime(key, "full", device=device, **SMALL)
    trainer = Trainer(regime, builtin_cell(regime).to(dtype) if cell or dtype == torch.float64 else None)
    for _ in trainer.checkpoints():
        pass
    return content(trainer)


def numbers(record: dict) -> dict[str, np.ndarray]:
    arrays = {name: np.asarray(value) for name, value in record.items() if name != "wall_time"}
    return {name: array for name, array in arrays.items() if array.dtype.kind == "f"}


@pytest.mark.parametrize("key", ["A1", "A2", "A3", "A4", "A5", "B1", "B2"])
def test_every_number_of_a_record_is_the_processors(key):
    """In float64, where rounding has not grown; what a record keeps in float32 may differ by one of its roundings."""
    there, here = (numbers(trained(key, device, torch.float64)) for device in ("cpu", HERE))
    assert here.keys() == there.keys()
    for name, expected in there.items():
        np.testing.assert_allclose(here[name], expected, rtol=2e-6, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("key", ["A4", "B2"])
@pytest.mark.parametrize("cell", [False, True], ids=["formulas", "autograd"])
def test_in_single_precision_the_first_updates_are_the_processors(key, cell):
    there, here = (numbers(trained(key, device, torch.float32, cell)) for device in ("cpu", HERE))
    for name in ("train_nll", "gradient_norm", "valid_nll", "gradient_through_time"):
        if name in there:
            np.testing.assert_allclose(here[name], there[name], rtol=1e-3, atol=1e-6, err_msg=name)


def test_a_run_that_was_broken_off_goes_on_with_the_same_numbers():
    regime = get_regime("B2", "full", device=HERE, **SMALL)
    first, second = Trainer(regime), Trainer(regime)
    for _ in itertools.islice(first.checkpoints(), 2):
        pass
    second.restore(first.state())
    for trainer in (first, second):
        for _ in trainer.checkpoints():
            pass
    whole, resumed = numbers(content(first)), numbers(content(second))
    for name, expected in whole.items():
        np.testing.assert_allclose(resumed[name], expected, rtol=1e-4, atol=1e-7, err_msg=name)


def test_a_record_is_done_again_on_the_processor(tmp_path):
    for regime in (EXPERIMENT.get(key, "full", device=HERE, **SMALL) for key in ("A4", "B2")):
        perform(EXPERIMENT, regime, out=tmp_path, cells=Cells(), resume=False)
    lines = [json.loads(line) for line in replays.lines("training_dynamics", tmp_path, 1, 600)]
    assert [line["verdict"] for line in lines if "verdict" in line] == [REPRODUCED] * 2, lines


def test_the_command_trains_there_and_says_so_in_the_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert training.main(["--task", "mul", "--model", "gru", "--device", HERE, *TINY, "--name", "t"]) == 0
    (path,) = tmp_path.rglob("*.npz")
    assert regime_of(load(path)).device == HERE


def test_a_device_that_is_not_there_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert training.main(["--task", "mul", "--device", "cuda:99", *TINY]) == 2
    assert "cuda:0" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_benchmark_measures_there(capsys):
    assert main(["bench", "--device", HERE, "--quick", "--only", "step", "--B", "4", "--T", "40", "--H", "8"]) == 0
    assert f"on {HERE}" in capsys.readouterr().out
