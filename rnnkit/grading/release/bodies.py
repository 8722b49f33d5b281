"""A module's text with other bodies in its functions; every line that stays keeps its number."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator


def with_bodies(
    source: str, instead: Callable[[ast.FunctionDef], str], chosen: Callable[[str], object] = str, told: bool = False
) -> str:
    """The text with one statement in the place of chosen functions' bodies; what stands inside of these goes with them.

    Arguments:
        source: of a module.
        instead: the statement for a function.
        chosen: tells by a name whether a function, or a class with all its methods, is meant; by default all.
        told: whether docstrings stay.
    """
    lines = source.split("\n")
    for function in functions(ast.parse(source), chosen):
        body = function.body
        if told and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]
        if body:
            first, end = body[0].lineno - 1, body[-1].end_lineno or 0
            before = lines[first].encode()[: body[0].col_offset].decode()  # blank, or the end of its def
            lines[first:end] = [before + instead(function), *[""] * (end - first - 1)]
    return "\n".join(lines)


def functions(tree: ast.AST, chosen: Callable[[str], object] = str, whole: bool = False) -> Iterator[ast.FunctionDef]:
    """The functions and methods of a module that no other function holds."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from functions(node, chosen, whole or bool(chosen(node.name)))
        elif isinstance(node, ast.FunctionDef):
            if (whole or chosen(node.name)) and not _is_overload(node):
                yield node
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from functions(node, chosen, whole)


def _is_overload(function: ast.FunctionDef) -> bool:
    """Whether it has no body to begin with, and must have none."""
    return any("overload" in ast.unparse(decorator) for decorator in function.decorator_list)
