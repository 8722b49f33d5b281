"""What ``rnnkit bench orthogonal_init`` times: the headline's epochs by a plain loop, and as batches of arms."""

from __future__ import annotations

from functools import partial

import numpy as np
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
TITLE = (
    f"an epoch of both arms of one seed, {ARM.batches} updates (B {ARM.batch}, H {ARM.H}); x10: ten seeds at once; "
    "gemm: their products as one"
)
PRODUCTS = {"float64": "dgemm", "float32": "sgemm"}
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
        ways[PRODUCTS[dtype]] = partial(one_product, task, dtype)
    return ways


def side(dtype: str, seeds: int) -> str:
    """How a batch of arms is called in the table."""
    return f"{dtype} x{seeds}"


def by_plain_loop(task: str) -> None:
    """The first epoch of both arms."""
    for init in INITS:
        plain_loop.train(task, init, 0, 1, ARM.batches)


def one_product(task: str, dtype: str) -> None:
    """The least that a gradient by products can cost: as many multiplications as with W_hh there and back in an epoch.

    Each step of each arm has three products of B H^2: the states', the derivatives', and the gradient's.
    """
    n = round((3 * len(INITS) * ARM.batches * plain_loop.T[task] * ARM.batch * ARM.H**2) ** (1 / 3))
    square = np.full((n, n), 0.5, dtype)
    np.matmul(square, square)


def of_one_seed(spec: TaskSpec, work: Work, clock: Clock) -> Measurement:
    """One call, its seconds shared among the seeds."""
    seeds = {side(dtype, seeds): seeds for dtype in DTYPES for seeds in SEEDS}
    begun = clock()
    work()
    return Measurement(number_per_run=seeds.get(spec.description or "", 1), raw_times=[clock() - begun], task_spec=spec)
