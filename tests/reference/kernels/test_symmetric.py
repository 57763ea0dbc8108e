"""U is exactly symmetric from every backend ([COV-3]), and a near rotation turns as the nearest one ([REF-14])."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polystate.evaluation import evaluate
from polystate.kernels.dispatch import named
from polystate.model.descriptor import nearest_rotation
from polystate.numbers import positive
from polystate.numbers.tensors import rotation
from polystate.operators.parametric_gaussian.nm_covariance_v1 import nm_covariance_v1
from polystate.operators.parametric_gaussian.tls_v1 import tls_v1
from tests.reference.kernels.random_depositions import deposition

bounded = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def symmetric(u: np.ndarray) -> bool:
    return np.array_equal(u, np.swapaxes(u, -1, -2))


@bounded
@given(st.integers(0, 1 << 32))
def test_covariances_are_exactly_symmetric(seed):
    dep = deposition(seed)
    for backend in ("numpy", "auto", "numba"):
        assert symmetric(dep.covariance(backend=backend))
        assert symmetric(dep.covariance(backend=backend, by_level=True))
    assert symmetric(evaluate.covariance(replace(dep.request(), backend=named("light"))))


@bounded
@given(st.integers(0, 1 << 32))
def test_torch_covariances_are_exactly_symmetric(seed):
    pytest.importorskip("torch")
    assert symmetric(deposition(seed).plan(backend="torch").covariance().detach().numpy())


def test_operators_are_exactly_symmetric():
    rng = np.random.default_rng(1)
    assert symmetric(tls_v1(rng.normal(size=(3, 24)), rng.integers(0, 3, 50), rng.normal(size=(50, 3)))["u"])
    basis = rng.normal(size=(7, 50, 3))
    whole = nm_covariance_v1(basis, rng.random(7))["u"]
    assert symmetric(whole)


def test_modes_of_one_atom_are_those_of_many():
    rng = np.random.default_rng(2)
    basis, variance = rng.normal(size=(40, 50, 3)), rng.random(40)
    whole = nm_covariance_v1(basis, variance)["u"]
    alone = [nm_covariance_v1(basis[:, i : i + 1], variance)["u"][0] for i in range(50)]
    assert np.array_equal(whole, np.array(alone))


def test_the_nearest_rotation_is_the_polar_factor():
    rng = np.random.default_rng(3)
    for _ in range(50):
        exact = rotation(rng.normal(size=4))
        near = exact + rng.uniform(-3e-7, 3e-7, (3, 3))
        left, _, right = np.linalg.svd(near)
        assert np.abs(nearest_rotation(near) - left @ right).max() < 5e-15
        assert np.abs(nearest_rotation(exact) - exact).max() < 1e-15
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert np.array_equal(nearest_rotation(turn), turn)
    assert np.array_equal(nearest_rotation(turn * 1.01), turn * 1.01)  # left to [REF-7], which refuses it


def test_the_tolerance_of_a_negative_maximum_is_absolute():
    inside, outside = -(1e-6 - 5e-13) * np.eye(3), -(1e-6 + 5e-13) * np.eye(3)
    assert positive.indefinite(np.stack([inside, outside])).tolist() == [1]
