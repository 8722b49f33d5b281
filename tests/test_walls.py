"""The walls of the house: what may import what, what is never done with a student's bytes, and what stays home."""

from __future__ import annotations

import ast
import functools
import graphlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rnnkit.assignments import get_assignment, names
from rnnkit.common.places import PACKAGE
from rnnkit.grading.course.decides import file_of, imports
from rnnkit.grading.release.wheel import build_wheel

ROOT = PACKAGE.parent
PATHS = sorted(PACKAGE.rglob("*.py"))

# ---- arrows -------------------------------------------------------------------------------------------------------

# What may be imported by what, inside of functions too: a unit, the units above it that it may name, and packages.
# `nets`, `settings` and `trainer` are files of the root, see `UNIT`; `plug` is an assignment, which is asked for by its
# name (`assignments`) and named by nobody, and `key` its instructor's side; `verbs` are their table and guard.
CORE = "common tasks nets engines diagnostics settings record"
ARROWS = {
    "common": ("", "filelock jinja2 numpy pypandoc"),
    "verbs": ("common", ""),
    "tasks": ("common", "torch numpy jaxtyping"),  # jaxtyping for annotations alone, see FOREIGN
    "nets": ("common", "torch numpy jaxtyping"),
    "engines": ("common tasks nets", "torch numpy numba llvmlite jaxtyping"),
    "diagnostics": ("common nets engines", "torch numpy jaxtyping"),
    "settings": ("common tasks nets diagnostics", "torch numpy"),
    "record": ("common tasks nets engines diagnostics settings", "torch numpy"),
    "trainer": (CORE, "torch numpy"),
    "assignments": ("common", ""),
    "runs": (f"{CORE} trainer assignments", "torch numpy papermill traitlets tqdm distributed yaml pyarrow matplotlib"),
    "plots": (
        "common tasks diagnostics settings record trainer runs", "numpy matplotlib PIL IPython ipywidgets traitlets",
    ),
    "notebook": ("common nets settings record runs plots assignments", "IPython PIL typst"),
    "checks": ("common nets notebook runs assignments", "torch numpy IPython ipywidgets"),
    "plug": (f"{CORE} trainer runs plots notebook checks", "torch numpy IPython matplotlib"),
    "hand_in": ("common settings record runs notebook assignments checks", ""),
    "grading": ("common", ""),  # the ledger, the walk of a folder, a table of people
    "grading/dates": ("common", ""),
    "grading/release": ("common verbs assignments checks", "nbgrader traitlets"),
    "grading/sandbox": ("common assignments checks grading/release", "nbformat torch zmq jupyter_client"),
    "grading/score": ("common checks", "numpy"),
    "grading/notebooks": (
        "common grading notebook assignments checks grading/sandbox grading/score",
        "numpy nbformat nbconvert nbgrader IPython",
    ),
    "grading/evidence": (
        f"{CORE} runs notebook assignments checks grading grading/release grading/sandbox grading/notebooks",
        "numpy nbformat",
    ),
    "bench": ("common tasks nets engines settings trainer assignments runs plots", "torch numpy matplotlib"),
    "key": (f"{CORE} trainer runs plots checks plug grading/evidence bench", "torch numpy nbformat"),
    "grading/intake": (
        "common notebook assignments checks hand_in grading grading/notebooks grading/dates", "nbformat",
    ),
    "grading/course": (
        "common notebook runs assignments checks grading grading/release grading/sandbox grading/score "
        "grading/notebooks grading/evidence grading/dates grading/intake",
        "nbformat nbgrader sqlalchemy traitlets",
    ),
    "grading/audit": (
        "common record runs notebook assignments checks grading grading/sandbox grading/course", "nbformat",
    ),
    "grading/report": (
        "common grading notebook assignments checks hand_in grading/release grading/notebooks grading/dates "
        "grading/course",
        "nbformat nbconvert traitlets markupsafe pygments",
    ),
    "grading/marking": (
        "common grading notebook assignments checks grading/notebooks grading/course grading/report",
        "nbgrader sqlalchemy markupsafe tornado",
    ),
    "grading/single": (
        "common checks assignments grading grading/release grading/sandbox grading/notebooks grading/evidence "
        "grading/intake grading/course grading/report",
        "nbformat",
    ),
    "grading/lms": ("common checks grading grading/intake grading/course grading/report", ""),
    "grading/overview": (
        "common checks grading grading/score grading/course grading/audit grading/report", "markupsafe",
    ),
    "grading/alike": (
        "common grading notebook checks grading/release grading/notebooks grading/course grading/overview",
        "numpy tqdm",
    ),
    "clone": ("common verbs", "pip"),
    "clone/site": ("common verbs assignments checks", "mkdocs griffe"),
    "cli": (
        "common verbs settings record trainer runs plots notebook assignments checks hand_in grading grading/evidence "
        "grading/marking "
        "grading/intake grading/course grading/report grading/release grading/sandbox grading/notebooks grading/single "
        "grading/lms grading/overview grading/alike grading/dates clone bench "
        "grading/audit",
        "torch tqdm packaging jupyter_client jupyter_core",
    ),
    "train": ("trainer runs cli", ""),
    "starter": ("tasks nets train", ""),
    "__main__": ("verbs", ""),
}  # fmt: skip
UNIT = dict.fromkeys(("cells", "inits", "heads", "omega"), "nets") | {"optim": "settings", "regimes": "settings"}
UNIT |= {"update": "trainer", "cli.verbs": "verbs", "cli.guard": "verbs", "key.solving": "settings"}
CIRCLES = {
    ("checks/assignment.py", "checks/runner.py"),  # `check` is a method; what it needs is loaded when it is called
    # a record's question has its judge, which reads its points
    ("assignments/training_dynamics/questions.py", "assignments/training_dynamics/own_setting.py"),
    # what tries a run again is named for a process of its own
    ("assignments/training_dynamics/own_setting.py", "assignments/training_dynamics/again.py"),
}


