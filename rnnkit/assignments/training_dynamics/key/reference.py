"""The right answers to every question for any inputs, in plain numpy, written from the equations.

Gradients come from the complex step: for a real analytic f, ``f'(x) = Im f(x + i e) / e``, exact to rounding because
nothing is subtracted. Every forward below therefore takes complex arrays, and arrays with one more axis in front.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from rnnkit.assignments.training_dynamics.cases.functions import KEYS
from rnnkit.assignments.training_dynamics.inputs import SOURCES
from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks.inputs import Arrays, Inputs
from rnnkit.checks.outcome import named
from rnnkit.common.shapes import RECURRENT, SHAPES

STEP = 1e-30
Answers = dict[str, Arrays]  # case -> quantity -> numbers

# ---- the cells ---------------------------------------------------------------------------------------------------


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


_PHI: dict[str, Callable[[np.ndarray], np.ndarray]] = {"tanh": np.tanh, "sigmoid": _sigmoid, "identity": lambda a: a}


def _affine(w: Arrays, gate: str, x_t: np.ndarray, h: np.ndarray) -> np.ndarray:
    return x_t @ w[f"W_x{gate}"] + h @ w[f"W_h{gate}"] + w[f"b_{gate}"][..., None, :]


def _gate(w: Arrays, gate: str) -> np.ndarray:
    return _sigmoid(_affine(w, gate, w["x_t"], w["h_prev"]))


def _candidate(w: Arrays) -> np.ndarray:
    return np.tanh(_affine(w, "h", w["x_t"], w["r_t"] * w["h_prev"]))


def _rnn_step(w: Arrays, phi: str = "tanh") -> np.ndarray:
    return _PHI[phi](_affine(w, "h", w["x_t"], w["h_prev"]))


def _gru_step(w: Arrays) -> np.ndarray:
    z, r = _gate(w, "z"), _gate(w, "r")
    return (1 - z) * w["h_prev"] + z * _candidate(w | {"r_t": r})


def _states(w: Arrays, kind: str, phi: str = "tanh") -> tuple[np.ndarray, Arrays]:
    """h_1 .. h_T and the gates on the way, time third from the end."""
    x, gates = w["x"], dict[str, list[np.ndarray]](z=[], r=[])
    h, hs = np.zeros((x.shape[-2], w["W_hh"].shape[-1])), []
    for t in range(x.shape[-3]):
        at = w | {"x_t": x[..., t, :, :], "h_prev": h}
        if kind == "GRU":
            for gate, values in gates.items():
                values.append(_gate(at, gate))
        h = _rnn_step(at, phi) if kind == "RNN" else _gru_step(at)
        hs.append(h)
    return _over_time(hs), {gate: _over_time(values) for gate, values in gates.items() if values}


def _over_time(steps: list[np.ndarray]) -> np.ndarray:
    """One array of all steps, of which only some may have the axis in front."""
    return np.stack(np.broadcast_arrays(*steps), axis=-3)


def _readout(w: Arrays, h: np.ndarray) -> np.ndarray:
    return h @ w["W_ho"] + w["b_o"][..., None, :]


def _last_output(w: Arrays, kind: str) -> np.ndarray:
    return _readout(w, _states(w, kind)[0][..., -1, :, :])


# ---- gradients ---------------------------------------------------------------------------------------------------


def _derivative(f: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """Of a number with respect to every entry of an array: all entries take their complex steps at once."""
    steps = STEP * np.eye(at.size).reshape(at.size, *at.shape)
    return (f(at + 1j * steps).imag / STEP).reshape(at.shape)


def _projected(f: Callable[[Arrays], np.ndarray], inputs: Inputs, result: str, sources: Iterable[str]) -> Arrays:
    """The gradients of a fixed weighted sum of f's entries, as `Outcome.put_gradients` takes them; none if unasked."""
    if "grad" in inputs.options:
        return {}
    w, value = inputs.arrays, f(inputs.arrays)
    weights = np.cos(1.3 * np.arange(value.size)).reshape(value.shape)
    axes = tuple(range(-value.ndim, 0))

    def along(source: str) -> np.ndarray:
        return _derivative(lambda entry: (f(w | {source: entry}) * weights).sum(axes), w[source])

    return {f"d{result}/d{source}": along(source) for source in sources}


