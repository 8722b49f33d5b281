"""Grades the class in one command, kills it on the way with all its processes, and starts it again until it is done."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from course import NAME, ROOT
from tqdm.auto import tqdm

from rnnkit.common.whole import save_text
from whole_class.make import COURSE, WORKSHEET, ZIP

REPORT = "grading.json"
DONE = re.compile(r"^\d+: (?:graded|rejected|failed)", re.MULTILINE)
MOST_DELAY_S = 10.0  # after a submission was done: the next ones are at any stage then
PATIENCE_S = 10.0  # until nothing runs any more that was killed


@dataclass
class Leg:
    """One start of the command.

    Fields:
        code: its exit code; -9 where it was killed.
        wall_s, processor_s: seconds; processor time is the machine's, all that ran beside it included.
        graded: submissions that it said were graded.
        left: processes that were still there some seconds after it was killed.
    """

    code: int
    wall_s: float
    processor_s: float
    graded: int
    left: list[str] = field(default_factory=list)


@dataclass
class Graded:
    """What came of it.

    Fields:
        legs: all starts up to the one that came to its end.
        standing: after each kill, student -> when graded, by the ledger.
        again: the start after everything was graded.
        unchanged: whether that one changed nothing in the ledger.
    """

    legs: list[Leg] = field(default_factory=list)
    standing: list[dict[str, str]] = field(default_factory=list)
    again: Leg | None = None
    unchanged: bool = False


def command(folder: Path, jobs: int) -> list[str]:
    """The one command, the same at every start."""
    given = ["--from", str(folder / ZIP), "--worksheet", str(folder / WORKSHEET), "--course", str(folder / COURSE)]
    return [sys.executable, "-m", "rnnkit", "grade", NAME, *given, "--jobs", str(jobs)]


def grade(folder: Path, count: int, kills: int, jobs: int, seed: int) -> Graded:
    """Grades all, killed so many times at random moments; writes ``grading.json``.

    Raises:
        RuntimeError: the command fails by itself; its last lines are in the message.
    """
    rng, found = random.Random(f"kills {seed}"), Graded()
    moments = sorted(rng.sample(range(count), kills))
    for number, moment in enumerate([*moments, None]):
        so_far = sum(leg.graded for leg in found.legs)
        until = None if moment is None else max(0, moment - so_far)
        leg = _start(folder, jobs, number, until, rng.uniform(0, MOST_DELAY_S), count - so_far)
        found.legs.append(leg)
        if leg.code == -signal.SIGKILL:
            found.standing.append(standing(folder))
        elif leg.code not in (0, 1):
            raise RuntimeError(f"{command(folder, jobs)}: exit code {leg.code}\n{_log(folder, number)[-3000:]}")
        else:
            break
    before = _ledger(folder).read_bytes()
    found.again = _start(folder, jobs, len(found.legs), None, 0, 0)
    found.unchanged = _ledger(folder).read_bytes() == before
    save_text(folder / REPORT, json.dumps(asdict(found), indent=1) + "\n")
    return found


def read(folder: Path) -> Graded:
    """What an earlier call of `grade` found."""
    stored = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    legs = [Leg(**leg) for leg in stored["legs"]]
    return Graded(legs, stored["standing"], Leg(**stored["again"]), stored["unchanged"])


def times(graded: Graded, count: int) -> str:
    """What it took; processor time means something where nothing else ran."""
    whole = graded.legs[-1]
    lines = [
        f"start {number}: exit code {leg.code}, {leg.graded} graded, {leg.wall_s:.0f} s, "
        f"{leg.processor_s:.0f} s of the machine's processors"
        for number, leg in enumerate([*graded.legs, *filter(None, [graded.again])], 1)
    ]
    wall = sum(leg.wall_s for leg in graded.legs)
    lines.append(f"{count} submissions in {wall:.0f} s, {wall / count:.1f} s each, kills and all")
    if whole.graded:
        wall, machine = whole.wall_s / whole.graded, whole.processor_s / whole.graded
        each = f"{wall:.1f} s, and {machine:.1f} s of the machine's processors,"
        lines.append(f"the last whole start: {each} for each of {whole.graded} submissions")
    return "\n".join(lines)


def entries(folder: Path) -> dict[str, dict[str, Any]]:
    """The ledger's entries by student; none where nothing was graded yet."""
    try:
        return json.loads(_ledger(folder).read_text(encoding="utf-8"))["assignments"][NAME]
    except (FileNotFoundError, KeyError):
        return {}


def standing(folder: Path) -> dict[str, str]:
    """When each student was graded."""
    return {student: entry["graded"] for student, entry in entries(folder).items()}


def _ledger(folder: Path) -> Path:
    return folder / COURSE / "grading" / "ledger.json"


def _log(folder: Path, number: int) -> str:
    return (folder / f"grade_{number}.log").read_text(encoding="utf-8", errors="replace")


def _start(folder: Path, jobs: int, number: int, until: int | None, delay_s: float, left: int) -> Leg:
    """Runs the command to its end, or kills it so long after so many submissions were graded."""
    began, before = time.monotonic(), _processor_s()
    with open(folder / f"grade_{number}.log", "wb") as log:
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            command(folder, jobs),
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with tqdm(total=left, unit="submission", desc=f"grading, start {number + 1}", disable=None) as bar:
            while process.poll() is None:
                done = len(DONE.findall(_log(folder, number)))
                bar.update(done - bar.n)
                if until is not None and done >= until:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(delay_s)
                    break
                time.sleep(0.5)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    graded = len(DONE.findall(_log(folder, number)))
    leg = Leg(code, time.monotonic() - began, _processor_s() - before, graded)
    if code == -signal.SIGKILL:
        leg.left = _still_there(folder)
    return leg


def _still_there(folder: Path) -> list[str]:
    """Command lines of what still has to do with the course some seconds later."""
    deadline = time.monotonic() + PATIENCE_S
    while found := _processes(str(folder / COURSE)):
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return found


def _processes(word: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if word in words and int(path.parent.name) != os.getpid():
                found.append(words)
    return found


def _processor_s() -> float:
    """Processor time that the machine has spent since it started, on whatever ran; sandboxes are nobody's children."""
    words = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()
    return sum(map(int, words[1:4])) / os.sysconf("SC_CLK_TCK")
