"""Evidence of submitted runs: honest ones raise no flag, and each kind of nonsense its own."""

from __future__ import annotations

import hashlib
import json
import time
from types import SimpleNamespace

import numpy as np
import pytest
from course import ASSIGNMENT
from runtools import SIZES, apart, here, one, put, trained

from rnnkit.common.names import BadValue
from rnnkit.grading.evidence import evidence as evidences
from rnnkit.grading.evidence.evidence import evidence, record_of
from rnnkit.grading.sandbox.confine import SandboxError, probe
from rnnkit.grading.sandbox.confine import run as run_confined
from rnnkit.record import read_npz
from rnnkit.record.facts import facts_of
from rnnkit.record.file import empty_arrays, load, save
from rnnkit.record.keys import KEYS, NEWER, NUMBERS, OVER_TIME, PER_CHECK, REGRESSION_ONLY, TEXTS
from rnnkit.regimes import HANDOUT_REGIMES, PROFILES, SIGMOID_REGIMES, get_regime
from rnnkit.train import train


@pytest.fixture(autouse=True)
def full_is_small(monkeypatch):
    """Trains what the handout calls full in a second."""
    monkeypatch.setitem(PROFILES, "full", SIZES)


def flags_after(folder, key="A2", **changes) -> str:
    put(folder, key, **changes)
    return "\n".join(one(folder, key).flags)


def all_flags(folder, cells_sha256: str = "") -> list[str]:
    return [flag for found in evidence(folder, here, ASSIGNMENT, cells_sha256) for flag in found.flags]


# ---- honest -----------------------------------------------------------------------------------------------------


def test_keys_are_those_of_a_record():
    assert {*KEYS, *TEXTS, *NUMBERS, *read_npz.READ} - {*REGRESSION_ONLY} <= trained("A1").keys()


def test_seven_honest_runs_raise_no_flag(tmp_path):
    for key in HANDOUT_REGIMES:
        put(tmp_path, key)
    runs = evidence(tmp_path, apart, ASSIGNMENT)
    assert [found.key for found in runs] == list(HANDOUT_REGIMES)
    assert [flag for found in runs for flag in found.flags] == []
    assert {found.profile for found in runs} == {"full"}


@pytest.mark.parametrize("key", ["A2", "B2"])
def test_a_record_of_before_there_were_histograms_over_units_raises_no_flag(tmp_path, key):
    put(tmp_path, key, **dict.fromkeys(NEWER))
    found = one(tmp_path, key)
    assert found.flags == ()
    assert not set(NEWER) & {*found.content["about"], *found.content["last"]}


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"sat_units": np.full((75, 60), 2, np.float32)}, "sat_units"),
        ({"gate_z_units": np.zeros((75, 9), np.float32)}, "gate_z_units has shape (75, 9), not (75, 60)"),
        ({"gate_r_mean_time": np.full((75, 33), -1, np.float32)}, "gate_r_mean_time"),
    ],
)
def test_histograms_over_units_that_cannot_be_are_flagged(tmp_path, changes, flag):
    assert flag in flags_after(tmp_path, "B2", **changes)


def test_the_runs_of_the_last_question_are_known_by_their_keys_and_not_due(tmp_path):
    for key in (*HANDOUT_REGIMES, *SIGMOID_REGIMES):
        put(tmp_path, key)
    runs = evidence(tmp_path, apart, ASSIGNMENT)
    assert [found.key for found in runs] == [*HANDOUT_REGIMES, *SIGMOID_REGIMES]
    assert [flag for found in runs for flag in found.flags] == []


@pytest.mark.parametrize("key", ["A2", "B2"])
def test_facts_are_those_of_the_record(tmp_path, key):
    put(tmp_path, key)
    found, expected = facts_of(record_of(one(tmp_path, key))), facts_of(trained(key))
    for name in ("valid_nll", "best_error", "rho_start", "rho_end", "log10_grad", "sat", "units_saturated", "updates"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), nan_ok=True), name
    norms = one(tmp_path, key).content["norms"]
    assert float(norms["median"]) == pytest.approx(expected.median_gradient_norm)
    assert float(norms["largest"]) == pytest.approx(expected.largest_gradient_norm)


def test_curves_over_updates_are_thinned(tmp_path, monkeypatch):
    monkeypatch.setattr(read_npz, "POINTS", 40)
    put(tmp_path, "A2")
    content = one(tmp_path).content
    assert len(content["points"]) == len(content["curves"]["train_nll"]) == 40
    np.testing.assert_array_equal(content["curves"]["train_nll"], trained("A2")["train_nll"][content["points"]])
    np.testing.assert_array_equal(content["checks"]["rho_Whh"], trained("A2")["rho_Whh"])


