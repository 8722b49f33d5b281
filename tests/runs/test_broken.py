"""A student's code that breaks during a run: its line and its question are named, in every place, and nobody else's."""

from __future__ import annotations

import json
import os
import sys

import nbformat
import pytest
from course import SOURCE
from ownfiles import line_of, model_file

from rnnkit import cli
from rnnkit.common.names import BadValue
from rnnkit.regimes import get_regime
from rnnkit.runs import pool
from rnnkit.runs.broken import BrokenCell
from rnnkit.runs.jobs import plan
from rnnkit.runs.modelfile import CellsError, announce, find_cells
from rnnkit.runs.sweep_file import Sweep, Variant
from rnnkit.train import main, train

SMALL = {"maxiters": 30, "checkFreq": 5, "ebs": 1000, "cbs": 500}
Z = "    z_t = torch.sigmoid(x_t @ self.W_xz + h_prev @ self.W_hz + self.b_z)  # (B, H)\n"
AT_20 = {
    "in torch": "    z_t = z_t.view(3, -1) if len(x_t) == 20 else z_t\n",
    "of torch's shapes": "    z_t = z_t + torch.zeros(20, 1)[: 7 if len(x_t) == 20 else 1]\n",
    "raised": "    if x_t.shape[0] == 20: raise ValueError('no more')\n",
    "left": "    if x_t.shape[0] == 20: raise SystemExit(3)\n",
}
LATER = "    self.n = getattr(self, 'n', 0) + 1\n"
# What comes up where: the line, and what must be said of it. Each comes up only in the middle of a run.
MIDDLE = {
    "first update, as autograd runs it": "    z_t = z_t.view(3, -1) if self.n > 200 and len(x_t) == 20 else z_t\n",
    "validation chunks": "    z_t = z_t.view(3, -1) if self.n > 40 and len(x_t) == 500 else z_t\n",
    "raised": "    if self.n > 200: raise ValueError('no more')\n",
    "left": "    if self.n > 200: raise SystemExit(3)\n",
    "backward": "    if self.n > 200: z_t.mul_(1)\n",
}


def broken(folder, text, key="B2", **how):
    """The error of a run of the GRU with these lines behind its update gate, and the file."""
    model = model_file(folder, (Z, Z + text))
    with pytest.raises((BrokenCell, CellsError)) as caught:
        train(get_regime(key, "tiny", **SMALL), out=folder / "run", cells=model, **how)
    return caught.value, model


def assert_named(message, model, part, question="gru_update_gate"):
    number, code = line_of(model, part), model.read_text().split("\n")[line_of(model, part) - 1].strip()
    assert f"line {number}, `{code}`: " in message
    assert f"go back to question {question} in the notebook" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", AT_20)
def test_a_fault_at_the_training_batch_only(tmp_path, name):
    error, model = broken(tmp_path, AT_20[name])
    assert_named(str(error), model, AT_20[name].strip())


@pytest.mark.parametrize("engine", ["auto", "autograd"])
@pytest.mark.parametrize("name", MIDDLE)
def test_a_fault_in_the_middle(tmp_path, name, engine):
    text = LATER + MIDDLE[name]
    error, model = broken(tmp_path, text, engine=engine)
    assert isinstance(error, BrokenCell)
    part = Z.strip() if name == "backward" else MIDDLE[name].strip()
    if name == "backward":
        assert "modified by an inplace operation" in str(error)
        assert "Hint" not in str(error)
    assert_named(str(error), model, part)
    log = tmp_path / "run" / f"{get_regime('B2').name}.log"
    assert str(error) in log.read_text()


def test_a_fault_in_the_hand_overs_probes(tmp_path):
    """Plain arithmetic, so that it is tried out: with one sequence it cannot be done, with three or twenty it can."""
    error, model = broken(tmp_path, "    z_t = z_t + 0 * z_t[2]\n")
    assert isinstance(error, BrokenCell)
    assert_named(str(error), model, "0 * z_t[2]")


def test_what_an_engine_cannot_use_is_the_steps(tmp_path):
    end = '    return h_t, {"z": z_t, "r": r_t}\n'
    more = "    self.n = getattr(self, 'n', 0) + 1\n    if self.n > 400: return h_t, {}, None\n"
    model = model_file(tmp_path, (end, more + end))
    with pytest.raises(BrokenCell, match="too many values") as caught:
        train(get_regime("B2", "tiny", **SMALL), out=tmp_path / "run", cells=model)
    text = model.read_text().split("# question gru_step\n")[0]
    assert f"line {text.count(chr(10)) + 3}, `def step(self, x_t, h_prev):`" in str(caught.value)
    assert "go back to question gru_step" in str(caught.value)


def test_a_helper_under_another_question_is_not_blamed_for_what_stands_above(tmp_path):
    model = model_file(tmp_path, ("class RNN(Cell):", "def far_above(z):\n    return z.view(7)\n\n\nclass RNN(Cell):"),
                       (Z, Z + "    z_t = far_above(z_t) if len(x_t) == 20 else z_t\n"))  # fmt: skip
    with pytest.raises(CellsError) as caught:
        train(get_regime("B2", "tiny", **SMALL), out=tmp_path / "run", cells=model)
    assert "`return z.view(7)`" in str(caught.value)
    assert "question gru_update_gate" in str(caught.value)


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(28, "No space left on device"), MemoryError(), ZeroDivisionError("ours")]
)
def test_what_is_not_theirs_is_not_blamed_on_them(tmp_path, error):
    def fail(trainer, check):
        raise error

    with pytest.raises(type(error)):
        train(get_regime("B2", "tiny", **SMALL), out=tmp_path / "run", cells=model_file(tmp_path), on_check=fail)
    assert "go back" not in (tmp_path / "run" / f"{get_regime('B2').name}.log").read_text()


