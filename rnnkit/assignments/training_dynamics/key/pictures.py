"""The command that trains what made the pictures of the question `pictures`, and draws them.

``python -m rnnkit.assignments.training_dynamics.key.pictures RECORDS [FIGURES]`` trains what has no record in the
folder RECORDS yet, a few minutes on one core, and draws into FIGURES, by default those of the notebooks.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from rnnkit.assignments.training_dynamics.key.letters import MADE
from rnnkit.assignments.training_dynamics.key.mistakes import train
from rnnkit.common.places import PACKAGE
from rnnkit.plots.glance import glance
from rnnkit.record.facts import Record
from rnnkit.record.file import load, save

FIGURES = PACKAGE.parent / "notebooks" / "training_dynamics" / "figures"
RIGHT = "right"
QUIZ = ("zeros", "clipped", "uphill", "inputs")  # of the ungraded quiz, in order
DPI = 80


def record_of(name: str, folder: Path) -> Record:
    """The record of a mistake's training, which is made where the folder has none."""
    path = folder / f"{name}.npz"
    if not path.is_file():
        save(path, train(name))
    return load(path)


def draw(records: Path, figures: Path) -> None:
    """Trains what is not trained yet and draws all pictures."""
    torch.set_num_threads(1)
    records.mkdir(parents=True, exist_ok=True)
    standard = record_of(RIGHT, records)
    wrong = {f"picture_{number}": made.mistake for number, made in MADE.items()}
    wrong |= {f"quiz_{number}": mistake for number, mistake in enumerate(QUIZ, 1)}
    for name, mistake in {"picture_right": RIGHT, **wrong}.items():
        record, beside = record_of(mistake, records), standard if name in wrong else None
        called = name.replace("_", " ") if beside else "the right run"
        figure = glance(record, beside, called, "the right run")
        figure.savefig(figures / f"{name}.png", dpi=DPI, metadata={"Software": None})
        print(f"{name}.png", flush=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else FIGURES)
