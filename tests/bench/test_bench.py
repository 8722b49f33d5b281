"""``rnnkit bench``: what it counts, how it compares, and that it says, writes and draws it. No timing is asserted."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rnnkit import cli
from rnnkit import trainer as training
from rnnkit.bench import cases as bench_cases
from rnnkit.bench import text as bench_text
from rnnkit.bench import verb as bench
from rnnkit.bench.cases import Case, engines_here, largest_difference, material, torch_layer, works
from rnnkit.bench.measure import (
    MOST_CALLS,
    BenchError,
    Spread,
    calls_within,
    clock_of,
    in_turn,
    interleave,
    ratio,
    slope,
    spread,
)
from rnnkit.bench.pace import CHECK_PARTS, UPDATE_PARTS, Lap, Paced, Stopwatch, laps, median_parts
from rnnkit.engines import get_engine
from rnnkit.regimes import get_regime
from rnnkit.trainer import Trainer

TINY = bench.Plan(
    T=30, B=3, H=4, chunk=7, regimes=("A1", "A4", "B1", "B2"), profile="tiny",
    sizes={"step": {"T": (30, 40), "H": (3, 6)}, "chunk": {"B": (5, 10)}},
    rounds={"step": 2, "chunk": 2, "regimes": 2, "growth": 1, "profile": 1},
)  # fmt: skip


class Time:
    """A clock that moves only when someone works."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def work(self, *costs):
        """Work that takes these seconds, call by call, then the last of them for ever."""
        left = list(costs)

        def do():
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return do


# ---- comparing --------------------------------------------------------------------------------------------------


def test_spread_is_median_and_quartiles():
    assert spread([4, 1, 3, 2, 5]) == Spread(3, 2, 4)
    assert spread([2.5]) == Spread(2.5, 2.5, 2.5)


def test_ratio_is_taken_round_by_round():
    """In the second round the machine was ten times slower for both: the ratio does not see it."""
    assert ratio(np.array([6.0, 60.0, 6.0]), np.array([2.0, 20.0, 3.0])) == Spread(3.0, 2.5, 3.0)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.0])
def test_slope_is_the_exponent(exponent):
    sizes = [25, 50, 100, 200]
    assert slope(sizes, [3e-3 * n**exponent for n in sizes]) == pytest.approx(exponent, abs=1e-9)


def test_slope_needs_two_sizes():
    with pytest.raises(BenchError, match=r"expected at least two different sizes, got \[50\]"):
        slope([50], [1.0])


# ---- taking turns -----------------------------------------------------------------------------------------------


def test_every_piece_of_work_is_timed_in_every_round():
    time = Time()
    found = interleave({"slow": time.work(9, 1, 1, 1, 5, 1), "fast": time.work(4, 0.5)}, 4, clock=time, block=0.1)
    assert found.first == {"slow": 9, "fast": 4}
    assert found.seconds["slow"].tolist() == [1, 1, 5, 1]
    assert found.seconds["fast"].tolist() == [0.5] * 4
    assert ratio(found.seconds["slow"], found.seconds["fast"]).median == 2


def test_short_work_is_repeated_and_the_first_call_of_a_block_not_counted():
    time = Time()
    found = interleave({"a": time.work(1, 1, 7, 1, 2, 1)}, 1, clock=time, block=3)  # 4 calls: 7 cold, 1, 2, 1
    assert found.seconds["a"].tolist() == [1]
    assert calls_within(0.03, 0.05) == 1
    assert calls_within(0.03, 0.02) == 3
    assert calls_within(0.03, 0.0) == MOST_CALLS + 1


def test_nobody_always_goes_first():
    orders = [in_turn("abc", number) for number in range(6)]
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)
    assert {order[0] for order in orders} == {"a", "b", "c"}
    assert len({tuple(order) for order in orders}) == 6


def test_clocks():
    import time

    assert clock_of("cpu") is time.process_time
    assert clock_of("cpu", wall=True) is time.perf_counter


# ---- what is timed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["mem", "mul"])
@pytest.mark.parametrize("kind", ["step", "chunk"])
def test_batches_have_the_steps_that_are_said(model, task, kind):
    cell, head, batch = material(Case(kind, model, task, T=33, B=5, H=4))
    assert batch.inputs.shape == (33, 5, cell.n_in)
    assert batch.targets.shape == ((33, 5) if task == "mem" else (5, 1))
    assert (cell.W_hh.shape, head.name) == ((4, 4), cell.head)
    assert set(works(Case(kind, model, task, T=33, B=5, H=4), engines_here())) >= {"autograd", "torch.nn"}


def test_too_few_steps_are_refused():
    with pytest.raises(BenchError, match=r"T 25: .*at least 10 steps, got 5; take more"):
        material(Case("step", "rnn", T=25))


