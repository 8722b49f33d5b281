"""The command that trains what made the pictures of the question `pictures`, draws them and says what they show.

``python -m rnnkit.assignments.training_dynamics.key.pictures RECORDS [FIGURES]`` trains what has no record in the
folder RECORDS yet, a few minutes on one core, and draws into FIGURES, by default those of the notebooks; words and
numbers of the question's pictures go into the notebook beside that folder, those of the quiz into ``quiz.json`` there.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import torch

from rnnkit.assignments.training_dynamics.key.letters import MADE
from rnnkit.assignments.training_dynamics.key.mistakes import train
from rnnkit.assignments.training_dynamics.questions import DIAGNOSTICS
from rnnkit.common.places import PACKAGE
from rnnkit.common.whole import save_text
from rnnkit.plots.figures import NUMBERS
from rnnkit.plots.glance import glance
from rnnkit.plots.naming import Table
from rnnkit.plots.quiz import TOLD
from rnnkit.plots.words import told
from rnnkit.record.facts import Record
from rnnkit.record.file import load, save

FIGURES = PACKAGE.parent / "notebooks" / "training_dynamics" / "figures"
RIGHT = "right"
QUIZ = ("zeros", "clipped", "uphill", "inputs")  # of the ungraded quiz, in order
DPI = 80
PLACES = 12  # of a curve, in its table


def record_of(name: str, folder: Path) -> Record:
    """The record of a mistake's training, which is made where the folder has none."""
    path = folder / f"{name}.npz"
    if not path.is_file():
        save(path, train(name))
    return load(path)


def draw(records: Path, figures: Path) -> None:
    """Trains what is not trained yet, draws all pictures, and writes what they show into the notebook."""
    torch.set_num_threads(1)
    records.mkdir(parents=True, exist_ok=True)
    standard = record_of(RIGHT, records)
    wrong = {f"picture_{number}": made.mistake for number, made in MADE.items()}
    wrong |= {f"quiz_{number}": mistake for number, mistake in enumerate(QUIZ, 1)}
    notebook, asked = figures.parent / DIAGNOSTICS, {}
    for name, mistake in {"picture_right": RIGHT, **wrong}.items():
        record, beside = record_of(mistake, records), standard if name in wrong else None
        called = name.replace("_", " ") if beside else "the right run"
        figure = glance(record, beside, called, "the right run")
        figure.savefig(figures / f"{name}.png", dpi=DPI, metadata={"Software": None})
        if name.startswith("quiz"):
            asked[name] = told(figure, PLACES)
        elif notebook.is_file():
            save_text(notebook, described(notebook.read_text(encoding="utf-8"), name, *told(figure, PLACES)))
        print(f"{name}.png", flush=True)
    save_text(figures / TOLD, json.dumps(asked, ensure_ascii=False) + "\n")


def described(notebook: str, name: str, said: str, tables: list[Table]) -> str:
    """A notebook whose picture of this name, if it has one, has these words and numbers."""
    content = json.loads(notebook)
    image, fold = rf"!\[[^\]]*\]\(figures/{name}\.png\)", r"(\n\n<details>[\s\S]*?</details>)?"
    for cell in content["cells"]:
        source = re.sub(image + fold, lambda _: in_markdown(name, said, tables), "".join(cell["source"]))
        cell["source"] = source.splitlines(keepends=True)
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def in_markdown(name: str, said: str, tables: list[Table]) -> str:
    """A picture with its words, and below it, folded, its numbers."""
    parts = []
    for one in tables:
        lines = [one.columns, ["---"] * len(one.columns), *one.rows]
        parts.append("\n".join([f"{one.caption}:", "", *(f"| {' | '.join(line)} |" for line in lines)]))
    folded = "\n\n".join([f"<details><summary>{NUMBERS}</summary>", *parts, "</details>"])
    return f"![{said}](figures/{name}.png)\n\n{folded}"


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else FIGURES)
