"""Records of another processor: none is accused, and how far the last digits go is what the audit says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from course import ROOT

from rnnkit.runs import replay, replays
from rnnkit.runs.replay import COUNTED, REPRODUCED, SMOOTH, WEIGHTS

# No vector instructions beyond the first: other sums in other orders, as another processor has them.
OTHER = {
    "ATEN_CPU_CAPABILITY": "default",
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "OPENBLAS_CORETYPE": "Nehalem",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
}
FEW = {"ebs": 200, "cbs": 100}
RUNS = {
    "training_dynamics": {"A1": {"maxiters": 301, **FEW}, "A4": {"maxiters": 201, **FEW}},
    "bptt": {"echo_default": {"updates": 150}},
    "hidden_dynamics": {"rnn": {"epochs": 2}},
    "orthogonal_init": {"addition_ortho": {"epochs": 2}},
    "lookback": {"gru": {"train": 200, "dev": 100, "test": 50, "epochs": 2}},
}  # fmt: skip
TRAIN = """
import json, sys, torch
from pathlib import Path
from rnnkit.assignments import get_assignment
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.perform import perform
torch.set_num_threads(1)
name, out, runs = sys.argv[1:]
for key, changes in json.loads(runs).items():
    experiment = get_assignment(name).experiment
    perform(experiment, experiment.get(key, "full", **changes), out=Path(out), cells=Cells(), resume=False)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_a_record_of_another_processor_is_reproduced_up_to_the_last_digits(tmp_path, monkeypatch, name):
    places = {"NUMBA_CACHE_DIR": str(tmp_path / "numba"), "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-c", TRAIN, name, str(tmp_path / "out"), json.dumps(RUNS[name])]
    subprocess.run(argv, env=os.environ | OTHER | places, check=True, timeout=600)
    far = dict.fromkeys((SMOOTH, WEIGHTS, COUNTED), 0.0)
    distance = replay.distance

    def measured(one, unit, left, right):
        apart = distance(one, unit, left, right)
        kept = replay.floor_of(one, unit)
        if sys._getframe(1).f_code.co_name == "_elsewhere":
            far[kept] = max(far[kept], apart)
        return apart

    monkeypatch.setattr(replay, "distance", measured)
    lines = [json.loads(line) for line in replays.lines(name, tmp_path / "out", 1, 600)]
    found = [line for line in lines if "verdict" in line]
    assert [(line["verdict"], line["exact"]) for line in found] == [(REPRODUCED, False)] * len(RUNS[name])
    print({"smooth": far[SMOOTH], "weights": far[WEIGHTS], "counted": far[COUNTED]})
    assert far[SMOOTH] < SMOOTH / 10
    assert far[WEIGHTS] < WEIGHTS / 2
