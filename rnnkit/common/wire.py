"""Plain values and arrays of numbers as JSON, and back: what crosses the border between two processes.

No pickle, no npz, nothing that is run: an array is its dtype, its shape and its raw bytes in base64, and everything is
counted before it is used.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any

import numpy as np

from rnnkit.common.names import BadValue

DTYPES = ("<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1", "|u1", "|b1")
LIMIT = 16 << 20  # bytes
DEPTH = 12  # of lists and dicts inside one another
COUNT = 100_000  # of all values together
AXES = 8
TEXT = 100_000  # characters of one string
ARRAY = "array"  # an object with this key is an array
_INTEGER = 1 << 63


class WireError(BadValue):
    """Something that is no value of these, or too large."""


def encode(value: Any) -> Any:
    """A value as what `json` can write.

    Arguments:
        value: None, bool, int, float, str, numpy arrays and scalars of numbers, and lists, tuples and dicts of these;
            keys are strings, and tuples become lists.

    Raises:
        WireError: anything else.
    """
    if isinstance(value, np.ndarray | np.generic):
        array = np.ascontiguousarray(value).reshape(np.shape(value))
        dtype = array.dtype.newbyteorder("<").str
        if dtype not in DTYPES:
            raise WireError(f"expected an array of one of {', '.join(DTYPES)}, got dtype {array.dtype}")
        raw = array.astype(dtype, copy=False).tobytes()
        return {ARRAY: dtype, "shape": list(array.shape), "bytes": base64.b64encode(raw).decode("ascii")}
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else encode(np.float64(value))
    if type(value) in (list, tuple):
        return [encode(entry) for entry in value]
    if type(value) is dict and all(type(key) is str for key in value) and ARRAY not in value:
        return {key: encode(entry) for key, entry in value.items()}
    raise WireError(
        f"expected numbers, text, lists and dicts with other keys than {ARRAY!r}, got {type(value).__name__}"
    )


def decode(obj: Any, limit_bytes: int = LIMIT) -> Any:
    """The value that `encode` was given, from what `json` has read; arrays are read-only.

    Arguments:
        obj: from `json.loads`, however it came about.
        limit_bytes: of all arrays and strings together.

    Raises:
        WireError: it is not what `encode` makes, or larger than the limits.
    """
    return _Reader(limit_bytes).read(obj, 0)


class _Reader:
    """Counts what it reads."""

    def __init__(self, limit_bytes: int) -> None:
        self.left, self.values, self.limit = limit_bytes, COUNT, limit_bytes

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise WireError(f"expected at most {self.limit} bytes, got more")

    def read(self, obj: Any, depth: int) -> Any:
        self.values -= 1
        if self.values < 0:
            raise WireError(f"expected at most {COUNT} values, got more")
        if depth > DEPTH:
            raise WireError(f"expected at most {DEPTH} levels of nesting, got more")
        if obj is None or type(obj) in (bool, float):
            return obj
        if type(obj) is int:
            if not -_INTEGER <= obj < _INTEGER:
                raise WireError("expected integers of 64 bits, got a larger one")
            return obj
        if type(obj) is str:
            return self.text(obj)
        if type(obj) is list:
            return [self.read(entry, depth + 1) for entry in obj]
        if type(obj) is dict:
            if ARRAY in obj:
                return self.array(obj)
            return {self.text(key): self.read(entry, depth + 1) for key, entry in obj.items()}
        raise WireError(f"expected what JSON can hold, got {type(obj).__name__}")

    def text(self, text: Any) -> str:
        if type(text) is not str or len(text) > TEXT:
            raise WireError(f"expected text of at most {TEXT} characters, got more")
        self.take(4 * len(text))
        return text

    def array(self, obj: dict[Any, Any]) -> np.ndarray:
        dtype, shape, text = obj[ARRAY], obj.get("shape"), obj.get("bytes")
        if set(obj) != {ARRAY, "shape", "bytes"} or type(dtype) is not str or dtype not in DTYPES:
            raise WireError(f"expected an array of one of {', '.join(DTYPES)}, with shape and bytes")
        if type(shape) is not list or len(shape) > AXES or not all(type(n) is int and 0 <= n <= LIMIT for n in shape):
            raise WireError(f"expected a shape of at most {AXES} sizes")
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if type(text) is not str or len(text) != 4 * ((size + 2) // 3):
            raise WireError(f"expected {size} bytes for an array of shape {tuple(shape)}, got another number")
        self.take(size)
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise WireError("expected bytes in base64") from None
        if len(raw) != size or (dtype == "|b1" and raw.strip(b"\x00\x01")):
            raise WireError(f"expected {size} bytes for an array of shape {tuple(shape)}, got others")
        return np.frombuffer(raw, dtype).reshape(shape)
