"""``rnnkit bench``: how fast the engines are, against each other and against what this machine can do."""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnnkit.bench import text as bench_text
from rnnkit.bench.cases import PLAIN, TORCH_NN, Case, engines_here, largest_difference, products, works
from rnnkit.bench.machine import machine
from rnnkit.bench.measure import BenchError, Clock, Spread, clock_of, interleave, ratio, slope, spread
from rnnkit.bench.pace import Lap, Paced, Stopwatch, laps, median_parts
from rnnkit.cli.guard import Parser
from rnnkit.engines import Engine
from rnnkit.regimes import HANDOUT_REGIMES, get_regime
from rnnkit.runs.modelfile import Cells, CellsError, make_cell

# Three regimes of the handout cost what A1 does, two what A4 does.
LIKE = {"A1": 3, "A4": 2, "B1": 1, "B2": 1}
PARTS = ("step", "chunk", "regimes", "growth")


@dataclass(frozen=True)
class Plan:
    """What is timed, and how often.

    Fields:
        T, B, H, chunk: steps, sequences of a training batch, hidden units, sequences of a validation chunk.
        tasks: ``mem`` (an output at every step) and ``mul`` (one after the last).
        regimes, profile, overrides: whose updates and checks.
        sizes: of the growth, by kind and axis.
        rounds: by what is timed.
        device: where.
        wall: time that passes, not processor time.
    """

    T: int = 125
    B: int = 20
    H: int = 50
    chunk: int = 1000
    tasks: tuple[str, ...] = ("mem", "mul")
    regimes: tuple[str, ...] = tuple(LIKE)
    profile: str = "full"
    overrides: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, dict[str, tuple[int, ...]]] = field(
        default_factory=lambda: {
            "step": {"T": (50, 100, 200, 400), "B": (10, 20, 40, 80), "H": (25, 50, 100, 200)},
            "chunk": {"T": (50, 100, 200), "B": (250, 500, 1000, 2000), "H": (25, 50, 100)},
        }
    )
    rounds: dict[str, int] = field(
        default_factory=lambda: {"step": 25, "chunk": 15, "regimes": 9, "growth": 7, "profile": 5}
    )
    device: str = "cpu"
    wall: bool = False

    def case(self, kind: str, model: str, task: str = "mem") -> Case:
        """The training step or validation chunk of this plan."""
        return Case(kind, model, task, self.T, self.B if kind == "step" else self.chunk, self.H, self.device)

    @property
    def clock(self) -> Clock:
        """What is timed with."""
        return clock_of(self.device, self.wall)


FULL = Plan()
QUICK = Plan(
    sizes={"step": {"T": (50, 200), "B": (20, 80), "H": (25, 100)}, "chunk": {"B": (250, 1000)}},
    rounds={"step": 7, "chunk": 5, "regimes": 2, "growth": 3, "profile": 2},
)


def kernels(plan: Plan, kind: str, engines: dict[str, Engine]) -> Iterator[dict[str, Any]]:
    """Training steps or validation chunks: a row for each model, task and engine.

    Engines and matrix products are timed in turn, in the same rounds; every ratio is of the same round.
    """
    for model in ("rnn", "gru"):
        for task in plan.tasks:
            case = plan.case(kind, model, task)
            multiply = products(plan.device)
            flops = {name: count for name, (count, _) in multiply.items()}
            every = works(case, engines) | {name: work for name, (_, work) in multiply.items()}
            timings = interleave(every, plan.rounds[kind], clock=plan.clock)
            seconds = timings.seconds
            for engine in (*engines, TORCH_NN):
                found = seconds[engine]
                speed = case.flops / found
                yield _place(case) | {
                    "engine": engine,
                    "seconds": spread(found),
                    "over_plain": ratio(seconds[PLAIN], found),
                    "over_torch": ratio(seconds[TORCH_NN], found),
                    "of_large_product": spread(speed / (flops["large"] / seconds["large"])),
                    "of_small_product": spread(speed / (flops["small"] / seconds["small"])),
                    "first_call": timings.first[engine],
                    "gflops": float(np.median(speed)) / 1e9,
                    "gflops_of_products": {n: spread(flops[n] / seconds[n] / 1e9) for n in flops},
                }


