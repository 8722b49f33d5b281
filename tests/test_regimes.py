"""Regimes: the handout's command lines word for word, every default, and every refusal."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from handout import HANDOUT, words_of

from rnnkit.regimes import HANDOUT_REGIMES, PROFILES, REGIMES, Regime, RegimeError, differences, get_regime, named

# The starter's defaults; alpha alone departs from it (2.0 there); z_bias, omega_on and stop_error are ours.
DEFAULTS: dict[str, Any] = {
    "task": "mem", "model": "rnn", "init": "basic_tanh", "nhid": 50, "seed": 52, "alpha": 0.0, "lr": 0.01,
    "min_length": 50, "max_length": 200, "bs": 20, "ebs": 10000, "cbs": 1000, "checkFreq": 20,
    "collectDiags": False, "diagGates": False, "diagBins": 50, "satThresh": 0.05, "bound": 1e-20, "err_abs": 0.2,
    "valid_seed": 12345, "clipstyle": "rescale", "cutoff": 1.0, "maxiters": 20000, "saveFreq": 5.0,
    "name": "test_torch", "memvalues": 5, "mempos": 10, "memall": False, "device": "cpu", "z_bias": -2.0,
    "omega_on": "total", "stop_error": 1e-4,
}  # fmt: skip


def flags_of(command: str) -> dict[str, str | bool]:
    """``{flag: word after it}``, True for a flag with no word of its own."""
    flags: dict[str, str | bool] = {}
    name = ""
    for word in words_of(command):
        if word.startswith("--"):
            name = word.removeprefix("--")
            assert name not in flags
            flags[name] = True
        else:
            assert flags[name] is True
            flags[name] = word
    return flags


def typed(flags: dict[str, str | bool]) -> dict:
    return {name: value if value is True else type(DEFAULTS[name])(value) for name, value in flags.items()}


settings_of = dataclasses.asdict


# ---- the handout ------------------------------------------------------------------------------------------------


def test_every_default():
    found = settings_of(Regime())
    assert found == DEFAULTS
    assert [type(found[name]) for name in DEFAULTS] == [type(value) for value in DEFAULTS.values()]


@pytest.mark.parametrize("key", HANDOUT)
def test_regime_has_the_handouts_flags(key):
    assert settings_of(REGIMES[key]) == DEFAULTS | typed(flags_of(HANDOUT[key]))


@pytest.mark.parametrize("key", HANDOUT)
def test_command_is_the_handouts(key):
    assert words_of(REGIMES[key].command()) == words_of(HANDOUT[key])


def test_the_seven_are_named():
    assert tuple(HANDOUT) == HANDOUT_REGIMES
    assert set(HANDOUT_REGIMES) < set(REGIMES)
    assert all((regime.alpha > 0) == key.startswith("C") for key, regime in REGIMES.items())


@pytest.mark.parametrize("key", HANDOUT)
def test_short_and_long_names(key):
    assert get_regime(key) == get_regime(flags_of(HANDOUT[key])["name"]) == REGIMES[key]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"init": "smart_tanh", "task": "torder", "cutoff": 2.5, "saveFreq": 0},
        {"memall": True, "memvalues": 2, "mempos": 5, "lr": 1, "bound": 1e-12},
        {"model": "gru", "z_bias": -4.5, "diagGates": True, "err_abs": 0.04},
    ],
    ids=["defaults", "torder", "5-bit", "gru"],
)
def test_command_says_all_that_is_not_default(changes):
    regime = Regime(**changes)
    assert Regime(**typed(flags_of(regime.command()))) == regime


def test_command_of_another_module():
    assert Regime().command("rnnkit.train").startswith("python -m rnnkit.train --task mem ")


# ---- profiles ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", REGIMES)
def test_profiles_change_sizes_only(key):
    full, smoke, tiny = (get_regime(key, profile) for profile in PROFILES)
    assert full == REGIMES[key]
    for small, may in ((smoke, {"maxiters", "checkFreq", "ebs", "cbs"}), (tiny, set(PROFILES["tiny"]))):
        changed = {name for name, value in settings_of(small).items() if value != getattr(full, name)}
        assert changed <= may
        assert small.maxiters < full.maxiters
    assert (smoke.min_length, smoke.max_length, smoke.nhid) == ((10, 20, 50) if key == "S1" else (50, 200, 50))
    assert tiny.maxiters <= 100


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("key", REGIMES)
def test_profile_is_recognised(key, profile):
    regime = get_regime(key, profile)
    assert named(regime)[1] == profile
    assert named(regime.replace(name="other", saveFreq=1))[1] == profile
    assert named(regime.replace(lr=0.02))[1] == "custom"


def test_differences_tell_the_size_too():
    assert differences(get_regime("A1", lr=0.5), "A1") == ["lr 0.5 (handout 0.01)"]
    assert differences(get_regime("A1", "tiny", seed=3), "A1") == ["seed 3 (handout 52)", "profile tiny, not full"]
    assert differences(get_regime("A1", "tiny"), "A1") == []


def test_overrides_win_over_the_profile():
    regime = get_regime("A2", "smoke", maxiters=7, lr=0.5)
    assert (regime.maxiters, regime.lr, regime.checkFreq, regime.cutoff) == (7, 0.5, 100, 0.05)


@pytest.mark.parametrize(
    ("maxiters", "every", "slots"), [(50000, 20, 2500), (1, 20, 1), (20, 20, 1), (21, 20, 2), (221, 20, 12), (5, 1, 5)]
)
def test_checkpoints(maxiters, every, slots):
    assert Regime(maxiters=maxiters, checkFreq=every).checkpoints == slots


def test_regimes_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Regime().lr = 1.0


# ---- errors -----------------------------------------------------------------------------------------------------

NAN, INF = math.nan, math.inf
BAD: dict[str, list[Any]] = {
    "task": ["memo", "", 3], "model": ["lstm", "RNN", None], "init": ["test", "tanh"], "clipstyle": ["clip", "Nothing"],
    "nhid": [0, -1, True, 50.0, "50", None], "bs": [0, True, 20.0], "cbs": [0, -5], "ebs": [0, 1500, 999, -1000],
    "seed": [-1, 2**32, 1.5, False], "valid_seed": [-1, 2**32 - 52], "checkFreq": [0, -20, 20.0], "diagBins": [0, True],
    "alpha": [-1.0, NAN, INF, True], "omega_on": ["all", ""], "stop_error": [0.0, 101.0, NAN],
    "lr": [0, -0.01, NAN, INF, 10**400, "0.01", True], "cutoff": [0.0, -1.0, NAN, INF],
    "min_length": [9, 5, 201, 50.0], "max_length": [49, 0, True], "maxiters": [0, -1, 1e3],
    "saveFreq": [-1.0, NAN, INF], "satThresh": [-0.1, 1.1, NAN],
    "bound": [-1.0, 0.0, 1e-46, NAN, INF], "err_abs": [0.0, NAN, INF],
    "z_bias": [NAN, INF],
    "name": ["", ".", "..", "a/b", "a\\b", "a\nb", "a:b", "my run", "-x", "a" * 101, 5],
    "device": ["gpu", "cuda:", "cuda:x", "CPU"],
    "collectDiags": [1, 0, "True", None], "diagGates": [1], "memall": [0, True],
    "memvalues": [0, -1, 5.0, True], "mempos": [0, 40],
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in BAD.items() for v in values], ids=str)
def test_bad_values_are_refused_in_one_line(field, value):
    with pytest.raises(RegimeError) as caught:
        Regime(**{field: value})
    message = str(caught.value)
    assert "\n" not in message
    named = {"min_length": "length", "mempos": "mem", "memvalues": "mem", "memall": "memall"}.get(field, field)
    assert named in message
    assert len(message) > len(named) + 10


def test_bad_settings_are_bad_for_every_field():
    assert set(BAD) == set(DEFAULTS)


def test_whole_numbers_become_real_ones():
    assert type(Regime(lr=1).lr) is float
    assert Regime(lr=1) == Regime(lr=1.0)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Regime(task="torde"), "did you mean 'torder'"),
        (lambda: Regime(init="smart-tanh"), "did you mean 'smart_tanh'"),
        (lambda: Regime(clipstyle="rescaled"), "did you mean 'rescale'"),
        (lambda: Regime(model="grus"), "did you mean 'gru'"),
        (lambda: Regime().replace(maxiter=3), "unknown parameter 'maxiter'.*did you mean 'maxiters'"),
        (lambda: get_regime("A1", "tiny", learning=3), "unknown parameter 'learning'"),
        (lambda: get_regime("a2"), "unknown regime 'a2'.*did you mean 'A2'"),
        (lambda: get_regime("A1", "smok"), "unknown profile 'smok'.*did you mean 'smoke'"),
    ],
)
def test_unknown_words_say_the_nearest(make, says):
    with pytest.raises(RegimeError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)


# ---- json -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("key", REGIMES)
def test_json_round_trip(key, profile):
    regime = get_regime(key, profile, lr=0.1 + 0.2, seed=7)
    assert Regime.from_json(regime.to_json()) == regime
    assert json.loads(regime.to_json()) == settings_of(regime)


def test_json_is_checked_like_any_other_regime():
    with pytest.raises(RegimeError, match="nhid"):
        Regime.from_json('{"nhid": 0}')


@pytest.mark.parametrize(
    ("change", "same"),
    [({"name": "x"}, True), ({"saveFreq": 1.0}, True), ({"seed": 1}, False), ({"diagBins": 9}, False)],
)
def test_identity_is_what_decides_the_numbers(change, same):
    assert (Regime().identity() == Regime(**change).identity()) is same
