"""The GRUs that a student's test is tried on: right ones written in many ways, and ones with a known mistake.

Each is the right one with some of its lines written anew. A mistake has the name that it has in the bank of the clone's
tests, which holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.assignments.training_dynamics import kinds
from rnnkit.assignments.training_dynamics.key.called import bounded, computed
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.standins import FORMS, Call
from rnnkit.common.shapes import RECURRENT

GATES = {"z": "update_gate", "r": "reset_gate"}
LINES = {  # of a right one; x, h and r are what a method is given, z, r and c what the lines of the step made
    "update_gate": "sigmoid(x @ W_xz + h @ W_hz + b_z)",
    "reset_gate": "sigmoid(x @ W_xr + h @ W_hr + b_r)",
    "candidate": "tanh(x @ W_xh + (r * h) @ W_hh + b_h)",
    "z": "update_gate(x, h)",
    "r": "reset_gate(x, h)",
    "c": "candidate(x, h, r)",
    "state": "(1 - z) * h + z * c",
    "traces": "z, r",
}
STEP = ("z", "r", "c", "state", "traces")


def _beside(x: Tensor, h: Tensor) -> Tensor:
    """Inputs and states side by side."""
    rows = torch.broadcast_shapes(x.shape[:-1], h.shape[:-1])
    return torch.cat([x.expand(*rows, x.shape[-1]), h.expand(*rows, h.shape[-1])], -1)


def _product(a: Tensor, W: Tensor) -> Tensor:
    return torch.einsum("...i,ih->...h", a, W)


SPACE: dict[str, Any] = {
    "sigmoid": torch.sigmoid, "tanh": torch.tanh, "torch": torch, "linear": torch.nn.functional.linear,
    "beside": _beside, "product": _product,
}  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """One GRU.

    Fields:
        kind: what is wrong, one of `kinds.KINDS`; empty for a right one.
        name: of the mistake, or of the way in which a right one is written.
        question: whose mistake it is in the bank; empty for a right one.
        changed: the lines that it has in the place of those of `LINES`.
        form: in which its step hands its results over; see `rnnkit.checks.standins.FORMS`.
    """

    kind: str
    name: str
    question: str
    changed: dict[str, str]
    form: str = ""

    @property
    def told(self) -> str:
        """The name and, of a mistake, where it is made."""
        return f"{self.name} ({self.question.removeprefix('gru_')})" if self.kind else self.name

    def called(self, call: Call, inputs: Inputs | None = None) -> list[np.ndarray]:
        """What it gives in a call with all of a GRU's weights; gradients where ``call.back`` is given."""
        bounded(call)
        return computed(partial(self._computed, call.question.removeprefix("gru_")), call)

    def _computed(self, method: str, *given: Tensor) -> Tensor | tuple[Tensor, ...]:
        lines, count = LINES | self.changed, len(given) - len(RECURRENT["GRU"])
        space = SPACE | dict(zip(RECURRENT["GRU"], given[count:], strict=True))

        def part(name: str) -> Callable[..., Tensor]:
            return lambda *given: eval(_code(lines[name]), space | dict(zip("xhr", given, strict=False)))

        space |= {name: part(name) for name in ("update_gate", "reset_gate", "candidate")}
        if method in lines:
            return space[method](*given[:count])
        space |= dict(zip("xh", given, strict=False))
        for name in STEP:
            space[name] = eval(_code(lines[name]), space)
        return space["state"], *space["traces"]


@cache
def _code(line: str) -> Any:
    return compile(line, "a variant", "eval")


# ---- right ones ---------------------------------------------------------------------------------------------------


def _each(line: str, *others: tuple[str, str]) -> dict[str, str]:
    """The sums of both gates and the candidate, written anew: ``g`` stands for the letter, ``a`` for the state."""
    gates = {"update_gate": ("z", "h", "sigmoid"), "reset_gate": ("r", "h", "sigmoid")}
    sums = gates | {"candidate": ("h", "(r * h)", "tanh")}
    made = {}
    for part, (letter, state, phi) in sums.items():
        text = line.replace("_g", letter).replace("STATE", state)
        around = dict(others).get(phi, f"{phi}(SUM)")
        made[part] = around.replace("SUM", text)
    return made


PLAIN = "x @ W_x_g + STATE @ W_h_g + b__g"
RIGHT: dict[str, dict[str, str]] = {
    "as the equations have it": {},
    "the mixture as h + z * (c - h)": {"state": "h + z * (c - h)"},
    "the mixture as torch.lerp": {"state": "torch.lerp(h, c, z)"},
    "one product for input and state": _each("beside(x, STATE) @ torch.cat([W_x_g, W_h_g]) + b__g"),
    "einsum": _each("product(x, W_x_g) + product(STATE, W_h_g) + b__g"),
    "linear": _each("linear(STATE, W_h_g.T, b__g) + linear(x, W_x_g.T)"),
    "the sums in another order": _each("b__g + STATE @ W_h_g + x @ W_x_g") | {"state": "z * c + h - z * h"},
    "sums in float64": _each(
        PLAIN.replace("@", ".double() @").replace("W_x_g", "W_x_g.double()").replace("W_h_g", "W_h_g.double()"),
        ("sigmoid", "sigmoid(SUM).to(h.dtype)"), ("tanh", "tanh(SUM).to(h.dtype)"),
    ),
    "each nonlinearity by the other": _each(
        PLAIN, ("sigmoid", "0.5 + 0.5 * tanh(0.5 * (SUM))"), ("tanh", "2 * sigmoid(2 * (SUM)) - 1")
    ),
}  # fmt: skip

