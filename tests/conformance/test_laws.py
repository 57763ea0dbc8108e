"""Statistical laws: how rates are split and numbers of draws computed, and answers that are no draws at all."""

from __future__ import annotations

import numpy as np
import pytest

from polystate_conformance.scoring import exact_tests, laws, power

MEAN = np.arange(12.0).reshape(4, 3)
COVARIANCE = np.array([[[0.2, 0.05, 0.0], [0.05, 0.3, -0.1], [0.0, -0.1, 0.4]]] * 4)
RATE = 1e-6 / 40


def law(fault: str = "sd", size: float = 0.05, **more):
    return {"law": "normal", "mean": MEAN.tolist(), "covariance": COVARIANCE.tolist(),
            "detect": {"fault": {fault: size}, "power": 0.999}, **more}  # fmt: skip


def test_published_numbers_of_draws_for_one_component():
    assert power.normal("sd", 0.05, 0.999, RATE, 1) == pytest.approx(15_500, rel=0.05)
    assert power.normal("sd", 0.02, 0.999, RATE, 1) == pytest.approx(94_000, rel=0.03)


def test_components_that_share_a_fault_need_fewer_draws():
    assert power.normal("sd", 0.05, 0.999, RATE, 12) == pytest.approx(
        power.normal("sd", 0.05, 0.999, RATE, 1) / 12, rel=0.01
    )


def test_a_smaller_fault_needs_more_draws():
    needed = [laws.draws_needed(law("sd", size), RATE) for size in (0.1, 0.05, 0.02)]
    assert needed == sorted(needed)
    assert len(set(needed)) == 3


def test_the_rate_is_split_over_cases_and_then_over_tests():
    assert laws.plan([], 1).rate == laws.SUITE_RATE
    rates = laws.rates(["scale", "mean", "shape"], "scale", 1e-8)
    assert rates["scale"] == 5e-9
    assert sum(rates.values()) == pytest.approx(1e-8)


def test_whitening_gives_back_standard_normal_numbers():
    z = np.random.default_rng(1).standard_normal((50, 4, 3))
    x = MEAN + np.einsum("mij,nmj->nmi", np.linalg.cholesky(COVARIANCE), z)
    found, atom, axis, excess = exact_tests.whiten(x, MEAN, COVARIANCE)
    assert np.allclose(found.reshape(50, 4, 3), z)
    assert atom.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert axis.tolist() == [0, 1, 2] * 4
    assert excess == -np.inf


def test_a_singular_covariance_allows_no_draw_beside_its_plane():
    line = np.outer([2.0, 1.0, 0.5], [2.0, 1.0, 0.5])[None]
    t = np.random.default_rng(2).standard_normal((40, 1, 1))
    on = t * np.array([2.0, 1.0, 0.5])
    z, *_, excess = exact_tests.whiten(on, np.zeros((1, 3)), line)
    assert np.allclose(z, t[:, 0])
    assert excess < 0
    assert exact_tests.whiten(on + [0, 0, 1e-3], np.zeros((1, 3)), line)[3] > 0


def test_components_that_depend_on_each_other_have_no_p_value():
    z = np.repeat(np.random.default_rng(3).standard_normal((80, 1)), 3, axis=1)
    assert exact_tests.normal(z, np.zeros(3, int), np.arange(3))["correlation"] == 0.0
    assert exact_tests.normal(np.zeros((80, 1)), np.zeros(1, int), np.zeros(1, int))["successive draws"] == 0.0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no such file"),
        (b"not an array", "not a NumPy array file"),
        (np.zeros((8, 4, 2)), "shape"),
        (np.zeros((8, 4, 3), np.float32), "dtype"),
        (np.full((8, 4, 3), np.inf), "not finite"),
        (np.full((8, 4, 3), np.nan), "expected 0.0"),
    ],
)
def test_an_answer_without_draws_is_impossible_not_a_crash(tmp_path, content, why):
    if isinstance(content, bytes):
        (tmp_path / "draws.npy").write_bytes(content)
    elif content is not None:
        np.save(tmp_path / "draws.npy", content)
    with pytest.raises(laws.Impossible, match=why):
        laws.draws_of({"draws": {"file": "draws.npy"}}, tmp_path, law(), 8)


def test_states_that_cannot_be_drawn_are_impossible():
    states = {"law": "categorical", "probabilities": {"a": 0.0, "b": 1.0}}
    assert laws.outcomes_drawn({"states_drawn": ["b", "b"]}, states, 2).tolist() == [1, 1]
    for wrong in (["b", "a"], ["b", None], ["b"]):
        with pytest.raises(laws.Impossible):
            laws.outcomes_drawn({"states_drawn": wrong}, states, 2)
