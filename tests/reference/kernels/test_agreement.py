"""The NumPy evaluator and the CPU kernels give the same numbers on random depositions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polystate import Draw
from polystate.errors import PolystateError
from polystate.evaluation import evaluate
from polystate.kernels.dispatch import named
from polystate.kernels.ensemble import Ensemble
from tests.reference.kernels.random_depositions import deposition

bounded = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
seeds = st.integers(0, 1 << 32)


def largest_difference(a: np.ndarray, b: np.ndarray) -> float:
    """Relative to the largest entry."""
    return float(np.abs(a - b).max(initial=0) / max(np.abs(a).max(initial=0), 1e-300))


@bounded
@given(seeds)
def test_covariance_of_both_backends_is_the_same(seed):
    dep = deposition(seed)
    slow, fast = dep.covariance(backend="numpy"), dep.covariance(backend="numba")
    assert largest_difference(slow, fast) < 1e-12
    assert np.array_equal(fast, np.swapaxes(fast, 1, 2))
    light = evaluate.covariance(replace(dep.request(), backend=named("light")))
    assert largest_difference(slow, light) < 1e-12
    slow = dep.covariance(backend="numpy", by_level=True)
    assert largest_difference(slow, dep.covariance(backend="numba", by_level=True)) < 1e-12


@bounded
@given(seeds, st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 64) - 4))
def test_draws_of_both_backends_and_of_the_stream_are_the_same(seed, key, index):
    dep = deposition(seed)
    many = Ensemble(dep, backend="numba")
    xyz = np.empty((3, dep.n_atoms, 3))
    present = np.empty((3, dep.n_atoms), bool)
    states = np.empty((3, many.n_variables), np.int32)
    try:
        many.draws(key, index, xyz, present, states)
    except PolystateError as error:
        with pytest.raises(type(error)):
            for k in range(3):
                dep.render(draw=Draw(key, index + k), backend="numpy")
        return
    for k in range(3):
        slow = dep.render(draw=Draw(key, index + k), backend="numpy")
        fast = dep.render(draw=Draw(key, index + k), backend="numba")
        assert np.abs(slow.xyz - fast.xyz).max() < 1e-11
        assert np.abs(slow.xyz - xyz[k]).max() < 1e-11
        assert np.array_equal(slow.present, present[k])
        assert np.array_equal(slow.request.joint, states[k])


@bounded
@given(seeds)
def test_one_atom_alone_is_drawn_as_among_others(seed):
    dep = deposition(seed)
    whole = dep.render(draw=Draw(seed, 3), backend="numba")
    for row in (0, dep.n_atoms - 1):
        one = dep.render(draw=Draw(seed, 3), atoms=[row + 1], backend="numba")
        assert np.abs(one.xyz[0] - whole.xyz[row]).max() < 1e-12


@bounded
@given(seeds)
def test_mean_of_both_backends_is_the_same(seed):
    dep = deposition(seed)
    slow, fast = dep.render(backend="numpy"), dep.render(backend="numba")
    assert np.abs(slow.xyz - fast.xyz).max() < 1e-12


@bounded
@given(seeds)
def test_a_plan_follows_its_parameters(seed):
    dep = deposition(seed)
    plan = dep.plan()
    for values in plan.parameters.values():
        values *= 1.5
    scaled = plan.covariance()
    assert largest_difference(1.5 * dep.covariance(backend="numpy"), _amplitudes_once(plan, scaled)) < 1e-11


def _amplitudes_once(plan, scaled):
    """TLS rows were scaled in T, L, S, amplitude and origin alike: undo that on the plan, then compare."""
    for values in plan.parameters.values():
        if values.ndim == 2 and values.shape[1] == 24:
            values[:, :20] /= 1.5
            values[:, 21:] /= 1.5
    return plan.covariance(scaled)