def growth(plan: Plan, kind: str, engines: dict[str, Engine]) -> Iterator[dict[str, Any]]:
    """How time grows with T, B and H, one at a time, the others as planned: a row for each model, axis and engine."""
    for model in ("rnn", "gru"):
        for axis, sizes in plan.sizes.get(kind, {}).items():
            case = plan.case(kind, model)
            every = {(e, n): w for n in sizes for e, w in works(case.at(axis, n), engines).items()}
            seconds = interleave(every, plan.rounds["growth"], clock=plan.clock).seconds
            for engine in (*engines, TORCH_NN):
                medians = [float(np.median(seconds[engine, n])) for n in sizes]
                row = _place(case) | {"engine": engine, "axis": axis, "sizes": list(sizes), "seconds": medians}
                yield row | {"slope": slope(sizes, medians)}


def regimes(plan: Plan, engines: dict[str, Engine]) -> Iterator[dict[str, Any]]:
    """Seconds of the updates between two checks and of the check: a row for each regime and engine.

    All engines train from the same seeds, so that in one lap they draw the same lengths.
    """
    for key in plan.regimes:
        regime = get_regime(key, plan.profile, **plan.overrides, device=plan.device)
        found = laps(
            {name: Paced(regime, engine, clock=plan.clock) for name, engine in engines.items()}, plan.rounds["regimes"]
        )
        whole = {name: np.array([lap.updates + lap.check for lap in found[name]]) for name in engines}
        for name in engines:
            yield {
                "regime": key,
                "engine": name,
                "updates": regime.checkFreq,
                "laps_of_a_run": regime.checkpoints,
                "seconds": spread(whole[name]),
                "mean": float(whole[name].mean()),
                "seconds_updates": spread([lap.updates for lap in found[name]]),
                "seconds_check": spread([lap.check for lap in found[name]]),
                "over_plain": ratio(whole[PLAIN], whole[name]),
            }


