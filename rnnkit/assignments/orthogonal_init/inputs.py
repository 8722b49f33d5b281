"""The inputs of the questions: one maker for the public ones, which are waves, and for random ones.

What a set of inputs can hide, and is shown by another array of the same question or a later round:

==================  ==================================================================================================
all questions       sizes of 1, all sizes equal, more sequences than steps
addition_batch      markers at the first and the last step, T = 2
orthogonal          a diagonal of R with both signs; H = 1; a triangular matrix, whose Q is known
to_radius           a pair of complex eigenvalues is the largest; a negative one; a norm far above the radius
bptt                one step; states of 1 and -1, whose slope is 0
heavy_ball          no momentum; another shape
nesterov            no momentum, no velocity
momentum_schedule   the update before a step of the schedule, and that of a step; a limit that is below the start
jacobian_norms      one step; states of 1 and -1; a linear net
result_row          metrics that fall back, that equal the threshold, that never reach it; an error; one epoch
==================  ==================================================================================================
"""

from __future__ import annotations

import numpy as np

from rnnkit.checks.inputs import Arrays, Inputs
from rnnkit.checks.makers import Make, Makers, Rounds, Sizes, in_sizes, until, whole

SIZES = {"T": 5, "B": 3, "I": 2, "H": 4, "N": 6, "2": 2}  # the last is the number of channels


# ---- tasks and initial weights ---------------------------------------------------------------------------------------


