"""Draws in memory: the numbers of `render`, whatever is asked for with them; joint states with their probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import polystate
from polystate.draws import Draws
from polystate.errors import BadRequest, DrawRange, WrongDtype
from polystate_conformance.paths import CORPUS
from tests.reference.small import deposition


def golden(name: str) -> polystate.Deposition:
    return polystate.open(CORPUS / f"{name}.zarr.zip")


@pytest.mark.parametrize("name", ["scenario-multiconformer", "scenario-bundle", "nested-loop", "scenario-crystal"])
@pytest.mark.parametrize("backend", ["auto", "numpy"])
def test_draws_are_those_of_render(name: str, backend: str) -> None:
    dep = golden(name)
    found = dep.draws(4, 7, first=3, backend=backend)
    assert isinstance(found, Draws) and len(found) == 4
    for k in range(4):
        one = dep.render(draw=found.draw(k))
        np.testing.assert_allclose(found.xyz[k], one.xyz, atol=1e-12, rtol=0)
        assert np.array_equal(found.present[k], one.present) and found.state(k) == dict(one.state)
    with pytest.raises(IndexError):
        found.draw(4)


def test_batches_and_atoms_have_the_same_numbers() -> None:
    dep = golden("scenario-multiconformer")
    whole: Any = dep.draws(7, 11)
    batches: Any = list(dep.draws(7, 11, batch=3))
    assert [len(b) for b in batches] == [3, 3, 1] and [b.first for b in batches] == [0, 3, 6]
    assert np.array_equal(np.concatenate([b.xyz for b in batches]), whole.xyz)
    some: Any = dep.draws(7, 11, atoms=[2, 5], dtype="float32")
    assert some.xyz.dtype == np.float32 and some.atom_id.tolist() == [2, 5]
    np.testing.assert_allclose(some.xyz, whole.xyz[:, [1, 4]], rtol=1e-6)
    assert np.array_equal(some.joint, whole.joint)


def test_levels_restrict_what_displaces() -> None:
    dep = golden("scenario-crystal")
    still: Any = dep.draws(2, 7, levels=[])
    moving: Any = dep.draws(2, 7)
    one: Any = dep.draws(2, 7, levels=["tls"])
    assert np.array_equal(still.xyz[0], dep.render(draw=still.draw(0)).mean)
    assert not np.allclose(one.xyz, moving.xyz) and not np.allclose(one.xyz, still.xyz)
    with pytest.raises(BadRequest, match="levels"):
        dep.draws(2, 7, levels=["nosuch"])


@pytest.mark.parametrize(
    "given", [{"n": -1}, {"n": 1.5}, {"n": True}, {"n": 2, "batch": 0}, {"n": 1, "first": 1 << 64}]
)
def test_a_number_that_is_none_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(DrawRange):
        golden("scenario-crystal").draws(seed=7, **given)


def test_another_type_is_refused() -> None:
    with pytest.raises(WrongDtype):
        golden("scenario-crystal").draws(1, 7, dtype="int8")


def test_joint_states_have_the_probabilities_of_draws() -> None:
    dep = golden("altloc-nested")
    found = list(dep.joint_states())
    assert len(found) == dep.states.count() and sum(f.probability for f in found) == pytest.approx(1, abs=1e-12)
    drawn: Any = dep.draws(20_000, 3)
    for one in found:
        share = np.mean([drawn.state(k) == one.state for k in range(len(drawn))])
        assert abs(share - one.probability) < 6 * np.sqrt(one.probability / len(drawn))
        dep.render(state=one.state)


def test_a_state_without_a_population_has_no_probability() -> None:
    tables = {
        "states": {"site": [0, 0], "state": [0, 1], "label": ["A", "B"], "condition": [-1, -1],
                   "population": [0.0, 0.0], "deposited": ["NaN"] * 2, "source": ["fit"] * 2},
        "variables": {"site": [0], "draw_key": [9]},
    }  # fmt: skip
    alt = {
        "regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
        "algebra": "independent", "tables": tables,
    }  # fmt: skip
    dep = polystate.Deposition(polystate.build(deposition(2, {"alt": alt})))
    assert [found.probability for found in dep.joint_states()] == [None, None]
