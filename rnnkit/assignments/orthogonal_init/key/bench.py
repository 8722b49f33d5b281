"""What ``rnnkit bench orthogonal_init`` times: the headline's epochs by a plain loop, and as batches of arms."""

from __future__ import annotations

from functools import partial

from torch.utils.benchmark import Measurement, TaskSpec

from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT, HEADLINE
from rnnkit.assignments.orthogonal_init.key import plain_loop
from rnnkit.assignments.orthogonal_init.settings import DTYPES, Arm
from rnnkit.assignments.orthogonal_init.training import Training, train_epoch
from rnnkit.bench.bench import Clock, Part
from rnnkit.bench.cases import Work
from rnnkit.runs.modelfile import Cells

ARM = Arm()  # the headline's sizes
INITS = ("ortho", "random")
SEEDS = (1, 10)
TITLE = f"an epoch of both arms of one seed, {ARM.batches} updates (B {ARM.batch}, H {ARM.H}); x10: ten seeds at once"
WHOLE = f"the headline's six arms, {ARM.epochs} epochs, on one core would take"


def parts() -> dict[str, Part]:
    """One table, a line for each task."""
    lines = {f"{task}, T {plain_loop.T[task]}": partial(works, task) for task in HEADLINE}
    return {"headline": Part(TITLE, lines, of_one_seed, dict.fromkeys(lines, ARM.epochs), WHOLE)}


def works(task: str) -> dict[str, Work]:
    """One task's epoch: each arm by itself, and all of some seeds together, after one that does not count."""
    ways: dict[str, Work] = {"plain loop": partial(by_plain_loop, task)}
    for dtype in DTYPES:
        for seeds in SEEDS:
            arms = [Arm(task=task, init=init, seed=s, dtype=dtype) for s in range(seeds) for init in INITS]
            team = [run for run in EXPERIMENT.begin_together(arms, Cells()) if isinstance(run, Training)]
            train_epoch(team)
            ways[side(dtype, seeds)] = partial(train_epoch, team)
    return ways


def side(dtype: str, seeds: int) -> str:
    """How a batch of arms is called in the table."""
    return f"{dtype} x{seeds}"


def by_plain_loop(task: str) -> None:
    """The first epoch of both arms."""
    for init in INITS:
        plain_loop.train(task, init, 0, 1, ARM.batches)


def of_one_seed(spec: TaskSpec, work: Work, clock: Clock) -> Measurement:
    """One call, its seconds shared among the seeds."""
    seeds = {side(dtype, seeds): seeds for dtype in DTYPES for seeds in SEEDS}
    begun = clock()
    work()
    return Measurement(number_per_run=seeds.get(spec.description, 1), raw_times=[clock() - begun], task_spec=spec)
