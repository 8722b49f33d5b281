"""Submissions with runs in them, and stand-ins for the sandbox that reads them."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from course import ASSIGNMENT
from hostile.own_run import own_regime

from rnnkit.assignments.training_dynamics import again
from rnnkit.common.places import PACKAGE
from rnnkit.grading.evidence.evidence import evidence
from rnnkit.record import read_npz
from rnnkit.record.file import load, save
from rnnkit.regimes import PROFILES, get_regime
from rnnkit.train import train

ROOT = PACKAGE.parent
SIZES = PROFILES["tiny"] | {"maxiters": 150, "checkFreq": 2, "ebs": 20, "cbs": 20}  # more checks than anchors


@functools.cache
def trained(key) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        return load(train(get_regime(key), out=folder, cells="builtin")) | {"cells_sha256": np.array("ab" * 32)}


def put(folder: Path, key: str, **changes) -> Path:
    """A record in a submission; None removes a key."""
    record = trained(key) | changes
    name = get_regime(key).name
    path = folder / "runs" / name / f"{name}_final_state.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, {name: value for name, value in record.items() if value is not None})
    return path


def here(argv, *, stage, **how):
    """The reader, or what tries runs again, in this process."""
    assert [*argv[:2]] == ["python", "-m"]
    lines = {"rnnkit.record.read_npz": read_npz.lines, "rnnkit.assignments.training_dynamics.again": again.lines}[
        argv[2]
    ]
    given = [float(word) if "." in word else int(word) for word in argv[4:]]
    return SimpleNamespace(
        returncode=0, stdout="".join(f"{line}\n" for line in lines(stage, *given)).encode(), why=None
    )


def apart(argv, *, stage, **how):
    """The reader in a process of its own."""
    done = subprocess.run(
        [sys.executable, *argv[1:]], cwd=stage, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert done.stderr == b""
    return SimpleNamespace(returncode=done.returncode, stdout=done.stdout, why=None)


def one(folder, key="A2", run=here):
    """The run of this name in a submission, and what was said of it."""
    (found,) = [found for found in evidence(folder, run, ASSIGNMENT) if found.key == key]
    return found


def run_of(folder: Path, **changes) -> Path:
    """The path of a record of temporal order with these settings."""
    return train(own_regime(**changes), out=folder, cells="builtin")


def submit(folder: Path, name: str, record: dict[str, np.ndarray]) -> Path:
    """A record in a submission, under this name; keys that hold None are left out."""
    (folder / "runs").mkdir(exist_ok=True)
    path = folder / "runs" / f"{name}_final_state.npz"
    save(path, {key: value for key, value in record.items() if value is not None})
    return path
