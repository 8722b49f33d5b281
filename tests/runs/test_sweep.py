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
from rnnkit.cli.sweep import Table, left_of
from rnnkit.plots.sweeps import plot_curves
from rnnkit.record.file import load
from rnnkit.regimes import Regime
from rnnkit.runs import pool
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.sweep_file import SweepError, read_sweep_file
from rnnkit.runs.tables import curve_rows, save_rows

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


def test_a_sweep_is_tried_small(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(
        'name = "s"\nassignment = "bptt"\nexperiment = "echo_ortho"\nseeds = [0, 1]\n'
        "[base]\nlag = 5\n[grid]\nK = [2, 4]\n"
    )
    whole, small = read_sweep_file(path), read_sweep_file(path, "smoke", ["lag=3"])
    assert (whole.name, small.name) == ("s", "s-smoke-lag=3")
    assert [(run.settings.updates, run.settings.lag, run.settings.K) for run in small.runs] == [(300, 3, 2)] * 2 + [
        (300, 3, 4)
    ] * 2
    assert {run.settings.updates for run in whole.runs} == {1500}
    path.write_text(path.read_text().replace("lag = 5", "updates = 100"))
    assert {run.settings.updates for run in read_sweep_file(path, "smoke").runs} == {100}
    with pytest.raises(SweepError, match="--set K: expected what the sweep does not vary"):
        read_sweep_file(path, "", ["K=3"])


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def without_times(rows):
    return [{name: value for name, value in row.items() if name != "wall_time"} for row in rows]


# ---- the file ---------------------------------------------------------------------------------------------------


def test_every_combination_in_order(tiny):
    sweep = read_sweep_file(tiny)
    assert [run.settings.name for run in sweep.runs] == [
        f"{task}-{method}-seed{seed}"
        for task in ("mul", "torder")
        for method in ("plain", "clipped")
        for seed in (1, 2)
    ]
    run = sweep.runs[2]
    assert (run.settings.task, run.settings.cutoff, run.settings.seed, run.settings.nhid) == ("mul", 0.1, 1, 10)
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
    assert {(r.settings.min_length, r.settings.max_length, r.settings.lr, r.settings.seed) for r in runs} == expected
    assert len({run.settings.name for run in runs}) == len(runs) == len(expected)


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


def swept(path, out, executor):
    """A sweep done by somebody else's workers: its jobs, their outcomes and the table, as the command makes it."""
    sweep = read_sweep_file(path)
    jobs = sweep.jobs(out, Cells())
    table, outcomes = Table(out / f"{sweep.name}.csv", jobs), []
    out.mkdir(exist_ok=True)
    table.write()
    for outcome in pool.run(left_of(jobs), executor, shared_disk=False):
        table.add(outcome)
        outcomes.append(outcome)
    return jobs, outcomes, table


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The sweep from beginning to end, in this process."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "tiny.toml").write_text(TINY)
    with ThreadPoolExecutor(1) as executor:
        return swept(folder / "tiny.toml", folder / "out", executor)


def test_the_table_is_what_the_records_say(whole):
    jobs, outcomes, table = whole
    assert {outcome.job.label for outcome in outcomes} == {job.label for job in jobs}
    rows = rows_of(table.path)
    assert [row["run"] for row in rows] == [job.label for job in jobs]
    assert list(rows[0]) == [
        *("run", "task", "method", "clipstyle", "seed", "cutoff", "status", "updates"),
        *("valid_error", "best_error", "valid_nll", "best_nll", "wall_time", "error"),
    ]
    for job, row in zip(jobs, rows, strict=True):
        record = load(job.files.final)
        assert (row["status"], row["updates"]) == (str(record["status"]), str(int(record["updates"])))
        assert float(row["valid_error"]) == pytest.approx(float(record["valid_error"][-1]), abs=1e-4)
        assert float(row["best_error"]) == pytest.approx(float(record["valid_error"].min()), abs=1e-4)
        assert float(row["best_nll"]) == pytest.approx(float(record["valid_nll"].min()), abs=1e-5)
        assert Regime.from_json(str(record["regime"])) == job.settings


def test_curves_are_the_checks_of_the_records(whole, tmp_path):
    jobs, _, table = whole
    rows = rows_of(save_rows(tmp_path / "curves.csv", curve_rows(jobs), table.first[:-2]))
    for job in jobs:
        record = load(job.files.final)
        mine = [row for row in rows if row["run"] == job.label]
        assert [int(row["updates"]) for row in mine] == [at for at in record["check_updates"] if at >= 0]
        for name in ("valid_nll", "valid_error", "rho_Whh"):
            found = [float(row[name]) for row in mine]
            np.testing.assert_allclose(found, record[name][: len(mine)], atol=1e-5)
    (ax,) = plot_curves(rows, floor=75).axes
    kinds = len({job.label.split("-seed")[0] for job in jobs})
    assert len(ax.get_lines()) == 2 * kinds + len(jobs) + 1  # for each setting a median and its hollow part


def test_a_worker_sends_its_folder(whole):
    job = whole[0][0]
    assert set(pool.run_here(job)) == {f"{job.label}.log", f"{job.label}_final_state.npz"}


def test_again_does_nothing_and_keeps_the_table(whole):
    jobs, _, table = whole
    before, times = table.path.read_bytes(), {job.label: job.files.final.stat().st_mtime_ns for job in jobs}
    assert left_of(jobs) == []
    with ThreadPoolExecutor(1) as executor:
        assert all(outcome.skipped for outcome in pool.run(jobs, executor))
    Table(table.path, jobs).write()
    assert table.path.read_bytes() == before
    assert {job.label: job.files.final.stat().st_mtime_ns for job in jobs} == times


def test_another_sweep_s_folder_is_refused(whole, tmp_path):
    (tmp_path / "other.toml").write_text(TINY.replace("cutoff = 0.1", "cutoff = 0.2"))
    with pytest.raises(SweepError, match=r"cutoff 0\.2, got one with 0\.1; .*another --out"):
        left_of(read_sweep_file(tmp_path / "other.toml").jobs(whole[2].path.parent, Cells()))


def test_the_table_is_there_as_parquet_where_pyarrow_is(tmp_path):
    rows = [{"run": "a", "cutoff": 1, "error": ""}, {"run": "b", "cutoff": "none", "loss": 0.5}]
    save_rows(tmp_path / "t.csv", rows, ["run"])
    parquet = tmp_path / "t.parquet"
    try:
        import pyarrow.parquet
    except ImportError:
        assert not parquet.exists()
    else:
        assert pyarrow.parquet.read_table(parquet).to_pylist() == [
            {"run": "a", "cutoff": "1", "loss": None, "error": ""},
            {"run": "b", "cutoff": "none", "loss": 0.5, "error": ""},
        ]


def test_a_failed_run_is_a_row_and_is_tried_again(tiny, tmp_path):
    class Flaky(ThreadPoolExecutor):
        broken = True

        def submit(self, work, job):
            if self.broken and job.settings.seed == 2:
                return super().submit(lambda: (_ for _ in ()).throw(OSError("the disk is full")))
            return super().submit(work, job)

    with Flaky(1) as executor:
        _, outcomes, table = swept(tiny, tmp_path / "out", executor)
        rows, reasons = rows_of(table.path), {outcome.job.label: outcome.reason for outcome in outcomes}
        assert [row["status"] for row in rows] == ["finished", "failed"] * 4
        assert rows[1]["error"] == reasons[rows[1]["run"]] == "OSError: the disk is full"
        executor.broken = False
        assert len(swept(tiny, tmp_path / "out", executor)[1]) == 4
    assert {row["status"] for row in rows_of(table.path)} == {"finished"}
    assert not any(row["error"] for row in rows_of(table.path))


def test_a_process_that_dies_is_this_run_s_alone(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "CHILD", ("-c", "import os; os.kill(os.getpid(), 9)"))
    outcome = pool.execute(read_sweep_file(tiny).jobs(tmp_path, Cells())[0])
    assert (outcome.status, outcome.reason) == ("failed", "the process died (exit code -9)")


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
    assert without_times(rows_of(tmp_path / "out" / "tiny.csv")) == without_times(rows_of(whole[2].path))


def test_on_a_dask_cluster_with_a_worker_killed(tmp_path):
    """24 runs on two workers, one of which is killed on the way: every run has a record."""
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    path = tmp_path / "many.toml"
    path.write_text('name = "many"\nregime = "B1"\nprofile = "tiny"\nseeds = ' + str(list(range(24))) + "\n")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        jobs, ended = read_sweep_file(path).jobs(tmp_path / "out", Cells()), []
        with pool.dask_executor(cluster.scheduler_address) as executor:
            for outcome in pool.run(jobs, executor, shared_disk=False):
                ended.append((outcome.job.label, outcome.status))
                if len(ended) == 5:
                    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    assert sorted(ended) == sorted((job.label, "finished") for job in jobs)
    assert all(job.files.final.is_file() for job in jobs)
