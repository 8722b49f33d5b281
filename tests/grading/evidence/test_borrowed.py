"""Answers that are somebody else's get nothing or a flag; one's own ways of writing work."""

from __future__ import annotations

import ast
import json
import re
import zipfile
from pathlib import Path

import pytest
import torch
from bank.answers import VARIANTS
from bank.bases import BASES
from confined import need_sandbox
from course import ASSIGNMENT, NOTEBOOKS, ROOT, cells
from hostile import CASES, Submission
from hostile.base import GRADED, named
from nbformat.v4 import new_code_cell, new_notebook

from rnnkit.assignments.training_dynamics.questions import CELLS, DIAGNOSTICS, QUESTIONS
from rnnkit.cells import GRU, RNN, Cell
from rnnkit.checks.judge import report_of
from rnnkit.checks.remote import request
from rnnkit.checks.runner import examine
from rnnkit.grading.course.submission import stage_data
from rnnkit.grading.evidence.borrowed import alike, shipped
from rnnkit.grading.evidence.scan import holds_code, scan
from rnnkit.grading.sandbox.confine import Limits, run
from rnnkit.grading.sandbox.runtime import scoring_runtime, student_runtime
from rnnkit.grading.score.reply import read

SHOWN = ("o_thread", "o_jit_joined", "o_profiler_off", "o_forked", "o_ops", "o_library_deleted", "k_thread", "k_files",
         "k_marshal", "k_frames")  # fmt: skip
OTHERS = [name for name in CASES if name.startswith(("o_", "k_")) and name not in SHOWN]
COMPUTES = re.compile(r"@|norm|mean|sum|abs|sqrt|eig|minimum|clamp|tanh|sigmoid|W_hh|step|linalg")
DIES = {"o_keys"}  # torch ends the process where a kernel is called that is none

# Runs the cells of each case in a child of its own, and prints what its objects reply.
INSIDE = """
import json, os, sys
import torch
from rnnkit.checks.remote import answer
torch.set_num_threads(1)
for name, (cells, asked) in json.load(open("/in/cases.json")).items():
    sys.stdout.flush()
    if os.fork() == 0:
        try:
            space, replies = {"__name__": "__main__"}, {}
            for cell in cells:
                try:
                    exec(compile(cell, "cell", "exec"), space)
                except Exception as error:
                    replies["cell"] = repr(error)
            for id, (target, request) in asked.items():
                replies[id] = answer(request, space.get(target))
            print(json.dumps([name, replies]), flush=True)
        finally:
            os._exit(0)
    os.wait()
"""


def replies(tmp_path, cases: dict, runtime=scoring_runtime) -> dict[str, dict[str, str]]:
    """What each case replies to its questions, by default where answers are scored: name -> question -> reply."""
    need_sandbox()
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    limits = Limits(wall_s=500, memory_mb=3000)
    done = run(["python", "-c", INSIDE], stage=tmp_path, runtime=runtime(ROOT), limits=limits)
    found = dict(json.loads(line) for line in done.stdout.decode().splitlines() if line.startswith("["))
    assert set(found) | DIES >= set(cases), done
    return found


def points(id: str, reply: str) -> float:
    """What a reply to the public inputs is worth."""
    question = QUESTIONS[id]
    return report_of(question, read(reply, question, {"T": 4, "B": 3, "I": 2, "H": 5, "O": 6}).seen).points


def asking(*ids: str) -> dict[str, list[str]]:
    return {id: [QUESTIONS[id].target, request(QUESTIONS[id])] for id in ids}


def attack(name: str) -> list:
    made = Submission(is_right=False, course=ROOT)
    CASES[name].write(made)
    usual = Submission(is_right=False, course=ROOT)
    code, changed = [], []
    for cell in made.all(*GRADED):
        id = named(cell)
        if cell["cell_type"] != "code" or id in QUESTIONS or id.endswith("figure") or id.startswith("write_"):
            continue
        code.append(cell["source"])
        question = id.removesuffix("_solution")
        if question in QUESTIONS and cell["source"] != usual.cell(id)["source"]:
            changed.append(question)
    return [code, asking(*changed)]