def unit(path: Path) -> str:
    first, *inside = path.relative_to(PACKAGE).with_suffix("").parts
    if first == "assignments" and len(inside) > 1:
        return "key" if "key" in inside else "plug"
    return (
        f"{first}/{inside[0]}"
        if first in ("grading", "clone") and len(inside) > 1
        else UNIT.get(".".join([first, *inside]), first)
    )


@functools.cache
def graph() -> dict[Path, tuple[set[Path], set[str]]]:
    """File -> the files of rnnkit that it imports, and the other packages but for Python's own."""
    return {path: _imported(path) for path in PATHS}


def _imported(path: Path) -> tuple[set[Path], set[str]]:
    ours: set[Path] = set()
    others: set[str] = set()
    for name, _ in imports(path.read_text(encoding="utf-8")):
        if name.split(".")[0] == "rnnkit":
            while (file := file_of(name, PACKAGE)) is None:
                name = name.rpartition(".")[0]
            ours.add(file)
        elif name.split(".")[0] not in sys.stdlib_module_names:
            others.add(name.split(".")[0])
    return ours - {path, PACKAGE / "__init__.py"}, others


def test_arrows_between_folders_are_those_of_the_table():
    wrong = []
    for path, (ours, others) in graph().items():
        own = unit(path)
        folders, packages = ARROWS.get(own, ("", ""))
        seen = [(unit(file), file.relative_to(PACKAGE).as_posix()) for file in ours if unit(file) != own]
        wrong += [f"{path.relative_to(PACKAGE)} -> {name}" for there, name in seen if there not in folders.split()]
        wrong += [f"{path.relative_to(PACKAGE)} -> {name}" for name in others - {*packages.split()}]
    assert not wrong, "\n".join(["not in the table:", *sorted({*wrong})])


def test_the_table_goes_one_way():
    above: set[str] = set()
    for own, (folders, _) in ARROWS.items():
        assert {*folders.split()} <= above, own
        above.add(own)


def test_no_files_import_each_other_in_a_circle():
    named = {tuple(PACKAGE / name for name in pair) for pair in CIRCLES}
    files = {path: {to for to in ours if (path, to) not in named} for path, (ours, _) in graph().items()}
    graphlib.TopologicalSorter(files).prepare()  # raises, and names the circle


