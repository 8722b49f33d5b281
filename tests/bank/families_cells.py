"""Families of wrong formulas for the cells: tables of what may stand in a part of a step or of the loop, and what is said."""

from __future__ import annotations

from collections.abc import Iterator

# fmt: off

Wrong = tuple[str, str, str]  # what stands in the solution, what stands there instead, and the sentence

# What may be done with a part v of a formula, and what is said of it.
DONE = {
    "v ** 2": "{} is squared.", "v ** 3": "the third power of {} is taken.", "v ** 4": "the fourth power of {} is taken.", "v.sqrt()": "the root of {} is taken.", "v.abs().sqrt()": "the root of {} is taken, without its sign.",
    "v.abs()": "{} loses its sign: the absolute value is taken.", "v.relu()": "negative entries of {} are set to 0.", "v.clamp(max=0)": "positive entries of {} are set to 0.", "v.sign()": "only the sign of {} is used.", "v.round()": "{} is rounded.", "v.round(decimals=1)": "{} is rounded.", "v.round(decimals=2)": "{} is rounded.", "torch.tanh(v)": "{} goes through tanh of its own.",
    "torch.sigmoid(v)": "{} goes through the sigmoid of its own.", "torch.sin(v)": "the sine of {} is taken.", "torch.exp(v)": "the exponential of {} is taken.", "torch.log(v.abs())": "the logarithm of {} is taken.", "torch.log1p(v.abs())": "the logarithm of 1 + |{}| is taken.", "torch.log(v)": "the logarithm of {} is taken.",
    "torch.softmax(v, -1)": "a softmax over the units is taken of {}.", "torch.softmax(v, 0)": "a softmax over the batch is taken of {}.", "v / v.norm()": "{} is divided by its norm over batch and units.", "v / v.norm(dim=-1, keepdim=True)": "every row of {} is divided by its norm.", "v / v.norm(dim=0, keepdim=True)": "every column of {} is divided by its norm.",
    "v / v.abs().max()": "{} is divided by its largest entry.", "v / v.max()": "{} is divided by its largest entry.", "v / v.amax(-1, keepdim=True)": "every row of {} is divided by its largest entry.", "v / v.sum(-1, keepdim=True)": "every row of {} is divided by its sum.", "v / v.abs().sum(-1, keepdim=True)": "every row of {} is divided by the sum of its sizes.", "v / v.sum()": "{} is divided by its sum.", "v / v.mean()": "{} is divided by its mean.",
    "v - v.mean(-1, keepdim=True)": "the mean over the units is subtracted from {}.", "v - v.mean(0, keepdim=True)": "the mean over the batch is subtracted from {}.", "v - v.mean()": "the mean of all entries is subtracted from {}.", "v - v.amax(-1, keepdim=True)": "the largest entry is subtracted from {}.",
    "v.mean(0, keepdim=True).expand_as(v)": "{} is averaged over the batch; every sequence has its own.", "v.mean(-1, keepdim=True).expand_as(v)": "{} is averaged over the units; every unit has its own.", "v.mean().expand_as(v)": "{} is averaged over batch and units; every entry counts by itself.", "v.sum(0, keepdim=True).expand_as(v)": "{} is summed over the batch; every sequence has its own.", "v.sum(-1, keepdim=True).expand_as(v)": "{} is summed over the units; every unit has its own.", "v.amax(-1, keepdim=True).expand_as(v)": "the largest unit of {} stands for all.", "v.cumsum(-1)": "{} is added up along the units.", "v.cumsum(0)": "{} is added up along the batch.",
    "v.clamp(0, 1)": "{} is clamped to 0 .. 1.", "v.clamp(-1, 1)": "{} is clamped to -1 .. 1.", "v.clamp(0.1, 0.9)": "{} is clamped to 0.1 .. 0.9.", "v.clamp(min=0.5)": "{} is kept from going below 0.5.", "v.clamp(max=0.5)": "{} is kept from going above 0.5.", "2 * v": "{} counts twice.", "0.5 * v": "{} counts half.", "0.1 * v": "{} counts 0.1 times.", "10 * v": "{} counts ten times.", "-v": "{} has the wrong sign.", "1 - v": "1 minus {} is used.", "1 + v": "1 is added to {}.", "v - 1": "1 is subtracted from {}.", "0.5 + v": "0.5 is added to {}.", "v - 0.5": "0.5 is subtracted from {}.", "2 * v - 1": "{} is doubled, and 1 subtracted.", "(1 + v) / 2": "1 is added to {}, and half of that taken.", "v + 1e-3": "0.001 is added to {}.", "v + 0.1": "0.1 is added to {}.", "v + 0.01": "0.01 is added to {}.", "v - 0.1": "0.1 is subtracted from {}.", "1 / v": "{} is turned upside down.", "1 / (1 + v)": "1 / (1 + {}) is used.", "v * (1 - v)": "{} is multiplied by 1 minus itself.", "v * torch.sigmoid(v)": "{} is multiplied by its own sigmoid.",
    "v / self.W_hh.shape[0]": "{} is divided by H.", "v / self.W_hh.shape[0] ** 0.5": "{} is divided by the root of H.", "v / v.shape[-1] ** 0.5": "{} is divided by the root of its last size.", "v / v.shape[-1]": "{} is divided by its last size.", "v / len(v)": "{} is divided by the batch size.", "v.detach()": "{} is detached: no gradient flows back through it.", "v.flip(0)": "{} is in the wrong order along the batch.", "v.flip(-1)": "{} is in the wrong order along the units.", "v.roll(1, 0)": "{} is shifted along the batch.", "v.roll(1, -1)": "{} is shifted along the units.", "v.roll(-1, -1)": "{} is shifted along the units.", "v[:1].expand_as(v)": "{} of the first sequence stands for all.", "v[-1:].expand_as(v)": "{} of the last sequence stands for all.", "0 * v": "{} is set to 0.", "0 * v + 1": "{} is set to 1.", "0 * v + 0.5": "{} is set to 0.5.", "v.float().to(v.dtype)": "{} is rounded to float32.", "(v > 0).to(v.dtype)": "{} is turned into 0 or 1.", "(v > 0.5).to(v.dtype)": "{} is turned into 0 or 1.", "v + v ** 2": "its own square is added to {}.", "v - v ** 3 / 3": "a third of its own third power is subtracted from {}.", "v + v.mean(-1, keepdim=True)": "the mean over the units is added to {}.", "v + v.flip(-1)": "{} is added to itself in the other order.",
}
for _spread in ("", ", unbiased=False"):
    for _axis, _over in (("-1", "the units"), ("0", "the batch")):
        for _eps in ("", " + 1e-5", " + 1e-6", " + 1e-8"):
            for _root in ("std", "var"):
                _text = f"v.{_root}({_axis}, keepdim=True{_spread})"
                if _root == "var" and not _eps:
                    continue
                _below = f"({_text}{_eps})" + (".sqrt()" if _root == "var" else "")
                DONE[f"(v - v.mean({_axis}, keepdim=True)) / {_below}"] = f"{{}} is normalised to mean 0 and spread 1 over {_over}."
                if not _eps:
                    DONE[f"v / {_below}"] = f"{{}} is divided by its spread over {_over}."
