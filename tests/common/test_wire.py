"""What crosses the border between processes: plain values come through unchanged, and nothing else does."""

from __future__ import annotations

import base64
import copy
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnnkit.common import wire
from rnnkit.common.wire import WireError, decode, encode

KEYS = st.text(max_size=5).filter(lambda key: key != wire.ARRAY)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def through(value):
    return decode(json.loads(json.dumps(encode(value))))


@given(PLAIN)
def test_plain_values_come_through(value):
    assert through(value) == value


@pytest.mark.parametrize("dtype", wire.DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 3), (1, 2, 3, 4)])
def test_arrays_come_through_bit_for_bit(dtype, shape):
    raw = np.random.default_rng(0).integers(0, 2, int(np.prod(shape)) * np.dtype(dtype).itemsize, dtype=np.uint8)
    value = np.frombuffer(raw.tobytes(), dtype).reshape(shape)
    found = through(value)
    assert (found.dtype, found.shape, found.tobytes()) == (value.dtype, value.shape, value.tobytes())


@given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=4, max_side=4)))
def test_any_float_comes_through(value):
    assert through(value).tobytes() == value.tobytes()


def test_views_and_foreign_byte_orders_come_through():
    value = np.arange(12.0).reshape(3, 4).T
    np.testing.assert_array_equal(through(value), value)
    np.testing.assert_array_equal(through(value.astype(">f8")), value)
    assert np.isnan(through(float("nan")))
    assert through((1, 2.5)) == [1, 2.5]


@pytest.mark.parametrize(
    "value",
    [
        object(), {1, 2}, b"bytes", {1: 2}, 1j, np.array(["a"]), np.array([None]), np.array([1j]), len,
        {"array": 1}, [[object()]], np.datetime64("2026-01-01"), np.array([1], dtype=[("a", "f8")]),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_nothing_else_is_encoded(value):
    with pytest.raises(WireError, match="expected"):
        encode(value)


GOOD = encode(np.arange(6.0).reshape(2, 3))


def bad(**changes):
    return {**copy.deepcopy(GOOD), **changes}


FORGED = {
    "another dtype": bad(array="|O"),
    "dtype of text": bad(array="<U4"),
    "structured": bad(array=[["a", "<f8"]]),
    "complex": bad(array="<c16"),
    "big-endian": bad(array=">f8"),
    "dtype None": bad(array=None),
    "shape too large": bad(shape=[2, 4]),
    "shape too small": bad(shape=[2, 2]),
    "shape negative": bad(shape=[-2, -3]),
    "shape -1": bad(shape=[-1]),
    "shape of floats": bad(shape=[2.0, 3.0]),
    "shape of bools": bad(shape=[True, 6]),
    "shape None": bad(shape=None),
    "shape text": bad(shape="23"),
    "many axes": bad(shape=[1] * 8 + [6]),
    "huge": bad(shape=[2**62]),
    "overflow": bad(shape=[2**24] * 8),
    "overflow to right": bad(shape=[2**32, 2**32, 6]),
    "bytes None": bad(bytes=None),
    "bytes of another alphabet": bad(bytes=GOOD["bytes"][:-1] + "é"),
    "bytes with a newline": bad(bytes=GOOD["bytes"][:-1] + "\n"),
    "bytes padded": bad(bytes=GOOD["bytes"][:-4] + "===="),
    "bytes padded early": bad(bytes="=" * len(GOOD["bytes"])),
    "bytes short": bad(bytes=GOOD["bytes"][:-4]),
    "bytes long": bad(bytes=GOOD["bytes"] + "AAAA"),
    "another key": bad(more=1),
    "no shape": {"array": "<f8", "bytes": ""},
    "no bytes": {"array": "<f8", "shape": [0]},
    "bools of another kind": {"array": "|b1", "shape": [3], "bytes": base64.b64encode(b"\x00\x01\x02").decode()},
    "large integer": 2**63,
    "set": {1, 2},
    "tuple": (1, 2),
    "object": object(),
    "key no text": {1: 2},
}


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: {"a": [v]}], ids=["bare", "inside"])
def test_forged_values_are_refused(name, wrap):
    with pytest.raises(WireError, match="expected"):
        decode(wrap(FORGED[name]))


def test_size_count_and_depth_are_limited():
    assert decode(GOOD, 48).shape == (2, 3)
    for obj, limit in [(GOOD, 47), ([GOOD, GOOD], 95), ("x" * 100, 399), ({"k" * 100: 1}, 399)]:
        with pytest.raises(WireError, match="bytes"):
            decode(obj, limit)
    with pytest.raises(WireError, match="characters"):
        decode("x" * (wire.TEXT + 1))
    with pytest.raises(WireError, match="values"):
        decode([0] * wire.COUNT)
    deep: list = []
    for _ in range(wire.DEPTH + 1):
        deep = [deep]
    with pytest.raises(WireError, match="nesting"):
        decode(deep)
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(WireError, match="nesting"):
        decode(deep)


def test_arrays_cannot_be_written_to():
    assert not decode(GOOD).flags.writeable


def test_needs_no_torch():
    code = "import rnnkit.common.wire, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
