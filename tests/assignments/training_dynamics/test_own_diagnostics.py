"""diagnostics.py from the notebook 2_diagnostics, and what it finds on a run beside the kit's own functions."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib.figure
import nbformat
import numpy as np
import pytest
from course import SOURCE
from ownfiles import diagnostics_file, line_of, model_file

from rnnkit.assignments.training_dynamics.own_diagnostics import compare_own
from rnnkit.notebook import assemble
from rnnkit.notebook import calls as notebook
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.train import train

DIAGNOSTICS = "2_diagnostics.ipynb"
FUNCTIONS = ("gradient_through_time", "saturation_tanh", "gate_distance", "spectral_radius",
             "global_norm", "clip_rescale", "diagnostics")  # fmt: skip


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The working folder, with a right diagnostics.py."""
    monkeypatch.chdir(tmp_path)
    diagnostics_file(tmp_path)
    return tmp_path


@pytest.fixture
def solved(home):
    """A folder with 2_diagnostics solved, whose solutions can be changed by question; it is the working folder."""
    Path("diagnostics.py").unlink()
    shutil.copy(SOURCE / DIAGNOSTICS, home)

    def change(**sources):
        read = json.loads(Path(DIAGNOSTICS).read_text(encoding="utf-8"))
        for cell in read["cells"]:
            if (question := cell["id"].removesuffix("_solution")) in sources and cell["id"] != question:
                cell["source"] = sources.pop(question)
        assert not sources
        Path(DIAGNOSTICS).write_text(json.dumps(read), encoding="utf-8")

    return change


