"""``rnnkit run`` and ``rnnkit report``: batches from the command line."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.cli import guard
from rnnkit.cli.guard import Parser
from rnnkit.cli.report import write_report
from rnnkit.common import variant
from rnnkit.common.names import BadValue, unknown
from rnnkit.common.text import aligned
from rnnkit.hand_in.here import assignment_of
from rnnkit.runs import classes, tables
from rnnkit.runs.estimate import estimate
from rnnkit.runs.experiment import Experiment
from rnnkit.runs.given import parse_overrides
from rnnkit.runs.jobs import BAD, Job, Outcome, experiment_in, plan
from rnnkit.runs.modelfile import DEFAULT_FILE, announce, find_cells, unread_cells
from rnnkit.runs.progress import watch


def make_parser(verb: str, experiment: Experiment) -> Parser:
    """The flags of ``rnnkit run`` (and of ``rnnkit report``, which has fewer), for an assignment's experiment."""
    parser = Parser(prog=f"rnnkit {verb}", allow_abbrev=False)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="runs at a time")
    parser.add_argument("--out", metavar="DIR", help="where the results go (default: runs/PROFILE-SETTINGS)")
    model = "a model.py, several, a folder of them, or builtin (default: ./model.py, else builtin)"
    cells = model if get_assignment(experiment.assignment).model else "not used here"
    parser.add_argument("--cells", action="append", default=[], metavar="PATH", help=cells)
    executed = f"the notebook to execute (default: {experiment.notebook} nearby)"
    parser.add_argument("--notebook", metavar="PATH", help=executed if experiment.notebook else "not used here")
    which = f"{', '.join(names())} (default: the one of the folder you are in; now {experiment.assignment})"
    if verb == "report":
        said = f"make the page of DIR again, without training; {which}"
        parser.add_argument("words", nargs="*", metavar="[ASSIGNMENT] [DIR]", help=said)
        smaller = "smoke" if "smoke" in experiment.profiles else "full"
        parser.set_defaults(profile=smaller, limit=0.0, set=[], student=None)
        return parser
    due = ", ".join(experiment.due) or "all of them"
    said = f"{', '.join(experiment.runs)} (default: {due}); or an assignment, {which}, and its own"
    parser.add_argument("words", nargs="*", metavar="RUN", help=said)
    profiles = f"{', '.join(experiment.profiles)} (default: full)"
    parser.add_argument("--profile", default="full", metavar="P", help=profiles)
    longer = "end runs that take longer; they are saved"
    parser.add_argument("--limit", type=_minutes, default=0.0, metavar="MINUTES", help=longer)
    own = f"your id, once, where {variant.VARIANTS} was given out: it decides settings of your runs"
    parser.add_argument("--student", metavar="ID", help=own)
    other = "another value for a setting of the runs"
    parser.add_argument("--set", action="append", default=[], metavar="FLAG=VALUE", help=other)
    return parser


def _experiment_in(words: Sequence[str]) -> tuple[Experiment, list[str]]:
    """As `experiment_in`; where no assignment is named, the one is meant whose folder this is."""
    named = bool(words) and words[0] in names()
    return experiment_in(words if named else [assignment_of(Path()).name, *words])


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"expected a positive number of minutes, got {text!r}")
    return minutes


def run(argv: Sequence[str]) -> int:
    """``rnnkit run``: 0 when every run came to its end, 1 when one did not, 2 for a bad value, 130 for Ctrl-C."""
    return _run(_parse("run", argv))


def report(argv: Sequence[str]) -> int:
    """``rnnkit report [DIR]``: the page of a folder of runs; without one, those of the report at smoke size first."""
    arguments = _parse("report", argv)
    experiment, folders = _experiment_in(arguments.words)
    if len(folders) > 1:
        raise BadValue(f"expected one folder, got {', '.join(folders)}")
    if folders:
        print(f"page: {write_report(folders[0], experiment)}")
        if names := classes.students(Path(folders[0])):
            without = [one for one in names if not tables.read_runs(Path(folders[0], one), experiment)[0]]
            missing = dict.fromkeys(without, "no record")
        else:
            missing = tables.read_runs(folders[0], experiment)[1]
        for name, reason in missing.items():
            print(f"not in it: {name}: {reason}", file=sys.stderr)
        return 1 if missing else 0
    arguments.words = [experiment.assignment, *(experiment.on_page or experiment.due or experiment.runs)]
    return _run(arguments)


