"""tanh, sigmoid and exp in float32, and tanh in float64, written so that a loop over them becomes vector instructions.

``error_model="numpy"`` lets a division stand without a test for zero, and ``contract`` lets a product and a sum become
one instruction; neither touches NaN, which passes through. The largest errors over all floats: tests/test_fast_math.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

PLAIN: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}, "cache": True}
f = np.float32

# exp(x) = 2^n exp(r), |r| <= ln(2) / 2: n by rounding, exp(r) by a polynomial.
_LOG2E, _LN2_HIGH, _LN2_LOW = f(1.44269504088896341), f(0.693359375), f(-2.12194440e-4)
_ROUND = f(12582912.0)  # 1.5 * 2^23: what is added to it is rounded to an integer, in its lowest bits
_E0, _E1, _E2 = f(5.0000001201e-1), f(1.6666665459e-1), f(4.1665795894e-2)
_E3, _E4, _E5 = f(8.3334519073e-3), f(1.3981999507e-3), f(1.9875691500e-4)
_LEAST, _MOST = f(-87.3), f(88.3)  # beyond, the result is held: 2^n would leave the normal floats
_BITS_OF_ONE = 0x3F800000

# tanh(x) = x + x^3 T(x^2) near 0
_NEAR = f(0.625)
_T0, _T1, _T2 = f(-3.33332819422e-1), f(1.33314422036e-1), f(-5.37397155531e-2)
_T3, _T4 = f(2.06390887954e-2), f(-5.70498872745e-3)


@njit(**PLAIN)
def fast_exp(x):
    """exp(x); held at exp(-87.3) and exp(88.3) beyond these. *Source:* Cephes library, expf."""
    x = _MOST if x > _MOST else x
    x = _LEAST if x < _LEAST else x
    shifted = x * _LOG2E + _ROUND
    n = shifted - _ROUND
    r = x - n * _LN2_HIGH - n * _LN2_LOW
    series = ((((_E5 * r + _E4) * r + _E3) * r + _E2) * r + _E1) * r + _E0
    power = (np.float32(shifted).view(np.int32) << 23) + _BITS_OF_ONE  # the bits of 2^n
    return (series * r * r + r + f(1)) * np.int32(power).view(np.float32)


@njit(**PLAIN)
def fast_sigmoid(x):
    """1 / (1 + exp(-x)); held at exp(-88.3) below -88.3."""
    return f(1) / (f(1) + fast_exp(-x))


@njit(**PLAIN)
def fast_tanh(x):
    """tanh(x): a polynomial near 0, else 1 - 2 / (1 + exp(2 |x|)) with x's sign. *Source:* Cephes library, tanhf."""
    y, size = x * x, abs(x)
    near = ((((_T4 * y + _T3) * y + _T2) * y + _T1) * y + _T0) * y * x + x
    far = f(1) - f(2) / (f(1) + fast_exp(size + size))
    far = -far if x < f(0) else far
    return near if size < _NEAR else far


# expm1(x) = 2^n p + 2^n - 1, p = expm1(r) by its series, |r| <= ln(2) / 2
_LOG2E_64, _HIGH_64, _LOW_64 = 1.4426950408889634, 6.93145751953125e-1, 1.42860682030941723212e-6
_ROUND_64, _BITS_OF_ONE_64 = 1.5 * 2**52, 0x3FF << 52
_WHOLE = 20.0  # beyond, tanh is 1
_S2, _S3, _S4, _S5, _S6, _S7, _S8, _S9, _S10, _S11, _S12, _S13 = (1 / math.factorial(k) for k in range(2, 14))


@njit(**PLAIN)
def tanh_64(x):
    """tanh(x) in float64, within a few units of the last place: q / (q + 2) for q = expm1(2 |x|), with x's sign."""
    size = abs(x)
    size = _WHOLE if size > _WHOLE else size
    size += size
    shifted = size * _LOG2E_64 + _ROUND_64
    n = shifted - _ROUND_64
    r = size - n * _HIGH_64 - n * _LOW_64
    late = ((((_S13 * r + _S12) * r + _S11) * r + _S10) * r + _S9) * r + _S8
    series = (((((late * r + _S7) * r + _S6) * r + _S5) * r + _S4) * r + _S3) * r + _S2
    power = np.int64((np.float64(shifted).view(np.int64) << 52) + _BITS_OF_ONE_64).view(np.float64)
    q = power * (series * r * r + r) + (power - 1.0)
    y = q / (q + 2.0)
    return -y if x < 0 else y


def tanh_of(x: float) -> float:
    """tanh; in compiled code `fast_tanh` or `tanh_64`, as x is."""
    return math.tanh(x)


@overload(tanh_of)
def _tanh_of(x):
    return (lambda x: tanh_64(x)) if x == types.float64 else (lambda x: fast_tanh(x))
