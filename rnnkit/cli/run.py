"""``rnnkit run`` and ``rnnkit report``: batches from the command line."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from rnnkit.cli import guard
from rnnkit.cli.guard import Parser
from rnnkit.common.interrupts import interruption_in
from rnnkit.common.names import unknown
from rnnkit.common.processes import interrupt
from rnnkit.plots.page import write_report
from rnnkit.regimes import FIELDS, HANDOUT_REGIMES, PROFILES, REGIMES, SIGMOID_REGIMES, Regime, RegimeError
from rnnkit.runs import batch, estimate, summary
from rnnkit.runs.broken import BrokenCell, reason_of
from rnnkit.runs.follow import Progress
from rnnkit.runs.modelfile import (
    DEFAULT_FILE,
    Cells,
    CellsError,
    announce,
    find_cells,
    make_cell,
    student_files,
    unread_cells,
    without_file,
)
from rnnkit.runs.summary import unreadable_in
from rnnkit.trainer import check_device

SHOWN = ("regime", "profile", "status", "updates", "valid nll", "valid error %", "best error %", "median log10 g")


def make_parser(verb: str) -> Parser:
    """The flags of ``rnnkit run`` (and of ``rnnkit report``, which has fewer)."""
    parser = Parser(prog=f"rnnkit {verb}", allow_abbrev=False)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="regimes at a time")
    parser.add_argument("--out", metavar="DIR", help="where the results go (default: runs/PROFILE-SETTINGS)")
    parser.add_argument(
        "--cells", metavar="PATH", help="a model.py, a folder of them, or builtin (default: ./model.py, else builtin)"
    )
    parser.add_argument("--notebook", metavar="PATH", help="the notebook to execute (default: 3_regime.ipynb nearby)")
    if verb == "report":
        parser.add_argument(
            "folder", nargs="?", metavar="DIR", help="make the page of this folder again, without training"
        )
    if verb == "run":
        parser.add_argument(
            "regimes", nargs="*", metavar="REGIME", help=f"{', '.join(REGIMES)} (default: the handout's)"
        )
        parser.add_argument("--profile", default="full", metavar="P", help=f"{', '.join(PROFILES)} (default: full)")
        parser.add_argument(
            "--limit",
            type=_minutes,
            default=0.0,
            metavar="MINUTES",
            help="end runs that take longer; they are saved",
        )
        parser.add_argument(
            "--set", action="append", default=[], metavar="FLAG=VALUE", help="another value for a flag of the regimes"
        )
    return parser


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"expected a positive number of minutes, got {text!r}")
    return minutes


def run(argv: Sequence[str]) -> int:
    """``rnnkit run``: 0 when every regime came to its end, 1 when one did not, 2 for a bad value, 130 for Ctrl-C."""
    return _run(_parse("run", argv))


def report(argv: Sequence[str]) -> int:
    """``rnnkit report [DIR]``: the page of a folder of runs; without one, those of the report at smoke size first."""
    arguments = _parse("report", argv)
    if arguments.folder:
        print(f"page: {write_report(arguments.folder)}")
        missing = unreadable_in(arguments.folder)
        for name, reason in missing.items():
            print(f"not in it: {name}: {reason}", file=sys.stderr)
        return 1 if missing else 0
    arguments.regimes = [*HANDOUT_REGIMES, *SIGMOID_REGIMES]
    arguments.profile, arguments.set, arguments.limit = "smoke", [], 0.0
    return _run(arguments)


def _parse(verb: str, argv: Sequence[str]) -> argparse.Namespace:
    parser = make_parser(verb)
    arguments, rest = parser.parse_known_args(argv)
    if rest:
        flags = [flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")]
        raise RegimeError(unknown(rest[0].split("=")[0], flags, "flag"))
    if arguments.jobs < 1:
        raise RegimeError(f"--jobs: expected at least 1, got {arguments.jobs}")
    return arguments


def parse_overrides(pairs: Sequence[str]) -> dict[str, Any]:
    """``["maxiters=200"]`` to ``{"maxiters": 200}``, by the types of the regimes' fields.

    Raises:
        RegimeError: no ``=``, an unknown field (with the nearest match) or a value of another type.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise RegimeError(f"--set: expected FLAG=VALUE, got {pair!r}")
        if name not in FIELDS:
            raise RegimeError(unknown(name, FIELDS, "parameter"))
        kind = type(FIELDS[name].default)
        try:
            found[name] = {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
        except (ValueError, KeyError):
            words = {int: "a whole number", float: "a number", bool: "true or false"}
            raise RegimeError(f"--set {name}: expected {words[kind]}, got {text!r}") from None
    return found


def _run(arguments: argparse.Namespace) -> int:
    torch.set_num_threads(1)  # as in the runs that are estimated
    out = Path(arguments.out or Path("runs") / "-".join([arguments.profile, *arguments.set]))
    groups = _plan(arguments, out)
    jobs = [job for group in groups.values() for job in group]
    for job in jobs:
        job.files.make_folder()
    print(f"runs: {len(jobs)}, {arguments.jobs} at a time, profile {arguments.profile}, into {out}", flush=True)
    left, said = _estimate(jobs, arguments.jobs, time.perf_counter() - guard.began)
    print(said, flush=True)
    for folder, group in groups.items():
        summary.write_commands(folder, group)
    jobs.sort(key=lambda job: -left.get(job.label, 0.0))  # the longest first: none is left to run alone at the end
    outcomes = _run_with_progress(jobs, arguments.jobs)
    rows = [row for folder in groups for row in _summarize(folder, out, outcomes)]
    without = without_file(Path(arguments.cells)) if list(groups) != [out] else []
    rows += [{"student": student, "status": "failed", "reason": f"no {DEFAULT_FILE}"} for student in without]
    if list(groups) != [out]:
        summary.write_summary(out, rows)
    print(table(rows, (*(["student"] if list(groups) != [out] else []), *SHOWN)))
    for outcome in outcomes:
        if outcome.reason:
            print(f"{outcome.job.label}: {outcome.status}: {outcome.reason}")
    print(f"records, logs and executed notebooks in {out}, with {summary.SUMMARY} and {summary.COMMANDS}")
    for student in without:
        print(f"{student}: failed: no {DEFAULT_FILE}")
    bad = {outcome.status for outcome in outcomes} & {"failed", "interrupted", "stopped"} | (
        {"failed"} if without else set()
    )
    return 130 if "interrupted" in bad else 1 if bad else 0


def _plan(arguments: argparse.Namespace, out: Path) -> dict[Path, list[batch.Job]]:
    """The jobs by the folder that their runs share: one folder, or one for each student."""
    keys = arguments.regimes or HANDOUT_REGIMES
    settings = {
        "profile": arguments.profile,
        "overrides": parse_overrides(arguments.set),
        "notebook": arguments.notebook,
        "limit": arguments.limit,
    }
    if arguments.cells and Path(arguments.cells).is_dir():
        files = student_files(Path(arguments.cells))
        print(f"cells of {len(files)} people; their code runs with your rights")
        return {
            out / student: batch.plan(keys, out / student, cells=unread_cells(file), student=student, **settings)
            for student, file in files.items()
        }
    cells = find_cells(arguments.cells)
    jobs = batch.plan(keys, out, cells=cells, **settings)
    announce(cells)
    for job in jobs:
        check_device(job.regime)
        make_cell(job.regime, cells)
    if cells.source != batch.BUILTIN:
        print(f"cells: {cells.source} (sha256 {cells.sha256[:12]})")
    return {out: jobs}


def _estimate(jobs: Sequence[batch.Job], at_once: int, start: float) -> tuple[dict[str, float], str]:
    """Seconds that each job still takes, and in words all of them; built-in cells where those of many are to run.

    Arguments:
        jobs: of a batch.
        at_once: how many of them run at a time.
        start: seconds that this process took to start.
    """
    waiting = [job for job in jobs if batch.standing(job) != "finished"]
    if not waiting:
        return {}, "estimate: nothing left to train, only the page to make again"
    print("estimate: timing some updates, checks and a picture here", flush=True)
    cells = Cells() if any(job.student for job in jobs) else find_cells(jobs[0].cells)
    paces: dict[Regime, estimate.Pace] = {}
    try:
        with estimate.company(min(at_once, len(waiting)) - 1):
            machine = estimate.machine(start)
            for kind in {estimate.kind_of(job.regime): None for job in waiting}:
                paces[kind] = estimate.pace_of(kind, cells)
    except Exception as error:
        if interruption := interruption_in(error):
            raise interruption from None
        cells_own = isinstance(error, BrokenCell | CellsError)
        return {}, f"estimate: none, a cell broke ({error})" if cells_own else f"estimate: none ({reason_of(error)})"
    left, loading = {}, max(pace.first for pace in paces.values())  # what one process has loaded, the next finds there
    for job in waiting:
        whole, share = paces[estimate.kind_of(job.regime)].whole(job.regime), batch.share_left(job)
        left[job.label] = share * whole + loading + machine.job
    total = estimate.makespan(sorted(left.values(), reverse=True), at_once) + machine.page(len(jobs))
    return left, f"estimate: about {estimate.in_words(total)} (timed just now, with the machine as busy as it is)"


def _summarize(folder: Path, out: Path, outcomes: Sequence[batch.Outcome]) -> list[dict[str, Any]]:
    """Table and page of the runs in one folder; its rows, with the student's name where it is one of several."""
    members = [outcome for outcome in outcomes if Path(outcome.job.folder).parent == folder.resolve()]
    rows = summary.summary_rows(folder, members)
    summary.write_summary(folder, rows)
    if any("updates" in row for row in rows):
        print(f"page: {write_report(folder)}")
    return rows if folder == out else [{"student": folder.relative_to(out).as_posix(), **row} for row in rows]


def _run_with_progress(jobs: Sequence[batch.Job], at_once: int) -> list[batch.Outcome]:
    """Runs the jobs under live progress; on Ctrl-C the running ones are saved, the others not begun."""
    outcomes: list[batch.Outcome] = []
    with Progress(jobs) as progress, batch.local_executor(at_once) as executor:
        try:
            for outcome in batch.run(jobs, executor):
                outcomes.append(outcome)
                progress.ended(outcome)
                progress.say(_outcome_line(outcome))
        except KeyboardInterrupt:
            with suppress(OSError):  # the terminal may be gone
                progress.say("interrupted: saving what runs; the same command goes on later")
            interrupt()
            known = {outcome.job.label for outcome in outcomes}
            reason = "run the same command again to go on"
            outcomes += [batch.Outcome(job, "interrupted", reason) for job in jobs if job.label not in known]
    return outcomes


def _outcome_line(outcome: batch.Outcome) -> str:
    name = outcome.job.label
    if outcome.skipped:
        return f"{name}: {outcome.status} earlier with the same settings and cells, skipped"
    return f"{name}: {outcome.status}" + (f": {outcome.reason}" if outcome.reason else "")


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Rows as text in aligned columns."""
    cells = [list(columns), *([str(row.get(column, "")) for column in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )
