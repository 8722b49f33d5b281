"""Sweeps: the file, the table, and that nothing is lost however a sweep or a worker ends."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnkit import cli
from rnnkit.plots.curves import plot_curves
from rnnkit.record.file import load
from rnnkit.regimes import Regime
from rnnkit.runs.sweep import Job, Work, run_here, run_process
from rnnkit.runs.sweep_curves import write_curves
from rnnkit.runs.sweep_file import SweepError, read_sweep_file

TINY = """
name = "tiny"
seeds = [1, 2]
regime = "B1"
profile = "tiny"

[grid]
task = ["mul", "torder"]

[[cases]]
method = "plain"
clipstyle = "nothing"

[[cases]]
method = "clipped"
clipstyle = "rescale"
cutoff = 0.1
"""


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def without_times(rows):
    return [{name: value for name, value in row.items() if name != "wall_time"} for row in rows]


# ---- the file ---------------------------------------------------------------------------------------------------


def test_every_combination_in_order(tiny):
    sweep = read_sweep_file(tiny)
    assert [run.name for run in sweep.runs] == [
        f"{task}-{method}-seed{seed}"
        for task in ("mul", "torder")
        for method in ("plain", "clipped")
        for seed in (1, 2)
    ]
    run = sweep.runs[2]
    assert (run.regime.task, run.regime.cutoff, run.regime.seed, run.regime.nhid) == ("mul", 0.1, 1, 10)
    assert run.labels == {"task": "mul", "method": "clipped", "clipstyle": "rescale", "cutoff": 0.1, "seed": 1}


def test_yaml_says_the_same(tiny, tmp_path):
    other = tmp_path / "tiny.yaml"
    other.write_text(
        "name: tiny\nseeds: [1, 2]\nregime: B1\nprofile: tiny\ngrid: {task: [mul, torder]}\ncases:\n"
        "- {method: plain, clipstyle: nothing}\n- {method: clipped, clipstyle: rescale, cutoff: 0.1}\n"
    )
    assert read_sweep_file(other) == read_sweep_file(tiny)


@settings(deadline=None, max_examples=30)
@given(
    lengths=st.lists(st.integers(10, 99), min_size=1, max_size=3, unique=True),
    rates=st.lists(st.sampled_from([0.1, 0.01, 0.001]), min_size=1, max_size=3, unique=True),
    seeds=st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True),
)
def test_a_grid_is_a_product(tmp_path_factory, lengths, rates, seeds):
    path = tmp_path_factory.mktemp("grid") / "g.toml"
    path.write_text(f'name = "g"\nseeds = {seeds}\n[grid]\nlength = {lengths}\nlr = {rates}\n')
    runs = read_sweep_file(path).runs
    expected = {(length, length, lr, seed) for length in lengths for lr in rates for seed in seeds}
    assert {(r.regime.min_length, r.regime.max_length, r.regime.lr, r.regime.seed) for r in runs} == expected
    assert len({run.name for run in runs}) == len(runs) == len(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name = "x"\nsedes = [1]', "'sedes'.*did you mean 'seeds'"),
        ('name = "x"\n[base]\ncutof = 1.0', "'cutof'.*did you mean 'cutoff'"),
        ('name = "x"\n[grid]\nlr = 0.1', "lr: expected a list"),
        ('name = "x"\n[grid]\nlr = []', "lr: expected a list with at least one value"),
        ('name = "x"\n[grid]\nlr = [0.1, -1.0]', "run lr-1.0-seed52: lr: expected a positive number"),
        ('name = "x"\nregime = "B7"', "'B7'"),
        ('name = "x"\nprofile = "tiny"', "expected a regime beside it"),
        ('name = "a/b"', "name: expected up to 50 letters"),
        ("seeds = [1]", "name: expected"),
        ('name = "x"\nseeds = [1, 1]', "expected every run once"),
        ('name = "x"\n[base]\nseed = 3', "seeds is a list"),
        ("name = ", "expected TOML"),
        (
            'name = "x"\n[base]\nlength = 20\n[grid]\nmax_length = [100, 200]',
            "length, or min_length and max_length, got both",
        ),
        ('name = "x"\n[grid]\nalpha = [2.0]\n[[cases]]\nalpha = 1.0', "in the grid or in the cases, got it in both"),
        ('name = "x"\n[grid]\nalpha = [2, 2.0]', "'alpha2.0-seed52' with the settings of 'alpha2-seed52'"),
        ('name = "x"\n[[cases]]\nmodel = "gru"\nalpha = 1.0', "alpha: expected"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, expected):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(SweepError, match=rf"bad\.toml: .*{expected}"):
        read_sweep_file(path)


def test_no_file_and_no_known_ending(tmp_path):
    with pytest.raises(SweepError, match="expected a sweep file, got: No such file"):
        read_sweep_file(tmp_path / "none.toml")
    (tmp_path / "sweep.json").write_text("{}")
    with pytest.raises(SweepError, match=r"ends in \.toml, \.yaml or \.yml, got '\.json'"):
        read_sweep_file(tmp_path / "sweep.json")


# ---- running it -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The sweep from beginning to end, in this process."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "tiny.toml").write_text(TINY)
    work = Work(read_sweep_file(folder / "tiny.toml"), folder / "out")
    with ThreadPoolExecutor(1) as executor:
        ended = list(work.run(executor, shared_disk=False))
    return work, ended


def test_the_table_is_what_the_records_say(whole):
    work, ended = whole
    assert {run.name for run, _ in ended} == {run.name for run in work.sweep.runs}
    rows = rows_of(work.table)
    assert [row["run"] for row in rows] == [run.name for run in work.sweep.runs]
    for run, row in zip(work.sweep.runs, rows, strict=True):
        record = load(work.files(run).final)
        assert (row["status"], row["updates"]) == (str(record["status"]), str(int(record["updates"])))
        assert float(row["valid_error"]) == pytest.approx(float(record["valid_error"][-1]), abs=1e-4)
        assert float(row["best_error"]) == pytest.approx(float(record["valid_error"].min()), abs=1e-4)
        assert float(row["best_nll"]) == pytest.approx(float(record["valid_nll"].min()), abs=1e-5)
        assert Regime.from_json(str(record["regime"])) == run.regime


def test_curves_are_the_checks_of_the_records(whole):
    work, _ = whole
    rows = rows_of(write_curves(work))
    for run in work.sweep.runs:
        record = load(work.files(run).final)
        mine = [row for row in rows if row["run"] == run.name]
        assert [int(row["updates"]) for row in mine] == [at for at in record["check_updates"] if at >= 0]
        for name in ("valid_nll", "valid_error", "rho_Whh"):
            found = [float(row[name]) for row in mine]
            np.testing.assert_allclose(found, record[name][: len(mine)], atol=1e-5)
    (ax,) = plot_curves(rows, floor=75).axes
    assert len(ax.get_lines()) == 2 * len(work.sweep.runs) + 1


def test_a_worker_sends_its_folder(whole):
    work, _ = whole
    run = work.sweep.runs[0]
    files = run_here(Job(run.regime.to_json()))
    assert set(files) == {f"{run.name}.log", f"{run.name}_final_state.npz"}


def test_again_does_nothing_and_keeps_the_table(whole):
    work, _ = whole
    before, times = work.table.read_bytes(), {path: path.stat().st_mtime_ns for path in work.out.rglob("*.npz")}
    with ThreadPoolExecutor(1) as executor:
        assert list(work.run(executor, shared_disk=False)) == []
    assert work.table.read_bytes() == before
    assert {path: path.stat().st_mtime_ns for path in work.out.rglob("*.npz")} == times


def test_another_sweep_s_folder_is_refused(whole, tmp_path):
    work, _ = whole
    (tmp_path / "other.toml").write_text(TINY.replace("cutoff = 0.1", "cutoff = 0.2"))
    with pytest.raises(SweepError, match=r"cutoff 0\.2, got one with 0\.1; .*another --out"):
        Work(read_sweep_file(tmp_path / "other.toml"), work.out).waiting()


def test_a_failed_run_is_a_row_and_is_tried_again(tiny, tmp_path):
    class Flaky(ThreadPoolExecutor):
        broken = True

        def submit(self, work, job, *rest):
            if self.broken and '"seed": 2' in job.regime:
                return super().submit(lambda: (_ for _ in ()).throw(OSError("the disk is full")))
            return super().submit(work, job, *rest)

    work = Work(read_sweep_file(tiny), tmp_path / "out")
    with Flaky(1) as executor:
        statuses = {run.name: status for run, status in work.run(executor, shared_disk=False)}
        rows = rows_of(work.table)
        assert [row["status"] for row in rows] == ["finished", "failed"] * 4
        assert rows[1]["error"] == "OSError: the disk is full"
        assert statuses[rows[1]["run"]] == "failed: OSError: the disk is full"
        executor.broken = False
        again = Work(read_sweep_file(tiny), tmp_path / "out")
        assert len(list(again.run(executor, shared_disk=False))) == 4
    assert {row["status"] for row in rows_of(work.table)} == {"finished"}
    assert not any(row["error"] for row in rows_of(work.table))


def test_a_process_that_dies_is_this_run_s_alone(tmp_path, monkeypatch):
    import rnnkit.runs.sweep

    regime = Regime(maxiters=5, checkFreq=2, ebs=100, cbs=100, name="dead")
    monkeypatch.setattr(rnnkit.runs.sweep, "CHILD", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(RuntimeError, match=r"died \(exit code -9\)"):
        run_process(Job(regime.to_json()), str(tmp_path / "dead"))


def test_dry_run_and_bad_values(tiny, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert cli.main(["sweep", str(tiny), "--out", out, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "8 runs, 0 of them done" in said
    assert "8 runs left: at most about" in said
    assert not (tmp_path / "out").exists()
    assert cli.main(["sweep", str(tiny), "--jobs", "0"]) == 2
    assert "--jobs: expected at least 1" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on(tiny, tmp_path, whole):
    """kill -9 of the sweep, twice; then the table is that of the sweep that nothing disturbed."""
    command = [sys.executable, "-m", "rnnkit", "sweep", str(tiny), "--out", str(tmp_path / "out"), "--jobs", "2"]
    for wait in (4.0, 7.0):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert without_times(rows_of(tmp_path / "out" / "tiny.csv")) == without_times(rows_of(whole[0].table))


def test_on_a_dask_cluster_with_a_worker_killed(tmp_path):
    """24 runs on two workers, one of which is killed on the way: every run is in the table."""
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    path = tmp_path / "many.toml"
    path.write_text('name = "many"\nregime = "B1"\nprofile = "tiny"\nseeds = ' + str(list(range(24))) + "\n")
    from rnnkit.runs.sweep import dask_executor

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        work = Work(read_sweep_file(path), tmp_path / "out")
        ended = []
        with dask_executor(cluster.scheduler_address) as executor:
            for run, status in work.run(executor, shared_disk=False):
                ended.append((run.name, status))
                if len(ended) == 5:
                    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    assert sorted(ended) == sorted((run.name, "finished") for run in work.sweep.runs)
    assert [row["status"] for row in rows_of(work.table)] == ["finished"] * 24
    assert all(work.files(run).final.is_file() for run in work.sweep.runs)
