"""Records that nobody vouches for: each ends in a reason, soon, in little memory, and spares the others."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from course import ASSIGNMENT
from hypothesis import given
from hypothesis import strategies as st
from runtools import SIZES, apart, here, put

from rnnkit.common.wire import decode
from rnnkit.grading.evidence.evidence import evidence
from rnnkit.record import npz, read_npz
from rnnkit.regimes import PROFILES


@pytest.fixture(autouse=True)
def full_is_small(monkeypatch):
    """Trains what the handout calls full in a second."""
    monkeypatch.setitem(PROFILES, "full", SIZES)


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
    runs = {found.key: found for found in evidence(tmp_path, here, ASSIGNMENT)}
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
        "import resource, sys; from rnnkit.record import read_npz; "
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
        assert len([run for run in evidence(Path(folder), here, ASSIGNMENT) if run.key != "runs"]) == 8


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