BY_HAND = {
    "syntax": (
        "    z_t = torch.sigmoid(x_t @ self.W_xz",
        "    z_t = torch.sigmoid((x_t @ self.W_xz",
        "SyntaxError: '(' was",
    ),
    "name": ("def update_gate(self, x_t, h_prev):", "def update_gate(self, x_t, h_prev=missing):", "NameError: "),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_file_broken_by_hand_names_its_line_and_question(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    old, new, said = BY_HAND[name]
    model = model_file(tmp_path, (old, new))
    assert main(FLAGS.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"rnnkit.train: model.py, line {line_of(model, new)}: the file does not run ({said}")
    assert "; go back to question gru_update_gate in the notebook, then write model.py again" in line


# ---- in every place ----------------------------------------------------------------------------------------------

COUNTED = LATER + MIDDLE["first update, as autograd runs it"]
PART = MIDDLE["first update, as autograd runs it"].strip()
FLAGS = "--task mul --model gru --nhid 10 --min_length 10 --max_length 30 --maxiters 30 --ebs 20 --cbs 10 --name t"


@pytest.mark.parametrize("text", [COUNTED, AT_20["in torch"]], ids=["middle", "before"])
def test_the_handouts_command_says_it_in_one_line(tmp_path, monkeypatch, capsys, text):
    monkeypatch.chdir(tmp_path)
    model = model_file(tmp_path, (Z, Z + text))
    assert main(FLAGS.split()) == (1 if text == COUNTED else 2)
    (line,) = capsys.readouterr().err.splitlines()
    assert_named(line, model, text.splitlines()[-1].strip())


@pytest.mark.parametrize("command", ["train", "run"])
def test_ctrl_c_says_where_the_code_was_that_never_came_back(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    model = model_file(tmp_path, (Z, Z + "    raise KeyboardInterrupt  # as if it had looped\n"))
    code = main(FLAGS.split()) if command == "train" else cli.main(["run", "B2", "--profile", "tiny"])
    assert code == 130
    (line,) = capsys.readouterr().err.splitlines()
    number = line_of(model, "as if it had looped")
    assert f": interrupted in model.py, line {number}, `raise KeyboardInterrupt" in line
    assert line.endswith(" (question gru_update_gate)")


def test_a_terminal_is_told_whose_code_is_tried(tmp_path, monkeypatch, capsys):
    cells = find_cells(model_file(tmp_path))
    announce(cells)
    assert not capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    announce(cells)
    assert capsys.readouterr().err.startswith(f"trying the cells of {cells.source}")


def test_the_row_of_a_batch_says_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = model_file(tmp_path, (Z, Z + COUNTED))
    code = cli.main(["run", "B2", "--profile", "tiny", "--set", "maxiters=30", "--out", "out"])
    printed = capsys.readouterr().out
    assert code == 1
    row = next(line for line in printed.splitlines() if line.startswith("B2: failed: "))
    assert_named(row, model, PART)
    estimate = [line for line in printed.splitlines() if line.startswith("estimate: ")][-1]
    assert "about" in estimate or "go back to question gru_update_gate" in estimate
    executed = nbformat.read(tmp_path / "out" / get_regime("B2").name / f"{get_regime('B2').name}.ipynb", as_version=4)
    (output,) = [out for cell in executed.cells for out in cell.get("outputs", ()) if out.output_type == "error"]
    assert_named(output.evalue, model, PART)
    assert len(output.traceback) == 1
    assert_named(output.traceback[0], model, PART)


@pytest.mark.parametrize("text", [COUNTED, AT_20["raised"]], ids=["middle", "before"])
def test_a_notebook_shows_the_message_and_no_traceback(tmp_path, text):
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    model = model_file(tmp_path, (Z, Z + text))
    notebook = nbformat.read(SOURCE / "3_regime.ipynb", as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = f'regime, profile, cells, out = "B2", "tiny", None, None\noverrides = {SMALL!r}'
    where = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where)
    with pytest.raises(CellExecutionError):
        client.execute(env=os.environ | {"OMP_NUM_THREADS": "1"})
    (cell,) = [cell for cell in notebook.cells if any(out.output_type == "error" for out in cell.get("outputs", ()))]
    assert cell.id == "training"
    (error,) = [out for out in cell.outputs if out.output_type == "error"]
    assert len(error.traceback) == 1
    assert "Traceback" not in error.traceback[0]
    assert_named(error.traceback[0], model, text.splitlines()[-1].strip())


def test_a_sweep_says_it(tmp_path):
    cells = find_cells(model_file(tmp_path, (Z, Z + COUNTED)))
    (job,) = Sweep("s", [Variant(get_regime("B2", "tiny", **SMALL), {})]).jobs(tmp_path, cells)
    outcome = pool.execute(job)
    assert outcome.status == "failed"
    assert "question gru_update_gate" in outcome.reason


def test_bad_values_are_shown_without_a_traceback_too():
    assert BadValue("no")._render_traceback_() == ["BadValue: no"]


def test_a_student_among_many_has_a_row(tmp_path):
    model = model_file(tmp_path, (Z, Z + AT_20["raised"]))
    job = plan(["B2"], tmp_path / "out", profile="tiny", cells=find_cells(model))[0]
    outcome = pool.execute(job)
    assert outcome.status == "failed"
    assert_named(outcome.reason, model, AT_20["raised"].strip())
    assert json.dumps(outcome.reason)