def _step_answers(id: str, inputs: Inputs) -> Answers:
    """The cases of a question on one step."""
    w, recurrent = inputs.arrays, [*RECURRENT[QUESTIONS[id].target]]
    if id == "rnn_step":
        others = {f"h_t ({phi})": _rnn_step(w, phi) for phi in ("sigmoid", "identity")}
        values = {"h_t: values, tanh": {"h_t": _rnn_step(w)}, "h_t: values, sigmoid and identity": others}
        return values | {"h_t: gradients": _projected(_rnn_step, inputs, "h_t", ["x_t", "h_prev", *recurrent])}
    if id == "gru_step":
        values = {"h_t and gates: values": {"h_t": _gru_step(w), "z": _gate(w, "z"), "r": _gate(w, "r")}}
        return values | {"h_t: gradients": _projected(_gru_step, inputs, "h_t", ["x_t", "h_prev", *recurrent])}
    result, letter = {"gru_update_gate": ("z_t", "z"), "gru_reset_gate": ("r_t", "r")}.get(id, ("candidate", "h"))
    part = _candidate if letter == "h" else partial(_gate, gate=letter)
    sources = [*QUESTIONS[id].arguments, *(name for name in recurrent if name[-1] == letter)]
    return {f"{result}: values": {result: part(w)}, f"{result}: gradients": _projected(part, inputs, result, sources)}


def _forward_answers(kind: str, inputs: Inputs) -> Answers:
    w = inputs.arrays
    hidden, traces = _states(w, kind)
    chosen = _states(w, kind, inputs.options.get("phi", "tanh"))[0] if kind == "RNN" else hidden
    sources = ["x", *SHAPES[kind]]
    return {
        "hidden states": {"hidden": chosen},
        "output at every step": {"output": _readout(w, hidden)},
        "output after the last step": {"output": _last_output(w, kind)},
        **({"gate traces": traces} if traces else {}),
        "gradients through time": _projected(lambda w: _last_output(w, kind), inputs, "output", sources),
    }


# ---- the diagnostics ---------------------------------------------------------------------------------------------


def trajectory(w: Arrays, probe: np.ndarray | float = 0.0) -> np.ndarray:
    """The states that a loss comes from; ``probe`` is added to them on the recurrent path."""
    probe = np.broadcast_to(probe, np.broadcast_shapes(np.shape(probe), w["pushes"].shape))
    h, hs = w["h_0"], []
    for t, push in enumerate(w["pushes"]):
        h = np.sin(h @ w["A"]) + push * (1 + 0.1 * h) + probe[..., t, :, :]
        hs.append(h)
    return _over_time(hs)


def loss_at_the_end(w: Arrays, hs: np.ndarray) -> np.ndarray:
    """The loss that comes from the last of the states alone."""
    return (w["loss_weights"][-1] * hs[..., -1, :, :] ** 2).sum(-1).mean(-1)


def gradient_through_time(w: Arrays, every_step: bool) -> np.ndarray:
    """The mean norm of the total derivative of a loss at the last step, or at every one, with respect to each state."""
    weights = w["loss_weights"]

    def loss(probe: np.ndarray) -> np.ndarray:
        hs = trajectory(w, probe)
        return (weights * hs**2).mean((-3, -2, -1)) if every_step else loss_at_the_end(w, hs)

    flow = _derivative(loss, np.zeros_like(w["pushes"]))
    return np.sqrt((flow**2).sum(-1)).mean(-1)


def _tanh_distance(h: np.ndarray) -> np.ndarray:
    return (1 - np.abs(h)).mean((1, 2))


def _sigmoid_distance(v: np.ndarray) -> np.ndarray:
    return np.where(v < 0.5, v, 1 - v).mean((1, 2))


def _radius(W: np.ndarray) -> np.ndarray:
    return np.abs(np.linalg.eigvals(W)).max()


def _norm(grads: Iterable[np.ndarray]) -> float:
    return float(np.sqrt(sum((g**2).sum() for g in grads)))


def _clipped(grads: list[np.ndarray], cutoff: float) -> Arrays:
    norm = _norm(grads)
    factor = cutoff / norm if norm > cutoff else 1.0
    return {f"grads[{k}]": factor * g for k, g in enumerate(grads)} | {"norm": np.array(norm)}