def _addition(sizes: Sizes, make: Make) -> Arrays:
    T, B = sizes["T"], sizes["B"]
    return {
        "values": make((B, T), 0, 1), "i1": whole(make, (B,), 0, T // 2), "i2": whole(make, (B,), T // 2, T),
        "at_ends": make((B, T), 0, 1), "first": np.zeros(B), "last": np.full(B, T - 1.0),
    }  # fmt: skip


def _both_signs(A: np.ndarray) -> bool:
    diagonal = np.diag(np.linalg.qr(A)[1])
    return bool((diagonal > 0).any() and (diagonal < 0).any()) and np.linalg.cond(A) < 60


def _orthogonal(sizes: Sizes, make: Make) -> Arrays:
    size = sizes["H"]
    signs = np.where(np.arange(size) % 2 == 1, -1.0, 1.0)
    known = np.triu(make((size, size), -1, 1), 1) + np.diag(signs * make((size,), 0.5, 1.5))
    return {"A": until(make, (size, size), _both_signs, 1.5), "known": known}


def _orthogonals(sizes: Sizes, make: Make) -> Rounds:
    more = {"H = 1": {"A": make((1, 1), -2, -0.5), "known": make((1, 1), -2, -0.5)}}
    for size in (3, 6):
        more[f"H = {size}"] = _orthogonal({"H": size}, make)
    return {name: Inputs(sizes | {"H": len(arrays["A"])}, arrays) for name, arrays in more.items()}


def _turning(A: np.ndarray) -> bool:
    """Whether a complex pair is clearly the largest, and no other number that stands for a size is near its modulus."""
    values = np.linalg.eigvals(A)
    top = values[np.argmax(np.abs(values))]
    rest = np.sort(np.abs(values))[-3] if len(values) > 2 else 0.0
    return abs(top.imag) > 0.4 * abs(top) and rest < 0.9 * abs(top) and abs(np.abs(top) - 1) > 0.1


def _negative(A: np.ndarray) -> bool:
    values = np.linalg.eigvals(A)
    top = values[np.argmax(np.abs(values))]
    return bool(top.imag == 0 and top.real < 0 and np.sort(np.abs(values))[-2] < 0.9 * abs(top))


def _radius(sizes: Sizes, make: Make) -> Arrays:
    size = sizes["H"]
    late = np.triu(4 * make((size, size), -1, 1), 1) + np.diag(make((size,), -0.6, 0.6))  # its norm is far larger
    late[-1, -1] = float(make((), 0.9, 1.3))
    return {"A": until(make, (size, size), _turning, 1.5), "late": late, "rho": make((), 0.7, 0.95)}


OF_A, OF_LATE = ["complex eigenvalues", "the radius of what comes back"], ["real eigenvalues, a large norm"]


def _radii(sizes: Sizes, make: Make) -> Rounds:
    size = sizes["H"]
    turning = {"A": until(make, (size, size), _turning, 1.5), "rho": make((), 1.1, 1.4)}
    negative = {"late": until(make, (size, size), _negative, 1.5), "rho": make((), 1.1, 1.4)}
    one = {"late": make((1, 1), -2, -0.5), "rho": make((), 0.7, 0.95)}
    six = sizes | {"H": 6}
    return {
        "a radius above 1": Inputs(sizes, turning, cases=OF_A),
        "a negative eigenvalue": Inputs(sizes, negative, cases=OF_LATE),
        "H = 1": Inputs(sizes | {"H": 1}, one, cases=OF_LATE),
        "H = 6": Inputs(six, _radius(six, make)),
    }


# ---- the gradient ----------------------------------------------------------------------------------------------------


def _through_time(sizes: Sizes, make: Make) -> Arrays:
    T, B, I, H = (sizes[letter] for letter in "TBIH")  # noqa: E741
    return {
        "x": make((B, T, I), -1, 1), "hidden": make((T + 1, B, H), -0.9, 0.9), "W_hh": make((H, H), -0.9, 0.9),
        "dh_T": make((B, H), -1, 1), "x_1": make((B, 1, I), -1, 1), "hidden_1": make((2, B, H), -0.9, 0.9),
    }  # fmt: skip


def _flat(arrays: Arrays, name: str) -> Arrays:
    """States of which the middle ones have a unit at 1 and one at -1."""
    states = arrays[name].copy()
    states[len(states) // 2, ..., 0], states[len(states) // 2, ..., -1] = 1, -1
    return arrays | {name: states}


def _times(sizes: Sizes, make: Make) -> Rounds:
    flat = Inputs(sizes, _flat(_through_time(sizes, make), "hidden"))
    return in_sizes(_through_time)(sizes, make) | {"states of 1 and -1": flat}


def _jacobians(sizes: Sizes, make: Make) -> Arrays:
    T, H = sizes["T"], sizes["H"]
    states = {"hidden": make((T, H), -0.8, 0.8), "hidden_1": make((1, H), -0.8, 0.8)}
    return {"W_hh": make((H, H), -1, 1), "flat": _flat(states, "hidden")["hidden"], **states}


def _more_jacobians(sizes: Sizes, make: Make) -> Rounds:
    linear = _jacobians(sizes, make)
    rounds = {"states of 0": Inputs(sizes, linear | {"hidden": 0 * linear["hidden"]})}
    for name, new in {
        "H = 1": sizes | {"H": 1},
        "T = 3, H = 6": {"T": 3, "H": 6},
        "T = H = 3": {"T": 3, "H": 3},
    }.items():
        rounds[name] = Inputs(sizes | new, _jacobians(sizes | new, make))
    return rounds


# ---- optimisers ------------------------------------------------------------------------------------------------------


def _step(sizes: Sizes, make: Make) -> Arrays:
    shape = sizes["H"], sizes["N"]
    drawn = {name: make(shape, -1, 1) for name in ("p", "v", "g")}
    return drawn | {"lr": make((), 0.05, 0.3), "mu": make((), 0.6, 0.95), "none": np.array(0.0)}


def _steps(sizes: Sizes, make: Make) -> Rounds:
    return {name: Inputs(new, _step(new, make)) for name, new in {
        "one number": sizes | {"H": 1, "N": 1}, "another shape": sizes | {"H": 2, "N": 3},
    }.items()}  # fmt: skip


def _valley(sizes: Sizes, make: Make) -> Arrays:
    """A point, a velocity, and a gradient that is ``tanh((p - c) M) + (p - c) / 2``."""
    N = sizes["N"]
    drawn = {name: make((N,), -1, 1) for name in ("p", "v", "c")}
    return drawn | {
        "M": make((N, N), -1, 1),
        "lr": make((), 0.05, 0.3),
        "mu": make((), 0.6, 0.95),
        "none": np.array(0.0),
    }


def _valleys(sizes: Sizes, make: Make) -> Rounds:
    rounds = {f"N = {N}": Inputs(sizes | {"N": N}, _valley({"N": N}, make)) for N in (1, 3)}
    still = _valley(sizes, make)
    return rounds | {"v = 0": Inputs(sizes, still | {"v": 0 * still["v"]})}


def _schedule(sizes: Sizes, make: Make) -> Arrays:
    """The last update before a step of the schedule, the update of a step, and one at which the limit holds."""
    steps = 250 * whole(make, (2,), 3, 9)
    return {
        "t": steps[0] - 1, "at": steps[1], "late": whole(make, (), 60_000, 90_000), "mu_max": make((), 0.985, 0.997),
    }  # fmt: skip


def _schedules(sizes: Sizes, make: Make) -> Rounds:
    first, other = _schedule(sizes, make), _schedule(sizes, make)
    return {
        "t = 0": Inputs(sizes, first | {"t": np.array(0.0), "at": np.array(250.0)}),
        "t between two steps": Inputs(sizes, other | {"t": other["at"] + whole(make, (), 130, 240)}),
        "another limit": Inputs(sizes, other | {"mu_max": make((), 0.9, 0.95), "t": 500 + whole(make, (), 20, 100)}),
        "a limit below 0.5": Inputs(sizes, first | {"mu_max": make((), 0.2, 0.4), "late": whole(make, (), 0, 200)}),
    }


# ---- a row of results.json -------------------------------------------------------------------------------------------


def _history(make: Make, bad: tuple[float, float], good: tuple[float, float], threshold: float, equal: bool) -> list:
    """A metric that crosses the threshold, falls back, crosses again, and has not held it at the end."""
    early, late = int(whole(make, (), 2, 6)), int(whole(make, (), 2, 5))
    parts = [make((early,), *bad), make((1,), *good), make((late,), *bad), make((2,), *good), make((1,), *bad)]
    return [*parts[:1], *[np.array([threshold])] * equal, *parts[1:]]


def _row(sizes: Sizes, make: Make, equal: bool = True, epochs: slice = slice(None), task: str = "temporal_order"):
    """The histories of an accuracy, of an error, and of an accuracy that never crosses the threshold.

    ``equal``: whether one equals the threshold before it crosses it.
    """
    accuracy = _history(make, (0.1, 0.85), (0.91, 0.99), 0.9, equal)[epochs]
    error = _history(make, (0.06, 0.09), (0.01, 0.045), 0.05, equal)[epochs]
    metric = np.concatenate(accuracy)
    arrays = {
        "metric": metric, "error": np.concatenate(error), "never": make(metric.shape, 0.1, 0.85),
        "loss": make((16,), 0.2, 1.6), "threshold": np.array(0.9), "below": np.array(0.05),
        "T": whole(make, (), 20, 90), "chance": make((), 0.1, 0.3),
    }  # fmt: skip
    return Inputs(sizes, arrays, {"task": task, "init": "ortho" if equal else "random", "metric_name": "accuracy"})


def _rows(sizes: Sizes, make: Make) -> Rounds:
    return {
        "another history": _row(sizes, make, False, task="xor"),
        "one epoch": _row(sizes, make, False, slice(1, 2), task="3bit_memorization"),
    }


MAKERS = Makers(
    SIZES,
    {
        "addition_batch": (_addition, in_sizes(_addition)),
        "orthogonal": (_orthogonal, _orthogonals),
        "to_radius": (_radius, _radii),
        "bptt": (_through_time, _times),
        "heavy_ball": (_step, _steps),
        "nesterov": (_valley, _valleys),
        "momentum_schedule": (_schedule, _schedules),
        "jacobian_norms": (_jacobians, _more_jacobians),
        "result_row": (_row, _rows),
    },
)
