"""Whole files: round trips in both dialects, dialect detection, JSON, traversal, fuzzed input."""

from __future__ import annotations

import gzip
import json
import os
import struct

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polystate.errors import PolystateError
from polystate_tools.formats import mmtf
from polystate_tools.formats.mmtf import errors, traversal
from tests.tools.formats.mmtf.mmtf_samples import dipeptide, packed, raw_map

FUZZ = int(os.environ.get("POLYSTATE_FUZZ", "1"))  # times as many fuzzed inputs as in the test command


def test_every_field_survives_1_0(small: mmtf.Structure) -> None:
    back = mmtf.decode(mmtf.encode(small))
    assert mmtf.differences(small, back) == []
    assert back.dialect == "1.0"
    assert back.warnings == []


def test_the_draft_keeps_all_but_what_it_names_as_lost(small: mmtf.Structure) -> None:
    small.fields["groupProperties"] = {"scoreList": np.array([1, 2, 3], np.float32)}
    back = mmtf.decode(mmtf.encode(small, "draft"))
    assert back.dialect == "draft"
    assert back["mmtfVersion"] == "0.1"
    lost = {loss["field"] for loss in mmtf.losses(small, "draft")}
    assert lost == {"ncsOperatorList", "groupProperties", "bioAssemblyList.name"}
    assert set(mmtf.differences(small, back)) == {
        "mmtfVersion",
        "ncsOperatorList",
        "groupProperties",
        "bioAssemblyList",
        "groupList",
    }
    assert back["groupList"][2]["bondAtomList"] == []  # the draft always has the bond lists


def test_properties_and_unknown_fields_are_kept(small: mmtf.Structure) -> None:
    small.fields |= {
        "atomProperties": {"chargeList": np.linspace(0, 1, 10, dtype=np.float32), "plainList": list(range(10))},
        "chainProperties": {"idList": np.array(["HBB_HUMAN", "water"]), "kindList": np.array([1, 2], np.int8)},
        "modelProperties": {"rmsdList": np.array([7], np.int32)},
        "bondProperties": {"typeList": [1] * 8},
        "extraProperties": {"types": {0: "metal", 1: "single"}, "id": "ABC", "blob": b"\1\2\3", "x": 0.1},
        "somethingNew": {"deep": [1, 2, {"k": b"\xff"}]},
    }
    back = mmtf.decode(mmtf.encode(small))
    assert mmtf.differences(small, back) == []
    assert back.warnings == ["extraProperties.blob: bytes without a codec header are kept as they are"]
    back = mmtf.loads(mmtf.dumps(small))
    assert back["somethingNew"] == {"deep": [1, 2, {"k": b"\xff"}]}
    assert back["extraProperties"]["blob"] == b"\1\2\3"


def test_gzip_is_opened(small: mmtf.Structure) -> None:
    assert mmtf.differences(small, mmtf.decode(gzip.compress(mmtf.encode(small)))) == []


def test_versions_do_not_decide_the_dialect() -> None:
    old, new = raw_map("draft"), raw_map("1.0")
    old["mmtfVersion"], new["mmtfVersion"] = "1.0", "0.1"
    assert mmtf.decode(packed(old)).dialect == "draft"
    assert mmtf.decode(packed(new)).dialect == "1.0"


def test_a_group_map_is_read_like_a_list() -> None:
    raw = raw_map("draft")
    raw["groupList"] = dict(zip(["7", "3", "5"], raw["groupList"], strict=True))
    raw["groupTypeList"] = struct.pack(">3i", 7, 3, 5)
    made = mmtf.decode(packed(raw))
    names = [made["groupList"][i]["groupName"] for i in made["groupTypeList"]]
    assert names == ["GLY", "ALA", "HOH"]
    raw["groupTypeList"] = struct.pack(">3i", 7, 3, 4)
    with pytest.raises(errors.IndexOutOfRange, match="groupTypeList"):
        mmtf.decode(packed(raw))


def test_no_altloc_is_nul_or_space(small: mmtf.Structure) -> None:
    small.fields["altLocList"] = np.array([32, 0, 65, 66, 32, 0, 0, 0, 0, 0], np.uint8)
    back = mmtf.decode(mmtf.encode(small))
    assert back.characters("altLocList").tolist()[:5] == ["", "", "A", "B", ""]
    assert back["altLocList"].tolist()[:2] == [32, 0]