def _parse(verb: str, argv: Sequence[str]) -> argparse.Namespace:
    parser = make_parser(verb, _experiment_in(argv)[0])
    arguments, rest = parser.parse_known_args(argv)
    if arguments.cells:  # a shell makes several words of --cells *.py
        arguments.cells += [word for word in (*arguments.words, *rest) if word.endswith(".py")]
        arguments.words, rest = ([one for one in words if not one.endswith(".py")] for words in (arguments.words, rest))
    if rest:
        flags = [flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")]
        raise BadValue(unknown(rest[0].split("=")[0], flags, "flag"))
    if arguments.jobs < 1:
        raise BadValue(f"--jobs: expected at least 1, got {arguments.jobs}")
    return arguments


def _run(arguments: argparse.Namespace) -> int:
    torch.set_num_threads(1)  # as in the runs that are estimated
    if arguments.student is not None:
        variant.claim(Path(), arguments.student)
    with variant.working_in(Path()):
        return _run_here(arguments)


def _run_here(arguments: argparse.Namespace) -> int:
    experiment, keys = _experiment_in(arguments.words)
    others = [experiment.assignment] if experiment.assignment != MAIN else []
    out = Path(arguments.out or Path("runs") / "-".join([*others, arguments.profile, *arguments.set]))
    groups = _plan(arguments, experiment, keys or experiment.due or [*experiment.runs], out)
    jobs = [job for group in groups.values() for job in group]
    for job in jobs:
        job.files.make_folder()
    print(f"runs: {len(jobs)}, {arguments.jobs} at a time, profile {arguments.profile}, into {out}", flush=True)
    left, said = estimate(jobs, arguments.jobs, time.process_time() - guard.began)
    print(said, flush=True)
    for folder, group in groups.items():
        tables.write_commands(folder, group)
    jobs.sort(key=lambda job: -left.get(job.label, 0.0))  # the longest first: none is left to run alone at the end
    without: list[str] = []
    if list(groups) != [out]:
        without = classes.without_files([*map(Path, arguments.cells)])
        files = {folder.relative_to(out).as_posix(): Path(group[0].cells) for folder, group in groups.items()}
        classes.note(out, files, without)
    outcomes = watch(jobs, ThreadPoolExecutor(arguments.jobs))
    rows = [row for folder in groups for row in _summarize(folder, out, experiment, outcomes)]
    rows += [{"student": student, "status": "failed", "reason": f"no {DEFAULT_FILE}"} for student in without]
    shown = experiment.shown or tuple(dict.fromkeys(column for row in rows for column in row if column != "reason"))
    if list(groups) != [out]:
        tables.save_rows(out / tables.SUMMARY, rows)
        print(f"page: {write_report(out, experiment)}")
        shown = tuple(dict.fromkeys(["student", *shown]))
    print(table(rows, shown))
    for outcome in (one for one in outcomes if one.reason):
        print(f"{outcome.job.label}: {outcome.status}: {outcome.reason}")
    print(f"records, logs and executed notebooks in {out}, with {tables.SUMMARY} and {tables.COMMANDS}")
    for student in without:
        print(f"{student}: failed: no {DEFAULT_FILE}")
    bad = {outcome.status for outcome in outcomes} & {*BAD} | ({"failed"} if without else set())
    return 130 if "interrupted" in bad else 1 if bad else 0


def _plan(
    arguments: argparse.Namespace, experiment: Experiment, keys: Sequence[str], out: Path
) -> dict[Path, list[Job]]:
    """The jobs by the folder that their runs share: one folder, or one for each student."""
    settings = {name: getattr(arguments, name) for name in ("profile", "notebook", "limit")}
    settings["overrides"] = parse_overrides(arguments.set, experiment)
    paths = [*map(Path, arguments.cells)]
    if len(paths) > 1 or any(path.is_dir() for path in paths):
        files = classes.files_of(paths)
        print(f"cells of {len(files)} people; their code runs with your rights")
        return {
            out / student: plan(keys, out / student, experiment, cells=unread_cells(file), student=student, **settings)
            for student, file in files.items()
        }
    cells = find_cells(paths[0] if paths else None)
    jobs = plan(keys, out, experiment, cells=cells, **settings)
    announce(cells)
    for job in jobs:
        experiment.refuse(job.settings, cells)
    if cells.told:
        print(cells.told)
    return {out: jobs}


def _summarize(folder: Path, out: Path, experiment: Experiment, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Table and page of the runs in one folder; its rows, with the student's name where it is one of several."""
    members = [outcome for outcome in outcomes if Path(outcome.job.folder).parent == folder.resolve()]
    rows = tables.summary_rows(folder, experiment, members)
    tables.save_rows(folder / tables.SUMMARY, rows)
    if any("updates" in row for row in rows):
        print(f"page: {write_report(folder, experiment)}")
    return rows if folder == out else [{"student": folder.relative_to(out).as_posix(), **row} for row in rows]


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Rows as text in aligned columns."""
    return aligned([columns, *([str(row.get(column, "")) for column in columns] for row in rows)])
