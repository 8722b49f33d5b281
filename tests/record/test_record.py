"""The record: what is in it, that it comes back as it was, and that a broken one is refused."""

from __future__ import annotations

import errno
import functools
import io
import json
import os
import tempfile
from pathlib import Path

import hypothesis.extra.numpy as hnp
import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnkit.common.whole import save_text
from rnnkit.record import file as records
from rnnkit.record import keys
from rnnkit.record.file import RecordError, last_filled, load, regime_of, save
from rnnkit.regimes import get_regime
from rnnkit.train import content, train
from rnnkit.trainer import Trainer

RUNS = {"mem-rnn": "A2", "mem-gru": "A5", "mul-rnn": "B1", "mul-gru": "B2"}
PER_UPDATE = {"train_nll", "gradient_norm", "gradient_norm_clipped", "Omega", "steps_in_past"}
PER_CHECK = {"valid_nll", "valid_error", "rho_Whh", "sigma_max_Whh", "diag_loss", "diag_err"}
REGRESSION = {"valid_mae", "valid_err_005", "valid_err_010", "valid_maxae"}
OVER_TIME = {"grad_time", "grad_time_direct", "act_time", "sat_time", "unit_sat_time"}
GATES = {"gate_z_sat_time", "gate_r_sat_time", "gate_z.sat_time", "gate_r.sat_time"}
GATES |= {"gate_z_mean_time", "gate_r_mean_time"}
UNITS = {"sat_units", "gate_z_units", "gate_r_units"}
TEXTS = {"regime", "profile", "engine", "cells_sha256", "versions", "act_name", "classif_type", "model_type", "status"}
WHOLE = {"diag_len", "diag_bs", "checkFreq", "updates"}
RNN_WEIGHTS = {"W_xh": "W_uh", "W_hh": "W_hh", "b_h": "b_hh", "W_ho": "W_hy", "b_o": "b_hy"}
GRU_WEIGHTS = {
    "W_xz": "W_uz", "W_hz": "W_hz", "b_z": "b_z", "W_xr": "W_ur", "W_hr": "W_hr", "b_r": "b_r",
    "W_xh": "W_uh", "W_hh": "W_hh", "b_h": "b_h", "W_ho": "W_hy", "b_o": "b_y",
}  # fmt: skip


@functools.cache
def run_of(kind) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        return load(train(get_regime(RUNS[kind], "tiny", memvalues=3, mempos=4), out=folder, cells="builtin"))


@pytest.fixture(params=RUNS)
def kind(request):
    return request.param


# ---- what is in it ----------------------------------------------------------------------------------------------


def test_keys_are_all_there_and_no_others(kind):
    model = kind.split("-")[1]
    expected = PER_UPDATE | PER_CHECK | OVER_TIME | GATES | UNITS | TEXTS | WHOLE | set(keys.RNG_KEYS)
    expected |= {"check_updates", "wall_time", "valid_lengths", "init"}
    expected |= REGRESSION if kind.startswith("mul") else set()
    weights = RNN_WEIGHTS if model == "rnn" else GRU_WEIGHTS
    anchors = set(keys.ANCHOR_KEYS) | {f"anchor_{name}" for name in weights}
    assert run_of(kind).keys() == expected | weights.keys() | set(weights.values()) | anchors


def test_shapes_and_dtypes(kind):
    record, steps = run_of(kind), {"mem": 30 + 2 * 4, "mul": 30 + 3 + 2}[kind[:3]]
    sizes = dict.fromkeys(PER_UPDATE, (41,)) | dict.fromkeys(PER_CHECK | (REGRESSION & record.keys()), (5,))
    sizes |= dict.fromkeys(OVER_TIME | GATES, (5, steps)) | dict.fromkeys(UNITS, (5, 60))
    for name, shape in sizes.items():
        assert record[name].shape == shape, name
        assert record[name].dtype == np.float32, name
    assert (record["check_updates"].shape, record["check_updates"].dtype) == ((5,), np.int64)
    assert (record["wall_time"].shape, record["wall_time"].dtype) == ((5,), np.float64)
    for name in TEXTS | {"init"}:
        assert (record[name].shape, record[name].dtype.kind) == ((), "U"), name
    for name in WHOLE:
        assert (record[name].shape, record[name].dtype.kind) == ((), "i"), name
    assert record["valid_lengths"].shape == (2,)


