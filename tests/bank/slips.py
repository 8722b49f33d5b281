"""Slips: a solution with one symbol written wrongly, at every place of its syntax tree, and what to say of each."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Change = tuple[ast.AST, str]  # what stands there instead, and the sentence
Rules = Callable[[ast.expr, list[str]], Iterator[Change]]


class Slip(NamedTuple):
    """A solution cell with one slip in it."""

    message: str
    text: str


PLACES = {
    "step": {
        "z_t": "in z_t, ", "r_t": "in r_t, ", "candidate": "in the candidate, ", "h_new": "in the candidate, ", "h_t": "in the mixture, ",
    },
    "forward": {
        "output": "in the output, ", "h": "in the output, ", "hidden": "in hidden, ", "h_t": "in the step or h_0, ",
        "h_prev": "in h_0 or what is handed on, ",
    },
    "omega": {
        "value": "in Omega, ", "grad": "in the derivative, ", "weight": "in the derivative, ", "back": "in v, ", "delta": "in d * slope, ",
        "length": "in the squared norm of d, ", "off": "in R - 1, ", "counts": "in m, ", "M": "in M, ",
    },
    "clip_rescale": {"factor": "in the factor, ", "norm": "in the norm, ", "new": "in the new gradients, "},
}  # fmt: skip
BACK = "in what comes back, "
FAR_FETCHED = re.compile(
    r"only |left out|clamped|rounded|shifted|turned round|exponential|logarithm|logit|squared; it|root of|"
    r"identity is added|inverse|softmax of|triangle|in the wrong order|absolute value|counts \S+ times|subtracted from"
)


def slips(text: str, rules: Rules, statements: Callable[[ast.AST], Iterator[tuple]]) -> list[Slip]:
    """All slips in a cell that holds one function, but for those that do not compile; the likely ones first.

    Arguments:
        text: of the cell.
        rules: what may stand for an expression, given the names of the variables.
        statements: what may stand for a statement.
    """
    found = list(_slips(text, rules, statements))
    far = {slip for slip in found if FAR_FETCHED.search(slip.message)}
    if "def forward(" in text:
        far = {slip for slip in far if "left out" not in slip.message}
    if any(f"def {name}(" in text for name in ("omega", "forward")) or ("z_t" in text and "candidate" in text):
        return [slip for slip in found if slip not in far]  # long cells, of which there are too many
    return sorted(found, key=lambda slip: slip in far)


def _slips(text: str, rules: Rules, statements: Callable[[ast.AST], Iterator[tuple]]) -> Iterator[Slip]:
    tree = ast.parse(text)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    names = _names(function)
    for statement in ast.walk(function):
        for node, new, message in statements(statement):
            yield from _made(tree, node, new, message)
    for text, message in _everywhere(function, rules):
        try:
            compile(text, "<slip>", "exec")
        except SyntaxError:
            continue
        yield Slip(message, text)
    for node, place in _expressions(function):
        for new, message in rules(node, names):
            yield from _made(tree, node, new, f"{place}{message}")


def _made(tree: ast.Module, node: ast.AST, new: ast.AST | list[ast.stmt], message: str) -> Iterator[Slip]:
    memo: dict[int, object] = {}
    copied = copy.deepcopy(tree, memo)
    target = memo[id(node)]

    class Put(ast.NodeTransformer):
        def visit(self, found: ast.AST):
            return new if found is target else self.generic_visit(found)

    try:
        text = ast.unparse(ast.fix_missing_locations(Put().visit(copied)))
        compile(text, "<slip>", "exec")
    except (SyntaxError, ValueError, AttributeError, TypeError):
        return
    if message:
        yield Slip(message, text)


def _names(function: ast.FunctionDef) -> list[str]:
    """The variables of a function that hold tensors or numbers, in order."""
    stored = [node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    given = [argument.arg for argument in function.args.args if argument.arg != "self"]
    return [name for name in dict.fromkeys(given + stored) if name not in ("T", "B")]  # another size is chance


def _expressions(function: ast.FunctionDef) -> Iterator[tuple[ast.expr, str]]:
    """Every expression that is read, and where it stands where there are several gates in one function."""
    for statement in ast.walk(function):
        if not isinstance(statement, ast.stmt) or isinstance(statement, ast.FunctionDef):
            continue
        place = _place(function, statement)
        if place == BACK and isinstance(statement, ast.Return) and isinstance(statement.value, ast.Tuple):
            yield statement.value, BACK
            for part, where in zip(
                statement.value.elts, ("in the mixture, ", "in the gates that come back, "), strict=True
            ):
                yield from ((node, where) for node in _inside(part))
            continue
        for name, value in ast.iter_fields(statement):
            if name not in ("body", "orelse", "target", "targets"):
                for root in value if isinstance(value, list) else [value]:
                    yield from ((node, place) for node in _inside(root))


def _everywhere(function: ast.FunctionDef, rules: Rules) -> Iterator[tuple[str, str]]:
    """The same slip at every place where an argument is read."""
    for argument in function.args.args:
        name = argument.arg
        for new, message in rules(ast.Name(name, ast.Load()), [name]):
            copied = copy.deepcopy(function)

            class Put(ast.NodeTransformer):
                def visit_Name(self, node: ast.Name, name=name, new=new):
                    return copy.deepcopy(new) if node.id == name and isinstance(node.ctx, ast.Load) else node

            copied.body = [Put().visit(statement) for statement in copied.body]
            yield ast.unparse(ast.fix_missing_locations(copied)), message


def _inside(root: Any) -> Iterator[ast.expr]:
    for node in ast.walk(root) if isinstance(root, ast.AST) else ():
        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store):
            yield node


def _place(function: ast.FunctionDef, statement: ast.stmt) -> str:
    """Where in a longer cell a statement stands, in the words of the equations."""
    if function.name == "step" and "z_t" not in ast.unparse(function):
        return ""
    if isinstance(statement, ast.Return) and function.name == "step" and isinstance(statement.value, ast.Tuple):
        return BACK
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return ""
    return PLACES.get(function.name, {}).get(statement.targets[0].id, "")