FEW = dict(list(DONE.items())[:82])  # all but what normalises over an axis
SCALED = ("2 * v", "0.5 * v", "0.1 * v", "10 * v", "-v", "v.detach()", "0 * v", "v / self.W_hh.shape[0]", "v / self.W_hh.shape[0] ** 0.5", "v / len(v)")  # terms.py says it
WEIGHTS = {
    "w.T": "{} is transposed.", "w ** 2": "{}'s entries are squared.", "w ** 3": "{}'s entries are taken to the third power.", "w.abs()": "{} loses its signs.", "w.relu()": "negative entries of {} are set to 0.", "w.clamp(-1, 1)": "{} is clamped to -1 .. 1.", "w.clamp(min=0)": "negative entries of {} are set to 0.", "w.sign()": "only the signs of {} are used.", "w / w.norm()": "{} is divided by its norm.", "w / torch.linalg.norm(w, 2)": "{} is divided by its largest singular value.", "w / w.norm(dim=0, keepdim=True)": "every column of {} is divided by its norm.", "w / w.norm(dim=1, keepdim=True)": "every row of {} is divided by its norm.", "w / w.abs().max()": "{} is divided by its largest entry.", "w / w.sum()": "{} is divided by its sum.", "w / w.sum(0, keepdim=True)": "every column of {} is divided by its sum.", "w / w.sum(1, keepdim=True)": "every row of {} is divided by its sum.", "torch.softmax(w, 0)": "a softmax of {} is used.", "torch.softmax(w, 1)": "a softmax of {} is used.", "w - w.mean()": "the mean is subtracted from {}.", "w - w.mean(0)": "the mean of each column is subtracted from {}.", "torch.tanh(w)": "{} goes through tanh.", "torch.sigmoid(w)": "{} goes through the sigmoid.", "torch.exp(w)": "the exponential of {}'s entries is used.", "w.flip(1)": "the columns of {} are in the wrong order.", "w.flip(0)": "the rows of {} are in the wrong order.", "w.roll(1, 0)": "the rows of {} are shifted.", "w.roll(1, 1)": "the columns of {} are shifted.", "w.round()": "{} is rounded.", "w.round(decimals=1)": "{} is rounded.", "1 - w": "{} is taken from 1.", "1 + w": "1 is added to {}'s entries.",
}
SQUARE = {
    "w - torch.diag(w.diagonal())": "the diagonal of {} is left out.", "torch.diag(w.diagonal())": "only the diagonal of {} is used.", "w + torch.eye(len(w), dtype=w.dtype)": "the identity is added to {}.", "w - torch.eye(len(w), dtype=w.dtype)": "the identity is subtracted from {}.", "0.9 * w + 0.1 * torch.eye(len(w), dtype=w.dtype)": "{} is mixed with the identity.", "torch.eye(len(w), dtype=w.dtype)": "the identity stands where {} should.", "(w + w.T) / 2": "the symmetric part of {} is used.", "w + w.T": "{} is added to its transpose.", "(w - w.T) / 2": "the antisymmetric part of {} is used.", "w - w.T": "the transpose is subtracted from {}.", "w @ w": "{} multiplies twice.", "w @ w.T": "{} is multiplied by its transpose.", "w.T @ w": "{} is multiplied by its transpose.", "torch.linalg.qr(w)[0]": "{} is made orthogonal.", "torch.linalg.inv(w)": "the inverse of {} is used.", "torch.tril(w)": "only the lower triangle of {} is used.", "torch.triu(w)": "only the upper triangle of {} is used.", "torch.linalg.matrix_exp(w)": "the matrix exponential of {} is used.", "w / torch.linalg.eigvals(w).abs().max()": "{} is divided by its spectral radius.",
}
CURVES = {
    "torch.relu(A)": "relu, or a clamp to 0 .. 1, stands there.", "torch.exp(A)": "the exponential stands there.",
    "(0.2 * (A) + 0.5).clamp(0, 1)": "a hard sigmoid with slope 0.2 stands there; it is a straight line, cut off.", "(0.25 * (A) + 0.5).clamp(0, 1)": "a hard sigmoid with slope 0.25 stands there; it is a straight line, cut off.", "(0.5 * (A) + 0.5).clamp(0, 1)": "a straight line, cut off at 0 and 1, stands there.", "(A).clamp(0, 1)": "the sum is clamped to 0 .. 1.", "(A).clamp(-1, 1)": "the sum is clamped to -1 .. 1.", "1.7159 * torch.tanh(2 / 3 * (A))": "a scaled tanh, 1.7159 tanh(2/3 a), stands there.", "torch.tanh(0.5 * (A))": "the sum inside tanh counts half.", "torch.tanh(2 * (A))": "the sum inside tanh counts twice.", "0.5 * (1 + torch.tanh(A))": "(1 + tanh a) / 2 is the sigmoid of 2 a: the sum counts twice.", "0.5 * torch.tanh(A) + 1": "1 + tanh(a) / 2 stands there.", "1 + torch.tanh(A)": "1 + tanh a stands there.", "2 * torch.sigmoid(A) - 1": "2 sigmoid(a) - 1 is tanh(a / 2).", "2 * torch.sigmoid(2 * (A)) - 1": "2 sigmoid(2 a) - 1 is tanh a.", "2 * torch.sigmoid(A)": "the sigmoid counts twice.", "torch.sigmoid(A) - 0.5": "0.5 is subtracted from the sigmoid.", "1 / (1 + torch.exp(A))": "the sign in the exponential is wrong: 1 / (1 + exp(a)) is the sigmoid of -a.", "1 / (1 - torch.exp(-(A)))": "1 - exp(-a) stands where 1 + exp(-a) should.", "1 / torch.exp(-(A))": "the 1 + is missing below the fraction.", "torch.exp(A) / (1 - torch.exp(A))": "1 - exp(a) stands below; it is 1 + exp(a).", "torch.exp(-(A)) / (1 + torch.exp(-(A)))": "exp(-a) / (1 + exp(-a)) is the sigmoid of -a.", "1 / (1 + torch.exp(-2 * (A)))": "the sum counts twice inside the sigmoid.", "1 / (1 + torch.exp(-(A)) ** 2)": "the sum counts twice inside the sigmoid.", "1 + torch.exp(-(A))": "the fraction is missing: 1 + exp(-a) is not the sigmoid.", "torch.exp(-(A))": "exp(-a) stands there; it is not the sigmoid.", "torch.exp(-(A) ** 2)": "a Gaussian, exp(-a^2), stands there.", "(A) / (1 + (A).abs())": "softsign, a / (1 + |a|), stands there.", "0.5 * (1 + (A) / (1 + (A).abs()))": "a softsign moved to 0 .. 1 stands there.", "torch.atan(A)": "arctan stands there.", "2 / torch.pi * torch.atan(A)": "arctan, scaled, stands there.", "torch.sin(A)": "the sine stands there.", "torch.sinh(A)": "sinh stands where tanh should.", "torch.cosh(A)": "cosh stands where tanh should.", "torch.atanh(A)": "atanh stands where tanh should.", "torch.tan(A)": "tan, with no h, stands there.", "1 - torch.tanh(A) ** 2": "this is the slope of tanh.", "torch.sigmoid(A) * (1 - torch.sigmoid(A))": "this is the slope of the sigmoid.", "(A) * torch.sigmoid(A)": "the sum is multiplied by its sigmoid.", "torch.nn.functional.gelu(A)": "gelu stands there.", "torch.nn.functional.leaky_relu(A, 0.1)": "a leaky relu stands there.", "torch.relu(torch.tanh(A))": "relu is applied after tanh.", "torch.tanh(torch.relu(A))": "relu is applied before tanh.", "torch.sigmoid(torch.relu(A))": "relu is applied before the sigmoid.", "torch.sigmoid(torch.tanh(A))": "tanh is applied before the sigmoid.", "torch.tanh(torch.sigmoid(A))": "the sigmoid is applied before tanh.", "torch.special.ndtr(A)": "the normal distribution function stands there.", "torch.erf(A)": "erf stands there.", "torch.softmax(A, 0)": "a softmax over the batch stands there.", "torch.softmax(A, -1)": "a softmax over the units stands there.", "torch.softmax(A, 1)": "a softmax over the units stands there.", "(A > 0).to(x_t.dtype)": "the sum is turned into 0 or 1.", "torch.sign(A)": "only the sign of the sum is used.", "torch.nn.functional.softplus(A)": "softplus stands there.", "torch.nn.functional.elu(A)": "elu stands there.", "torch.nn.functional.selu(A)": "selu stands there.", "torch.nn.functional.hardtanh(A)": "hardtanh stands there.", "torch.nn.functional.tanhshrink(A)": "a - tanh(a) stands there.", "torch.tanh(A) ** 3": "the third power of tanh is taken.",
}
OWN = {"torch.sigmoid": ("sigmoid", "the sigmoid"), "torch.tanh": ("tanh", "tanh"), "phi": ("phi", "the cell's own phi")}


def _do(text: str, part: str) -> str:
    """A row of `DONE` for a part."""
    return f"(lambda v: {text})({part})"