def test_weights_have_the_names_and_shapes_of_the_equations(kind):
    task, model = kind.split("-")
    record, (n_in, n_out) = run_of(kind), {"mem": (5, 4), "mul": (2, 1)}[task]
    size = {"x": (n_in, 10), "h": (10, 10), "b": (10,)}
    for name, alias in (RNN_WEIGHTS if model == "rnn" else GRU_WEIGHTS).items():
        shape = {"W_ho": (10, n_out), "b_o": (n_out,)}.get(name) or size[name[2] if name[0] == "W" else "b"]
        assert record[name].shape == record[alias].shape == shape, name
        assert record[name].dtype == np.float32
        np.testing.assert_array_equal(record[name], record[alias])


def test_gates_answer_to_the_starters_and_the_handouts_names(kind):
    record = run_of(kind)
    for gate in "zr":
        np.testing.assert_array_equal(record[f"gate_{gate}_sat_time"], record[f"gate_{gate}.sat_time"])
        assert np.isfinite(record[f"gate_{gate}_sat_time"]).any() == kind.endswith("gru")


def test_slot_0_is_the_untrained_network(kind):
    record = run_of(kind)
    untrained = next(iter(Trainer(regime_of(record)).checkpoints()))
    assert record["check_updates"].tolist() == [0, 11, 21, 31, 41]
    for name, value in untrained.values.items():
        assert record[name][0] == np.float32(value), name
    for name, value in untrained.over_time.items():
        np.testing.assert_array_equal(record[name][0, : len(value)], value.astype(np.float32), err_msg=name)


def test_histograms_over_units_add_up_and_have_the_means_of_the_steps(kind):
    record, centres = run_of(kind), (np.arange(60) + 0.5) / 60
    pairs = {"sat_units": "sat_time"}
    pairs |= {f"gate_{gate}_units": f"gate_{gate}_mean_time" for gate in "zr"} if kind.endswith("gru") else {}
    for name, means in pairs.items():
        np.testing.assert_allclose(record[name].sum(1), 1, rtol=1e-5, err_msg=name)
        np.testing.assert_allclose(record[name] @ centres, np.nanmean(record[means], 1), atol=1 / 60, err_msg=name)
    if kind.endswith("rnn"):
        assert all(np.isnan(record[f"gate_{gate}_units"]).all() for gate in "zr")


def test_regulariser_is_nan_where_alpha_is_0(kind):
    assert np.isnan(run_of(kind)["Omega"]).all()
    assert np.isnan(run_of(kind)["steps_in_past"]).all()


def test_settings_are_in_the_record(kind):
    record, regime = run_of(kind), regime_of(run_of(kind))
    assert regime == get_regime(RUNS[kind], "tiny", memvalues=3, mempos=4)
    assert json.loads(str(record["versions"])).keys() == {"rnnkit", "torch", "numpy", "python"}
    assert str(record["classif_type"]) == {"mem": "softmax", "mul": "lastLinear"}[kind[:3]]
    assert str(record["model_type"]) == kind[4:]
    assert str(record["act_name"]) == "tanh"
    assert (int(record["diag_len"]), int(record["diag_bs"]), int(record["checkFreq"])) == (30, 20, 10)
    assert (str(record["engine"]), str(record["cells_sha256"])) == ("fused", "builtin")


@pytest.mark.parametrize(("task", "width"), [("torder", 200), ("mem", 220), ("mul", 222), ("add", 222), ("perm", 200)])
def test_time_axis_of_the_handouts_size(task, width):
    arrays = records.empty_arrays(get_regime("A1", task=task))
    assert arrays["grad_time"].shape == (2500, width)
    assert arrays["train_nll"].shape == (50000,)
    assert arrays["valid_error"].shape == (2500,)


