"""A record of another major version is read, or refused with the reason; and nothing goes on from it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rnnkit
from rnnkit.assignments.bptt.experiment import EXPERIMENT as BPTT
from rnnkit.plots import gradient_histogram, saturation_histogram
from rnnkit.record.facts import facts_of
from rnnkit.record.file import RecordError, load, regime_of, save
from rnnkit.record.keys import NEWER
from rnnkit.regimes import get_regime
from rnnkit.runs.jobs import plan, standing
from rnnkit.train import train

A1 = get_regime("A1", "tiny", memvalues=3, mempos=4)


@pytest.fixture
def older(tmp_path, monkeypatch):
    """Writes a run as rnnkit 0.9.0 left it, with changes (None: that key was not there yet); we are 1.0.0."""
    path = train(A1, out=tmp_path / A1.name, cells="builtin")
    record = load(path) | {"versions": json.dumps(json.loads(str(load(path)["versions"])) | {"rnnkit": "0.9.0"})}
    monkeypatch.setattr(rnnkit, "__version__", "1.0.0")

    def write(**changes):
        save(path, {name: value for name, value in (record | changes).items() if value is not None})
        return path

    return write


def regime_with(**changes):
    return np.array(json.dumps(json.loads(A1.to_json()) | changes))


def test_one_with_all_that_is_read_is_read(older):
    record = load(older(**dict.fromkeys(NEWER)))
    assert regime_of(record) == A1
    assert facts_of(record).updates == A1.maxiters
    assert all(draw(record).axes for draw in (gradient_histogram, saturation_histogram))


def test_one_without_a_key_is_refused_with_its_version(older):
    with pytest.raises(RecordError, match=r"expected the key 'grad_time', a record of rnnkit 0\.9\.0 has none"):
        load(older(grad_time=None))


def test_one_of_settings_that_are_none_any_more_is_refused_with_its_version(older):
    record = load(older(regime=regime_with(colour="red")))
    with pytest.raises(RecordError, match=r"cannot be read by this version.*'colour'.*; rnnkit 0\.9\.0 made it"):
        regime_of(record)


def test_one_of_another_assignment_is_refused_alike(older, tmp_path):
    record = {"settings": json.dumps({"colour": "red"}), "versions": json.dumps({"rnnkit": "0.9.0"})}
    save(tmp_path / "r.npz", record)
    with pytest.raises(RecordError, match=r"settings cannot be read by this version.*; rnnkit 0\.9\.0 made it"):
        BPTT.load(tmp_path / "r.npz")


def test_nothing_goes_on_from_one(older, tmp_path, monkeypatch):
    path = older()
    (job,) = plan(["A1"], tmp_path, profile="tiny", overrides={"memvalues": 3, "mempos": 4})
    assert standing(job) == "other"
    with pytest.raises(RecordError, match=r"expected a run of this rnnkit, 1\.0\.0, got one of 0\.9\.0"):
        job.stored()
    monkeypatch.setattr(rnnkit, "__version__", "0.9.7")
    assert job.stored() is not None
    assert regime_of(load(path)) == A1
