"""What stands on the site: written pages, one for each assignment, each verb's own help, the library's docstrings."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from pathlib import Path
from typing import Any

from rnnkit.assignments import get_assignment, names
from rnnkit.checks.assignment import Assignment
from rnnkit.cli.verbs import VERBS, usage
from rnnkit.clone.site.commands import with_marks
from rnnkit.clone.site.include import Includes, sections
from rnnkit.clone.site.pictures import picture_of
from rnnkit.common.places import PACKAGE

WRITTEN = Path(__file__).with_name("pages")
ROLES = ("student", "assistant", "instructor")
TOY = "tests/assignments/toy/README.md"
LIBRARY = {  # a page of the API -> its modules; of a package those that lie in it
    "The contract: cells, starts, heads": "cells inits heads",
    "Tasks": "tasks",
    "A pass through time": "engines.base engines.autograd engines.bptt",
    "Diagnostics": "diagnostics omega",
    "Training": "regimes optim trainer",
    "Records": "record.file record.keys record.facts",
    "Figures": "plots.diagnostics plots.training plots.compare plots.page",
    "In notebooks": "notebook.calls notebook.foretell",
    "The two sockets": "checks.assignment checks.question checks.case checks.inputs checks.outcome runs.experiment",
    "Grading one submission": "grading.single.single",
}


def assignment_page(name: str) -> str:
    """Where the page of an assignment stands."""
    return f"assignments/{name}.md"


def write(root: Path, folder: Path) -> list[Any]:
    """Writes all pages as Markdown, with their pictures.

    Arguments:
        root: the clone.
        folder: is made.

    Returns:
        Titles and pages in their order, as mkdocs takes its ``nav``.
    """
    shutil.copytree(WRITTEN, folder)
    shown = {f"notebooks/{name}/README.md": assignment_page(name) for name in names()}
    shown |= {"README.md": "index.md", TOY: "add.md"}

    def picture(place: str) -> str:
        target = f"pictures/{place.replace('/', '_')}"
        (folder / target).parent.mkdir(exist_ok=True)
        shutil.copyfile(root / place, folder / target)
        return target

    includes = Includes(root, shown, picture)
    texts = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.md")}
    texts |= {assignment_page(name): _assignment(get_assignment(name)) for name in names()}
    texts |= {"commands.md": _commands()} | {_library_page(title): _library(title) for title in LIBRARY}
    texts["further.md"] = _further(root, "".join(texts.values()))
    for place, text in texts.items():
        target = folder / place
        target.parent.mkdir(exist_ok=True)
        expanded = includes.expanded(text, place)
        if place.startswith("assignments/") and "![" not in expanded:
            expanded += _pictured(root, target.stem, folder)
        target.write_text(with_marks(expanded), encoding="utf-8")
    return [
        {"Home": "index.md"},
        {"Who you are": [f"{role}.md" for role in ROLES]},
        {"Assignments": [*map(assignment_page, names()), "add.md"]},
        {"Grading": ["grading.md", "threats.md"]},
        {"Commands": "commands.md"},
        {"Further": "further.md"},
        {"Library": [*map(_library_page, LIBRARY)]},
    ]


def _assignment(assignment: Assignment) -> str:
    """The student's README, the assignment in short where there is such a page, and what each question counts."""
    folder = f"notebooks/{assignment.name}"
    parts = [f"{{{{ {folder}/README.md }}}}"]
    if (WRITTEN.parents[3] / folder / "HANDOUT.md").is_file():
        parts.append(f"## {{{{ {folder}/HANDOUT.md }}}}")
    rows = [
        f"| `{one.id}` | `{one.notebook.removesuffix('.ipynb')}` | {one.points}{', extra credit' * one.extra} |"
        f" {one.minutes} |"
        for one in assignment.questions.values()
    ]
    head = ["## Questions that are checked", "", "| question | notebook | points | minutes |", "|---|---|---|---|"]
    after = "Answers in words are marked by a person, beside these: the notebook says their points."
    return "\n\n".join([*parts, "\n".join([*head, *rows]), after]) + "\n"


def _further(root: Path, elsewhere: str) -> str:
    """The sections of the README that no other page includes."""
    titles = [title for title in sections((root / "README.md").read_text("utf-8")) if title]
    left = [title for title in titles if f"README.md > {title} }}}}" not in elsewhere]
    return "\n\n".join(["# Further", *(f"## {{{{ README.md > {title} }}}}" for title in left)]) + "\n"


def _pictured(root: Path, name: str, folder: Path) -> str:
    """What stands below the page of an assignment whose own words show no picture."""
    target = folder / "pictures" / f"{name}.png"
    target.parent.mkdir(exist_ok=True)
    words = picture_of(name, root / "notebooks" / name, target)
    return f"\n## A picture of its runs\n\n![{words}](../pictures/{target.name})\n\n{words}.\n" if words else ""


def _commands() -> str:
    """What each verb says of itself, in the words of its ``--help``."""
    parts = ["# Commands", f"```text\n{usage()}\n```"]
    for name, verb in VERBS.items():
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            verb.load()(["--help"])
        parts.append(f"## rnnkit {name}\n\n```text\n{said.getvalue().strip()}\n```")
    return "\n\n".join(parts) + "\n"


def _library_page(title: str) -> str:
    return f"library/{re.sub('[^a-z]+', '_', title.lower())}.md"


def _library(title: str) -> str:
    """Each module of a page, as its docstrings say."""
    modules = [module for name in LIBRARY[title].split() for module in _modules(f"rnnkit.{name}")]
    return "\n\n".join([f"# {title}", *(f"::: {module}" for module in modules)]) + "\n"


def _modules(name: str) -> list[str]:
    """A module, or all that lie in a package."""
    folder = PACKAGE.parent.joinpath(*name.split("."))
    inside = (path.stem for path in sorted(folder.glob("*.py")) if path.stem != "__init__")
    return [f"{name}.{one}" for one in inside] if folder.is_dir() else [name]
