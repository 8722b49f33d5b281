"""Every notebook of the clone: well formed, clean, portable; and that 3_regime runs from top to bottom."""

from __future__ import annotations

import ast
import json
import os
import re

import nbformat
import pytest

from rnnkit.common.places import PACKAGE
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.runs.jobs import plan

ROOT = PACKAGE.parent
NOTEBOOKS = sorted(
    path
    for folder in ("notebooks", "release")
    for path in (ROOT / folder).rglob("*.ipynb")
    if not any(part.startswith(".") or part == "runs" for part in path.relative_to(ROOT).parts)
)
REGIME = ROOT / "notebooks" / "training_dynamics" / "3_regime.ipynb"

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(path) -> list[tuple[str, str]]:
    """The code cells' names and texts, without magics."""
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    return [(cell.id, re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.MULTILINE)) for cell in cells]


def all_text(path) -> str:
    return "\n".join(cell.source for cell in read(path).cells)


@every_notebook
def test_is_valid_as_it_lies_on_the_disk(path):
    raw = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(raw)
    assert (raw["nbformat"], raw["nbformat_minor"]) == (4, 5)
    assert path.read_text(encoding="utf-8").endswith("}\n")
    about = raw["metadata"]
    assert (about["kernelspec"]["name"], about["language_info"]["name"]) == ("python3", "python")


@every_notebook
def test_has_no_outputs(path):
    for cell in read(path).cells:
        if cell.cell_type == "code":
            assert cell.outputs == [], cell.id
            assert cell.execution_count is None, cell.id
        assert "execution" not in cell.metadata, cell.id


@every_notebook
def test_cells_have_names_of_their_own(path):
    ids = [cell.id for cell in read(path).cells]
    assert len(ids) == len(set(ids))
    for name in ids:
        assert re.fullmatch(r"[a-z][a-z0-9_.-]*", name, re.IGNORECASE), name
        assert not re.fullmatch(r"[0-9a-f]{8}([0-9a-f-]{24,28})?", name), f"{name} is no name"


@every_notebook
def test_installs_nothing_and_knows_no_machine(path):
    text = all_text(path)
    assert not re.search(r"\b(pip3?|conda|mamba|apt(-get)?)\s+install\b", text)
    assert not re.search(r"""(?<![\w.$\\:/])/(home|root|tmp|work|Users|mnt|opt|usr|var|content)/""", text)
    assert not re.search(r"\b[A-Za-z]:\\\\?[A-Z]\w+", text)
    assert "file://" not in text


@every_notebook
def test_code_is_python_and_uses_no_ready_made_recurrent_network(path):
    forbidden = {"RNN", "GRU", "LSTM", "RNNCell", "GRUCell", "LSTMCell", "RNNBase"}
    for name, text in code_of(path):
        compile(text, f"{path.name}:{name}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and node.attr in forbidden:
                assert ast.unparse(node.value) not in ("nn", "torch.nn", "torch.nn.modules"), name
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torch.nn"):
                assert not forbidden & {alias.name for alias in node.names}, name


# ---- 3_regime ---------------------------------------------------------------------------------------------------


def test_parameters_are_those_of_the_batch(tmp_path):
    tagged = [cell for cell in read(REGIME).cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert REGIME in NOTEBOOKS
    names = [target.id for node in ast.parse(tagged[0].source).body for target in node.targets]
    job = plan(["A1"], tmp_path, profile="tiny", notebook=REGIME)[0]
    assert sorted(names) == sorted(job.parameters)


def test_parameters_have_harmless_defaults():
    tagged = next(cell for cell in read(REGIME).cells if "parameters" in cell.metadata.get("tags", []))
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(tagged.source).body}
    get_regime(values["regime"], values["profile"], **values["overrides"])
    assert values["profile"] != "full"
    assert values["cells"] is None
    assert values["out"] is None


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """3_regime with its own parameters, as the grader executes it: the notebook and the folder it ran in."""
    from nbclient import NotebookClient

    home = tmp_path_factory.mktemp("regime")
    notebook = read(REGIME)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBGRADER_EXECUTION", "autograde")
        patch.setenv("OMP_NUM_THREADS", "1")
        client = NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(home)}}
        )
        client.execute(env=dict(os.environ))
    return notebook, home


def test_runs_from_top_to_bottom_without_a_complaint(executed):
    notebook, _ = executed
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            if output.output_type == "stream":
                assert output.name == "stdout", (cell.id, output.text)


def test_graded_execution_is_tiny_and_writes_below_its_folder(executed):
    _, home = executed
    written = [path.relative_to(home).as_posix() for path in home.rglob("*.npz")]
    name = get_regime("A1").name
    assert written == [f"runs/tiny/{name}/{name}_final_state.npz"]
    assert str(load(home / written[0])["profile"]) == "tiny"


def test_shows_every_figure_of_the_handout(executed):
    notebook, _ = executed
    shown = {
        cell.id for cell in notebook.cells for one in cell.get("outputs", []) if "image/png" in one.get("data", {})
    }
    assert {"validation", "gradient", "saturation", "norms", "spectrum"} <= shown