def test_assignments_do_not_know_each_other():
    wrong = []
    for path, (ours, _) in graph().items():
        if unit(path) in ("plug", "key"):
            own = PACKAGE.joinpath(*path.relative_to(PACKAGE).parts[:2])
            wrong += [to for to in ours if unit(to) in ("plug", "key") and not to.is_relative_to(own)]
    assert not wrong


def python(*arguments, **how) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120, **how)


FOREIGN = "IPython nbgrader papermill dask distributed matplotlib ipywidgets nbformat jupyter_client jaxtyping"


@pytest.mark.parametrize(
    ("modules", "without"),
    [
        ("rnnkit", f"torch numpy {FOREIGN}"),
        ("rnnkit.train, trainingRNNs_torch.train, rnnkit.runs.report_text", FOREIGN),
        ("rnnkit.plots", "matplotlib.pyplot IPython"),
    ],
)
def test_imports_load_no_more_than_is_needed(modules, without):
    done = python("-c", f"import {modules}, sys; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    assert not {*done.stdout.split()} & {*without.split()}


@pytest.mark.parametrize(
    "main", ["cli.verbs []", "cli.verbs ['--help']", "cli.verbs ['rum']", "clone.setup_env ['-h']"]
)
def test_command_line_needs_no_package_until_a_verb_does(tmp_path, main):
    shutil.copytree(PACKAGE, tmp_path / "rnnkit", ignore=shutil.ignore_patterns("__pycache__"))
    module, arguments = main.split()
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from rnnkit.{module} import main; "
    code += f"sys.exit(main({arguments}))"
    done = python("-S", "-E", "-I", "-c", code, cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if "rum" in main else 0)
    assert bool(done.stdout) != bool(done.stderr)


# ---- the instructor's side ------------------------------------------------------------------------------------------

INSIDE = ("launcher.py", "zygote.py")  # in sandboxes alone, and before there is anything of a student's in one
PICKLES = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "runpy"}
FORBIDDEN = {
    "eval", "exec", "compile", "load", "loads", "Unpickler", "read_pickle", "run_path", "run_module", "execfile",
    "import_module", "__import__", "literal_eval",
}  # fmt: skip
ALLOWED = {
    ("json", "loads"),
    ("tomllib", "loads"),
    ("re", "compile"),
    ("py_compile", "compile"),
}  # the last of our own files


def test_no_byte_of_a_submission_is_executed_or_unpickled():
    """Only JSON is read; arrays come as plain bytes (`rnnkit.common.wire`)."""
    wrong = []
    for path in (path for path in PATHS if unit(path).startswith("grading") and path.name not in INSIDE):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = owner = ""
            if isinstance(node, ast.Import | ast.ImportFrom):
                name = " ".join({getattr(node, "module", None) or "", *(one.name for one in node.names)} & PICKLES)
            elif isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                owner = getattr(getattr(node.func, "value", None), "id", "")
            if name in FORBIDDEN | PICKLES and (owner, name) not in ALLOWED:
                wrong.append(f"{path.name}:{node.lineno}: {owner}.{name}")
    assert not wrong


def test_students_get_nothing_of_the_hidden_checks(tmp_path):
    canaries = {get_assignment(name).key.CANARY.encode() for name in names()}
    assert len(canaries) == len(names())
    with zipfile.ZipFile(build_wheel(ROOT, tmp_path)) as wheel:
        given = {name: wheel.read(name) for name in wheel.namelist()}
    assert not [name for name in given if {"grading", "bench", "key"} & {*Path(name).parts}]
    files = [path for folder in ("release", "notebooks") for path in (ROOT / folder).rglob("*") if path.is_file()]
    given |= {str(path): path.read_bytes() for path in files}
    assert not [name for name, content in given.items() if any(canary in content for canary in canaries)]
    assert all(any(canary in path.read_bytes() for path in PACKAGE.rglob("key/*.py")) for canary in canaries)
