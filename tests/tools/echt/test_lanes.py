"""Eight small matrices at a time, against NumPy one by one."""

from __future__ import annotations

import numpy as np
import pytest

from polystate_tools.echt.solver.lanes import any_above, choose, lanes_of, sqrt
from polystate_tools.echt.solver.linalg6 import jit
from polystate_tools.echt.solver.linalg_lanes import eigen_lanes, factors, factors_semidefinite, scaling_frames


def side_by_side(matrices: np.ndarray) -> np.ndarray:
    """(8, ...) as the compiled loops take it, (..., 8)."""
    return np.ascontiguousarray(np.moveaxis(matrices, 0, -1))


def one_by_one(eights: np.ndarray) -> np.ndarray:
    return np.moveaxis(eights, -1, 0)


@pytest.fixture
def positive() -> np.ndarray:
    m = np.random.default_rng(1).normal(size=(8, 6, 6))
    return m @ m.transpose(0, 2, 1) + 0.1 * np.eye(6)


@jit
def _numbers(given, out):
    x, y = lanes_of(given), lanes_of(out)
    y[0] = 2.0 * x[0] - x[1] / 3.0
    y[0] += 1
    y[1] = choose(x[0], x[1], sqrt(x[0] * x[0]), -x[1])
    return any_above(x[0], 7.0), any_above(x[0], 8.0)


@jit
def _factored(given, out, good, semidefinite):
    if semidefinite:
        factors_semidefinite(lanes_of(given), 6, lanes_of(out))
    else:
        lanes_of(good)[0] = factors(lanes_of(given), 6, lanes_of(out))


@jit
def _diagonal(given, vectors, live):
    eigen_lanes(lanes_of(given), 6, lanes_of(vectors), lanes_of(live)[0])


@jit
def _framed(sigma, slack, values, out, good):
    m = lanes_of(out)
    lanes_of(good)[0] = scaling_frames(
        lanes_of(sigma), lanes_of(slack), 6, lanes_of(values), m[0], m[1], m[2], m[3], m[4])  # fmt: skip


def test_numbers_in_lanes_are_those_of_numpy():
    x, y = np.array([np.arange(1.0, 9.0), np.full(8, 4.0)]), np.zeros((2, 8))
    assert _numbers(x, y) == (True, False)
    np.testing.assert_array_equal(y[0], 2.0 * x[0] - x[1] / 3.0 + 1.0)
    np.testing.assert_array_equal(y[1], np.where(x[0] > x[1], x[0], -x[1]))


def test_a_lane_without_a_factor_says_so_and_leaves_the_others_alone(positive):
    low, good = np.zeros((6, 6, 8)), np.zeros((1, 8))
    _factored(side_by_side(positive), low, good, False)
    np.testing.assert_allclose(one_by_one(low), np.linalg.cholesky(positive), atol=1e-13)
    assert (good == 1).all()
    broken, other = positive.copy(), np.zeros((6, 6, 8))
    broken[3, 2, 2] = -1.0
    _factored(side_by_side(broken), other, good, False)
    np.testing.assert_array_equal(good[0], np.arange(8) != 3)
    rest = np.arange(8) != 3
    np.testing.assert_array_equal(other[..., rest], low[..., rest])


def test_a_lost_pivot_of_a_semidefinite_matrix_is_a_column_of_zeros(positive):
    half = positive[:, :, :3] @ positive[:, :, :3].transpose(0, 2, 1)
    half[5] = 0.0
    low = np.zeros((6, 6, 8))
    _factored(side_by_side(half), low, np.zeros((1, 8)), True)
    low = one_by_one(low)
    scale = np.abs(half).max()
    np.testing.assert_allclose(low @ low.transpose(0, 2, 1), half, atol=1e-6 * scale)
    assert (low[5] == 0).all()


def test_eigenvalues_of_the_lanes_that_are_asked_for(positive):
    given, vectors, live = side_by_side(positive), np.zeros((6, 6, 8)), np.ones((1, 8))
    live[0, 6] = 0.0
    _diagonal(given, vectors, live)
    values, v = one_by_one(given)[:, range(6), range(6)], one_by_one(vectors)
    asked = np.arange(8) != 6
    np.testing.assert_allclose(np.sort(values[asked]), np.linalg.eigvalsh(positive)[asked], rtol=1e-12, atol=1e-12)
    again = v * values[:, None, :] @ v.transpose(0, 2, 1)
    np.testing.assert_allclose(again[asked], positive[asked], atol=1e-12)
    np.testing.assert_array_equal(one_by_one(given)[6], positive[6])
    np.testing.assert_array_equal(v[6], np.eye(6))


def test_covariance_and_slack_meet_in_their_frame(positive):
    slack = np.linalg.inv(positive[::-1])
    broken = slack.copy()
    broken[2] = -broken[2]
    for given in (slack, broken):
        values, out, good = np.zeros((6, 8)), np.zeros((5, 6, 6, 8)), np.zeros((1, 8))
        _framed(side_by_side(positive), side_by_side(given), values, out, good)
        found = [k for k in range(8) if given is slack or k != 2]
        np.testing.assert_array_equal(np.flatnonzero(good[0]), found)
        frame, dual = one_by_one(out[0])[found], one_by_one(out[1])[found]
        expected = one_by_one(values)[found][:, :, None] * np.eye(6)
        np.testing.assert_allclose(frame.transpose(0, 2, 1) @ given[found] @ frame, expected, atol=1e-9)
        np.testing.assert_allclose(dual.transpose(0, 2, 1) @ positive[found] @ dual, expected, atol=1e-9)
        np.testing.assert_allclose(frame @ dual.transpose(0, 2, 1), np.tile(np.eye(6), (len(found), 1, 1)), atol=1e-9)
