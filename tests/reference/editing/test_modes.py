"""Modes A and B say the same: converted descriptors render equally, under offsets and mapped atoms too."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import polystate
from polystate.editing.modes import convert
from tests.reference.small import build, states

N = 5
OFFSET = {"hash": "sha256:" + "0" * 64, "frame": "other",
          "offset": {"kind": "rigid", "rotation": [[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]],
                     "translation": [1.5, -2.25, 0.75]}}  # fmt: skip
numbers = st.floats(-20, 20, allow_nan=False).map(lambda x: round(x, 3))


@st.composite
def deposition(draw: st.DrawFn) -> dict[str, Any]:
    """A descriptor of mode B over two residues-like groups, with moved and absent atoms."""
    rows, deltas, absent = [], [], []
    for site, atoms in ((0, (1, 2, 3)), (1, (4, 5))):
        for state in range(draw(st.integers(1, 3))):
            rows.append((site, state, "abc"[state], -1, 0.3))
            for atom in atoms:
                kind = draw(st.sampled_from(("moved", "absent", "kept")))
                xyz = [draw(numbers) for _ in range(3)]
                if kind == "moved" and any(xyz):
                    deltas.append((site, state, atom, *xyz))
                elif kind == "absent":
                    absent.append((site, state, atom))
    tables = states(rows, {0: 1, 1: 2})
    for name, found, columns in (("deltas", deltas, ("site", "state", "atom_id", "dx", "dy", "dz")),
                                 ("absent", absent, ("site", "state", "atom_id"))):  # fmt: skip
        if found:
            tables[name] = dict(zip(columns, map(list, zip(*found, strict=True)), strict=True))
    item: dict[str, Any] = {"regime": "discrete", "mode": "B", "scope": {"grouping": "two.parts/v1"},
                            "signal_type": "categorical_state", "algebra": "independent", "tables": tables}  # fmt: skip
    if draw(st.booleans()):
        item["reference"] = OFFSET
    if draw(st.booleans()):  # ids as another program numbers them: 11 to 15
        item["atom_identity"] = {"kind": "mapped"}
        for name in ("deltas", "absent"):
            if name in tables:
                tables[name]["atom_id"] = [i + 10 for i in tables[name]["atom_id"]]
        tables["atom_map"] = {"old": [11, 12, 13, 14, 15], "new": [1, 2, 3, 4, 5]}
    return item


GROUPING = {"two.parts/v1": {"kind": "partition", "child_level": "atom", "labels": ["x", "y"],
                             "child": [0, 1, 2, 3, 4], "parent": [0, 0, 0, 1, 1]}}  # fmt: skip
X_REF = np.round(np.random.default_rng(2).normal(size=(N, 3)) * 30, 3).tolist()


@settings(max_examples=40, deadline=None)
@given(deposition())
def test_a_converted_descriptor_renders_equally(item: dict[str, Any]) -> None:
    tree = build(N, {"alt": item}, X_REF, groupings=GROUPING)
    dense = convert(tree, "A")
    again = convert(dense, "B")
    deps = [polystate.Deposition(t) for t in (tree, dense, again)]
    assert all(dep.validate().valid for dep in deps)
    assert [dep.descriptors["alt"].mode for dep in deps] == ["B", "A", "B"]
    for joint in deps[0].states.legal():
        first, *others = [dep.render(state=joint) for dep in deps]
        for other in others:
            assert np.abs(other.xyz - first.xyz).max() <= 1e-12
            assert np.array_equal(other.present, first.present)


@settings(max_examples=20, deadline=None)
@given(deposition())
def test_b_to_a_to_b_keeps_its_rows(item: dict[str, Any]) -> None:
    item.pop("reference", None)
    tree = build(N, {"alt": item}, X_REF, groupings=GROUPING)
    again = convert(convert(tree, "A"), "B")
    for name in ("deltas", "absent"):
        before, after = tree["descriptors/alt"].tables.get(name, {}), again["descriptors/alt"].tables.get(name, {})
        for column in before:
            assert np.allclose(before[column], after[column], atol=1e-12, rtol=0)


def test_converting_an_input_does_not_make_what_is_derived_stale() -> None:
    tables = states([(0, 0, "a", -1, 0.5), (0, 1, "b", -1, 0.5)], {0: 7})
    tables["deltas"] = {"site": [0], "state": [1], "atom_id": [1], "dx": [3.0], "dy": [0.0], "dz": [0.0]}
    alt = {"regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
           "algebra": "independent", "tables": tables}  # fmt: skip
    mean = {"regime": "discrete", "mode": "A", "scope": {"level": "residue"}, "signal_type": "coordinates",
            "algebra": "independent",
            "derived_from": {"operator": {"id": "ensemble/occupancy_weighted_mean_v1", "venue": "registry"},
                             "inputs": [{"path": "descriptors/alt"}]}}  # fmt: skip
    dep = polystate.Deposition(convert(build(2, {"alt": alt, "average": mean}), "A"))
    assert dep.validate(strict=True, regenerate=True).valid
