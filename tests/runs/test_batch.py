"""``rnnkit run``: whole batches through papermill, what goes wrong in them, and what a second call does."""

from __future__ import annotations

import csv
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from rnnkit import cli
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.runs import pool
from rnnkit.runs.jobs import Outcome, experiment_of, plan
from rnnkit.runs.perform import RunFiles
from rnnkit.runs.tables import summary_rows
from rnnkit.train import parse, train

SMALL = ["--profile", "tiny", "--set", "maxiters=21", "--set", "checkFreq=5", "--set", "nhid=6"]
OVERRIDES = {"maxiters": 21, "checkFreq": 5, "nhid": 6}
MAY_DIFFER = {"wall_time", "versions"}
A1, B1, B2 = (get_regime(key).name for key in ("A1", "B1", "B2"))
MODEL_FILE = "from rnnkit.cells import GRU, RNN\n"
HOSTILE = '''
import os, signal
from rnnkit import cells

class RNN(cells.RNN):
    """Fine on mem, raises midway on mul."""
    steps = 0
    def step(self, x_t, h_prev):
        self.steps += 1
        if self.n_in == 2 and self.steps > 400:
            raise ArithmeticError("no more multiplication")
        return super().step(x_t, h_prev)

class GRU(cells.GRU):
    """Kills its process midway."""
    steps = 0
    def step(self, x_t, h_prev):
        self.steps += 1
        if self.steps > 400:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(x_t, h_prev)
'''

SLOW_TO_SAVE = f"""
import pathlib, time
try:
    pathlib.Path(".{A1}.progress").write_text("1")
    time.sleep(100)
finally:
    time.sleep(4)
    pathlib.Path("saved").touch()
"""


def rows_of(out) -> dict[str, dict[str, str]]:
    with open(Path(out) / "summary.csv", newline="") as file:
        return {row["regime"]: row for row in csv.DictReader(file)}


def record_of(out, name):
    return load(Path(out) / name / f"{name}_final_state.npz")


def times_of(out) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in Path(out).rglob("*") if path.is_file()}


