"""Families of wrong formulas for the functions on lists and arrays: tables of what may stand in a part, and what is said."""

from __future__ import annotations

from collections.abc import Iterator

# fmt: off

Wrong = tuple[str, str, str]  # what stands in the solution, what stands there instead, and the sentence

# Of numbers over time that were right: s stands for them.
OVER_TIME = {
    "s.cumsum(0)": "the values are added up along time; one by one is wanted.",
    "s.cumsum(0) / torch.arange(1, len(s) + 1, dtype=s.dtype)": "it is the mean up to each step; one by one is wanted.",
    "s.flip(0).cumsum(0).flip(0)": "the values are added up from the last step backwards; one by one is wanted.",
    "s.flip(0)": "the values are in the wrong order: time runs backwards.",
    "s.cumprod(0)": "the values are multiplied along time; one by one is wanted.",
    "s.sort().values": "the values are sorted; they stay in the order of time.",
    "s.roll(1)": "the values are shifted by one step.",
    "s.roll(-1)": "the values are shifted by one step.",
    "torch.cat([s[:1], s[1:] - s[:-1]])": "these are differences from the step before; the values themselves are wanted.",
    "torch.cat([0 * s[:1], s[1:] - s[:-1]])": "these are differences from the step before; the values themselves are wanted.",
    "torch.cat([s[:1], s[1:] / s[:-1]])": "each value is divided by that of the step before; the values themselves are wanted.",
    "torch.cat([1 + 0 * s[:1], s[1:] / s[:-1]])": "each value is divided by that of the step before; the values themselves are wanted.",
    "torch.cat([s[:-1] / s[1:], s[-1:]])": "each value is divided by that of the step after; the values themselves are wanted.",
    "torch.cat([s[:-1] / s[1:], 1 + 0 * s[-1:]])": "each value is divided by that of the step after; the values themselves are wanted.",
    "torch.cat([0 * s[:1], s[1:]])": "the first value is 0; every step has one of its own.",
    "torch.cat([s[:-1], 0 * s[-1:]])": "the last value is 0; every step has one of its own.",
    "torch.cat([0 * s[:1], s[:-1]])": "the values come one step late, after a 0.",
    "torch.cat([s[1:], 0 * s[:1]])": "the values come one step early, before a 0.",
    "s.mean().expand_as(s)": "the values are averaged over time as well; each step has its own.",
    "s.max().expand_as(s)": "the largest value stands at every step; each step has its own.",
    "s[:1].expand_as(s)": "the first value stands at every step; each step has its own.",
    "s[-1:].expand_as(s)": "the last value stands at every step; each step has its own.",
    "s / s.max()": "everything is divided by the largest value; nothing is to be normalised.",
    "s / s.sum()": "everything is divided by the sum over time; nothing is to be normalised.",
    "s / s.mean()": "everything is divided by the mean over time; nothing is to be normalised.",
    "s / s.norm()": "everything is divided by the norm over time; nothing is to be normalised.",
    "s / s[0]": "everything is divided by the first value; nothing is to be normalised.",
    "s / s[-1]": "everything is divided by the last value; nothing is to be normalised.",
    "(s - s.min()) / (s.max() - s.min())": "the values are stretched to 0 .. 1; nothing is to be normalised.",
    "(s - s.mean()) / s.std()": "the values are brought to mean 0 and spread 1 over time; nothing is to be normalised.",
    "s - s.mean()": "the mean over time is subtracted; nothing is to be subtracted.",
    "s - s[0]": "the first value is subtracted; nothing is to be subtracted.",
    "torch.softmax(s, 0)": "a softmax over time is taken; it should not be.",
    "s.log()": "this is the logarithm; the value itself is wanted.",
    "s.clamp(min=1e-12).log()": "this is the logarithm; the value itself is wanted.",
    "(s + 1e-12).log()": "this is the logarithm; the value itself is wanted.",
    "-s.log()": "this is minus the logarithm; the value itself is wanted.",
    "s.log10()": "this is the logarithm to base 10; the value itself is wanted.",
    "s.clamp(min=1e-12).log10()": "this is the logarithm to base 10; the value itself is wanted.",
    "(s + 1e-12).log10()": "this is the logarithm to base 10; the value itself is wanted.",
    "s.log2()": "this is the logarithm to base 2; the value itself is wanted.",
    "s.log1p()": "this is log(1 + s); the value itself is wanted.",
    "s.exp()": "the exponential is taken at the end; it should not be.",
    "s ** 2": "the result is squared at the end; it should not be.",
    "s ** 3": "the third power is taken at the end; it should not be.",
    "s ** 0.5": "a root is taken at the end; it should not be.",
    "1 / s": "the result is turned upside down, 1 / s.",
    "1 - s": "the result is taken from 1 at the end.",
    "-s": "the result has the wrong sign.",
    "1 - 2 * s": "the result is doubled and taken from 1 at the end.",
    "s.tanh()": "the result goes through tanh at the end; it should not.",
    "s.sigmoid()": "the result goes through the sigmoid at the end; it should not.",
    "s.round(decimals=1)": "the result is rounded.", "s.round(decimals=2)": "the result is rounded.",
    "s.round(decimals=3)": "the result is rounded.", "s.round(decimals=4)": "the result is rounded.",
    "s.clamp(max=1)": "the result is kept from going above 1.", "s.clamp(min=1)": "the result is kept from going below 1.",
    "s + 1": "1 is added to the result.", "s * 100": "the result is in per cent.",
    "s * len(s)": "the result is multiplied by T.", "s / len(s)": "the result is divided by T, the number of steps, as well.",
    "s / (len(s) - 1)": "the result is divided by T - 1 as well.",
}