def test_a_run_that_diverged_says_only_that(tmp_path):
    regime = get_regime("B1", lr=1e10)
    train(regime, out=tmp_path, cells="builtin")
    text = "\n".join(one(tmp_path, "B1").flags)
    assert "B1: diverged after" in text
    assert "settings are not the handout's: lr 10000000000.0 (handout 0.01)" in text
    assert len(one(tmp_path, "B1").flags) == 2, text


# ---- missing ----------------------------------------------------------------------------------------------------


def test_nothing_handed_in_starts_no_process(tmp_path):
    (tmp_path / "1_cells.ipynb").write_text("{}")
    (found,) = evidence(tmp_path, None, ASSIGNMENT)
    assert found.flags == ("runs: no record of any run was handed in",)


def test_missing_and_unfinished_runs_are_named(tmp_path):
    put(tmp_path, "A1")
    (tmp_path / "A3_mem_rnn_tanh_clip001_state.npz").write_bytes(b"")
    flags = {found.key: found.flags for found in evidence(tmp_path, here, ASSIGNMENT)}
    assert flags["A1"] == flags["A2"] == ()
    assert flags["A3"] == ("A3: no record, only the state of an unfinished run",)
    assert flags["runs"] == ("A2, A4, A5, B1, B2: no record",)


@pytest.mark.parametrize("name", ["grad_time", "rho_Whh", "gradient_norm", "check_updates", "status", "updates"])
def test_missing_keys_are_named(tmp_path, name):
    assert f"A2: keys are missing: {name}" in flags_after(tmp_path, **{name: None})


def test_the_full_one_of_two_counts(tmp_path):
    train(get_regime("A2", "tiny"), out=tmp_path / "a", cells="builtin")
    put(tmp_path, "A2")
    assert one(tmp_path).profile == "full"
    assert one(tmp_path).flags == ()
    (tmp_path / "z").mkdir()
    put(tmp_path / "z", "A2")
    assert one(tmp_path).flags == ("A2: 1 more of this profile: z/runs/A2_mem_rnn_tanh_clip005/"
                                   "A2_mem_rnn_tanh_clip005_final_state.npz",)  # fmt: skip


def test_a_run_of_ones_own_comes_after_the_handouts(tmp_path):
    train(get_regime("A2", task="torder", name="extra_torder"), out=tmp_path, cells="builtin")
    assert [found.key for found in evidence(tmp_path, here, ASSIGNMENT)][7] == "extra_torder"
    assert one(tmp_path, "extra_torder").flags == ()


@pytest.mark.parametrize(
    "changes", [{"memvalues": 1, "mempos": 2, "lr": 0.5}, {"task": "mul", "lr": 1e30}], ids=["solved", "diverged"]
)
def test_a_run_that_ended_early_is_whole_with_and_without_its_empty_rows(tmp_path, changes):
    regime = get_regime("A1", "tiny", maxiters=401, name="early", **changes)
    path = train(regime, out=tmp_path, cells="builtin")
    record = load(path)
    assert int(record["updates"]) < 401
    said = one(tmp_path, "early").flags
    assert set(said) <= {f"early: diverged after {int(record['updates'])} updates"}
    padded = {name: array for name, array in empty_arrays(regime).items() if name in record}
    for name, array in padded.items():
        array[: len(record[name])] = record[name]
    save(path, record | padded)  # as an older rnnkit left it
    assert one(tmp_path, "early").flags == said


def test_one_at_its_end_counts_before_a_larger_one_on_its_way(tmp_path):
    put(tmp_path, "A2", status="running")
    assert one(tmp_path).content["texts"]["status"] == "running"
    train(get_regime("A2", "tiny"), out=tmp_path / "a", cells="builtin")
    assert (one(tmp_path).profile, one(tmp_path).content["texts"]["status"]) == ("tiny", "finished")


def test_runs_of_several_model_files_and_of_another_than_the_notebooks(tmp_path):
    for key, sha256 in {"A1": "ab" * 32, "A2": "ab" * 32, "B1": "cd" * 32, "B2": "builtin"}.items():
        put(tmp_path, key, cells_sha256=sha256)
    several = [
        "runs: made with different model.py's: A1, A2 by abababababa…; B1 by cdcdcdcdcdc…; B2 by builtin",
        "runs: made with the built-in cells, not model.py: B2",
    ]
    for given, others in {"ab": "B1", "cd": "A1, A2", "ef": "A1, A2, B1", "": ""}.items():
        other = [f"runs: made with another model.py than 1_cells.ipynb gives: {others}"] if others else []
        flags = [flag for flag in all_flags(tmp_path, given * 32) if flag.startswith("runs:")]
        assert flags == several + other


