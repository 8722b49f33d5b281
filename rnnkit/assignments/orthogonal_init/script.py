"""The document's trainer, with its flags: ``python3 rnn_pathological.py --all --seed 0``."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT, train
from rnnkit.assignments.orthogonal_init.results import Trained, document, table
from rnnkit.assignments.orthogonal_init.settings import ARMS, DTYPES, Arm
from rnnkit.assignments.orthogonal_init.tasks import HEADLINE, MAIN, get_task
from rnnkit.common.names import BadValue
from rnnkit.common.whole import save_text
from rnnkit.runs.jobs import BAD, Job
from rnnkit.runs.progress import watch

RESULTS = "results.json"
EPOCHS, BATCHES = (100, 80), (50, 30)  # of one run, and of the table


def make_parser() -> argparse.ArgumentParser:
    """The document's flags and defaults, and ``--dtype``."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--task", choices=MAIN, help="default: addition")
    parser.add_argument("--init", choices=ARMS, help="default: ortho")
    parser.add_argument("--sequence-len", type=int, help="default: 30")
    parser.add_argument("--n-hidden", type=int, default=64)
    parser.add_argument("--n-epochs", type=int, help="default: 100; 80 with --all")
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--batches-per-epoch", type=int, help="default: 50; 30 with --all")
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", choices=DTYPES, default="float64")
    parser.add_argument("--out-json", metavar="PATH", help=f"where the results go (with --all by default: {RESULTS})")
    parser.add_argument("--all", action="store_true", help="three tasks, both inits, at the size of the table")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Trains one arm, or with ``--all`` the six of the table; 1 where one failed, 2 for a bad value, 130 for Ctrl-C."""
    parser = make_parser()
    flags = parser.parse_args(argv)
    alone = {"--task": flags.task, "--init": flags.init, "--sequence-len": flags.sequence_len}
    if flags.all and (given := [name for name, value in alone.items() if value is not None]):
        parser.error(f"--all trains three tasks at their lengths with both inits; leave out {', '.join(given)}")
    try:
        return _train(flags)
    except BadValue as error:
        parser.error(str(error))


def _train(flags: argparse.Namespace) -> int:
    epochs = EPOCHS[flags.all] if flags.n_epochs is None else flags.n_epochs
    batches = BATCHES[flags.all] if flags.batches_per_epoch is None else flags.batches_per_epoch
    common = {
        "H": flags.n_hidden, "epochs": epochs, "batches": batches, "batch": flags.batch_size, "lr": flags.lr,
        "momentum": flags.momentum, "clip": flags.clip, "seed": flags.seed, "dtype": flags.dtype,
    }  # fmt: skip
    begun = perf_counter()
    if flags.all:
        print(f"the table: {epochs} epochs of {batches} batches of {flags.batch_size}, 64 units unless told otherwise")
        pairs = [(task, init) for task in HEADLINE for init in ARMS]
        arms = [Arm(f"{task}_{init}", task, init, T=get_task(task).T, **common) for task, init in pairs]
        trained = train_all(arms)
        if len(trained) < len(arms):
            return 1
    else:
        task, init = flags.task or "addition", flags.init or "ortho"
        T = 30 if flags.sequence_len is None else flags.sequence_len
        if T == 0:  # which an arm takes for the usual one
            raise BadValue("--sequence-len: expected at least 2, got 0")
        arm = Arm(f"{task}_{init}", task, init, T=T, **common)
        with TemporaryDirectory() as folder:

            def echo(line: str) -> None:
                if folder not in line:  # which is gone in a moment
                    print(line)

            trained = [(arm, train(arm, folder, echo=echo))]
    results = document(trained, perf_counter() - begun)
    if flags.all:
        print(table(results["rows"]))
    if path := flags.out_json or (RESULTS if flags.all else None):
        print(f"results: {save_text(Path(path), json.dumps(results))}")
    else:
        print("nothing is kept; --out-json PATH keeps the results")
    return 0


def train_all(arms: Sequence[Arm]) -> Trained:
    """The arms that came to their end, trained by as many processes as there are processors."""
    with TemporaryDirectory() as place:
        jobs = [Job(EXPERIMENT.assignment, arm.name, arm, str(Path(place, arm.name))) for arm in arms]
        jobs.sort(key=lambda job: -job.settings.T)  # the longest first: none is left to run alone at the end
        outcomes = {one.job.label: one for one in watch(jobs, ThreadPoolExecutor(os.cpu_count() or 1))}
        ended = [job for arm in arms for job in jobs if job.label == arm.name and outcomes[arm.name].status not in BAD]
        return [(job.settings, EXPERIMENT.load(job.files.final)) for job in ended]
