"""The measurements of ``rnnkit bench``, one part after the other, each printed as soon as it is there.

What is compared: the engines; or, asked for an assignment by its name, what the module ``bench`` of its key says,
``parts() -> dict[str, Part]``.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.benchmark import Compare, Measurement, TaskSpec, Timer, timer

from rnnkit.assignments import get_assignment, names
from rnnkit.bench.cases import FAST, PLAIN, BenchError, Case, Work, laps, largest_difference, works
from rnnkit.common.text import aligned
from rnnkit.engines import Engine, get_engine
from rnnkit.regimes import HANDOUT_REGIMES

# Three regimes of the handout cost what A1 does, two what A4 does.
LIKE = {"A1": 3, "A4": 2, "B1": 1, "B2": 1}
LAPS = 2500  # of a regime at the handout's size
PACKAGES = ("torch", "numpy", "numba", "scipy")
FULL = {"step": 25, "chunk": 15, "regimes": 9, "own": 7}
QUICK = {"step": 7, "chunk": 5, "regimes": 2, "own": 2}
NAMES = {"autograd": "plain loop"}
TITLES = {
    "step": "training step, forward and backward (T {T}, B {B}, H {H}); torch.nn without diagnostics",
    "chunk": "validation chunk, forward and metrics (T {T}, B {chunk}, H {H})",
    "regimes": "the updates between two checks of a training, and one check",
}
BLOCK = 0.03  # seconds that one engine gets in a round: short work is repeated within it
Clock = Callable[[], float]


@dataclass(frozen=True)
class Spread:
    """Median and quartiles over the rounds."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


@dataclass(frozen=True)
class Row:
    """One engine at one case: seconds of a call, and how many times faster than the first one in the same round.

    Both were timed within moments, so that a round in which the machine was busy counts as little as one in which it
    was not.
    """

    case: str
    engine: str
    seconds: Spread
    over_plain: Spread


@dataclass(frozen=True)
class Part:
    """One table.

    Fields:
        title: the work.
        lines: its cases by name: functions that make the works, by engine; the plain loop is the first.
        measure: how a work is timed, see `blocks` and `once`.
        times: of cases, how many such works the whole takes, and `whole`, what that is.
    """

    title: str
    lines: Mapping[str, Callable[[], Mapping[str, Work]]]
    measure: Callable[[TaskSpec, Work, Clock], Measurement]
    times: Mapping[str, int] = field(default_factory=dict)
    whole: str = ""


def spread(values: Sequence[float] | np.ndarray) -> Spread:
    """Median and quartiles of at least one value."""
    low, median, high = np.quantile(np.asarray(values, dtype=float), [0.25, 0.5, 0.75])
    return Spread(float(median), float(low), float(high))


def clock_of(device: str, wall: bool = False) -> Clock:
    """What to time with: the processor time of this process; with ``wall``, or on CUDA, the time that passes.

    With one thread both are the same on an idle machine. On a busy one only the first leaves out the time in which the
    process waits for its turn (what the others do to caches and memory stays in).
    """
    return time.process_time if device == "cpu" and not wall else timer


def order(names: Sequence[str], number: int) -> list[str]:
    """The order of round ``number``: shifted by one from round to round, every other one backwards."""
    shift = number % len(names)
    names = [*names[shift:], *names[:shift]]
    return names[::-1] if number % 2 else names


def blocks(spec: TaskSpec, work: Work, clock: Clock) -> Measurement:
    """Many calls of the same work, some before them uncounted (compiled code, caches, buffers)."""
    words = (spec.label, spec.sub_label, spec.description)
    timed = Timer("work()", "pass", "", clock, {"work": work}, *words)
    return timed.blocked_autorange(min_run_time=BLOCK)


def once(spec: TaskSpec, work: Work, clock: Clock) -> Measurement:
    """One call of work that goes on from call to call, as a training does."""
    begun = clock()
    work()
    return Measurement(number_per_run=1, raw_times=[clock() - begun], task_spec=spec)


def interleave(
    title: str, case: str, works: Mapping[str, Work], measure: Callable[..., Measurement], rounds: int, clock: Clock
) -> tuple[list[Measurement], list[Row]]:
    """Times the works of one case (a line of the table ``title``) in turn, by `blocks` or `once`.

    Returns:
        One measurement an engine, and one row.
    """
    specs = {name: TaskSpec("work()", "pass", label=title, sub_label=case, description=name) for name in works}
    measured: dict[str, list[Measurement]] = {name: [] for name in works}
    for number in range(rounds):
        for name in order(list(works), number):
            measured[name].append(measure(specs[name], works[name], clock))
    seconds = {name: np.array([one.median for one in every]) for name, every in measured.items()}
    first = next(iter(seconds.values()))
    rows = [Row(case, name, spread(each), spread(first / each)) for name, each in seconds.items()]
    return Measurement.merge(one for every in measured.values() for one in every), rows


@dataclass(frozen=True)
class Plan:
    """What is timed (parts and sizes: see `TITLES`), where and how often; ``wall``: by the time that passes.

    ``of`` is an assignment: its own parts take the engines' place.
    """

    parts: Sequence[str] = tuple(TITLES)
    rounds: Mapping[str, int] = field(default_factory=lambda: FULL)
    T: int = 125
    B: int = 20
    H: int = 50
    chunk: int = 1000
    profile: str = "full"
    device: str = "cpu"
    wall: bool = False
    of: str = ""

    def cases(self, kind: str) -> dict[str, Case]:
        """The training steps or validation chunks, by the name of their line."""
        sizes = (self.T, self.B if kind == "step" else self.chunk, self.H)
        pairs = [(model, task) for model in ("rnn", "gru") for task in ("mem", "mul")]
        return {f"{model.upper()} {task}": Case(kind, model, task, *sizes, self.device) for model, task in pairs}