def _keys(inputs: Inputs) -> Answers:
    w, steps = inputs.arrays, np.array(float(inputs.sizes["T"]))
    return {
        "keys and lengths": {"other keys": np.array(0.0)} | {f"length of {key}": steps for key in KEYS},
        "grad_time": {"grad_time": gradient_through_time(w, every_step=False)},
        "sat_time": {"sat_time": _tanh_distance(trajectory(w))},
        "gates": {f"gate_{gate}_sat_time": _sigmoid_distance(w[gate]) for gate in "zr"},
    }


def _grad_time_answers(inputs: Inputs) -> Answers:
    last = gradient_through_time(inputs.arrays, every_step=False)
    return {
        "loss at the last step": {"g": last},
        "loss at every step": {"g": gradient_through_time(inputs.arrays, every_step=True)},
        "tiny gradients, norm in float64": {"g x 1e28": last},
    }


def _clip_answers(inputs: Inputs) -> Answers:
    cutoff, grads = float(inputs["cutoff"]), inputs.listed("g")
    return {
        "above the cutoff": _clipped(grads, cutoff),
        "below the cutoff": _clipped(inputs.listed("small"), cutoff),
        "the gradients given are left alone": {f"grads[{k}] afterwards": g for k, g in enumerate(grads)},
    }


def _regulariser(w: Arrays) -> np.ndarray:
    """Omega, d and h constant."""
    length, back = (w["flow"] ** 2).sum(-1), (w["flow"] * w["slope"]) @ w["W_hh"].swapaxes(-1, -2)[..., None, :, :]
    counts = length >= w["bound"]
    off = (back**2).sum(-1)[..., counts] / length[counts] - 1
    return (off**2).mean(-1)


def _omega_answers(inputs: Inputs) -> Answers:
    w = inputs.arrays
    share = ((w["flow"] ** 2).sum(-1) >= w["bound"]).mean()
    nothing = {"Omega": np.array(0.0), "steps in the past": np.array(0.0), "gradient": np.zeros_like(w["W_hh"])}
    nothing = {f"{name}, nothing counts": zeros for name, zeros in nothing.items()}
    return {
        "Omega": {"Omega": _regulariser(w)},
        "steps in the past": {"steps in the past": share},
        "the gradient with respect to W_hh": {
            "gradient": _derivative(lambda W_hh: _regulariser(w | {"W_hh": W_hh}), w["W_hh"])
        },
        "a bound that nothing reaches": {"Omega": _regulariser(w)} | nothing,
    }


def _by_source(id: str, quantity: str, right: Callable[[np.ndarray], np.ndarray], inputs: Inputs) -> Answers:
    sources = SOURCES[id].items()
    return {case: {quantity: right(inputs[source])} for case, source in sources if source in inputs.arrays}


_DIAGNOSTICS: dict[str, Callable[[Inputs], Answers]] = {
    "grad_time": _grad_time_answers,
    "sat_time": lambda w: {"mean distance of tanh units": {"s": _tanh_distance(w["hidden"])}},
    "gate_sat_time": partial(_by_source, "gate_sat_time", "d", _sigmoid_distance),
    "rho": partial(_by_source, "rho", "rho", _radius),
    "grad_norm": lambda w: {
        case: {"norm": np.array(_norm(w.listed(source[:-1])))} for case, source in SOURCES["grad_norm"].items()
    },
    "clip": _clip_answers,
    "diagnostic_keys": _keys,
    "omega": _omega_answers,
}


def right(question_id: str, inputs: Inputs) -> Answers:
    """The right answers: case -> quantity -> float64 array."""
    answers = _once(question_id, inputs)
    later = {name: _once(question_id, given) for name, given in inputs.rounds.items()}
    for case, quantities in answers.items():
        for name in inputs.of(case).rounds:
            quantities |= {named(quantity, name): value for quantity, value in later[name][case].items()}
    return answers


def _once(question_id: str, inputs: Inputs) -> Answers:
    """The answers without later rounds."""
    question, w = QUESTIONS[question_id], inputs.arrays
    if not question.method:
        return _DIAGNOSTICS[question_id](inputs)
    if question_id.endswith("_rho"):
        case = "the recurrent matrix" if question.target == "RNN" else "the candidate's recurrent matrix"
        return {case: {"W": w["W_hh"]}}
    if question_id.endswith("_forward"):
        return _forward_answers(question.target, inputs)
    return _step_answers(question_id, inputs)