def test_what_is_not_filled_yet_is_nan():
    trainer = Trainer(get_regime("B2", "tiny"))
    checks = trainer.checkpoints()
    for _ in range(3):
        next(checks)
    state = content(trainer)
    assert state["check_updates"].tolist() == [0, 11, 21, -1, -1]
    assert last_filled(state) == 2
    for name in PER_CHECK | REGRESSION | OVER_TIME | GATES | UNITS | {"wall_time"}:
        assert np.isnan(state[name][3:]).all(), name
        assert np.isnan(state[name][:3]).all() == (name == "act_time"), name  # a GRU's state has no slope
    for name in PER_UPDATE - {"Omega", "steps_in_past"}:
        assert np.isnan(state[name][21:]).all(), name
        assert np.isfinite(state[name][:21]).all(), name


# ---- there and back ---------------------------------------------------------------------------------------------

KINDS = st.sampled_from([np.dtype(name) for name in ("<f4", "<f8", "<i8", "<u4", "|b1", "<U7")])
ARRAYS = KINDS.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
NAMES = st.text(st.sampled_from("abcXYZ_.09"), min_size=1, max_size=12).filter(lambda name: name != "file")


@given(arrays=st.dictionaries(NAMES, ARRAYS, max_size=5))
def test_save_and_load_give_the_same_back(arrays):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.npz"
        save(path, arrays | {"regime": "{}"})
        found = load(path)
        assert [path.name for path in Path(folder).iterdir()] == ["r.npz"]
    assert found.keys() == arrays.keys() | {"regime"}
    for name, value in arrays.items():
        np.testing.assert_array_equal(found[name], value)
        assert (found[name].dtype, found[name].shape) == (value.dtype, value.shape)


@functools.cache
def small_file() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, regime="{}", curve=np.linspace(0, 1, 50), empty=np.zeros((0, 3)), text="words")
    return file.getvalue()


def assert_refused_in_one_line(data, must=True):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.npz"
        path.write_bytes(data)
        message = ""
        try:
            load(path)
        except RecordError as error:
            message = str(error)
    assert message or not must, "accepted"
    assert not message or ("r.npz: expected" in message and "\n" not in message)


def test_a_file_cut_at_any_byte_is_refused():
    for length in range(0, len(small_file()), 3):
        assert_refused_in_one_line(small_file()[:length])


def test_any_single_corrupted_byte_is_refused_or_harmless():
    for place in range(len(small_file())):
        for flip in (0x01, 0xFF):
            corrupted = bytearray(small_file())
            corrupted[place] ^= flip
            assert_refused_in_one_line(bytes(corrupted), must=False)


@given(data=st.binary(max_size=300))
def test_any_other_bytes_are_refused(data):
    assert_refused_in_one_line(data)


@pytest.mark.parametrize(
    "write",
    [
        lambda file: np.save(file, np.arange(3)),
        lambda file: np.savez(file, regime=np.array([{"a": 1}], dtype=object)),
    ],
    ids=["npy", "pickled"],
)
def test_other_files_of_numpy_are_refused(write):
    file = io.BytesIO()
    write(file)
    assert_refused_in_one_line(file.getvalue())


@pytest.mark.parametrize("text", ["[]", "{", "{}x", '{"task": "mem", "colour": 1}', '{"task": "nothing"}', "3"])
def test_unreadable_regime_is_refused(text):
    with pytest.raises(RecordError, match="cannot be read by this version"):
        regime_of({"regime": np.array(text)})


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(RecordError, match="found no such file"):
        load(tmp_path / "none.npz")
    with pytest.raises(RecordError, match="expected a whole npz"):
        load(tmp_path)


