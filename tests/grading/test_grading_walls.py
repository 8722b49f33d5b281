"""What the instructor's side must never do with a student's bytes, and what must never leave it."""

from __future__ import annotations

import ast
import functools
import shutil
import zipfile
from pathlib import Path

import pytest
from course import ROOT

from rnnkit.assignments import get_assignment, names
from rnnkit.common.places import PACKAGE
from rnnkit.grading.course import master
from rnnkit.grading.course.decides import deciding, followed
from rnnkit.grading.course.master import version
from rnnkit.grading.release.wheel import build_wheel

INSIDE = "launcher.py"  # runs in sandboxes alone
MODULES = sorted(path for path in (ROOT / "rnnkit" / "grading").rglob("*.py") if path.name != INSIDE)
FORBIDDEN = {
    "eval", "exec", "compile", "load", "loads", "Unpickler", "read_pickle", "run_path", "run_module", "execfile",
    "import_module", "__import__", "literal_eval",
}  # fmt: skip
ALLOWED = {("json", "loads"), ("re", "compile"), ("py_compile", "compile")}  # the last of our own files


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_byte_of_a_submission_is_executed_or_unpickled(path):
    """Only JSON is read; arrays come as plain bytes (`rnnkit.checks.wire`)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {getattr(node, "module", None) or "", *(one.name for one in node.names)}
            assert not names & {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "runpy"}, node.lineno
        if isinstance(node, ast.Call):
            function = node.func
            name = getattr(function, "attr", getattr(function, "id", ""))
            owner = getattr(getattr(function, "value", None), "id", "")
            assert name not in FORBIDDEN or (owner, name) in ALLOWED, f"{path.name}:{node.lineno}: {owner}.{name}"


def test_students_get_nothing_of_the_hidden_checks(tmp_path):
    canaries = {name: get_assignment(name).key.CANARY.encode() for name in names()}
    assert len(set(canaries.values())) == len(canaries)
    with zipfile.ZipFile(build_wheel(ROOT, tmp_path)) as wheel:
        files = {name: wheel.read(name) for name in wheel.namelist()}
    assert not [name for name in files if "grading" in name or "key" in Path(name).parts]
    released = [path for path in (ROOT / "release").rglob("*") if path.is_file()]
    for canary in canaries.values():
        assert [path for path in PACKAGE.rglob("key/*.py") if canary in path.read_bytes()]
        assert not [name for name, content in files.items() if canary in content]
        assert not [path for path in released if canary in path.read_bytes()]


DECIDES = (
    "heads.py", "inits.py", "regimes.py", "engines/base.py", "engines/compiled/loops.py", "tasks/mem.py",
    "record/read_npz.py", "runs/lengths.py", "checks/rules.py", "assignments/training_dynamics/expected/1_cells.json",
    "assignments/training_dynamics/key/draws.py", "grading/evidence/again.py", "grading/sandbox/supervise.py",
    "grading/sandbox/answering/sitecustomize.py", "notebook/calls.py",
)  # fmt: skip
DOES_NOT = (
    "plots/page.py", "plots/style.py", "cli/verbs.py", "cli/grade.py", "grading/report/feedback.py",
    "grading/report/templates/feedback.html", "grading/course/driver.py", "clone/pip_progress.py", "runs/batch.py",
    "bench/verb.py", "checks/runner.py", "hand_in/pack.py", "assignments/another/__init__.py",
)  # fmt: skip


def test_scores_depend_on_what_decides_points_and_on_nothing_else(tmp_path, monkeypatch):
    """What is imported says what that is, inside of functions and for processes of their own, too."""
    copy = tmp_path / "rnnkit"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "assignments" / "another").mkdir()
    (copy / "assignments" / "another" / "__init__.py").touch()
    monkeypatch.setattr(master, "deciding", functools.partial(deciding, package=copy))
    before = version(ROOT, "training_dynamics")
    assert before == version(ROOT, "training_dynamics")
    assert before != version(Path("/nowhere"), "training_dynamics")
    changes = set()
    for name in (*DECIDES, *DOES_NOT):
        text = (copy / name).read_bytes()
        (copy / name).write_bytes(text + b"\n")
        if version(ROOT, "training_dynamics") != before:
            changes.add(name)
        (copy / name).write_bytes(text)
    assert changes == set(DECIDES)


def test_imports_are_followed_wherever_they_stand(tmp_path):
    files = {
        "__init__.py": "",
        "begin.py": "from typing import TYPE_CHECKING\nimport rnnkit.way.end\nif TYPE_CHECKING:\n"
        "    import rnnkit.typed\ndef f():\n    from rnnkit import late\nRUN = ['-m', 'rnnkit.started']\n"
        "TEXT = 'import rnnkit.told; print(1)'\nLINE = 'import rnnkit.words'\n",
        "way/__init__.py": "import rnnkit.passed\ndef f():\n    import rnnkit.called\n",
        "way/end.py": "from rnnkit.unwanted import a",
    } | {f"{name}.py": "" for name in ["typed", "late", "started", "told", "words", "passed", "called", "unwanted"]}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    reached = followed([tmp_path / "begin.py"], tmp_path, lambda name: name != "rnnkit.unwanted")
    names = {path.relative_to(tmp_path).as_posix() for path in reached}
    assert names == {*files} - {"typed.py", "words.py", "called.py", "unwanted.py"}