def test_json_has_the_shape_of_the_archive(small: mmtf.Structure) -> None:
    text = mmtf.dumps(small)
    shown = json.loads(text)
    assert shown["xCoordList"][:4] == [0.5, 1.25, 40.75, -0.125]
    assert shown["altLocList"][3] == 65
    assert shown["chainIdList"] == ["A", "B"]
    assert mmtf.differences(small, mmtf.loads(text)) == []
    assert mmtf.to_json(mmtf.Structure({"resolution": float(np.float32(1.12)), "rFree": 0.1}))["resolution"] == 1.12


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=20))
def test_json_floats_come_back_exactly(values: list[float]) -> None:
    array = np.array(values, np.float32)
    text = json.dumps(mmtf.jsonform.shortest(array))
    assert (np.array(json.loads(text), np.float64).astype(np.float32) == array).all()


def test_traversal_counts_as_the_published_pseudo_code(small: mmtf.Structure) -> None:
    walk = traversal.Walk(small)
    seen = []
    for model in walk.models():
        for chain in walk.chains(model):
            for group in walk.groups(chain):
                seen += [(model.index, chain.id, group.number, group.insertion, a.name) for a in walk.atoms(group)]
    assert len(seen) == 10
    assert seen[4] == (0, "A", 2, "A", "N")
    assert seen[9] == (0, "B", 101, "", "O")
    bonds = list(walk.bonds())
    assert len(bonds) == small["numBonds"]
    assert bonds[0] == (1, 0, 1)
    assert bonds[3] == (5, 4, 1)
    assert bonds[-1] == (4, 2, 1)
    at = traversal.index(small)
    assert at.atom_name[at.entry].tolist() == ["N", "CA", "C", "O", "N", "CA", "C", "O", "CB", "O"]
    assert at.charge[at.entry][0] == 1
    assert at.chain_of_group.tolist() == [0, 0, 1]
    atom = next(walk.atoms(next(walk.groups(next(walk.chains(next(walk.models())))))))
    assert (atom.xyz, atom.serial, atom.b_factor, atom.alt_loc) == ((0.5, 0.0, 0.0), 1, 12.5, "")


COORDINATES = st.lists(st.integers(-(10**6), 10**6), min_size=10, max_size=10)


@settings(max_examples=40, deadline=None)
@given(COORDINATES, st.lists(st.integers(-(10**6), 10**6), min_size=3, max_size=3), st.sampled_from(["1.0", "draft"]))
def test_generated_structures_come_back(x: list[int], numbers: list[int], dialect: str) -> None:
    made = dipeptide()
    made.fields["xCoordList"] = (np.array(x) / 1000).astype(np.float32)
    made.fields["bFactorList"] = (np.array(x) / 100).astype(np.float32)
    made.fields["atomIdList"] = np.array(x, np.int32)
    made.fields["groupIdList"] = np.array(numbers, np.int32)
    back = mmtf.decode(mmtf.encode(made, dialect))
    for name in ("xCoordList", "bFactorList", "atomIdList", "groupIdList"):
        assert mmtf.equal(made[name], back[name])


@settings(max_examples=300 * FUZZ, deadline=None)
@given(st.data(), st.sampled_from(["1.0", "draft"]))
def test_changed_bytes_never_crash(data: st.DataObject, dialect: str) -> None:
    good = bytearray(mmtf.encode(dipeptide(), dialect))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = mmtf.decode(bytes(good))
    except PolystateError:
        return
    assert len(made["xCoordList"]) == made["numAtoms"]
    traversal.bonds(made)


@settings(max_examples=200 * FUZZ, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(PolystateError):
        mmtf.decode(data)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300 * FUZZ, deadline=None)
@given(st.data(), st.sampled_from(["1.0", "draft"]))
def test_changed_fields_never_crash(data: st.DataObject, dialect: str) -> None:
    raw = raw_map(dialect)
    name = data.draw(st.sampled_from(sorted(raw)))
    raw[name] = data.draw(VALUES)
    try:
        mmtf.decode(msgpack.packb(raw))
    except PolystateError:
        pass


def test_bonds_without_orders_are_read_back_from_the_draft():
    made = dipeptide()
    for group in made["groupList"]:
        group.pop("bondOrderList", None)
    (gly, *_) = mmtf.decode(mmtf.encode(made, "draft"))["groupList"]
    assert gly["bondAtomList"] == [1, 0, 2, 1, 3, 2] and "bondOrderList" not in gly