def test_operations_are_counted_as_they_are():
    """One multiplication and one addition for each entry of W_hh, sequence and step; back, two more products."""
    assert Case("chunk", "rnn", T=7, B=3, H=5).flops == 2 * 7 * 3 * 25
    assert Case("chunk", "gru", T=7, B=3, H=5).flops == 3 * 2 * 7 * 3 * 25
    assert Case("step", "gru", T=7, B=3, H=5).flops == 9 * 2 * 7 * 3 * 25


def test_torch_layer_computes_what_the_cell_computes(random_cell, random_batch):
    cell, before = random_cell("rnn", dtype=torch.float32), torch.get_rng_state()
    batch = random_batch("softmax", dtype=torch.float32)
    hidden, _ = torch_layer(cell)(batch.inputs)
    torch.testing.assert_close(hidden, cell(batch.inputs)[1])
    assert torch.equal(torch.get_rng_state(), before)


def test_torch_gru_differs_in_the_reset_gate_only(random_cell, random_batch):
    cell = random_cell("gru", dtype=torch.float32)
    with torch.no_grad():
        cell.b_r.fill_(40.0)  # r = 1: where it acts does not matter
    batch = random_batch("softmax", dtype=torch.float32)
    torch.testing.assert_close(torch_layer(cell)(batch.inputs)[0], cell(batch.inputs)[1])


def test_torch_layers_do_all_the_work(model):
    case = Case("step", model, T=30, B=3, H=4)
    found = works(case, {})["torch.nn"]()
    assert len(found) == 4 + 2
    assert all(gradient.abs().max() > 0 for gradient in found)
    metrics = works(Case("chunk", model, "mul", T=30, B=3, H=4), {})["torch.nn"]()
    assert set(metrics) == {"nll", "error", "mae", "err_005", "err_010", "maxae"}


def test_a_wrong_engine_shows(monkeypatch):
    class Wrong:
        name = "wrong"

        def run(self, *arguments, **options):
            found = get_engine("autograd").run(*arguments, **options)
            return SimpleNamespace(grads={name: 1.5 * g for name, g in found.grads.items()}, flow=found.flow)

    case = Case("step", "rnn", T=30, B=3, H=4)
    found = largest_difference(case, {"autograd": get_engine("autograd"), "wrong": Wrong()}, clock_of())
    assert found["autograd"][0] == 0
    assert found["wrong"][0] == pytest.approx(0.5)


def test_engines_that_do_not_work_here_are_left_out(monkeypatch):
    def broken():
        raise ImportError("no numba")

    monkeypatch.setattr(bench_cases, "get_engine", lambda name: broken() if name == "broken" else get_engine(name))
    assert list(engines_here(["autograd", "broken", "no such"])) == ["autograd"]


# ---- whole trainings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["A1", "B2"])
def test_a_lap_is_the_updates_between_two_checks_and_the_check(key):
    regime, watch = get_regime(key, "tiny"), Stopwatch(clock_of(wall=True))
    pacer = Paced(regime, get_engine("autograd"), watch, watch.clock)
    assert pacer.lap().updates == 0  # the untrained network's check
    pacer.lap()
    lap = pacer.lap()
    assert tuple(lap.update_parts) == UPDATE_PARTS
    assert tuple(lap.check_parts) == CHECK_PARTS
    assert sum(lap.update_parts.values()) == pytest.approx(lap.updates)
    assert sum(lap.check_parts.values()) == pytest.approx(lap.check)
    assert all(seconds > 0 for part, seconds in lap.update_parts.items() if part != "backward")
    assert all(seconds > 0 for seconds in lap.check_parts.values())


def test_watching_changes_nothing():
    """Curves and weights are those of a training that nobody times; the trainer's functions are its own again."""
    regime, before = get_regime("A5", "tiny"), dict(vars(training))
    watch = Stopwatch()
    pacer = Paced(regime, get_engine("autograd"), watch)
    for _ in range(3):
        pacer.lap()
    plain = Trainer(regime, engine=get_engine("autograd"))
    steps = plain.checkpoints()
    for _ in range(3):
        next(steps)
    for name, values in plain.state().items():
        if name != "wall_time":
            np.testing.assert_array_equal(pacer._trainer.state()[name], values)
    assert dict(vars(training)) == before


def test_the_watch_counts_a_part_within_a_part_once():
    time = Time()
    watch = Stopwatch(time)
    inner = watch.timed("inner", time.work(2.0))

    def outer():
        time.now += 1
        inner()

    watch.timed("outer", outer)()
    inner()
    assert watch.seconds == {"outer": 3, "inner": 2}


