"""Derived descriptors: computed when absent, compared when stored, stale when an input changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polystate
from polystate.editing.regenerated import regenerated
from polystate.errors import UnsupportedCombination
from polystate.operators.assignment.nearest_landmark_v1 import nearest_landmark_v1
from polystate.operators.ensemble.occupancy_weighted_mean_v1 import occupancy_weighted_mean_v1
from polystate.store.tree import Tree
from tests.reference.small import build, states

AXES = {"frame": {"length": 4}}
LANDMARK = {"id": "assignment/nearest_landmark_v1", "venue": "registry"}


def clustered(**cluster: Any) -> Tree:
    """A component along four frames, two landmarks, and a label made from them."""
    component = {
        "regime": "continuous", "mode": "C", "scope": {"level": "atom"}, "sample_axis": "frame",
        "signal_type": "deterministic_displacement", "algebra": "additive_displacement",
        "operator": {"id": "basis/pca_v1", "venue": "registry"},
        "arrays": {"atom_id": [1], "basis": [[[1.0, 0.0, 0.0]]], "coefficients": [[-2.0], [2.0], [0.5], [-0.5]]},
    }  # fmt: skip
    label = {
        "regime": "discrete", "mode": "B", "scope": {"level": "deposition"}, "sample_axis": "frame",
        "signal_type": "categorical_state", "algebra": "independent",
        "derived_from": {"operator": LANDMARK, "inputs": [{"path": "descriptors/pc"}, {"path": "landmarks/pc"}]},
        **cluster,
    }  # fmt: skip
    landmarks = {"pc": {"descriptor": "pc", "variable": "coefficients", "labels": ["left", "right"],
                        "assignment": LANDMARK, "arrays": {"point": [[-1.0], [1.0]]}}}  # fmt: skip
    return build(2, {"pc": component, "cluster": label}, axes=AXES, landmarks=landmarks)


def test_an_absent_label_is_computed_and_has_a_key_of_its_own() -> None:
    dep = polystate.Deposition(clustered())
    assert dep.validate(regenerate=True).valid
    found = [s.state["cluster/0"] for s in dep.iterate("frame")]
    assert found == ["left", "right", "right", "left"]
    assert dep.descriptors["cluster"].column("variables", "draw_key").tolist() == [4294967295]


def test_an_absent_label_is_the_same_from_a_store(tmp_path: Path) -> None:
    polystate.write(clustered(), tmp_path / "a.zarr")
    dep = polystate.open(tmp_path / "a.zarr")
    assert dep.render(at={"frame": 2}).state == {"cluster/0": "right"}
    assert polystate.Deposition(clustered()).digest() == dep.digest()


def test_what_is_regenerated_can_be_stored_and_passes() -> None:
    tree = {**clustered(), **regenerated(polystate.Deposition(clustered()))}
    dep = polystate.Deposition(tree)
    assert dep.validate(strict=True, regenerate=True).valid
    assert tree["descriptors/cluster"].arrays["labels"].tolist() == [0, 1, 1, 0]


def test_a_changed_input_makes_stale_and_mismatching() -> None:
    tree = {**clustered(), **regenerated(polystate.Deposition(clustered()))}
    pc = tree["descriptors/pc"]
    moved = {**pc.arrays, "coefficients": -np.asarray(pc.arrays["coefficients"])}
    dep = polystate.Deposition({**tree, "descriptors/pc": type(pc)(pc.attributes, moved, pc.tables)})
    assert "stale" in [w["code"] for w in dep.validate().warnings]
    assert [e.code for e in dep.validate(strict=True).errors] == ["stale"]
    assert [e.code for e in dep.validate(regenerate=True).errors] == ["derived-mismatch"]


def test_two_inputs_that_changed_make_stale_once() -> None:
    inputs = [{"path": name, "hash": "sha256:" + "1" * 64} for name in ("descriptors/pc", "landmarks/pc")]
    dep = polystate.Deposition(clustered(derived_from={"operator": LANDMARK, "inputs": inputs}))
    assert [e.where for e in dep.validate(strict=True).errors] == ["descriptors/cluster"]


def test_a_stored_label_of_an_unknown_signal_is_refused() -> None:
    tree = {**clustered(), **regenerated(polystate.Deposition(clustered()))}
    pc = tree["descriptors/pc"]
    tree["descriptors/pc"] = type(pc)({**pc.attributes, "signal_type": "unknown"}, pc.arrays, pc.tables)
    (error,) = polystate.Deposition(tree).validate().errors
    assert (error.code, error.where) == ("unsupported-combination", "descriptors/cluster#/derived_from/inputs")


def test_a_label_on_another_axis_than_its_source_is_refused() -> None:
    tree = dict(clustered())
    tree["axes/other"] = type(tree[""])({"length": 4})
    group = tree["descriptors/cluster"]
    tree["descriptors/cluster"] = type(group)({**group.attributes, "sample_axis": "other"}, group.arrays, group.tables)
    with pytest.raises(UnsupportedCombination):
        polystate.Deposition(tree).render(at={"other": 0, "frame": 0})


def test_the_mean_of_states_leaves_absent_atoms_out() -> None:
    tables = states([(0, 0, "a", -1, 0.5), (0, 1, "b", -1, 0.25)], {0: 7})
    tables["deltas"] = {"site": [0], "state": [1], "atom_id": [1], "dx": [3.0], "dy": [0.0], "dz": [0.0]}
    tables["absent"] = {"site": [0, 0], "state": [0, 1], "atom_id": [2, 2]}
    alt = {"regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
           "algebra": "independent", "tables": tables}  # fmt: skip
    mean = {"regime": "discrete", "mode": "A", "scope": {"level": "residue"}, "signal_type": "coordinates",
            "algebra": "independent",
            "derived_from": {"operator": {"id": "ensemble/occupancy_weighted_mean_v1", "venue": "registry"},
                             "inputs": [{"path": "descriptors/alt"}]}}  # fmt: skip
    dep = polystate.Deposition(build(2, {"alt": alt, "average": mean}))
    assert dep.validate(regenerate=True).valid
    snap = dep.render()
    assert np.allclose(snap.xyz, [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert snap.present.tolist() == [True, False]


vectors = st.lists(st.lists(st.floats(-9, 9), min_size=2, max_size=2), min_size=1, max_size=6)


@given(vectors, vectors)
def test_no_landmark_is_nearer_than_the_nearest(values: list[list[float]], points: list[list[float]]) -> None:
    found = nearest_landmark_v1(np.array(values), np.array(points))
    for p, value in enumerate(values):
        squares = [(value[0] - x) ** 2 + (value[1] - y) ** 2 for x, y in points]
        assert found["landmark"][p] == squares.index(min(squares))


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=5), st.floats(-5, 5))
def test_a_mean_moves_with_its_states(population: list[float], shift: float) -> None:
    xyz = np.random.default_rng(1).normal(size=(len(population), 3, 3))
    one = occupancy_weighted_mean_v1(xyz, np.array(population))["xyz"]
    other = occupancy_weighted_mean_v1(xyz + shift, np.array(population) * 0.5)["xyz"]
    assert np.allclose(other, one + shift, atol=1e-12)
