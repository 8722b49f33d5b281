"""Wrong answers that one set of inputs lets through: what each hides behind, and what the check must show instead."""

from __future__ import annotations

from typing import NamedTuple


class Hole(NamedTuple):
    """A wrong answer.

    Fields:
        question: its id.
        old: stands exactly once in the solution cell; empty where ``new`` is the whole body.
        new: what stands there instead.
        shown: what the public report says of it.
    """

    question: str
    old: str
    new: str
    shown: str


_AGAIN = "the same cell, new weights"
_ONCE_MORE = "the first inputs once more"
_ONE, _ONES, _EQUAL = "T = B = 1", "I = H = O = 1", "all sizes 3"
_STEP = "return h_t"
_SUM = "x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h"
_HEAD = 'hidden if self.head == "softmax" else hidden[-1]'
_TIME = "for x_t in (x if x.shape[0] > x.shape[1] else x.transpose(0, 1)):"
_KEPT = """h_t = self._h if hasattr(self, "_h") and self._h.shape == h_t.shape else h_t
    for x_t in x:
        self._h = h_t.detach()"""
_H_0 = "    h_t = x.new_zeros(x.shape[1], self.W_hh.shape[0])  # (B, H), h_0\n"


def _of_a_step(question: str, old: str, result: str, weight: str, name: str) -> dict[str, Hole]:
    """What can be wrong with any method of one step; ``old`` is its return statement, ``result`` what is returned."""
    rest = old.removeprefix(f"return {result}")
    return {
        f"{name}: squeezed": Hole(question, old, f"return {result}.squeeze(){rest}", _ONE),
        f"{name}: squeezed along the batch": Hole(question, old, f"return {result}.squeeze(0){rest}", _ONE),
        f"{name}: squeezed along the units": Hole(question, old, f"return {result}.squeeze(-1){rest}", _ONES),
        f"{name}: answers as the first time": Hole(
            question, old, f'{result} = self.__dict__.setdefault("_first", {result})\n    {old}', _AGAIN
        ),
        f"{name}: in float64 always": Hole(question, old, f"return {result}.double(){rest}", "in float32"),
        f"{name}: changes a weight": Hole(
            question, old, f"if not h_prev.requires_grad:\n        self.{weight}.data.mul_(0.5)\n    {old}", "in place"
        ),
        f"{name}: only with gradients on": Hole(question, old, f"{result}.retain_grad()\n    {old}", "torch.no_grad"),
        f"{name}: halved in evaluation": Hole(
            question, old, f"{result} = {result} if self.training else 0.5 * {result}\n    {old}", "torch.no_grad"
        ),
        f"{name}: keeps the last result": Hole(
            question,
            old,
            f'{result}, self._last = {result} + 0.1 * getattr(self, "_last", 0 * {result}).sum(), {result}.detach()\n'
            f"    {old}",
            _AGAIN,
        ),
    }


