"""What ``rnnkit bench lookback`` times: an epoch by a plain loop over words, and all steps and sentences at once."""

from __future__ import annotations

from functools import partial

from torch.utils.benchmark import Measurement, TaskSpec

from rnnkit.assignments.lookback.data import splits_of
from rnnkit.assignments.lookback.experiment import EXPERIMENT
from rnnkit.assignments.lookback.key import plain_loop
from rnnkit.assignments.lookback.settings import DTYPES, Net
from rnnkit.assignments.lookback.training import Training, train_epoch
from rnnkit.bench.bench import Clock, Part
from rnnkit.bench.cases import Work
from rnnkit.runs.modelfile import Cells

SENTENCES, LOOKBACK = 1000, 5
NETS = {
    "number, rnn": Net(train=SENTENCES, dev=1, lookback=LOOKBACK),
    "number, gru": Net(model="gru", train=SENTENCES, dev=1, lookback=LOOKBACK),
    "language, rnn": Net(task="language", train=SENTENCES, dev=1, lookback=LOOKBACK),
}
SEEDS = (1, 5)
TITLE = (
    f"an epoch of {SENTENCES} sentences (H {Net.H}, batch {Net.batch}, looks back {LOOKBACK} steps); "
    "x5: five seeds at once, shared among them"
)
WHOLE = "the ten epochs of all of them, on one core, would take"


def parts() -> dict[str, Part]:
    """One table, a line for each network."""
    lines = {name: partial(works, net) for name, net in NETS.items()}
    return {"epoch": Part(TITLE, lines, of_one_seed, dict.fromkeys(lines, Net.epochs), WHOLE)}


def works(net: Net) -> dict[str, Work]:
    """One network's epoch: by the plain loop, alone, and five seeds together, after one that does not count."""
    ways: dict[str, Work] = {"plain loop": partial(by_plain_loop, net)}
    for dtype in DTYPES:
        if dtype != net.dtype:
            ways[f"plain loop, {dtype}"] = partial(by_plain_loop, net.replace(dtype=dtype))
        for seeds in SEEDS:
            nets = [net.replace(seed=seed, dtype=dtype) for seed in range(seeds)]
            team = [run for run in EXPERIMENT.begin_together(nets, Cells()) if isinstance(run, Training)]
            train_epoch(team)
            ways[side(dtype, seeds)] = partial(train_epoch, team)
    return ways


def side(dtype: str, seeds: int) -> str:
    """How a batch of seeds is called in the table."""
    return f"{dtype} x{seeds}"


def by_plain_loop(net: Net) -> None:
    """The first epoch, without a look at dev or at what was learnt."""
    splits = splits_of(net)
    data, words = plain_loop.targets(splits.train.x, splits.train.d), splits.vocabulary.size
    outputs = net.shape(words).outputs
    sizes = net.model, net.seed, net.H, words, outputs
    plain_loop.train(*sizes, data, None, net.lookback, epochs=1, batch=net.batch, dtype=net.dtype)


def of_one_seed(spec: TaskSpec, work: Work, clock: Clock) -> Measurement:
    """One call, its seconds shared among the seeds."""
    begun = clock()
    work()
    seeds = {side(dtype, seeds): seeds for dtype in DTYPES for seeds in SEEDS}.get(spec.description or "", 1)
    return Measurement(number_per_run=seeds, raw_times=[clock() - begun], task_spec=spec)