def bench(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """Times what is planned, and says each table as soon as it is there.

    Returns:
        ``about`` (machine, versions, the plan), by part the rows, ``titles``, and ``whole``: by part and engine the
        seconds of the whole; for engines ``difference``, of their gradients.
    """
    begun, worked, clock = time.perf_counter(), time.process_time(), clock_of(plan.device, plan.wall)
    about = machine(plan.device) | {"time": "processor" if clock is time.process_time else "wall", "plan": asdict(plan)}
    parts = own_parts(plan.of) if plan.of else {}
    say(heading(about))
    result: dict[str, Any] = {"about": about, "titles": {}, "whole": {}}
    if not plan.of:
        engines = {name: get_engine(name) for name in (PLAIN, FAST)}
        apart = [largest_difference(case, engines) for case in plan.cases("step").values()]
        result["difference"] = {name: max(each[name] for each in apart) for name in engines}
        say(f"{FAST}: gradients within {result['difference'][FAST]:.1e} of the plain loop's, relatively")
        parts = engine_parts(plan, engines)
    for name, part in parts.items():
        rounds = plan.rounds["own" if plan.of else name]
        timed = [interleave(part.title, case, make(), part.measure, rounds, clock) for case, make in part.lines.items()]
        rows = [row for _, rows in timed for row in rows]
        result |= {name: rows}
        result["titles"][name] = part.title
        say(tables([one for measured, _ in timed for one in measured], rows))
        if part.whole:
            seconds = result["whole"][name] = whole(part, rows)
            say(f"{part.whole}: " + ", ".join(f"{NAMES.get(one, one)} {told(all_)}" for one, all_ in seconds.items()))
    about["seconds"] = time.perf_counter() - begun
    about["processor_share"] = (time.process_time() - worked) / about["seconds"]
    say(f"{about['seconds']:.0f} s; the process had the processor for {100 * about['processor_share']:.0f} % of them")
    return result


def engine_parts(plan: Plan, engines: dict[str, Engine]) -> dict[str, Part]:
    """What is timed of the engines."""
    titles = {name: TITLES[name].format(**asdict(plan)) for name in plan.parts}
    parts = {}
    for name, title in titles.items():
        if name == "regimes":
            assert sum(LIKE.values()) == len(HANDOUT_REGIMES)
            trainings = {key: partial(laps, key, engines, plan.profile, plan.device) for key in LIKE}
            times = {key: count * LAPS for key, count in LIKE.items()}
            parts[name] = Part(title, trainings, once, times, "all seven regimes of the handout on one core would take")
        else:
            lines = {key: partial(works, case, engines) for key, case in plan.cases(name).items()}
            parts[name] = Part(title, lines, blocks)
    return parts


def own_parts(assignment: str) -> dict[str, Part]:
    """What an assignment has timed.

    Raises:
        BenchError: it brings no such module, or there is no such assignment.
    """
    modules = {name: f"{get_assignment(name).home}.key.bench" for name in names()}
    have = [name for name, module in modules.items() if importlib.util.find_spec(module)]
    if assignment not in have:
        raise BenchError(f"{assignment}: expected an assignment that has its own measurements: {', '.join(have)}")
    return importlib.import_module(modules[assignment]).parts()


def machine(device: str) -> dict[str, Any]:
    """The processor (or CUDA device), its cores, threads of torch, priority, load and versions."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES if importlib.util.find_spec(name)}
    return {
        "processor": processor() if device == "cpu" else torch.cuda.get_device_name(device),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "nice": os.nice(0) if hasattr(os, "nice") else None,
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "versions": {"python": platform.python_version(), **versions},
        "device": device,
    }


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]


def whole(part: Part, rows: Sequence[Row]) -> dict[str, float]:
    """Seconds of the whole by engine, from the medians."""
    seconds = dict.fromkeys((row.engine for row in rows), 0.0)
    for row in rows:
        seconds[row.engine] += part.times[row.case] * row.seconds.median
    return seconds


def told(seconds: float) -> str:
    """Seconds, or hours where they are many."""
    return f"{seconds / 3600:.2f} h" if seconds > 3600 / 2 else f"{seconds:.1f} s"


def heading(about: Mapping[str, Any]) -> str:
    """The machine, and how it was timed."""
    where = "" if about["device"] == "cpu" else f" on {about['device']}"
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (
        f"{about['processor']}, {about['cores']} cores; {about['threads']} thread{where}, nice {about['nice']}\n"
        f"{versions}\n{about['time']} time, medians over interleaved rounds; ratios are medians of the rounds' ratios"
    )


def tables(measured: Sequence[Measurement], rows: Sequence[Row]) -> str:
    """The seconds of one part as torch prints them, and the ratios."""
    compare = Compare(list(measured))
    _, *engines = dict.fromkeys(row.engine for row in rows)
    lines = [["times faster than the plain loop (quartiles)", *engines]]
    for case in dict.fromkeys(row.case for row in rows):
        ratios = {row.engine: row.over_plain for row in rows if row.case == case}
        lines.append([case, *(str(ratios[name]) for name in engines)])
    return f"\n{compare}".rstrip() + "\n" + aligned(lines)