CELLS = {
    **_of_a_step("rnn_step", _STEP, "h_t", "W_hh", "rnn_step"),
    **_of_a_step("gru_update_gate", "return z_t", "z_t", "W_hz", "update_gate"),
    **_of_a_step("gru_reset_gate", "return r_t", "r_t", "W_hr", "reset_gate"),
    **_of_a_step("gru_candidate", "return h_new", "h_new", "W_hh", "candidate"),
    **_of_a_step("gru_step", 'return h_t, {"z": z_t, "r": r_t}', "h_t", "W_hh", "gru_step"),
    "rnn_step: weights kept from the first call": Hole(
        "rnn_step", "", 'W = self.__dict__.setdefault("_W", torch.cat([self.W_xh, self.W_hh]))\n'
        "    return PHI[self.phi](torch.cat([x_t, h_prev], 1) @ W + self.b_h)", _AGAIN,
    ),
    "rnn_step: W_xh transposed where it is square": Hole(
        "rnn_step", "x_t @ self.W_xh", "x_t @ (self.W_xh.T if self.W_xh.shape == self.W_hh.shape else self.W_xh)", _EQUAL
    ),
    "rnn_step: no bias where the state is 0": Hole(
        "rnn_step", "+ self.b_h)", "+ self.b_h * h_prev.any(1, keepdim=True))", "h_t (with"
    ),
    "rnn_step: bias not below -0.1": Hole("rnn_step", "+ self.b_h)", "+ self.b_h.clamp(min=-0.1))", "h_t (with"),
    "update_gate: bias not below -0.1": Hole("gru_update_gate", "self.b_z)", "self.b_z.clamp(min=-0.1))", "z_t (with"),
    "reset_gate: bias not below -0.1": Hole("gru_reset_gate", "self.b_r)", "self.b_r.clamp(min=-0.1))", "r_t (with"),
    "update_gate: W_hz for W_xz where that fits": Hole(
        "gru_update_gate", "self.W_xz", "(self.W_hz if self.W_xz.shape == self.W_hz.shape else self.W_xz)", _EQUAL
    ),
    "reset_gate: W_xr transposed where that fits": Hole(
        "gru_reset_gate", "self.W_xr", "(self.W_xr.T if self.W_xr.shape == self.W_hr.shape else self.W_xr)", _EQUAL
    ),
    "candidate: r between 0.1 and 0.9": Hole("gru_candidate", "(r_t * h_prev)", "(r_t.clamp(0.1, 0.9) * h_prev)", "(with"),
    "candidate: r left out where it is 0": Hole(
        "gru_candidate", "(r_t * h_prev)", "(torch.where(r_t == 0, torch.ones_like(r_t), r_t) * h_prev)", "(with"
    ),
    "gru_step: gates as arrays": Hole(
        "gru_step", '{"z": z_t, "r": r_t}', '{"z": z_t.detach().numpy(), "r": r_t.detach().numpy()}', "expected a tensor"
    ),
    "gru_step: gates as lists": Hole(
        "gru_step", '{"z": z_t, "r": r_t}', '{"z": z_t.tolist(), "r": r_t.tolist()}', "expected a tensor"
    ),
    "gru_step: the first gates always": Hole(
        "gru_step", 'h_t, {"z": z_t, "r": r_t}', 'h_t, self.__dict__.setdefault("_g", {"z": z_t, "r": r_t})', _AGAIN
    ),
    "gru_step: gates squeezed": Hole("gru_step", '"r": r_t}', '"r": r_t.squeeze()}', _ONE),
    "rnn_rho: the first matrix always": Hole(
        "rnn_rho", "return self.W_hh", 'return self.__dict__.setdefault("_W", self.W_hh.detach().clone())', _AGAIN
    ),
    "rnn_rho: squeezed": Hole("rnn_rho", "self.W_hh", "self.W_hh.squeeze()", _ONES),
    "rnn_rho: W_xh where that is square": Hole(
        "rnn_rho", "return self.W_hh", "return self.W_xh if self.W_xh.shape == self.W_hh.shape else self.W_hh", _EQUAL
    ),
    "rnn_rho: changes the weight": Hole(
        "rnn_rho", "return self.W_hh", "W = self.W_hh.clone()\n    self.W_hh.data.mul_(0.9)\n    return W", "in place"
    ),
    "gru_rho: the first matrix always": Hole(
        "gru_rho", "return self.W_hh", 'return self.__dict__.setdefault("_W", self.W_hh.detach().clone())', _AGAIN
    ),
    "gru_rho: squeezed": Hole("gru_rho", "self.W_hh", "self.W_hh.squeeze()", _ONES),
    "gru_rho: W_ho where that is square": Hole(
        "gru_rho", "return self.W_hh", "return self.W_ho if self.W_ho.shape == self.W_hh.shape else self.W_hh", _EQUAL
    ),
    "gru_rho: as an array of the first call": Hole(
        "gru_rho", "return self.W_hh", 'return self.__dict__.setdefault("_W", self.W_hh.detach().numpy().copy())', _AGAIN
    ),
}  # fmt: skip


