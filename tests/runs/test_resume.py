"""Runs that are broken off, killed, refused or repeated: what is kept, and that going on changes no number."""

from __future__ import annotations

import functools
import hashlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from rnnkit import train as training
from rnnkit.cli import train as cli_train
from rnnkit.record.file import load, regime_of, save
from rnnkit.record.keys import NEWER
from rnnkit.runs import perform
from rnnkit.runs.perform import RunFiles
from rnnkit.train import parse
from rnnkit.trainer import Trainer

TINY = "--task mul --min_length 10 --max_length 30 --nhid 10 --ebs 200 --cbs 100 --collectDiags --name t --checkFreq 5"
SETTINGS = {
    "rnn": shlex.split(f"{TINY} --maxiters 601"),
    "gru": shlex.split(f"{TINY} --model gru --diagGates --maxiters 301"),
}
SAVE_ALWAYS = ["--saveFreq", "0"]
MAY_DIFFER = {"wall_time", "versions"}
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}
CHECKS = "t: iteration "


@functools.cache
def uninterrupted(model) -> dict[str, np.ndarray]:
    regime, _, _ = parse(SETTINGS[model])
    with tempfile.TemporaryDirectory() as folder:
        return load(training.train(regime, out=folder, cells="builtin"))


def start(folder, *arguments, **how) -> subprocess.Popen:
    command = [sys.executable, "-m", "rnnkit.train", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=ONE_THREAD, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )


def finish(process, seconds=120) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def wait_for(process, ready, seconds=150):
    """Until ``ready()`` holds; fails where the process ends, or time, before that."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert process.poll() is None, f"ended too early: {process.communicate()}"
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.005)


def checks_in(folder) -> int:
    log = Path(folder) / "t.log"
    return log.read_text().count(CHECKS) if log.exists() else 0


def assert_same_run(found, expected):
    assert found.keys() == expected.keys()
    for name in expected.keys() - MAY_DIFFER - {"regime"}:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
        assert found[name].dtype == expected[name].dtype, name
    assert regime_of(found).replace(saveFreq=5) == regime_of(expected).replace(saveFreq=5)


def hashes(folder) -> dict[str, str]:
    paths = (path for path in Path(folder).rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """``main`` in this process and in an empty folder; returns exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGTERM)

    def call(*arguments):
        code = training.main([*arguments])
        return code, *capsys.readouterr()

    yield call
    signal.signal(signal.SIGTERM, handler)


def test_a_run_goes_on_from_a_state_that_has_no_histograms_over_units(broken_off):
    path = Path("t_state.npz")
    state = {name: value for name, value in load(path).items() if name not in NEWER}
    save(path, state)
    assert broken_off(*SETTINGS["rnn"], "--resume")[0] == 0
    found, whole = load("t_final_state.npz"), uninterrupted("rnn")
    for name in whole.keys() - MAY_DIFFER - {"regime", *NEWER}:
        np.testing.assert_array_equal(found[name], whole[name], err_msg=name)
    np.testing.assert_array_equal(found["sat_units"][5:], whole["sat_units"][5:])
    assert np.isnan(found["sat_units"][:5]).all()


@pytest.fixture
def broken_off(run, monkeypatch):
    """As `run`, in a folder with a state and a log, as an interruption after some checks leaves them."""
    interrupt_at(run, monkeypatch, 4)
    return run


@pytest.mark.parametrize(
    ("minutes", "saved"), [(5.0, [3]), (1.0, [3, 7]), (0.5, [1, 3, 5, 7]), (0.0, [0, 1, 2, 3, 4, 5, 6, 7])]
)
def test_what_a_kill_leaves_is_a_minute_old_at_most_at_first(tmp_path, monkeypatch, minutes, saved):
    """A clock that goes a quarter of a minute with each check; nothing is saved at the end of a killed run."""
    now, left, state = [0.0], [], tmp_path / "t_state.npz"
    monkeypatch.setattr(perform, "monotonic", lambda: now[0])

    def check(trainer, check):
        left.append(int(load(state)["updates"]) if state.exists() else None)
        now[0] += 15

    regime, _, _ = parse([*SETTINGS["rnn"], "--maxiters", "41", "--saveFreq", str(minutes)])
    training.train(regime, out=tmp_path, cells="builtin", on_check=check)
    updates = [5 * slot + 1 if slot else 0 for slot in range(8)]
    assert left == [updates[max(before)] if (before := [s for s in saved if s < slot]) else None for slot in range(9)]


def interrupt_at(run, monkeypatch, slot, *arguments):
    def interrupt(trainer, check):
        if check.slot == slot:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cli_train, "train", functools.partial(training.train, on_check=interrupt))
        code, out, err = run(*SETTINGS["rnn"], *arguments)
    assert (code, err) == (130, "")
    assert f"interrupted after {5 * slot + 1 if slot else 0} updates" in out


