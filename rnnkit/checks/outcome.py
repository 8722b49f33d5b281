"""What a student's code gave back in one case: numbers of exact type, problems with them, or an exception."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.common.shapes import shape_of

TENSORS = (Tensor, nn.Parameter)
SCALARS = (float, int, np.longdouble, np.float64, np.float32, np.float16, np.int64, np.int32)
PROJECTIONS = 3
WITH = " (with "  # stands in the name of every quantity of a later round
SPELT = "letters of "  # stands before the name of what is a word or a truth value
Shape = str | tuple[int, ...] | type | None  # in letters of the sizes or in numbers; ``str`` or ``bool``; None for any
Fingerprint = list[Any]  # a word and numbers
TOLERANCE = 2e-5  # wide enough for a solution in float32, far below any mistake


class Unfit(Exception):
    """A value that is no array of numbers; the message says why."""


class Reported(Exception):
    """An exception that was raised in another process, as far as it is known here.

    Fields:
        kind: the name of its class.
        where: the student's function that raised it and the line, as `diagnose.where` gives them.
    """

    def __init__(self, kind: str, text: str, where: tuple[str, str]) -> None:
        super().__init__(text)
        self.kind, self.where = kind, where


def name_of(error: BaseException | None) -> str:
    """The name of an exception's class."""
    return error.kind if isinstance(error, Reported) else type(error).__name__


def kind_of(value: Any) -> str:
    """A short description of a value for messages."""
    if type(value) in TENSORS or type(value) is np.ndarray:
        name = "array" if type(value) is np.ndarray else "tensor"
        return f"{name} of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple):
        inside = ", ".join(map(kind_of, value)) if type(value) is tuple and 0 < len(value) <= 4 else ""
        name = "list" if isinstance(value, list) else "tuple"
        pairs = " tuples" if len(value) > 1 and all(type(one) is tuple for one in value) and not inside else ""
        return f"{name} of {len(value)}{pairs}{f' ({inside[:120]})' if inside else ''}"
    return "None" if value is None else type(value).__name__


def named(quantity: str, name: str) -> str:
    """A quantity's name in a later round: ``h_t (with B = 1)``."""
    return f"{quantity}{WITH}{name})"


def plain_name(quantity: str) -> str:
    """A quantity's name as people read it."""
    return quantity.removeprefix(SPELT)


def later(quantity: str) -> bool:
    """Whether a quantity or problem belongs to a later round."""
    return WITH in quantity


def as_array(value: Any) -> np.ndarray:
    """The numbers of a value, float64. Exact types only: what a subclass does is not known.

    Raises:
        Unfit: it holds no real floating-point numbers.
    """
    is_tensor = type(value) in TENSORS
    if is_tensor or type(value) is np.ndarray:
        if not (value.is_floating_point() if is_tensor else value.dtype.kind == "f"):
            raise Unfit(f"expected real floating-point numbers, got dtype {value.dtype}")
        return value.detach().to("cpu", torch.float64).numpy().copy() if is_tensor else value.astype(np.float64)
    if type(value) in SCALARS:
        return np.asarray(float(value))
    if type(value) in (list, tuple):
        arrays = [as_array(entry) for entry in value]
        if not arrays or any(array.shape != arrays[0].shape for array in arrays):
            raise Unfit("expected entries of equal shape, got a ragged or empty list")
        return np.stack(arrays)
    raise Unfit(f"expected numbers, got {kind_of(value)}")


