"""Φ⁻¹ of the kernels against arbitrary precision."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from polystate.kernels import draws
from polystate.numbers.philox import Draw, words

EDGES = [0, 1, 2, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 322122547, 322122548, 3972844748, 3972844749]


def quantile(word: int) -> mpmath.mpf:
    """Φ⁻¹((w + 1/2) / 2^32) to 50 digits."""
    with mpmath.workdps(60):
        u = (mpmath.mpf(word) + mpmath.mpf(1) / 2) / 2**32
        start = draws.normal(np.uint64(word))
        return mpmath.findroot(lambda z: mpmath.erfc(-z / mpmath.sqrt(2)) / 2 - u, mpmath.mpf(start))


def test_quantile_is_right_to_1e_15_relative():
    rng = np.random.default_rng(5)
    tails = (2.0 ** rng.uniform(0, 31, 150)).astype(np.uint64)
    found = [*EDGES, *tails.tolist(), *(2**32 - 1 - tails).tolist(), *rng.integers(0, 2**32, 200).tolist()]
    for word in found:
        exact = quantile(int(word))
        assert abs((mpmath.mpf(draws.normal(np.uint64(word))) - exact) / exact) < 1e-15, word


@pytest.mark.parametrize("seed", [7, 0x0123456789ABCDEF])
def test_words_are_those_of_the_reference(seed):
    keys = np.arange(1, 1000, dtype=np.uint32) * np.uint32(4_000_037)
    draw = Draw(seed, 2 * 2**32 + 1)
    found = np.empty((len(keys), 4), np.uint32)
    u8 = np.uint64
    draws.words(keys, u8(1), u8(2), u8(1), u8(seed & 0xFFFFFFFF), u8(seed >> 32), found)
    assert np.array_equal(found, words(draw, keys, 1))


def test_a_block_gives_what_single_words_give():
    """The tail that is gathered and scattered, and the high word of the draw index, come out right."""
    n, first = 700, (1 << 32) - 2
    keys = np.zeros(768, np.uint32)
    keys[:n] = np.arange(n) + 5
    factor = np.zeros((6, 768))
    factor[:3] = 1.0
    out = np.empty((4, n, 3))
    u8 = np.uint64
    draws.gaussian(keys, u8(first), u8(3), u8(9), u8(0), np.zeros((3, 768)), factor, out)
    for d in range(4):
        w = words(Draw(9, (3 << 32) + first + d), keys[:n], 0)[:, :3]
        expected = np.array([[draws.normal(u8(x)) for x in row] for row in w])
        assert np.array_equal(out[d], expected)