# ---- killed -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gru", pytest.param("rnn", marks=pytest.mark.slow)])
def test_killed_and_resumed_again_and_again_equals_one_run(tmp_path, name):
    more = 0
    for moment in (1, 6, 17):  # checks seen by each of the runs before it is killed
        resume = ["--resume"] if more else []
        process = start(tmp_path, *SETTINGS[name], *SAVE_ALWAYS, *resume)
        wait_for(process, lambda: checks_in(tmp_path) >= more + moment)  # noqa: B023
        process.kill()
        code, out, err = finish(process)
        assert (code, err) == (-signal.SIGKILL, "")
        assert not resume or "resumed after" in out
        assert not (tmp_path / "t_final_state.npz").exists()
        more = checks_in(tmp_path)
    code, out, err = finish(start(tmp_path, *SETTINGS[name], "--resume"))
    assert (code, err) == (0, "")
    assert "t: resumed after" in out
    assert_same_run(load(tmp_path / "t_final_state.npz"), uninterrupted(name))
    assert not (tmp_path / "t_state.npz").exists()


@pytest.mark.parametrize(
    ("sent", "name"), [(signal.SIGINT, "rnn"), (signal.SIGTERM, "gru")], ids=["SIGINT-rnn", "SIGTERM-gru"]
)
def test_a_polite_signal_saves_and_exits_130(tmp_path, sent, name):
    process = start(tmp_path, *SETTINGS[name])
    wait_for(process, lambda: checks_in(tmp_path) >= 3)
    process.send_signal(sent)
    code, out, err = finish(process)
    assert (code, err) == (130, "")
    last = out.strip().splitlines()[-1]
    assert last.startswith("t: interrupted after")
    assert "--resume" in last
    code, out, err = finish(start(tmp_path, *SETTINGS[name], "--resume"))
    assert (code, err) == (0, "")
    assert "t: resumed after" in out
    assert_same_run(load(tmp_path / "t_final_state.npz"), uninterrupted(name))


def test_killed_before_the_first_save_starts_over_and_says_so(tmp_path, run):
    process = start(tmp_path, *SETTINGS["rnn"])  # saveFreq is 5 minutes
    wait_for(process, lambda: checks_in(tmp_path) >= 2)
    process.kill()
    finish(process)
    assert not (tmp_path / "t_state.npz").exists()
    code, out, err = run(*SETTINGS["rnn"], "--resume")
    assert (code, err) == (0, "")
    assert "no saved state in ., starting over" in out
    assert "kept in t_kept_1" in out
    assert_same_run(load(tmp_path / "t_final_state.npz"), uninterrupted("rnn"))


def test_log_of_a_resumed_run_goes_on_and_is_what_was_printed(tmp_path, broken_off):
    before = (tmp_path / "t.log").read_text()
    _, out, _ = broken_off(*SETTINGS["rnn"], "--resume")
    assert (tmp_path / "t.log").read_text() == before + out
    done = [int(line.split()[2]) for line in (before + out).splitlines() if line.startswith(CHECKS)]
    assert done == list(range(5, 601, 5))


@pytest.mark.parametrize("slots", [(0,), (0, 1), (4, 5, 119)], ids=str)
def test_interrupted_at_a_check_and_resumed_equals_one_run(tmp_path, run, monkeypatch, slots):
    for number, slot in enumerate(slots):
        interrupt_at(run, monkeypatch, slot, *(["--resume"] if number else []))
    assert run(*SETTINGS["rnn"], "--resume")[0] == 0
    assert_same_run(load(tmp_path / "t_final_state.npz"), uninterrupted("rnn"))


def test_interrupted_before_the_first_check_can_be_resumed(tmp_path, run, monkeypatch):
    def interrupt(trainer, slot, elapsed):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_check", interrupt)
        code, _, err = run(*SETTINGS["rnn"])
    assert (code, err) == (130, "")
    assert run(*SETTINGS["rnn"], "--resume")[0] == 0
    assert_same_run(load(tmp_path / "t_final_state.npz"), uninterrupted("rnn"))


# ---- refused ----------------------------------------------------------------------------------------------------


def refused(run, tmp_path, *arguments) -> str:
    """The one line of a refusal that changed no file."""
    before = hashes(tmp_path)
    code, out, err = run(*arguments, "--resume")
    assert (code, out) == (2, "")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert err.startswith("rnnkit.train: ")
    assert hashes(tmp_path) == before
    return err


@pytest.mark.parametrize(
    ("changed", "expected", "got"),
    [("--lr 0.02", "0.02", "0.01"), ("--seed 53", "53", "52"), ("--maxiters 602", "602", "601")],
    ids=["lr", "seed", "maxiters"],
)
def test_state_of_other_settings_is_refused(tmp_path, broken_off, changed, expected, got):
    message = refused(broken_off, tmp_path, *SETTINGS["rnn"], *changed.split())
    assert f"{changed.split()[0][2:]} {expected}" in message
    assert got in message.split("got")[1]


@pytest.mark.parametrize("finished", [False, True], ids=["state", "final"])
def test_state_of_another_engine_is_refused(tmp_path, broken_off, finished):
    if finished:
        broken_off(*SETTINGS["rnn"], "--resume")
    path = tmp_path / ("t_final_state.npz" if finished else "t_state.npz")
    content = load(path)
    np.savez(path, **(content | {"engine": "another"}))
    message = refused(broken_off, tmp_path, *SETTINGS["rnn"])
    assert "engine 'auto'" in message
    assert "'another'" in message


