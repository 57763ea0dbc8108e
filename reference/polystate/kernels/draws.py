"""Gaussian draws on the CPU: Philox words, Φ⁻¹ and x = mean + C z, written straight to the output.

Atoms go in blocks of fixed length, so that every loop is vectorised without a remainder and the numbers of an atom
do not depend on which atoms stand beside it. Φ⁻¹ is AS241 PPND16: its centre for all, its tail for the 15 % that
need it, gathered first."""

from __future__ import annotations

import math

import numpy as np

from polystate.kernels.constants import (
    CENTRE,
    CENTRE_SQUARED,
    DENOMINATOR,
    LN2_HIGH,
    LN2_LOW,
    LOG,
    NUMERATOR,
    TAIL_DENOMINATOR,
    TAIL_NUMERATOR,
    TAIL_SHIFT,
)
from polystate.kernels.jit import bits_of, float_of, fma, jit
from polystate.numbers.constants import PHILOX_M0, PHILOX_M1, PHILOX_W0, PHILOX_W1

BLOCK = 256
_A0, _A1, _A2, _A3, _A4, _A5, _A6, _A7 = NUMERATOR
_B0, _B1, _B2, _B3, _B4, _B5, _B6, _B7 = DENOMINATOR
_C0, _C1, _C2, _C3, _C4, _C5, _C6, _C7 = TAIL_NUMERATOR
_D0, _D1, _D2, _D3, _D4, _D5, _D6, _D7 = TAIL_DENOMINATOR
_L1, _L2, _L3, _L4, _L5, _L6, _L7 = LOG
_M0, _M1, _W0, _W1 = np.uint64(PHILOX_M0), np.uint64(PHILOX_M1), np.uint64(PHILOX_W0), np.uint64(PHILOX_W1)
_LOW, _WORD = np.uint64(0xFFFFFFFF), np.uint64(32)
_SCALE, _MIDDLE = 2.0**-32, 2.0**31 - 0.5
_SQRT_HALF_BITS, _ONE_BITS = 0x3FE6A09E667F3BCD, 0x3FF0000000000000


@jit
def _round(c0, c1, c2, c3, k0, k1):
    p0, p1 = _M0 * c0, _M1 * c2
    return (p1 >> _WORD) ^ c1 ^ k0, p1 & _LOW, (p0 >> _WORD) ^ c3 ^ k1, p0 & _LOW


