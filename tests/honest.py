"""Made-up students of the main assignment: honest ones, each with ways and a style of their own, and copies of theirs.

Ways are drawn for each question from the key's, from the unusual right answers of the tests' bank, which the key does
not know, and from the sources. A copy is a text of the same prints with something changed, as people do who hide one.
"""

from __future__ import annotations

import ast
import builtins
import copy
import json
import random
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from bank.answers import VARIANTS
from course import ASSIGNMENT, NAME, ROOT, SOURCE, marked

from rnnkit.assignments.training_dynamics.key.ways import WAYS
from rnnkit.notebook.cells import SOLUTION, name_of

STYLES = (
    {"h": "state", "hs": "states", "x_t": "inp", "g": "grad", "z": "zt", "r": "rt", "out": "result", "a": "pre"},
    {"h": "hidden_now", "hs": "all_h", "z": "update", "r": "reset", "c": "cand", "v": "gate", "norm": "length"},
    {"h": "h_cur", "hs": "outputs", "x_t": "xt", "t": "step_no", "g": "grd", "found": "res", "total": "s"},
    {},
)
REMARKS = ("here the sum is made", "as in the lecture", "shape (B, H)", "from the handout", "one step", "see eq. 3")
Notebooks = dict[str, dict[str, Any]]  # file name -> notebook


@cache
def released() -> Mapping[str, str]:
    """File name -> the released notebook's text."""
    folder = ROOT / "release" / NAME
    return {name: (folder / name).read_text(encoding="utf-8") for name in ASSIGNMENT.notebooks}


@cache
def ways() -> Mapping[str, tuple[str, ...]]:
    """Question -> bodies of right answers."""
    found = {id: list(bodies) for id, bodies in WAYS.items()}
    for id, body in VARIANTS.values():
        found.setdefault(id, []).append(body)
    for path in sorted(SOURCE.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            text = marked("".join(cell["source"])).strip()
            if text and cell["cell_type"] == "code":
                found.setdefault(name_of(cell).removesuffix(SOLUTION), []).append(text)
    return {id: tuple(bodies) for id, bodies in found.items()}


def honest(seed: int, answers: Mapping[str, str] | None = None) -> Notebooks:
    """A student's notebooks: every question solved in a way that is drawn, in a style that is drawn, too."""
    rng = random.Random(seed)
    style = rng.choice(STYLES)
    notebooks = {name: json.loads(text) for name, text in released().items()}
    for notebook in notebooks.values():
        for cell in notebook["cells"]:
            if not cell["metadata"].get("nbgrader", {}).get("solution"):
                continue
            if cell["cell_type"] == "markdown":
                cell["source"] = (answers or {}).get(name_of(cell), "")
            elif bodies := ways().get(name_of(cell).removesuffix(SOLUTION)):
                head = "".join(cell["source"]).split("    # YOUR CODE HERE")[0]
                text = remarked(head + "    " + rng.choice(bodies), rng)
                cell["source"] = renamed(text, style) if style else text
    return notebooks


# ---- what is done to a text ----------------------------------------------------------------------------------------


def remarked(text: str, rng: random.Random) -> str:
    """With other comments and other empty lines."""
    lines = []
    for line in text.split("\n"):
        code = line.split("  # ")[0]
        lines += [""] if code.strip() and rng.random() < 0.1 and len(lines) > 2 else []
        lines.append(f"{code}  # {rng.choice(REMARKS)}" if code.strip() and rng.random() < 0.2 else code)
    return "\n".join(lines)


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.names.get(node.arg, node.arg)
        return node


def renamed(text: str, names: Mapping[str, str]) -> str:
    """With other names for variables, but for those that the function is called with."""
    tree = ast.parse(text)
    given = {one.arg for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for one in node.args.args}
    return ast.unparse(_Renamed({old: new for old, new in names.items() if old not in given}).visit(tree))


def all_renamed(text: str) -> str:
    """With another name for each variable."""
    tree = ast.parse(text)
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return renamed(text, {name: f"my_{number}" for number, name in enumerate(sorted(bound - {*dir(builtins)}))})


class _Otherwise(ast.NodeTransformer):
    """Sums the other way round, and functions of torch for methods."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Mult):
            node.left, node.right = node.right, node.left
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("abs", "sigmoid", "tanh", "sum", "mean", "norm"):
            if isinstance(node.func.value, ast.Name) and node.func.value.id in ("torch", "np"):
                node.func = ast.Attribute(node.args.pop(0), node.func.attr, ast.Load())
            else:
                node.args.insert(0, node.func.value)
                node.func.value = ast.Name("torch", ast.Load())
        return node


def otherwise(text: str) -> str:
    """The same sums and functions written otherwise."""
    return ast.unparse(ast.fix_missing_locations(_Otherwise().visit(ast.parse(text))))


class _Unrolled(ast.NodeTransformer):
    """A loop that only appends becomes a comprehension; independent neighbours change places."""

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        body: list[ast.stmt] = []
        for one in node.body:
            value = _appended(one)
            if value is not None and body and ast.unparse(body[-1]).endswith("= []"):
                loop = ast.comprehension(one.target, one.iter, [], 0)
                body[-1].value = ast.ListComp(value, [loop])
            else:
                body.append(one)
        for number in range(len(body) - 1):
            if _independent(body[number], body[number + 1]):
                body[number : number + 2] = body[number + 1], body[number]
        node.body = body
        return node


def _appended(node: ast.stmt) -> ast.expr | None:
    if isinstance(node, ast.For) and len(node.body) == 1 and isinstance(node.body[0], ast.Expr):
        call = node.body[0].value
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "append":
            return call.args[0]
    return None


def _independent(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether two assignments may change places."""
    if not (isinstance(first, ast.Assign) and isinstance(second, ast.Assign)):
        return False
    sets = [
        {node.id for node in ast.walk(one) if isinstance(node, ast.Name) and isinstance(node.ctx, kind)}
        for one, kind in ((first, ast.Store), (second, ast.Store), (first, ast.Load), (second, ast.Load))
    ]
    return not (sets[0] & (sets[1] | sets[3]) or sets[1] & sets[2])


def reordered(text: str) -> str:
    """Independent statements in another order, and loops as comprehensions."""
    return ast.unparse(ast.fix_missing_locations(_Unrolled().visit(ast.parse(text))))


HIDDEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "variables renamed": all_renamed,
    "comments changed": lambda text: remarked(text, random.Random(1)),
    "reordered, loops as comprehensions": reordered,
    "sums turned, methods for functions": otherwise,
    "all of it": lambda text: remarked(otherwise(reordered(all_renamed(text))), random.Random(2)),
}


def copied(
    notebooks: Notebooks, how: str, into: Notebooks | None = None, share: float = 1.0, seed: int = 0
) -> Notebooks:
    """The code of a student, hidden; a share of the questions where another student's own stay."""
    rng, made = random.Random(seed), copy.deepcopy(into or notebooks)
    for name, notebook in made.items():
        for mine, theirs in zip(notebook["cells"], notebooks[name]["cells"], strict=True):
            is_code = mine["cell_type"] == "code" and mine["metadata"].get("nbgrader", {}).get("solution")
            if is_code and rng.random() < share:
                text = "".join(theirs["source"])
                mine["source"] = HIDDEN[how](text)
    return made
