"""Assignments, a folder for each: questions with their cases and inputs, settings, figures, and the key."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from rnnkit.common import made_for
from rnnkit.common.names import BadValue, unknown

if TYPE_CHECKING:
    from rnnkit.checks.assignment import Assignment

MAIN = "training_dynamics"  # what is meant where no assignment is named

made_for.tell()  # a notebook's first cell imports this, or `rnnkit.notebook`


def names() -> list[str]:
    """The assignments that are plugged in, the main one first."""
    plugged = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    return sorted(plugged, key=lambda name: (name != MAIN, name))


def get_assignment(name: str = MAIN) -> Assignment:
    """The assignment of this name.

    Raises:
        BadValue: there is none.
    """
    if name not in names():
        raise BadValue(unknown(name, names(), "assignment"))
    return importlib.import_module(f"{__name__}.{name}").ASSIGNMENT
