"""Cells that name what is not to be used are flagged, and right answers are not."""

from __future__ import annotations

import nbformat
import pytest
from course import ASSIGNMENT, NOTEBOOKS, ROOT, filled
from nbformat.v4 import new_code_cell, new_notebook

from rnnkit.assignments.training_dynamics.questions import CELLS, DIAGNOSTICS
from rnnkit.grading.evidence.scan import scan


def flags(source: str, name: str = CELLS, **about) -> list[str]:
    cell = new_code_cell(source, metadata={"nbgrader": about} if about else {})
    return scan(new_notebook(cells=[cell]), name, ASSIGNMENT)


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("class G(torch.nn.GRU): pass", "torch.nn.GRU"),
        ("import torch.nn as nn\ncell = nn.RNNCell(2, 3)", "nn.RNNCell"),
        ("from torch.nn import GRUCell as harmless", "torch.nn.GRUCell"),
        ("y = torch.gru_cell(x, h, a, b)", "torch.gru_cell"),
        ("f = getattr(torch, 'rnn_tanh')", "'rnn_tanh'"),
        ("from rnnkit.cells import RNN as R", "rnnkit.cells.RNN"),
        ("from rnnkit.checks import remote", "rnnkit.checks.remote"),
        ("import rnnkit.checks.runner as r", "rnnkit.checks.runner"),
        ("import sys\nsys.setprofile(None)", "sys.setprofile"),
        ("get_ipython().ast_transformers.append(T())", "get_ipython, ….ast_transformers"),
        ("%matplotlib inline\nimport ctypes", "ctypes"),
    ],
)
def test_what_is_flagged(source, named):
    (flag,) = flags(source)
    assert flag == f"a cell of their own names {named}"


def test_the_diagnostics_have_their_own_answers_to_hide():
    for source in ("from rnnkit.diagnostics import grad_time", "torch.nn.utils.clip_grad_norm_(p, 1)"):
        assert flags(source, DIAGNOSTICS, grade_id="clip_solution", solution=True)[0].startswith("clip_solution names")
        assert flags(source, CELLS) == []


@pytest.mark.parametrize("source", ["RNN(2, 3, 4)", "class GRU(Cell): pass", "x = 'GRU'", "def f(:", "!ls", "\0", ""])
def test_what_is_not(source):
    assert flags(source) == []


def test_given_cells_and_right_answers_are_not(tmp_path):
    for path in NOTEBOOKS:
        filled(ROOT / "release" / "training_dynamics" / path.name, path, tmp_path / path.name)
        assert scan(nbformat.read(tmp_path / path.name, 4), path.name, ASSIGNMENT) == []
    locked = {"grade_id": "setup", "locked": True, "solution": False}
    assert flags("import rnnkit.checks.runner", **locked) == []
