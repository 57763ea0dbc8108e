"""rebase: numbers that can be carried are the same numbers, and what cannot is listed with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import polystate
from polystate.deposition import Deposition
from polystate.errors import BadRequest
from polystate.evaluation import evaluate
from polystate_conformance.paths import CORPUS
from polystate_tools.revisions.rebase import rebased
from tests.reference.kernels.random_depositions import deposition as random_deposition
from tests.reference.small import conditions, deposition, iadp, sites
from tests.tools.revisions.revised import revised, surviving

TURN = Rotation.from_rotvec([0.4, -0.9, 0.3]).as_matrix()
MOVE = np.array([40.0, -3.0, 12.5])
TWO = [(0, "A", -1, 0.6), (1, "B", -1, 0.4)]


def on(old: Deposition, new: Deposition):
    tree, account = rebased(old, new)
    out = Deposition(tree, old.folder)
    report = out.validate()
    assert report.valid, report.errors
    return out, account


def golden(name: str) -> Deposition:
    return polystate.open(CORPUS / f"{name}.zarr.zip")


def chosen(out: Deposition) -> dict:
    """The states of the default joint state, by descriptor and site, which a rebase keeps."""
    asked, found = out.request(at={name: 0 for name in out.axes}), {}
    for d in out.descriptors.values():
        if d.is_discrete and d.document.get("state_axis") is None and d.axis is None:
            table = d.table("states")
            for site, number in evaluate.states_of(d, out.states.dag, asked.joint).items():
                row = np.flatnonzero((np.asarray(table["site"]) == site) & (np.asarray(table["state"]) == number))[0]
                found[d.id, site] = table["label"][row]
    return found


@pytest.mark.parametrize(
    "name",
    ["1ejg", "5g27", "4ck4-mmtf", "1lcd", "mixed", "altloc-graded-b", "altloc-nested", "nested-loop", "nmr-bundle",
     "scenario-bundle", "scenario-classes", "scenario-crystal", "scenario-dynamics", "scenario-multiconformer"],
)  # fmt: skip
def test_on_its_own_atoms_a_deposition_stays_as_it_is(name: str) -> None:
    old = golden(name)
    out, account = on(old, old)
    assert account.stale == [] and account.atoms == (old.n_atoms, 0, 0)
    assert all("take its place" in entry.said for entry in account.dropped)
    found = old.differences(out)
    assert [d.where for d in found.documents] == ["#/supersedes"]
    assert not (found.arrays or found.groups or found.states or found.values or found.not_compared)


@pytest.mark.parametrize("name", ["6vxx-echt", "7k3t-echt", "5g27", "3dg1"])
def test_u_of_an_atom_is_the_same_under_another_number_in_another_frame(name: str) -> None:
    old = golden(name)
    gone = range(2, 4)
    out, account = on(old, revised(old, gone=gone, shift=1000, turn=TURN, move=MOVE))
    rows = surviving(old, out, gone)
    there = old.render().present[rows] & out.render().present
    u = TURN @ old.covariance(by_level=True)[:, rows] @ TURN.T
    found = out.covariance(by_level=True)
    assert [d.id for d in old.levels()] == [d.id for d in out.levels()]
    assert np.abs(found - u)[:, there].max() < 1e-5 * np.abs(u).max()
    assert account.atoms == (len(rows), old.n_atoms - len(rows), 0)  # waters too, by where they are
    assert any(entry.what.startswith("residues ") and entry.said == "not in NEW" for entry in account.dropped)


@pytest.mark.parametrize("seed", range(24))
def test_random_depositions_say_the_same_of_the_atoms_that_are_left(seed: int) -> None:
    rng = np.random.default_rng(seed)
    old = random_deposition(seed)
    gone = [int(rng.integers(0, old.hierarchy.size("residue")))] if seed % 3 else []
    turn, move = (TURN, MOVE) if seed % 2 else (None, None)
    out, account = on(old, revised(old, gone=gone, shift=7 if not gone else 0, turn=turn, move=move))
    if any("under" in entry.said for entry in account.dropped) or set(out.descriptors) != set(old.descriptors):
        return  # numbers that hold under a state that is gone are gone, too
    rows = surviving(old, out, gone)
    at = {name: 0 for name in old.axes}
    state = chosen(out)
    one, other = old.render(state=state, at=at), out.render(state=state, at=at)
    assert np.array_equal(one.present[rows], other.present)
    xyz = one.xyz[rows] if turn is None else one.xyz[rows] @ TURN.T + MOVE
    assert np.abs(other.xyz - xyz).max() < 1e-4
    u = one.covariance[rows] if turn is None else TURN @ one.covariance[rows] @ TURN.T
    assert np.abs(other.covariance - u).max() < 1e-4 * max(1.0, np.abs(u).max())


def small(**layers) -> Deposition:
    descriptors = layers.pop("descriptors", {"b": iadp([10.0, 20.0, 30.0, 40.0])})
    xyz = (np.arange(12.0).reshape(4, 3) ** 1.5).tolist()
    return Deposition(polystate.build(deposition(4, descriptors, xyz, **layers)))


def test_a_payload_keeps_its_ids_and_a_map_takes_them_to_those_of_the_new_atoms() -> None:
    old = small()
    out, account = on(old, revised(old, gone=[1]))
    d = out.descriptors["b"]
    assert d.array("atom_id").tolist() == [1, 3, 4] and d.array("b").tolist() == [10.0, 30.0, 40.0]
    assert d.document["atom_identity"] == {"kind": "mapped"}
    assert d.column("atom_map", "old").tolist() == [1, 3, 4]
    assert d.column("atom_map", "new").tolist() == [1001, 1002, 1003]
    assert [str(e) for e in account.stale] == ["descriptors/b: 1 of its atoms are not in NEW"]
    again, _ = on(out, revised(out, gone=[0]))
    assert again.descriptors["b"].column("atom_map", "old").tolist() == [3, 4]
    assert np.allclose(np.trace(again.covariance(), axis1=1, axis2=2) * 8 * np.pi**2 / 3, [30.0, 40.0])


def test_what_is_stale_is_told_by_a_validator_too() -> None:
    old = small()
    moved = np.zeros((4, 3))
    moved[2] = [0.0, 3.0, 0.0]
    out, account = on(old, revised(old, move=moved))
    assert [str(e) for e in account.stale] == ["descriptors/b: 1 of its atoms have moved, by up to 3 Å (A/3/CA)"]
    assert {w["code"] for w in out.validate().warnings} == {"stale"} and not out.validate(strict=True).valid
    out, account = on(old, revised(old, shift=5))
    assert account.stale == [] and out.validate(strict=True).valid and out.validate().warnings == []


def test_a_mutated_residue_makes_stale_and_its_states_are_dropped_by_name() -> None:
    alt = sites([{"site": 1, "states": TWO}, {"site": 2, "states": TWO}])
    alt["tables"]["deltas"] = {"site": [1, 2], "state": [1, 1], "atom_id": [2, 3], "dx": [1.0, 2.0], "dy": [0.0, 0.0],
                               "dz": [0.0, 0.0]}  # fmt: skip
    old = small(descriptors={"alt": alt, "b": iadp([10.0, 20.0, 30.0, 40.0])})
    out, account = on(old, revised(old, mutated={1: "TRP"}))
    assert "descriptors/alt: states of 1: its residue has another type in NEW" in map(str, account.dropped)
    assert "descriptors/b: A.2 ALA of another type in NEW" in map(str, account.stale)
    assert str(out.states.count()) == "2"
    assert np.allclose(out.render(state={("alt", 2): "B"}).xyz - out.x_ref, [[0] * 3, [0] * 3, [2, 0, 0], [0] * 3])


def test_what_holds_under_a_dropped_state_is_dropped_with_it() -> None:
    alt = sites([{"site": 0, "states": TWO}])
    alt["tables"]["deltas"] = {"site": [0], "state": [1], "atom_id": [1], "dx": [1.0], "dy": [0.0], "dz": [0.0]}
    inner = sites([{"site": 1, "states": [(0, "C", 0, 0.5), (1, "D", 0, 0.5)]}], keys=4_000_100_000)
    inner["algebra"] = "nested_under"
    inner["tables"]["conditions"] = conditions([(0, "alt", 0, 1)])
    b = iadp([10.0, 20.0, 30.0, 40.0])
    b["arrays"]["condition"] = [-1, -1, -1, 0]
    b["tables"] = {"conditions": conditions([(0, "alt", 0, 0)])}
    old = small(descriptors={"alt": alt, "inner": inner, "b": b})
    out, account = on(old, revised(old, gone=[0]))
    said = list(map(str, account.dropped))
    assert "descriptors/alt: none of its atoms is in NEW" in said
    assert "descriptors/inner: none of its states is left" in said
    assert "descriptors/b: 1 rows that hold under states that are dropped" in said
    assert list(out.descriptors) == ["b"] and out.descriptors["b"].array("atom_id").tolist() == [2, 3]


def test_atoms_that_a_scope_takes_in_unasked_are_told() -> None:
    old = small()
    group = {"regime": "continuous", "mode": "C", "scope": {"level": "chain"}, "signal_type": "gaussian_disorder",
             "algebra": "additive_covariance", "operator": {"id": "parametric_gaussian/tls_v1", "venue": "registry"},
             "arrays": {"tls": [[1.0, 1.0, 1.0, *[0.0] * 17, 0.5, 0.0, 0.0, 0.0]]}}  # fmt: skip
    part = revised(small(descriptors={"tls": group}), gone=[3])
    grown = Deposition(
        {**part.tree, "descriptors/tls": polystate.build(deposition(3, {"tls": group}))["descriptors/tls"]}
    )
    out, account = on(grown, old)
    assert "descriptors/tls: it covers 1 atoms that it was not made for" in map(str, account.stale)
    assert np.allclose(out.covariance(), 0.5 * np.eye(3))


def test_it_supersedes_what_it_was_made_from_and_all_before() -> None:
    old = small(title="first")
    middle, _ = on(old, revised(old, gone=[3]))
    last, _ = on(middle, revised(middle, gone=[0]))
    assert [v["digest"] for v in last.document["supersedes"]] == [f"sha256:{d.digest()}" for d in (middle, old)]
    assert last.document["supersedes"][1]["title"] == "first"


def test_blocks_of_one_name_are_both_kept() -> None:
    block = {"kind": "import", "software": [{"name": "x", "version": "1"}], "method": {"name": "one"}}
    b = {**iadp([10.0, 20.0, 30.0, 40.0]), "provenance": "import"}
    old = small(descriptors={"b": b}, provenance={"import": block})
    other = small(provenance={"import": {**block, "method": {"name": "two"}}})
    out, _ = on(old, other)
    assert out.descriptors["b"].document["provenance"] == "superseded-import"
    assert out.tree["provenance/import"].attributes["method"] == {"name": "two"}
    assert out.tree["provenance/superseded-import"].attributes["method"] == {"name": "one"}


def test_remarks_follow_their_atoms() -> None:
    items = [{"selector": {"target": "atoms", "atoms": [2, 3]}, "body": 1},
             {"selector": {"target": "atoms", "atoms": [1]}, "body": 2},
             {"selector": {"target": "labels", "scope": {"level": "residue"}, "labels": [0, 3]}, "body": 3},
             {"selector": {"target": "deposition"}, "body": 4}]  # fmt: skip
    old = small(annotations={"my.notes": {"items": items}})
    out, account = on(old, revised(old, gone=[0]))
    found = [(r["body"], r["selector"].get("atoms") or r["selector"].get("labels")) for r in
             out.tree["annotations/my.notes"].attributes["items"]]  # fmt: skip
    assert found == [(1, [1001, 1002]), (3, [2]), (4, None)]
    assert "annotations/my.notes: 1 items about what is not in NEW" in map(str, account.dropped)


def test_atoms_on_a_line_have_no_orientation_and_are_taken_as_moved() -> None:
    line = [[float(k), 0.0, 0.0] for k in range(4)]
    old = Deposition(polystate.build(deposition(4, {"b": iadp([10.0, 20.0, 30.0, 40.0])}, line)))
    out, account = on(old, revised(old, turn=TURN, move=MOVE))
    assert account.frames == "the frames of both are one" and "4 of its atoms have moved" in account.stale[0].said


def test_nothing_in_common_is_a_deposition_without_descriptors() -> None:
    old = small()
    out, account = on(old, golden("altloc-graded-b"))
    assert list(out.descriptors) == [] and account.atoms[0] == 0
    assert "descriptors/b: none of its atoms is in NEW" in map(str, account.dropped)


def test_what_is_not_valid_is_refused_by_side_and_place() -> None:
    bad = iadp([10.0, 20.0, 30.0, 40.0])
    bad["arrays"]["atom_id"] = [1, 2, 3, 9]
    broken, good = small(descriptors={"b": bad}), small()
    for sides, name in (((broken, good), "OLD"), ((good, broken), "NEW")):
        with pytest.raises(BadRequest, match=rf"^{name}: found descriptors/b/atom_id\[3\].*atom_id 9"):
            rebased(*sides)