def _gate(name: str, letter: str, curve: str, state: str, result: str) -> Iterator[Wrong]:
    """A sum of three terms and what it goes through."""
    x_term, h_term, bias = f"x_t @ self.W_x{letter}", f"{state} @ self.W_h{letter}", f"self.b_{letter}"
    total = f"{x_term} + {h_term} + {bias}"
    right = f"{curve}({total})"
    yield from _mixed(right, result)
    for new, message in CURVES.items():
        if not (curve == "torch.tanh" and "is tanh a" in message):
            yield right, new.replace("(A)", f"({total})").replace("A,", f"{total},").replace("A > 0", f"{total} > 0"), f"{message[:-1]}; it is {OWN[curve][1]}." if message.endswith(" there.") else message
    parts = [(right, right, result), (f"({total})", f"({total})", f"the sum inside {OWN[curve][0]}"), (x_term, x_term, f"the term {x_term.replace('self.', '')}"), (h_term, h_term, f"the term {h_term.replace('self.', '')}"), ("x_t @", "x_t", "x_t"), (f"{state} @", state, state.strip("()"))]
    for place, part, said in parts:
        for new, message in (DONE if said[0] != "x" and part != state else FEW).items():
            if new in SCALED and part in (x_term, h_term, "x_t", state):
                continue
            done = _do(new, part) + place.removeprefix(part)
            once = ("once more" if OWN[curve][0] in message else "as well") if part == right else "of its own"
            yield right, right.replace(place, f"({done})" if place == f"({total})" else done, 1), message.format(said).replace("of its own", once)
    for weight in (f"self.W_x{letter}", f"self.W_h{letter}"):
        table = WEIGHTS | (SQUARE if "W_h" in weight else {})
        for new, message in table.items():
            yield right, right.replace(weight, f"(lambda w: {new})({weight})"), message.format(weight.removeprefix("self."))
    for new, message in {"v ** 2": "{} is squared.", "v.abs()": "{} loses its sign.", "v.flip(0)": "the entries of {} are in the wrong order.", "v.relu()": "negative entries of {} are set to 0.", "torch.tanh(v)": "{} goes through tanh of its own.", "torch.sigmoid(v)": "{} goes through the sigmoid of its own.", "v.mean()": "{} is averaged to one number.", "v[0]": "the first entry of {} stands for all.", "v[-1]": "the last entry of {} stands for all.", "v.sum()": "{} is summed to one number.", "1 + v": "1 is added to {}.", "v - 1": "1 is subtracted from {}.", "v + 0.5": "0.5 is added to {}.", "v + 2": "2 is added to {}.", "1 - v": "{} is taken from 1.", "v - v.mean()": "the mean is subtracted from {}.", "v / v.norm()": "{} is divided by its norm.", "torch.softmax(v, 0)": "a softmax of {} is used.", "v.cumsum(0)": "{} is added up along the units.", "v.roll(1)": "{} is shifted along the units.", "torch.exp(v)": "the exponential of {} is used.", "v.round()": "{} is rounded."}.items():
        yield right, right.replace(bias, _do(new, bias)), message.format(bias.removeprefix("self."))
    for scale in ("2", "0.5", "-1", "0.1"):
        yield right, f"({curve}({x_term} + {h_term}) + {scale} * {bias})", f"b_{letter} is added outside {OWN[curve][0]}, {scale} times; it belongs inside, once."
        yield right, f"({curve}({x_term} + {bias}) + {scale} * {h_term})", f"the old state's term is added outside {OWN[curve][0]}; it belongs inside."
    yield right, f"{curve}(({x_term}) * ({h_term}) + {bias})", "both terms are multiplied; they are added."
    yield right, f"{curve}({x_term} + {h_term}) * (1 + {bias})", f"b_{letter} scales the result; it is added inside."
    yield right, f"{curve}(({x_term} + {h_term}) * {bias})", f"b_{letter} multiplies the sum; it is added."
    yield right, f"{curve}(torch.maximum({x_term}, {h_term}) + {bias})", "the larger of both terms is taken; they are added."
    yield right, f"{curve}(torch.minimum({x_term}, {h_term}) + {bias})", "the smaller of both terms is taken; they are added."
    yield right, f"{curve}(({x_term} + {bias}) @ self.W_h{letter} + {state})", f"W_h{letter} multiplies the input's term; it multiplies the state."
    yield right, f"{curve}(({x_term} + {state}) @ self.W_h{letter} + {bias})", f"the input's term and the state are added before W_h{letter}; it multiplies the state alone."
    yield right, f"{curve}(({x_term} + {state} + {bias}) @ self.W_h{letter})", f"W_h{letter} multiplies the whole sum; it multiplies the state alone."
    yield right, f"{curve}({x_term} + ({state} + {bias}) @ self.W_h{letter})", f"the bias is added to the state before W_h{letter}; it is added to the sum."


def _mixed(right: str, result: str) -> Iterator[Wrong]:
    """With the old state."""
    for a in (0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99):
        yield right, f"({a} * h_prev + (1 - {a}) * {right})", f"the old state is mixed in, {a} of it with {round(1 - a, 2)} of {result}; it should not be."
        yield right, f"(h_prev + {a} * {right})", f"{result} counts {a} times and is added to the old state; it should not be."
        yield right, f"({a} * h_prev + {right})", f"the old state, {a} times, is added to {result}; it should not be."
    for new, message in {
        "h_prev + R": "the old state is added to {}; it should not be.", "R - h_prev": "the old state is subtracted from {}; it should not be.", "h_prev - R": "{} is subtracted from the old state; it should not be.", "h_prev * R": "{} is multiplied by the old state.", "R * (1 - h_prev)": "{} is multiplied by 1 - h_prev.", "torch.maximum(h_prev, R)": "the larger of {} and the old state is taken.", "torch.minimum(h_prev, R)": "the smaller of {} and the old state is taken.", "torch.tanh(h_prev + R)": "the old state is added to {}, and tanh taken once more.", "torch.sigmoid(h_prev + R)": "the old state is added to {}, and the sigmoid taken.", "h_prev.abs() + R": "the old state's size is added to {}.", "(h_prev + R) / 2 ** 0.5": "the old state is added to {}, divided by the root of 2.", "h_prev.tanh() + R": "tanh of the old state is added to {}.", "(h_prev * R).abs().sqrt()": "this is the geometric mean of {} and the old state.", "h_prev / R": "the old state is divided by {}.", "h_prev * (1 - R)": "the old state is multiplied by 1 minus {}.", "h_prev": "the old state comes back.", "h_prev * R + (1 - R)": "the old state is mixed with 1 by {}.", "R * h_prev + (1 - h_prev)": "{} is mixed by the old state.",
    }.items():
        yield right, f"({new.replace('R', right)})", message.format(result)


def _rnn_step() -> Iterator[Wrong]:
    yield from _gate("h_t", "h", "phi", "h_prev", "the new state")


def _gru_update_gate() -> Iterator[Wrong]:
    yield from _gate("z_t", "z", "torch.sigmoid", "h_prev", "z_t")


def _gru_reset_gate() -> Iterator[Wrong]:
    yield from _gate("r_t", "r", "torch.sigmoid", "h_prev", "r_t")


