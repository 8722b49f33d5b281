"""What may stand for a call, and the sentence that is said of it."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from bank.slip_words import AXES, Change, of, src

from rnnkit.checks.numbers import joined

# fmt: off

ENDS = ("mean", "sum", "norm", "amax", "amin", "max", "min", "prod", "std", "var", "median")
CURVES = ("torch.sigmoid", "torch.tanh", "torch.relu", "torch.exp", "torch.sin")
NN_CURVES = ("softplus", "hardtanh", "hardsigmoid", "softsign", "elu", "gelu", "silu", "leaky_relu", "logsigmoid")
OTHER_CURVES = (
    *CURVES, "torch.softmax", "torch.erf", *(f"torch.nn.functional.{name}" for name in NN_CURVES),
    "torch.log_softmax", "torch.atan", "torch.cos",
)
OTHER_TERMS = (
    "h_prev", "x_t @ self.W_xh", "h_prev @ self.W_hh", "x_t @ self.W_xz", "h_prev @ self.W_hz", "x_t @ self.W_xr",
    "h_prev @ self.W_hr", "r_t",
)
GATE_WEIGHT = re.compile(r"self\.((?:W_x|W_h|b_)[zrh])\b")
PAIRS = {
    "minimum": ("maximum", "mul", "add"), "maximum": ("minimum",), "abs": ("square", "neg", "sign"),
    "eigvals": ("eigvalsh",), "eigvals ": (), "sqrt": ("square", "abs"), "square": ("abs",), "min": ("max",), "max": ("min",),
    "stack": ("cat",), "where": (), "any": ("all",), "all": ("any",), "double": ("float", "half"),
}  # fmt: skip


def of_call(node: ast.Call, names: list[str]) -> Iterator[Change]:
    name = ast.unparse(node.func)
    last = name.split(".")[-1]
    source = [ast.unparse(argument) for argument in node.args] + [ast.unparse(keyword) for keyword in node.keywords]
    if name in CURVES or name in ("phi", "PHI[self.phi]"):
        inner = ast.unparse(node.args[0])
        yield node.args[0], f"the {last} is missing: you use the sum before it." if name in CURVES else "the nonlinearity is missing."
        for curve in OTHER_CURVES:
            if curve != name:
                arguments = f"{inner}, -1" if "soft" in curve and "max" in curve else inner
                own = last if name in CURVES else "the cell's own phi"
                yield of(f"{curve}({arguments})"), f"{curve.split('.')[-1]} stands where {own} should."
        yield of(f"{name}({name}({inner}))"), f"the {last} is applied twice."
        yield from _curve_and_terms(node, name, last if name in CURVES else "nonlinearity")
        yield from _letters(node)
        yield of(f"(1 - {name}({inner}))"), f"1 - {last}(...) stands where {last}(...) should."
        yield of(f"{name}(-({inner}))"), f"the sum inside the {last} has the wrong sign."
        yield of(f"{name}({inner}).detach()"), f"the result of the {last} is detached: the values are right, but no gradient flows back."
        yield of(f"{name}(2 * ({inner}))"), f"the sum inside the {last} counts twice."
        yield of(f"{name}({inner}).round()"), f"the result of the {last} is rounded."
        yield of(f"(({inner}).clamp(0, 1))"), f"the sum is clamped where the {last} should stand."
        yield of(f"(({inner}).clamp(-1, 1))"), f"the sum is clamped where the {last} should stand."
    if not isinstance(node.func, ast.Attribute):
        if name in ("float", "sum", "list", "max", "min") and len(node.args) == 1 and not node.keywords:
            yield node.args[0], f"{name}(...) is missing."
        if name in ("sum", "max", "min"):
            for other in ("sum", "max", "min"):
                if other != name:
                    yield of(f"{other}({', '.join(source)})"), f"{other} stands where {name} should."
        return
    owner = ast.unparse(node.func.value)
    library = owner in ("torch", "np", "np.linalg", "torch.linalg", "self", "torch.autograd")
    if last in ENDS:
        said = "norm" if last == "norm" else last
        for other in ENDS:
            if other != last:
                yield of(f"({owner}).{other}({', '.join(source)})"), f"{other} stands where {said} should."
        yield node.func.value, f"the {said} is missing."
        if not library:
            yield of(f"({owner}).{last}()"), f"the {said} is taken over everything."
            for axes in AXES:
                if axes not in "".join(source).replace("dim=", ""):
                    argument = f"dim={axes}"
                    yield of(f"({owner}).{last}({argument})"), f"the {said} is taken over dim={axes}; it should be {_axes(source)}."
            if last == "norm":
                yield of(f"({owner}).abs().sum({', '.join(source)})"), "this is the 1-norm; the 2-norm is wanted."
                yield of(f"({owner}).square().sum({', '.join(source)})"), "the root is missing: this is the squared norm."
                yield of(f"({owner}).abs().amax({', '.join(source)})"), "this is the largest entry; the 2-norm is wanted."
                yield of(f"({owner}).square().mean({', '.join(source)}).sqrt()"), "the mean stands under the root; the norm sums."
                yield of(f"({owner}).sum({', '.join(source)}).abs()"), "entries are summed before the square, so that they cancel; the norm squares first."
            if last == "mean":
                for one, other in itertools.product(("mean", "sum", "amax", "amin"), repeat=2):
                    if (one, other) != ("mean", "mean"):
                        yield of(f"({owner}).{one}(-1).{other}(-1)"), f"{one} over the last axis, then {other} over the one before, stand where the mean over both should."
                yield of(f"({owner}).flatten(1).std(1)"), "the standard deviation stands where the mean should."
                yield of(f"({owner})[:, 0].mean(-1)"), "only the first sequence is used."
                yield of(f"({owner})[:, -1].mean(-1)"), "only the last sequence is used."
                yield of(f"({owner})[..., 0].mean(-1)"), "only the first unit is used."
                yield of(f"({owner})[..., -1].mean(-1)"), "only the last unit is used."
                yield of(f"({owner}).median({', '.join(source)}).values"), "this is the median; the mean is wanted."
                yield of(f"({owner}).square().mean({', '.join(source)}).sqrt()"), "this is the root of the mean square; the plain mean is wanted."
                yield of(f"({owner}).log().mean({', '.join(source)}).exp()"), "this is the geometric mean; the plain mean is wanted."
    for other in PAIRS.get(last, ()):
        target = owner if library else f"({owner})"
        yield of(f"{target}.{other}({', '.join(source)})"), f"{other} stands where {last} should."
    if not library and not source and last in ("abs", "double", "sqrt", "square"):
        yield node.func.value, f"{last} is missing."
    if library and len(source) == 1 and last in ("abs", "sqrt"):
        yield node.args[0], f"{last} is missing."
    if library and len(node.args) == 2 and last in ("minimum", "maximum"):
        yield node.args[0], f"{src(node.args[0])} alone stands where the {last} should."
        yield node.args[1], f"{src(node.args[1])} alone stands where the {last} should."
    if last == "stack":
        for axis in (1, 2, -1):
            yield of(f"torch.stack({source[0]}, dim={axis})"), f"the steps are stacked along dim={axis}; time comes first."
        yield of(f"torch.stack({source[0]}).detach()"), "what is stacked is detached: no gradient flows back through it."
    if owner == "self" and len(node.args) > 1:
        first, second, *rest = map(ast.unparse, node.args)
        yield of(f"self.{last}({', '.join([second, first, *rest])})"), f"the arguments of {last} are swapped."
        if gate := {"update_gate": "reset_gate", "reset_gate": "update_gate"}.get(last):
            yield of(f"self.{gate}({', '.join([first, second, *rest])})"), f"{gate} stands where {last} should."
    if last == "grad" and owner == "torch.autograd":
        for other in ("loss.sqrt()", "loss.log()", "2 * loss", "loss ** 2", "loss.sum() * len(hs)"):
            yield of(f"torch.autograd.grad({other}, {', '.join(source[1:])})"), f"{other.replace('loss.sum() * len(hs)', 'T * loss')} stands where loss should."


def _curve_and_terms(node: ast.Call, name: str, said: str) -> Iterator[Change]:
    """The nonlinearity of a part of the sum."""
    total = node.args[0]
    terms: list[str] = []
    while isinstance(total, ast.BinOp) and isinstance(total.op, ast.Add):
        terms.insert(0, ast.unparse(total.right))
        total = total.left
    terms.insert(0, ast.unparse(total))
    if len(terms) < 2:
        return
    words = "each term apart; it acts once, on the sum"
    yield of(" + ".join(f"{name}({term})" for term in terms)), f"the {said} is applied to {words}."
    for k, term in enumerate(terms):
        rest = " + ".join(terms[:k] + terms[k + 1 :])
        shown = term.replace("self.", "")
        yield of(f"{name}({rest}) + {term}"), f"the term {shown} is added outside the {said}; it belongs inside."
        yield of(f"{rest} + {name}({term})"), f"the {said} is applied to the term {shown} alone; it is applied to the sum."
        yield of(f"{name}({rest}) + {name}({term})"), f"the {said} is applied to the term {shown} apart; it acts once, on the sum."
        yield of(f"{name}({rest}) * ({term})"), f"the term {shown} multiplies what comes out of the {said}; it is added inside."
    for other in ("b_z", "b_r", "b_h", "b_o"):
        if f"self.{other}" not in terms:
            yield of(f"{name}({ast.unparse(node.args[0])} + self.{other})"), f"{other} is added as well."
    for other in OTHER_TERMS:
        if other not in terms:
            yield of(f"{name}({ast.unparse(node.args[0])} + {other})"), f"{other.replace('self.', '')} is added as well, inside the {said}."
    for other in ("h_prev", "r_t"):
        yield of(f"{other} * {ast.unparse(node)}"), f"{other} multiplies the result."
        yield of(f"{other} + {ast.unparse(node)}"), f"{other} is added to the result, outside the {said}."


def _letters(node: ast.Call) -> Iterator[Change]:
    """Several weights of one gate in another's place."""
    text = ast.unparse(node)
    weights = list(dict.fromkeys(GATE_WEIGHT.findall(text)))
    for letters in itertools.product("zrh", repeat=len(weights)):
        instead_of = {name: name[:-1] + letter for name, letter in zip(weights, letters, strict=True) if name[-1] != letter}
        if len(instead_of) > 1:
            yield of(_renamed(text, instead_of)), f"{joined(instead_of.values())} stand where {joined(instead_of)} should."


def _renamed(text: str, instead_of: dict[str, str]) -> str:
    return GATE_WEIGHT.sub(lambda found: f"self.{instead_of.get(found[1], found[1])}", text)


def _axes(source: list[str]) -> str:
    return f"dim={source[0].removeprefix('dim=')}" if source else "everything"
