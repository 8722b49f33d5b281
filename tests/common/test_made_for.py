"""A notebook says on opening that it was given out with another version of the kit."""

from __future__ import annotations

import json

import nbformat
import pytest
from course import ROOT
from kernels import executed

import rnnkit

FIRST = {
    "1_cells": "from rnnkit.assignments.training_dynamics import check",
    "4_report": "from rnnkit.notebook import show",
}


def opened(folder, name, version, **env):
    """What a kernel prints on the first two cells of a notebook that says it is of a version, if of any."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(FIRST[name], id=str(at)) for at in (0, 1)])
    notebook.metadata |= {"rnnkit": {"version": version}} if version else {}
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    cells = executed(path, **{"JPY_SESSION_NAME": str(path), "RNNKIT_PLAIN": "", **env})
    return ["".join(output["text"] for output in cells[id].outputs) for id in ("0", "1")]


@pytest.mark.parametrize("name", FIRST)
def test_another_version_is_told_once(tmp_path, name):
    first, again = opened(tmp_path, name, "0.0.9")
    assert first.startswith(f"{name}.ipynb was given out with rnnkit 0.0.9, and {rnnkit.__version__} is installed")
    assert first.count("\n") == 1
    assert again == ""


@pytest.mark.parametrize(
    ("version", "env"),
    [(rnnkit.__version__, {}), ("", {}), ("0.0.9", {"JPY_SESSION_NAME": ""}), ("0.0.9", {"RNNKIT_PLAIN": "1"})],
    ids=["the same", "none stated", "a server that does not say", "nobody looks"],
)
def test_nothing_is_said_otherwise(tmp_path, version, env):
    assert opened(tmp_path, "1_cells", version, **env) == ["", ""]


def test_what_is_given_out_says_its_version():
    for path in (ROOT / "release").glob("*/*.ipynb"):
        assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["rnnkit"] == {"version": rnnkit.__version__}