# ---- whole or not at all ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt(), MemoryError()], ids=repr
)
@pytest.mark.parametrize("moment", ["savez_compressed", "fsync", "replace"])
def test_a_failing_save_leaves_the_old_file(tmp_path, monkeypatch, moment, error):
    path = tmp_path / "r.npz"
    save(path, {"regime": "{}", "a": np.arange(3)})
    before = path.read_bytes()

    def fail(file, *_, **__):
        if hasattr(file, "write"):
            file.write(b"half")
        raise error

    monkeypatch.setattr(records.np if moment == "savez_compressed" else os, moment, fail)
    with pytest.raises(type(error)):
        save(path, {"regime": "{}", "a": np.arange(4)})
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["r.npz"]


def test_a_failing_text_leaves_the_old_one(tmp_path, monkeypatch):
    path = save_text(tmp_path / "t.csv", "before\n")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError, match="full"):
        save_text(path, "after\n")
    assert path.read_text() == "before\n"
    assert list(tmp_path.iterdir()) == [path]


# ---- the handout's own way to read it ---------------------------------------------------------------------------

SNIPPET = """
import numpy as np
import matplotlib.pyplot as plt

z = np.load("A1_mem_rnn_tanh_noclip_final_state.npz")
grad_time = z["grad_time"] # (num_checkpoints, Tstore), NaN padded
sat_time = z["sat_time"] # (num_checkpoints, Tstore)
valid_err = z["valid_error"] # (num_checkpoints,)
rho = z["rho_Whh"] # (num_checkpoints,)

# choose a checkpoint (e.g., last non-empty)
g = grad_time[-1]; s = sat_time[-1]
g = g[np.isfinite(g)]; s = s[np.isfinite(s)]

plt.figure(); plt.hist(np.log10(g + 1e-12), bins=60); plt.title("log10_||dL/dh_t||")
plt.figure(); plt.hist(s, bins=60, range=(0,1)); plt.title("hidden_saturation_distance")
plt.figure(); plt.plot(valid_err); plt.title("validation_error_")
plt.show()
"""
EARLY = {"memvalues": 1, "mempos": 2, "lr": 0.5, "maxiters": 401}  # nothing to remember: solved at once


@pytest.mark.parametrize(
    ("changes", "status"), [({}, "finished"), (EARLY, "solved")], ids=["finished", "stopped early"]
)
def test_the_handouts_snippet_runs_unchanged(tmp_path, monkeypatch, changes, status):
    regime = get_regime("A1", "tiny", **changes)
    record = load(train(regime, out=tmp_path, cells="builtin"))
    assert str(record["status"]) == status
    monkeypatch.chdir(tmp_path)
    with mpl.rc_context({"backend": "Agg"}):
        import matplotlib.pyplot as plt

        monkeypatch.setattr(plt, "show", lambda: None)
        names: dict = {}
        exec(SNIPPET, names)
        titles = [plt.figure(number).axes[0].get_title() for number in plt.get_fignums()]
        plt.close("all")
    assert titles == ["log10_||dL/dh_t||", "hidden_saturation_distance", "validation_error_"]
    done = slice(0, int(record["updates"])), slice(0, last_filled(record) + 1)
    assert names["g"].size == names["s"].size == np.isfinite(record["grad_time"][last_filled(record)]).sum() > 0
    assert names["valid_err"].shape == names["rho"].shape == record["check_updates"][done[1]].shape
    assert np.isfinite(names["valid_err"]).all()
    assert len(record["train_nll"]) == len(record["train_nll"][done[0]]) == int(record["updates"])
    assert (len(names["rho"]) == regime.checkpoints) == (status == "finished")


def test_a_diverged_run_leaves_no_empty_rows(tmp_path):
    regime = get_regime("B1", "tiny", lr=1e30, clipstyle="nothing")
    record = load(train(regime, out=tmp_path, cells="builtin"))
    assert str(record["status"]) == "diverged"
    assert (record["check_updates"] >= 0).all()
    assert len(record["train_nll"]) == int(record["updates"]) < regime.maxiters
    assert len(record["grad_time"]) == len(record["gate_z.sat_time"]) == len(record["rho_Whh"]) < regime.checkpoints