def _gru_candidate() -> Iterator[Wrong]:
    gated, product = "(r_t * h_prev)", "(r_t * h_prev) @ self.W_hh"
    for new, message in DONE.items():
        yield gated, f"({_do(new, 'r_t')} * h_prev)", message.format("r_t")
        yield gated, f"(r_t * {_do(new, 'h_prev')})", message.format("h_prev")
    for new, message in {
        "(r_t + h_prev) @ self.W_hh": "r_t is added to h_prev; it multiplies.", "(r_t - h_prev) @ self.W_hh": "h_prev is subtracted from r_t; they are multiplied.", "(h_prev / r_t) @ self.W_hh": "h_prev is divided by r_t; it is multiplied by it.", "((1 - r_t) * h_prev) @ self.W_hh": "1 - r_t multiplies h_prev; it is r_t.", "r_t @ self.W_hh": "h_prev is left out of the recurrent term.", "(r_t * r_t) @ self.W_hh": "h_prev is left out of the recurrent term.", "(h_prev * h_prev) @ self.W_hh": "r_t is left out, and h_prev squared.", "h_prev @ (r_t.mean(0) * self.W_hh)": "r_t is averaged over the batch and multiplies W_hh's columns.", "h_prev @ self.W_hh * r_t.mean()": "r_t is averaged to one number.", "h_prev @ self.W_hh * r_t.mean(-1, keepdim=True)": "r_t is averaged over the units.", "h_prev @ self.W_hh * (1 - r_t)": "1 - r_t multiplies the product; r_t multiplies h_prev, before W_hh.", "h_prev @ self.W_hh + r_t": "r_t is added; it multiplies h_prev, before W_hh.", "r_t * (r_t * h_prev) @ self.W_hh": "r_t multiplies h_prev twice.", "r_t * ((r_t * h_prev) @ self.W_hh)": "r_t multiplies before W_hh and after it; before it only.", "(r_t * (h_prev @ self.W_hh)) @ self.W_hh": "W_hh multiplies twice.", "((1 - r_t) * h_prev + r_t) @ self.W_hh": "h_prev is mixed with 1 by r_t; r_t multiplies it.", "(r_t * h_prev + (1 - r_t) * h_prev) @ self.W_hh": "both shares are added, so that r_t drops out.", "(r_t * h_prev + h_prev) @ self.W_hh": "h_prev itself is added to r_t * h_prev.", "(torch.tanh(r_t * h_prev)) @ self.W_hh": "r_t * h_prev goes through tanh of its own.", "(torch.sigmoid(r_t * h_prev)) @ self.W_hh": "r_t * h_prev goes through the sigmoid of its own.", "(r_t * torch.tanh(h_prev)) @ self.W_hh": "h_prev goes through tanh of its own.",
    }.items():
        yield product, new, message
    right = "torch.tanh(x_t @ self.W_xh + (r_t * h_prev) @ self.W_hh + self.b_h)"
    for new, message in {
        f"r_t * {right}": "r_t multiplies the whole candidate; it multiplies h_prev alone.", f"(1 - r_t) * {right}": "1 - r_t multiplies the whole candidate; r_t multiplies h_prev alone.", f"r_t * h_prev + {right}": "r_t * h_prev is added to the candidate.", f"r_t + {right}": "r_t is added to the candidate.", f"(1 - r_t) * h_prev + r_t * {right}": "the candidate is mixed with the old state by r_t; that is done in the step, by z_t.", f"r_t * h_prev + (1 - r_t) * {right}": "the candidate is mixed with the old state by r_t; that is done in the step, by z_t.", "torch.tanh(r_t * (x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h))": "r_t multiplies the whole sum; it multiplies h_prev alone.", "torch.tanh(r_t * (x_t @ self.W_xh + h_prev @ self.W_hh) + self.b_h)": "r_t multiplies both terms; it multiplies h_prev alone.", "torch.tanh(r_t * (x_t @ self.W_xh) + h_prev @ self.W_hh + self.b_h)": "r_t multiplies the input's term; it multiplies h_prev.", "torch.tanh(x_t @ self.W_xh + r_t * (h_prev @ self.W_hh + self.b_h))": "r_t multiplies the product and the bias; it multiplies h_prev, before W_hh.", "torch.tanh(x_t @ self.W_xh + (r_t * h_prev) @ self.W_hh + r_t * self.b_h)": "r_t multiplies the bias as well; it multiplies h_prev alone.", "torch.tanh(r_t * (x_t @ self.W_xh) + (r_t * h_prev) @ self.W_hh + self.b_h)": "r_t multiplies the input's term as well; it multiplies h_prev alone.", "torch.tanh(x_t @ self.W_xh + h_prev @ self.W_hh + r_t + self.b_h)": "r_t is added inside; it multiplies h_prev.", "torch.tanh(x_t @ self.W_xh + (r_t * h_prev) @ self.W_hh + self.b_h + h_prev)": "h_prev is added inside, without weights.",
    }.items():
        yield right, new, message
    yield from _gate("candidate", "h", "torch.tanh", gated, "the candidate")


MIX = "(1 - z_t) * h_prev + z_t * h_new"