def all_seven(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Hours of the handout's seven regimes on one core, by engine, from the mean laps; empty where one is missing."""
    assert sum(LIKE.values()) == len(HANDOUT_REGIMES)
    hours: dict[str, float] = {}
    for engine in {row["engine"] for row in rows}:
        mine = {row["regime"]: row for row in rows if row["engine"] == engine}
        if set(LIKE) <= set(mine):
            laps_of = {key: count * mine[key]["laps_of_a_run"] for key, count in LIKE.items()}
            hours[engine] = sum(laps_of[key] * mine[key]["mean"] for key in LIKE) / 3600
    return hours


def profile(plan: Plan, engines: dict[str, Engine]) -> Iterator[dict[str, Any]]:
    """Where the time of an update and of a check goes: a row for each regime and engine, seconds by part."""
    for key in plan.regimes:
        regime = get_regime(key, plan.profile, **plan.overrides, device=plan.device)
        pacers = {name: Paced(regime, engine, Stopwatch(plan.clock), plan.clock) for name, engine in engines.items()}
        found: dict[str, list[Lap]] = laps(pacers, plan.rounds["profile"])
        for name in engines:
            updates, check = median_parts(found[name])
            one = {part: seconds / regime.checkFreq for part, seconds in updates.items()}
            yield {"regime": key, "engine": name, "update": one, "check": check}


def _check_cells() -> None:
    """Refuses where the built-in cells have no ``step``: students write it."""
    try:
        make_cell(get_regime("A1"), Cells())
    except CellsError:
        raise BenchError(
            "expected a clone of rnnkit, whose own cells are timed; this one leaves their step for you to write"
        ) from None


def _place(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in ("kind", "model", "task", "T", "B", "H")}


def make_parser() -> argparse.ArgumentParser:
    """The flags of ``rnnkit bench``."""
    parser = Parser(prog="rnnkit bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and sizes: half a minute, rougher")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part only (may be given several times)")
    parser.add_argument("--profile", action="store_true", help="also where the time of an update and a check goes")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write everything that was found")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="draw it (png, svg or pdf)")
    parser.add_argument("--wall", action="store_true", help="the time that passes (default: processor time)")
    parser.add_argument("--device", default="cpu", help="cpu (the default) or cuda")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Prints tables, writes JSON and a plot where asked: 0, 2 for a bad value, 130 for Ctrl-C."""
    torch.set_num_threads(1)  # as in training
    if True:
        arguments = make_parser().parse_args(argv)
        _check_cells()
        for file in filter(None, (arguments.json, arguments.plot)):
            if not file.absolute().parent.is_dir():
                raise BenchError(f"{file}: expected a folder that is there, found none; make it first")
        if not re.fullmatch(r"cpu|cuda(:[0-9]{1,3})?", arguments.device):
            raise BenchError(f"--device: expected cpu or cuda, got {arguments.device!r}; give one of them")
        if arguments.device != "cpu" and not torch.cuda.is_available():
            raise BenchError(f"--device: expected a CUDA device for {arguments.device!r}, found none; use cpu")
        plan = replace(QUICK if arguments.quick else FULL, device=arguments.device, wall=arguments.wall)
        found = measure(plan, arguments.only or PARTS, arguments.profile, lambda text: print(text, flush=True))
        if arguments.json:
            arguments.json.write_text(json.dumps(_plain(found), indent=1) + "\n", encoding="utf-8")
        if arguments.plot:
            from rnnkit.bench.plot import figure

            figure(found).savefig(arguments.plot, dpi=110)
    return 0


def measure(plan: Plan, parts: Sequence[str], profiled: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Times what is planned and says each table as soon as it is there.

    Arguments:
        plan: sizes and rounds.
        parts: of ``step``, ``chunk``, ``regimes``, ``growth``.
        profiled: also where the time goes.
        say: receives the tables.

    Returns:
        Everything that was found, by part: lists of rows, as in the JSON file.
    """
    begun, worked, before = time.perf_counter(), time.process_time(), os.times()
    engines = engines_here()
    about = machine(plan.device) | {"time": "wall" if plan.wall or plan.device != "cpu" else "processor"}
    found: dict[str, Any] = {"about": about | {"rounds": plan.rounds}}
    say(bench_text.heading(found["about"], list(engines)))
    cases = [plan.case("step", model, task) for model in ("rnn", "gru") for task in plan.tasks]
    apart = {f"{case.model} {case.task}": largest_difference(case, engines, plan.clock) for case in cases}
    found["difference"] = {name: max(each[name][0] for each in apart.values()) for name in engines}
    found["first_step"] = {name: {case: each[name][1] for case, each in apart.items()} for name in engines}
    say(bench_text.difference(found["difference"], found["first_step"]))
    for kind in ("step", "chunk"):
        if kind in parts:
            found[kind] = list(kernels(plan, kind, engines))
            say(bench_text.kernels(found[kind]))
    if "regimes" in parts:
        found["regimes"] = list(regimes(plan, engines))
        found["all_seven_hours"] = all_seven(found["regimes"])
        say(bench_text.regimes(found["regimes"], found["all_seven_hours"]))
    if profiled:
        found["profile"] = list(profile(plan, engines))
        say(bench_text.profile(found["profile"]))
    if "growth" in parts:
        found["growth"] = [row for kind in plan.sizes for row in growth(plan, kind, engines)]
        say(bench_text.growth(found["growth"]))
    found["about"]["seconds"] = time.perf_counter() - begun
    worked = time.process_time() - worked
    found["about"]["processor_share"] = worked / found["about"]["seconds"]
    found["about"]["system_share"] = (os.times().system - before.system) / worked
    say(bench_text.closing(found["about"]))
    return found


def _plain(value: Any) -> Any:
    """Spreads as dictionaries, for JSON."""
    if isinstance(value, Spread):
        return value._asdict()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