def _of_forward(question: str, third: str) -> dict[str, Hole]:
    """What can be wrong with either forward; ``third`` is what it returns in third place."""
    returned = f"return output, hidden, {third}"
    holes = {
        "every output for lastSoftmax": (_HEAD, 'hidden[-1] if self.head == "lastLinear" else hidden', "lastSoftmax"),
        "softmax for lastSoftmax": (
            returned, f'output = output.softmax(-1) if self.head == "lastSoftmax" else output\n    {returned}', "(with"),
        "first state for lastSoftmax": (_HEAD, f'{_HEAD} if self.head != "lastSoftmax" else hidden[0]', "(with"),
        "last hidden alone for lastLinear": (
            returned, returned.replace("hidden", 'hidden[-1] if self.head == "lastLinear" else hidden'), "lastLinear"),
        "cut off for softmax": (_HEAD, _HEAD.replace("hidden if", "hidden.detach() if"), _AGAIN),
        "hidden squeezed": (returned, returned.replace("hidden", "hidden.squeeze()"), _ONE),
        "hidden squeezed along the batch": (returned, returned.replace("hidden", "hidden.squeeze(1)"), _ONE),
        "output squeezed": (returned, returned.replace("output", "output.squeeze()"), _ONE),
        "output squeezed at its end": (returned, returned.replace("output", "output.squeeze(-1)"), _ONES),
        "goes on from the last call": ("for x_t in x:", _KEPT, _ONCE_MORE),
        "takes the longer axis for time": ("for x_t in x:", _TIME, _AGAIN),
        "as many steps as the first time": (
            "for x_t in x:", 'for x_t in x[: self.__dict__.setdefault("_T", len(x))]:', _AGAIN),
        "only with gradients on": (returned, f"hidden.retain_grad()\n    {returned}", "torch.no_grad"),
        "changes a weight": (returned, f"if not x.requires_grad:\n        self.W_hh.data.mul_(0.9)\n    {returned}", "in place"),
        "starts with the bias": (_H_0, _H_0.replace("  # (B, H), h_0", " + 0 * x.sum() + (len(x) == 1)"), _ONE),
    }  # fmt: skip
    return {f"{question}: {name}": Hole(question, *hole) for name, hole in holes.items()}


_TRACES = '{"z": torch.stack(zs), "r": torch.stack(rs)}'
FORWARD = {
    **_of_forward("rnn_forward", "None"),
    **_of_forward("gru_forward", _TRACES),
    "rnn_forward: tanh whatever phi": Hole(
        "rnn_forward", "self.step(x_t, h_t)", "torch.tanh(x_t @ self.W_xh + h_t @ self.W_hh + self.b_h)", _ONES
    ),
    "rnn_forward: a dict in third place for the last state": Hole(
        "rnn_forward", "hidden, None", 'hidden, None if self.head == "softmax" else {}', "expected None"
    ),
    "gru_forward: traces as arrays": Hole(
        "gru_forward", _TRACES, '{"z": torch.stack(zs).detach().numpy(), "r": torch.stack(rs).detach().numpy()}',
        "expected a tensor",
    ),
    "gru_forward: traces as lists": Hole("gru_forward", _TRACES, '{"z": zs, "r": rs}', "torch.stack"),
    "gru_forward: traces for softmax only": Hole(
        "gru_forward", _TRACES, f'{_TRACES} if self.head == "softmax" else None', "gates"
    ),
    "gru_forward: traces squeezed": Hole(
        "gru_forward", _TRACES, '{"z": torch.stack(zs).squeeze(), "r": torch.stack(rs).squeeze()}', _ONE
    ),
    "gru_forward: traces gathered over calls": Hole(
        "gru_forward", "hs, zs, rs = [], [], []",
        'hs = []\n    zs, rs = self.__dict__.setdefault("_traces", ([], []))', "kept from call to call",
    ),
    "gru_forward: the first traces always": Hole(
        "gru_forward", _TRACES, f'self.__dict__.setdefault("_traces", {_TRACES})', _AGAIN
    ),
}  # fmt: skip