def _gru_step() -> Iterator[Wrong]:
    shares = {
        "z_t ** 2": "z_t squared", "z_t ** 3": "the third power of z_t", "z_t.sqrt()": "the root of z_t", "(1 - z_t)": "1 - z_t", "(1 - z_t) ** 2": "(1 - z_t) squared", "(1 - z_t ** 2)": "1 - z_t squared", "(1 - z_t ** 2).sqrt()": "the root of 1 - z_t squared", "(1 - z_t).sqrt()": "the root of 1 - z_t", "z_t * r_t": "z_t * r_t", "(1 - z_t) * r_t": "(1 - z_t) * r_t", "(1 - z_t * r_t)": "1 - z_t * r_t", "r_t": "r_t", "(1 - r_t)": "1 - r_t", "torch.maximum(z_t, r_t)": "the larger of z_t and r_t", "0.5 * (z_t + r_t)": "the mean of both gates", "(z_t + r_t)": "the sum of both gates", "z_t.mean()": "the mean of z_t over batch and units", "z_t.mean(-1, keepdim=True)": "the mean of z_t over the units", "z_t.mean(0)": "the mean of z_t over the batch", "z_t.round()": "z_t rounded to 0 or 1", "0.5": "0.5", "1": "1", "0": "0", "0.1": "0.1", "0.9": "0.9", "0.5 * z_t": "half of z_t", "2 * z_t": "twice z_t", "z_t * (1 - z_t)": "z_t * (1 - z_t)", "torch.sigmoid(z_t)": "the sigmoid of z_t", "torch.tanh(z_t)": "tanh of z_t", "torch.softmax(z_t, -1)": "a softmax of z_t", "(1 + z_t)": "1 + z_t", "(0.5 - z_t)": "0.5 - z_t", "(2 - z_t)": "2 - z_t", "-z_t": "-z_t", "(z_t - 1)": "z_t - 1", "1 / z_t": "1 / z_t", "torch.exp(-z_t)": "exp(-z_t)", "torch.exp(z_t)": "exp(z_t)", "(r_t - z_t)": "r_t - z_t", "(1 - z_t - r_t)": "1 - z_t - r_t", "z_t[0]": "z_t of the first sequence", "z_t.amax(-1, keepdim=True)": "the largest of z_t", "z_t.sum(-1, keepdim=True)": "the sum of z_t", "z_t": "z_t",
    }
    for share, said in shares.items():
        if share != "z_t":
            yield MIX, f"(1 - {share}) * h_prev + {share} * h_new", f"in the mixture the candidate's share is {said} and the old state's is what is left; the share is z_t."
            yield MIX, f"(1 - z_t) * h_prev + {share} * h_new", f"in the mixture the candidate's share is {said}; it is z_t."
            yield MIX, f"z_t * h_prev + {share} * h_new", f"in the mixture the old state's share is z_t, and the candidate's {said}; it is 1 - z_t and z_t."
        if share != "(1 - z_t)":
            yield MIX, f"{share} * h_prev + z_t * h_new", f"in the mixture the old state's share is {said}; it is 1 - z_t."
            yield MIX, f"{share} * h_prev + (1 - z_t) * h_new", f"in the mixture the old state's share is {said}, and the candidate's 1 - z_t; it is 1 - z_t and z_t."
        yield MIX, f"h_prev + {share} * (h_new - h_prev)" if share != "z_t" else "h_prev", f"in the mixture the candidate's share is {said} and the old state's is what is left; the share is z_t." if share != "z_t" else "the old state comes back as it is."
        yield MIX, f"h_prev + {share} * h_new", f"in the mixture the whole old state is kept, and {said} times the candidate added; the old state's share is 1 - z_t."
        yield MIX, f"{share} * h_prev + h_new", f"in the mixture the whole candidate is added to {said} times the old state; its share is z_t."
        yield MIX, f"{share} * h_new", f"in the mixture the old state is missing; what comes back is {said} times the candidate."
        yield MIX, f"{share} * h_prev", f"in the mixture the candidate is missing; what comes back is {said} times the old state."
    for new, message in DONE.items():
        yield MIX, f"{_do(new, f'({MIX})')}", message.format("the mixture")
        yield MIX, MIX.replace("h_prev", _do(new, "h_prev")), f"in the mixture: {message.format('the old state')}"
        yield MIX, MIX.replace("h_new", _do(new, "h_new")), f"in the mixture: {message.format('the candidate')}"
        if new not in FEW:
            continue
        yield "self.candidate(x_t, h_prev, r_t)", f"self.candidate(x_t, h_prev, {_do(new, 'r_t')})", f"what the candidate is given: {message.format('r_t')}"
        yield "self.candidate(x_t, h_prev, r_t)", f"self.candidate(x_t, {_do(new, 'h_prev')}, r_t)", f"what the candidate is given: {message.format('h_prev')}"
        yield "self.candidate(x_t, h_prev, r_t)", f"self.candidate({_do(new, 'x_t')}, h_prev, r_t)", f"what the candidate is given: {message.format('x_t')}"
        for gate, letter in (("update_gate", "z"), ("reset_gate", "r")):
            line = f"{letter}_t = self.{gate}(x_t, h_prev)"
            yield line, f"{letter}_t = {_do(new, f'self.{gate}(x_t, h_prev)')}", f"in {letter}_t: {message.format('what comes from ' + gate)}"
            yield line, f"{letter}_t = self.{gate}(x_t, {_do(new, 'h_prev')})", f"what {gate} is given: {message.format('h_prev')}"
            yield f'"{letter}": {letter}_t', f'"{letter}": {_do(new, f"{letter}_t")}', f'what comes back under "{letter}": {message.format(letter + "_t")}'
    for a in ("z_t.detach()", "z_t"):
        for b in ("z_t.detach()", "z_t"):
            if "detach" in a + b:
                where = " in both shares" if a == b else " in one of the shares"
                yield MIX, f"(1 - {a}) * h_prev + {b} * h_new", f"in the mixture z_t is detached{where}: no gradient flows back through it."
    for new, said in {"G.mean().item()": "averaged to one number", "G.mean()": "averaged to one number", "G.mean(0)": "averaged over the batch", "G.mean(-1)": "averaged over the units", "G[0]": "those of the first sequence alone", "G.detach()": "detached", "1 - G": "taken from 1", "G ** 2": "squared", "G.round()": "rounded", "G.T": "transposed", "[G]": "inside a list", "G.tolist()": "lists", "G.detach().numpy()": "numpy arrays", "G.unsqueeze(0)": "given one axis more"}.items():
        yield '{"z": z_t, "r": r_t}', '{"z": ' + new.replace("G", "z_t") + ', "r": ' + new.replace("G", "r_t") + "}", f"both gates come back {said}; they come back as they are."
    for letter in "zr":
        for new, message in {"v.mean()": "is averaged to one number", "v.mean(0)": "is averaged over the batch", "v.mean(-1)": "is averaged over the units", "v[0]": "is that of the first sequence alone", "v.mean().item()": "is averaged to one number", "v.T": "is transposed", "[v]": "is inside a list", "v.detach().numpy()": "is a numpy array", "v.tolist()": "is a list", "None": "is None", "h_prev": "is the old state", "h_new": "is the candidate", "h_t": "is the new state", "1 - z_t": "is 1 - z_t", "1 - r_t": "is 1 - r_t", "z_t * r_t": "is z_t * r_t", "self.reset_gate(x_t, h_t)": "is the reset gate, made from the new state", "self.update_gate(x_t, h_t)": "is the update gate, made from the new state", "z_t * h_new": "is z_t times the candidate", "r_t * h_prev": "is r_t * h_prev", "(1 - z_t) * h_prev": "is (1 - z_t) * h_prev"}.items():
            yield f'"{letter}": {letter}_t', f'"{letter}": {new.replace("v", f"{letter}_t", 1) if new[0] in "v[" else new}', f'what comes back under "{letter}" {message}; it is {letter}_t itself.'
    for _, new, message in _mixed(f"({MIX})", "the mixture"):
        yield MIX, new, message
    for given, said in {"z_t * h_prev": "z_t * h_prev", "(1 - z_t) * h_prev": "(1 - z_t) * h_prev", "r_t * h_prev": "r_t * h_prev, so that r_t multiplies twice", "(1 - r_t) * h_prev": "(1 - r_t) * h_prev", "z_t": "z_t", "r_t": "r_t", "0 * h_prev": "zeros", "0 * h_prev + 1": "ones"}.items():
        yield "self.candidate(x_t, h_prev, r_t)", f"self.candidate(x_t, {given}, r_t)", f"the candidate is given {said} as the old state; it is given h_prev."
    for given, said in {"z_t": "z_t", "(1 - z_t)": "1 - z_t", "(1 - r_t)": "1 - r_t", "z_t * r_t": "z_t * r_t", "r_t * r_t": "r_t squared", "torch.ones_like(r_t)": "ones", "torch.zeros_like(r_t)": "zeros", "(1 - z_t) * r_t": "(1 - z_t) * r_t", "0.5 * (z_t + r_t)": "the mean of both gates", "h_prev": "h_prev", "r_t * h_prev": "r_t * h_prev"}.items():
        yield "self.candidate(x_t, h_prev, r_t)", f"self.candidate(x_t, h_prev, {given})", f"the candidate is given {said} as the reset gate; it is given r_t."
    gates = "    z_t = self.update_gate(x_t, h_prev)  # (B, H)\n    r_t = self.reset_gate(x_t, h_prev)  # (B, H)\n    h_new = self.candidate(x_t, h_prev, r_t)  # (B, H)"
    for body, message in {
        "    r_t = self.reset_gate(x_t, h_prev)\n    h_new = self.candidate(x_t, h_prev, r_t)\n    z_t = self.update_gate(x_t, h_new)": "the update gate is given the candidate; it is given h_prev.", "    r_t = self.reset_gate(x_t, h_prev)\n    z_t = self.update_gate(x_t, r_t * h_prev)\n    h_new = self.candidate(x_t, h_prev, r_t)": "the update gate is given r_t * h_prev; it is given h_prev.", "    z_t = self.update_gate(x_t, h_prev)\n    r_t = self.reset_gate(x_t, z_t * h_prev)\n    h_new = self.candidate(x_t, h_prev, r_t)": "the reset gate is given z_t * h_prev; it is given h_prev.", "    z_t = self.update_gate(x_t, h_prev)\n    r_t = self.reset_gate(x_t, h_prev)\n    h_new = self.candidate(x_t, h_prev, r_t)\n    h_new = self.candidate(x_t, h_new, r_t)": "the candidate is made twice, the second time from itself.", "    z_t = self.update_gate(x_t, h_prev)\n    r_t = self.reset_gate(x_t, h_prev)\n    h_prev = r_t * h_prev\n    h_new = self.candidate(x_t, h_prev, torch.ones_like(r_t))": "the mixture takes r_t * h_prev; it takes h_prev.", "    z_t = self.update_gate(x_t, h_prev)\n    r_t = self.reset_gate(x_t, h_prev)\n    h_prev = r_t * h_prev\n    h_new = self.candidate(x_t, h_prev, r_t)": "h_prev is overwritten by r_t * h_prev: r_t multiplies twice, and in the mixture, too.",
    }.items():
        yield gates, body, message


START, COLLECT = "x.new_zeros(x.shape[1], self.W_hh.shape[0])", "hs.append(h_t)"
OUTPUT = "output = h @ self.W_ho + self.b_o"


