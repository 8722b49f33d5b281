"""What may stand for an expression or a statement where a slip is made, and the sentence that is said of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from bank.slip_calls import of_call
from bank.slip_names import of_attribute, of_name, of_subscript
from bank.slip_operators import of_binop
from bank.slip_words import AXES, Change, instead, of, src

# fmt: off

LENGTHS = {
    "1": ("0", "2", "0.5", "-1"), "0": ("1", "-1"), "-1": ("0", "1", "-2"), "2": ("1", "3", "0.5"), "0.5": ("1", "2", "0.25"),
    "4": ("2", "1", "8", "3"), "1.0": ("0.0", "2.0"),
}
COMPARED = {"Lt": "<", "Gt": ">", "LtE": "<=", "GtE": ">=", "Eq": "==", "NotEq": "!="}


def _constant(node: ast.Constant, names: list[str]) -> Iterator[Change]:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        for other in LENGTHS.get(ast.unparse(node), ()):
            yield instead(node, of(other))
    elif node.value in ("z", "r"):
        other = "r" if node.value == "z" else "z"
        yield ast.Constant(other), f'"{other}" stands where "{node.value}" should.'
    elif node.value in ("softmax", "lastSoftmax", "lastLinear"):
        for other in ("softmax", "lastSoftmax", "lastLinear"):
            if other != node.value:
                yield ast.Constant(other), f'the head is compared with "{other}"; it should be "{node.value}".'


def _unaryop(node: ast.UnaryOp, names: list[str]) -> Iterator[Change]:
    if isinstance(node.op, ast.USub) and ast.unparse(node) in LENGTHS:
        for other in LENGTHS[ast.unparse(node)]:
            yield instead(node, of(other))


def _compare(node: ast.Compare, names: list[str]) -> Iterator[Change]:
    old = type(node.ops[0]).__name__
    for name, sign in COMPARED.items():
        if name != old and old in COMPARED:
            yield ast.Compare(node.left, [getattr(ast, name)()], node.comparators), f"{sign} stands where {COMPARED[old]} should."
    yield ast.Constant(True), f"the condition {src(node)} is not asked: it is taken to hold always."
    yield ast.Constant(False), f"the condition {src(node)} is not asked: it is taken to hold never."


def _ifexp(node: ast.IfExp, names: list[str]) -> Iterator[Change]:
    yield ast.IfExp(node.test, node.orelse, node.body), f"the two cases of the condition {src(node.test)} are swapped."


def _tuple(node: ast.Tuple, names: list[str]) -> Iterator[Change]:
    parts = [ast.unparse(part) for part in node.elts]
    if any(isinstance(part, ast.Slice) for part in node.elts):
        return
    if all(isinstance(part, ast.Constant | ast.UnaryOp) for part in node.elts):
        for axes in AXES:
            if ast.unparse(of(axes)) != ast.unparse(node):
                yield of(axes), f"dim={axes} stands where dim={ast.unparse(node)} should."
        return
    for k in range(len(parts)):
        for j in range(k):
            order = list(parts)
            order[k], order[j] = order[j], order[k]
            yield of(f"({', '.join(order)})"), f"what comes back is in the wrong order: entries {j} and {k} are swapped."
        left = parts[:k] + parts[k + 1 :]
        yield of(f"({', '.join(left)},)" if len(left) > 1 else left[0]), f"entry {k} of what should come back is missing."
        yield of(f"({', '.join([*parts[:k], 'None', *parts[k + 1 :]])})"), f"entry {k} of what comes back is None; it should not be." if parts[k] != "None" else ""
        yield of(f"({', '.join([*parts[:k], f'({parts[k]}).detach()', *parts[k + 1 :]])})"), f"entry {k} of what comes back is detached."


def _dict(node: ast.Dict, names: list[str]) -> Iterator[Change]:
    held = {ast.literal_eval(key): ast.unparse(value) for key, value in zip(node.keys, node.values, strict=True) if key}

    def made(entries: dict[str, str]) -> ast.expr:
        return of("{" + ", ".join(f'"{name}": {value}' for name, value in entries.items()) + "}")

    for k, key in enumerate(held):
        yield made({name: value for name, value in held.items() if name != key}), f'the key "{key}" is missing.'
        for j, other in enumerate(held):
            if j != k:
                yield made(held | {key: held[other]}), f'under "{key}" stands what belongs under "{other}".'
            if j < k:
                yield made(held | {key: held[other], other: held[key]}), f'"{other}" and "{key}" are swapped.'


def statements(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST | list[ast.stmt], str]]:
    if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Tuple | ast.Dict):
        source = ast.unparse(node.value)
        for text, message in {
            f"return ({source}).detach()": "the result is detached: the values are right, but there is no gradient at all.",
            f"return ({source},)": "the result comes back inside a tuple or list.",
            f"return ({source}).mean(0)": "the result is averaged over its first axis.",
            f"return ({source}).sum(0)": "the result is summed over its first axis.",
            f"return ({source}).mean()": "the result is averaged to one number.",
            f"return ({source}).sum()": "the result is summed up to one number.",
            f"return ({source})[0]": "only entry 0 of the result comes back.",
            f"return ({source})[-1]": "only the last entry of the result comes back.",
            f"return ({source}).T": "the result is transposed.",
            f"return h_prev + ({source})": "the old state is added to the result.",
            f"return h_prev * ({source})": "the result is multiplied by the old state.",
            f"return ({source}).clamp(0, 1)": "the result is clamped to 0 .. 1.",
            f"return ({source}).abs()": "the absolute value of the result is taken.",
            f"return ({source}).numpy()": "a numpy array comes back where a tensor is wanted.",
            f"return ({source}).detach().numpy()": "a numpy array comes back where a tensor is wanted.",
            f"return ({source}).unsqueeze(0)": "the result has one axis too many, in front.",
            f"return 1 - ({source})": "1 minus the result comes back.",
        }.items():  # fmt: skip
            yield node, ast.parse(text).body[0], message
    if isinstance(node, ast.For):
        for k, one in enumerate(node.body):
            rest = node.body[:k] + node.body[k + 1 :]
            if rest:
                yield node, ast.For(node.target, node.iter, rest, []), f"{_line(one)} is missing in the loop."
            for j in range(k):
                order = list(node.body)
                order[k], order[j] = order[j], order[k]
                yield (
                    node,
                    ast.For(node.target, node.iter, order, []),
                    f"in the loop, {_line(one)} should come after the rest, not before {_line(node.body[j])}.",
                )


def _line(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = ast.unparse(node.value.func)
        return {"hs.append": "collecting the state", "zs.append": "collecting z", "rs.append": "collecting r"}.get(call, call)
    return "the step" if isinstance(node, ast.Assign) else "a line"


RULES: dict[type[ast.AST], Callable[[Any, list[str]], Iterator[Change]]] = {
    ast.Attribute: of_attribute, ast.Name: of_name, ast.Subscript: of_subscript, ast.BinOp: of_binop, ast.Call: of_call,
    ast.Constant: _constant, ast.UnaryOp: _unaryop, ast.Compare: _compare, ast.IfExp: _ifexp, ast.Tuple: _tuple, ast.Dict: _dict,
}  # fmt: skip


def changes(node: ast.expr, names: list[str]) -> Iterator[Change]:
    """What may stand for an expression in a function with variables of these names."""
    rule = RULES.get(type(node))
    return rule(node, names) if rule else iter(())
