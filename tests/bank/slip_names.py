"""What may stand for a weight, a variable or an entry of a list, and the sentence that is said of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bank.slip_words import Change, instead, of, src

# fmt: off


def of_attribute(node: ast.Attribute, names: list[str]) -> Iterator[Change]:
    name = node.attr
    if isinstance(node.value, ast.Name) and node.value.id == "self" and name[:2] in ("W_", "b_"):
        matrices = [f"W_{a}{b}" for a in "xh" for b in "zrh"] + ["W_ho"]
        for other in matrices if name[0] == "W" else ["b_z", "b_r", "b_h", "b_o"]:
            if other != name:
                yield instead(node, of(f"self.{other}"))
        source = ast.unparse(node)
        if name[0] == "W":
            yield of(f"{source}.T"), f"you multiply by the transpose of {name}; with states as rows it is {name} itself."
            yield of(f"({source} + torch.eye(*{source}.shape, dtype={source}.dtype))"), f"the identity is added to {name}."
            yield of(f"({source} @ {source})"), f"{name} multiplies twice."
            yield of(f"(0.5 * ({source} + {source}.T))"), f"the symmetric part of {name} stands where {name} itself should."
            yield of(f"torch.tril({source})"), f"only the lower triangle of {name} is used."
            yield of(f"torch.triu({source})"), f"only the upper triangle of {name} is used."
            yield of(f"{source}.flip(0)"), f"the rows of {name} are in the wrong order."
            yield of(f"torch.linalg.inv({source})"), f"the inverse of {name} is used."
            yield of(f"torch.softmax({source}, -1)"), f"a softmax of {name} is used."
        yield of(f"torch.tanh({source})"), f"{name} goes through tanh first."
        yield of(f"torch.zeros_like({source})"), f"zeros stand where {name} should."
        yield of(f"torch.ones_like({source})"), f"ones stand where {name} should."
        if name[0] == "b":
            yield of(f"{source}.flip(0)"), f"the entries of {name} are in the wrong order."
            yield of(f"{source}[0]"), f"only the first entry of {name} is used, for every unit."
            yield of(f"{source} ** 2"), f"{name} is squared."
        yield of(f"{source}.detach()"), f"{name} is detached: the values are right, but it gets no gradient."
        yield of(f"(-{source})"), f"{name} has the wrong sign."
        yield of(f"(2 * {source})"), f"{name} counts twice."
        yield of(f"(0.5 * {source})"), f"{name} counts half."
        yield of(f"{source}.abs()"), f"the absolute values of {name} are used."
        yield of(f"{source}.mean()"), f"{name} is averaged to one number first."
        yield of(f"{source}.sum()"), f"{name} is summed up to one number first."
    elif name == "T":
        yield node.value, f"the transpose is missing: it is {src(node)}."
    elif name == "real":
        yield node.value, "the real part is not taken."


def of_name(node: ast.Name, names: list[str]) -> Iterator[Change]:
    if node.id not in names:
        return
    for other in names:
        if other != node.id:
            yield instead(node, ast.Name(other, ast.Load()))
    name, said = node.id, src(node)
    yield of(f"(1 - {name})"), f"1 - {said} stands where {said} should."
    yield of(f"(-{name})"), f"{said} has the wrong sign."
    yield of(f"(2 * {name})"), f"{said} counts twice."
    yield of(f"({name} ** 2)"), f"{said} is squared; it should not be."
    yield of(f"{name}.abs()"), f"the absolute value of {said} is taken; it should not be."
    yield of(f"{name}.detach()"), f"{said} is detached: no gradient flows back through it."
    yield of(f"{name}.data"), f"{said} is detached: no gradient flows back through it."
    yield of(f"torch.zeros_like({name})"), f"zeros stand where {said} should."
    yield of(f"torch.ones_like({name})"), f"ones stand where {said} should."
    yield of(f"torch.sigmoid({name})"), f"the sigmoid of {said} stands where {said} should."
    yield of(f"torch.tanh({name})"), f"the tanh of {said} stands where {said} should."
    yield of(f"{name}.float()"), f"{said} is cast to float32."
    yield of(f"{name}[0]"), f"only {said}[0] is used{_which(name)}."
    yield of(f"{name}[-1]"), f"only {said}[-1] is used."
    yield of(f"{name}[:1]"), f"only {said}[:1] is used{_which(name)}."
    yield of(f"{name}[1:]"), f"{said}[1:] is used: the first entry is left out."
    yield of(f"{name}[:-1]"), f"{said}[:-1] is used: the last entry is left out."
    yield of(f"{name}[::-1]"), f"{said} is gone through from its end."
    yield of(f"{name}.flip(0)"), f"{said} is gone through from its end."
    yield of(f"{name}.transpose(0, 1)"), f"the first two axes of {said} are swapped."
    yield of(f"{name}.mT"), f"the last two axes of {said} are swapped."
    yield of(f"{name}.mean(0)"), f"{said} is averaged over its first axis."
    yield of(f"{name}.mean(-1, keepdim=True)"), f"{said} is averaged over its last axis."
    yield of(f"{name}.mean(0, keepdim=True)"), f"{said} is averaged over its first axis."
    yield of(f"{name}.mean(1, keepdim=True)"), f"{said} is averaged over its second axis."
    yield of(f"{name}.sum(0)"), f"{said} is summed over its first axis."
    for low, high in ((0, None), (0, 1), (-1, 1), (None, 0)):
        yield of(f"{name}.clamp({low}, {high})"), f"{said} is clamped ({_range(low, high)})."
    yield of(f"{name}.round()"), f"{said} is rounded."
    yield of(f"torch.softmax({name}, -1)"), f"a softmax of {said} stands where {said} should."
    yield of(f"torch.logit({name})"), f"the logit of {said} stands where {said} should."
    yield of(f"torch.exp({name})"), f"the exponential of {said} stands where {said} should."
    yield of(f"torch.log({name})"), f"the logarithm of {said} stands where {said} should."
    yield of(f"torch.relu({name})"), f"relu of {said} stands where {said} should."
    yield of(f"({name} ** 0.5)"), f"the root of {said} is taken; it should not be."
    yield of(f"({name} - {name}.mean(0))"), f"the mean over the first axis is subtracted from {said}."
    yield of(f"{name}.roll(1, 0)"), f"the entries of {said} are shifted by one along the first axis."
    yield of(f"{name}.roll(1, -1)"), f"the entries of {said} are shifted by one along the last axis."
    yield of(f"{name}.flip(-1)"), f"{said} is turned round along its last axis."
    if name == "r_t":
        for gate in ("self.update_gate(x_t, h_prev)", "self.reset_gate(x_t, h_prev)", "r_t * self.reset_gate(x_t, h_prev)"):
            yield of(gate), f"{gate.split('(')[0].split('.')[-1]} stands where the r_t that is handed in should."
    if name == "x_t":
        for place, which in (("0", "first"), ("-1", "last")):
            yield of(f"x[{place}]"), f"the {which} input, x[{place}], is used at every step."
    yield of(f"list({name})"), f"{said} is a list; one tensor is wanted."


def _which(name: str) -> str:
    return ", that of the first sequence, for all" if name in ("h_prev", "x_t", "r_t") else ""


def _range(low: int | None, high: int | None) -> str:
    return " and ".join(f"not {where} {end}" for where, end in (("below", low), ("above", high)) if end is not None)


def of_subscript(node: ast.Subscript, names: list[str]) -> Iterator[Change]:
    owner, place = ast.unparse(node.value), node.slice
    if isinstance(place, ast.Name):
        for other in (f"{place.id} - 1", "0", "-1", f"-{place.id} - 1", f":{place.id} + 1"):
            yield of(f"{owner}[{other}]"), f"{owner}[{other}] stands where {owner}[{place.id}] should."
    if ast.unparse(place) == "-1":
        for other in (":, -1", ":, 0", "-1:"):
            yield of(f"{owner}[{other}]"), f"{owner}[{other}] stands where {owner}[-1] should."
        yield of(f"{owner}.sum(0)"), f"the sum over all of {src(node.value)} stands where the last should."
        yield of(f"{owner}.mean(0)"), f"the mean over all of {src(node.value)} stands where the last should."
        yield of(f"{owner}.amax(0)"), f"the largest of all of {src(node.value)} stands where the last should."