def _forward(gru: bool) -> Iterator[Wrong]:
    call = "h_t, gates = self.step(x_t, h_t)" if gru else "h_t = self.step(x_t, h_t)"
    for value in ("1", "-1", "0.5", "0.1", "0.01", "1e-3", "1e-6"):
        yield START, f"{START} + {value}", f"h_0 is {value}; it is 0."
    for start, said in {"self.b_h.expand(x.shape[1], -1)": "the bias b_h", "torch.tanh(self.b_h).expand(x.shape[1], -1)": "tanh of the bias b_h", "x[0] @ self.W_xh": "x[0] W_xh", "torch.tanh(x[0] @ self.W_xh)": "tanh(x[0] W_xh)", "torch.tanh(x[0] @ self.W_xh + self.b_h)": "made from the first input", "self.W_hh[0].expand(x.shape[1], -1)": "W_hh's first row", "self.W_hh.mean(0).expand(x.shape[1], -1)": "the mean of W_hh's rows", f"{START} + 1 / self.W_hh.shape[0]": "1 / H", "torch.eye(x.shape[1], self.W_hh.shape[0], dtype=x.dtype)": "an identity", "(x[0] @ self.W_xh) * 0 + x.mean()": "the mean of x", f"{START} + torch.linspace(0, 1, self.W_hh.shape[0], dtype=x.dtype)": "a ramp"}.items():
        yield START, start, f"h_0 is {said}; it is 0."
    first = "[0]" if gru else ""
    yield START, f"self.step(x[0], {START}){first}", "the first input is used twice: a step is taken before the loop."
    yield START, f"self.step(0 * x[0], {START}){first}", "a step without input is taken before the loop; h_0 is 0."
    yield START, f"self.step(x[-1], {START}){first}", "a step with the last input is taken before the loop; h_0 is 0."
    inputs = {
        "x.flip(0)": "the inputs are gone through from the end.", "x.flip(1)": "the batch is in the wrong order.", "x.flip(2)": "the inputs' entries are in the wrong order.", "x.cumsum(0)": "the inputs are added up along time.", "x.mean(0, keepdim=True).expand_as(x)": "the inputs are averaged over time.", "x.mean(1, keepdim=True).expand_as(x)": "the inputs are averaged over the batch.", "x.roll(1, 0)": "the inputs are shifted by one step.", "x.roll(-1, 0)": "the inputs are shifted by one step.", "torch.cat([0 * x[:1], x[:-1]])": "the inputs come one step late, after a 0.", "torch.cat([x[1:], 0 * x[:1]])": "the inputs come one step early.", "torch.cat([x[1:], x[-1:]])": "the inputs come one step early, the last one twice.", "torch.cat([x[:1], x[:-1]])": "the inputs come one step late, the first one twice.", "x[:1].expand_as(x)": "the first input is used at every step.", "x[-1:].expand_as(x)": "the last input is used at every step.", "torch.cat([x[:1], x[1:] - x[:-1]])": "differences of inputs are used.", "torch.cat([x[:1], 0 * x[1:]])": "only the first input is used; the others are 0.", "torch.cat([0 * x[:1], x[1:]])": "the first input is 0.", "torch.cat([x[:-1], 0 * x[-1:]])": "the last input is 0.", "0 * x": "the inputs are 0.", "x / len(x)": "the inputs are divided by T.", "2 * x": "the inputs count twice.", "0.5 * x": "the inputs count half.", "-x": "the inputs have the wrong sign.", "x.abs()": "the inputs lose their signs.", "x ** 2": "the inputs are squared.", "x - x.mean()": "the mean is subtracted from the inputs.", "x - x.mean(0)": "the mean over time is subtracted from the inputs.", "x - x.mean(1, keepdim=True)": "the mean over the batch is subtracted from the inputs.", "(x - x.mean()) / x.std()": "the inputs are normalised.", "x / x.abs().max()": "the inputs are divided by the largest.", "x / x.norm(dim=-1, keepdim=True)": "every input is divided by its norm.", "x / x.norm()": "the inputs are divided by their norm.", "torch.tanh(x)": "the inputs go through tanh.", "torch.sigmoid(x)": "the inputs go through the sigmoid.", "torch.softmax(x, -1)": "a softmax of the inputs is used.", "torch.relu(x)": "negative inputs are set to 0.", "x[:, :1].expand_as(x)": "the first sequence stands for all.", "x.roll(1, 1)": "the sequences are shifted by one.", "x.detach()": "the inputs are detached.",
    }
    for new, message in inputs.items():
        yield "for x_t in x:", f"for x_t in {new}:", message
    for span, said in {"x[1:]": "the first step is left out.", "x[:-1]": "the last step is left out.", "x[::2]": "every second step is left out.", "[*x, x[-1]]": "the last step is taken twice.", "[x[0], *x]": "the first step is taken twice.", "x[:1]": "only the first step is taken.", "x[-1:]": "only the last step is taken.", "x[2:]": "the first two steps are left out.", "x[:2]": "only two steps are taken.", "x.transpose(0, 1)": "the loop runs over the batch; it runs over time."}.items():
        yield "for x_t in x:", f"for x_t in {span}:", said
    loop = f"{call}  # (B, H)\n        {COLLECT}"
    state = "the state that is handed on"
    for new, message in DONE.items():
        yield call, f"{call}\n        h_t = {_do(new, 'h_t')}", message.format("the new state")
        yield call, call.replace("(x_t, h_t)", f"(x_t, {_do(new, 'h_t')})"), message.format(state)
        yield COLLECT, f"hs.append({_do(new, 'h_t')})", f"where the states are collected: {message.format('the state')}"
        yield OUTPUT, f"output = {_do(new, 'h @ self.W_ho + self.b_o')}", message.format("the output")
        yield OUTPUT, f"output = {_do(new, 'h')} @ self.W_ho + self.b_o", f"in the output: {message.format('the state')}"
        if gru:
            for letter in "zr":
                gate = f'gates["{letter}"]'
                yield f"{letter}s.append({gate})", f"{letter}s.append({_do(new, gate)})", f"where {letter} is collected: {message.format(letter)}"
    old = call.replace("h_t = self", "new = self").replace("h_t, gates", "new, gates")
    for a in (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9):
        yield call, f"{old}\n        h_t = {a} * h_t + (1 - {a}) * new", f"the old state is mixed in, {a} of it with {round(1 - a, 2)} of the new one; the step's result is the new state."
        yield call, f"{old}\n        h_t = h_t + {a} * new", f"the step's result, {a} times, is added to the old state; it is the new state."
        yield call, call.replace("(x_t, h_t)", f"(x_t, {a} * h_t)"), f"{state} is multiplied by {a}; nothing is lost on the way."
    for new, message in {"h_t + new": "the old state is added to the step's result; that is the new state.", "new - h_t": "the old state is subtracted from the step's result.", "0.5 * (h_t + new)": "old and new state are averaged.", "torch.maximum(h_t, new)": "the larger of old and new state is taken.", "h_t * new": "old and new state are multiplied.", "torch.tanh(h_t + new)": "the old state is added, and tanh taken once more."}.items():
        yield call, f"{old}\n        h_t = {new}", message
    zero = START
    given = {
        zero: "every step begins at h_0 = 0: the state is not handed on.", "hs[0] if hs else h_t": "every step is given the first state; it is given the one before.", "hs[-2] if len(hs) > 1 else h_t": "every step is given the state before the last one.", f"hs[-2] if len(hs) > 1 else {zero}": "every step is given the state of two steps ago.", "torch.stack([h_t, *hs]).mean(0)": "the step is given the mean of the states so far; it is given the one before.", "torch.stack(hs).mean(0) if hs else h_t": "the step is given the mean of the states so far; it is given the one before.", "torch.stack(hs).sum(0) if hs else h_t": "the step is given the sum of the states so far; it is given the one before.", "torch.stack(hs).amax(0) if hs else h_t": "the step is given the largest of the states so far; it is given the one before.", f"h_t if len(hs) % 2 == 0 else {zero}": "the state is reset to 0 at every second step.", f"h_t if len(hs) % 2 == 1 else {zero}": "the state is reset to 0 at every second step.", f"{zero} if len(hs) == 1 else h_t": "the state is reset to 0 at the second step.", f"{zero} if len(hs) == 2 else h_t": "the state is reset to 0 at the third step.", f"{zero} if len(hs) == len(x) - 1 else h_t": "the state is reset to 0 at the last step.", f"{zero} if len(hs) == len(x) // 2 else h_t": "the state is reset to 0 in the middle.", f"h_t if len(hs) < 2 else {zero}": "from the third step on the state is not handed on.", "h_t if len(hs) < 2 else hs[0]": "from the third step on every step is given the first state.",
    }
    for new, message in given.items():
        yield call, call.replace("(x_t, h_t)", f"(x_t, {new})"), message
    yield call, f"{call}\n        {call}", "the step is taken twice for every input."
    yield call, f"{call}\n        {call}\n        {call}", "the step is taken three times for every input."
    yield call, f"if len(hs) % 2 == 0:\n            {call}", "the step is taken at every second input only."
    yield loop, f"{COLLECT}\n        {call}", "the states are collected before the step: they come one step late."
    yield COLLECT, "hs.insert(0, h_t)", "the states are collected in the wrong order: time runs backwards in hidden."
    for new, message in {"torch.stack([h_t, *hs]).mean(0)": "the mean of the states so far is collected.", "torch.stack([h_t, *hs]).sum(0)": "the sum of the states so far is collected.", "h_t + hs[-1] if hs else h_t": "the states are added up as they are collected.", "h_t - hs[-1] if hs else h_t": "differences of states are collected.", "torch.stack([h_t, *hs]).amax(0)": "the largest of the states so far is collected.", "h_t @ self.W_hh": "h_t W_hh is collected, not the state itself.", "x_t @ self.W_xh": "x_t W_xh is collected, not the state.", "h_t @ self.W_hh + self.b_h": "h_t W_hh + b_h is collected, not the state itself.", "h_t + self.b_h": "b_h is added to the states once more when they are collected."}.items():
        yield COLLECT, f"hs.append({new})", message
    read = {
        "hidden.mean(0)": "the mean of the states over time", "hidden.sum(0)": "the sum of the states over time", "hidden.amax(0)": "the largest state over time", "hidden.amin(0)": "the smallest state over time", "hidden[0]": "the first state", "hidden[-2]": "the state before the last", "hidden[len(hidden) // 2]": "the state in the middle", "hidden[1]": "the second state", "hidden.median(0).values": "the median of the states over time", "hidden[-2:].mean(0)": "the mean of the last two states", "hidden[0] + hidden[-1]": "the sum of first and last state", "0.5 * (hidden[0] + hidden[-1])": "the mean of first and last state", "hidden[-1] - hidden[0]": "the difference of last and first state", "hidden.norm(dim=0)": "the norm of the states over time", "hidden[1:].mean(0)": "the mean of all states but the first", "hidden[:-1].mean(0)": "the mean of all states but the last", "hidden.prod(0)": "the product of the states over time", "hidden.abs().mean(0)": "the mean size of the states", "hidden.std(0)": "the spread of the states over time", "hidden.square().mean(0)": "the mean square of the states", "hidden[-1].mean(0, keepdim=True).expand_as(hidden[-1])": "the last state's mean over the batch", f"{START}": "h_0",
        "self.step(x[-1], hidden[-1])" + first: "the state after one more step with the last input", "hidden.cumsum(0)[-1]": "the sum of the states over time",
    }
    for new, said in read.items():
        yield "else hidden[-1]", f"else {new}", f"after the last step {said} is read out; it is the last state."
        yield 'h = hidden if self.head == "softmax" else hidden[-1]', f'h = {new}.expand_as(hidden) if self.head == "softmax" else {new}', f"{said} is read out, at every step and at the end; each step reads its own state."
    for new, message in {"hidden.cumsum(0)": "the states are added up along time before the output.", "hidden.cumsum(0) / torch.arange(1, len(hidden) + 1, dtype=x.dtype)[:, None, None]": "the mean of the states so far is read out.", "hidden.flip(0)": "the states are read out in the wrong order of time.", "hidden.roll(1, 0)": "the states are read out one step late.", "hidden.roll(-1, 0)": "the states are read out one step early.", "torch.cat([0 * hidden[:1], hidden[:-1]])": "the output is made from the state before the step.", "hidden[-1:].expand_as(hidden)": "the last state is read out at every step.", "hidden - hidden.mean(0)": "the mean over time is subtracted before the output."}.items():
        yield "h = hidden if", f"h = {new} if", f"at every step: {message}"
        yield 'h = hidden if self.head == "softmax" else hidden[-1]', f'h = {new} if self.head == "softmax" else ({new})[-1]', message
    for new, message in {
        "h @ self.W_ho": "the bias b_o is missing.", "h @ self.W_ho + 2 * self.b_o": "the bias b_o counts twice.", "h @ self.W_ho - self.b_o": "the bias b_o is subtracted; it is added.", "(h @ self.W_ho) * self.b_o": "the bias b_o multiplies; it is added.", "h @ self.W_ho + self.b_o.mean()": "b_o is averaged to one number.", "h @ self.W_ho + self.b_o.flip(0)": "the entries of b_o are in the wrong order.", "h @ self.W_ho.flip(0) + self.b_o": "the rows of W_ho are in the wrong order.", "h @ self.W_hh @ self.W_ho + self.b_o": "W_hh multiplies the state before the output.", "(h @ self.W_hh + self.b_h) @ self.W_ho + self.b_o": "W_hh and b_h act once more before the output.", "torch.tanh(h @ self.W_hh + self.b_h) @ self.W_ho + self.b_o": "a step without input is taken before the output.", "(h + self.b_h) @ self.W_ho + self.b_o": "b_h is added to the state before the output.", "torch.tanh(h) @ self.W_ho + self.b_o": "the states go through tanh once more before the output.", "torch.softmax(h @ self.W_ho + self.b_o, -1)": "a softmax is taken of the output; the loss takes it.", "torch.log_softmax(h @ self.W_ho + self.b_o, -1)": "a log-softmax is taken of the output; the loss takes it.", "torch.softmax(h @ self.W_ho + self.b_o, 0)": "a softmax over the first axis is taken of the output; the loss takes it.", "torch.softmax(h @ self.W_ho + self.b_o, -1).log()": "a log-softmax is taken of the output; the loss takes it.", "torch.softmax(h @ self.W_ho, -1) + self.b_o": "a softmax is taken before the bias; the output is linear.", "torch.tanh(h @ self.W_ho) + self.b_o": "tanh is taken before the bias; the output is linear.", "torch.tanh(h @ self.W_ho + self.b_o)": "the output goes through tanh; it is linear.", "torch.sigmoid(h @ self.W_ho + self.b_o)": "the output goes through the sigmoid; it is linear.", "torch.relu(h @ self.W_ho + self.b_o)": "the output goes through relu; it is linear.",
        'torch.softmax(h @ self.W_ho + self.b_o, -1) if "oftmax" in self.head else h @ self.W_ho + self.b_o': "a softmax is taken of the output with the softmax heads; the loss takes it.", 'torch.softmax(h @ self.W_ho + self.b_o, -1) if self.head == "softmax" else h @ self.W_ho + self.b_o': "a softmax is taken of the output with the head softmax; the loss takes it.", 'torch.log_softmax(h @ self.W_ho + self.b_o, -1) if "oftmax" in self.head else h @ self.W_ho + self.b_o': "a log-softmax is taken of the output with the softmax heads; the loss takes it.", 'torch.softmax(h @ self.W_ho + self.b_o, 0) if "oftmax" in self.head else h @ self.W_ho + self.b_o': "a softmax is taken of the output with the softmax heads; the loss takes it.", 'torch.tanh(h @ self.W_ho + self.b_o) if self.head != "softmax" else h @ self.W_ho + self.b_o': "the output after the last step goes through tanh; it is linear.", 'torch.sigmoid(h @ self.W_ho + self.b_o) if self.head != "softmax" else h @ self.W_ho + self.b_o': "the output after the last step goes through the sigmoid; it is linear.", 'h @ self.W_ho + self.b_o if self.head == "softmax" else h @ self.W_ho': "after the last step the bias b_o is missing.", 'h @ self.W_ho if self.head == "softmax" else h @ self.W_ho + self.b_o': "at every step the bias b_o is missing.", 'h @ self.W_ho + self.b_o + (x @ self.W_xh @ self.W_ho if self.head == "softmax" else x[-1] @ self.W_xh @ self.W_ho)': "the input's term is added before the output.",
    }.items():
        yield OUTPUT, f"output = {new}", message
    if not gru:
        yield OUTPUT, "output = PHI[self.phi](h @ self.W_ho + self.b_o)", "the output goes through the cell's phi; it is linear."
        yield OUTPUT, "output = PHI[self.phi](h @ self.W_ho) + self.b_o", "the output goes through the cell's phi; it is linear."
        yield call, f"{call}\n        h_t = PHI[self.phi](h_t)", "phi is applied to the state once more; the step does it."
        yield call, f"{call}\n        h_t = h_t + self.b_h", "b_h is added to the state once more; the step does it."
        yield call, f"{call}\n        h_t = h_t + x_t @ self.W_xh", "the input's term is added to the state once more; the step does it."
        return
    for new, message in {'h_t * gates["r"]': "the new state is multiplied by r once more; the step has done all.", 'h_t * gates["z"]': "the new state is multiplied by z once more; the step has done all.", 'h_t * (1 - gates["z"])': "the new state is multiplied by 1 - z once more; the step has done all."}.items():
        yield call, f"{call}\n        h_t = {new}", message
        yield COLLECT, f"hs.append({new})", f"where the states are collected: {message}"
    for letter, gate in (("z", "update_gate"), ("r", "reset_gate")):
        place = f'{letter}s.append(gates["{letter}"])'
        for new, message in {f"self.{gate}(x_t, h_t)": f"{letter} is made once more, from the state after the step; the step's own is wanted.", f"self.{gate}(x_t, 0 * h_t)": f"{letter} is made from the state 0; the step's own is wanted.", f"self.{gate}(x[0], h_t)": f"{letter} is made from the first input.", "h_t": f"the state is collected in the place of {letter}.", 'gates["z"] * gates["r"]': f"z * r is collected in the place of {letter}.", '0.5 * (gates["z"] + gates["r"])': f"the mean of both gates is collected in the place of {letter}.", f"{letter}s[0] if {letter}s else gates['{letter}']": f"the first {letter} stands at every step.", f"{letter}s[-1] if {letter}s else gates['{letter}']": f"the first {letter} stands at every step.", f"torch.stack([gates['{letter}'], *{letter}s]).mean(0)": f"the mean of {letter} so far is collected.", f"gates['{letter}'] * h_t": f"{letter} * h_t is collected in the place of {letter}."}.items():
            yield place, f"{letter}s.append({new})", message
        yield place, f'{letter}s.insert(0, gates["{letter}"])', f"{letter} is collected in the wrong order: time runs backwards."
        trace = f'"{letter}": torch.stack({letter}s)'
        for new, message in {f"torch.stack({letter}s[-1:] * len({letter}s))": f"the last {letter} stands at every step.", f"torch.stack({letter}s[:1] * len({letter}s))": f"the first {letter} stands at every step.", f"torch.stack({letter}s).mean(0).expand(len(x), -1, -1)": f"the mean of {letter} over time stands at every step.", f"torch.stack({letter}s).cumsum(0)": f"{letter} is added up along time.", f"torch.stack({letter}s).mean(0)": f"{letter} is averaged over time.", f"{letter}s[-1]": f"only the last {letter} comes back.", f"{letter}s[0]": f"only the first {letter} comes back.", f"torch.stack({letter}s).mean((1, 2))": f"{letter} is averaged over batch and units.", f"torch.stack({letter}s).mean(-1)": f"{letter} is averaged over the units.", f"torch.stack({letter}s).mean(1)": f"{letter} is averaged over the batch.", "hidden": f"the states come back in the place of {letter}.", f"torch.cat({letter}s)": f"{letter} is joined along the batch; the steps are stacked.", f"torch.stack({letter}s, 1)": f"{letter} is stacked along dim=1; time comes first.", f"torch.cat([0 * {letter}s[0][None], torch.stack({letter}s)[:-1]])": f"{letter} comes one step late, after a 0."}.items():
            yield trace, f'"{letter}": {new}', f"in the traces: {message}"