def test_state_of_another_model_file_is_refused(tmp_path, broken_off):
    (tmp_path / "model.py").write_text("from rnnkit.cells import RNN\n")
    assert "cells_sha256" in refused(broken_off, tmp_path, *SETTINGS["rnn"])


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_truncated_state_is_refused(tmp_path, broken_off, share):
    path = tmp_path / "t_state.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    message = refused(broken_off, tmp_path, *SETTINGS["rnn"])
    assert "t_state.npz: expected a whole npz" in message


@pytest.mark.parametrize("key", ["regime", "engine", "status", "rng_keys", "sigma_max_Whh", "W_hh"])
def test_state_without_a_key_is_refused(tmp_path, broken_off, key):
    path = tmp_path / "t_state.npz"
    np.savez(path, **{name: value for name, value in load(path).items() if name != key})
    said = "expected a record of rnnkit" if key == "regime" else repr(key)
    assert said in refused(broken_off, tmp_path, *SETTINGS["rnn"])


def test_a_second_process_is_refused(tmp_path, run, monkeypatch):
    monkeypatch.setattr(perform, "LOCK_PATIENCE", 0.2)
    first = start(tmp_path, *SETTINGS["rnn"], "--maxiters", "100000")
    try:
        wait_for(first, lambda: checks_in(tmp_path) >= 1)
        for arguments in ([], ["--resume"]):
            code, out, err = run(*SETTINGS["rnn"], *arguments)
            assert (code, out) == (2, "")
            assert "t.log: another process is training into this file" in err
            assert err.count("\n") == 1
        assert first.poll() is None
        assert not (tmp_path / "t_kept_1").exists()
    finally:
        first.kill()
        finish(first)
    with RunFiles(tmp_path, "t").lock():  # the system let go of the killed process's lock
        pass


# ---- finished, repeated -----------------------------------------------------------------------------------------


def test_resuming_a_finished_run_does_nothing(tmp_path, broken_off):
    assert broken_off(*SETTINGS["rnn"], "--resume")[0] == 0
    before = hashes(tmp_path)
    code, out, err = broken_off(*SETTINGS["rnn"], "--resume")
    assert (code, err) == (0, "")
    assert out == "t: already finished, nothing to do; see t_final_state.npz\n"
    assert hashes(tmp_path) == before


def test_without_resume_earlier_files_are_kept_aside_unchanged(tmp_path, broken_off):
    short = [*SETTINGS["rnn"], "--maxiters", "11"]
    expected = {}
    for number in (1, 2):
        earlier = {name: sha for name, sha in hashes(tmp_path).items() if "kept" not in name}
        assert "t.log" in earlier
        code, out, _ = broken_off(*short)
        assert code == 0
        assert f"t: an earlier run's files are kept in t_kept_{number}\n" in out
        expected |= {f"t_kept_{number}/{name}": sha for name, sha in earlier.items()}
        assert {name: sha for name, sha in hashes(tmp_path).items() if "kept" in name} == expected
    assert {"t_kept_1/t_state.npz", "t_kept_2/t_final_state.npz"} <= expected.keys()


# ---- no room ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes")
def test_full_disk_while_saving_leaves_the_earlier_state_usable(tmp_path, broken_off):
    import resource

    before = (tmp_path / "t_state.npz").read_bytes()
    limit = len(before) // 2  # bytes that any one file may have: enough for the log, too little for a state

    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    code, out, err = finish(start(tmp_path, *SETTINGS["rnn"], *SAVE_ALWAYS, "--resume", preexec_fn=no_room))
    assert "t: resumed after 21 updates" in out
    assert code == 1
    assert err.startswith("rnnkit.train: the run could not be written: ")
    assert err.count("\n") == 1
    assert (tmp_path / "t_state.npz").read_bytes() == before
    assert not list(tmp_path.glob(".*.part"))
    assert broken_off(*SETTINGS["rnn"], "--resume")[0] == 0
    assert_same_run(load(tmp_path / "t_final_state.npz"), uninterrupted("rnn"))


def test_error_while_saving_the_final_record_leaves_the_state(tmp_path, broken_off, monkeypatch):
    before = (tmp_path / "t_state.npz").read_bytes()
    save = perform.save

    def fail(path, content):
        if "final" in path.name:
            raise OSError(28, "No space left on device")
        save(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(perform, "save", fail)
        code, _, err = broken_off(*SETTINGS["rnn"], "--resume")
    assert code == 1
    assert "No space left on device" in err
    assert (tmp_path / "t_state.npz").read_bytes() == before
    assert broken_off(*SETTINGS["rnn"], "--resume")[0] == 0
    assert_same_run(load(tmp_path / "t_final_state.npz"), uninterrupted("rnn"))


def test_half_files_of_killed_processes_are_swept_away(tmp_path, broken_off):
    (tmp_path / ".t_state.npz.99999.part").write_bytes(b"PK")
    assert broken_off(*SETTINGS["rnn"], "--resume")[0] == 0
    assert not list(tmp_path.glob(".*.part"))
