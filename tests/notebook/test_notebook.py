"""model.py from the notebook 1_cells; figures of one's own runs; cells that break on the way."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure

from rnnkit.common.names import BadValue
from rnnkit.common.places import PACKAGE
from rnnkit.notebook import assemble
from rnnkit.notebook import calls as notebook
from rnnkit.plots import compare
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.runs.broken import BrokenCell
from rnnkit.runs.modelfile import CellsError, find_cells, make_cell
from rnnkit.train import main, train

SETUP = """%matplotlib inline
import torch
from torch import Tensor
import matplotlib.pyplot as plt

from rnnkit.cells import PHI, Cell
from rnnkit.assignments.training_dynamics import check
from rnnkit.notebook import method_of

plt.rcParams["figure.dpi"] = 100
HALF = 0.5
def show_all():
    return plt.figure()
"""
CLASS = '''class {name}(Cell):
    """Given."""

    shapes = {shapes}
'''
RNN_SHAPES = {"W_xh": "IH", "W_hh": "HH", "b_h": "H"}
GRU_SHAPES = {f"{kind}{gate}": shape for gate in "zrh" for kind, shape in (("W_x", "IH"), ("W_h", "HH"), ("b_", "H"))}
STEPS = {
    "rnn_step": """@method_of(RNN)
def step(self, x_t, h_prev):
    ### BEGIN SOLUTION
    h_t = PHI[self.phi](x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)  # (B, H)
    return h_t
    ### END SOLUTION
""",
    "rnn_rho": "@method_of(RNN)\ndef recurrent_weight_for_rho(self):\n    return self.W_hh\n",
    "gru_candidate": """@method_of(GRU)
def candidate(self, x_t: Tensor, h_prev, r_t):
    return torch.tanh(x_t @ self.W_xh + (r_t * h_prev) @ self.W_hh + self.b_h)
""",
    "gru_step": """@method_of(GRU)
def step(self, x_t, h_prev):
    z_t = torch.sigmoid(x_t @ self.W_xz + h_prev @ self.W_hz + self.b_z)
    r_t = torch.sigmoid(x_t @ self.W_xr + h_prev @ self.W_hr + self.b_r)
    h_new = self.candidate(x_t, h_prev, r_t)
    h_t = (1 - z_t) * h_prev + z_t * h_new
    return h_t, {"z": z_t, "r": r_t}
""",
}
STUB = "@method_of({cls})\ndef {method}(self, *arguments):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"


def cell(source, grade_id=None, **about):
    metadata = {"nbgrader": {"grade_id": grade_id, "schema_version": 3, **about}} if grade_id else {}
    return {"cell_type": "code", "source": source.splitlines(keepends=True), "metadata": metadata, "outputs": []}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes 1_cells.ipynb with these solutions instead of the right ones; more cells where wanted."""
    monkeypatch.chdir(tmp_path)

    def make(more=(), **changed):
        given = [SETUP, CLASS.format(name="RNN", shapes=RNN_SHAPES), CLASS.format(name="GRU", shapes=GRU_SHAPES)]
        cells = [cell(text, f"given_{i}", locked=True) for i, text in enumerate(given)]
        for question, text in (STEPS | changed).items():
            cells.append(cell(text, f"{question}_solution", solution=True))
            cells.append(cell(f"check('{question}', RNN)", question, grade=True, locked=True, points=1))
        cells += [cell(text) for text in more]
        (tmp_path / "1_cells.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}))

    return make


@pytest.fixture
def ran(monkeypatch):
    """Makes it look as if these cells had been run in a notebook."""

    def make(*sources):
        shell = SimpleNamespace(user_ns={"In": ["", *sources]})
        monkeypatch.setitem(notebook.sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))

    make()
    return make