def test_engines_draw_the_same_and_laps_end_with_the_training():
    regime = get_regime("B1", "tiny")
    pacers = {name: Paced(regime, get_engine("autograd")) for name in ("one", "other")}
    found = laps(pacers, 1)
    assert [len(each) for each in found.values()] == [1, 1]
    one, other = (pacer._trainer for pacer in pacers.values())
    np.testing.assert_array_equal(one.state()["train_nll"], other.state()["train_nll"])
    with pytest.raises(BenchError, match=r"B1_mul_rnn_tanh_noclip: .* the run has finished"):
        laps(pacers, 9)


def test_medians_of_parts():
    def lap(k):
        return Lap(6.0 * k, 5.0 * k, dict.fromkeys(UPDATE_PARTS, 1.0 * k), dict.fromkeys(CHECK_PARTS, 1.0 * k))

    updates, check = median_parts([lap(1), lap(9), lap(2)])
    assert updates == dict.fromkeys(UPDATE_PARTS, 2.0) | {"all": 12.0}
    assert check == dict.fromkeys(CHECK_PARTS, 2.0) | {"all": 10.0}


def test_all_seven_counts_each_regime_of_the_handout():
    rows = [
        {"regime": key, "engine": "autograd", "mean": mean, "laps_of_a_run": 2500}
        for key, mean in {"A1": 1.2, "A4": 2.1, "B1": 0.6, "B2": 1.4}.items()
    ]
    hours = 2500 * (3 * 1.2 + 2 * 2.1 + 0.6 + 1.4) / 3600
    assert bench.all_seven(rows) == {"autograd": pytest.approx(hours)}
    assert bench.all_seven(rows[:3]) == {}


# ---- the command ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    """Everything at tiny sizes, once: what was printed, the JSON and the plot."""
    folder, said = tmp_path_factory.mktemp("bench"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "QUICK", TINY)
        patch.setattr(bench, "print", lambda text, **how: said.append(text), raising=False)
        command = ["--quick", "--profile", "--json", str(folder / "b.json"), "--plot", str(folder / "b.png")]
        assert bench.main(command) == 0
    return SimpleNamespace(
        text="\n".join(said), json=json.loads((folder / "b.json").read_text()), plot=(folder / "b.png").read_bytes()
    )


def test_it_prints_every_table(timed):
    for words in (
        "training step", "validation chunk", "updates and one check", "all seven regimes", "one update goes",
        "one check goes", "growth with T, B and H", "processor time", "nice", "% of large mm", "x torch.nn",
    ):  # fmt: skip
        assert words in timed.text, words


def test_json_holds_every_row(timed):
    engines = list(engines_here())
    kernels = len(("rnn", "gru")) * len(("mem", "mul")) * (len(engines) + 1)
    assert len(timed.json["step"]) == len(timed.json["chunk"]) == kernels
    assert len(timed.json["regimes"]) == len(timed.json["profile"]) == 4 * len(engines)
    assert len(timed.json["growth"]) == 2 * 3 * (len(engines) + 1)
    assert {"processor", "threads", "versions", "processor_share", "system_share", "nice"} <= set(timed.json["about"])
    assert timed.json["about"]["threads"] == 1
    for row in timed.json["step"] + timed.json["chunk"] + timed.json["regimes"]:
        assert row["seconds"]["low"] <= row["seconds"]["median"] <= row["seconds"]["high"]
        if row["engine"] == "autograd":
            assert row["over_plain"]["median"] == 1
    assert max(timed.json["difference"].values()) < 1e-4


def test_plot_is_drawn(timed):
    assert timed.plot.startswith(b"\x89PNG")
    assert len(timed.plot) > 20_000


def test_one_part_alone(monkeypatch, capsys):
    monkeypatch.setattr(bench, "FULL", TINY)
    assert bench.main(["--only", "step", "--wall"]) == 0
    out = capsys.readouterr().out
    assert "training step" in out
    assert "wall time" in out
    assert "validation chunk" not in out


def test_students_have_no_cells_to_time(capsys, without_steps):
    assert cli.main(["bench", "--quick"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("rnnkit bench: expected a clone of rnnkit")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fast"], "unrecognized arguments: --fast"),
        (["--only", "kernels"], "--only: invalid choice: 'kernels'"),
        (["--json", "no/such/b.json"], "expected a folder that is there, found none"),
        (["--device", "gpu"], "--device: expected cpu or cuda"),
    ],
)
def test_bad_values_are_refused_before_any_work(monkeypatch, capsys, arguments, words):
    monkeypatch.setattr(bench, "measure", lambda *a: pytest.fail("began"))
    assert cli.main(["bench", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_device_that_is_not_there(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cli.main(["bench", "--device", "cuda"]) == 2
    assert "expected a CUDA device for 'cuda', found none" in capsys.readouterr().err


def test_tables_stand_in_columns():
    assert bench_text.table([["", "ms"], ["RNN", "12.5"], ["G", "7"]], left=1) == "       ms\nRNN  12.5\nG       7"
