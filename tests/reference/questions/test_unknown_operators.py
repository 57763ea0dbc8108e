"""A deposition with an operator that nobody here knows: everything that does not need it is answered (9.8)."""

from __future__ import annotations

import numpy as np
import pytest

import polystate
from polystate.errors import UnknownOperator
from tests.reference.small import build, deposition, iadp

HASH = "sha256:" + "1" * 64


def unknown(id, signal, algebra, atoms, **keys):
    """A descriptor of an operator of the future on some atoms."""
    operator = {"id": id, "venue": "registry", "hash": HASH}
    return {
        "regime": "continuous", "mode": "C", "scope": {"level": "atom"}, "signal_type": signal, "algebra": algebra,
        "operator": operator, "arrays": {"atom_id": atoms, "secret": [[0.5, 0.25]]}, **keys,
    }  # fmt: skip


GAUSSIAN = unknown("parametric_gaussian/cumulants_v1", "gaussian_disorder", "additive_covariance", [3, 4])
SPLINE = unknown("basis/spline_v1", "deterministic_displacement", "additive_displacement", [3, 4])
B = iadp([10.0, 20.0, 30.0, 40.0])


def opened(**descriptors):
    return polystate.Deposition(polystate.build(deposition(4, {"b": B, **descriptors})))


@pytest.mark.parametrize("backend", ["numpy", "light", "numba"])
def test_atoms_that_it_does_not_reach_have_the_numbers_without_it(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    plain, dep = opened(), opened(g=GAUSSIAN)
    assert dep.validate().valid
    want = plain.covariance(atoms=[1, 2], backend=backend)
    assert np.array_equal(dep.covariance(atoms=[1, 2], backend=backend), want)
    assert np.array_equal(dep.covariance(levels=["b"], backend=backend), plain.covariance(backend=backend))
    assert np.array_equal(dep.render().xyz, plain.render().xyz)
    with pytest.raises(UnknownOperator) as refused:
        dep.covariance(atoms=[2, 3], backend=backend)
    assert refused.value.to_json()["where"] == "descriptors/g#/operator/id"


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_a_plan_is_compiled_for_what_it_does_not_reach(backend):
    pytest.importorskip(backend)
    dep = opened(g=GAUSSIAN)
    assert np.allclose(np.asarray(dep.plan(atoms=[1, 2], backend=backend).covariance()), dep.covariance(atoms=[1, 2]))
    with pytest.raises(UnknownOperator):
        dep.plan(backend=backend)


def test_draws_and_moments_of_the_atoms_beside_it():
    for descriptors in ({"g": GAUSSIAN}, {"s": SPLINE}):
        plain, dep = opened(), opened(**descriptors)
        drawn = dep.draws(3, seed=7, atoms=[1, 2]).xyz
        assert np.allclose(drawn, plain.draws(3, seed=7, atoms=[1, 2]).xyz, rtol=0, atol=1e-12)
        assert np.array_equal(dep.moments(atoms=[1, 2]).covariance, plain.moments(atoms=[1, 2]).covariance)
        for ask in (lambda dep=dep: dep.draws(3, seed=7), dep.moments):
            with pytest.raises(UnknownOperator):
                ask()


def test_describe_and_explain_name_it():
    dep = opened(g=GAUSSIAN)
    where = "descriptors/g#/operator/id"
    assert dep.describe()["unknown_operators"] == [{"where": where, "id": "parametric_gaussian/cumulants_v1"}]
    rows = {row["descriptor"]: row for row in dep.explain()}
    assert rows["g"]["unknown_operator"] and "mean_b" not in rows["g"] and rows["b"]["mean_b"] == pytest.approx(25)
    assert dep.understood().levels()[0].id == "b" and opened().understood().descriptors.keys() == {"b"}


def test_states_of_a_discrete_one_are_states_like_others():
    tables = {
        "states": {
            "site": [0, 0], "state": [0, 1], "label": ["in", "out"], "condition": [-1, -1], "population": [0.75, 0.25],
            "deposited": ["NaN", "NaN"], "source": ["fit", "fit"],
        },
        "variables": {"site": [0], "draw_key": [4_000_000_000]},
    }  # fmt: skip
    pose = {
        **unknown("rigid_body/twist_v1", "categorical_state", "independent", [1]), "regime": "discrete",
        "scope": {"level": "residue"}, "arrays": {"present": [[0], [0]]}, "tables": tables,
    }  # fmt: skip
    dep = opened(pose=pose)
    assert dep.states.count() == 2 and dep.validate().valid
    assert dep.render(state={"pose": "out"}, atoms=[2, 3]).present.all()  # an operator marks none as absent
    with pytest.raises(UnknownOperator):
        dep.render(atoms=[1])


def test_it_does_not_matter_where_nothing_is_taken_from_it():
    silent = {**SPLINE, "signal_type": "unknown"}
    dep = polystate.Deposition(build(4, {"s": silent}))
    assert dep.render().xyz.shape == (4, 3)
    assert {w["code"] for w in dep.validate().warnings} == {"unknown-signal", "unknown-operator"}
