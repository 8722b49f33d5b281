"""A case, the named part of a question; the simple form of one is a call whose result is compared."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.checks.errors import of_error
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import Outcome, Shape, kind_of, named
from rnnkit.common.shapes import SHAPES, shape_of

Run = Callable[[Any, torch.dtype, Outcome, Inputs], None]  # obj, dtype, outcome, inputs


class Case(NamedTuple):
    """A named part of a question, and what it is worth.

    Fields:
        name: shown in the report.
        weight: its points.
        run: ``run(obj, dtype, outcome, inputs)`` drives the student's object and fills in the outcome.
    """

    name: str
    weight: float
    run: Run


def tensor(values: np.ndarray, dtype: torch.dtype, grad: bool = False) -> Tensor:
    """A leaf of its own; ``grad`` asks for gradients."""
    return torch.tensor(values, dtype=dtype, requires_grad=grad)


def call(
    name: str,
    weight: float,
    arguments: str,
    result: Shape | dict[str, Shape] = None,
    *,
    parts: type = tuple,
    numbers: str = "",
    integers: str = "",
    called: str = "",
    quantity: str = "result",
    watched: bool = True,
) -> Case:
    """The simple form of a case: calls the function with some of the inputs, in every round, and keeps what comes back.

    Arguments:
        name: of the case.
        weight: its points.
        arguments: names of the arrays that it is called with, in order; a name that ends in ``*`` is a numbered list.
        result: the shape of what comes back, in letters of the sizes or in numbers; None for any shape; ``str`` or
            ``bool`` where it is no number. A dict where several things come back: name -> shape.
        parts: what several things come back in: ``tuple`` in the order of ``result``, or ``dict`` with its keys.
        numbers: those of the arguments that are handed over as floats, not as tensors.
        integers: those that are handed over as tensors of int64, or, where they have no axis, as ints.
        called: what the arguments are called in messages, where that is not their arrays' names.
        quantity: what a single result is called.
        watched: whether what came in must be as it was.
    """
    names = arguments.split()
    kinds = dict.fromkeys(numbers.split(), float) | dict.fromkeys(integers.split(), int)

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        given, fresh = ([_argument(one, dtype, inputs, kinds.get(one)) for one in names] for _ in range(2))
        kept = [list(one) if isinstance(one, list) else one for one in given]
        _keep(outcome, obj(*given), result, parts, quantity)
        came = zip(called.split() or names, given, kept, fresh, strict=True)
        for said, one, before, right in came if watched else ():
            unchanged(outcome, said.removesuffix("*"), one, before, right)

    return Case(name, weight, in_rounds(once))


def form(name: str, weight: float, case: Case) -> Case:
    """The same call as another case, of which the shapes alone are compared."""

    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        part = outcome.part()
        case.run(obj, dtype, part, inputs)
        outcome.problems |= part.problems
        for quantity, value in part.values.items():
            outcome.values[f"length of {quantity}"] = np.array(value.shape, dtype=np.float64)

    return Case(name, weight, run)


def unchanged(outcome: Outcome, said: str, given: Any, kept: Any, right: Any) -> None:
    """Notes what a student's code changed of an argument: ``kept`` is a copy of a list, ``right`` has its numbers."""
    if isinstance(kept, Tensor) and not torch.equal(kept, right):
        outcome.problems[said] = f"{said}: your code changes it in place; make a new tensor instead"
    if not isinstance(kept, list):
        return
    if len(given) != len(kept) or any(one is not other for one, other in zip(given, kept, strict=True)):
        outcome.problems[said] = f"{said}: your code changes the list that it was given; build a new one"
    if not all(map(torch.equal, kept, right)):
        outcome.problems[said] = f"{said}: your code changes them in place; make new tensors instead"


def in_rounds(once: Run) -> Run:
    """What a case runs that asks a function in every round; ``once`` asks it in one."""

    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        every_round(outcome, inputs, lambda outcome, given: once(obj, dtype, outcome, given))

    return run


def every_round(outcome: Outcome, inputs: Inputs, one: Callable[[Outcome, Inputs], None]) -> None:
    """Runs a case with its own inputs and, where what came back has the right form, in the later rounds.

    An exception in a later round is a problem of the outcome, one in the first is raised.
    """
    one(outcome, inputs)
    if outcome.problems:
        return
    for name, given in inputs.rounds.items():
        part = Outcome(sizes=given.sizes)
        try:
            one(part, given)
        except Exception as error:
            part.problems["error"] = of_error(error, None, given.sizes if "W_ho" in given.arrays else None)
        outcome.values |= {named(quantity, name): value for quantity, value in part.values.items()}
        outcome.problems |= {named(what, name): f"with {name}: {text}" for what, text in part.problems.items()}


def _argument(name: str, dtype: torch.dtype, inputs: Inputs, kind: type | None) -> Any:
    if name.endswith("*"):
        return [tensor(values, dtype) for values in inputs.listed(name[:-1])]
    if kind is int and inputs[name].ndim:
        return tensor(inputs[name], torch.int64)
    return kind(inputs[name]) if kind else tensor(inputs[name], dtype)