# Of numbers s along one axis, D: how they become one, and what that is called.
AXIS = {
    "s.mean(D)": "the mean", "s.sum(D)": "the sum", "s.norm(dim=D)": "the 2-norm", "s.abs().sum(D)": "the 1-norm",
    "s.norm(p=3, dim=D)": "the 3-norm", "s.norm(p=4, dim=D)": "the 4-norm", "s.norm(p=0.5, dim=D)": "the 1/2-norm",
    "s.abs().amax(D)": "the largest size", "s.abs().amin(D)": "the smallest size", "s.amax(D)": "the largest", "s.amin(D)": "the smallest",
    "s.abs().mean(D)": "the mean size", "s.square().mean(D)": "the mean square", "s.square().mean(D).sqrt()": "the root of the mean square",
    "s.square().sum(D)": "the sum of squares", "s.abs().pow(3).sum(D)": "the sum of cubes", "s.median(D).values": "the median",
    "s.std(D)": "the standard deviation", "s.std(D, unbiased=False)": "the standard deviation", "s.var(D)": "the variance",
    "s.var(D, unbiased=False)": "the variance", "s.select(D, 0)": "the first alone", "s.select(D, -1)": "the last alone",
    "s.prod(D)": "the product", "s.abs().log().mean(D).exp()": "the geometric mean", "1 / (1 / s).mean(D)": "the harmonic mean",
    "s.abs().sqrt().sum(D)": "the sum of roots", "s.logsumexp(D)": "the logarithm of the sum of exponentials",
}
LIKELY = (*tuple(AXIS)[:4], "s.abs().amax(D)", "s.amin(D)", "s.abs().mean(D)", "s.square().mean(D)", "s.square().mean(D).sqrt()",
    "s.square().sum(D)", "s.median(D).values", "s.std(D)", "s.var(D)", "s.select(D, 0)", "s.select(D, -1)", "s.amax(D)")


def _summed(size: str) -> str:
    """What such a factor is a sign of."""
    return "" if size == "T" or "root" in size else ", as where a sum stands for a mean"


def _chain(*steps: str) -> str:
    """Expressions of s, each of the one before, as one."""
    text = "s"
    for step in steps:
        text = step.replace("s.", f"({text}).") if step.count("s.") == 1 else f"(lambda s: {step})({text})"
    return text


def _along(step: str, axis: int) -> str:
    return step.replace("D", str(axis))