def lines(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


# ---- model.py --------------------------------------------------------------------------------------------------


def assert_trains_like_the_built_in_cells(folder, key, cells=None):
    regime = get_regime(key, "tiny")
    theirs = load(train(regime, out=folder / "a", cells=cells))
    ours = load(train(regime, out=folder / "b", cells="builtin"))
    assert str(theirs["cells_sha256"]) == find_cells(folder / "model.py").sha256
    for name in set(ours) - {"wall_time", "cells_sha256", "versions"}:
        np.testing.assert_array_equal(theirs[name], ours[name], err_msg=name)


@pytest.mark.parametrize("key", ["A1", "A4"])
def test_the_written_cells_train_bit_for_bit_like_the_built_in_ones(write, ran, key, tmp_path):
    write()
    notebook.write_model()
    assert_trains_like_the_built_in_cells(tmp_path, key)


def test_the_file_holds_what_is_needed_and_no_more(write, ran, capsys):
    write(more=["from __future__ import annotations\nimport math\nmath.pi", "%timeit 1", "this is no Python"])
    notebook.write_model()
    assert lines(capsys) == ["model.py: RNN and GRU, from the saved 1_cells.ipynb"]
    text = Path("model.py").read_text()
    for wanted in ("import torch\n", "import math\n", "class RNN(Cell):", "# question gru_candidate\n@method_of(GRU)"):
        assert text.count(wanted) == 1
    for unwanted in ("SOLUTION", "rnnkit.checks", "rnnkit.assignments", "show_all", "HALF", "rcParams", "%", "check("):
        assert unwanted not in text
    assert text.startswith("# Written by rnnkit ")
    assert assemble.is_ours(text)
    notebook.write_model()
    assert Path("model.py").read_text() == text


def test_given_helpers_come_along_where_they_are_used(write, ran):
    write(rnn_step=STEPS["rnn_step"].replace("self.W_xh +", "self.W_xh * (2 * HALF) +"))
    notebook.write_model()
    assert "\nHALF = 0.5\n" in Path("model.py").read_text()
    assert set(find_cells().classes) == {"rnn", "gru"}


def test_an_unsolved_class_is_left_out_and_its_question_named(write, ran, capsys):
    write(gru_candidate=STUB.format(cls="GRU", method="candidate"))
    notebook.write_model()
    assert lines(capsys) == [
        "model.py: RNN, from the saved 1_cells.ipynb; without GRU until question gru_candidate is solved"
    ]
    assert set(find_cells().classes) == {"rnn"}
    assert assemble.is_ours(Path("model.py").read_text())
    with pytest.raises(CellsError) as caught:
        make_cell(get_regime("A4", "tiny"), find_cells())
    assert str(caught.value) == (
        "model.py: without GRU until question gru_candidate of 1_cells.ipynb is solved; "
        "solve it there, save, and run the last cell of 1_cells.ipynb again"
    )


def refusals():
    stub = STUB.format(cls="RNN", method="step")
    all_stubs = {"rnn_step": stub, "gru_step": stub.replace("RNN", "GRU")}
    yield "stubs", all_stubs, "1_cells.ipynb: no model.py yet: question rnn_step is still to be solved (or saved)"
    broken = {"gru_candidate": "@method_of(GRU)\ndef candidate(self:\n    pass\n"}
    yield "syntax", broken, "1_cells.ipynb, question gru_candidate, line 2: "
    unknown = {"gru_step": STEPS["gru_step"].replace("torch.sigmoid", "helper")}
    yield "unknown name", unknown, "1_cells.ipynb, question gru_step: it uses 'helper', which no solution cell defines"
    at_top = {"gru_step": f"{STEPS['gru_step']}\nscale = helper * 2\n"}
    yield "unknown name at the top", at_top, "1_cells.ipynb, question gru_step: it uses 'helper', which no"
    outside = {"gru_step": f"{STEPS['gru_step']}\nreturn 1\n"}
    yield "return at the top", outside, "1_cells.ipynb, question gru_step, line 9: 'return' outside function; mend it"
    undecorated = {"rnn_step": STEPS["rnn_step"].replace("@method_of(RNN)\n", ""), "gru_step": "step = 1"}
    yield "no decorator", undecorated, "1_cells.ipynb: no model.py yet: question rnn_step"


@pytest.mark.parametrize(("changed", "message"), [pytest.param(c, m, id=name) for name, c, m in refusals()])
def test_refusals_are_one_line_with_the_question(write, ran, capsys, tmp_path, changed, message):
    write(**changed)
    notebook.write_model()
    (line,) = lines(capsys)
    assert line.startswith(message)
    assert not (tmp_path / "model.py").exists()
    write()
    notebook.write_model()
    before = Path("model.py").read_text()
    write(**changed)
    capsys.readouterr()
    notebook.write_model()
    assert lines(capsys) == [f"{line}; model.py is still that of before"]
    assert Path("model.py").read_text() == before


@pytest.mark.parametrize(
    ("content", "words"), [(None, "No such file"), ("{", "something else"), ("[]", "something else")]
)
def test_a_notebook_that_cannot_be_read(tmp_path, monkeypatch, ran, capsys, content, words):
    monkeypatch.chdir(tmp_path)
    if content:
        (tmp_path / "1_cells.ipynb").write_text(content)
    notebook.write_model()
    (line,) = lines(capsys)
    assert words in line


def test_what_was_run_must_be_what_is_saved(write, ran, capsys, tmp_path):
    write()
    ran(STEPS["rnn_step"].replace("h_t =", "h_t  = 0 *"), "%pip list", "no python at all")
    notebook.write_model()
    (line,) = lines(capsys)
    assert line.startswith("1_cells.ipynb: question rnn_step as saved is not what you ran last")
    assert not (tmp_path / "model.py").exists()
    ran(STEPS["rnn_step"].replace("h_t =", "h_t  = 0 *"), f"# another comment\n{STEPS['rnn_step']}")
    notebook.write_model()
    assert (tmp_path / "model.py").exists()


@pytest.mark.parametrize("touch", [lambda text: "class RNN: pass\n", lambda text: text.replace("1 -", "1.0 -")])
def test_a_hand_written_file_is_kept_aside(write, ran, capsys, tmp_path, touch):
    write()
    notebook.write_model()
    mine = touch((tmp_path / "model.py").read_text())
    (tmp_path / "model.py").write_text(mine)
    (tmp_path / "model_kept_1.py").write_text("older")
    notebook.write_model()
    assert lines(capsys)[-1].endswith("; another file of this name is kept as model_kept_2.py")
    assert (tmp_path / "model_kept_2.py").read_text() == mine
    assert assemble.is_ours((tmp_path / "model.py").read_text())


def test_graded_notebooks_write_nothing(write, ran, capsys, tmp_path, monkeypatch):
    write()
    for mode in ("autograde", "validate"):
        monkeypatch.setenv("NBGRADER_EXECUTION", mode)
        notebook.write_model()
    assert not (tmp_path / "model.py").exists()
    assert not lines(capsys)


# ---- cells that break ------------------------------------------------------------------------------------------

MIDWAY = "@method_of(GRU)\ndef candidate(self, x_t, h_prev, r_t):\n    self.n = getattr(self, 'n', 0) + 1\n"


def test_a_break_in_the_middle_of_a_run_names_the_question(write, ran, tmp_path, capsys):
    right = STEPS["gru_candidate"].splitlines(keepends=True)[-1]
    write(gru_candidate=f"{MIDWAY}    if self.n > 900:\n        h_prev = h_prev[:, 1:]\n{right}")
    notebook.write_model()
    with pytest.raises(BrokenCell) as caught:
        train(get_regime("A4", "tiny"), out=tmp_path / "run")
    message = str(caught.value)
    assert message.startswith("model.py, line ")
    assert message.endswith("; go back to question gru_candidate in the notebook, then write model.py again")
    assert message in (tmp_path / "run" / "A4_mem_gru_noclip.log").read_text()


def test_the_command_line_says_it_in_one_line(write, ran, tmp_path, capsys):
    write(gru_candidate=f"{MIDWAY}    assert self.n < 400, 'enough'\n    return h_prev\n")
    notebook.write_model()
    flags = "--task mem --model gru --nhid 5 --bs 4 --min_length 10 --max_length 20 --maxiters 50 --ebs 20 --cbs 10"
    assert main([*flags.split(), "--name", "t"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "AssertionError: enough; go back to question gru_candidate" in line


def test_what_an_engine_cannot_use_is_the_steps(write, ran, tmp_path):
    write(rnn_step="@method_of(RNN)\ndef step(self, x_t, h_prev):\n    self.n = getattr(self, 'n', 0) + 1\n"
          "    return h_prev * 0 + x_t @ self.W_xh if self.n < 300 else None\n")  # fmt: skip
    notebook.write_model()
    with pytest.raises(BrokenCell, match="go back to question rnn_step"):
        train(get_regime("A1", "tiny"), out=tmp_path / "run")


def test_a_broken_contract_names_the_question_before_any_work(write, ran, tmp_path):
    for returned, says in (("x_t @ self.W_xh @ self.W_xh", ""), ("x_t", r"of shape \(B, H\).*")):
        write(rnn_step=f"@method_of(RNN)\ndef step(self, x_t, h_prev):\n    return {returned}\n")
        notebook.write_model()
        with pytest.raises(CellsError, match=f"{says}go back to question rnn_step"):
            make_cell(get_regime("A1", "tiny"), find_cells())


# ---- show ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("show")
    for key in ("A1", "A4"):
        regime = get_regime(key, "tiny")
        train(regime, out=folder / "runs" / "smoke" / regime.name, cells="builtin")
    (folder / "runs" / "tiny" / "left").mkdir(parents=True)
    (folder / "runs" / "tiny" / "left" / "left_final_state.npz").touch()
    return folder


@pytest.fixture
def displayed(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda figure, metadata=None: shown.append(figure))
    return shown


def test_figures_of_runs_that_are_there(runs, monkeypatch, displayed, capsys):
    monkeypatch.chdir(runs)
    notebook.show("A1", "gradient_histogram")
    for figure in compare.__all__:
        notebook.show("A1 A4", figure)
    notebook.show("A1", "spectrum", folder="runs/smoke")
    assert len(displayed) == 2 + len(compare.__all__)
    assert all(isinstance(figure, Figure) for figure in displayed)
    assert "A1: not the handout's full size, profile tiny: runs/smoke/" in capsys.readouterr().out


def test_a_missing_run_is_a_line_with_its_command(runs, monkeypatch, displayed, capsys):
    monkeypatch.chdir(runs)
    notebook.show("A1 B2", "overlaid")
    assert lines(capsys) == [f"B2 is missing: {get_regime('B2').command()}"]
    notebook.show("mine", "validation")
    assert lines(capsys) == ["mine is missing: train it with --name mine"]
    notebook.show("left", "validation")
    assert lines(capsys) == ["left is missing: train it with --name left"]
    assert not displayed


def test_a_damaged_record_is_a_line(tmp_path, monkeypatch, displayed, capsys):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine_final_state.npz"
    path.write_bytes(b"no npz")
    notebook.show("mine", "validation")
    np.savez(path, regime=get_regime("A1").to_json())
    notebook.show("mine", "validation")
    first, second = lines(capsys)
    assert "damaged" in first
    assert "nothing to draw yet" in second
    assert not displayed


@pytest.mark.parametrize(
    "error", [BadValue("expected finite weights"), KeyError("W_hh"), IndexError("no check"), ValueError("zero-size")]
)
def test_a_record_that_cannot_be_used_is_explained_in_a_line(error, capsys):
    with notebook.explained("runs/a.npz"):
        raise error
    assert capsys.readouterr().out.splitlines() in (
        ["expected finite weights"],
        [f"runs/a.npz: nothing to draw yet, or not a whole record ({type(error).__name__}: {error})"],
    )


def test_other_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError), notebook.explained("runs/a.npz"):
        1 / 0  # noqa: B018


def test_an_unknown_figure_is_refused():
    with pytest.raises(ValueError, match="did you mean 'overlaid'"):
        notebook.show("A1", "overlayed")


# ---- the assignment's own notebook -----------------------------------------------------------------------------

CELLS = PACKAGE.parent / "notebooks" / "training_dynamics" / "1_cells.ipynb"


@pytest.mark.parametrize("key", ["A1", "A4", "B2"])
def test_the_notebooks_solutions_train_bit_for_bit_like_the_built_in_cells(ran, tmp_path, capsys, key):
    (tmp_path / CELLS.name).write_bytes(CELLS.read_bytes())
    notebook.write_model(tmp_path / CELLS.name)
    assert "RNN and GRU" in capsys.readouterr().out
    assert_trains_like_the_built_in_cells(tmp_path, key, tmp_path / "model.py")
