"""Stands in for the earlier questions that an answer calls: what a call gives is looked up, and never computed here.

The grader sends what right code gives for the calls that it has been told of. Another call is noted and gives NaN; the
same request then comes again, with its result. So nothing is known here but what the student's code has asked for.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.checks.outcome import kind_of
from rnnkit.checks.question import Question
from rnnkit.checks.rules import _functions, _method
from rnnkit.common.shapes import SHAPES
from rnnkit.common.wire import encode

ERRORS = {error.__name__: error for error in (RuntimeError, TypeError, ValueError, IndexError)}
LETTERS = {"update_gate": "z", "reset_gate": "r", "candidate": "h"}
RESULTS = {"GRU.step": 3}  # tensors that a call gives; of the others one
FORMS: dict[str, Callable[[Sequence[Tensor]], Any]] = {  # of a step's h_t, z_t and r_t; the first is right
    "": lambda results: (results[0], dict(zip("zr", results[1:], strict=True))),
    "state alone": lambda results: results[0],
    "tuple of three": tuple,
}
Arrays = list[np.ndarray]


@dataclass(frozen=True)
class Call:
    """One call of an earlier question.

    Fields:
        question: its id.
        phi: of the cell; empty where it has none.
        arrays: what it is given: for a method also the weights.
        back: the gradients of the results, where those of the arrays are asked for.
    """

    question: str
    phi: str
    arrays: Arrays
    back: Arrays


class Asked(Exception):
    """A call whose result is not known yet, nor of what shape it is."""


def weights_of(question: Question) -> list[str]:
    """The parameters that a method of a cell computes with, in the order in which a call has them."""
    letter = LETTERS.get(question.method or "")
    names = [name for name in SHAPES[question.target] if name not in ("W_ho", "b_o")]
    return [name for name in names if letter in (None, name[-1])]


class Book:
    """The calls of one request: those not known yet by key, and the ids of all questions that were called.

    Fields:
        form: in which the call that was looked up last hands its results over; see `FORMS`.

    Arguments:
        given: key -> ``{"values": arrays}``, where they come in another form also ``{"form": its name}``, or
            ``{"error": [type, text]}``: what right code does in known calls.
        plain: whether functions give floats and arrays, not tensors; either is a right answer to them.
    """

    def __init__(self, given: dict[str, Any], plain: bool) -> None:
        self.given, self.plain = given, plain
        self.calls: dict[str, dict[str, Any]] = {}
        self.called: set[str] = set()
        self.form = ""

    def look(self, need: Question, arrays: Arrays, phi: str = "", back: Sequence[np.ndarray] = ()) -> Arrays | None:
        """What a call gives, described as a `Call` is; None where it is not known yet.

        Raises:
            one of ERRORS: right code raises it in this call.
        """
        self.called.add(need.id)
        call = {"question": need.id, "phi": phi, "arrays": arrays, "back": list(back)}
        key = hashlib.sha256(json.dumps(encode(call)).encode()).hexdigest()
        result = self.given.get(key)
        if result is None:
            if all(np.isfinite(one).all() for one in (*arrays, *back)):  # what is made of NaN is asked for later
                self.calls[key] = call | {"arrays": [one.copy() for one in arrays]}  # weights are set anew in place
            return None
        if "error" in result:
            kind, text = result["error"]
            raise ERRORS[kind](text)
        self.form = result.get("form", "")
        return result["values"]


@contextmanager
def placed(question: Question, obj: Any, book: Book) -> Iterator[None]:
    """Puts stand-ins in the place of the earlier questions' code, for as long as it lasts."""
    spaces = {id(one.__globals__): one.__globals__ for one in _functions(obj, question)}
    with ExitStack() as stack:
        for need in question.behind:
            name = need.method or need.target
            if need.method and isinstance(obj, type):
                own = _method(obj, name)
                stand_in = of_method(need, book, own)
                stack.enter_context(_replaced(vars(obj), name, stand_in, partial(setattr, obj), partial(delattr, obj)))
                where = [space for space in spaces.values() if own is not None and space.get(name) is own]
            else:
                own = getattr(obj, "__globals__", {}).get(name)
                stand_in, where = partial(_function, need, book, own), list(spaces.values())
            for space in where:
                stack.enter_context(_replaced(space, name, partial(stand_in), space.__setitem__, space.pop))
        yield


