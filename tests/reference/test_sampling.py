"""The generator against published answers, and draws against what the specification says of them."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polystate.errors import DrawRange, NotPositiveSemidefinite
from polystate.numbers.philox import Draw, normals, words
from polystate.numbers.positive import cholesky, displacing

# Known answers of Random123 1.09 (kat_vectors): counter, key, result
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), PUBLISHED)
def test_philox_gives_the_published_blocks(counter, key, expected):
    draw = Draw(key[0] | key[1] << 32, counter[1] | counter[2] << 32)
    assert tuple(words(draw, np.array([counter[0]], np.uint32), counter[3])[0].tolist()) == expected


@pytest.mark.parametrize(
    ("seed", "index", "expected"),
    [
        (7, 0, ("-1.9375764020334328", "-0.35198440602170883", "0.052098136478101905")),
        (
            0x0123456789ABCDEF,
            2 * 2**32 + 1,
            ("-0.95068060635895093", "0.038089279246233795", "-0.67919925631937147"),
        ),
    ],
)
def test_normals_are_those_of_the_specification(seed, index, expected):
    found = normals(Draw(seed, index), np.array([401], np.uint32))[0]
    assert np.allclose(found, [float(z) for z in expected], rtol=1e-15, atol=0)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1))
def test_normals_invert_the_normal_distribution(seed, index, key):
    draw, keys = Draw(seed, index), np.array([key], np.uint32)
    with mpmath.workdps(40):
        for word, z in zip(words(draw, keys, 0)[0, :3].tolist(), normals(draw, keys)[0].tolist(), strict=True):
            u = (mpmath.mpf(word) + mpmath.mpf(1) / 2) / 2**32
            exact = mpmath.sqrt(2) * mpmath.erfinv(2 * u - 1)
            assert abs(z - exact) < 1e-12


def test_draws_outside_64_bits_are_refused():
    for seed, index in ((-1, 0), (2**64, 0), (0, 2**64)):
        with pytest.raises(DrawRange):
            Draw(seed, index)


@given(st.lists(st.floats(-3, 3), min_size=9, max_size=9), st.integers(0, 3))
def test_cholesky_squares_to_the_covariance(numbers, rank):
    a = np.array(numbers).reshape(3, 3)
    a[:, rank:] = 0
    u = (a @ a.T)[None]
    c = cholesky(u)
    assert np.allclose(c @ np.swapaxes(c, 1, 2), u, atol=2e-6 * max(1.0, float(np.trace(u[0]))))
    assert np.array_equal(c, np.tril(c))


def test_a_pivot_of_zero_gives_a_zero_column():
    c = cholesky(np.array([[[4.0, 2, 0], [2, 1, 0], [0, 0, 9]]]))
    assert np.allclose(c[0], [[2, 0, 0], [1, 0, 0], [0, 0, 3]])


def test_indefinite_covariances_are_refused_unless_clipped():
    u = np.diag([1.0, 1.0, -0.5])[None]
    keys = np.array([1], np.uint32)
    with pytest.raises(NotPositiveSemidefinite):
        displacing(u, keys, "here")
    moved = displacing(u, keys, "here", psd="clip")(Draw(1, 0))
    assert np.allclose(moved[0, :2], normals(Draw(1, 0), keys)[0, :2]) and abs(moved[0, 2]) < 1e-12
