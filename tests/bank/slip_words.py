"""How the parts of a formula are called in what is said of a slip."""

from __future__ import annotations

import ast

Change = tuple[ast.AST, str]  # what stands there instead, and the sentence

AXES = ("0", "1", "2", "-1", "-2", "(0, 1)", "(0, 2)", "(1, 2)")
SAID = {
    "zs": "the list of z", "rs": "the list of r", "off": "R - 1", "back": "v", "length": "the squared norm of d", "counts": "m",
    "delta": "d * slope", "flow": "d", "distance": "the distance", "hs": "the list of states", "new": "the new gradients", "norm": "the norm",
}  # fmt: skip


def src(node: ast.AST) -> str:
    text = ast.unparse(node).replace("self.", "")
    return SAID.get(text, text if len(text) <= 32 else f"{text[:20]} …")  # no whole formula is given away


def of(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def instead(old: ast.AST, new: ast.AST) -> Change:
    return new, f"{src(new)} stands where {src(old)} should."
