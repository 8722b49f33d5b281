"""The document's two programs that draw: figures of ``results.json``, and an animation of both arms."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from rnnkit.assignments.orthogonal_init.figures import History, ortho_vs_random, summary_table, task_examples
from rnnkit.assignments.orthogonal_init.parting import Parting
from rnnkit.assignments.orthogonal_init.results import history_of
from rnnkit.assignments.orthogonal_init.script import RESULTS, train_all
from rnnkit.assignments.orthogonal_init.settings import ARMS, Arm
from rnnkit.assignments.orthogonal_init.spectra import (
    jacobians,
    pair_of,
    reaches,
    reaches_in_words,
    spectra_in_words,
    spectrum_W_hh,
)
from rnnkit.assignments.orthogonal_init.tasks import get_task
from rnnkit.common.names import BadValue
from rnnkit.common.whole import save_bytes
from rnnkit.plots.moving import gif_of
from rnnkit.plots.page_parts import in_few_colours
from rnnkit.runs.progress import counted

AGAIN = "python3 rnn_pathological.py --all --seed 0"


def visualize(argv: Sequence[str] | None = None) -> int:
    """Draws the figures of ``results.json``; 2 where there is none, 1 where the arms of the spectrum do not train."""
    parser = argparse.ArgumentParser(description=visualize.__doc__, allow_abbrev=False)
    parser.add_argument("--results", type=Path, default=Path(RESULTS), metavar="PATH")
    parser.add_argument("--outdir", type=Path, default=Path("viz"), metavar="DIR")
    flags = parser.parse_args(argv)
    try:
        histories = read_results(flags.results)
    except BadValue as error:
        print(error, file=sys.stderr)
        return 2
    flags.outdir.mkdir(parents=True, exist_ok=True)

    def save(name: str, figure: Figure) -> None:
        print(f"figure: {save_bytes(flags.outdir / f'{name}.png', in_few_colours(figure, figure.dpi))}", flush=True)

    save("ortho_vs_random", ortho_vs_random(histories))
    save("summary_table", summary_table(histories))
    save("task_examples", task_examples())
    reached = reaches()
    save("jacobian_norms", jacobians(reached))
    print(reaches_in_words(reached))
    print(f"{flags.results} holds no weights: addition trains again, with both inits, for its spectra", flush=True)
    usual = histories[0] | {"task": "addition", "sequence_len": get_task("addition").T}
    addition = next((one for one in histories if one["task"] == "addition"), usual)
    arms = [arm_of(addition | {"init": init}) for init in ARMS]
    trained = train_all(arms)
    if len(trained) < len(arms):
        return 1
    pairs = {arm.init: pair_of(arm, record) for arm, record in trained}
    save("spectrum_W_hh", spectrum_W_hh(pairs))
    print(spectra_in_words(pairs))
    return 0


def read_results(path: Path) -> list[dict[str, Any]]:
    """The histories of ``results.json``, with the precision that they were trained with.

    Raises:
        BadValue: it is not there, or is another file.
    """
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        histories = [*results["histories"].values()]
        precision = {"dtype": results["config"].get("dtype", "float64")}
        for one in histories:
            arm_of(one | precision)
            _ = [len(one[name]) for name in ("epoch", "loss", "metric")], one["solved_epoch"]
    except FileNotFoundError:
        raise BadValue(f"{path} is not there; make it with: {AGAIN}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadValue(f"{path} cannot be read ({error!r}); make it again with: {AGAIN}") from None
    if not histories:
        raise BadValue(f"{path} holds no run; make it again with: {AGAIN}")
    return [one | precision for one in histories]


def arm_of(history: History) -> Arm:
    """The settings of a history, as far as it tells them."""
    names = {
        "T": "sequence_len", "H": "n_hidden", "epochs": "n_epochs", "batches": "batches_per_epoch",
        "batch": "batch_size", "lr": "lr", "momentum": "momentum", "clip": "clip", "seed": "seed", "dtype": "dtype",
    }  # fmt: skip
    task, init = history["task"], history["init"]
    return Arm(f"{task}_{init}", task, init, **{ours: history[name] for ours, name in names.items()})


def animate(argv: Sequence[str] | None = None) -> int:
    """Trains 3-bit memorization at T = 60 with both inits, and draws how they part; 1 where one does not train."""
    parser = argparse.ArgumentParser(description=animate.__doc__, allow_abbrev=False)
    parser.add_argument("--snapshot-every", type=_count, default=2, metavar="EPOCHS", help="a picture for each so many")
    parser.add_argument("--fps", type=_count, default=10, help="pictures a second")
    parser.add_argument(
        "--hold-final",
        type=partial(_count, least=0),
        default=12,
        metavar="PICTURES",
        help="for which the last one stays",
    )
    parser.add_argument("--max-frame-side", type=_count, default=900, metavar="PIXELS")
    parser.add_argument("--out", type=Path, default=Path("rnn_pathological.gif"), metavar="PATH")
    parser.add_argument("--n-epochs", type=_count, default=80)
    parser.add_argument("--batches-per-epoch", type=_count, default=30)
    parser.add_argument("--seed", type=partial(_count, least=0), default=0)
    flags = parser.parse_args(argv)
    task = "3bit_memorization"
    size: dict[str, Any] = {"epochs": flags.n_epochs, "batches": flags.batches_per_epoch, "seed": flags.seed}
    arms = [Arm(f"{task}_{init}", task, init, **size) for init in ARMS]
    print(f"{task} trains with both inits: {flags.n_epochs} epochs of {flags.batches_per_epoch} batches", flush=True)
    trained = train_all(arms)
    if len(trained) < len(arms):
        return 1
    parting = Parting([history_of(*one) for one in trained], flags.max_frame_side)
    epochs = parting.epochs(flags.snapshot_every)
    pictures = [parting.at(epoch) for epoch in counted(epochs, "drawing", "picture")]
    made = save_bytes(flags.out, gif_of(pictures, flags.fps, flags.hold_final))
    held = f"{len(epochs)} pictures, the last for {flags.hold_final} more"
    print(f"animation: {made}, {made.stat().st_size / 1000:.0f} KB, {held}")
    return 0


def _count(text: str, least: int = 1) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least}, got {text!r}")
    return int(text)
