"""What a person should look at in cells and data: ready-made networks, the insides of checks and kernel, carried code.

The checks look for these in the student's process, where they can be switched off; here the text itself is read, and
nothing runs. What is found is a flag, never a score: text can name a thing without using it, and use it without a name.
"""

from __future__ import annotations

import ast
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from rnnkit.checks.assignment import Assignment
from rnnkit.checks.forbidden import CALLS, CHECKS, CLIPPERS, NETWORKS, Forbidden, inside, together
from rnnkit.grading.evidence.borrowed import MAGIC, Shapes, alike
from rnnkit.grading.notebooks.reading import parsed
from rnnkit.notebook.cells import is_given, marking_of

READY_MADE = {*NETWORKS, *CALLS, "_VF"}
GIVEN = {"check", "figures"}  # of an assignment: the notebooks import them
INSIDES = {
    "ast_transformers", "input_transformers_cleanup", "input_transformers_post", "input_transformer_manager",
    "showtraceback", "displayhook", "display_pub", "pub_socket", "iopub_socket", "iopub_thread", "parent_header",
    "setprofile", "settrace", "_getframe", "meta_path", "path_hooks", "ctypes", "user_ns", "f_back", "f_locals",
    "__subclasses__", "__globals__", "__code__", "__builtins__", "__import__", "get_objects", "get_referrers",
    "_dispatch_library", "run_cell", "fork_exec", "get_ipython", "load_module", "exec_module", "__loader__", "__spec__",
}  # fmt: skip
FROM_TEXT = {"exec", "eval", "compile"}  # as functions of Python's own; cell.eval() and torch.compile are others
MEANS = (
    "ctypes", "marshal", "gc", "importlib", "builtins", "subprocess", "zlib", "base64", "codecs", "pickle", "dill",
    "cloudpickle", "joblib", "shelve", "runpy", "zipimport", "code", "codeop", "sys.path", "torch.jit", "torch.export",
    "torch.package", "torch.hub", "rnnkit.common.packed",
)  # fmt: skip
OBJECTS = {"allow_pickle": True, "weights_only": False}  # arguments with which a file's objects are made, not numbers
RUNS = re.compile(r"^\s*%{1,2}(run|macro)\b", re.M)
MOST = 10  # names of a cell
CODE = re.compile(rb"\bdef\s+\w+\s*\(|\blambda\b[^\n]{,200}:")  # in a text that something may run
IN_ARCHIVE = re.compile(r"\.pyc?$|(^|/)code/")  # a module; what torch.jit and torch.package save
MOST_BYTES = 32 << 20  # of a file that is looked through


def scan(notebook: NotebookNode, name: str, assignment: Assignment, shapes: Shapes | None = None) -> list[str]:
    """A flag for every cell of the student's that names such a thing, or is a shipped function with other names.

    Arguments:
        notebook: rebuilt from the master.
        name: its file name, which says what is not to be used.
        assignment: which one it is of.
        shapes: of the shipped functions; see `borrowed`.
    """
    here = [question for question in assignment.code if question.notebook == name]
    model = assignment.model.notebook if assignment.model else None  # whose cells every other notebook may use
    asked = here or [question for question in assignment.code if question.notebook != model]
    rules = together(question.forbids for question in asked)
    flags = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or is_given(cell) or (not here and _is_setting(cell)):
            continue
        where = marking_of(cell).get("grade_id") or "a cell of their own"
        if named := sorted(set(_named(cell.source, rules))):
            more = f" and {len(named) - MOST} more" if len(named) > MOST else ""
            flags.append(f"{where} names {', '.join(named[:MOST])}{more}")
        if same := alike(cell.source, shapes or {}):
            flags.append(f"{where} is, names off, {' and '.join(same[:2])}")
    return flags


def _is_setting(cell: NotebookNode) -> bool:
    """Whether it is a cell of a run's parameters that holds nothing but plain values: a run may be called ``gru``."""
    tree = parsed(cell.source)
    return "parameters" in cell.metadata.get("tags", ()) and tree is not None and all(
        isinstance(one, ast.Assign)
        and all(isinstance(name, ast.Name) for name in one.targets)
        and not any(isinstance(part, ast.Name | ast.Call | ast.Attribute) for part in ast.walk(one.value))
        for one in tree.body
    )  # fmt: skip


def _named(source: str, rules: Forbidden) -> Iterator[str]:
    yield from (f"%{magic[1]}" for magic in RUNS.finditer(source))
    for node in ast.walk(parsed(MAGIC.sub("pass", source)) or ast.Module([], [])):
        if isinstance(node, ast.Attribute):
            yield from _attribute(node, rules)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names if inside(one.name, (*rules.modules, *CHECKS, *MEANS)))
        elif isinstance(node, ast.ImportFrom):
            yield from _imported(node, rules)
        elif isinstance(node, ast.Name) and node.id in INSIDES | FROM_TEXT:
            yield node.id
        elif isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant):
            value = node.value.value
            if isinstance(value, bool) and OBJECTS.get(node.arg or "") is value:
                yield f"{node.arg}={value}"
        elif (text := _text(node)) in {*INSIDES, *CALLS, "_VF"} or (text in FROM_TEXT and isinstance(node, ast.BinOp)):
            yield repr(text)
        elif text and "\n" in text and CODE.search(text.encode("utf-8", "replace")):
            yield "a text that is code"


def _text(node: ast.AST, most: int = 8) -> str | None:
    """The text that constants make, also a few that are added; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and most:
        left, right = _text(node.left, most - 1), _text(node.right, most - 1)
        return None if left is None or right is None else left + right
    return None


def _attribute(node: ast.Attribute, rules: Forbidden) -> Iterator[str]:
    dotted = _dotted(node)
    ready_made = node.attr in READY_MADE and dotted.split(".")[0] in ("torch", "nn", "F", "_VF")
    means = dotted.startswith(("torch.", "sys.")) and dotted in MEANS
    if node.attr in INSIDES or ready_made or means or (rules.clipping and node.attr in CLIPPERS):
        yield dotted


def _imported(node: ast.ImportFrom, rules: Forbidden) -> Iterator[str]:
    module = node.module or ""
    for one in node.names:
        whole = f"{module}.{one.name}"
        if (
            inside(whole, (*rules.modules, *MEANS))
            or (module.startswith("torch") and one.name in READY_MADE)
            or (module == "rnnkit.cells" and one.name in {"RNN", "GRU", "unroll", "*"})
            or (
                inside(module, CHECKS)
                and not (module.count(".") == 2 and module.startswith(CHECKS[1]) and one.name in GIVEN)
            )
            or (rules.clipping and one.name in CLIPPERS)
            or one.name in INSIDES
        ):
            yield whole


def _dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "…")
    return ".".join(reversed(parts))


def holds_code(path: Path) -> bool:
    """Whether a regular file that is handed in as data holds code."""
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            file.seek(0)
            return CODE.search(file.read(MOST_BYTES)) is not None
        try:
            return any(IN_ARCHIVE.search(name) for name in zipfile.ZipFile(file).namelist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