def borrowed(tmp_path, names, runtime=scoring_runtime) -> dict[tuple[str, str], float]:
    """Case and question -> points."""
    found = replies(tmp_path, {name: attack(name) for name in names}, runtime)
    return {(name, id): points(id, reply) for name, told in found.items() for id, reply in told.items() if id != "cell"}


def borrow_nothing(tmp_path, names) -> None:
    got = borrowed(tmp_path, names)
    assert {key: value for key, value in got.items() if value} == {}
    assert len(got) >= 2 * len(set(names) - DIES)


def test_what_is_borrowed_gets_nothing(tmp_path):
    borrow_nothing(tmp_path, SHOWN)


@pytest.mark.slow
def test_what_else_is_borrowed_gets_nothing(tmp_path):
    borrow_nothing(tmp_path, OTHERS)


# These get points where all of the kit and of torch is there.
WORKING = ("o_thread_waiting", "o_jit_joined", "k_clippers")


def test_where_everything_is_there_it_would_get_points(tmp_path):
    """Else it would say nothing that it gets none without."""
    got = borrowed(tmp_path, WORKING, student_runtime)
    assert {name for name, id in got if got[name, id]} == set(WORKING)


# ---- what is one's own ---------------------------------------------------------------------------------------------

OWN_WAYS = {
    "a thread": ("rnn_step", """from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: PHI[self.phi](x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)).result()"""),
    "torch.func": ("rnn_step", """a = lambda x, h: x @ self.W_xh + h @ self.W_hh
    return PHI[self.phi](torch.func.vmap(a)(x_t, h_prev) + self.b_h)"""),
    "a copy of the cell": ("gru_update_gate", """import copy
    assert copy.deepcopy(self).b_z.shape == self.b_z.shape
    return torch.sigmoid(x_t @ self.W_xz + h_prev @ self.W_hz + self.b_z)"""),
    "compiled": ("gru_reset_gate", """f = torch.compile(lambda a: a.sigmoid())
    return f(x_t @ self.W_xr + h_prev @ self.W_hr + self.b_r)"""),
    "traced": ("sat_time", "return torch.jit.trace(lambda h: 1 - h.abs(), hidden)(hidden).mean((1, 2))"),
    "the kit beside it": ("rho", """import rnnkit.plots
    from rnnkit.record.file import load
    return torch.linalg.eigvals(W).abs().max()"""),
}  # fmt: skip


def solved(id: str, body: str, solutions: dict[str, str]) -> list:
    """The right answers to all questions, with another body in one, and that one asked."""
    question, code = QUESTIONS[id], []
    for notebook in NOTEBOOKS:
        if notebook.name in (question.notebook, DIAGNOSTICS):
            for cell in cells(notebook):
                if cell["cell_type"] == "code" and cell["id"].endswith(("_solution", "_class", "setup")):
                    code.append(solutions.get(cell["id"], cell["source"]))
    decorator = f"@method_of({question.target})\n" if question.method else ""
    code.append(f"import numpy as np\n{decorator}def {question.call}:\n    {body}\n")
    return [code, asking(id)]


def all_points(tmp_path, table: dict) -> None:
    found = replies(tmp_path, {name: solved(id, body, {}) for name, (id, body) in table.items()})
    lost = {name: reply for name, told in found.items() for reply in told.values()}
    short = {name for name, told in found.items() for id, reply in told.items()
             if id == "cell" or points(id, reply) != QUESTIONS[id].points}  # fmt: skip
    assert short == set(), {name: lost[name][:600] for name in short}


def test_ones_own_ways_work(tmp_path):
    all_points(tmp_path, OWN_WAYS)


