"""Evidence of submitted runs: honest ones raise no flag, each kind of nonsense its own, and hostile files a reason."""

from __future__ import annotations

import functools
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnkit import npz, read_npz
from rnnkit.checks.wire import decode
from rnnkit.facts import facts_of
from rnnkit.grading import evidence as evidences
from rnnkit.grading.evidence import evidence, plain, record_of
from rnnkit.grading.sandbox import SandboxError, probe
from rnnkit.grading.sandbox import run as run_confined
from rnnkit.names import BadValue
from rnnkit.record import KEYS, load
from rnnkit.regimes import HANDOUT_REGIMES, PROFILES, get_regime
from rnnkit.train import train

ROOT = Path(__file__).resolve().parent.parent
SIZES = PROFILES["tiny"] | {"maxiters": 150, "checkFreq": 2, "ebs": 20, "cbs": 20}  # more checks than anchors


@pytest.fixture(autouse=True)
def full_is_small(monkeypatch):
    """Trains what the handout calls full in a second."""
    monkeypatch.setitem(PROFILES, "full", SIZES)


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
    np.savez_compressed(path, **{name: value for name, value in record.items() if value is not None})
    return path


def here(argv, *, stage, **how):
    """The reader in this process."""
    assert argv[1:3] == ("-m", "rnnkit.read_npz") or argv[1:3] == ["-m", "rnnkit.read_npz"]
    return SimpleNamespace(
        returncode=0, stdout="".join(f"{line}\n" for line in read_npz.lines(stage)).encode(), why=None
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
    (found,) = [found for found in evidence(folder, run) if found.key == key]
    return found


def flags_after(folder, key="A2", **changes) -> str:
    put(folder, key, **changes)
    return "\n".join(one(folder, key).flags)


# ---- honest -----------------------------------------------------------------------------------------------------


def test_keys_are_those_of_a_record():
    assert {*read_npz.PER_UPDATE, "Omega", "steps_in_past"} == {name for name, key in KEYS.items() if key.shape == "N"}
    assert set(read_npz.PER_CHECK) == {name for name, key in KEYS.items() if key.shape == "C"}
    assert set(read_npz.OVER_TIME) == {name for name, key in KEYS.items() if key.shape == "CD"}
    assert {*read_npz.TEXTS, *read_npz.NUMBERS, *read_npz.ANCHORS} <= trained("A1").keys()


def test_seven_honest_runs_raise_no_flag(tmp_path):
    for key in HANDOUT_REGIMES:
        put(tmp_path, key)
    runs = evidence(tmp_path, apart)
    assert [found.key for found in runs] == list(HANDOUT_REGIMES)
    assert [flag for found in runs for flag in found.flags] == []
    assert {found.profile for found in runs} == {"full"}


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
    (found,) = evidence(tmp_path, None)
    assert found.flags == ("runs: no record of any run was handed in",)


def test_missing_and_unfinished_runs_are_named(tmp_path):
    put(tmp_path, "A1")
    (tmp_path / "A3_mem_rnn_tanh_clip001_state.npz").write_bytes(b"")
    flags = {found.key: found.flags for found in evidence(tmp_path, here)}
    assert flags["A1"] == ()
    assert flags["A2"] == ("A2: no record",)
    assert flags["A3"] == ("A3: no record, only the state of an unfinished run",)


@pytest.mark.parametrize("name", ["grad_time", "rho_Whh", "gradient_norm", "check_updates", "status", "updates"])
def test_missing_keys_are_named(tmp_path, name):
    assert f"A2: keys are missing: {name}" in flags_after(tmp_path, **{name: None})


def test_smoke_is_not_full(tmp_path):
    regime = get_regime("A3", "tiny")
    train(regime, out=tmp_path, cells="builtin")
    assert one(tmp_path, "A3").flags == ("A3: profile tiny, not full",)


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
    assert [found.key for found in evidence(tmp_path, here)][7] == "extra_torder"
    assert one(tmp_path, "extra_torder").flags == ()


def test_runs_of_several_model_files(tmp_path):
    for key in ("A1", "A2"):
        put(tmp_path, key)
    put(tmp_path, "B1", cells_sha256="cd" * 32)
    put(tmp_path, "B2", cells_sha256="builtin")
    flags = [flag for found in evidence(tmp_path, here) for flag in found.flags if flag.startswith("runs:")]
    assert flags == [
        "runs: made with different model.py's: A1, A2 by abababababa…; B1 by cdcdcdcdcdc…; B2 by builtin",
        "runs: made with the built-in cells, not model.py: B2",
    ]


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
    nonsense = {name: np.full_like(trained("A2")[name], -3) for name in (*read_npz.PER_CHECK, *read_npz.OVER_TIME)
                if name in trained("A2")}  # fmt: skip
    put(tmp_path, "A2", status="\x1b[31m<script>\u202e\n" * 20, **nonsense)
    flags = one(tmp_path).flags
    assert len(flags) == evidences.MOST_FLAGS + 1
    assert flags[-1].endswith("more")
    assert all(flag.isprintable() and len(flag) < 300 for flag in flags)


@given(text=st.text())
def test_plain_text_has_no_characters_that_steer(text):
    found = plain(text)
    assert found.isprintable()
    assert len(found) <= 160


# ---- hostile ----------------------------------------------------------------------------------------------------


def npy(descr="'<f4'", shape="(3,)", data=bytes(12), length=None, magic=b"\x93NUMPY\x01\x00") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return magic + struct.pack("<H", len(header) if length is None else length) + header + data


def zipped(members, compression=zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def lying_size() -> bytes:
    """Says 12 bytes, has 64 MB."""
    data = bytearray(zipped([("rho_Whh.npy", npy(shape="(16777216,)", data=bytes(1 << 26)))]))
    size = struct.pack("<L", len(npy()))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = size
    return bytes(data)


def many_members() -> bytes:
    """The end of a zip that says 3 members, and a directory of 100,000."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    return file.getvalue()


class Evil:
    def __reduce__(self):
        return os.system, ("touch pwned",)


HOSTILE = {
    "empty": lambda: b"",
    "text": lambda: b"hello, this is no zip at all, but it is longer than 42 bytes.",
    "an npy": lambda: npy(),
    "a pickle": lambda: pickle.dumps(Evil()),
    "zip bomb": lambda: zipped([("rho_Whh.npy", npy(shape="(67108864,)", data=bytes(1 << 28)))]),
    "lying size": lying_size,
    "100,000 members": many_members,
    "two of one name": lambda: zipped([("rho_Whh.npy", npy()), ("Rho_Whh.npy", npy())]).replace(b"Rho", b"rho"),
    "cut": lambda: zipped([("rho_Whh.npy", npy())])[:-10],
    "lzma": lambda: zipped([("rho_Whh.npy", npy())], zipfile.ZIP_LZMA),
    "pickled array": lambda: zipped([("rho_Whh.npy", npy("'|O'", data=pickle.dumps(Evil())))]),
    "pickle for an npy": lambda: zipped([("rho_Whh.npy", pickle.dumps(Evil()))]),
    "wrong magic": lambda: zipped([("rho_Whh.npy", npy(magic=b"\x93NUMPX\x01\x00"))]),
    "future version": lambda: zipped([("rho_Whh.npy", npy(magic=b"\x93NUMPY\x09\x00"))]),
    "huge header": lambda: zipped([("rho_Whh.npy", npy(length=65535))]),
    "deep header": lambda: zipped([("rho_Whh.npy", npy(shape="(" * 1500 + ")" * 1500))]),
    "code in the header": lambda: zipped([("rho_Whh.npy", npy(shape="(__import__('os').system('touch pwned'),)"))]),
    "huge shape": lambda: zipped([("rho_Whh.npy", npy(shape="(1000000000, 1000000000)"))]),
    "shape beyond all": lambda: zipped([("rho_Whh.npy", npy(shape=f"({'9' * 3000},)"))]),
    "negative shape": lambda: zipped([("rho_Whh.npy", npy(shape="(-1, -3)"))]),
    "true for a size": lambda: zipped([("rho_Whh.npy", npy(shape="(True, 3)"))]),
    "list for a shape": lambda: zipped([("rho_Whh.npy", npy(shape="[3]"))]),
    "fields": lambda: zipped([("rho_Whh.npy", npy("[('a', '<f4')]"))]),
    "odd dtype": lambda: zipped([("rho_Whh.npy", npy("'<f3'"))]),
    "complex": lambda: zipped([("rho_Whh.npy", npy("'<c8'", data=bytes(24)))]),
    "too short": lambda: zipped([("rho_Whh.npy", npy(data=bytes(5)))]),
    "too long": lambda: zipped([("rho_Whh.npy", npy(data=bytes(50)))]),
    "enormous text": lambda: zipped([("regime.npy", npy("'<U99999'", "()", bytes(4 * 99999)))]),
    "no letters": lambda: zipped([("regime.npy", npy("'<U2'", "()", b"\xff" * 8))]),
    "numbers for a text": lambda: zipped([("regime.npy", npy())]),
    "too many checks": lambda: zipped([("rho_Whh.npy", npy(shape="(30000,)", data=bytes(120000)))]),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_end_in_a_reason_and_spare_the_others(tmp_path, monkeypatch, what):
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "A2")
    (tmp_path / "A1_mem_rnn_tanh_noclip_final_state.npz").write_bytes(HOSTILE[what]())
    begun = time.monotonic()
    runs = {found.key: found for found in evidence(tmp_path, here)}
    assert time.monotonic() - begun < 5
    assert len(runs["A1"].flags) == 1
    assert "expected" in runs["A1"].flags[0] or "no settings" in runs["A1"].flags[0]
    assert runs["A1"].flags[0].startswith("A1: ")
    assert runs["A2"].flags == ()
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("what", ["zip bomb", "lying size", "100,000 members", "pickled array"])
def test_hostile_files_take_little_memory(tmp_path, what):
    """As much address space as reading an honest record takes, and a little more."""
    (tmp_path / "a_final_state.npz").write_bytes(HOSTILE[what]())
    code = (
        "import resource, sys; from rnnkit import read_npz; "
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize(); "
        "resource.setrlimit(resource.RLIMIT_AS, (used + (96 << 20),) * 2); sys.exit(read_npz.main(['.']))"
    )
    done = apart(("python", "-c", code), stage=tmp_path)
    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    assert "MemoryError" not in line.decode()
    content = json.loads(line)
    assert content["problem"] or content["problems"]


def test_zip64_with_another_directory_is_refused():
    """Python would believe the record before the end, not the end that was checked."""
    whole = many_members()
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 3, 3, 100, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        path.write_bytes(whole[:-22] + tail)
        with pytest.raises(npz.Unreadable, match="larger directory"):
            npz.Members(path)


@given(data=st.data())
def test_corrupted_records_are_read_or_refused(data):
    file = io.BytesIO()
    np.savez_compressed(file, regime="{}", rho_Whh=np.zeros(3, np.float32), check_updates=np.arange(3), status="x")
    corrupted = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        corrupted[data.draw(st.integers(0, len(corrupted) - 1))] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a_final_state.npz").write_bytes(corrupted)
        (line,) = read_npz.lines(Path(folder))
        content = decode(json.loads(line))
        assert content["problem"] is None or "expected" in content["problem"] or "cannot be read" in content["problem"]
        assert len(evidence(Path(folder), here)) == 8


def test_devices_and_folders_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "a_final_state.npz")
    (tmp_path / "b_final_state.npz").symlink_to("/dev/zero")
    (tmp_path / "c_final_state.npz").symlink_to(tmp_path / "nowhere")
    (tmp_path / "d_final_state.npz").mkdir()
    found = [json.loads(line) for line in read_npz.lines(tmp_path)]
    assert [line["file"][0] for line in found] == ["a", "b", "c"]
    assert all(line["problem"] for line in found)


def test_too_many_records_and_too_much_output(tmp_path, monkeypatch):
    for number in range(30):
        (tmp_path / f"{number:02}_final_state.npz").write_bytes(zipped([("rho_Whh.npy", npy())]))
    found = [json.loads(line) for line in read_npz.lines(tmp_path)]
    assert len(found) == read_npz.FILES + 1
    assert "expected at most 24 records" in found[-1]["problem"]
    monkeypatch.setattr(read_npz, "OUTPUT", 2000)
    assert "too large together" in [json.loads(line) for line in read_npz.lines(tmp_path)][20]["problem"]


@pytest.mark.parametrize(
    "output",
    [b"", b"\xff\xfe\n", b"[]\n", b"{}\n", b"3\n", b'{"file": 3, "problem": null}\n', b"[" * 9999 + b"\n",
     b'{"file": "a", "problem": null, "texts": {}, "problems": 3}\n', b"x" * 100_000],
    ids=range(9),
)  # fmt: skip
def test_whatever_the_reader_says_is_no_error(tmp_path, output):
    put(tmp_path, "A2")
    runs = evidence(tmp_path, lambda argv, stage: SimpleNamespace(returncode=0, stdout=output, why=None))
    assert [found.key for found in runs if not found.file][-7:] == list(HANDOUT_REGIMES)


def test_a_reader_that_was_killed_is_said(tmp_path):
    put(tmp_path, "A1")
    put(tmp_path, "A2")
    whole = here(evidences.READER, stage=tmp_path).stdout
    cut = SimpleNamespace(returncode=-9, stdout=whole[: len(whole) - 50], why="used more than 4096 MB")
    runs = evidence(tmp_path, lambda argv, stage: cut)
    assert runs[0].flags == ("runs: not all records could be read: used more than 4096 MB",)
    assert [found.flags for found in runs if found.key in ("A1", "A2")] == [(), ("A2: no record",)]


def test_too_little_is_no_record(tmp_path):
    put(tmp_path, "A2", check_updates=np.full(75, -1))
    with pytest.raises(BadValue, match="at least one check"):
        record_of(one(tmp_path))
    with pytest.raises(BadValue, match="found none"):
        record_of(evidences.Run("A1"))


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
    runs = evidence(tmp_path, run_confined)
    flags = [flag for found in runs for flag in found.flags]
    assert flags == ["A1: 1 more of this profile: runs/A1_mem_rnn_tanh_noclip/A1_mem_rnn_tanh_noclip_final_state.npz"]
    assert all(found.content for found in runs)
