"""``rnnkit lab``: JupyterLab on the notebooks. Who has no clone gets the students' ones where they stand."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.cli.guard import Parser
from rnnkit.common.names import BadValue
from rnnkit.common.places import PACKAGE, in_a_clone
from rnnkit.common.processes import in_front

GIVEN = PACKAGE / "given"  # the students' files, a folder for each assignment: in the student's wheel only


def main(argv: Sequence[str]) -> int:
    """``rnnkit lab``: JupyterLab's own exit status, or 2 where there is nothing to open."""
    words = "Every further ARGUMENT goes to `jupyter lab`, whose own --help says more."
    parser = Parser(usage="rnnkit lab [ASSIGNMENT] [ARGUMENT ...]", description=words, allow_abbrev=False)
    extra = parser.parse_known_args(argv)[1]
    name = extra.pop(0) if extra and extra[0] in names() else ""
    folder, opened = _in_a_clone(name) if in_a_clone() else _here(name or MAIN)
    tree = "/".join(["/lab/tree", *opened.parts])
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # for Lab's terminals
    return in_front(
        [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url={tree}", *extra], folder, {"PATH": programs}
    )


def _in_a_clone(name: str) -> tuple[Path, Path]:
    """The clone, where Formgrader finds the course, and in it the students' copies or else the sources."""
    root = PACKAGE.parent
    for folder in ("release", "notebooks"):
        if (root / folder / name).is_dir():
            return root, Path(folder, name)
    raise BadValue(f"expected a folder release or notebooks in {root}, found neither; run this in a clone.")


def _here(name: str) -> tuple[Path, Path]:
    """This folder, and in it the notebooks: those that are here, else the kit's own in a folder of their name."""
    here = Path.cwd()
    if any((here / notebook).exists() for one in names() for notebook in get_assignment(one).notebooks):
        return here, Path()
    made = lay_out(name, here / name)
    print(f"{name}: {made} files laid out" if made else f"{name}: here already, nothing in it is changed", flush=True)
    return here, Path(name)


def lay_out(name: str, folder: Path) -> int:
    """Writes an assignment's files for students into a folder, but for those that are there.

    Arguments:
        name: the assignment's.
        folder: made where it is missing.

    Returns:
        How many files were written.

    Raises:
        BadValue: this copy of the kit does not carry them.
    """
    carried = [path for path in (GIVEN / name).rglob("*") if path.is_file()]
    if not carried:
        raise BadValue(f"expected the notebooks of {name} in this copy of rnnkit or here, found none in either")
    made = 0
    for path in carried:
        target = folder / path.relative_to(GIVEN / name)
        if not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            made += 1
    return made