@dataclass
class Outcome:
    """One case: quantities by name, what is wrong with their form, and an exception if there was one."""

    values: dict[str, np.ndarray] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    error: BaseException | None = None
    notes: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def part(self) -> Outcome:
        """An empty outcome of the same sizes, for what is to be looked at before it is taken over."""
        return Outcome(sizes=self.sizes)

    def put(self, name: str, value: Any, shape: Shape, *, only_tensor: bool = False) -> bool:
        """Takes a value in; a wrong type, dtype, shape (None: any is right) or a NaN is noted as a problem.

        Returns:
            whether it is a tensor of numbers, of whatever shape: one that a gradient can be asked of.
        """
        if isinstance(shape, type):  # of a word or a truth value, which is compared letter by letter
            if type(value) is shape:
                self.values[f"{SPELT}{name}"] = np.array([*map(ord, str(value))], dtype=np.float64)
            else:
                self.problems[name] = f"{name}: expected a {shape.__name__}, got {kind_of(value)}"
            return False
        want = shape_of(shape, self.sizes) if isinstance(shape, str) else shape
        letters = f"({', '.join(shape)}) = " if isinstance(shape, str) else ""
        is_tensor = type(value) in TENSORS
        if only_tensor and not is_tensor:
            steps = isinstance(value, list | tuple) and "T" in letters
            advice = "; stack the steps with torch.stack" if steps else ""
            self.problems[name] = f"{name}: expected a tensor of shape {letters}{want}, got {kind_of(value)}{advice}"
            return False
        try:
            array = as_array(value)
        except Unfit as unfit:
            self.problems[name] = f"{name}: {unfit}"
            return False
        self.values[name] = array
        if want is not None and array.shape != want:
            self.problems[name] = f"{name}: expected shape {letters}{want}, got {array.shape}"
        elif not np.isfinite(array).all():
            self.problems[name] = f"{name}: expected finite numbers, got {int((~np.isfinite(array)).sum())} NaN or inf"
        return is_tensor

    def put_gradients(self, name: str, value: Tensor, sources: dict[str, Tensor]) -> None:
        """Gradients of a fixed weighted sum of ``value`` with respect to each source; 0 where there is no path."""
        if not value.requires_grad:
            cut = "one cut off from the graph (detach, .data, .numpy() or torch.no_grad)"
            self.problems[name] = f"{name}: expected a tensor with a gradient, got {cut}"
            return
        weights = torch.cos(1.3 * torch.arange(value.numel(), dtype=value.dtype)).reshape(value.shape)
        gradients = torch.autograd.grad((value * weights).sum(), list(sources.values()), allow_unused=True)
        for (source, leaf), gradient in zip(sources.items(), gradients, strict=True):
            gradient = torch.zeros_like(leaf) if gradient is None else gradient
            self.put(f"d{name}/d{source}", gradient, tuple(leaf.shape))

    def fingerprint(self, rounds: bool = True) -> Fingerprint:
        """A few numbers that tell this outcome from others, and a word for its names, shapes, problems and error."""
        names = [name for name in sorted(self.values) if rounds or not later(name)]
        problems = sorted(text for name, text in self.problems.items() if not later(name))
        words = [f"{name}{self.values[name].shape}" for name in names] + problems
        words += sorted(name for name in self.problems if rounds and later(name))
        if self.error is not None:
            words.append(f"{name_of(self.error)}: {' '.join(str(self.error)[:90].split())}")
        flat = np.concatenate([self.values[name].ravel() for name in names]) if names else np.zeros(0)
        finite = np.isfinite(flat)
        words.append(f"{int((~finite).sum())} not finite")
        word = hashlib.blake2s("\n".join(words).encode(), digest_size=5).hexdigest()
        return [word, *_project(np.where(finite, flat, 0.0))]


Outcomes = dict[str, Outcome]  # by case, or probe


def _project(flat: np.ndarray) -> list[float]:
    k = np.arange(flat.size)
    with np.errstate(all="ignore"):
        numbers = [float(flat @ np.cos(0.4 + f * k)) for f in (0.0, 0.9, 2.1)]
    return [float(f"{number:.7g}") if abs(number) < 1e300 else 0.0 for number in numbers]


def same_print(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two fingerprints are of the same outcome."""
    return one[0] == other[0] and all(
        abs(p - q) <= 5 * TOLERANCE * (1 + abs(q)) for p, q in zip(one[1:], other[1:], strict=True)
    )


def equal(got: np.ndarray | None, expected: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    """Same shape, and every number within the tolerance; NaN is equal to nothing."""
    return got is not None and got.shape == expected.shape and bool(close(got, expected, tolerance).all())


def close(got: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    """Which numbers are within the tolerance."""
    with np.errstate(all="ignore"):
        return np.abs(got - expected) <= tolerance * (1 + np.abs(expected))
