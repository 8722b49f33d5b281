"""Forged records read, and are not the honest ones; most of them no plain check tells."""

from __future__ import annotations

import numpy as np
import pytest
from forgeries import KINDS, UNTELLABLE, forge, kinds_for
from runtools import SIZES, one, put

from rnnkit.assignments import get_assignment
from rnnkit.record.file import load
from rnnkit.regimes import PROFILES

PLAIN = {  # kinds that are told without training again
    "spectrum_edited": "rho_Whh is not that of the weights",
    "clipped_otherwise": "settings are not the handout's: clipstyle",
    "another_seed": "settings are not the handout's: seed",
    "other_settings": "settings are not the handout's: lr",
    "updates_appended": "settings are not the handout's: maxiters",
}


@pytest.fixture(autouse=True)
def full_is_small(monkeypatch):
    """Trains what the handout calls full in a second."""
    monkeypatch.setitem(PROFILES, "full", SIZES)


def test_there_are_twenty_kinds_and_more_and_none_that_nobody_can_tell():
    assert len({*KINDS}) == len(KINDS) >= 20
    assert not {*KINDS} & {*UNTELLABLE}


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_record_reads_and_plain_checks_say_what_they_can(tmp_path, kind):
    path = put(tmp_path, "A2")
    honest = load(path)
    forge(kind, path, np.random.RandomState(0))
    changed = [name for name, now in load(path).items() if not _same(honest[name], now)]
    found = one(tmp_path)
    assert changed
    assert found.content["problem"] is None
    said = [flag for flag in found.flags if "profile" not in flag]
    assert PLAIN.get(kind, "") in "\n".join(said)
    assert bool(said) == (kind in PLAIN), said


def test_a_record_of_another_experiment_is_forged_by_some_kinds(tmp_path):
    experiment = get_assignment("hidden_dynamics").experiment
    experiment.train(experiment.get("rnn", "tiny"), tmp_path)
    (path,) = tmp_path.rglob("*_final_state.npz")
    honest = load(path)
    assert 8 <= len(kinds_for(path)) < len(KINDS)
    for kind in kinds_for(path):
        forge(kind, path, np.random.RandomState(0))
        assert any(not _same(honest[name], now) for name, now in load(path).items()), kind
    with pytest.raises(KeyError):
        forge("flow_edited", path, np.random.RandomState(0))


def _same(left: np.ndarray, right: np.ndarray) -> bool:
    return np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
