"""``rnnkit bench``: how it compares, and that it says, writes and draws it. No timing is asserted."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.benchmark import timer

from rnnkit import cli
from rnnkit.bench import bench
from rnnkit.bench.bench import Part, Row, Spread, blocks, clock_of, interleave, once, order, spread
from rnnkit.bench.cases import FAST, PLAIN, BenchError, Case, laps, largest_difference, material, torch_layer, works
from rnnkit.engines import get_engine

ENGINES = {name: get_engine(name) for name in (PLAIN, FAST)}
FEW = {"step": 2, "chunk": 2, "regimes": 2, "own": 2}
SMALL = ["--T", "30", "--B", "3", "--H", "4"]


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


def test_ratios_are_taken_round_by_round():
    """In the second round the machine was ten times slower for both: the ratio does not see it."""
    clock = Time()
    works = {"autograd": clock.work(6, 60, 6), "fused": clock.work(2, 20, 3)}
    measured, rows = interleave("laps", "A1", works, once, 3, clock)
    assert [(one.label, one.sub_label, one.description) for one in map(lambda m: m.task_spec, measured)] == [
        ("laps", "A1", "autograd"),
        ("laps", "A1", "fused"),
    ]
    assert [one.times for one in measured] == [[6, 60, 6], [2, 20, 3]]
    assert rows[1] == Row("A1", "fused", Spread(3, 2.5, 11.5), Spread(3.0, 2.5, 3.0))
    assert rows[0].over_plain == Spread(1, 1, 1)


def test_short_work_is_repeated_within_a_round():
    clock = Time()
    works = {"autograd": clock.work(0.01), "fused": clock.work(0.002)}
    measured, rows = interleave("step", "RNN", works, blocks, 2, clock)
    assert all(len(one.times) > 2 for one in measured)
    assert rows[1].over_plain.median == pytest.approx(5)


def test_nobody_always_goes_first():
    orders = [order("abc", number) for number in range(6)]
    assert all(sorted(one) == ["a", "b", "c"] for one in orders)
    assert {one[0] for one in orders} == {"a", "b", "c"}
    assert len({tuple(one) for one in orders}) == 6


def test_clocks():
    assert clock_of("cpu") is time.process_time
    assert clock_of("cpu", wall=True) is clock_of("cuda") is timer


# ---- what is timed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["mem", "mul"])
@pytest.mark.parametrize("kind", ["step", "chunk"])
def test_batches_have_the_steps_that_are_said(model, task, kind):
    case = Case(kind, model, task, T=33, B=5, H=4)
    cell, head, batch = material(case)
    assert batch.inputs.shape == (33, 5, cell.n_in)
    assert batch.targets.shape == ((33, 5) if task == "mem" else (5, 1))
    assert (cell.W_hh.shape, head.name) == ((4, 4), cell.head)
    assert set(works(case, ENGINES)) >= {"autograd", "torch.nn"}


@pytest.mark.parametrize("reset", ["as it is", "one"])
def test_torch_layer_computes_what_the_cell_computes(model, reset, random_cell, random_batch):
    """nn.GRU differs in where the reset gate acts, and in nothing else."""
    if (model, reset) == ("gru", "as it is"):
        pytest.skip("it does not")
    cell, before = random_cell(model, dtype=torch.float32), torch.get_rng_state()
    if model == "gru":
        with torch.no_grad():
            cell.b_r.fill_(40.0)
    batch = random_batch("softmax", dtype=torch.float32)
    torch.testing.assert_close(torch_layer(cell)(batch.inputs)[0], cell(batch.inputs)[1])
    assert torch.equal(torch.get_rng_state(), before)


def test_torch_layers_do_all_the_work(model):
    gradients = works(Case("step", model, T=30, B=3, H=4), {})["torch.nn"]()
    assert len(gradients) == 4 + 2
    assert all(gradient.abs().max() > 0 for gradient in gradients)
    metrics = works(Case("chunk", model, "mul", T=30, B=3, H=4), {})["torch.nn"]()
    assert set(metrics) == {"nll", "error", "mae", "err_005", "err_010", "maxae"}


def test_a_wrong_engine_shows():
    class Wrong:
        def run(self, *arguments, **options):
            run = get_engine("autograd").run(*arguments, **options)
            return SimpleNamespace(grads={name: 1.5 * g for name, g in run.grads.items()}, flow=run.flow)

    case = Case("step", "rnn", T=30, B=3, H=4)
    apart = largest_difference(case, {"autograd": get_engine("autograd"), "wrong": Wrong()})
    assert apart == {"autograd": 0, "wrong": pytest.approx(0.5)}


@pytest.mark.parametrize("key", ["A1", "B2"])
def test_a_lap_is_the_updates_between_two_checks_and_the_check(key):
    plain = get_engine("autograd")
    one, other = (lap() for lap in laps(key, {"one": plain, "other": plain}, "tiny").values())
    assert one.slot == other.slot == 2  # the untrained network's check and one lap do not count
    assert one.train_nll == other.train_nll  # of the same lengths and batches
    np.testing.assert_equal(one.values, other.values)


def test_the_whole_is_so_many_times_each_line():
    rows = [Row(key, "fused", Spread(m, 0, 9), Spread(1, 1, 1)) for key, m in {"A1": 1.5, "B1": 2.0}.items()]
    assert bench.whole(Part("laps", {}, once, {"A1": 3, "B1": 10}), rows) == {"fused": 3 * 1.5 + 10 * 2.0}


def test_all_seven_counts_each_regime_of_the_handout():
    regimes = bench.engine_parts(bench.Plan(), ENGINES)["regimes"]
    assert (regimes.times, [*regimes.lines]) == ({"A1": 7500, "A4": 5000, "B1": 2500, "B2": 2500}, [*regimes.times])


# ---- the command ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    """Everything at tiny sizes, once: what was printed, the JSON and the picture."""
    folder, said = tmp_path_factory.mktemp("bench"), []
    whole = bench.bench
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "QUICK", FEW)
        patch.setattr(bench, "laps", lambda key, engines, profile, device: laps(key, engines, "tiny"))
        patch.setattr(bench, "bench", lambda plan, say: whole(plan, said.append))
        files = ["--json", str(folder / "b.json"), "--plot", str(folder / "b.png")]
        assert cli.main(["bench", "--quick", *SMALL, *files]) == 0
    return SimpleNamespace(
        text="\n".join(said), json=json.loads((folder / "b.json").read_text()), picture=(folder / "b.png").read_bytes()
    )


def test_it_prints_every_table(timed):
    words = ("training step", "(T 30, B 3, H 4)", "validation chunk", "one check", "all seven regimes", "faster than")
    for word in (*words, "processor time", "nice", "gradients within", "GRU mul", "B2"):
        assert word in timed.text, word


def test_json_keeps_every_row_machine_versions_and_options(timed):
    assert len(timed.json["step"]) == len(timed.json["chunk"]) == 4 * (len(ENGINES) + 1)
    assert len(timed.json["regimes"]) == 4 * len(ENGINES)
    assert set(timed.json["whole"]["regimes"]) == set(ENGINES)
    about = timed.json["about"]
    assert {"processor", "threads", "versions", "processor_share", "nice", "seconds"} <= set(about)
    assert (about["threads"], about["plan"]["T"], about["plan"]["rounds"]) == (1, 30, FEW)
    for row in timed.json["step"] + timed.json["chunk"] + timed.json["regimes"]:
        assert row["seconds"]["low"] <= row["seconds"]["median"] <= row["seconds"]["high"]
        if row["engine"] == "autograd":
            assert row["over_plain"]["median"] == 1
    assert max(timed.json["difference"].values()) < 1e-4


def test_a_picture_is_drawn(timed):
    assert timed.picture.startswith(b"\x89PNG")
    assert len(timed.picture) > 20_000


def test_one_part_alone(monkeypatch, capsys):
    monkeypatch.setattr(bench, "FULL", FEW)
    assert cli.main(["bench", "--only", "step", "--wall", *SMALL]) == 0
    out = capsys.readouterr().out
    assert "training step" in out
    assert "wall time" in out
    assert "validation chunk" not in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fast"], "unrecognized arguments: --fast"),
        (["--only", "kernels"], "--only: invalid choice: 'kernels'"),
        (["--json", "no/such/b.json"], "expected a folder that is there, found none"),
        (["--plot", "b.doc"], "--plot: expected a file that ends in .png, .svg or .pdf"),
        (["--H", "0"], "--H: expected at least 1, got 0"),
        (["orthogonal_init", "--only", "step"], "--only has no effect on orthogonal_init"),
        (["--device", "gpu"], "--device: expected cpu or cuda"),
        (["--device", "cuda"], "expected a CUDA device for 'cuda', found none"),
    ],
)
def test_bad_values_are_refused_before_any_work(monkeypatch, capsys, arguments, words):
    monkeypatch.setattr(bench, "bench", lambda *given: pytest.fail("began"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cli.main(["bench", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("rnnkit bench: ")
    assert words in line


def test_too_few_steps_are_refused():
    with pytest.raises(BenchError, match=r"T 25: .*at least 10 steps, got 5; take more"):
        material(Case("step", "rnn", T=25))


def test_an_assignment_that_has_nothing_to_time_is_refused(capsys):
    assert cli.main(["bench", "training_dynamics"]) == 2
    _, having = capsys.readouterr().err.split("expected an assignment that has its own measurements: ")
    assert "orthogonal_init" in having.strip().split(", ")