def _two_axes(right: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """Other ways to bring (T, B, H) to (T,): units first, then the batch, and the other way round."""
    for one, first in AXIS.items():
        for two, then in AXIS.items():
            if two != right[1] and one != right[0] and not {one, two} <= set(LIKELY[:9]):
                continue
            if (one, two) != right:
                yield _chain(_along(one, -1), _along(two, -1)), f"over the units it is {first}, over the batch {then}; {_wanted(right)}."
    for one in LIKELY[:6]:
        for two in LIKELY[:9]:
            yield (
                _chain(_along(one, 1), _along(two, -1)),
                f"over the batch it is {AXIS[one]}, and only then over the units {AXIS[two]}; {_wanted(right)}.",
            )
    for one, first in AXIS.items():
        yield _chain("s.flatten(1)", _along(one, -1)), f"{first} is taken over batch and units together; {_wanted(right)}."
        if one in LIKELY:
            for size, name in (("s.shape[1]", "B"), ("s.shape[2]", "H"), ("s.shape[1] ** 0.5", "the root of B")):
                text = _chain("s.flatten(1)", _along(one, -1))
                yield f"{text} / {size}", f"{first} is taken over batch and units together and divided by {name}; {_wanted(right)}."


def _wanted(right: tuple[str, str]) -> str:
    unit, batch = (AXIS[one].removeprefix("the ") for one in right)
    return f"the {unit} over the units and the {batch} over the batch are wanted" if unit != batch else f"the plain {unit} is wanted"


SIZES = {
    "s.shape[1]": "B, the batch size", "s.shape[2]": "H, the number of units", "s.shape[1] ** 0.5": "the root of B",
    "s.shape[2] ** 0.5": "the root of H", "s.shape[1] * s.shape[2]": "B H",
}


LOGS = {"s.log10()": "And the logarithm to base 10 is taken.", "s.log()": "And the logarithm is taken.", "s.clamp(min=1e-12).log10()": "And the logarithm to base 10 is taken.", "s.clamp(min=1e-12).log()": "And the logarithm is taken.", "s ** 0.5": "And a root is taken at the end.", "s ** 2": "And the result is squared.", "s.cumsum(0)": "And the values are added up along time.", "s / s[0]": "And everything is divided by the first value.", "s / s.max()": "And everything is divided by the largest value.", "s.flip(0)": "And time runs backwards."}


def _grad_time() -> Iterator[Wrong]:
    place, right = "flow.norm(dim=-1).mean(-1)", ("s.norm(dim=D)", "s.mean(D)")

    def of_flow(text: str) -> str:
        return f"(lambda s: {text})(flow)"

    for new, message in OVER_TIME.items():
        yield place, f"(lambda s: {new})({place})", message
    for size, name in SIZES.items():
        yield place, of_flow(f"s.norm(dim=-1).mean(-1) / ({size})"), f"the result is divided by {name}, as well."
        yield place, of_flow(f"s.norm(dim=-1).mean(-1) * ({size})"), f"the result is multiplied by {name}{_summed(name)}."
    for new, message in _two_axes(right):
        yield place, of_flow(new), message
        if any(f"({new})" in f"({_chain(_along(one, -1), _along(two, -1))})" for one in (right[0], "s.square().sum(D)", "s.abs().sum(D)", "s.abs().mean(D)", "s.mean(D)") for two in ("s.mean(D)", "s.sum(D)")) or new == "(s.flatten(1)).norm(dim=-1)":
            for end, said in LOGS.items():
                yield place, f"(lambda s: {end})({of_flow(new)})", f"{message} {said}"
    for new, message in {
        "(s / s.abs().max()).norm(dim=-1).mean(-1)": "the derivatives are divided by their largest entry; nothing is to be normalised.", "(s / s.norm()).norm(dim=-1).mean(-1)": "the derivatives are divided by their norm over everything; nothing is to be normalised.", "(s / s.norm(dim=0)).norm(dim=-1).mean(-1)": "the derivatives are divided by their norm over time; nothing is to be normalised.", "(s / s.std()).norm(dim=-1).mean(-1)": "the derivatives are divided by their spread; nothing is to be normalised.", "(s - s.mean()).norm(dim=-1).mean(-1)": "the mean is subtracted before the norm.", "(s - s.mean(0)).norm(dim=-1).mean(-1)": "the mean over time is subtracted before the norm.", "(s[-1:] * torch.ones_like(s)).norm(dim=-1).mean(-1)": "the last derivative stands at every step.", "torch.cat([s[:1], s[1:] - s[:-1]]).norm(dim=-1).mean(-1)": "differences of derivatives from step to step are used.",
        "(s * torch.stack(hs)).norm(dim=-1).mean(-1)": "the derivative is multiplied by the state.",
        "(s * torch.stack(hs)).sum(-1).mean(-1)": "the derivative is multiplied by the state and summed.",
        "torch.stack(hs).double().norm(dim=-1).mean(-1)": "these are norms of the states; those of the loss's derivatives are wanted.",
        "(s.norm(dim=-1) / torch.stack(hs).norm(dim=-1)).mean(-1)": "the norm is divided by that of the state; nothing is to be divided.",
        "(s.norm(dim=-1).mean(-1) / torch.stack(hs).norm(dim=-1).mean(-1))": "the norm is divided by that of the state; nothing is to be divided.",
        "(s * (1 - torch.stack(hs) ** 2)).norm(dim=-1).mean(-1)": "the derivative is multiplied by the slope of tanh; it is the one with respect to the state.",
        "s.relu().norm(dim=-1).mean(-1)": "negative entries of the derivative are left out.",
        "s.clamp(-1, 1).norm(dim=-1).mean(-1)": "the derivative is clamped to -1 .. 1.",
        "s.sign().norm(dim=-1).mean(-1)": "only the signs of the derivative are used.",
        "s.cumsum(0).norm(dim=-1).mean(-1)": "the derivatives are added up along time before the norm.",
        "s.flip(0).cumsum(0).flip(0).norm(dim=-1).mean(-1)": "the derivatives are added up along time before the norm.",
        "(s - s.mean(1, keepdim=True)).norm(dim=-1).mean(-1)": "the mean over the batch is subtracted before the norm.",
        "(s - s.mean(-1, keepdim=True)).norm(dim=-1).mean(-1)": "the mean over the units is subtracted before the norm.",
        "torch.linalg.matrix_norm(s, 2)": "the 2-norm of a matrix is its largest singular value; the norm of each sequence, averaged, is wanted.",
        "torch.linalg.matrix_norm(s, 'nuc')": "this is the sum of singular values; the norm of each sequence, averaged, is wanted.",
        "(s.norm(dim=-1) + 1).mean(-1)": "1 is added to the norm.", "(s.norm(dim=-1) ** 4).mean(-1)": "the fourth power of the norm is averaged.",
        "(s.norm(dim=-1) ** 3).mean(-1)": "the third power of the norm is averaged.", "s.norm(dim=-1).sqrt().mean(-1)": "a second root is taken of the norm.",
        "s.norm(dim=-1).log().mean(-1)": "the logarithms of the norms are averaged; the norms are.",
        "s.norm(dim=-1).log10().mean(-1)": "the logarithms of the norms are averaged; the norms are.",
        "s.norm(dim=-1).log1p().mean(-1)": "the logarithms of the norms are averaged; the norms are.",
        "s.norm(dim=-1).sum(-1) / (s.shape[1] - 1)": "the sum is divided by B - 1; the mean divides by B.",
    }.items():
        yield place, of_flow(new), message


def _distances(place: str, table: dict[str, str], right: str, name: str) -> Iterator[Wrong]:
    """Another distance, another mean, both, and the mean before the distance."""
    mean = "distance.mean(dim=(1, 2))"
    reduced = {
        "s.sum(dim=(1, 2))": "the sum over batch and units is taken", "s.sum(-1).mean(-1)": "it is summed over the units",
        "s.mean(-1).sum(-1)": "it is summed over the batch", "s.square().mean(dim=(1, 2)).sqrt()": "the root of the mean square is taken",
        "s.square().mean(dim=(1, 2))": "the mean of the squares is taken", "s.amax((1, 2))": "the largest is taken", "s.amin((1, 2))": "the smallest is taken",
        "s.flatten(1).median(1).values": "the median is taken", "s.flatten(1).std(1)": "the standard deviation is taken",
        "s.flatten(1).norm(dim=1)": "the norm is taken", "s.norm(dim=-1).mean(-1)": "the norm over the units is taken",
    }
    for new, message in OVER_TIME.items():
        yield mean, f"(lambda s: {new})({mean})", message
    for size, said in SIZES.items():
        yield mean, f"(lambda s: s.mean(dim=(1, 2)) / ({size}))(distance)", f"the result is divided by {said}, as well."
        yield mean, f"(lambda s: s.mean(dim=(1, 2)) * ({size}))(distance)", f"the result is multiplied by {said}{_summed(said)}."
    for new, message in _two_axes(("s.mean(D)", "s.mean(D)")):
        yield mean, f"(lambda s: {new})(distance)", message
    for new, message in table.items():
        yield place, _named(new, name), message
    first = ("mean over the batch", "1"), ("mean over the units", "2"), ("mean over batch and units", "(1, 2)"), ("mean over time", "0")
    for new, message in {right: "", **dict(list(table.items())[:10])}.items():
        for said, axes in first:
            other = _named(new, f"{name}.mean({axes}, keepdim=True).expand_as({name})")
            yield place, other, f"the {said} is taken before the distance; it comes after.{' And: ' + message if message else ''}"
    for new, message in list(table.items())[:10]:
        for other, said in LOGS.items():
            yield f"distance = {place}", f"distance = (lambda s: {other})(({_named(new, name)}).mean((1, 2)))[:, None, None]", f"{message} {said}"
        for other, said in reduced.items():
            yield f"distance = {place}", f"distance = (lambda s: {other})({_named(new, name)})[:, None, None]", f"{message} And {said}; the plain mean is wanted."


def _named(text: str, name: str) -> str:
    return text.replace("V", f"({name})")


STATES = {
    "V": "this is the mean state; the distance from the ends is wanted.", "V.abs()": "this is |h|, the distance from 0; the distance from -1 and 1 is wanted.",
    "1 - V": "this is the distance from 1 alone; it is to the nearer of -1 and 1.", "1 + V": "this is the distance from -1 alone; it is to the nearer of -1 and 1.",
    "V ** 2": "this is h^2; the distance from -1 and 1 is wanted.", "1 - V ** 2": "this is the slope 1 - h^2; the distance from -1 and 1 is wanted.",
    "(1 - V ** 2) / 2": "this is half the slope 1 - h^2; the distance from -1 and 1 is wanted.", "2 * (1 - V ** 2)": "this is twice the slope; the distance is wanted.",
    "(1 - V ** 2) ** 2": "this is the squared slope; the distance is wanted.", "1 - V ** 3": "the third power stands where |h| should.", "1 - V.abs() ** 3": "the third power stands where |h| should.",
    "1 - V ** 4": "the fourth power stands where |h| should.", "1 - V.abs().sqrt()": "the root of |h| stands where |h| should.", "V.abs() - 1": "the sign is wrong: the distance is not negative.",
    "V - 1": "h - 1 is negative, and only one end counts; the distance is to the nearer of -1 and 1.", "(1 - V.abs()) / 2": "this is half the distance.", "2 - V.abs()": "2 stands where 1 should.",
    "(1 - V.abs()) ** 2": "the distance is squared.", "(1 - V.abs()) ** 3": "the third power of the distance is taken.", "(1 - V.abs()).abs().sqrt()": "a root of the distance is taken.",
    "1 / (1 + V.abs())": "1 / (1 + |h|) is no distance; the distance from -1 and 1 is wanted.", "(1 - V) * (1 + V) / 4": "this is a quarter of the slope 1 - h^2; the distance is wanted.",
    "V * (1 - V)": "v (1 - v) is the sigmoid's slope; the distance from -1 and 1 is wanted.", "V.abs() * (1 - V.abs())": "|h| (1 - |h|) is no distance; the distance from -1 and 1 is wanted.",
    "torch.minimum(V, 1 - V)": "the distance is taken to 0 and 1; tanh is flat at -1 and 1.", "torch.minimum(V.abs(), 1 - V.abs())": "the distance is taken to 0 as well; tanh is flat at -1 and 1.",
    "torch.maximum(1 - V, 1 + V)": "the distance is taken to the farther end; it is to the nearer one.", "torch.maximum(V.abs(), 1 - V.abs())": "the larger of |h| and the distance is taken; the distance alone is wanted.",
    "torch.minimum((V - 1) ** 2, (V + 1) ** 2)": "the distance is squared.", "(1 - V) ** 2": "this is the squared distance from 1 alone.", "(V.abs() > 0.9).double()": "this is the share of saturated units; the mean distance is wanted.",
    "0.5 - (V - 0.5).abs()": "the distance is taken to 0 and 1; tanh is flat at -1 and 1.", "(V > 0).double()": "this is the share of positive states; the mean distance is wanted.",
    "1 - torch.sigmoid(V)": "the sigmoid is applied to the states; take the distance of the states themselves.", "1 - torch.tanh(V)": "tanh is applied once more, and one end is left out.",
    "1 - torch.tanh(V.abs())": "tanh is applied once more; the states come after it already.", "torch.atanh(V).abs()": "this is the size before the tanh; the distance of the states from -1 and 1 is wanted.",
    "(1 + V) / 2": "the states are moved to 0 .. 1; the distance from -1 and 1 is wanted.", "torch.minimum((1 + V) / 2, (1 - V) / 2)": "this is half the distance.",
    "-(1 - V.abs()).log()": "this is minus the logarithm of the distance.", "(1 - V.abs()).log()": "the logarithm of the distance is averaged.", "(1 - V.abs()).log10()": "the logarithm of the distance is averaged.",
    "torch.minimum(1 - V, V + 1) / 2": "this is half the distance.", "(1 - V.abs()).clamp(max=0.5)": "the distance is kept from going above 0.5.", "torch.exp(-V.abs())": "exp(-|h|) is no distance; the distance from -1 and 1 is wanted.",
    "V.abs().log()": "this is the logarithm of |h|; the distance from -1 and 1 is wanted.", "1 - V.relu()": "negative states count as 0; both ends count.", "1 + V.clamp(max=0)": "positive states count as 0; both ends count.",
}
for _limit in ("0.5", "0.8", "0.9", "0.95", "0.99"):
    STATES[f"(V.abs() > {_limit}).double()"] = "this is the share of saturated units; the mean distance is wanted."
    STATES[f"(V.abs() < {_limit}).double()"] = "this is the share of units that are not saturated; the mean distance is wanted."
    STATES[f"(V > {_limit}).double()"] = f"this is the share of states above {_limit}; the mean distance is wanted."
_NEARER = "the distance is to the nearer of 0 and 1"
GATES = {
    "V": f"this is the mean of the gate; {_NEARER}.", "1 - V": f"this is the distance from 1 alone; {_NEARER}.", "V.abs()": f"this is the mean of the gate; {_NEARER}.",
    "1 - V.abs()": f"this is the distance from 1 alone; {_NEARER}.", "(V - 0.5).abs()": f"this is the distance from 0.5; {_NEARER}.", "0.5 - V": f"0.5 - v is negative above 0.5; {_NEARER}.",
    "V * (1 - V)": f"this is v (1 - v), the sigmoid's slope; {_NEARER}.", "2 * V * (1 - V)": f"this is v (1 - v), the sigmoid's slope, times 2; {_NEARER}.", "4 * V * (1 - V)": f"this is v (1 - v), the sigmoid's slope, times 4; {_NEARER}.",
    "(V * (1 - V)) ** 2": f"this is the square of v (1 - v); {_NEARER}.", "(V * (1 - V)).abs().sqrt()": f"this is the root of v (1 - v); {_NEARER}.", "2 * (V * (1 - V)).sqrt()": f"this is the root of v (1 - v), doubled; {_NEARER}.",
    "2 * torch.minimum(V, 1 - V)": "this is twice the distance.", "0.5 * torch.minimum(V, 1 - V)": "this is half the distance.", "1 - torch.minimum(V, 1 - V)": "the distance is taken from 1.",
    "0.5 - torch.minimum(V, 1 - V)": "the distance is taken from 0.5.", "1 - 2 * torch.minimum(V, 1 - V)": "this is |2 v - 1|, near 1 where the gate is saturated; " + _NEARER + ".", "torch.maximum(V, 1 - V)": "the distance is taken to the farther end; it is to the nearer one.",
    "torch.minimum(V, 1 - V) ** 2": "the distance is squared.", "torch.minimum(V, 1 - V) ** 3": "the third power of the distance is taken.", "torch.minimum(V, 1 - V).sqrt()": "a root of the distance is taken.",
    "torch.minimum(V ** 2, (1 - V) ** 2)": "the distance is squared.", "V ** 2": f"this is v^2; {_NEARER}.", "(1 - V) ** 2": f"this is the squared distance from 1 alone; {_NEARER}.", "1 - V ** 2": f"1 - v^2 is the slope of tanh; {_NEARER}.",
    "V ** 2 + (1 - V) ** 2": f"the squares of both distances are added; {_NEARER}.", "(V ** 2 + (1 - V) ** 2).sqrt()": f"the squares of both distances are added under a root; {_NEARER}.", "(V - 0.5) ** 2": f"this is the squared distance from 0.5; {_NEARER}.", "4 * (V - 0.5) ** 2": f"this is the squared distance from 0.5, times 4; {_NEARER}.",
    "0.25 - (V - 0.5) ** 2": f"this is v (1 - v), the sigmoid's slope; {_NEARER}.", "0.5 - (V - 0.5) ** 2": f"the distance from 0.5 is squared; {_NEARER}.", "1 - (V - 0.5).abs()": "1 stands where 0.5 should.",
    "1 - V.abs() - (1 - V).abs()": f"both distances are subtracted; {_NEARER}.", "torch.minimum(V, 1 + V)": "1 + v stands where 1 - v should.", "torch.minimum(V, V - 1)": "v - 1 stands where 1 - v should.", "torch.minimum(1 - V, 1 + V)": "the distance is taken to -1 and 1; the sigmoid is flat at 0 and 1.",
    "torch.minimum(V, 0.5 - V)": "0.5 - v stands where 1 - v should.", "torch.minimum(V, 0.5 + 0 * V)": "v is compared with 0.5, not with 1 - v.", "torch.maximum(V, 0.5 + 0 * V)": "v is compared with 0.5, not with 1 - v.", "torch.where(V < 0.5, 1 - V, V)": "the distance is taken to the farther end; it is to the nearer one.",
    "torch.where(V > 0.5, 1 - V, 0 * V)": "gates below 0.5 count as 0; both halves count.", "torch.where(V < 0.5, V, 0 * V)": "gates above 0.5 count as 0; both halves count.", "V - V.round()": "the sign is kept, so that both ends cancel; " + _NEARER + ".", "torch.logit(V).abs()": f"this is the size of the logit, before the sigmoid; {_NEARER}.",
    "torch.logit(V)": f"this is the logit, before the sigmoid; {_NEARER}.", "1 / (1 + torch.logit(V).abs())": f"this is made from the logit; {_NEARER}.", "torch.minimum(torch.sigmoid(V), 1 - torch.sigmoid(V))": "the sigmoid is applied once more; v comes after it already.",
    "torch.minimum(V, 1 - V).log()": "the logarithm of the distance is averaged.", "torch.minimum(V, 1 - V).log10()": "the logarithm of the distance is averaged.", "V.log()": f"this is the logarithm of v; {_NEARER}.", "V.log10()": f"this is the logarithm of v; {_NEARER}.", "-V * V.log()": f"this is -v log v; {_NEARER}.",
    "-V * V.clamp(min=1e-12).log()": f"this is -v log v; {_NEARER}.", "-V.log() - (1 - V).log()": f"the logarithms of both distances are added; {_NEARER}.", "V.square() * (1 - V).square()": f"this is the square of v (1 - v); {_NEARER}.", "(V.round() - V) ** 2": "the distance is squared.", "1 - V.round()": f"v is rounded, and only one end counts; {_NEARER}.", "V.round()": f"v is rounded; {_NEARER}.",
    "(0.5 - V).clamp(min=0)": "gates above 0.5 count as 0; both halves count.", "(V - 0.5).clamp(min=0)": "gates below 0.5 count as 0; both halves count.", "torch.minimum(V, 1 - V).clamp(min=0.1)": "the distance is kept from going below 0.1.", "1 - V - V ** 2": f"1 - v - v^2 is no distance; {_NEARER}.", "V.sqrt()": f"this is the root of v; {_NEARER}.",
}
for _base, _log in (("", "log"), (" in bits", "log2"), (" to base 10", "log10")):
    for _text in ("-(V * V.log() + (1 - V) * (1 - V).log())", "-(V * (V + E).log() + (1 - V) * (1 - V + E).log())", "-(V * V.clamp(min=E).log() + (1 - V) * (1 - V).clamp(min=E).log())", "-(V.clamp(E, 1 - E) * V.clamp(E, 1 - E).log() + (1 - V.clamp(E, 1 - E)) * (1 - V.clamp(E, 1 - E)).log())", "-(torch.xlogy(V, V) + torch.xlogy(1 - V, 1 - V))"):
        for _eps in ("1e-6", "1e-8", "1e-10", "1e-12") if "E" in _text else ("",):
            _new = _text.replace("E", _eps).replace(".log()", f".{_log}()")
            GATES[f"({_new}) / {'1' if _log != 'log2' or 'xlogy' not in _text else '0.6931471805599453'}"] = f"this is the entropy{_base}; {_NEARER}."
for _limit in ("0.01", "0.05", "0.1", "0.2"):
    GATES[f"((V > 1 - {_limit}) | (V < {_limit})).double()"] = "this is the share of gates that are nearly open or shut; the mean distance is wanted."
    GATES[f"((V < 1 - {_limit}) & (V > {_limit})).double()"] = "this is the share of gates that are neither open nor shut; the mean distance is wanted."
    GATES[f"(V > 1 - {_limit}).double()"] = "this is the share of gates that are nearly open; the mean distance is wanted."
    GATES[f"(V < {_limit}).double()"] = "this is the share of gates that are nearly shut; the mean distance is wanted."


for _limit in ("1e-3", "0.01", "0.05", "0.1", "0.2", "0.25", "0.3", "0.4", "0.5", "0.8", "0.9"):
    for _table, _distance in ((STATES, "(1 - V.abs())"), (GATES, "torch.minimum(V, 1 - V)")):
        _table[f"{_distance}.clamp(min={_limit})"] = f"the distance is kept from going below {_limit}."
        _table[f"{_distance}.clamp(max={_limit})"] = f"the distance is kept from going above {_limit}."
        _table[f"({_distance} - {_limit}).clamp(min=0)"] = f"{_limit} is subtracted from the distance, which is kept from going below 0."
        _table[f"({_distance} < {_limit}).double()"] = "this is the share of saturated units or gates; the mean distance is wanted."
        _table[f"({_distance} > {_limit}).double()"] = "this is the share of units or gates that are not saturated; the mean distance is wanted."
        _table[f"torch.where({_distance} < {_limit}, 0 * V, {_distance})"] = f"distances below {_limit} count as 0."
for _table, _distance in ((STATES, "(1 - V.abs())"), (GATES, "torch.minimum(V, 1 - V)")):
    for _digits in (0, 1, 2, 3):
        _table[f"{_distance}.round(decimals={_digits})"] = "the distances are rounded."
STATES["torch.minimum(V.abs(), torch.minimum((1 - V).abs(), (1 + V).abs()))"] = "the distance is taken to 0 as well; tanh is flat at -1 and 1."
for _new, _message in [(new, message) for new, message in GATES.items() if "entropy" in message and "E" not in new]:
    GATES[f"({_new}) / 2"] = _message.replace("this is", "this is half")
    GATES[f"({_new}) / 0.6931471805599453"] = _message


def _sat_time() -> Iterator[Wrong]:
    yield from _distances("1 - hidden.abs()", STATES, "1 - V.abs()", "hidden")


def _gate_sat_time() -> Iterator[Wrong]:
    yield from _distances("torch.minimum(v, 1 - v)", GATES, "torch.minimum(V, 1 - V)", "v")


FUNCTIONS = {"grad_time": _grad_time, "sat_time": _sat_time, "gate_sat_time": _gate_sat_time}