# ---- mistakes, by their names in the bank -------------------------------------------------------------------------


def _of_gate(g: str, other: str) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    part = GATES[g]
    line, (W, U, b) = LINES[part], (f"W_x{g}", f"W_h{g}", f"b_{g}")
    inner = line.removeprefix("sigmoid")
    rows = {
        "tanh": f"tanh{inner}",
        "no sigmoid": inner,
        "complement": f"1 - {line}",
        "no bias": line.replace(f" + {b}", ""),
        "doubled bias": line.replace(b, f"2 * {b}"),
        "bias outside": line.replace(f" + {b})", f") + {b}"),
        "transposed": line.replace(U, f"{U}.T"),
        "other gate": LINES[GATES[other]],
        "candidate's weights": line.replace(W, "W_xh").replace(U, "W_hh").replace(b, "b_h"),
        "no recurrence": line.replace(f" + h @ {U}", ""),
        "no input": line.replace(f"x @ {W} + ", ""),
    }
    for name, new in rows.items():
        yield kinds.of_gate(g), f"gru_{part}", name, {part: new}
    yield kinds.GRADIENTS, f"gru_{part}", "detached", {part: line.replace("h @", "h.detach() @")}


SUM, CANDIDATE = "x @ W_xh + h @ W_hh + b_h", LINES["candidate"]
RESET = {
    "r after the product": "tanh(x @ W_xh + r * (h @ W_hh) + b_h)",
    "r after product and bias": "tanh(x @ W_xh + r * (h @ W_hh + b_h))",
    "r missing": f"tanh({SUM})",
    "1 - r": CANDIDATE.replace("(r * h)", "((1 - r) * h)"),
    "r on everything": f"tanh(r * ({SUM}))",
    "r outside tanh": f"r * tanh({SUM})",
    "r on the input": "tanh(r * (x @ W_xh) + h @ W_hh + b_h)",
    "r added": CANDIDATE.replace("(r * h)", "(r + h)"),
    "r for h": CANDIDATE.replace("(r * h)", "r"),
}
WHOLE = {
    "sigmoid for tanh": CANDIDATE.replace("tanh", "sigmoid"),
    "no tanh": CANDIDATE.removeprefix("tanh"),
    "no bias": CANDIDATE.replace(" + b_h", ""),
    "doubled bias": CANDIDATE.replace("b_h", "2 * b_h"),
    "W_hh transposed": CANDIDATE.replace("W_hh", "W_hh.T"),
    "update gate's weights": CANDIDATE.replace("W_xh", "W_xz").replace("W_hh", "W_hz").replace("b_h", "b_z"),
    "no input": CANDIDATE.replace("x @ W_xh + ", ""),
}
CUT_OFF = {
    "detached": CANDIDATE.replace("r * h", "r * h.detach()"),
    "r detached": CANDIDATE.replace("r * h", "r.detach() * h"),
}
MIXED = "(1 - z) * h + z * c"
STEPS = {
    kinds.MIXTURE: {
        "z and 1 - z swapped": {"state": "z * h + (1 - z) * c"},
        "no old state": {"state": "z * c"},
        "candidate alone": {"state": "c"},
        "whole old state": {"state": "h + z * c"},
        "whole candidate": {"state": "(1 - z) * h + c"},
        "r in the mixture": {"state": "(1 - z) * r * h + z * c"},
        "tanh of the mixture": {"state": f"tanh({MIXED})"},
        "torch's GRU": {"c": RESET["r after the product"], "state": "z * h + (1 - z) * c"},
    },
    kinds.RESET: {
        "r missing": {"c": "candidate(x, h, torch.ones_like(r))"},
        "r twice": {"c": "candidate(x, r * h, r)"},
        "z for r": {"c": "candidate(x, h, z)"},
        "gates from the candidate's state": {"r": "reset_gate(x, z * h)"},
    },
    kinds.RETURNED: {
        "gates swapped": {"traces": "r, z"},
        "roles swapped": {"z": "reset_gate(x, h)", "r": "update_gate(x, h)"},
        "gates before the sigmoid": {"traces": "torch.logit(z), torch.logit(r)"},
    },
    kinds.GRADIENTS: {"detached": {"state": "(1 - z) * h.detach() + z * c"}},
}


def _mistakes() -> Iterator[Variant]:
    for g, other in ("zr", "rz"):
        for kind, question, name, changed in _of_gate(g, other):
            yield Variant(kind, name, question, changed)
    for kind, lines in ((kinds.RESET, RESET), (kinds.CANDIDATE, WHOLE), (kinds.GRADIENTS, CUT_OFF)):
        for name, line in lines.items():
            yield Variant(kind, name, "gru_candidate", {"candidate": line})
    for kind, rows in STEPS.items():
        for name, changed in rows.items():
            yield Variant(kind, name, "gru_step", changed)
    for form in filter(None, FORMS):
        yield Variant(kinds.RETURNED, form, "gru_step", {}, form)


def variants(question_id: str) -> tuple[Variant, ...]:
    """All that the test of a question is tried on, each right one twice."""
    right = [Variant("", name, "", changed) for name, changed in RIGHT.items()]
    return (*right, *right, *sorted(_mistakes(), key=lambda one: kinds.KINDS.index(one.kind)))
