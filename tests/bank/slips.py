"""Slips: every way of writing one symbol of a solution wrongly, made from its syntax tree, and what to say of each."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple

Change = tuple[ast.AST, str]  # what stands there instead, and the sentence


class Slip(NamedTuple):
    """A solution cell with one slip in it."""

    message: str
    text: str


ENDS = ("mean", "sum", "norm", "amax", "amin", "max", "min", "prod", "std", "var", "median")
CURVES = ("torch.sigmoid", "torch.tanh", "torch.relu", "torch.exp", "torch.sin")
PAIRS = {
    "minimum": ("maximum", "mul", "add"), "maximum": ("minimum",), "abs": ("square", "neg", "sign"),
    "eigvals": ("eigvalsh",), "eigvals ": (), "sqrt": ("square", "abs"), "square": ("abs",), "min": ("max",), "max": ("min",),
    "stack": ("cat",), "where": (), "any": ("all",), "all": ("any",), "double": ("float", "half"),
}  # fmt: skip
LENGTHS = {"1": ("0", "2", "0.5", "-1"), "0": ("1", "-1"), "-1": ("0", "1", "-2"), "2": ("1", "3", "0.5"), "0.5": ("1", "2", "0.25"), "4": ("2", "1", "8", "3"), "1.0": ("0.0", "2.0")}
AXES = ("0", "1", "2", "-1", "-2", "(0, 1)", "(0, 2)", "(1, 2)")
COMPARED = {"Lt": "<", "Gt": ">", "LtE": "<=", "GtE": ">=", "Eq": "==", "NotEq": "!="}
SAID = {"hs": "the list of states", "new": "the new gradients", "norm": "the norm", "factor": "the factor"}


def slips(text: str) -> Iterator[Slip]:
    """All slips in a cell that holds one function, but for those that do not compile."""
    tree = ast.parse(text)
    function = tree.body[0]
    names = _names(function)
    for statement in ast.walk(function):
        for node, new, message in _statement(statement):
            yield from _made(tree, node, new, message)
    for node, place in _expressions(function):
        for new, message in _changes(node, names):
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
    return list(dict.fromkeys([argument.arg for argument in function.args.args if argument.arg != "self"] + stored))


def _expressions(function: ast.FunctionDef) -> Iterator[tuple[ast.expr, str]]:
    """Every expression that is read, and where it stands where there are several gates in one function."""
    for statement in ast.walk(function):
        if not isinstance(statement, ast.stmt) or isinstance(statement, ast.FunctionDef):
            continue
        place = ""
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            place = {"z_t": "in z_t, ", "r_t": "in r_t, ", "candidate": "in the candidate, "}.get(name, "")
        parts = [value for name, value in ast.iter_fields(statement) if name not in ("body", "orelse", "target", "targets")]
        for part in parts:
            for root in part if isinstance(part, list) else [part]:
                if isinstance(root, ast.AST):
                    for node in ast.walk(root):
                        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store):
                            yield node, place


def _src(node: ast.AST) -> str:
    text = ast.unparse(node).replace("self.", "")
    return SAID.get(text, text)


def _of(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _instead(old: ast.AST, new: ast.AST) -> Change:
    return new, f"{_src(new)} stands where {_src(old)} should."


def _changes(node: ast.expr, names: list[str]) -> Iterator[Change]:
    kind = type(node).__name__
    yield from globals().get(f"_{kind.lower()}", lambda *_: ())(node, names)


def _attribute(node: ast.Attribute, names: list[str]) -> Iterator[Change]:
    name = node.attr
    if isinstance(node.value, ast.Name) and node.value.id == "self" and name[:2] in ("W_", "b_"):
        matrices = [f"W_{a}{b}" for a in "xh" for b in "zrh"] + ["W_ho"]
        for other in matrices if name[0] == "W" else ["b_z", "b_r", "b_h", "b_o"]:
            if other != name:
                yield _instead(node, _of(f"self.{other}"))
        source = ast.unparse(node)
        if name[0] == "W":
            yield _of(f"{source}.T"), f"you multiply by the transpose of {name}; with states as rows it is {name} itself."
            yield _of(f"({source} + torch.eye(*{source}.shape, dtype={source}.dtype))"), f"the identity is added to {name}."
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
    yield _of(f"{name}[0]"), f"only entry 0 of {said} is used."
    yield _of(f"{name}[-1]"), f"only the last entry of {said} is used."
    yield _of(f"{name}[:1]"), f"only the first entry of {said} is used."
    yield _of(f"{name}[1:]"), f"the first entry of {said} is left out."
    yield _of(f"{name}[:-1]"), f"the last entry of {said} is left out."
    yield _of(f"{name}[::-1]"), f"{said} is gone through from its end."
    yield _of(f"{name}.flip(0)"), f"{said} is gone through from its end."
    yield _of(f"{name}.transpose(0, 1)"), f"the first two axes of {said} are swapped."
    yield _of(f"{name}.mT"), f"the last two axes of {said} are swapped."
    yield _of(f"{name}.mean(0)"), f"{said} is averaged over its first axis."
    yield _of(f"{name}.mean(-1, keepdim=True)"), f"{said} is averaged over its last axis."
    yield _of(f"{name}.mean(0, keepdim=True)"), f"{said} is averaged over its first axis."
    yield _of(f"{name}.mean(1, keepdim=True)"), f"{said} is averaged over its second axis."
    yield _of(f"{name}.sum(0)"), f"{said} is summed over its first axis."
    yield _of(f"list({name})"), f"{said} is a list; one tensor is wanted."


def _binop(node: ast.BinOp, names: list[str]) -> Iterator[Change]:
    left, right, op = node.left, node.right, node.op

    def made(operator: ast.operator, one: ast.expr = left, other: ast.expr = right) -> ast.BinOp:
        return ast.BinOp(one, operator, other)

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
            yield made(op, *((double, other) if term is left else (other, double))), f"the term {_src(term)} counts twice."
            cut = _of(f"({ast.unparse(term)}).detach()")
            yield made(op, *((cut, other) if term is left else (other, cut))), f"the term {_src(term)} is detached: no gradient flows back through it."
        yield made(ast.Mult()), f"{_src(left)} and {_src(right)} are multiplied; they are {added}."
        yield _of(f"torch.maximum({ast.unparse(left)}, {ast.unparse(right)})"), "the larger of two terms is taken; they are added."
    elif isinstance(op, ast.Mult):
        yield left, f"the factor {_src(right)} is missing."
        yield right, f"the factor {_src(left)} is missing."
        yield made(ast.Add()), f"{_src(left)} and {_src(right)} are added; they are multiplied."
        yield made(ast.Sub()), f"{_src(right)} is subtracted from {_src(left)}; they are multiplied."
        yield made(ast.Div()), f"{_src(left)} is divided by {_src(right)}; they are multiplied."
        yield made(ast.MatMult()), f"the product of {_src(left)} and {_src(right)} is a matrix product; it is elementwise, *."
        if isinstance(right, ast.Name) and isinstance(left, ast.Name):
            yield made(op, _of(f"{left.id} * {left.id}")), f"the factor {_src(left)} counts twice."
            yield made(op, left, _of(f"{right.id} * {right.id}")), f"the factor {_src(right)} counts twice."
    elif isinstance(op, ast.MatMult):
        yield made(op, right, left), f"the factors of {_src(node)} are swapped."
        yield made(ast.Mult()), f"the product of {_src(left)} and {_src(right)} is elementwise; it is a matrix product, @."
        yield made(ast.Add()), f"{_src(left)} and {_src(right)} are added; it is a matrix product, @."
        yield _of(f"({ast.unparse(left)}) * torch.diagonal({ast.unparse(right)})"), f"only the diagonal of {_src(right)} is used; it is a matrix product, @."
        yield _of(f"({ast.unparse(node)}).mean(0)"), "a product is averaged over the batch."
        yield _of(f"torch.relu({ast.unparse(node)})"), "a term goes through relu of its own."
        for curve in ("torch.tanh", "torch.sigmoid"):
            yield _of(f"{curve}({ast.unparse(node)})"), f"the term {_src(node)} goes through {curve.removeprefix('torch.')} of its own; the nonlinearity acts once, on the sum."
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
        yield node.args[0], f"the {last} is missing: you use the sum before it." if name in CURVES else "the nonlinearity is missing."
        for curve in (*CURVES, "torch.softmax", "torch.erf", "torch.nn.functional.softplus", "torch.nn.functional.hardtanh"):
            if curve != name:
                arguments = f"{inner}, -1" if curve == "torch.softmax" else inner
                own = last if name in CURVES else "the cell's own phi"
                yield _of(f"{curve}({arguments})"), f"{curve.split('.')[-1]} stands where {own} should."
        yield _of(f"{name}({name}({inner}))"), f"the {last} is applied twice."
        yield _of(f"(1 - {name}({inner}))"), f"1 - {last}(...) stands where {last}(...) should."
        yield _of(f"{name}(-({inner}))"), f"the sum inside the {last} has the wrong sign."
        yield _of(f"{name}({inner}).detach()"), f"the result of the {last} is detached: the values are right, but no gradient flows back."
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
                    yield _of(f"({owner}).{last}({argument})"), f"the {said} is taken over dim={axes}; it should be {_axes(source)}."
            if last == "norm":
                yield _of(f"({owner}).abs().sum({', '.join(source)})"), "this is the 1-norm; the 2-norm is wanted."
                yield _of(f"({owner}).square().sum({', '.join(source)})"), "the root is missing: this is the squared norm."
                yield _of(f"({owner}).abs().amax({', '.join(source)})"), "this is the largest entry; the 2-norm is wanted."
                yield _of(f"({owner}).square().mean({', '.join(source)}).sqrt()"), "the mean stands under the root; the norm sums."
                yield _of(f"({owner}).sum({', '.join(source)}).abs()"), "entries are summed before the square, so that they cancel; the norm squares first."
            if last == "mean":
                yield _of(f"({owner}).median({', '.join(source)}).values"), "this is the median; the mean is wanted."
                yield _of(f"({owner}).square().mean({', '.join(source)}).sqrt()"), "this is the root of the mean square; the plain mean is wanted."
                yield _of(f"({owner}).log().mean({', '.join(source)}).exp()"), "this is the geometric mean; the plain mean is wanted."
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
            yield _of(f"torch.stack({source[0]}, dim={axis})"), f"the steps are stacked along dim={axis}; time comes first."
        yield _of(f"torch.stack({source[0]}).detach()"), "what is stacked is detached: no gradient flows back through it."
    if owner == "self" and len(node.args) > 1:
        arguments = [ast.unparse(argument) for argument in node.args]
        yield _of(f"self.{last}({', '.join([arguments[1], arguments[0], *arguments[2:]])})"), f"the arguments of {last} are swapped."
        parts = ("update_gate", "reset_gate")
        if last in parts:
            other = parts[1 - parts.index(last)]
            yield _of(f"self.{other}({', '.join(arguments)})"), f"{other} stands where {last} should."
    if last == "grad" and owner == "torch.autograd":
        for other in ("loss.sqrt()", "loss.log()", "2 * loss", "loss ** 2", "loss.sum() * len(hs)"):
            yield _of(f"torch.autograd.grad({other}, {', '.join(source[1:])})"), f"{other.replace('loss.sum() * len(hs)', 'T * loss')} stands where loss should."


def _axes(source: list[str]) -> str:
    return source[0].replace("dim=", "dim=") if source and "dim" in source[0] else f"dim={source[0]}" if source else "everything"


def _constant(node: ast.Constant, names: list[str]) -> Iterator[Change]:
    if isinstance(node.value, bool) or node.value is None:
        if node.value is None:
            return
        return
    if isinstance(node.value, int | float):
        for other in LENGTHS.get(ast.unparse(node), ()):
            yield _instead(node, _of(other))
    elif node.value in ("z", "r"):
        yield ast.Constant("r" if node.value == "z" else "z"), f'"{"r" if node.value == "z" else "z"}" stands where "{node.value}" should.'
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
            yield ast.Compare(node.left, [getattr(ast, name)()], node.comparators), f"{sign} stands where {COMPARED[old]} should."
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
            yield _of(f"({', '.join(order)})"), f"what comes back is in the wrong order: entries {j} and {k} are swapped."
        left = parts[:k] + parts[k + 1 :]
        yield _of(f"({', '.join(left)},)" if len(left) > 1 else left[0]), f"entry {k} of what should come back is missing."
        yield _of(f"({', '.join([*parts[:k], 'None', *parts[k + 1 :]])})"), f"entry {k} of what comes back is None; it should not be." if parts[k] != "None" else ""
        yield _of(f"({', '.join([*parts[:k], f'({parts[k]}).detach()', *parts[k + 1 :]])})"), f"entry {k} of what comes back is detached."


def _dict(node: ast.Dict, names: list[str]) -> Iterator[Change]:
    keys, values = [key.value for key in node.keys], [ast.unparse(value) for value in node.values]
    for k, key in enumerate(keys):
        left = {name: value for name, value in zip(keys, values, strict=True) if name != key}
        yield _of("{" + ", ".join(f'"{name}": {value}' for name, value in left.items()) + "}"), f'the key "{key}" is missing.'
        for j in range(len(keys)):
            if j != k:
                other = list(values)
                other[k] = values[j]
                yield _of("{" + ", ".join(f'"{name}": {value}' for name, value in zip(keys, other, strict=True)) + "}"), f'under "{key}" stands what belongs under "{keys[j]}".'
                if j < k:
                    other[j] = values[k]
                    yield _of("{" + ", ".join(f'"{name}": {value}' for name, value in zip(keys, other, strict=True)) + "}"), f'"{keys[j]}" and "{key}" are swapped.'


def _statement(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST | list[ast.stmt], str]]:
    if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Tuple | ast.Dict):
        source = ast.unparse(node.value)
        for text, message in {
            f"return ({source}).detach()": "the result is detached: the values are right, but there is no gradient at all.",
            f"return ({source},)": "the result comes back inside a tuple.",
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
                yield node, ast.For(node.target, node.iter, order, []), f"in the loop, {_line(one)} should come after the rest, not before {_line(node.body[j])}."


def _line(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = ast.unparse(node.value.func)
        return {"hs.append": "collecting the state", "zs.append": "collecting z", "rs.append": "collecting r"}.get(call, call)
    if isinstance(node, ast.Assign):
        return "the step"
    return "a line"
