"""What differs in two depositions: nothing in the same, and each thing by its name, its place and its size."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import polystate
from polystate.errors import BadRequest, PolystateError
from polystate.questions.differences import EXACT, Tolerance
from polystate.questions.differences.arrays import value_differences
from polystate.questions.differences.documents import document_differences
from polystate.structure.hierarchy import Hierarchy
from polystate.structure.matching import same_atoms
from polystate_conformance.paths import CORPUS
from tests.reference.small import conditions, deposition, iadp, sites
from tests.reference.store.test_damaged_stores import EXAMPLES, FILES, damaged

B_TO_U = 1 / (8 * math.pi**2)
TWO = [(0, "A", -1, 0.6), (1, "B", -1, 0.4)]


def opened(**layers: Any) -> polystate.Deposition:
    descriptors = layers.pop("descriptors", {"b": iadp([10.0, 20.0, 30.0])})
    return polystate.Deposition(polystate.build(deposition(3, descriptors, **layers)))


def nameless(at: tuple[int, ...]) -> None:
    return None


def test_the_same_is_the_same_in_any_container(tmp_path) -> None:
    one = opened()
    polystate.write(one.tree, tmp_path / "a.zarr.zip")
    found = one.differences(polystate.open(tmp_path / "a.zarr.zip"), full=True)
    assert found.same and found.lines() == [] and found.not_compared == {}


def test_a_b_factor_is_found_as_a_number_and_as_u_of_its_descriptor_and_residue() -> None:
    found = opened().differences(opened(descriptors={"b": iadp([10.0, 23.0, 30.0])}))
    (array,) = found.arrays
    assert (array.where, array.differing, array.of, array.largest, array.at) == ("descriptors/b/b", 1, 3, 3.0, (1,))
    assert (array.row, array.a, array.b) == ("A/2/CA", 20.0, 23.0)
    total, own = found.values
    assert (total.descriptor, own.descriptor, total.quantity, own.quantity) == (None, "b", "U", "U")
    for item in (total, own):
        assert item.largest == pytest.approx(3 * B_TO_U, rel=1e-12)
        assert item.atom == "A/2/CA" and item.residues == (("A.2", 1, item.largest),)
    assert not (found.same or found.documents or found.groups or found.states)


def test_numbers_within_the_tolerance_are_the_same() -> None:
    other = opened(descriptors={"b": iadp([10.0, 20.0 + 1e-6, 30.0])})
    assert not opened().differences(other).same
    assert opened().differences(other, abs=1.1e-6).same
    assert opened().differences(other, rel=1e-7).same
    assert not opened().differences(other, abs=0.9e-6).same


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_a_tolerance_is_a_number_from_0_on(bad: float) -> None:
    with pytest.raises(BadRequest):
        opened().differences(opened(), abs=bad)


def test_an_atom_that_moved_is_a_mean_that_differs() -> None:
    xyz = np.arange(9.0).reshape(3, 3)
    moved = xyz + [[0, 0, 0], [0, 0, 0], [2.0, 1.0, 2.0]]
    found = opened(x_ref=xyz.tolist()).differences(opened(x_ref=moved.tolist()))
    assert [(a.where, a.at, a.row) for a in found.arrays] == [("reference/x_ref", (2, 0), "A/3/CA")]
    (mean,) = found.values
    assert (mean.quantity, mean.descriptor, mean.atom, mean.largest) == ("mean", None, "A/3/CA", 3.0)


def test_states_that_one_of_them_lacks_and_the_numbers_of_joint_states() -> None:
    three = [*TWO[:1], (1, "B", -1, 0.3), (2, "C", -1, 0.1)]
    one, other = (
        opened(descriptors={"alt": sites([{"site": 0, "states": rows}, {"site": 1, "states": TWO}])})
        for rows in (TWO, three)
    )
    found = one.differences(other)
    assert found.states.only_a == () and found.states.only_b == ("alt/0=C",) and found.states.counts == (4, 6)
    assert any("state alt/0=C: only in B" in line for line in found.lines())


def test_a_displacement_is_told_by_descriptor_in_the_state_that_is_asked_for() -> None:
    def moved(x: float) -> polystate.Deposition:
        alt = sites([{"site": 1, "states": TWO}])
        alt["tables"]["deltas"] = {"site": [1], "state": [1], "atom_id": [2], "dx": [x], "dy": [0.0], "dz": [0.0]}
        return opened(descriptors={"alt": alt})

    found = moved(1.0).differences(moved(1.5))
    assert found.values == []  # A is the more populated state
    (array,) = found.arrays
    assert (array.where, array.row) == ("descriptors/alt/deltas/dx", "A.2=B, A/2/CA")
    found = moved(1.0).differences(moved(1.5), state={"alt/1": "B"})
    assert [(v.quantity, v.descriptor, v.largest) for v in found.values] == [("mean", None, 0.5), ("mean", "alt", 0.5)]


def test_a_state_that_one_lacks_cannot_be_compared() -> None:
    other = opened(descriptors={"alt": sites([{"site": 0, "states": TWO}])})
    found = opened().differences(other, state={"alt/0": "B"})
    assert list(found.not_compared) == ["states, means and covariances"] and not found.same
    assert opened().differences(opened(), state={"alt/0": "B"}).not_compared


def test_a_group_that_one_has_is_one_line_and_its_u_is_told() -> None:
    found = opened().differences(opened(descriptors={}))
    assert [(g.where, g.only) for g in found.groups] == [("descriptors/b", "a")]
    largest = {v.descriptor: v.largest for v in found.values}
    assert largest == {None: pytest.approx(30 * B_TO_U), "b": pytest.approx(30 * B_TO_U)}


def test_what_cannot_be_evaluated_is_said_and_the_rest_compared() -> None:
    bad = iadp([10.0, 20.0, 30.0])
    bad["arrays"]["atom_id"] = [1, 2, 9]
    found = opened(descriptors={"good": iadp([1.0, 2.0, 3.0]), "b": iadp([10.0, 20.0, 30.0])}).differences(
        opened(descriptors={"good": iadp([1.0, 2.0, 4.0]), "b": bad})
    )
    assert {"U of b", "U of all together"} <= set(found.not_compared)
    assert "atom_id 9" in found.not_compared["U of b"]
    assert [(v.descriptor, v.atom) for v in found.values] == [("good", "A/3/CA")]


def test_conditions_count_as_joint_states() -> None:
    nested = sites([{"site": 0, "states": TWO}])
    child = sites([{"site": 1, "states": [(0, "A", 0, 0.5), (1, "B", 0, 0.5)]}], keys=4_000_001_000)
    child["algebra"], child["active_when"] = "nested_under", -1
    child["tables"]["conditions"] = conditions([(0, "alt", 0, 1)])
    one = opened(descriptors={"alt": nested, "side": child})
    other = opened(descriptors={"alt": nested, "side": sites([{"site": 1, "states": TWO}], keys=4_000_001_000)})
    assert one.differences(other).states.counts == (3, 4)


def test_atoms_are_the_same_by_name_whatever_their_rows_and_ids() -> None:
    def hierarchy(names: list[str], ids: list[int]) -> Hierarchy:
        residue = {"chain": [0], "comp": ["LIG"], "label_seq": [1], "auth_seq": [1]}
        atoms = {"residue": [0] * len(names), "name": names, "element": ["C"] * len(names), "atom_id": ids}
        chains = {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]}
        entities = {"type": ["non-polymer"], "description": [""], "sequence": [""]}
        document = {"atoms": atoms, "residues": residue, "chains": chains, "entities": entities}
        xyz = [[float(k), 0.0, 0.0] for k in range(len(names))]
        return Hierarchy(polystate.build({"hierarchy": document, "reference": {"x_ref": xyz}}))

    one, other = hierarchy(["C1", "C2", "C2", "C3"], [1, 2, 3, 4]), hierarchy(["C2", "C4", "C3", "C2"], [5, 6, 7, 9])
    rows = [tuple(pair) for pair in zip(*map(list, same_atoms(one, other)), strict=True)]
    assert rows == [(1, 0), (2, 3), (3, 2)]


@pytest.mark.parametrize(
    ("a", "b", "places"),
    [
        ({"x": 1}, {"x": 1.0}, []),
        ({"x": 1}, {"x": True}, ["/x"]),
        ({"x": None}, {}, ["/x"]),
        ({"a/b": {"~": 1}}, {"a/b": {"~": 2}}, ["/a~1b/~0"]),
        ({"x": [1, 2]}, {"x": [1, 3]}, ["/x/1"]),
        ({"x": [1, 2]}, {"x": [1]}, ["/x"]),
        ({"x": 1.0}, {"x": 1.0 + 1e-9}, []),
        ({"x": 10**30}, {"x": 10**30 + 1}, ["/x"]),
    ],
)
def test_documents_differ_at_json_pointers(a: dict, b: dict, places: list[str]) -> None:
    assert [item.where for item in document_differences(a, b, "", Tolerance(abs=1e-6))] == places


@pytest.mark.parametrize(
    ("a", "b", "what"),
    [
        (np.float64([1, math.nan]), np.float64([1, math.nan]), []),
        (np.float64([1, math.inf]), np.float64([1, math.inf]), []),
        (np.float64([1]), np.float32([1]), ["type"]),
        (np.float64([1]), np.float64([1, 2]), ["shape"]),
        (["a", "b"], ["a", "c"], ["values"]),
        (["a"], np.float64([1]), ["type"]),
        (np.uint64([2**63]), np.uint64([2**63 + 1]), ["values"]),
        (np.zeros((0, 3)), np.zeros((0, 3)), []),
        (np.bool_([True]), np.bool_([False]), ["values"]),
    ],
)
def test_arrays_differ_in_type_shape_or_values(a: Any, b: Any, what: list[str]) -> None:
    assert [item.what for item in value_differences(a, b, "x", EXACT, nameless)] == what


def test_a_number_against_none_is_the_largest_difference() -> None:
    (item,) = value_differences(np.array([1.0, 2.0, 3.0]), np.array([9.0, math.nan, 3.0]), "x", EXACT, nameless)
    assert (item.differing, item.at, item.largest) == (2, (1,), math.inf)


@given(
    hnp.arrays(np.float64, (4, 2), elements=st.floats(-5, 5)),
    hnp.arrays(np.float64, (4, 2), elements=st.floats(-1, 1)),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.sampled_from([0.0, 0.05]),
)
def test_values_are_judged_one_by_one(a: np.ndarray, step: np.ndarray, absolute: float, relative: float) -> None:
    b = a + step
    rows = [(abs(x - y), i) for i, (x, y) in enumerate(zip(a.flat, b.flat, strict=True))
            if abs(x - y) > absolute + relative * abs(y)]  # fmt: skip
    found = list(value_differences(a, b, "x", Tolerance(absolute, relative), nameless))
    assert len(found) == bool(rows)
    for item in found:
        assert item.differing == len(rows) and item.largest == max(rows)[0]


def test_the_json_holds_every_residue_and_the_lines_the_first_few() -> None:
    found = opened().differences(opened(descriptors={"b": iadp([11.0, 22.0, 33.0])}))
    rows = found.to_json()["values"][0]["residues"]
    assert [r["residue"] for r in rows] == ["A.3", "A.2", "A.1"]
    many = [{"site": k, "states": TWO} for k in range(3)]
    lines = opened().differences(opened(descriptors={"alt": sites(many)})).lines(most=2)
    assert "and 5 more like that" in lines


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=damaged())
def test_a_damaged_store_is_compared_as_far_as_it_can_be(tmp_path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(tmp_path / "damaged.zarr.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    entry = next(entry for entry, whole in FILES.items() if set(whole) == set(files))
    good = polystate.open(CORPUS / f"{entry}.zarr.zip")
    try:
        broken = polystate.open(tmp_path / "damaged.zarr.zip")
        found = good.differences(broken, full=True), broken.differences(good, full=True)
    except PolystateError as refusal:
        assert refusal.code in ("not-a-store", "unsupported-version", "schema-violation")
        return
    assert found[0].same == found[1].same and len(found[0].arrays) == len(found[1].arrays)


def test_rows_of_conditions_are_named_by_the_descriptor_that_they_name() -> None:
    def under(state: int) -> Any:
        b = iadp([10.0, 20.0, 30.0])
        b["arrays"]["condition"] = [0, 0, 0]
        b["tables"] = {"conditions": conditions([(0, "alt", 0, state)])}
        return opened(descriptors={"alt": sites([{"site": 0, "states": TWO}]), "b": b})

    (array,) = [found for found in under(0).differences(under(1)).arrays if found.where.endswith("state")]
    assert (array.a, array.b, array.row) == (0, 1, "A.1=A")
