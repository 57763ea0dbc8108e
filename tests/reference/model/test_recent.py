"""What the last request needed is kept: it answers the same request only, and nobody can change it."""

from __future__ import annotations

import numpy as np

import polystate
from polystate.model.recent import Recent
from polystate_conformance.paths import CORPUS


def golden(name: str) -> polystate.Deposition:
    return polystate.open(CORPUS / f"{name}.zarr.zip")


def test_a_value_is_made_once_for_a_key_and_anew_for_another() -> None:
    recent, made = Recent(), []
    for key in (
        ({"a": "x"}, [1, 2]),
        ({"a": "x"}, (1, 2)),
        ({"a": "y"}, [1, 2]),
        ({"a": "y"}, [1]),
        ({"a": "x"}, [1, 2]),
    ):
        recent.get("name", key, lambda: made.append(0))
    assert len(made) == 4  # a list and a tuple ask for the same
    recent.get("other", ({"a": "x"}, [1, 2]), lambda: made.append(0))
    assert len(made) == 5


def test_a_key_that_changes_later_is_another() -> None:
    recent, state, atoms = Recent(), {"a": "x"}, np.arange(5000)
    assert recent.get("name", (state, atoms), lambda: 1) == 1
    state["a"] = "y"
    assert recent.get("name", (state, atoms), lambda: 2) == 2
    atoms[2500] = 0  # an array is more than what is printed of it
    assert recent.get("name", (state, atoms), lambda: 3) == 3


def test_a_covariance_that_is_changed_by_its_owner_is_given_unchanged_again() -> None:
    dep = golden("scenario-crystal")
    first = dep.covariance()
    expected = first.copy()
    first[:] = 0
    assert np.array_equal(dep.covariance(), expected)
    assert not np.array_equal(dep.covariance(levels=["tls"]), expected)
    assert np.array_equal(dep.covariance(by_level=True).sum(axis=0), expected)
    assert np.array_equal(dep.covariance(), expected)


def test_draws_in_other_states_with_other_psd_and_atoms_are_their_own() -> None:
    """A deposition that is asked over and over gives what a fresh one gives."""
    dep = golden("scenario-multiconformer")
    ids = dep.hierarchy.atom_id[[1, 4]].tolist()
    asked = [{"draw": polystate.Draw(7, k), **more} for k in range(6) for more in ({}, {"atoms": ids}, {"psd": "clip"})]
    for request in asked:
        one, fresh = dep.render(**request), golden("scenario-multiconformer").render(**request)
        assert np.array_equal(one.xyz, fresh.xyz) and one.clipped == fresh.clipped
