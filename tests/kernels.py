"""Notebooks that tests run from top to bottom, however busy the machine is."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

Cells = dict[str, nbformat.NotebookNode]  # by their ids
PATIENCE = 600  # seconds; by nbclient's own 4 a busy kernel's late outputs are left out, without an error


def executed(path: Path, parameters: str = "", errors: bool = False, **env: str) -> Cells:
    """The cells of a notebook by their ids, after a run in its folder.

    Arguments:
        parameters: what a cell after its parameters says.
        errors: whether cells may raise.
        env: more of the kernel's environment.
    """
    notebook = nbformat.read(path, as_version=4)
    if parameters:
        place = 1 + [cell.id for cell in notebook.cells].index("parameters")
        notebook.cells.insert(place, nbformat.v4.new_code_cell(parameters))
    client = NotebookClient(
        notebook, timeout=PATIENCE, startup_timeout=PATIENCE, iopub_timeout=PATIENCE, kernel_name="python3",
        allow_errors=errors, resources={"metadata": {"path": path.parent}},
    )  # fmt: skip
    client.execute(env=os.environ | {"OMP_NUM_THREADS": "1"} | env)
    return {cell.id: cell for cell in notebook.cells}


def printed(cell: nbformat.NotebookNode) -> str:
    """What a cell shows as text, but for the words of pictures."""
    shown = (output for output in cell.outputs if "image/png" not in output.get("data", {}))
    return "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in shown)


def drawn(cells: Cells) -> set[str]:
    """The cells that show a picture."""
    return {
        id for id, cell in cells.items() if any("image/png" in one.get("data", {}) for one in cell.get("outputs", []))
    }


def complaints(cells: Cells) -> list[str]:
    """The cells that raise or write to stderr."""
    return [
        name
        for name, cell in cells.items()
        for output in cell.get("outputs", [])
        if output.output_type == "error" or output.get("name") == "stderr"
    ]
