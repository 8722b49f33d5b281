"""Whether a notebook runs this, and whether somebody looks at what it shows."""

from __future__ import annotations

import os
import sys
from typing import Any

from rnnkit.common.extras import is_there


def running_shell() -> Any:
    """IPython's shell where one runs this; None elsewhere, without loading IPython."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def in_notebook() -> bool:
    """Whether a kernel runs this."""
    return getattr(running_shell(), "kernel", None) is not None


def session() -> dict[str, Any]:
    """The names that the cells of this session have made; none outside a notebook."""
    shell = running_shell()
    return shell.user_ns if shell else {}


def cells_run() -> list[str]:
    """The sources of the cells that this session has run, in order; none outside a notebook."""
    return [str(source) for source in session().get("In", ())]


def on_colab() -> bool:
    """Whether this is a machine of Google Colab, which brings packages of its own and keeps notebooks elsewhere."""
    return bool(os.environ.get("COLAB_RELEASE_TAG"))


def someone_looks() -> bool:
    """Whether this notebook runs in front of a person."""
    return not (os.environ.get("RNNKIT_PLAIN") or grading())


def widgets_move() -> bool:
    """Whether somebody can move widgets here: in front of this notebook, where ipywidgets is installed."""
    return someone_looks() and is_there("ipywidgets")


def grading() -> bool:
    """Whether nbgrader is executing this notebook."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


def view_of(widget: Any, text: str) -> dict[str, Any]:
    """What a notebook is sent of a widget, and its text where there are none; by ipywidgets of any version."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return {"application/vnd.jupyter.widget-view+json": view, "text/plain": text}
