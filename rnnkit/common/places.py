"""Where the package is, and the clone around it."""

from __future__ import annotations

import re
from pathlib import Path

import rnnkit
from rnnkit.common.names import BadValue

PACKAGE = Path(rnnkit.__file__).resolve().parent  # of a clone, its parent is the clone


class SetupError(BadValue):
    """What was expected, what came and what to do, with the exit status it calls for."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def in_a_clone() -> bool:
    """Whether this is a clone's package, known by the pyproject.toml beside it, and not an installed one."""
    return (PACKAGE.parent / "pyproject.toml").is_file()


def clone_root() -> Path:
    """The folder of the clone: the parent of the package folder."""
    root = PACKAGE.parent
    if not in_a_clone():
        raise SetupError(
            f"expected a clone of rnnkit, with its pyproject.toml, at {root}; there is none. "
            "This command is for a clone: run it in one, with that clone's own .venv.",
            status=2,
        )
    return root


def pinned_torch(root: Path) -> str:
    """The torch version that constraints.txt names."""
    pin = re.search(r"^torch==([^\s;+]+)", (root / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    if not pin:
        raise SetupError(
            "expected a line torch==VERSION in constraints.txt, found none; run `git checkout constraints.txt`."
        )
    return pin.group(1)
