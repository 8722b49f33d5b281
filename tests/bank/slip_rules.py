"""What may stand for an expression or a statement where a slip is made, and the sentence that is said of it."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

Change = tuple[ast.AST, str]  # what stands there instead, and the sentence

ENDS = ("mean", "sum", "norm", "amax", "amin", "max", "min", "prod", "std", "var", "median")
CURVES = ("torch.sigmoid", "torch.tanh", "torch.relu", "torch.exp", "torch.sin")
PAIRS = {
    "minimum": ("maximum", "mul", "add"), "maximum": ("minimum",), "abs": ("square", "neg", "sign"),
    "eigvals": ("eigvalsh",), "eigvals ": (), "sqrt": ("square", "abs"), "square": ("abs",), "min": ("max",), "max": ("min",),
    "stack": ("cat",), "where": (), "any": ("all",), "all": ("any",), "double": ("float", "half"),
}  # fmt: skip
LENGTHS = {
    "1": ("0", "2", "0.5", "-1"),
    "0": ("1", "-1"),
    "-1": ("0", "1", "-2"),
    "2": ("1", "3", "0.5"),
    "0.5": ("1", "2", "0.25"),
    "4": ("2", "1", "8", "3"),
    "1.0": ("0.0", "2.0"),
}
AXES = ("0", "1", "2", "-1", "-2", "(0, 1)", "(0, 2)", "(1, 2)")
COMPARED = {"Lt": "<", "Gt": ">", "LtE": "<=", "GtE": ">=", "Eq": "==", "NotEq": "!="}
LETTERS = {
    "zs": "the list of z",
    "rs": "the list of r",
    "off": "R - 1",
    "back": "v",
    "length": "the squared norm of d",
    "counts": "m",
    "delta": "d * slope",
    "flow": "d",
}
SAID = LETTERS | {
    "distance": "the distance",
    "hs": "the list of states",
    "new": "the new gradients",
    "norm": "the norm",
}


def _src(node: ast.AST) -> str:
    text = ast.unparse(node).replace("self.", "")
    return SAID.get(text, text if len(text) <= 32 else f"{text[:20]} …")  # no whole formula is given away


def _of(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _instead(old: ast.AST, new: ast.AST) -> Change:
    return new, f"{_src(new)} stands where {_src(old)} should."


def _attribute(node: ast.Attribute, names: list[str]) -> Iterator[Change]:
    name = node.attr
    if isinstance(node.value, ast.Name) and node.value.id == "self" and name[:2] in ("W_", "b_"):
        matrices = [f"W_{a}{b}" for a in "xh" for b in "zrh"] + ["W_ho"]
        for other in matrices if name[0] == "W" else ["b_z", "b_r", "b_h", "b_o"]:
            if other != name:
                yield _instead(node, _of(f"self.{other}"))
        source = ast.unparse(node)
        if name[0] == "W":
            yield (
                _of(f"{source}.T"),
                f"you multiply by the transpose of {name}; with states as rows it is {name} itself.",
            )
            yield (
                _of(f"({source} + torch.eye(*{source}.shape, dtype={source}.dtype))"),
                f"the identity is added to {name}.",
            )
            yield _of(f"({source} @ {source})"), f"{name} multiplies twice."
            yield (
                _of(f"(0.5 * ({source} + {source}.T))"),
                f"the symmetric part of {name} stands where {name} itself should.",
            )
            yield _of(f"torch.tril({source})"), f"only the lower triangle of {name} is used."
            yield _of(f"torch.triu({source})"), f"only the upper triangle of {name} is used."
            yield _of(f"{source}.flip(0)"), f"the rows of {name} are in the wrong order."
            yield _of(f"torch.linalg.inv({source})"), f"the inverse of {name} is used."
            yield _of(f"torch.softmax({source}, -1)"), f"a softmax of {name} is used."
        yield _of(f"torch.tanh({source})"), f"{name} goes through tanh first."
        yield _of(f"torch.zeros_like({source})"), f"zeros stand where {name} should."
        yield _of(f"torch.ones_like({source})"), f"ones stand where {name} should."
        if name[0] == "b":
            yield _of(f"{source}.flip(0)"), f"the entries of {name} are in the wrong order."
            yield _of(f"{source}[0]"), f"only the first entry of {name} is used, for every unit."
            yield _of(f"{source} ** 2"), f"{name} is squared."
        yield _of(f"{source}.detach()"), f"{name} is detached: the values are right, but it gets no gradient."
        yield _of(f"(-{source})"), f"{name} has the wrong sign."
        yield _of(f"(2 * {source})"), f"{name} counts twice."
        yield _of(f"(0.5 * {source})"), f"{name} counts half."
        yield _of(f"{source}.abs()"), f"the absolute values of {name} are used."
        yield _of(f"{source}.mean()"), f"{name} is averaged to one number first."
        yield _of(f"{source}.sum()"), f"{name} is summed up to one number first."
    elif name == "T":
        yield node.value, f"the transpose is missing: it is {_src(node)}."
    elif name == "real":
        yield node.value, "the real part is not taken."


def _name(node: ast.Name, names: list[str]) -> Iterator[Change]:
    if node.id not in names:
        return
    for other in names:
        if other != node.id:
            yield _instead(node, ast.Name(other, ast.Load()))
    name, said = node.id, _src(node)
    yield _of(f"(1 - {name})"), f"1 - {said} stands where {said} should."
    yield _of(f"(-{name})"), f"{said} has the wrong sign."
    yield _of(f"(2 * {name})"), f"{said} counts twice."
    yield _of(f"({name} ** 2)"), f"{said} is squared; it should not be."
    yield _of(f"{name}.abs()"), f"the absolute value of {said} is taken; it should not be."
    yield _of(f"{name}.detach()"), f"{said} is detached: no gradient flows back through it."
    yield _of(f"{name}.data"), f"{said} is detached: no gradient flows back through it."
    yield _of(f"torch.zeros_like({name})"), f"zeros stand where {said} should."
    yield _of(f"torch.ones_like({name})"), f"ones stand where {said} should."
    yield _of(f"torch.sigmoid({name})"), f"the sigmoid of {said} stands where {said} should."
    yield _of(f"torch.tanh({name})"), f"the tanh of {said} stands where {said} should."
    yield _of(f"{name}.float()"), f"{said} is cast to float32."
    yield _of(f"{name}[0]"), f"only {said}[0] is used{_which(name)}."
    yield _of(f"{name}[-1]"), f"only {said}[-1] is used."
    yield _of(f"{name}[:1]"), f"only {said}[:1] is used{_which(name)}."
    yield _of(f"{name}[1:]"), f"{said}[1:] is used: the first entry is left out."
    yield _of(f"{name}[:-1]"), f"{said}[:-1] is used: the last entry is left out."
    yield _of(f"{name}[::-1]"), f"{said} is gone through from its end."
    yield _of(f"{name}.flip(0)"), f"{said} is gone through from its end."
    yield _of(f"{name}.transpose(0, 1)"), f"the first two axes of {said} are swapped."
    yield _of(f"{name}.mT"), f"the last two axes of {said} are swapped."
    yield _of(f"{name}.mean(0)"), f"{said} is averaged over its first axis."
    yield _of(f"{name}.mean(-1, keepdim=True)"), f"{said} is averaged over its last axis."
    yield _of(f"{name}.mean(0, keepdim=True)"), f"{said} is averaged over its first axis."
    yield _of(f"{name}.mean(1, keepdim=True)"), f"{said} is averaged over its second axis."
    yield _of(f"{name}.sum(0)"), f"{said} is summed over its first axis."
    for low, high in ((0, None), (0, 1), (-1, 1), (None, 0)):
        yield _of(f"{name}.clamp({low}, {high})"), f"{said} is clamped ({_range(low, high)})."
    yield _of(f"{name}.round()"), f"{said} is rounded."
    yield _of(f"torch.softmax({name}, -1)"), f"a softmax of {said} stands where {said} should."
    yield _of(f"torch.logit({name})"), f"the logit of {said} stands where {said} should."
    yield _of(f"torch.exp({name})"), f"the exponential of {said} stands where {said} should."
    yield _of(f"torch.log({name})"), f"the logarithm of {said} stands where {said} should."
    yield _of(f"torch.relu({name})"), f"relu of {said} stands where {said} should."
    yield _of(f"({name} ** 0.5)"), f"the root of {said} is taken; it should not be."
    yield _of(f"({name} - {name}.mean(0))"), f"the mean over the first axis is subtracted from {said}."
    yield _of(f"{name}.roll(1, 0)"), f"the entries of {said} are shifted by one along the first axis."
    yield _of(f"{name}.roll(1, -1)"), f"the entries of {said} are shifted by one along the last axis."
    yield _of(f"{name}.flip(-1)"), f"{said} is turned round along its last axis."
    if name == "r_t":
        for gate in (
            "self.update_gate(x_t, h_prev)",
            "self.reset_gate(x_t, h_prev)",
            "r_t * self.reset_gate(x_t, h_prev)",
        ):
            yield _of(gate), f"{gate.split('(')[0].split('.')[-1]} stands where the r_t that is handed in should."
    if name == "x_t":
        for place, which in (("0", "first"), ("-1", "last")):
            yield _of(f"x[{place}]"), f"the {which} input, x[{place}], is used at every step."
    yield _of(f"list({name})"), f"{said} is a list; one tensor is wanted."


def _which(name: str) -> str:
    return ", that of the first sequence, for all" if name in ("h_prev", "x_t", "r_t") else ""


def _range(low: int | None, high: int | None) -> str:
    return " and ".join(
        filter(None, ["" if low is None else f"not below {low}", "" if high is None else f"not above {high}"])
    )


def _subscript(node: ast.Subscript, names: list[str]) -> Iterator[Change]:
    owner, place = ast.unparse(node.value), node.slice
    if isinstance(place, ast.Name):
        for other in (f"{place.id} - 1", "0", "-1", f"-{place.id} - 1", f":{place.id} + 1"):
            yield _of(f"{owner}[{other}]"), f"{owner}[{other}] stands where {owner}[{place.id}] should."
    if ast.unparse(place) == "-1":
        for other in (":, -1", ":, 0", "-1:"):
            yield _of(f"{owner}[{other}]"), f"{owner}[{other}] stands where {owner}[-1] should."
        yield _of(f"{owner}.sum(0)"), f"the sum over all of {_src(node.value)} stands where the last should."
        yield _of(f"{owner}.mean(0)"), f"the mean over all of {_src(node.value)} stands where the last should."
        yield _of(f"{owner}.amax(0)"), f"the largest of all of {_src(node.value)} stands where the last should."


def _binop(node: ast.BinOp, names: list[str]) -> Iterator[Change]:
    left, right, op = node.left, node.right, node.op

    def made(operator: ast.operator, one: ast.expr = left, other: ast.expr = right) -> ast.BinOp:
        return ast.BinOp(one, operator, other)

    source = ast.unparse(node)
    yield _of(f"({source}).clamp(min=0)"), f"{_src(node)} is clamped at 0."
    yield _of(f"({source}).abs()"), f"the absolute value of {_src(node)} is taken."
    yield _of(f"({source}) ** 2"), f"{_src(node)} is squared; it should not be."
    yield _of(f"({source}) ** 0.5"), f"the root of {_src(node)} is taken; it should not be."
    yield (
        _of(f"({source}).detach()"),
        f"{_src(node)} is detached: the values are right, but no gradient flows back through it.",
    )
    for number in (2, 0.5, -1):
        yield _of(f"{number} * ({source})"), f"{_src(node)} counts {number} times."
    if isinstance(op, ast.Mult):
        for curve in ("tanh", "sigmoid"):
            yield _of(f"torch.{curve}({source})"), f"{_src(node)} goes through {curve} of its own."
    if isinstance(op, ast.Add | ast.Sub):
        added = "added" if isinstance(op, ast.Add) else "subtracted"
        yield left, f"the term {_src(right)} is missing."
        yield right if added == "added" else ast.UnaryOp(ast.USub(), right), f"the term {_src(left)} is missing."
        for term in (left, right):
            turned = ast.UnaryOp(ast.USub(), term)
            other = right if term is left else left
            sign = "subtracted; it is added" if added == "added" or term is left else "added; it is subtracted"
            yield made(op, *((turned, other) if term is left else (other, turned))), f"the term {_src(term)} is {sign}."
            double = ast.BinOp(ast.Constant(2), ast.Mult(), term)
            yield (
                made(op, *((double, other) if term is left else (other, double))),
                f"the term {_src(term)} counts twice.",
            )
            cut = _of(f"({ast.unparse(term)}).detach()")
            yield (
                made(op, *((cut, other) if term is left else (other, cut))),
                f"the term {_src(term)} is detached: no gradient flows back through it.",
            )
        yield made(ast.Mult()), f"{_src(left)} and {_src(right)} are multiplied; they are {added}."
        yield (
            _of(f"torch.maximum({ast.unparse(left)}, {ast.unparse(right)})"),
            "the larger of two terms is taken; they are added.",
        )
    elif isinstance(op, ast.Mult):
        yield left, f"the factor {_src(right)} is missing."
        yield right, f"the factor {_src(left)} is missing."
        yield made(ast.Add()), f"{_src(left)} and {_src(right)} are added; they are multiplied."
        yield made(ast.Sub()), f"{_src(right)} is subtracted from {_src(left)}; they are multiplied."
        yield made(ast.Div()), f"{_src(left)} is divided by {_src(right)}; they are multiplied."
        yield (
            made(ast.MatMult()),
            f"the product of {_src(left)} and {_src(right)} is a matrix product; it is elementwise, *.",
        )
        if isinstance(right, ast.Name) and isinstance(left, ast.Name):
            yield made(op, _of(f"{left.id} * {left.id}")), f"the factor {_src(left)} counts twice."
            yield made(op, left, _of(f"{right.id} * {right.id}")), f"the factor {_src(right)} counts twice."
    elif isinstance(op, ast.MatMult):
        yield made(op, right, left), f"the factors of {_src(node)} are swapped."
        yield (
            made(ast.Mult()),
            f"the product of {_src(left)} and {_src(right)} is elementwise; it is a matrix product, @.",
        )
        yield made(ast.Add()), f"{_src(left)} and {_src(right)} are added; it is a matrix product, @."
        yield (
            _of(f"({ast.unparse(left)}) * torch.diagonal({ast.unparse(right)})"),
            f"only the diagonal of {_src(right)} is used; it is a matrix product, @.",
        )
        yield _of(f"({ast.unparse(node)}).mean(0)"), "a product is averaged over the batch."
        yield _of(f"torch.relu({ast.unparse(node)})"), "a term goes through relu of its own."
        for curve in ("torch.tanh", "torch.sigmoid"):
            yield (
                _of(f"{curve}({ast.unparse(node)})"),
                f"the term {_src(node)} goes through {curve.removeprefix('torch.')} of its own; the nonlinearity acts once, on the sum.",
            )
    elif isinstance(op, ast.Div):
        yield left, f"it is not divided by {_src(right)}."
        yield right, f"{_src(right)} stands alone where it divides {_src(left)}."
        yield made(op, right, left), f"the fraction {_src(node)} is upside down."
        yield made(ast.Mult()), f"{_src(left)} is multiplied by {_src(right)}; it is divided by it."
        yield made(ast.Sub()), f"{_src(right)} is subtracted from {_src(left)}; it divides it."
    elif isinstance(op, ast.Pow):
        yield left, "the square is missing."
        yield made(op, left, ast.Constant(3)), "the third power is taken; it is the square."
        yield made(op, left, ast.Constant(4)), "the fourth power is taken; it is the square."
        yield _of(f"abs({ast.unparse(left)})"), "absolute values are taken; it is the square."


def _call(node: ast.Call, names: list[str]) -> Iterator[Change]:
    name = ast.unparse(node.func)
    last = name.split(".")[-1]
    source = [ast.unparse(argument) for argument in node.args] + [ast.unparse(keyword) for keyword in node.keywords]
    if name in CURVES or name in ("phi", "PHI[self.phi]"):
        inner = ast.unparse(node.args[0])
        yield (
            node.args[0],
            f"the {last} is missing: you use the sum before it." if name in CURVES else "the nonlinearity is missing.",
        )
        for curve in (
            *CURVES,
            "torch.softmax",
            "torch.erf",
            "torch.nn.functional.softplus",
            "torch.nn.functional.hardtanh",
            "torch.nn.functional.hardsigmoid",
            "torch.nn.functional.softsign",
            "torch.nn.functional.elu",
            "torch.nn.functional.gelu",
            "torch.nn.functional.silu",
            "torch.nn.functional.leaky_relu",
            "torch.nn.functional.logsigmoid",
            "torch.log_softmax",
            "torch.atan",
            "torch.cos",
        ):
            if curve != name:
                arguments = f"{inner}, -1" if "soft" in curve and "max" in curve else inner
                own = last if name in CURVES else "the cell's own phi"
                yield _of(f"{curve}({arguments})"), f"{curve.split('.')[-1]} stands where {own} should."
        yield _of(f"{name}({name}({inner}))"), f"the {last} is applied twice."
        yield from _curve_and_terms(node, name, last if name in CURVES else "nonlinearity")
        yield from _letters(node)
        yield _of(f"(1 - {name}({inner}))"), f"1 - {last}(...) stands where {last}(...) should."
        yield _of(f"{name}(-({inner}))"), f"the sum inside the {last} has the wrong sign."
        yield (
            _of(f"{name}({inner}).detach()"),
            f"the result of the {last} is detached: the values are right, but no gradient flows back.",
        )
        yield _of(f"{name}(2 * ({inner}))"), f"the sum inside the {last} counts twice."
        yield _of(f"{name}({inner}).round()"), f"the result of the {last} is rounded."
        yield _of(f"(({inner}).clamp(0, 1))"), f"the sum is clamped where the {last} should stand."
        yield _of(f"(({inner}).clamp(-1, 1))"), f"the sum is clamped where the {last} should stand."
    if not isinstance(node.func, ast.Attribute):
        if name in ("float", "sum", "list", "max", "min") and len(node.args) == 1 and not node.keywords:
            yield node.args[0], f"{name}(...) is missing."
        if name in ("sum", "max", "min"):
            for other in ("sum", "max", "min"):
                if other != name:
                    yield _of(f"{other}({', '.join(source)})"), f"{other} stands where {name} should."
        return
    owner = ast.unparse(node.func.value)
    library = owner in ("torch", "np", "np.linalg", "torch.linalg", "self", "torch.autograd")
    if last in ENDS:
        said = "norm" if last == "norm" else last
        for other in ENDS:
            if other != last:
                yield _of(f"({owner}).{other}({', '.join(source)})"), f"{other} stands where {said} should."
        yield node.func.value, f"the {said} is missing."
        if not library:
            yield _of(f"({owner}).{last}()"), f"the {said} is taken over everything."
            for axes in AXES:
                if axes not in "".join(source).replace("dim=", ""):
                    argument = f"dim={axes}"
                    yield (
                        _of(f"({owner}).{last}({argument})"),
                        f"the {said} is taken over dim={axes}; it should be {_axes(source)}.",
                    )
            if last == "norm":
                yield _of(f"({owner}).abs().sum({', '.join(source)})"), "this is the 1-norm; the 2-norm is wanted."
                yield (
                    _of(f"({owner}).square().sum({', '.join(source)})"),
                    "the root is missing: this is the squared norm.",
                )
                yield (
                    _of(f"({owner}).abs().amax({', '.join(source)})"),
                    "this is the largest entry; the 2-norm is wanted.",
                )
                yield (
                    _of(f"({owner}).square().mean({', '.join(source)}).sqrt()"),
                    "the mean stands under the root; the norm sums.",
                )
                yield (
                    _of(f"({owner}).sum({', '.join(source)}).abs()"),
                    "entries are summed before the square, so that they cancel; the norm squares first.",
                )
            if last == "mean":
                for one, other in itertools.product(("mean", "sum", "amax", "amin"), repeat=2):
                    if (one, other) != ("mean", "mean"):
                        yield (
                            _of(f"({owner}).{one}(-1).{other}(-1)"),
                            f"{one} over the last axis, then {other} over the one before, stand where the mean over both should.",
                        )
                yield _of(f"({owner}).flatten(1).std(1)"), "the standard deviation stands where the mean should."
                yield _of(f"({owner})[:, 0].mean(-1)"), "only the first sequence is used."
                yield _of(f"({owner})[:, -1].mean(-1)"), "only the last sequence is used."
                yield _of(f"({owner})[..., 0].mean(-1)"), "only the first unit is used."
                yield _of(f"({owner})[..., -1].mean(-1)"), "only the last unit is used."
                yield _of(f"({owner}).median({', '.join(source)}).values"), "this is the median; the mean is wanted."
                yield (
                    _of(f"({owner}).square().mean({', '.join(source)}).sqrt()"),
                    "this is the root of the mean square; the plain mean is wanted.",
                )
                yield (
                    _of(f"({owner}).log().mean({', '.join(source)}).exp()"),
                    "this is the geometric mean; the plain mean is wanted.",
                )
    for other in PAIRS.get(last, ()):
        target = owner if library else f"({owner})"
        yield _of(f"{target}.{other}({', '.join(source)})"), f"{other} stands where {last} should."
    if not library and not source and last in ("abs", "double", "sqrt", "square"):
        yield node.func.value, f"{last} is missing."
    if library and len(source) == 1 and last in ("abs", "sqrt"):
        yield node.args[0], f"{last} is missing."
    if library and len(node.args) == 2 and last in ("minimum", "maximum"):
        yield node.args[0], f"{_src(node.args[0])} alone stands where the {last} should."
        yield node.args[1], f"{_src(node.args[1])} alone stands where the {last} should."
    if last == "stack":
        for axis in (1, 2, -1):
            yield (
                _of(f"torch.stack({source[0]}, dim={axis})"),
                f"the steps are stacked along dim={axis}; time comes first.",
            )
        yield (
            _of(f"torch.stack({source[0]}).detach()"),
            "what is stacked is detached: no gradient flows back through it.",
        )
    if owner == "self" and len(node.args) > 1:
        arguments = [ast.unparse(argument) for argument in node.args]
        yield (
            _of(f"self.{last}({', '.join([arguments[1], arguments[0], *arguments[2:]])})"),
            f"the arguments of {last} are swapped.",
        )
        parts = ("update_gate", "reset_gate")
        if last in parts:
            other = parts[1 - parts.index(last)]
            yield _of(f"self.{other}({', '.join(arguments)})"), f"{other} stands where {last} should."
    if last == "grad" and owner == "torch.autograd":
        for other in ("loss.sqrt()", "loss.log()", "2 * loss", "loss ** 2", "loss.sum() * len(hs)"):
            yield (
                _of(f"torch.autograd.grad({other}, {', '.join(source[1:])})"),
                f"{other.replace('loss.sum() * len(hs)', 'T * loss')} stands where loss should.",
            )


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
    yield _of(" + ".join(f"{name}({term})" for term in terms)), f"the {said} is applied to {words}."
    for k, term in enumerate(terms):
        rest = " + ".join(terms[:k] + terms[k + 1 :])
        shown = term.replace("self.", "")
        yield _of(f"{name}({rest}) + {term}"), f"the term {shown} is added outside the {said}; it belongs inside."
        yield (
            _of(f"{rest} + {name}({term})"),
            f"the {said} is applied to the term {shown} alone; it is applied to the sum.",
        )
        yield (
            _of(f"{name}({rest}) + {name}({term})"),
            f"the {said} is applied to the term {shown} apart; it acts once, on the sum.",
        )
        yield (
            _of(f"{name}({rest}) * ({term})"),
            f"the term {shown} multiplies what comes out of the {said}; it is added inside.",
        )
    for other in ("b_z", "b_r", "b_h", "b_o"):
        if f"self.{other}" not in terms:
            yield _of(f"{name}({ast.unparse(node.args[0])} + self.{other})"), f"{other} is added as well."
    for other in (
        "h_prev",
        "x_t @ self.W_xh",
        "h_prev @ self.W_hh",
        "x_t @ self.W_xz",
        "h_prev @ self.W_hz",
        "x_t @ self.W_xr",
        "h_prev @ self.W_hr",
        "r_t",
    ):
        if other not in terms:
            yield (
                _of(f"{name}({ast.unparse(node.args[0])} + {other})"),
                f"{other.replace('self.', '')} is added as well, inside the {said}.",
            )
    for other in ("h_prev", "r_t"):
        yield _of(f"{other} * {ast.unparse(node)}"), f"{other} multiplies the result."
        yield _of(f"{other} + {ast.unparse(node)}"), f"{other} is added to the result, outside the {said}."


def _letters(node: ast.Call) -> Iterator[Change]:
    """Several weights of one gate in another's place."""
    text = ast.unparse(node)
    found = [name for name in dict.fromkeys(re.findall(r"self\.((?:W_x|W_h|b_)[zrh])\b", text))]
    for letters in itertools.product("zrh", repeat=len(found)):
        new = [name[:-1] + letter for name, letter in zip(found, letters, strict=True)]
        changed = [(old, other) for old, other in zip(found, new, strict=True) if old != other]
        if len(changed) > 1:
            there = {old: other for old, other in changed}
            source = re.sub(
                r"self\.((?:W_x|W_h|b_)[zrh])\b", lambda m, there=there: f"self.{there.get(m[1], m[1])}", text
            )
            pairs = _and([other for _, other in changed]), _and([old for old, _ in changed])
            yield _of(source), f"{pairs[0]} stand where {pairs[1]} should."