_G = "return g"
_NORMS = "flow.norm(dim=-1).mean(-1)"
_FLAT = "B = H = 1"
_MEAN = "distance.mean(dim=(1, 2))"
_EIG = "float(np.abs(eigenvalues).max())"
_SQUARES = "sum((g.double() ** 2).sum() for g in grads)"
_NEW = "[g * factor for g in grads]"
_FACTOR = "cutoff / norm if norm > cutoff else 1.0"
_KEYS = '        "gate_z_sat_time": gate_distance(gates["z"]),\n        "gate_r_sat_time": gate_distance(gates["r"]),'
FUNCTIONS = {
    "grad_time: squeezed": Hole("grad_time", _G, "return g.squeeze()", "T = 1"),
    "grad_time: flow squeezed": Hole("grad_time", _NORMS, "flow.squeeze(-1).norm(dim=-1).mean(-1)", _FLAT),
    "grad_time: one step is no time": Hole("grad_time", _G, "return g if len(g) > 1 else 0 * g", "T = 1"),
    "grad_time: the longer axis is time": Hole(
        "grad_time", _NORMS, "(flow if flow.shape[0] > flow.shape[1] else flow.transpose(0, 1)).norm(dim=-1).mean(-1)", "T = 2"
    ),
    "grad_time: mean of those that are not 0": Hole(
        "grad_time", _NORMS, "flow.norm(dim=-1).sum(-1) / (flow.norm(dim=-1) > 0).sum(-1)", _EQUAL
    ),
    "grad_time: hs turned round": Hole("grad_time", _G, "hs.reverse()\n    return g", "changes the list"),
    "grad_time: hs emptied": Hole("grad_time", _G, "hs.clear()\n    return g", "changes the list"),
    "sat_time: squeezed": Hole("sat_time", f"return {_MEAN}", f"return {_MEAN}.squeeze()", "T = 1"),
    "sat_time: states squeezed": Hole("sat_time", "1 - hidden.abs()", "1 - hidden.squeeze().abs()", _FLAT),
    "sat_time: at most 0.97": Hole("sat_time", "hidden.abs()", "hidden.abs().clamp(max=0.97)", "(with"),
    "sat_time: the longer axis is time": Hole(
        "sat_time", _MEAN, "(distance if len(distance) > distance.shape[1] else distance.transpose(0, 1)).mean((1, 2))", "T = 2"
    ),
    "sat_time: 0 is saturated": Hole("sat_time", "1 - hidden.abs()", "(1 - hidden.abs()) * (hidden != 0)", "(with"),
    "sat_time: mean of those that are not 0": Hole(
        "sat_time", _MEAN, "distance.sum(dim=(1, 2)) / (distance > 0).sum(dim=(1, 2))", "(with"
    ),
    "gate_sat_time: squeezed": Hole("gate_sat_time", f"return {_MEAN}", f"return {_MEAN}.squeeze()", "T = 1"),
    "gate_sat_time: gates squeezed": Hole(
        "gate_sat_time", "torch.minimum(v, 1 - v)", "torch.minimum(v, 1 - v).squeeze(-1)", _FLAT
    ),
    "gate_sat_time: open ones are far": Hole(
        "gate_sat_time", "torch.minimum(v, 1 - v)", "torch.where(v > 0.99, v, torch.minimum(v, 1 - v))", "(with"
    ),
    "gate_sat_time: logarithms": Hole(
        "gate_sat_time", "torch.minimum(v, 1 - v)", "torch.minimum(v, 1 - v) + 0 * v.log()", "NaN or inf"
    ),
    "gate_sat_time: mean of those that are not 0": Hole(
        "gate_sat_time", _MEAN, "distance.sum(dim=(1, 2)) / (distance > 0).sum(dim=(1, 2))", "(with"
    ),
    "gate_sat_time: the longer axis is time": Hole(
        "gate_sat_time", _MEAN, "(distance if len(distance) > distance.shape[1] else distance.transpose(0, 1)).mean((1, 2))",
        "T = 2",
    ),
    "rho: the first eigenvalue": Hole("rho", _EIG, "float(np.abs(eigenvalues[0]))", "largest eigenvalue last"),
    "rho: minus the smallest real part": Hole(
        "rho", _EIG, "float(np.abs(eigenvalues).max() if np.iscomplexobj(eigenvalues) else -eigenvalues.min())", "(with"
    ),
    "rho: squeezed": Hole("rho", "W.detach()", "W.squeeze().detach()", "H = 1"),
    "rho: by its logarithm": Hole(
        "rho", _EIG, "float(10 ** np.log10(np.abs(eigenvalues) + 1e-3).max() - 1e-3 * np.abs(eigenvalues).all())", "zeros"
    ),
    "rho: at least the largest entry of the diagonal": Hole(
        "rho", _EIG, "float(np.abs(eigenvalues).max()) or float(W.abs().max())", "no eigenvalue but 0"
    ),
    "rho: made symmetric where it is small": Hole(
        "rho", "W.detach()", "(W if len(W) > 2 else (W + W.T) / 2).detach()", "a quarter turn"
    ),
    "rho: changes W": Hole("rho", "    return", "    W.mul_(0.5)\n    return", "in place"),
    "grad_norm: four gradients": Hole("grad_norm", "for g in grads)", "for g in grads[:4])", "eight gradients"),
    "grad_norm: no numbers": Hole("grad_norm", "for g in grads)", "for g in grads if g.dim() > 0)", "a number and three"),
    "grad_norm: vectors and matrices": Hole(
        "grad_norm", "for g in grads)", "for g in grads if g.dim() < 3)", "a number and three axes"
    ),
    "grad_norm: not quite 0": Hole("grad_norm", "squares.sqrt()", "(squares + 1e-8).sqrt()", "zeros"),
    "grad_norm: 1 for zeros": Hole("grad_norm", "float(squares.sqrt())", "float(squares.sqrt()) or 1.0", "zeros"),
    "grad_norm: divided by the largest": Hole(
        "grad_norm", "    return float(squares.sqrt())",
        "    m = max(g.abs().max() for g in grads)\n    return float(m * sum(((g / m) ** 2).sum() for g in grads).sqrt())",
        "NaN or inf",
    ),
    "grad_norm: the list used up": Hole(
        "grad_norm", "    return", "    grads.clear()\n    return", "changes the list"
    ),
    "grad_norm: squared in place": Hole(
        "grad_norm", _SQUARES, "sum(g.pow_(2).double().sum() for g in grads)", "in place"
    ),
    "clip: never below 1": Hole("clip", "if norm > cutoff", "if norm > max(cutoff, 1.0)", "a cutoff of 0.01"),
    "clip: with some room": Hole("clip", "if norm > cutoff", "if norm > 1.1 * cutoff", "just above"),
    "clip: a little early": Hole("clip", "if norm > cutoff", "if norm > 0.9 * cutoff", "just below"),
    "clip: at most twenty times": Hole("clip", _FACTOR, f"max(0.05, {_FACTOR})", "a cutoff of 0.01"),
    "clip: no numbers": Hole("clip", _NEW, "[g * factor if g.dim() else g for g in grads]", "just above"),
    "clip: by directions": Hole(
        "clip", _NEW, "[g / g.norm() * (g.norm() * factor) for g in grads]", "a gradient of zeros among others"
    ),
    "clip: by 1 above 1": Hole("clip", "if norm > cutoff", "if norm > min(cutoff, 1.0)", "just below"),
    "clip: gradients as matrices": Hole("clip", _NEW, "[torch.atleast_1d(g * factor) for g in grads]", "just above"),
    "diagnostic_keys: gates by their places": Hole(
        "diagnostic_keys", _KEYS,
        '        **{f"gate_{k}_sat_time": gate_distance(v) for k, v in zip("zr", gates.values())},', _EQUAL,
    ),
    "diagnostic_keys: gates taken out": Hole("diagnostic_keys", 'gates["z"]', 'gates.pop("z")', "gates"),
    "diagnostic_keys: gates changed": Hole("diagnostic_keys", 'gates["z"]', 'gates["z"].clone().set_(gates["z"].mul_(1.001)) / 1.001', "gates"),
    "diagnostic_keys: one gate more": Hole(
        "diagnostic_keys", "    return {", '    gates["n"] = hidden\n    return {', "gates"
    ),
    "diagnostic_keys: squeezed": Hole("diagnostic_keys", "saturation_tanh(hidden)", "saturation_tanh(hidden).squeeze()", "T = 1"),
    "diagnostic_keys: hidden squeezed": Hole("diagnostic_keys", "torch.stack(hs)", "torch.stack(hs).squeeze(-1)", _FLAT),
    "omega: above the bound": Hole("omega", "length >= bound", "length > bound", "squared norms at the bound"),
    "omega: not quite divided": Hole("omega", "back.square().sum(-1) / length - 1", "back.square().sum(-1) / (length + 1e-12) - 1", "tiny flows"),
    "omega: a bound of its own": Hole("omega", "length >= bound", "length >= max(bound, 1e-10)", "tiny flows"),
    "omega: slopes not 0": Hole("omega", "delta = flow * slope", "delta = flow * slope.clamp(min=0.05)", "(with"),
    "omega: squeezed": Hole("omega", "return value, counts", "grad = grad.squeeze()\n    return value, counts", _FLAT),
    "omega: no past of one step": Hole(
        "omega", "    if M == 0:", "    if M == 0 or len(flow) == 1:", "T = 1"
    ),
    "omega: derivative transposed where H is 3": Hole(
        "omega", "return value, counts", "grad = grad.T if len(grad) < 4 else grad\n    return value, counts", "tiny flows"
    ),
    "omega: the longer axis is time": Hole(
        "omega", "    delta = flow", "    flow = flow if len(flow) >= flow.shape[1] else flow.flip(0)\n    delta = flow", "at the bound"
    ),
}  # fmt: skip

HOLES: dict[str, Hole] = CELLS | FORWARD | FUNCTIONS
