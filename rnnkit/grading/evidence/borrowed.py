"""Whether an answer is, names off, a function that the kit or torch ships: a flag for the instructor, never a score.

What is compared is the syntax tree without names of variables, docstrings, types and decorators. Short statements are
written alike by everybody, so only those of some size count, and a function only where these make up most of it.
"""

from __future__ import annotations

import ast
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from rnnkit.checks.assignment import Assignment
from rnnkit.grading.notebooks.reading import parsed
from rnnkit.grading.release.wheel import functions, student_source
from rnnkit.grading.sandbox.scoring import OF_TORCH

OWN = ("cells.py", "inits.py", "omega.py", "optim.py", "engines", "diagnostics")  # of rnnkit/
SMALLEST = 12  # nodes of a statement that counts
LEAST = 20  # nodes of all statements that two functions have in common
SHARE = 0.6  # of the nodes of a shipped function that count
MAGIC = re.compile(r"^\s*[%!].*$", re.M)
Shapes = dict[str, dict[str, int]]  # function -> hash of a statement -> its nodes


def shipped(root: Path, assignment: Assignment) -> Shapes:
    """The statements of all functions that students have and that could answer a question, by the functions' names."""
    shapes: Shapes = {}
    with tempfile.TemporaryDirectory() as folder:
        student_source(root, Path(folder), packed=False)
        package = Path(folder) / "rnnkit"
        for name in (*OWN, *(f"assignments/{assignment.name}/{name}" for name in assignment.packed)):
            paths = [package / name] if name.endswith(".py") else sorted((package / name).rglob("*.py"))
            for path in paths:
                shapes |= _of_module(Path(folder), path.relative_to(folder).as_posix())
    places = Path(str(distribution("torch").locate_file("")))
    for name, pattern in OF_TORCH.items():
        if (places / "torch" / name).is_file():
            shapes |= _of_module(places, f"torch/{name}", pattern.search)
    return shapes


def _of_module(places: Path, name: str, chosen: Callable[[str], object] = str) -> Shapes:
    dotted, shapes = name.removesuffix(".py").replace("/", "."), {}
    for function in functions(ast.parse((places / name).read_text(encoding="utf-8")), chosen):
        statements = _statements(function)
        if sum(statements.values()) >= LEAST:
            shapes[f"{dotted}.{function.name} (line {function.lineno})"] = statements
    return shapes


def alike(source: str, shapes: Shapes) -> list[str]:
    """The shipped functions that functions of a cell are, names off."""
    tree = parsed(MAGIC.sub("pass", source)) or ast.Module([], [])
    own = {key for function in ast.walk(tree) if isinstance(function, ast.FunctionDef) for key in _statements(function)}
    same = []
    for name, statements in shapes.items():
        common = sum(size for key, size in statements.items() if key in own)
        if common >= LEAST and common >= SHARE * sum(statements.values()):
            same.append(name)
    return same


def _statements(function: ast.FunctionDef) -> dict[str, int]:
    """Hash -> size of every statement of a function that is large enough, and of what stands in its blocks."""
    sizes = {}
    for node in _simple(function.body):
        size = sum(not isinstance(one, ast.expr_context) for one in ast.walk(node))
        if size >= SMALLEST and not isinstance(node, ast.Raise | ast.Assert):
            text = ast.dump(_Bare().visit(ast.parse(ast.unparse(node))))
            sizes[hashlib.sha256(text.encode()).hexdigest()[:16]] = size
    return sizes


def _simple(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The statements of a block, those of the blocks inside of it one by one."""
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        inner = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
        if not any(inner):
            yield node
            continue
        yield from (part for part in (getattr(node, "test", None), getattr(node, "iter", None)) if part is not None)
        for block in inner:
            yield from _simple(block)


class _Bare(ast.NodeTransformer):
    """Takes names of variables and types away."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name("_", node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg("_")

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        value = ast.Constant(None) if node.value is None else self.visit(node.value)
        return ast.Assign([self.visit(node.target)], value)
