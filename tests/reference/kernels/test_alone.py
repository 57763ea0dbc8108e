"""An atom alone has the covariance and the draw, to the last bit, that it has among others ([RNG-17], [OPR-18])."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import polystate
from polystate import Draw
from polystate.editing import text_form as text
from polystate.errors import PolystateError
from tests.reference.kernels.random_depositions import deposition

BACKENDS = ("numpy", "auto", "numba")
bounded = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@bounded
@given(st.integers(0, 1 << 32), st.sampled_from(BACKENDS))
def test_covariance_of_some_atoms_is_that_of_all(seed, backend):
    dep = deposition(seed)
    ids = dep.hierarchy.atom_id
    whole = dep.covariance(backend=backend)
    for some in ([ids[0]], [ids[-1]], ids[1::3].tolist()):
        assert np.array_equal(dep.covariance(atoms=some, backend=backend), whole[np.isin(ids, some)])
    assert dep.covariance(atoms=[], backend=backend).shape == (0, 3, 3)


@bounded
@given(st.integers(0, 1 << 32), st.sampled_from(BACKENDS))
def test_draws_of_some_atoms_are_those_of_all(seed, backend):
    dep = deposition(seed)
    ids = dep.hierarchy.atom_id
    try:
        whole = dep.render(draw=Draw(7, 1), backend=backend).xyz
    except PolystateError:
        return
    for some in ([ids[0]], ids[1::3].tolist()):
        assert (
            np.abs(dep.render(draw=Draw(7, 1), atoms=some, backend=backend).xyz - whole[np.isin(ids, some)]).max()
            < 1e-12
        )


@bounded
@given(st.integers(0, 1 << 32), st.sampled_from(["float64", "float32"]))
def test_many_draws_of_some_atoms_are_computed_alone_with_the_same_bits(seed, dtype):
    dep = deposition(seed)
    ids = dep.hierarchy.atom_id
    try:
        whole = dep.draws(5, 3, first=2**32 - 2, backend="numba", dtype=dtype)
    except PolystateError:
        return
    for some in ([], [ids[0]], [ids[-1]], ids[1::3].tolist()):
        found, mine = dep.draws(5, 3, first=2**32 - 2, backend="numba", dtype=dtype, atoms=some), np.isin(ids, some)
        assert np.array_equal(found.xyz, whole.xyz[:, mine]) and np.array_equal(found.present, whole.present[:, mine])
        assert np.array_equal(found.joint, whole.joint)


def libration(n: int = 60, seed: int = 5) -> polystate.Deposition:
    """n atoms under a libration about one axis: every U is singular, so a bit of U is 1e-8 of a draw."""
    rng = np.random.default_rng(seed)
    v = rng.normal(size=3)
    lib = np.outer(v, v) * 1e-3
    row = np.concatenate(
        [np.zeros(6), lib[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]], np.zeros(8), [1.0], rng.normal(size=3) * 20]
    )
    names = {"residue": list(range(n)), "name": ["CA"] * n, "element": ["C"] * n}
    numbers = list(range(1, n + 1))
    level = {
        "regime": "continuous",
        "mode": "C",
        "signal_type": "gaussian_disorder",
        "algebra": "additive_covariance",
        "operator": {"id": "parametric_gaussian/tls_v1", "venue": "registry"},
        "normalised": False,
        "provenance": "p",
    }
    halves = {"child": list(range(n // 2)), "parent": [0] * (n // 2)}
    document = {
        "format_version": "0.1.0",
        "hierarchy": {
            "atoms": names,
            "residues": {"chain": [0] * n, "comp": ["GLY"] * n, "label_seq": numbers, "auth_seq": numbers},
            "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
            "entities": {"type": ["polymer"], "description": [""], "sequence": ["G" * n]},
        },
        "reference": {"x_ref": (rng.normal(size=(n, 3)) * 30).tolist()},
        "groupings": {"t.half/v1": {"kind": "partition", "child_level": "atom", "labels": ["half"], **halves}},
        "provenance": {"p": {"kind": "assertion"}},
        "descriptors": {
            "all": {**level, "scope": {"level": "deposition"}, "arrays": {"tls": [row.tolist()]}},
            "half": {**level, "scope": {"grouping": "t.half/v1"}, "arrays": {"tls": [(row * 1.5).tolist()]}},
        },
    }  # fmt: skip
    return polystate.Deposition(text.build(document))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_singular_covariance_draws_an_atom_alone_as_among_others(backend):
    dep = libration()
    whole = dep.render(draw=Draw(7, 0), backend=backend).xyz
    alone = [dep.render(draw=Draw(7, 0), atoms=[i + 1], backend=backend).xyz[0] for i in range(dep.n_atoms)]
    assert np.array_equal(whole, np.array(alone))