@pytest.mark.slow
def test_all_right_variants_work(tmp_path):
    all_points(tmp_path, VARIANTS | {f"base {k}": base for k, base in enumerate(BASES)})


def test_no_program_is_started_and_no_filter_added(tmp_path):
    """Also where the hook that says so is switched off."""
    need_sandbox()
    code = (
        "import ctypes, gc, os, sys\n"
        "for one in gc.get_objects():\n"
        "    if type(one).__name__ == 'function' and one.__name__ == 'watch':\n"
        "        one.__code__ = (lambda event, arguments: None).__code__\n"
        "try:\n    os.execv(sys.executable, [sys.executable, '-c', 'print(1)'])\n"
        "except PermissionError:\n    print('refused')\n"
        "print(ctypes.CDLL(None).prctl(22, 2, 0, 0, 0))\n"
    )
    done = run(["python", "-c", code], runtime=scoring_runtime(ROOT), limits=Limits(wall_s=200))
    assert done.stdout == b"refused\n-1\n", done


# ---- texts ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shapes():
    return shipped(ROOT, ASSIGNMENT)


def flagged(source: str, shapes, name: str = CELLS) -> list[str]:
    return scan(new_notebook(cells=[new_code_cell(source)]), name, ASSIGNMENT, shapes)


def test_right_answers_are_not_flagged(shapes):
    for id, body in [*VARIANTS.values(), *BASES, *OWN_WAYS.values()]:
        source = f"def {QUESTIONS[id].call}:\n    {body}\n"
        assert alike(source, shapes) == [], source
    for path in NOTEBOOKS:
        for cell in cells(path):
            assert alike(cell["source"], shapes) == []


def test_shipped_functions_with_other_names_are_flagged(shapes):
    def renamed(text: str, **names: str) -> str:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                node.id = names.get(node.id, node.id)
        return ast.unparse(tree)

    bptt = (ROOT / "rnnkit" / "engines" / "bptt.py").read_text()
    found = {}
    for cls in (node for node in ast.parse(bptt).body if isinstance(node, ast.ClassDef)):
        step = next(one for one in cls.body if getattr(one, "name", "") == "step")
        text = renamed(ast.unparse(step), w="mine", z_t="a", r_t="b", c_t="c")
        found[cls.name] = text.replace("self.w", "weights(self)")
    for name, text in found.items():
        (flag,) = flagged(text, shapes)
        assert "is, names off, rnnkit.engines.bptt.step" in flag, name
    for file, name in (("omega.py", "omega"), ("optim.py", "clip"), ("cells.py", "unroll")):
        tree = ast.parse((ROOT / "rnnkit" / file).read_text())
        text = ast.unparse(next(node for node in tree.body if getattr(node, "name", "") == name))
        assert f"rnnkit.{file[:-3]}.{name}" in flagged(text, shapes, DIAGNOSTICS)[0]
    text = Path(torch.nn.utils.clip_grad.__file__).read_text()
    assert any("torch.nn.utils.clip_grad" in flag for flag in flagged(text, shapes, DIAGNOSTICS))


@pytest.mark.parametrize("text", ["exec('x = 1')", "eval('1')", "import marshal", "from gc import get_objects",
                                  "f.__globals__", "import subprocess", "import pickle as p", "%run runs/notes.txt",
                                  "np.load('a.npz', allow_pickle=True)", "torch.load('a', weights_only=False)",
                                  "f = torch.jit.load('a.pt')", "import sys\nsys.path.append('a.zip')",
                                  "from runpy import run_path", "get_ipython().ex(text)", "getattr(b, 'ex' + 'ec')(t)",
                                  "torch.__loader__", "t = '''\ndef f(x):\n    return x\n'''"])  # fmt: skip
def test_what_runs_text_or_looks_for_objects_is_flagged(text):
    assert flagged(text, {})


