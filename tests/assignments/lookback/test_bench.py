"""``rnnkit bench lookback``: a plain loop and all at once, side by side. No timing is asserted."""

from __future__ import annotations

import json

from rnnkit import cli
from rnnkit.assignments.lookback.key import bench as own
from rnnkit.bench import bench


def test_each_network_is_timed_by_the_plain_loop_and_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "QUICK", {"own": 1})
    monkeypatch.setattr(own, "SEEDS", (1, 2))
    monkeypatch.setattr(own, "NETS", {"number, gru": own.NETS["number, gru"].replace(train=9, test=1, H=4, batch=3)})
    file = tmp_path / "b.json"
    assert cli.main(["bench", "lookback", "--quick", "--json", str(file)]) == 0
    rows = json.loads(file.read_text())["epoch"]
    float32 = ["plain loop, float32", "float32 x1", "float32 x2"]
    assert [row["engine"] for row in rows] == ["plain loop", "float64 x1", "float64 x2", *float32]
    assert all(row["seconds"]["median"] > 0 for row in rows)


def test_seconds_of_many_seeds_are_shared_among_them():
    times = iter([1.0, 11.0, 1.0, 11.0])
    for engine, seconds in {"float64 x5": 2.0, "plain loop": 10.0}.items():
        spec = bench.TaskSpec("work()", "pass", description=engine)
        assert own.of_one_seed(spec, lambda: None, lambda: next(times)).median == seconds