def test_what_is_said_of_several_runs_is_said_once(tmp_path):
    for key in HANDOUT_REGIMES:
        train(get_regime(key, "tiny"), out=tmp_path, cells="builtin")
    assert all_flags(tmp_path) == [
        "A1-A5, B1, B2: profile tiny, not full",
        "runs: made with the built-in cells, not model.py: A1-A5, B1, B2",
    ]


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("A1 A2", "A1, A2"), ("A1 A2 A4 A5", "A1, A2, A4, A5"), ("A3 A4 A5 B1", "A3-A5, B1"), ("mine A1", "mine, A1")],
)
def test_runs_in_a_row_are_shortened(keys, shown):
    assert evidences._listed(keys.split(), ASSIGNMENT.hand_in.runs) == shown


def test_old_records_are_named_in_one_line(tmp_path):
    for key in ("A1", "A2", "A3"):
        put(tmp_path, key, anchor_updates=None)
    flags = all_flags(tmp_path)
    assert "A1-A3: no anchors (an older rnnkit made it)" in flags
    assert sum("no anchors" in flag for flag in flags) == 1


def test_each_record_has_its_hash(tmp_path):
    path = put(tmp_path, "A1")
    found = {found.key: found.sha256 for found in evidence(tmp_path, here, ASSIGNMENT)}
    assert found["A1"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found["A2"] == ""
    path.write_bytes(path.read_bytes()[:-3])  # damaged, and yet equal to another one's
    assert one(tmp_path, "A1").sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


# ---- strange ----------------------------------------------------------------------------------------------------


def changed(name, index, value):
    array = trained("A2")[name].copy()
    array[index] = value
    return {name: array}


def regime_with(**changes):
    return {"regime": json.dumps(json.loads(str(trained("A2")["regime"])) | changes)}


STRANGE = {
    "clipped above the cutoff": (lambda: changed("gradient_norm_clipped", 7, 0.4), "the cutoff is 0.05"),
    "error above 100": (lambda: changed("valid_error", 3, 120), "valid_error goes from"),
    "negative loss": (lambda: changed("train_nll", 3, -1), "train_nll goes from"),
    "time goes back": (lambda: changed("wall_time", 5, 0), "wall_time does not increase"),
    "rho above sigma": (lambda: changed("rho_Whh", 60, 50), "rho_Whh is above sigma_max_Whh"),
    "NaN": (lambda: changed("valid_nll", 5, np.nan), "valid_nll is not finite at 1 checks"),
    "checks out of order": (lambda: changed("check_updates", [3, 4], [9, 7]), "checks are not one after each"),
    "checks left out": (lambda: changed("check_updates", slice(70, None), -1), "70 checks, 75 were due"),
    "shape": (lambda: {"grad_time": trained("A2")["grad_time"][:, :-1]}, "grad_time has shape (75, 49), not (75, 50)"),
    "dtype": (lambda: {"rho_Whh": trained("A2")["rho_Whh"].astype(float)}, "rho_Whh is float64, not float32"),
    "text for numbers": (lambda: {"rho_Whh": np.array(["a"] * 75)}, "rho_Whh: expected numbers"),
    "saturation above 1": (lambda: changed("sat_time", (3, 4), 1.5), "sat_time goes from"),
    "unfinished": (lambda: {"status": "running"}, "unfinished, 150 of 150"),
    "another status": (lambda: {"status": "won"}, "a status that no run has"),
    "solved": (lambda: {"status": "solved"}, "solved, but 100 % are wrong"),
    "fewer updates": (lambda: {"updates": np.array(100)}, "finished after 100 of 150"),
    "updates not done": (lambda: changed("train_nll", slice(100, None), np.nan), "train_nll of 100 updates, 150"),
    "says tiny": (lambda: {"profile": "tiny"}, "says profile tiny, its settings are full"),
    "another lr": (lambda: regime_with(lr=0.02), "settings are not the handout's: lr 0.02 (handout 0.01)"),
    "another name": (lambda: regime_with(name="mine"), "its run mine"),
    "no settings": (lambda: {"regime": None}, "the record has no settings"),
    "settings that cannot be": (lambda: regime_with(lr=-1), "its settings cannot be read: lr: expected a positive"),
    "settings that are none": (lambda: {"regime": "[[["}, "its settings cannot be read"),
    "no anchors": (lambda: {"anchor_updates": None}, "no anchors"),
    "other weights": (lambda: changed("anchor_W_hh", (9, 0, 0), 3), "rho_Whh is not that of the weights at 1 of"),
    "other rho": (lambda: {"rho_Whh": trained("A2")["rho_Whh"] * np.float32(0.9)}, "rho_Whh is not that of the weigh"),
    "other sums": (lambda: changed("anchor_train_nll", 9, 3), "train_nll does not add up"),
    "anchors left out": (lambda: changed("anchor_updates", slice(20, None), -1), "20 anchors, not at the 50 places"),
}  # fmt: skip


@pytest.mark.parametrize("what", STRANGE)
def test_each_kind_of_nonsense_has_its_flag(tmp_path, what):
    change, expected = STRANGE[what]
    text = flags_after(tmp_path, **change())
    assert expected in text
    assert all(line.startswith("A2: ") for line in text.splitlines())


def test_enormous_settings_cost_nothing(tmp_path):
    begun = time.monotonic()
    text = flags_after(tmp_path, **regime_with(maxiters=10**15, checkFreq=1, nhid=10**12, ebs=10**15, cbs=1))
    assert "settings are not the handout's" in text
    assert time.monotonic() - begun < 5


def test_flags_of_one_run_are_capped_and_plain(tmp_path):
    nonsense = {name: np.full_like(trained("A2")[name], -3) for name in (*PER_CHECK, *OVER_TIME)
                if name in trained("A2")}  # fmt: skip
    put(tmp_path, "A2", status="\x1b[31m<script>\u202e\n" * 20, **nonsense)
    flags = one(tmp_path).flags
    assert len(flags) == evidences.MOST_FLAGS + 1
    assert flags[-1].endswith("more")
    assert all(flag.isprintable() and len(flag) < 300 for flag in flags)


# ---- the reader ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "output",
    [b"", b"\xff\xfe\n", b"[]\n", b"{}\n", b"3\n", b'{"file": 3, "problem": null}\n', b"[" * 9999 + b"\n",
     b'{"file": "a", "problem": null, "texts": {}, "problems": 3}\n', b"x" * 100_000],
    ids=range(9),
)  # fmt: skip
def test_whatever_the_reader_says_is_no_error(tmp_path, output):
    put(tmp_path, "A2")
    runs = evidence(tmp_path, lambda argv, stage: SimpleNamespace(returncode=0, stdout=output, why=None), ASSIGNMENT)
    assert [found.key for found in runs if not found.file and found.key != "runs"] == list(HANDOUT_REGIMES)


