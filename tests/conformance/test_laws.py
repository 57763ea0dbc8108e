"""Statistical laws: exact p-values, power by planted faults, numbers of draws."""

from __future__ import annotations

import numpy as np
import pytest

from polystate_conformance import laws

COVARIANCE = np.array([[[0.2, 0.05, 0.0], [0.05, 0.3, -0.1], [0.0, -0.1, 0.4]]] * 4)
MEAN = np.arange(12.0).reshape(4, 3)
RATE = 1e-6 / 40


def normal_law(fault, size):
    return {"law": "normal", "mean": MEAN.tolist(), "detect": {"fault": {fault: size}, "power": 0.999}}


def draws(generator, n, scale=1.0):
    factor = np.linalg.cholesky(COVARIANCE) * scale
    return MEAN + np.einsum("mij,nmj->nmi", factor, generator.standard_normal((n, 4, 3)))


def test_p_values_of_the_true_law_are_uniform_or_conservative():
    generator = np.random.default_rng(11)
    tables = [laws.p_values_normal(draws(generator, 80), MEAN, COVARIANCE) for _ in range(300)]
    for name in ("mean", "variance"):
        assert laws.uniformity([table[name] for table in tables]) > 1e-4
    for name in tables[0]:
        assert np.mean([table[name] < 0.05 for table in tables]) < 0.12


def test_categorical_p_values_are_uniform():
    generator = np.random.default_rng(12)
    values = []
    for _ in range(400):
        drawn = generator.choice(["A", "B"], 60, p=[0.3, 0.7]).tolist()
        values.append(laws.p_values_categorical(drawn, {"A": 0.3, "B": 0.7}, generator)["A"])
    assert laws.uniformity(values) > 1e-4


@pytest.mark.parametrize(
    ("fault", "size", "change"),
    [
        ("sd", 0.05, lambda x: MEAN + (x - MEAN) * 1.05),
        ("sd", 0.05, lambda x: MEAN + (x - MEAN) / 1.05),
        ("repeat", 1.0, lambda x: np.concatenate([x[: len(x) // 2]] * 2)),
    ],
)
def test_planted_faults_are_detected_with_the_stated_power(fault, size, change):
    n = laws.draws_needed(normal_law(fault, size), RATE)
    generator = np.random.default_rng(13)
    missed = sum(
        min(laws.p_values_normal(change(draws(generator, n)), MEAN, COVARIANCE).values()) >= RATE for _ in range(40)
    )
    assert missed <= 1


def test_a_smaller_fault_needs_more_draws():
    needed = [laws.draws_needed(normal_law("sd", size), RATE) for size in (0.1, 0.05, 0.02)]
    assert needed == sorted(needed)
    single = {**normal_law("sd of a component", 0.05), "mean": [[0.0]]}
    assert 10_000 < laws.draws_needed(single, RATE) < 25_000


def test_the_rate_is_split_over_all_tests():
    assert laws.plan([], 1).rate == laws.SUITE_RATE
