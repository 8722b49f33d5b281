"""The probes of the questions: special inputs, asked to explain a wrong answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnkit.assignments.training_dynamics.inputs import LETTERS
from rnnkit.checks.inputs import Arrays, Inputs, Probe
from rnnkit.common.shapes import RECURRENT, SHAPES

OPEN = 60.0  # a bias that shuts or opens a gate to the last digit


def _arrays(change: Callable[[Arrays], Arrays]) -> Callable[[Inputs], Inputs]:
    return lambda given: Inputs(given.sizes, given.arrays | change(given.arrays))


def _set(**values: float) -> Callable[[Inputs], Inputs]:
    """Arrays filled with one number each."""
    return _arrays(lambda arrays: {name: np.full_like(arrays[name], value) for name, value in values.items()})


def _one(letter: str, place: int = 0) -> Callable[[Inputs], Inputs]:
    """A size of 1: the entries at one place alone along its axes."""

    def change(given: Inputs) -> Inputs:
        arrays = dict(given.arrays)
        for name, value in arrays.items():
            if letter in LETTERS.get(name, ""):
                axes = [slice(place, place + 1) if axis == letter else slice(None) for axis in LETTERS[name]]
                arrays[name] = value[tuple(axes)]
        return Inputs(given.sizes | {letter: 1}, arrays)

    return change


def _only(*kept: int) -> Callable[[Inputs], Inputs]:
    """Of a list of gradients some alone."""

    def change(given: Inputs) -> Inputs:
        rest = {name: value for name, value in given.arrays.items() if not name.startswith("g")}
        return Inputs(given.sizes, rest | {f"g{k}": given[f"g{place}"] for k, place in enumerate(kept)})

    return change


def _zero(name: str, look: str) -> Probe:
    return Probe(f"{name} = 0", look, _set(**{name: 0.0}))


BATCH = Probe("there is one sequence alone (B = 1)", "", _one("B"))


def _affine(letter: str) -> tuple[Probe, ...]:
    """Of a sum of an input's term, a state's term and a bias."""
    x, h, b = f"W_x{letter}", f"W_h{letter}", f"b_{letter}"
    rest = "look at the other terms"
    return (
        _zero("x_t", "look at what is done with x_t"),
        _zero("h_prev", "look at what is done with h_prev"),
        _zero(x, f"look at what {x} multiplies"),
        _zero(h, f"look at what {h} multiplies"),
        _zero(b, f"look at {b}"),
        Probe(f"only {b} is left (x_t = 0 and h_prev = 0)", rest, _set(x_t=0.0, h_prev=0.0)),
        Probe(f"only the input's term is left (h_prev = 0 and {b} = 0)", rest, _set(h_prev=0.0, **{b: 0.0})),
        Probe(f"only the state's term is left (x_t = 0 and {b} = 0)", rest, _set(x_t=0.0, **{b: 0.0})),
        BATCH,
    )


def _gru_step() -> tuple[Probe, ...]:
    return (
        Probe("z_t = 1 (h_t is the candidate then)", "look at the mixture, not at the candidate", _set(b_z=OPEN)),
        Probe("z_t = 0 (h_t is h_prev then)", "look at the candidate and its share", _set(b_z=-OPEN)),
        Probe("r_t = 1", "look at what r_t multiplies", _set(b_r=OPEN)),
        Probe("r_t = 0", "look at what r_t multiplies", _set(b_r=-OPEN)),
        _zero("x_t", "look at what is done with x_t"),
        _zero("h_prev", "look at what is done with h_prev"),
        *(_zero(name, f"look at what {name} enters") for name in RECURRENT["GRU"]),
        BATCH,
    )


def _forward(kind: str) -> tuple[Probe, ...]:
    biases = {name: 0.0 for name in SHAPES[kind] if name.startswith("b_")}
    gates = (
        Probe("z_t = 1", "look at how the old state is handed on", _set(b_z=OPEN)),
        Probe("r_t = 0", "look at what r_t multiplies", _set(b_r=-OPEN)),
    )
    return (
        Probe(
            "x and every bias are 0 (all states stay 0 then)",
            "look at what is done with x_t and the biases",
            _set(x=0.0, **biases),
        ),
        Probe("there is one step alone (T = 1)", "look at what is handed from step to step", _one("T")),
        BATCH,
        _zero("x", "look at what is done with x"),
        *(_zero(name, f"look at what {name} multiplies") for name in ("W_hh", "W_xh", "W_ho")),
        _zero("b_o", "look at b_o"),
        *(gates if kind == "GRU" else ()),
    )


def _distances(name: str, middle: float) -> tuple[Probe, ...]:
    """Of a mean over batch and units, of values whose distance turns round at the middle."""

    def folded(sign: float) -> Callable[[Inputs], Inputs]:
        return _arrays(lambda arrays: {name: middle + sign * np.abs(arrays[name] - middle)})

    def alike(*axes: int) -> Callable[[Inputs], Inputs]:
        def made(arrays: Arrays) -> Arrays:
            first = arrays[name]
            for axis in axes:
                first = first.take([0], axis)
            return {name: np.broadcast_to(first, arrays[name].shape).copy()}

        return _arrays(made)

    return (
        Probe(f"no value is below {middle:g}", f"look at what is done with values below {middle:g}", folded(1.0)),
        Probe(f"no value is above {middle:g}", f"look at what is done with values above {middle:g}", folded(-1.0)),
        Probe("all units and sequences are alike", "", alike(1, 2)),
        Probe("all sequences are alike", "", alike(1)),
        Probe("all units are alike", "", alike(2)),
        BATCH,
        Probe("there is one unit alone (H = 1)", "", _one("H")),
    )


def _matrices() -> tuple[Probe, ...]:
    others, values = "look at what is done with other matrices", "look at how the eigenvalues are made"

    def probe(name: str, look: str, matrix: Callable[[np.ndarray], np.ndarray]) -> Probe:
        return Probe(name, look, _arrays(lambda arrays: {"W": matrix(arrays["W"])}), narrow=True)

    def numbered(W: np.ndarray) -> np.ndarray:
        return np.arange(1.0, 1 + len(W))

    return (
        probe("W is symmetric", others, lambda W: (W + W.T) / 2),
        probe("W is diagonal and positive", others, lambda W: np.diag(numbered(W))),
        probe("W is diagonal", values, lambda W: np.diag(numbered(W) * (-1) ** numbered(W))),
        probe("W is triangular", values, lambda W: np.triu(W) + 2 * np.eye(len(W))),
        probe(
            "W is a quarter turn (eigenvalues i and -i)", "look at what is done with the rest",
            lambda W: np.array([[0.0, -1.0], [1.0, 0.0]]),
        ),
        probe("W is 1 x 1", "look at what is done with several eigenvalues", lambda W: np.abs(W[:1, :1])),
    )  # fmt: skip


def _lists(name: str, look: str, change: Callable[[Inputs], Inputs]) -> tuple[Probe, ...]:
    return (
        Probe("there is one matrix alone", "look at what is done with several of them", _only(0)),
        Probe("there is one vector alone", "look at what is done with several of them", _only(2)),
        Probe("there are matrices alone", "look at what is done with vectors", _only(0, 1)),
        Probe(name, look, change),
    )


def _absolute(arrays: Arrays) -> Arrays:
    return {name: np.abs(value) for name, value in arrays.items() if name.startswith("g")}


def _counting(arrays: Arrays) -> Arrays:
    return {"bound": np.array(0.0), "flow": arrays["flow"] + (arrays["flow"] == 0)}


_THROUGH_TIME = (
    BATCH,
    Probe("there is one step alone (T = 1)", "", _one("T")),
    Probe("there is one unit alone (H = 1)", "", _one("H")),
)
_REGULARISED = (
    Probe("every slope is 1", "look at what is done with slope", _set(slope=1.0)),
    Probe(
        "W_hh is the identity", "look at what W_hh multiplies",
        _arrays(lambda arrays: {"W_hh": np.eye(len(arrays["W_hh"]))}),
    ),
    Probe("everything counts", "look at what is done with what does not count", _arrays(_counting)),
    BATCH,
    Probe("there is one step alone (T = 1)", "", _one("T", 1)),
)  # fmt: skip

PROBES: dict[str, tuple[Probe, ...]] = {
    "rnn_step": _affine("h"),
    "rnn_forward": _forward("RNN"),
    "gru_update_gate": _affine("z"),
    "gru_reset_gate": _affine("r"),
    "gru_candidate": (
        Probe("r_t = 1", "look at what r_t multiplies", _set(r_t=1.0)),
        Probe("r_t = 0", "look at what r_t multiplies", _set(r_t=0.0)),
        *_affine("h"),
    ),
    "gru_step": _gru_step(),
    "gru_forward": _forward("GRU"),
    "grad_time": _THROUGH_TIME,
    "sat_time": _distances("hidden", 0.0),
    "gate_sat_time": _distances("spread", 0.5),
    "rho": _matrices(),
    "grad_norm": _lists("every entry is positive", "look at what is done with signs", _arrays(_absolute)),
    "clip": _lists("the cutoff is 1", "look at what is done with the cutoff", _set(cutoff=1.0)),
    "omega": _REGULARISED,
}
PROBED: dict[str, tuple[str, ...]] = {
    "rnn_forward": ("hidden states", "output after the last step"),
    "gru_forward": ("hidden states", "output after the last step"),
    "gate_sat_time": ("gates spread over (0, 1)",),
    "omega": ("Omega", "the gradient with respect to W_hh"),
}  # of the others the first