def assert_same_record(found, expected):
    assert found.keys() == expected.keys()
    for name in expected.keys() - MAY_DIFFER:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """``rnnkit run`` with small settings, in this process and in an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, small=True):
        code = cli.main(["run", *arguments, *(SMALL if small else [])])
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished batch of two regimes: its folder and what it printed."""
    home = tmp_path_factory.mktemp("batch")
    done = subprocess.run(
        [sys.executable, "-m", "rnnkit", "run", "A1", "B2", *SMALL, "--jobs", "2", "--out", "out"],
        cwd=home, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return home / "out", done.stdout


# ---- from beginning to end --------------------------------------------------------------------------------------


def test_batch_leaves_records_notebooks_logs_and_tables(finished):
    out, printed = finished
    rows = rows_of(out)
    assert list(rows) == [A1, B2]
    for key, name in (("A1", A1), ("B2", B2)):
        regime, record = get_regime(key, "tiny", **OVERRIDES), record_of(out, name)
        assert json.loads(str(record["regime"])) == json.loads(regime.to_json())
        assert str(record["status"]) == rows[name]["status"] == "finished"
        assert rows[name]["updates"] == "21"
        assert rows[name]["reason"] == ""
        assert float(rows[name]["valid nll"]) == pytest.approx(float(record["valid_nll"][-1]), abs=1e-4)
        assert f"{name}: iteration 20 of 21" in (out / name / f"{name}.log").read_text()
        assert not (out / name / f"{name}_state.npz").exists()
    assert printed.count(": finished") == 2
    assert not list(out.rglob("*.part"))


def test_commands_are_those_of_the_regimes(finished):
    lines = (finished[0] / "commands.txt").read_text().splitlines()
    assert [shlex.split(line)[:3] for line in lines] == 2 * [["python", "-m", "trainingRNNs_torch.train"]]
    found = [parse(shlex.split(line)[3:])[0] for line in lines]
    assert found == [get_regime(key, "tiny", **OVERRIDES) for key in ("A1", "B2")]


@pytest.mark.parametrize("name", [A1, B2])
def test_executed_notebooks_are_complete(finished, name):
    notebook = nbformat.read(finished[0] / name / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    kinds = [out.output_type for cell in code for out in cell.outputs]
    assert "error" not in kinds
    figures = [out for cell in code for out in cell.outputs if "image/png" in out.get("data", {})]
    assert len(figures) >= 5


# ---- again ------------------------------------------------------------------------------------------------------


def test_second_run_skips_what_is_finished(finished, tmp_path, call):
    shutil.copytree(finished[0], tmp_path / "out")
    before = times_of("out")
    summary = Path("out/summary.csv").read_bytes()
    code, printed, _ = call("A1", "B2", "--out", "out")
    assert code == 0
    assert printed.count("skipped") == 2
    assert "estimate: nothing left to train, only the page to make again" in printed
    after = times_of("out")
    assert not [path for path in before if before[path] != after[path] and Path(path).parent != Path("out")]
    assert after.keys() == before.keys()
    assert Path("out/summary.csv").read_bytes() == summary


@pytest.mark.slow
def test_another_model_file_is_another_run(finished, tmp_path, call):
    shutil.copytree(finished[0], tmp_path / "out")
    earlier = Path(f"out/{A1}/{A1}_final_state.npz").read_bytes()
    Path("model.py").write_text(MODEL_FILE)
    code, printed, _ = call("A1", "--out", "out")
    assert code == 0
    assert "cells: model.py" in printed
    assert Path(f"out/{A1}_kept_1/{A1}_final_state.npz").read_bytes() == earlier
    assert str(record_of("out", A1)["cells_sha256"]) != "builtin"
    assert list(rows_of("out")) == [A1, B2]
    code, printed, _ = call("A1", "--out", "out")  # nothing changed
    assert code == 0
    assert "skipped" in printed
    assert not Path(f"out/{A1}_kept_2").exists()


# ---- what goes wrong on the way ---------------------------------------------------------------------------------


def test_broken_cells_become_rows_and_the_others_finish(tmp_path, call):
    Path("model.py").write_text(HOSTILE)
    code, printed, _ = call("B1", "B2", "A1", "--jobs", "2", "--out", "out")
    assert code == 1
    rows = rows_of("out")
    assert {name: row["status"] for name, row in rows.items()} == {A1: "finished", B1: "failed", B2: "failed"}
    assert "ArithmeticError: no more multiplication" in rows[B1]["reason"]
    assert "died" in rows[B2]["reason"].lower()
    for name in (B1, B2):
        assert f": failed: {rows[name]['reason']}" in printed
    assert "\n" not in rows[B1]["reason"] + rows[B2]["reason"]
    assert str(record_of("out", A1)["status"]) == "finished"


def mark_of(pid) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


class MarkedBatch:
    """A batch in a process of its own, whose descendants are told by a word in their environment."""

    def __init__(self, home, *arguments):
        self.home, self.mark = home, f"batch-{uuid.uuid4()}"
        self.command = [sys.executable, "-m", "rnnkit", "run", *arguments]

    def start(self) -> subprocess.Popen:
        env = os.environ | {"OMP_NUM_THREADS": "1", "RNNKIT_TEST_MARK": self.mark}
        return subprocess.Popen(
            self.command, cwd=self.home, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def alive(self) -> list[int]:
        pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        return [pid for pid in pids if self.mark.encode() in mark_of(pid)]

    def assert_gone(self, seconds=20):
        deadline = time.monotonic() + seconds
        while left := self.alive():
            assert time.monotonic() < deadline, f"orphans: {left}"
            time.sleep(0.1)


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")


@needs_proc
def test_interrupted_batch_saves_and_goes_on(tmp_path):
    """Which of the two begins is the estimate's affair, and not looked at here; nor is how long anything takes."""
    whole = MarkedBatch(
        *(tmp_path, "B1", "A1", "--profile", "tiny", "--jobs", "1", "--out", "out"),
        *("--set", "maxiters=400001", "--set", "checkFreq=1000"),  # a long run with a small state
    )
    process = whole.start()
    files = {name: RunFiles(tmp_path / "out" / name, name) for name in (A1, B1)}
    while not (begun := [name for name, one in files.items() if one.live_updates()]):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate()
    assert process.returncode == 130, (printed, errors)
    assert "Traceback" not in errors
    whole.assert_gone()
    rows = rows_of(tmp_path / "out")
    assert {name: row["status"] for name, row in rows.items()} == {A1: "interrupted", B1: "interrupted"}
    (name,) = begun
    assert int(load(files[name].state)["updates"]) >= 1001
    assert "saved as of the last check" in files[name].log.read_text()


def test_a_run_in_a_notebook_has_time_to_save_itself(tmp_path):
    """Jupyter alone ends a kernel 2.5 s after an interruption."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SLOW_TO_SAVE)])
    nbformat.write(notebook, tmp_path / "slow.ipynb")
    (planned,) = plan(["A1"], tmp_path / "out", profile="tiny", limit=0.01)
    job = replace(planned, notebook=str(tmp_path / "slow.ipynb"), parameters={})
    assert pool.execute(job).status == "stopped"
    assert (Path(job.folder) / "saved").exists()


def test_folder_in_which_a_process_trains_is_not_moved(tmp_path, call, monkeypatch):
    job = plan(["B1"], "out", profile="tiny", overrides=OVERRIDES)[0]
    train(job.settings.replace(lr=0.02), out=job.folder, cells="builtin")  # of other settings
    monkeypatch.setattr(pool, "execute", lambda job: Outcome(job, "failed", "not tried here"))
    before = times_of("out")
    with job.files.lock(), ThreadPoolExecutor(1) as executor:
        outcomes = list(pool.run([job], executor))
        assert {path: time for path, time in times_of("out").items() if path in before} == before
    assert [outcome.status for outcome in outcomes] == ["failed"]


def test_full_disk_is_said_in_one_line(tmp_path):
    import resource

    done = subprocess.run(
        [sys.executable, "-m", "rnnkit", "run", "A1", *SMALL, "--out", "out"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("rnnkit run: ")
    assert not list((tmp_path / "out").glob("*.part"))


# ---- refused, before anything is written ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["A9"], "did you mean 'A"),
        (["B1_mul_rnn_tanh_nocip"], "expected one of"),
        (["A1", "--profile", "smok"], "did you mean 'smoke'"),
        (["A1", "--set", "cutof=0.1"], "did you mean 'cutoff'"),
        (["A1", "--set", "cutoff=small"], "expected a number, got 'small'"),
        (["A1", "--set", "cutoff=-1"], "cutoff: expected a positive number, got -1.0"),
        (["A1", "--set", "cutoff"], "expected FLAG=VALUE, got 'cutoff'"),
        (["A1", "--set", "collectDiags=maybe"], "expected true or false, got 'maybe'"),
        (["A1", "--job", "2"], "did you mean '--jobs'"),
        (["A1", "--jobs", "0"], "expected at least 1, got 0"),
        (["A1", "--jobs", "two"], "two"),
        (["A1", "A1"], "twice"),
        (["A1", "A1_mem_rnn_tanh_noclip"], "twice"),
        (["A1", "B1", "--set", "name=same"], "'A1' twice"),
        (["A1", "--cells", "none.py"], "expected a Python file"),
        (["A1", "--notebook", "none.ipynb"], "expected the notebook"),
        (["A1", "--set", "device=cuda:99"], "CUDA"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_bad_values_are_refused(tmp_path, call, arguments, said):
    code, printed, errors = call(*arguments, small=False)
    assert (code, printed) == (2, "")
    assert errors.startswith("rnnkit run: ")
    assert errors.count("\n") == 1
    assert said in errors
    assert not list(tmp_path.iterdir())


ABOUT = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}


def own_notebook(source, about):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell], metadata=about))


NO_NOTEBOOKS = {
    "unknown parameter 'out'": own_notebook('regime = "A1"\nprofile = "smoke"\noverrides = {}\ncells = None\n', ABOUT),
    "expected a Jupyter notebook": "no notebook",
    "expected a Jupyter notebook, got": "{}",
    "expected a Jupyter notebook, got something else": own_notebook("regime = 1", {}),
}


@pytest.mark.parametrize("said", NO_NOTEBOOKS)
def test_file_that_is_no_notebook_with_these_parameters_is_refused(tmp_path, call, said):
    Path("own.ipynb").write_text(NO_NOTEBOOKS[said])
    code, printed, errors = call("A1", "--notebook", "own.ipynb", "--out", "out")
    assert (code, printed) == (2, "")
    assert errors.count("\n") == 1
    assert f"own.ipynb: {said}" in errors
    assert not Path("out").exists()


def test_failed_job_has_the_profile_of_its_settings(tmp_path):
    job = plan(["A1"], tmp_path, profile="tiny", overrides=OVERRIDES)[0]
    row = summary_rows(tmp_path, experiment_of(), [Outcome(job, "failed", "no reason")])[0]
    assert row["profile"] == "custom"


# ---- killed -----------------------------------------------------------------------------------------------------


def test_a_job_whose_batch_died_before_it_could_look_ends_at_once(tmp_path):
    job = plan(["B1"], tmp_path, profile="tiny", overrides={"maxiters": 1_000_000})[0]
    job.files.make_folder()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    command = [sys.executable, *pool.CHILD, str(gone.pid)]
    assert subprocess.run(command, input=job.to_json(), text=True, timeout=60).returncode == 1
    assert not job.files.log.exists()


@pytest.mark.slow
@needs_proc
def test_batch_killed_ten_times_equals_an_uninterrupted_one(tmp_path):
    keys = ["A1", "A2", "B1", "B2"]
    small = ["--profile", "tiny", "--set", "maxiters=8001", "--set", "saveFreq=0", "--jobs", "2", "--out", "out"]
    for home in ("whole", "killed"):
        (tmp_path / home).mkdir()
    whole = MarkedBatch(tmp_path / "whole", *keys, *small)
    process = whole.start()
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors

    killed, moments = MarkedBatch(tmp_path / "killed", *keys, *small), random.Random(52)
    for _ in range(10):  # together far shorter than the batch, so that every one finds it at work
        process = killed.start()
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=moments.uniform(3, 8))
        process.kill()
        process.communicate()
    process = killed.start()
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    whole.assert_gone()
    killed.assert_gone()
    names = [get_regime(key).name for key in keys]
    assert (tmp_path / "killed/out/summary.csv").read_bytes() == (tmp_path / "whole/out/summary.csv").read_bytes()
    assert (tmp_path / "killed/out/commands.txt").read_bytes() == (tmp_path / "whole/out/commands.txt").read_bytes()
    for name in names:
        assert_same_record(record_of(tmp_path / "killed/out", name), record_of(tmp_path / "whole/out", name))
    left = {path.name for path in (tmp_path / "killed/out").iterdir()}
    assert left == {path.name for path in (tmp_path / "whole/out").iterdir()}
