"""What the instructor's side must never do with a student's bytes, and what must never leave it."""

from __future__ import annotations

import ast
import zipfile
from pathlib import Path

import pytest
from course import ROOT

from rnnkit.assignments.training_dynamics import key
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
    with zipfile.ZipFile(build_wheel(ROOT, tmp_path)) as wheel:
        names = wheel.namelist()
        assert not [name for name in names if "grading" in name]
        assert not [name for name in names if key.CANARY.encode() in wheel.read(name)]
    for path in (ROOT / "release").rglob("*"):
        assert not path.is_file() or key.CANARY.encode() not in path.read_bytes(), path


def test_scores_depend_on_the_release_and_on_the_code():
    assert version(ROOT, "training_dynamics") == version(ROOT, "training_dynamics")
    assert version(ROOT, "training_dynamics") != version(Path("/nowhere"), "training_dynamics")