@contextmanager
def _replaced(
    space: Mapping[str, Any], name: str, value: Any, put: Callable[[str, Any], object], drop: Callable[[str], object]
) -> Iterator[None]:
    """A name of a class or a module that means something else for as long as it lasts."""
    had = space.get(name, space)
    put(name, value)
    try:
        yield
    finally:
        if had is not space:
            put(name, had)
        elif name in space:
            drop(name)


def _bound(need: Question, own: Any, given: tuple, named: dict[str, Any]) -> tuple:
    """The arguments in their order; by name they may be called as the student's own code calls them."""
    try:
        theirs = [*inspect.signature(own).parameters][1 if need.method else 0 :]
    except (TypeError, ValueError):
        theirs = []
    names = dict(zip(theirs, need.arguments, strict=False))
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in need.arguments])
    return signature.bind(*given, **{names.get(name, name): value for name, value in named.items()}).args


# ---- methods of a cell --------------------------------------------------------------------------------------------


def of_method(need: Question, book: Book, own: Any, names: Sequence[str] = ()) -> Callable[..., Any]:
    """What stands in for a method; ``names`` are of the parameters that it computes with, by default its own."""
    names = names or weights_of(need)

    def stand_in(self: Any, *given: Any, **named: Any) -> Any:
        weights = [getattr(self, name) for name in names]
        tensors = [_tensor(need, one, weights[0]) for one in _bound(need, own, given, named)]
        phi = str(self.phi) if need.target == "RNN" else ""
        results = _Looked.apply(partial(_tensors, need, book, phi), *tensors, *weights)
        return results[0] if len(results) == 1 else FORMS[book.form](results)

    return stand_in


def _tensor(need: Question, value: Any, like: Tensor) -> Tensor:
    if isinstance(value, int | float):
        return like.new_tensor(value)
    if not isinstance(value, Tensor):
        raise TypeError(f"{need.name}: expected tensors, got {kind_of(value)}")
    return value


def _tensors(need: Question, book: Book, phi: str, tensors: Sequence[Tensor], back: Sequence[Tensor]) -> list[Tensor]:
    """The results of a call or, where their gradients are given, the gradients of what it was given."""
    values = book.look(need, [_array(one) for one in tensors], phi, [_array(one) for one in back])
    if values is not None:
        return [torch.from_numpy(value.copy()) for value in values]
    if back:
        return [torch.full_like(one, torch.nan) for one in tensors]
    x_t, h_prev, *_, bias = tensors
    try:
        rows = np.broadcast_shapes(x_t.shape[:-1], h_prev.shape[:-1])  # torch's own would import sympy for it
    except ValueError:
        raise Asked(need.id) from None
    return [bias.new_full((*rows, *bias.shape), torch.nan) for _ in range(RESULTS.get(need.name, 1))]


def _array(value: Tensor) -> np.ndarray:
    return value.detach().cpu().numpy()


class _Looked(torch.autograd.Function):
    """A call whose way back is looked up, too; as in right code, what it keeps for that must not be overwritten."""

    @staticmethod
    def forward(ctx: Any, look: Callable[..., list[Tensor]], *tensors: Tensor) -> tuple[Tensor, ...]:
        results = tuple(look(tensors, ()))
        ctx.look, ctx.count = look, len(tensors)
        ctx.save_for_backward(*tensors, *results)
        return results

    @staticmethod
    def backward(ctx: Any, *back: Tensor) -> tuple[Any, ...]:
        return None, *ctx.look(ctx.saved_tensors[: ctx.count], back)


# ---- functions ----------------------------------------------------------------------------------------------------


def _function(need: Question, book: Book, own: Any, *ordered: Any, **named: Any) -> Any:
    bound = _bound(need, own, ordered, named)
    shape = need.returns(*bound) if need.returns else None
    given = [torch.as_tensor(one, dtype=torch.float64) if name in need.numbers else one
             for name, one in zip(need.arguments, bound, strict=False)]  # fmt: skip
    tensors = [one for part in given for one in (part if _several(part) else [part])]
    for one in tensors:
        if not isinstance(one, Tensor):
            raise TypeError(f"{need.name}: expected a tensor, got {kind_of(one)}")
    values = book.look(need, [_array(one) for one in tensors])
    if values is None and shape is None:
        raise Asked(need.id)
    value = np.full(shape or (), np.nan) if values is None else values[0].copy()
    if not book.plain:
        return torch.from_numpy(value)
    return value if value.ndim else float(value)


def _several(value: Any) -> bool:
    """Whether an argument is a list of tensors, or gives them one after the other."""
    return isinstance(value, Iterable) and not isinstance(value, Tensor | np.ndarray | str)