def _rho(letters: str) -> Iterator[Wrong]:
    right, table = "return self.W_hh", WEIGHTS | SQUARE
    for new, message in table.items():
        yield right, f"return (lambda w: {new})(self.W_hh)", message.format("W_hh")
    for other in [f"W_h{a}" for a in letters if a != "h"]:
        yield right, f"return self.{other}", f"this is {other}; the candidate's W_hh is wanted."
        for new, message in {f"self.W_hh + self.{other}": "the matrices W_hh and {} are added; W_hh alone is wanted.", f"self.W_hh * self.{other}": "the entries of W_hh and {} are multiplied; W_hh alone is wanted.", f"self.W_hh @ self.{other}": "W_hh is multiplied by {}; W_hh alone is wanted.", f"self.{other} @ self.W_hh": "W_hh is multiplied by {}; W_hh alone is wanted.", f"(self.W_hh + self.{other}) / 2": "W_hh and {} are averaged; W_hh alone is wanted.", f"self.W_hh - self.{other}": "{} is subtracted from W_hh; W_hh alone is wanted.", f"torch.cat([self.W_hh, self.{other}])": "W_hh and {} come back together; W_hh alone is wanted.", f"torch.cat([self.{other}, self.W_hh])": "W_hh and {} come back together; W_hh alone is wanted.", f"torch.cat([self.W_hh, self.{other}], 1)": "W_hh and {} come back together; W_hh alone is wanted.", f"torch.stack([self.W_hh, self.{other}])": "W_hh and {} come back together; W_hh alone is wanted.", f"self.{other}.T": "this is {}, transposed; W_hh is wanted."}.items():
            yield right, f"return {new}", message.format(other)
    if len(letters) > 1:
        for new, message in {"self.W_hz + self.W_hr + self.W_hh": "all three recurrent matrices are added; W_hh alone is wanted.", "(self.W_hz + self.W_hr + self.W_hh) / 3": "all three recurrent matrices are averaged; W_hh alone is wanted.", "self.W_hz + self.W_hr": "the gates' matrices are added; W_hh is wanted.", "torch.cat([self.W_hz, self.W_hr, self.W_hh])": "all three recurrent matrices come back; W_hh alone is wanted.", "torch.cat([self.W_hz, self.W_hr, self.W_hh], 1)": "all three recurrent matrices come back; W_hh alone is wanted.", "torch.stack([self.W_hz, self.W_hr, self.W_hh])": "all three recurrent matrices come back; W_hh alone is wanted.", "self.W_hz * self.W_hr * self.W_hh": "all three recurrent matrices are multiplied; W_hh alone is wanted."}.items():
            yield right, f"return {new}", message
    for other in [f"W_x{a}" for a in letters] + ["W_ho"]:
        for new, message in {f"self.{other}": "this is {}; W_hh is wanted.", f"self.{other}.T": "this is {}, transposed; W_hh is wanted.", f"self.{other} @ self.{other}.T": "this is {} times its transpose; W_hh is wanted.", f"self.{other}.T @ self.{other}": "this is {} times its transpose; W_hh is wanted."}.items():
            yield right, f"return {new}", message.format(other)
    yield right, "return self.W_hh @ self.W_ho", "W_hh is multiplied by W_ho; W_hh alone is wanted."
    for letter in letters:
        yield right, f"return self.W_x{letter} @ self.W_hh", f"W_x{letter} is multiplied by W_hh; W_hh alone is wanted."
        yield right, f"return torch.cat([self.W_x{letter}, self.W_hh])", f"W_x{letter} comes back as well; W_hh alone is wanted."
    for new, message in {"self.W_hh + self.b_h": "b_h is added to W_hh; W_hh alone is wanted.", "self.W_hh.mean()": "W_hh is averaged to one number; the matrix is wanted.", "torch.linalg.eigvals(self.W_hh).abs().max()": "the spectral radius comes back; the matrix is wanted.", "torch.linalg.eigvals(self.W_hh).abs().max().item()": "the spectral radius comes back; the matrix is wanted.", "float(torch.linalg.eigvals(self.W_hh).abs().max())": "the spectral radius comes back; the matrix is wanted.", "torch.linalg.eigvals(self.W_hh)": "the eigenvalues come back; the matrix is wanted.", "torch.linalg.eigvals(self.W_hh).abs()": "the moduli of the eigenvalues come back; the matrix is wanted.", "torch.linalg.norm(self.W_hh)": "a norm comes back; the matrix is wanted.", "torch.linalg.norm(self.W_hh, 2)": "a norm comes back; the matrix is wanted.", "self.W_hh.norm().item()": "a norm comes back; the matrix is wanted.", "torch.linalg.svdvals(self.W_hh)": "the singular values come back; the matrix is wanted.", "self.W_hh.diagonal()": "the diagonal comes back; the matrix is wanted.", "self.W_hh.flatten()": "the matrix comes back as one row.", "self.W_hh[0]": "only the first row comes back.", "self.W_hh[:, 0]": "only the first column comes back.", "self.W_hh[None]": "the matrix has one axis too many.", "(self.W_hh,)": "the matrix comes back inside a tuple.", "[self.W_hh]": "the matrix comes back inside a list.", "self.W_hh.shape": "the shape comes back; the matrix is wanted.", "self.b_h": "this is the bias; W_hh is wanted.", "self.W_hh / 2": "W_hh is halved.", "2 * self.W_hh": "W_hh is doubled.", "-self.W_hh": "W_hh has the wrong sign.", "0 * self.W_hh": "zeros come back."}.items():
        yield right, f"return {new}", message


CELLS = {
    "rnn_rho": lambda: _rho("h"), "gru_rho": lambda: _rho("zrh"),
    "rnn_step": _rnn_step, "gru_update_gate": _gru_update_gate, "gru_reset_gate": _gru_reset_gate, "gru_candidate": _gru_candidate, "gru_step": _gru_step,
    "rnn_forward": lambda: _forward(gru=False), "gru_forward": lambda: _forward(gru=True),
}