@jit
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four words (uint64 below 2^32) of a counter and a key of such words."""
    for _ in range(10):
        c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@jit
def _centred(word):
    """(w + 1/2) / 2^32 - 1/2, exactly."""
    return (np.float64(np.int64(word)) - _MIDDLE) * _SCALE


@jit
def _centre(q):
    """Φ⁻¹(1/2 + q) for |q| ≤ 0.425."""
    r = fma(-q, q, CENTRE_SQUARED)
    a = fma(fma(fma(fma(fma(fma(fma(_A7, r, _A6), r, _A5), r, _A4), r, _A3), r, _A2), r, _A1), r, _A0)
    b = fma(fma(fma(fma(fma(fma(fma(_B7, r, _B6), r, _B5), r, _B4), r, _B3), r, _B2), r, _B1), r, _B0)
    return q * a / b


@jit
def _minus_log(p):
    """-ln p for a normal p in (0, 1)."""
    bits = bits_of(p) - _SQRT_HALF_BITS
    k = bits >> 52
    f = float_of((bits & 0x000FFFFFFFFFFFFF) + _SQRT_HALF_BITS) - 1.0
    s = f / (2.0 + f)
    z = s * s
    r = z * fma(fma(fma(fma(fma(fma(_L7, z, _L6), z, _L5), z, _L4), z, _L3), z, _L2), z, _L1)
    half = 0.5 * f * f
    e = np.float64(k)
    return (half - (s * (half + r) + e * LN2_LOW) - f) - e * LN2_HIGH


@jit
def _tail(q):
    """Φ⁻¹(1/2 + q) for |q| > 0.425."""
    r = math.sqrt(_minus_log(0.5 - abs(q))) - TAIL_SHIFT
    c = fma(fma(fma(fma(fma(fma(fma(_C7, r, _C6), r, _C5), r, _C4), r, _C3), r, _C2), r, _C1), r, _C0)
    d = fma(fma(fma(fma(fma(fma(fma(_D7, r, _D6), r, _D5), r, _D4), r, _D3), r, _D2), r, _D1), r, _D0)
    return math.copysign(c / d, q)


@jit
def normal(word):
    """Φ⁻¹((w + 1/2) / 2^32) of one word."""
    q = _centred(word)
    return _centre(q) if abs(q) <= CENTRE else _tail(q)


@jit
def words(draw_key, low, high, stream, k0, k1, out):
    """Blocks of many draw keys: draw_key (n,) uint32, out (n, 4) uint32."""
    for i in range(len(draw_key)):
        c0, c1, c2, c3 = philox(np.uint64(draw_key[i]), low, high, stream, k0, k1)
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = np.uint32(c0), np.uint32(c1), np.uint32(c2), np.uint32(c3)


@jit
def _fill(q, z, tail, tail_q):
    """z ← Φ⁻¹(1/2 + q) for a whole block, (3 BLOCK,)."""
    for i in range(3 * BLOCK):
        z[i] = _centre(q[i])
    n = 0
    for i in range(3 * BLOCK):
        tail[n] = i
        tail_q[n] = q[i]
        n += np.int64(abs(q[i]) > CENTRE)
    padded = (n + 15) // 16 * 16
    for i in range(n, padded):
        tail_q[i] = 0.45
    for i in range(padded):
        tail_q[i] = _tail(tail_q[i])
    for i in range(n):
        z[tail[i]] = tail_q[i]


@jit
def gaussian(draw_key, first_low, first_high, k0, k1, mean, factor, out):
    """Consecutive draws: out[d, i] = mean[i] + C[i] z(draw + d, draw_key[i]).

    draw_key: (padded,) uint32, padded to a multiple of BLOCK; mean: (3, padded); factor: (6, padded), the lower
    factor 11, 22, 33, 21, 31, 32; out: (draws, n, 3) float64 or float32, n ≤ padded."""
    n = out.shape[1]
    q = np.empty(3 * BLOCK)
    z = np.empty(3 * BLOCK)
    x = np.empty(3 * BLOCK)
    tail = np.empty(3 * BLOCK + 16, np.int64)
    tail_q = np.empty(3 * BLOCK + 16)
    low, high = first_low, first_high
    for d in range(out.shape[0]):
        for begin in range(0, n, BLOCK):
            end = begin + BLOCK  # slices, since a sum as an index might be negative, which hinders vectors
            keys = draw_key[begin:end]
            for i in range(BLOCK):
                c0, c1, c2, c3 = np.uint64(keys[i]), low, high, np.uint64(0)
                a, b = k0, k1
                for _ in range(10):
                    c0, c1, c2, c3 = _round(c0, c1, c2, c3, a, b)
                    a, b = (a + _W0) & _LOW, (b + _W1) & _LOW
                q[i] = _centred(c0)
                q[BLOCK + i] = _centred(c1)
                q[2 * BLOCK + i] = _centred(c2)
            _fill(q, z, tail, tail_q)
            m0, m1, m2 = mean[0, begin:end], mean[1, begin:end], mean[2, begin:end]
            c11, c22, c33 = factor[0, begin:end], factor[1, begin:end], factor[2, begin:end]
            c21, c31, c32 = factor[3, begin:end], factor[4, begin:end], factor[5, begin:end]
            for i in range(BLOCK):
                z0, z1, z2 = z[i], z[BLOCK + i], z[2 * BLOCK + i]
                x[3 * i] = fma(c11[i], z0, m0[i])
                x[3 * i + 1] = fma(c21[i], z0, fma(c22[i], z1, m1[i]))
                x[3 * i + 2] = fma(c31[i], z0, fma(c32[i], z1, fma(c33[i], z2, m2[i])))
            flat = out[d, begin : begin + BLOCK].reshape(-1)
            for i in range(len(flat)):
                flat[i] = x[i]
        low = (low + np.uint64(1)) & _LOW
        if low == 0:
            high += np.uint64(1)
