"""tanh, sigmoid and exp of the compiled engine over all floats, and its small matrix products."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")
from numba import njit

from rnnkit.engines.compiled.fast_math import fast_exp, fast_sigmoid, fast_tanh, tanh_64
from rnnkit.engines.compiled.tile import LANES, add_product

CHUNK = 1 << 22


def over_array(function):
    @njit(error_model="numpy", fastmath={"contract"})
    def loop(x, found):
        for i in range(len(x)):
            found[i] = function(x[i])

    def call(x):
        found = np.empty_like(x)
        loop(x, found)
        return found

    return call


def largest_error(function, reference, low, high):
    """In units of the last place of the right value, over all floats of size ``low`` to ``high``, both signs.

    Arguments:
        low, high: not negative.
    """
    call, worst = over_array(function), 0.0
    first, last = (int(np.float32(edge).view(np.int32)) for edge in (low, high))
    for begin in range(first, last, CHUNK):
        size = np.arange(begin, min(begin + CHUNK, last), dtype=np.int32).view(np.float32)
        for x in (size, -size):
            right = reference(x.astype(np.float64))
            unit = np.spacing(np.abs(right).astype(np.float32))
            worst = max(worst, float((np.abs(call(x) - right) / unit).max()))
    return worst


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Below 1e-6 tanh(x) is x, and the others are 1/2 and 1, to less than the last place.
def test_tanh_over_all_floats():
    assert largest_error(fast_tanh, np.tanh, 1e-6, 20.0) < 1.4


@pytest.mark.slow
def test_sigmoid_over_all_floats():
    assert largest_error(fast_sigmoid, sigmoid, 1e-9, 87.0) < 2.5


@pytest.mark.slow
def test_exp_over_all_floats():
    assert largest_error(fast_exp, np.exp, 1e-9, 87.0) < 1.1


def test_tanh_in_float64():
    size = np.concatenate([np.linspace(0, 21, 200_001), np.logspace(-300, 1, 50_001)])
    for x in (size, -size):
        right = np.tanh(x)
        assert (np.abs(over_array(tanh_64)(x) - right) / np.spacing(np.abs(right))).max() < 4
    assert over_array(tanh_64)(np.array([-np.inf, -50, 50, np.inf])).tolist() == [-1, -1, 1, 1]


def test_tanh_of_small_numbers_is_the_number():
    x = np.float32([0.0, 1e-45, 1e-38, 1e-20, 1e-7])
    np.testing.assert_array_equal(over_array(fast_tanh)(x), x)


def test_outside_the_range():
    ends = np.float32([-np.inf, -1e30, -100, 100, 1e30, np.inf])
    np.testing.assert_array_equal(over_array(fast_tanh)(ends), [-1, -1, -1, 1, 1, 1])
    np.testing.assert_allclose(over_array(fast_sigmoid)(ends), [0, 0, 0, 1, 1, 1], rtol=0, atol=1e-38)
    assert over_array(fast_exp)(ends)[:3].max() < 2e-38
    assert over_array(fast_exp)(ends)[3:].min() > 2e38


@pytest.mark.parametrize("function", [fast_tanh, fast_sigmoid, fast_exp, tanh_64], ids=lambda f: f.__name__)
def test_nan_stays_nan(function):
    x = np.full(37, np.nan, np.float64 if function is tanh_64 else np.float32)
    assert np.isnan(over_array(function)(x)).all()


@pytest.mark.parametrize("m", [1, 4, 5, 6, 20])
@pytest.mark.parametrize("k", [0, 1, 50])
@pytest.mark.parametrize("n", [1, 3, 4, 5])
@pytest.mark.parametrize(("number", "near"), [(np.float32, 1e-5), (np.float64, 1e-13)])
def test_product(m, k, n, number, near):
    rng = np.random.default_rng(m + k + n)
    wide = rng.normal(size=(m, k + 7)).astype(number)
    B, C = (rng.normal(size=(rows, n * LANES)).astype(number) for rows in (k, m))
    right = C + wide[:, :k].astype(np.float64) @ B
    for A in (wide[:, :k], np.asfortranarray(wide[:, :k])):
        found = C.copy()
        add_product(found, A, B)
        np.testing.assert_allclose(found, right, rtol=near, atol=near)


def test_product_does_not_write_beyond():
    room = np.zeros((7, 3 * LANES), np.float32)
    add_product(room[1:6, LANES : 2 * LANES], np.ones((5, 4), np.float32), np.ones((4, LANES), np.float32))
    assert room.sum() == 5 * LANES * 4
    assert (room[1:6, LANES : 2 * LANES] == 4).all()