def test_what_is_alike_but_usual_is_not_flagged():
    usual = ["cell.eval()", "f = torch.compile(g)", "import re\nre.compile('a')", "np.load('a.npz')", "'ex' + 'am'",
             "torch.load('a', weights_only=True)", "%load_ext autoreload", " + ".join(["'a'"] * 900)]  # fmt: skip
    for text in usual:
        assert flagged(text, {}) == []


def test_code_that_is_handed_in_as_data_is_found(tmp_path):
    (folder := tmp_path / "in").mkdir()
    code = "import torch\ndef step(x):\n    return x\n"
    held = {"notes.txt": code.encode(), "late.log": b"\0" * 1_000_000 + code.encode(), "one.csv": b"f = lambda x: x"}
    harmless = {"a.log": b"0.5 1.2\n" * 100, "notes.md": b"Wir definieren die Zelle (s. o.)", "b.npz": b"PK\3\4"}
    for name, data in (held | harmless).items():
        (folder / name).write_bytes(data)
    for name, inside in (("kit.zip", "kit.py"), ("net.pt", "net/code/__torch__.txt")):  # as torch.jit saves it
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(inside, code)
    torch.save({"W": torch.zeros(2)}, folder / "weights.pt")
    found = {path.name for path in folder.iterdir() if holds_code(path)}
    assert found == {*held, "kit.zip", "net.pt"}
    assert "kit.zip: code that is handed in as data" in stage_data(folder, tmp_path / "stage")


# ---- what is shipped -----------------------------------------------------------------------------------------------


def test_the_wheel_shows_no_body_that_answers():
    """Of every function in the packed files there is a signature, a docstring and no more."""
    package = student_runtime(ROOT) / "rnnkit"
    seen = 0
    for path in sorted(package.rglob("*.py")):
        text = path.read_text()
        if "from rnnkit.common.packed import unpack" not in text or path.name == "packed.py":
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                seen += 1
                assert len(node.body) <= 2, f"{path}: {node.name}"
                assert isinstance(node.body[-1], ast.Expr), f"{path}: {node.name}"
    assert seen > 50
    shown = {path.name: path.read_text() for path in package.rglob("*.py")}
    assert [name for name, text in shown.items() if "torch.addmm(torch.addmm" in text] == []
    lines = {name for name, text in shown.items() if "eigvals" in text}
    assert lines <= {"backwards.py", "figures.py", "read_npz.py"}  # lines of two figures, and of a record's reader


@pytest.mark.slow
def test_no_function_that_is_shipped_answers_where_it_is_pasted():
    """The text of every function that computes, handed in for every question that takes as many arguments."""
    package, got, tried = student_runtime(ROOT) / "rnnkit", {}, 0
    head = "import torch\nimport numpy as np\nfrom rnnkit.cells import PHI, Cell\n"
    for path in sorted(package.rglob("*.py")):
        for node in (one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.FunctionDef)):
            names = [one.arg for one in node.args.args]
            text, counts = _bare(node), range(len(names) - len(node.args.defaults), len(names) + 1)
            if not COMPUTES.search(text):
                continue
            for id, question in QUESTIONS.items():
                if len(question.arguments) + bool(question.method) not in counts:
                    continue
                space: dict = {}
                try:
                    exec(head + text, space)
                except Exception:  # defaults that are names of its module
                    continue
                function, tried = space[node.name], tried + 1
                if question.method:
                    shapes = {"RNN": RNN, "GRU": GRU}[question.target].shapes
                    function = type(question.target, (Cell,), {"shapes": shapes, question.method: function})
                if points := examine(question, function).points:
                    got[f"{path.relative_to(package)}:{node.name}", id] = points
    assert got == {}
    assert tried > 100


def _bare(node: ast.FunctionDef) -> str:
    for one in ast.walk(node):
        if isinstance(one, ast.arg):
            one.annotation = None
    node.returns, node.decorator_list = None, []
    return ast.unparse(ast.fix_missing_locations(node))