def _keep(outcome: Outcome, value: Any, result: Shape | dict[str, Shape], parts: type, quantity: str) -> None:
    if not isinstance(result, dict):
        outcome.put(quantity, value, result)
    elif parts is tuple:
        for name, part in parts_of(outcome, value, result, quantity).items():
            outcome.put(name, part, result[name])
    elif isinstance(value, dict):
        for name, shape in result.items():
            if name in value:
                outcome.put(name, value[name], shape)
            else:
                outcome.problems[name] = f"{name}: the key is missing"
    else:
        outcome.problems[quantity] = f"expected to get back a dict with {', '.join(result)}, got {kind_of(value)}"


def parts_of(outcome: Outcome, value: Any, names: Iterable[str], quantity: str = "result") -> dict[str, Any]:
    """What came back in a tuple or a list, by name; empty, with a problem, where it is not so many things."""
    said = [*names]
    if isinstance(value, tuple | list) and len(value) == len(said):
        return dict(zip(said, value, strict=True))
    outcome.problems[quantity] = f"expected to get back ({', '.join(said)}), got {kind_of(value)}"
    return {}


def put_keys(outcome: Outcome, value: dict[Any, Any], keys: Sequence[str], said: str, of: str = "") -> None:
    """Puts which keys a dict has: how many, and how many of them are others; a problem where they are not the same.

    Arguments:
        said: what the dict is called.
        of: stands behind "keys" where several dicts come back.
    """
    missing = [key for key in keys if key not in value]
    strange = sorted(str(key) for key in value if key not in keys)
    outcome.put(f"other keys{of}", float(len(strange)), ())
    outcome.put(f"length of {said}", float(len(value)), ())
    if missing or strange:
        found = f"missing {', '.join(missing) or 'none'}; too many: {', '.join(strange) or 'none'}"
        outcome.problems[f"keys{of}"] = f"keys{of}: expected {', '.join(keys)}; {found}"


# ---- cells, made once for all rounds that have their sizes, head and phi -------------------------------------------


def set_weights(cell: nn.Module, kind: str, dtype: torch.dtype, inputs: Inputs) -> None:
    """Puts the weights in place, as an update of training does.

    Raises:
        LookupError: a parameter is missing or has another shape.
    """
    parameters = dict(cell.named_parameters())
    for name, letters in SHAPES[kind].items():
        parameter, shape = parameters.get(name), shape_of(letters, inputs.sizes)
        if parameter is None or tuple(parameter.shape) != shape:
            got = "none" if parameter is None else tuple(parameter.shape)
            raise LookupError(f"{name}: expected a parameter of shape {shape}, got {got}")
        with torch.no_grad():
            parameter.copy_(tensor(inputs[name], dtype))


def cell_in_rounds(kind: str, use: Run, **made: str) -> Run:
    """A case that uses a cell in every round; one cell for as long as its sizes, head and phi stay.

    Arguments:
        kind: ``RNN`` or ``GRU``.
        use: ``use(cell, dtype, outcome, inputs)``.
        made: ``phi`` and ``head`` of the cell; see `_chosen` for what else they may be.
    """

    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        cells: dict[tuple, nn.Module] = {}

        def one(outcome: Outcome, given: Inputs) -> None:
            chosen = _chosen(made, given)
            sizes = [given.sizes[letter] for letter in "IHO"]
            key = (*chosen.items(), *sizes)
            if key not in cells:
                cells[key] = obj(*sizes, dtype=dtype, **chosen)
            cell, off = cells[key], given.options.get("grad") == "off"
            set_weights(cell, kind, dtype, given)
            cell.train(not off)
            with torch.no_grad() if off else contextlib.nullcontext():
                use(cell, dtype, outcome, given)
            fresh = given_tensors(" ".join(SHAPES[kind]), dtype, given)
            unchanged_tensors(outcome, named_weights(cell, kind), fresh)

        every_round(outcome, inputs, one)

    return run


def _chosen(made: dict[str, str], given: Inputs) -> dict[str, str]:
    """phi and head of a cell: the case's own or, by the names ``any``, ``each`` and ``last``, those of the round."""
    phi, head = made.get("phi", "tanh"), made.get("head", "softmax")
    named = {"any": ("head", "softmax"), "each": ("head", "lastLinear"), "last": ("last", "lastLinear")}
    option, usual = named.get(head, ("", head))
    return {"phi": given.options.get("phi", "tanh") if phi == "any" else phi, "head": given.options.get(option, usual)}


def given_tensors(names: str, dtype: torch.dtype, inputs: Inputs, grad: bool = False) -> dict[str, Tensor]:
    """Leaves of those inputs, by name."""
    return {name: tensor(inputs[name], dtype, grad) for name in names.split()}


def unchanged_tensors(outcome: Outcome, given: dict[str, Tensor], fresh: dict[str, Tensor]) -> None:
    """Notes what a student's code changed in place."""
    for name, value in given.items():
        unchanged(outcome, name, value, value, fresh[name])


def named_weights(cell: nn.Module, kind: str) -> dict[str, Tensor]:
    """The weights of a cell by name, in their order."""
    return {name: getattr(cell, name) for name in SHAPES[kind]}