def test_a_reader_that_was_killed_is_said(tmp_path):
    put(tmp_path, "A1")
    put(tmp_path, "A2")
    whole = here(evidences.READER, stage=tmp_path).stdout
    cut = SimpleNamespace(returncode=-9, stdout=whole[: len(whole) - 50], why="used more than 4096 MB")
    runs = evidence(tmp_path, lambda argv, stage: cut, ASSIGNMENT)
    assert runs[0].flags == ("runs: not all records could be read: used more than 4096 MB",)
    assert [found.flags for found in runs if found.key in ("A1", "A2")] == [(), ()]
    assert runs[-1].flags == ("A2-A5, B1, B2: no record",)


def test_too_little_is_no_record(tmp_path):
    put(tmp_path, "A2", check_updates=np.full(75, -1))
    with pytest.raises(BadValue, match="at least one check"):
        record_of(one(tmp_path))
    with pytest.raises(BadValue, match="found none"):
        record_of(evidences.SubmittedRun("A1"))


# ---- confined ---------------------------------------------------------------------------------------------------


def test_in_the_real_sandbox(tmp_path):
    try:
        probe()
    except SandboxError as error:
        pytest.skip(f"no sandbox here: {error}")
    for key in HANDOUT_REGIMES:
        put(tmp_path, key)
    large = tmp_path / "A1_mem_rnn_tanh_noclip_final_state.npz"
    np.savez(large, **trained("A1") | {"ballast": np.zeros(1 << 18)})
    assert large.stat().st_size > 1 << 20
    runs = evidence(tmp_path, run_confined, ASSIGNMENT)
    flags = [flag for found in runs for flag in found.flags]
    assert flags == ["A1: 1 more of this profile: runs/A1_mem_rnn_tanh_noclip/A1_mem_rnn_tanh_noclip_final_state.npz"]
    assert all(found.content for found in runs)
