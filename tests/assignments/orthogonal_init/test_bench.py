"""``rnnkit bench orthogonal_init``: a plain loop and batches of arms, side by side. No timing is asserted."""

from __future__ import annotations

import json

from rnnkit import cli
from rnnkit.assignments.orthogonal_init.key import bench as own
from rnnkit.bench import bench


def test_each_task_is_timed_by_the_plain_loop_and_in_batches(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "QUICK", {"own": 1})
    monkeypatch.setattr(own, "SEEDS", (1, 2))
    monkeypatch.setattr(own, "ARM", own.ARM.replace(batches=1))
    monkeypatch.setattr(own, "HEADLINE", ("addition",))
    files = ["--json", str(tmp_path / "b.json"), "--plot", str(tmp_path / "b.png")]
    assert cli.main(["bench", "orthogonal_init", "--quick", *files]) == 0
    found, said = json.loads((tmp_path / "b.json").read_text()), capsys.readouterr().out
    sides = ["plain loop", "float64 x1", "float64 x2", "dgemm", "float32 x1", "float32 x2", "sgemm"]
    assert [row["engine"] for row in found["headline"]] == sides == [*found["whole"]["headline"]]
    for row in found["headline"]:  # 80 epochs of its one line
        assert found["whole"]["headline"][row["engine"]] == 80 * row["seconds"]["median"] > 0
    assert "six arms" in said
    assert (tmp_path / "b.png").read_bytes().startswith(b"\x89PNG")


def test_seconds_of_many_seeds_are_shared_among_them():
    times = iter([1.0, 21.0, 1.0, 21.0])
    for engine, seconds in {"float64 x10": 2.0, "plain loop": 20.0}.items():
        spec = bench.TaskSpec("work()", "pass", description=engine)
        assert own.of_one_seed(spec, lambda: None, lambda: next(times)).median == seconds
