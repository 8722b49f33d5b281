"""What may stand for a sum, a product or a power, and the sentence that is said of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bank.slip_words import Change, of, src

# fmt: off


def of_binop(node: ast.BinOp, names: list[str]) -> Iterator[Change]:
    left, right, op = node.left, node.right, node.op

    def made(operator: ast.operator, one: ast.expr = left, other: ast.expr = right) -> ast.BinOp:
        return ast.BinOp(one, operator, other)

    source = ast.unparse(node)
    yield of(f"({source}).clamp(min=0)"), f"{src(node)} is clamped at 0."
    yield of(f"({source}).abs()"), f"the absolute value of {src(node)} is taken."
    yield of(f"({source}) ** 2"), f"{src(node)} is squared; it should not be."
    yield of(f"({source}) ** 0.5"), f"the root of {src(node)} is taken; it should not be."
    yield of(f"({source}).detach()"), f"{src(node)} is detached: the values are right, but no gradient flows back through it."
    for number in (2, 0.5, -1):
        yield of(f"{number} * ({source})"), f"{src(node)} counts {number} times."
    if isinstance(op, ast.Mult):
        for curve in ("tanh", "sigmoid"):
            yield of(f"torch.{curve}({source})"), f"{src(node)} goes through {curve} of its own."
    if isinstance(op, ast.Add | ast.Sub):
        added = "added" if isinstance(op, ast.Add) else "subtracted"
        yield left, f"the term {src(right)} is missing."
        yield right if added == "added" else ast.UnaryOp(ast.USub(), right), f"the term {src(left)} is missing."
        for term in (left, right):
            turned = ast.UnaryOp(ast.USub(), term)
            other = right if term is left else left
            sign = "subtracted; it is added" if added == "added" or term is left else "added; it is subtracted"
            yield made(op, *((turned, other) if term is left else (other, turned))), f"the term {src(term)} is {sign}."
            double = ast.BinOp(ast.Constant(2), ast.Mult(), term)
            yield made(op, *((double, other) if term is left else (other, double))), f"the term {src(term)} counts twice."
            cut = of(f"({ast.unparse(term)}).detach()")
            yield made(op, *((cut, other) if term is left else (other, cut))), f"the term {src(term)} is detached: no gradient flows back through it."
        yield made(ast.Mult()), f"{src(left)} and {src(right)} are multiplied; they are {added}."
        yield of(f"torch.maximum({ast.unparse(left)}, {ast.unparse(right)})"), "the larger of two terms is taken; they are added."
    elif isinstance(op, ast.Mult):
        yield left, f"the factor {src(right)} is missing."
        yield right, f"the factor {src(left)} is missing."
        yield made(ast.Add()), f"{src(left)} and {src(right)} are added; they are multiplied."
        yield made(ast.Sub()), f"{src(right)} is subtracted from {src(left)}; they are multiplied."
        yield made(ast.Div()), f"{src(left)} is divided by {src(right)}; they are multiplied."
        yield made(ast.MatMult()), f"the product of {src(left)} and {src(right)} is a matrix product; it is elementwise, *."
        if isinstance(right, ast.Name) and isinstance(left, ast.Name):
            yield made(op, of(f"{left.id} * {left.id}")), f"the factor {src(left)} counts twice."
            yield made(op, left, of(f"{right.id} * {right.id}")), f"the factor {src(right)} counts twice."
    elif isinstance(op, ast.MatMult):
        yield made(op, right, left), f"the factors of {src(node)} are swapped."
        yield made(ast.Mult()), f"the product of {src(left)} and {src(right)} is elementwise; it is a matrix product, @."
        yield made(ast.Add()), f"{src(left)} and {src(right)} are added; it is a matrix product, @."
        yield of(f"({ast.unparse(left)}) * torch.diagonal({ast.unparse(right)})"), f"only the diagonal of {src(right)} is used; it is a matrix product, @."
        yield of(f"({ast.unparse(node)}).mean(0)"), "a product is averaged over the batch."
        yield of(f"torch.relu({ast.unparse(node)})"), "a term goes through relu of its own."
        for curve in ("torch.tanh", "torch.sigmoid"):
            yield of(f"{curve}({ast.unparse(node)})"), f"the term {src(node)} goes through {curve.removeprefix('torch.')} of its own; the nonlinearity acts once, on the sum."
    elif isinstance(op, ast.Div):
        yield left, f"it is not divided by {src(right)}."
        yield right, f"{src(right)} stands alone where it divides {src(left)}."
        yield made(op, right, left), f"the fraction {src(node)} is upside down."
        yield made(ast.Mult()), f"{src(left)} is multiplied by {src(right)}; it is divided by it."
        yield made(ast.Sub()), f"{src(right)} is subtracted from {src(left)}; it divides it."
    elif isinstance(op, ast.Pow):
        yield left, "the square is missing."
        yield made(op, left, ast.Constant(3)), "the third power is taken; it is the square."
        yield made(op, left, ast.Constant(4)), "the fourth power is taken; it is the square."
        yield of(f"abs({ast.unparse(left)})"), "absolute values are taken; it is the square."