def _and(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _axes(source: list[str]) -> str:
    return (
        source[0].replace("dim=", "dim=")
        if source and "dim" in source[0]
        else f"dim={source[0]}"
        if source
        else "everything"
    )


def _constant(node: ast.Constant, names: list[str]) -> Iterator[Change]:
    if isinstance(node.value, bool) or node.value is None:
        if node.value is None:
            return
        return
    if isinstance(node.value, int | float):
        for other in LENGTHS.get(ast.unparse(node), ()):
            yield _instead(node, _of(other))
    elif node.value in ("z", "r"):
        yield (
            ast.Constant("r" if node.value == "z" else "z"),
            f'"{"r" if node.value == "z" else "z"}" stands where "{node.value}" should.',
        )
    elif node.value in ("softmax", "lastSoftmax", "lastLinear"):
        for other in ("softmax", "lastSoftmax", "lastLinear"):
            if other != node.value:
                yield ast.Constant(other), f'the head is compared with "{other}"; it should be "{node.value}".'


def _unaryop(node: ast.UnaryOp, names: list[str]) -> Iterator[Change]:
    if isinstance(node.op, ast.USub) and ast.unparse(node) in LENGTHS:
        for other in LENGTHS[ast.unparse(node)]:
            yield _instead(node, _of(other))


def _compare(node: ast.Compare, names: list[str]) -> Iterator[Change]:
    old = type(node.ops[0]).__name__
    for name, sign in COMPARED.items():
        if name != old and old in COMPARED:
            yield (
                ast.Compare(node.left, [getattr(ast, name)()], node.comparators),
                f"{sign} stands where {COMPARED[old]} should.",
            )
    yield ast.Constant(True), f"the condition {_src(node)} is not asked: it is taken to hold always."
    yield ast.Constant(False), f"the condition {_src(node)} is not asked: it is taken to hold never."


def _ifexp(node: ast.IfExp, names: list[str]) -> Iterator[Change]:
    yield ast.IfExp(node.test, node.orelse, node.body), f"the two cases of the condition {_src(node.test)} are swapped."


def _tuple(node: ast.Tuple, names: list[str]) -> Iterator[Change]:
    parts = [ast.unparse(part) for part in node.elts]
    if all(isinstance(part, ast.Constant | ast.UnaryOp) for part in node.elts):
        for axes in AXES:
            if _of(axes) and ast.unparse(_of(axes)) != ast.unparse(node):
                yield _of(axes), f"dim={axes} stands where dim={ast.unparse(node)} should."
        return
    for k in range(len(parts)):
        for j in range(k):
            order = list(parts)
            order[k], order[j] = order[j], order[k]
            yield (
                _of(f"({', '.join(order)})"),
                f"what comes back is in the wrong order: entries {j} and {k} are swapped.",
            )
        left = parts[:k] + parts[k + 1 :]
        yield (
            _of(f"({', '.join(left)},)" if len(left) > 1 else left[0]),
            f"entry {k} of what should come back is missing.",
        )
        yield (
            _of(f"({', '.join([*parts[:k], 'None', *parts[k + 1 :]])})"),
            f"entry {k} of what comes back is None; it should not be." if parts[k] != "None" else "",
        )
        yield (
            _of(f"({', '.join([*parts[:k], f'({parts[k]}).detach()', *parts[k + 1 :]])})"),
            f"entry {k} of what comes back is detached.",
        )


def _dict(node: ast.Dict, names: list[str]) -> Iterator[Change]:
    keys, values = [key.value for key in node.keys], [ast.unparse(value) for value in node.values]
    for k, key in enumerate(keys):
        left = {name: value for name, value in zip(keys, values, strict=True) if name != key}
        yield (
            _of("{" + ", ".join(f'"{name}": {value}' for name, value in left.items()) + "}"),
            f'the key "{key}" is missing.',
        )
        for j in range(len(keys)):
            if j != k:
                other = list(values)
                other[k] = values[j]
                yield (
                    _of("{" + ", ".join(f'"{name}": {value}' for name, value in zip(keys, other, strict=True)) + "}"),
                    f'under "{key}" stands what belongs under "{keys[j]}".',
                )
                if j < k:
                    other[j] = values[k]
                    yield (
                        _of(
                            "{" + ", ".join(f'"{name}": {value}' for name, value in zip(keys, other, strict=True)) + "}"
                        ),
                        f'"{keys[j]}" and "{key}" are swapped.',
                    )


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
        return {"hs.append": "collecting the state", "zs.append": "collecting z", "rs.append": "collecting r"}.get(
            call, call
        )
    if isinstance(node, ast.Assign):
        return "the step"
    return "a line"


RULES = {
    ast.Attribute: _attribute, ast.Name: _name, ast.Subscript: _subscript, ast.BinOp: _binop, ast.Call: _call,
    ast.Constant: _constant, ast.UnaryOp: _unaryop, ast.Compare: _compare, ast.IfExp: _ifexp, ast.Tuple: _tuple, ast.Dict: _dict,
}  # fmt: skip


def changes(node: ast.expr, names: list[str]) -> Iterator[Change]:
    """What may stand for an expression in a function with variables of these names."""
    yield from RULES.get(type(node), lambda *_: iter(()))(node, names)
