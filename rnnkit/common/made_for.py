"""The version of the kit that a notebook was given out with, and what is said where another one is installed."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

import rnnkit
from rnnkit.common.looking import in_notebook, running_shell, someone_looks

KEY = "rnnkit"  # in the metadata of a released notebook


def stamp(notebook: dict[str, Any]) -> None:
    """Puts the kit's version into a notebook's metadata."""
    notebook["metadata"][KEY] = {"version": rnnkit.__version__}


@functools.cache  # one line for each kernel
def tell() -> None:
    """Says in one line that this notebook was given out with another version of the kit; nothing where it was not.

    A kernel does not know its notebook, so the servers' word is taken: Jupyter's of when the kernel started, or VS
    Code's. Where neither says anything, nor does this.
    """
    if not (in_notebook() and someone_looks()):
        return
    path = Path(running_shell().user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or "")
    made_for = _version_in(path)
    if made_for not in ("", rnnkit.__version__):
        print(
            f"{path.name} was given out with rnnkit {made_for}, and {rnnkit.__version__} is installed: texts, checks "
            "and numbers may not fit. Install the wheel that came with it, or get the notebooks of the installed one."
        )


def _version_in(path: Path) -> str:
    """The version in a saved notebook; empty where there is none."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["metadata"][KEY]["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