def said(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


# ---- the file ----------------------------------------------------------------------------------------------------


def test_the_file_holds_every_function_under_its_question(solved, capsys):
    notebook.write_diagnostics(DIAGNOSTICS)
    assert said(capsys) == ["diagnostics.py: 7 functions, from the saved 2_diagnostics.ipynb"]
    text = Path("diagnostics.py").read_text()
    assert assemble.is_ours(text)
    assert [line.split("(")[0] for line in text.splitlines() if line.startswith("def ")] == [
        f"def {f}" for f in FUNCTIONS
    ]
    assert text.count("# question ") == 7
    for unwanted in ("SOLUTION", "rnnkit.checks", "check(", "generator", "write_diagnostics", "method_of"):
        assert unwanted not in text
    notebook.write_diagnostics(DIAGNOSTICS)
    assert Path("diagnostics.py").read_text() == text


def test_names_of_given_cells_are_no_ones_helpers(solved, capsys):
    """The given cell of the trap has a `stacked` too."""
    solved(
        sat_time="def saturation_tanh(hidden):\n    stacked = hidden\n    return (1 - stacked.abs()).mean(dim=(1, 2))\n"
    )
    notebook.write_diagnostics(DIAGNOSTICS)
    assert "7 functions" in said(capsys)[0]
    assert "stacked[-1]" not in Path("diagnostics.py").read_text()


def test_what_is_not_solved_is_left_out_and_what_calls_it(solved, capsys):
    solved(grad_norm="def global_norm(grads):\n    raise NotImplementedError('question grad_norm')\n",
           gate_sat_time="def gate_distance(v):\n    raise NotImplementedError()\n")  # fmt: skip
    notebook.write_diagnostics(DIAGNOSTICS)
    (line,) = said(capsys)
    assert line.startswith("diagnostics.py: 3 functions, from the saved 2_diagnostics.ipynb; without ")
    for function, question in (("global_norm", "grad_norm"), ("clip_rescale", "grad_norm"),
                               ("gate_distance", "gate_sat_time"), ("diagnostics", "gate_sat_time")):  # fmt: skip
        assert f"without {function} until question {question} is solved" in line
        assert f"def {function}(" not in Path("diagnostics.py").read_text()


def test_nothing_solved_and_what_does_not_come_along(solved, capsys):
    solved(rho="def spectral_radius(W):\n    return of_mine(W)\n")
    notebook.write_diagnostics(DIAGNOSTICS)
    assert said(capsys)[0].startswith("2_diagnostics.ipynb, question rho: it uses 'of_mine', which no solution cell")
    shutil.copy(SOURCE.parents[1] / "release" / "training_dynamics" / DIAGNOSTICS, ".")
    notebook.write_diagnostics(DIAGNOSTICS)
    assert said(capsys) == ["2_diagnostics.ipynb: no file yet: question grad_time is still to be solved (or saved)"]
    assert not Path("diagnostics.py").exists()


def test_what_was_run_must_be_what_is_saved(solved, capsys, monkeypatch):
    shell = SimpleNamespace(user_ns={"In": ["", "def spectral_radius(W):\n    return 1.0\n"]})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    notebook.write_diagnostics(DIAGNOSTICS)
    assert said(capsys)[0].startswith("2_diagnostics.ipynb: question rho as saved is not what you ran last")
    assert not Path("diagnostics.py").exists()


def test_a_hand_written_file_is_kept_aside_and_graded_notebooks_write_nothing(solved, capsys, monkeypatch):
    Path("diagnostics.py").write_text("mine = 1\n")
    notebook.write_diagnostics(DIAGNOSTICS)
    assert said(capsys)[0].endswith("; another file of this name is kept as diagnostics_kept_1.py")
    assert Path("diagnostics_kept_1.py").read_text() == "mine = 1\n"
    Path("diagnostics.py").unlink()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    notebook.write_diagnostics(DIAGNOSTICS)
    assert not Path("diagnostics.py").exists()
    assert said(capsys) == []


# ---- beside ours -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Records of tiny runs, by regime."""
    folder, found = tmp_path_factory.mktemp("trained"), {}

    def get(key):
        if key not in found:
            found[key] = load(train(get_regime(key, "tiny"), out=folder / key, cells="builtin"))
        return found[key]

    return get


@pytest.fixture
def drawn(monkeypatch):
    """What is displayed."""
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    return shown


def lines_of(record, capsys, cells="builtin") -> dict[str, str]:
    compare_own(record, cells)
    return dict(line.split(": ", 1) for line in said(capsys))


BOTH, GATED = ["g_t", "saturation"], ["g_t", "saturation", "gate z", "gate r", "all of them, by name"]
NUMBERS = ["rho", "gradient norm"]
QUANTITIES = {
    "A1": BOTH + NUMBERS,
    "A2": [*BOTH, *NUMBERS, "norm after clipping"],
    "B1s": BOTH + NUMBERS,
    "B2": GATED + NUMBERS,
    "A5": [*GATED, *NUMBERS, "norm after clipping"],
}


@pytest.mark.parametrize("key", QUANTITIES)
def test_right_functions_agree_in_every_quantity(home, trained, drawn, capsys, key):
    found = lines_of(trained(key), capsys)
    assert list(found) == QUANTITIES[key]
    for line in found.values():
        assert line.startswith("yours and ours agree (largest relative difference ")
    (figure,) = drawn
    assert isinstance(figure, matplotlib.figure.Figure)
    curves = [ax for ax in figure.axes if len(ax.lines) == 2 and len(ax.lines[0].get_xdata()) > 2]
    assert len(curves) == sum(name in ("g_t", "saturation", "gate z", "gate r") for name in found)
    for ax in curves:
        np.testing.assert_allclose(ax.lines[0].get_ydata(), ax.lines[1].get_ydata(), rtol=1e-3, atol=1e-3)


WRONG = {
    "grad_time": ("flow.norm(dim=-1).mean(-1)", "flow.norm(dim=-1).sum(-1)", "g_t", "B2"),
    "sat_time": ("1 - hidden.abs()", "1 - hidden", "saturation", "A1"),
    "gate_sat_time, of sigmoid units": ("torch.minimum(v, 1 - v)", "v", "saturation", "B1s"),
    "gate_sat_time": ("torch.minimum(v, 1 - v)", "1 - v", "gate z", "B2"),
    "rho": ("float(np.abs(eigenvalues).max())", "float(np.abs(eigenvalues).min())", "rho", "A1"),
    "grad_norm": ("float(squares.sqrt())", "float(squares)", "gradient norm", "A1"),
    "clip": ("factor = cutoff / norm if", "factor = 2 * cutoff / norm if", "norm after clipping", "A2"),
}  # fmt: skip


@pytest.mark.parametrize("question", WRONG)
def test_a_wrong_function_is_told_with_its_question(home, trained, drawn, capsys, question):
    old, new, label, key = WRONG[question]
    diagnostics_file(home, (old, new))
    line = lines_of(trained(key), capsys)[label]
    assert line.startswith("yours differs from ours (largest relative difference ")
    assert f"go back to question {question.split(',')[0]} in 2_diagnostics.ipynb" in line
    assert len(drawn) == 1


def test_a_function_that_raises_names_its_question_and_line(home, trained, drawn, capsys):
    path = diagnostics_file(home, ("    distance = 1 - hidden.abs()", "    distance = 1 - hidden.abs() @ hidden"))
    found = lines_of(trained("B2"), capsys)
    number = line_of(path, "hidden.abs() @ hidden")
    for label in ("saturation", "all of them, by name"):
        assert found[label].startswith(f"diagnostics.py, line {number}, `distance = 1 - hidden.abs() @ hidden")
        assert found[label].endswith("go back to question sat_time in the notebook, then write diagnostics.py again")
    assert "agree" in found["g_t"]
    assert "agree" in found["gradient norm"]


NAMES = "all of them, by name"
ODD = {
    "signature": ("def spectral_radius(W):", "def spectral_radius(W, more):", "rho", "go back to question rho"),
    "key": ('"sat_time": saturation', '"sat": saturation', NAMES, "go back to question diagnostic_keys"),
    "shape": ("    return g\n", "    return g[1:]\n", "g_t", "expected (32,); go back to question grad_time"),
    "exit": ("    return g\n", "    raise SystemExit(3)\n", "g_t", "SystemExit: 3; go back to question grad_time"),
    "none": ("    return g\n", "    return None\n", "g_t", "go back to question grad_time"),
    "name": ("def gate_distance(v):", "def gate(v):", "gate z", "no gate_distance in diagnostics.py yet; solve"),
    "the stacked tensor of the trap": (
        "grad(loss, hs, retain_graph=True)", "grad(loss, [torch.stack(hs)], allow_unused=True)", "g_t",
        "go back to question grad_time",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_cannot_be_compared_is_a_line(home, trained, drawn, capsys, name):
    old, new, label, words = ODD[name]
    diagnostics_file(home, (old, new))
    found = lines_of(trained("B2"), capsys)
    assert words in found[label]
    assert "agree" in found["gradient norm"]


def test_without_a_file_a_line_says_how_to_get_one(home, trained, drawn, capsys):
    Path("diagnostics.py").unlink()
    compare_own(trained("A1"), "builtin")
    (line,) = said(capsys)
    assert line.startswith("no diagnostics.py here: the last cell of 2_diagnostics.ipynb writes it")
    assert not drawn


@pytest.mark.parametrize("text", ["def broken(:\n", "# question rho\nraise SystemExit(3)\n", "# question rho\n1 / 0\n"])
def test_a_file_that_does_not_run_is_a_line(home, trained, drawn, capsys, text):
    Path("diagnostics.py").write_text(text)
    compare_own(trained("A1"), "builtin")
    (line,) = said(capsys)
    assert line.startswith(f"diagnostics.py, line {text.count(chr(10))}: the file does not run (")
    assert ("go back to question rho" in line) == ("question" in text)


def test_the_file_beside_model_py_counts_wherever_the_notebook_runs(tmp_path, monkeypatch, trained, drawn, capsys):
    (tmp_path / "home").mkdir()
    model_file(tmp_path / "home")
    diagnostics_file(tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    found = lines_of(trained("A4"), capsys, cells=tmp_path / "home" / "model.py")
    assert all("agree" in line for line in found.values())


def test_the_notebook_shows_it_and_a_broken_function_does_not_fail_the_run(tmp_path, monkeypatch):
    import papermill

    model_file(tmp_path)
    diagnostics_file(tmp_path, ("    distance = 1 - hidden.abs()  # (T, B, H)", "    raise ValueError('no')"))
    given = {"regime": "B2", "profile": "tiny", "cells": str(tmp_path / "model.py"), "out": str(tmp_path / "run")}
    out = tmp_path / "out.ipynb"
    monkeypatch.setenv("RNNKIT_PLAIN", "1")
    papermill.execute_notebook(str(SOURCE / "3_regime.ipynb"), str(out), given, progress_bar=False, cwd=str(tmp_path))
    (cell,) = [cell for cell in nbformat.read(out, 4).cells if cell.source.startswith("compare_own(")]
    text = "".join(output.get("text", "") for output in cell.outputs)
    assert "g_t: yours and ours agree" in text
    assert "ValueError: no; go back to question sat_time" in text
    assert any("image/png" in output.get("data", {}) for output in cell.outputs)


# ---- where the numbers are not finite ----------------------------------------------------------------------------


def test_a_diverged_run_says_that_there_is_nothing_to_compare(home, drawn, capsys):
    record = load(train(get_regime("B1", "tiny", lr=1e30), out=home / "run", cells="builtin"))
    assert str(record["status"]) == "diverged"
    compare_own(record, "builtin")
    assert said(capsys) == ["no finite numbers to compare: the run diverged, the weights at its end are not finite"]
    assert not drawn


def test_nan_is_no_agreement(home, trained, drawn, capsys):
    """A file by hand whose step breaks at this run's weights alone: nothing says that both agree, and all is drawn."""
    record = dict(trained("A1"))
    record["b_h"] = np.full_like(record["b_h"], 77.0)
    text = "        return super().step(x_t, h_prev) * (float('nan') if self.b_h[0] == 77 else 1)\n"
    text = f"from rnnkit import cells\nclass RNN(cells.RNN):\n    def step(self, x_t, h_prev):\n{text}"
    Path("model.py").write_text(text)
    found = lines_of(record, capsys, cells="model.py")
    assert list(found) == QUANTITIES["A1"]
    for label in ("g_t", "saturation", "gradient norm"):
        assert found[label].startswith("no finite numbers to compare: ")
    assert "agree" in found["rho"]
    (figure,) = drawn
    figure.canvas.draw()
