"""model.py and diagnostics.py where the notebook's file is elsewhere: from what this session has run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from course import NAME, ROOT, cells, filled
from IPython.core.interactiveshell import InteractiveShell

from rnnkit.common.looking import cells_run
from rnnkit.notebook import assemble, write_diagnostics, write_model
from rnnkit.notebook.cells import read_notebook
from rnnkit.notebook.session import notebook_run
from rnnkit.regimes import get_regime
from rnnkit.runs.broken import BrokenCell
from rnnkit.runs.modelfile import find_cells
from rnnkit.train import train

CELLS, DIAGNOSTICS = "1_cells.ipynb", "2_diagnostics.ipynb"
WRITE = {CELLS: ("model.py", assemble.model_of), DIAGNOSTICS: ("diagnostics.py", assemble.diagnostics_of)}


@pytest.fixture
def shell(tmp_path, monkeypatch) -> Iterator[InteractiveShell]:
    """IPython as a kernel has it, in an empty folder, without what shows figures."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    assert shell.history_manager is not None
    shell.history_manager.enabled = False
    yield shell
    InteractiveShell.clear_instance()


def solved(name: str, folder: Path) -> Path:
    """A notebook with all right solutions."""
    filled(ROOT / "release" / NAME / name, ROOT / "notebooks" / NAME / name, folder / name)
    return folder / name


def sources(path: Path) -> dict[str, str]:
    """Its code cells but for the checks, what draws and what writes the file, by their names."""
    without = ("figures.", "write_", "check(")
    code = {cell["id"]: cell["source"] for cell in cells(path) if cell["cell_type"] == "code"}
    return {id: text for id, text in code.items() if not text.startswith(without)}


def run(shell: InteractiveShell, *texts: str) -> None:
    for text in texts:
        shell.run_cell(text, store_history=True)


@pytest.mark.parametrize("name", WRITE)
def test_in_whatever_order_the_cells_ran_the_file_is_that_of_the_saved_notebook(shell, tmp_path, capsys, name):
    path = solved(name, tmp_path / "elsewhere")
    setup, *rest = sources(path).values()
    classes = [text for text in rest if text.startswith("class")]
    run(shell, setup, *classes, *reversed([text for text in rest if text not in classes]))
    capsys.readouterr()
    file, make = WRITE[name]
    {CELLS: write_model, DIAGNOSTICS: write_diagnostics}[name](name)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(f", from the cells as you ran them last (no {name} lies here)")
    assert Path(file).read_text() == make(read_notebook(path), name).text


def test_the_last_run_that_went_so_far_counts_and_what_is_gone_does_not(shell, tmp_path, capsys):
    texts = sources(solved(CELLS, tmp_path / "elsewhere"))
    right = texts["rnn_rho_solution"]
    run(shell, right, "import nummpy", "from torch import zeross", "import torch.nothing as torch", *texts.values())
    run(shell, right.replace("return", "return 2 *"), right.replace("return", "return 3 *") + "\n1 / 0\n")
    run(shell, "1 / 0\n" + right.replace("return", "return 4 *"), right.replace("return", "return 5 * ("))
    run(shell, "import os\ndel os", "%time import glob", "from math import pi as π; π")
    write_model(CELLS)
    text = Path("model.py").read_text()
    assert "return 3 * self.W_hh" in text
    assert text.count("def recurrent_weight_for_rho") == 2  # of either class
    for wrong in ("return 2", "return 4", "return 5", "nummpy", "zeross", "torch.nothing", "import os"):
        assert wrong not in text
    run(shell, right, texts["rnn_class"], texts["rnn_step_solution"])  # the class is new: what was in it is gone
    capsys.readouterr()
    write_model(CELLS)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("; without RNN until question rnn_forward is solved")
    assert set(find_cells().classes) == {"gru"}


def test_what_was_not_run_is_unsolved_and_the_line_says_what_counts(shell, tmp_path, capsys):
    texts = sources(solved(CELLS, tmp_path / "elsewhere"))
    run(shell, texts["setup"], texts["rnn_class"])
    write_model(CELLS)
    (line,) = capsys.readouterr().out.splitlines()
    assert line == (
        "1_cells.ipynb: no model.py yet: question rnn_step is still to be solved (or saved); no 1_cells.ipynb lies "
        "here, so what you ran last counts: run all cells, then this one again"
    )
    assert not Path("model.py").exists()
    write_model("another.ipynb")
    (line,) = capsys.readouterr().out.splitlines()
    assert "No such file or directory" in line
    assert notebook_run("another.ipynb") is None


def test_a_helper_in_a_cell_of_ones_own_is_refused_as_from_a_file(shell, tmp_path, capsys):
    texts = sources(solved(CELLS, tmp_path / "elsewhere"))
    run(shell, *texts.values(), "def helper(W):\n    return W")
    run(shell, texts["rnn_rho_solution"].replace("self.W_hh", "helper(self.W_hh)"))
    write_model(CELLS)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("1_cells.ipynb, question rnn_rho: it uses 'helper', which no solution cell defines")


def test_a_break_in_the_middle_of_a_run_names_line_and_question(shell, tmp_path, capsys):
    texts = sources(solved(CELLS, tmp_path / "elsewhere"))
    late = "@method_of(GRU)\ndef candidate(self, x_t, h_prev, r_t):\n    self.n = getattr(self, 'n', 0) + 1\n"
    late += "    assert self.n < 400, 'enough'\n    return h_prev\n"
    run(shell, *texts.values(), late)
    write_model(CELLS)
    with pytest.raises(BrokenCell) as caught:
        train(get_regime("A4", "tiny"), out=tmp_path / "run")
    line = Path("model.py").read_text().splitlines().index("    assert self.n < 400, 'enough'") + 1
    assert str(caught.value).startswith(f"model.py, line {line}, `assert self.n < 400, 'enough'`: AssertionError")
    assert str(caught.value).endswith("go back to question gru_candidate in the notebook, then write model.py again")


@pytest.mark.parametrize("colab", [False, True])
def test_an_older_file_stands_back_on_colab_alone(shell, tmp_path, capsys, monkeypatch, colab):
    texts = sources(solved(CELLS, tmp_path / "elsewhere"))
    (tmp_path / CELLS).write_bytes((ROOT / "release" / NAME / CELLS).read_bytes())  # as it came
    if colab:
        monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab_20251001")
    run(shell, *texts.values())
    write_model(CELLS)
    (line,) = capsys.readouterr().out.splitlines()
    expected = "RNN and GRU, from the cells as you ran them last (1_cells.ipynb as it lies here is another)"
    assert (expected in line) == colab
    assert ("is not what you ran last" in line) != colab
    assert Path("model.py").exists() == colab


def test_outside_a_notebook_nothing_was_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cells_run() == []
    write_model(CELLS)
    assert "No such file" in capsys.readouterr().out
    assert notebook_run(CELLS) is None
