"""Whole files: round trips in both dialects, dialect detection, JSON, traversal, bad input by name."""

from __future__ import annotations

import gzip
import json
import os
import struct
import tracemalloc
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmtf_samples import dipeptide, packed, raw_map

from polystate.errors import PolystateError
from polystate_tools.formats import mmtf
from polystate_tools.formats.mmtf import errors, traversal

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


def spoil(**changes: Any) -> dict[str, Any]:
    raw = raw_map()
    for name, value in changes.items():
        if value is None:
            del raw[name]
        else:
            raw[name] = value
    return raw


def group(**changes: Any) -> dict[str, Any]:
    raw = raw_map()
    for name, value in changes.items():
        if value is None:
            del raw["groupList"][0][name]
        else:
            raw["groupList"][0][name] = value
    return raw


INTS = struct.Struct(">iii")
RUN = struct.Struct(">iiiii")
SPOILED = [
    (spoil(mmtfVersion="99999999.0"), "unsupported-version", "mmtfVersion"),
    (spoil(mmtfVersion="one"), "unsupported-version", "mmtfVersion"),
    (spoil(mmtfVersion=1.0), "wrong-type", "mmtfVersion"),
    (spoil(mmtfVersion=None), "missing-field", "mmtfVersion"),
    (spoil(mmtfProducer=None), "missing-field", "mmtfProducer"),
    (spoil(xCoordList=None), "missing-field", "xCoordList"),
    (spoil(groupTypeList=None), "missing-field", "groupTypeList"),
    (spoil(groupList=None), "missing-field", "groupList"),
    (spoil(numModels=None), "missing-field", "numModels"),
    (spoil(xCoordBig=b"", xCoordSmall=b""), "mixed-dialect", "xCoordBig"),
    (spoil(xCoordList=[1.0]), "wrong-type", "xCoordList"),
    (spoil(xCoordList=b"short"), "bad-header", "xCoordList"),
    (spoil(xCoordList=INTS.pack(99, 10, 0)), "unsupported-codec", "xCoordList"),
    (spoil(xCoordList=RUN.pack(9, 10, 1000, 5, 9)), "length-mismatch", "xCoordList"),
    (spoil(xCoordList=RUN.pack(9, 9, 1000, 5, 9)), "wrong-length", "xCoordList"),
    (spoil(xCoordList=RUN.pack(7, 10, 0, 5, 10)), "wrong-type", "xCoordList"),
    (spoil(xCoordList=INTS.pack(1, 10, 0) + b"\x7f\xc0\0\0" * 10), "non-finite", "xCoordList[0]"),
    (spoil(occupancyList=RUN.pack(9, 2**31 - 1, 100, 100, 2**31 - 1)), "too-large", "occupancyList"),
    (spoil(groupsPerChain=[2**31 - 1, 1]), "count-mismatch", "groupsPerChain"),
    (spoil(groupsPerChain=[2, -1]), "bad-value", "groupsPerChain[1]"),
    (spoil(groupsPerChain=[1, 1]), "count-mismatch", "groupsPerChain"),
    (spoil(chainsPerModel=[3]), "count-mismatch", "chainsPerModel"),
    (spoil(numAtoms=11), "count-mismatch", "numAtoms"),
    (spoil(numAtoms=-1), "bad-value", "numAtoms"),
    (spoil(numAtoms="10"), "wrong-type", "numAtoms"),
    (spoil(numChains=3), "count-mismatch", "numChains"),
    (spoil(numGroups=4), "count-mismatch", "numGroups"),
    (spoil(numModels=2), "count-mismatch", "numModels"),
    (spoil(groupTypeList=struct.pack(">6i", 4, 3, 0, 0, 1, 3)), "index-out-of-range", "groupTypeList[2]"),
    (spoil(groupTypeList=struct.pack(">6i", 4, 3, 0, 0, -1, 2)), "index-out-of-range", "groupTypeList[1]"),
    (spoil(chainIdList=INTS.pack(5, 3, 4) + b"A\0\0\0" * 3), "wrong-length", "chainIdList"),
    (spoil(bondAtomList=struct.pack(">5i", 4, 2, 0, 0, 10)), "index-out-of-range", "bondAtomList[1]"),
    (spoil(bondAtomList=struct.pack(">4i", 4, 1, 0, 0)), "wrong-length", "bondAtomList"),
    (spoil(bondOrderList=INTS.pack(2, 1, 0) + b"\5"), "bad-value", "bondOrderList[0]"),
    (spoil(bondOrderList=INTS.pack(2, 2, 0) + b"\1\1"), "wrong-length", "bondOrderList"),
    (spoil(unitCell=[1, 2, 3]), "wrong-length", "unitCell"),
    (spoil(unitCell=[1, 2, 3, 90, 90, float("nan")]), "non-finite", "unitCell"),
    (spoil(resolution="2"), "wrong-type", "resolution"),
    (spoil(title=b"bytes"), "wrong-type", "title"),
    (spoil(experimentalMethods=["X", 1]), "wrong-type", "experimentalMethods[1]"),
    (spoil(ncsOperatorList=[[1.0] * 15]), "wrong-length", "ncsOperatorList[0]"),
    (spoil(entityList=[{"type": "polymer"}]), "missing-field", "entityList[0].chainIndexList"),
    (
        spoil(entityList=[{"chainIndexList": [2], "description": "", "type": "", "sequence": ""}]),
        "index-out-of-range",
        "entityList[0].chainIndexList[0]",
    ),
    (
        spoil(bioAssemblyList=[{"transformList": [{"chainIndexList": [0], "matrix": [1.0]}]}]),
        "wrong-length",
        "bioAssemblyList[0].transformList[0].matrix",
    ),
    (spoil(atomProperties=[1]), "wrong-type", "atomProperties"),
    (spoil(atomProperties={"x": 1}), "wrong-type", "atomProperties.x"),
    (group(elementList=None), "missing-field", "groupList[0].elementList"),
    (group(elementList=["N"]), "wrong-length", "groupList[0].elementList"),
    (group(atomNameList=["N", "CA", "C", 4]), "wrong-type", "groupList[0].atomNameList[3]"),
    (group(bondAtomList=[1, 0, 2, 1, 4, 2]), "index-out-of-range", "groupList[0].bondAtomList"),
    (group(bondAtomList=[1, 0, 2]), "wrong-length", "groupList[0].bondAtomList"),
    (group(bondOrderList=[1, 1]), "wrong-length", "groupList[0].bondOrderList"),
    (group(bondOrderList=[1, 1, 9]), "bad-value", "groupList[0].bondOrderList"),
    (group(formalChargeList=[0, 0, 0, 999]), "bad-value", "groupList[0].formalChargeList"),
    (group(groupName=5), "wrong-type", "groupList[0].groupName"),
]


@pytest.mark.parametrize(("raw", "code", "where"), SPOILED, ids=[f"{c}-{w}" for _, c, w in SPOILED])
def test_one_fault_one_name(raw: dict[str, Any], code: str, where: str) -> None:
    with pytest.raises(errors.MmtfError) as caught:
        mmtf.decode(packed(raw))
    assert (caught.value.code, caught.value.where) == (code, where)
    assert caught.value.stage in ("container", "schema")


def test_containers_that_are_not_one_map() -> None:
    good = mmtf.encode(dipeptide())
    for data, code, where in (
        (b"", "truncated", "file"),
        (b"hello", "not-messagepack", "file"),
        (b"\x93\1\2\3", "not-messagepack", "file"),
        (good + b"\0", "not-messagepack", "file"),
        (b"\x81\1\2", "not-messagepack", "file[1]"),
        (b"\x81\xa1a\xc1", "not-messagepack", "a"),
        (b"\x81\xa1a\xd4\1\1", "not-messagepack", "a"),
        (b"\x81\xa1a\xdd\xff\xff\xff\xff", "truncated", "a"),
        (b"\x81\xa1a\xc6\xff\xff\xff\xff", "truncated", "a"),
        (b"\x81\xa1a" + b"\x91" * 40 + b"\0", "too-large", "a"),
        (b"\x82\xa1a\1\xa1a\2", "duplicate-field", "a"),
        (b"\x81\xa5title\xa1\xff", "not-utf8", "title"),
        (b"\x81\xa1\xff\1", "not-utf8", "file"),
        (b"\x1f\x8bbroken", "not-messagepack", "file"),
        (gzip.compress(good)[:-20], "truncated", "file"),
        (gzip.compress(bytes(1 << 24)), "too-large", "file"),
    ):
        with pytest.raises(errors.MmtfError) as caught:
            mmtf.decode(data)
        assert (caught.value.code, caught.value.where) == (code, where), data[:20]


def test_every_truncation_is_refused() -> None:
    good = mmtf.encode(dipeptide())
    for end in range(0, len(good), 7):
        with pytest.raises(errors.MmtfError):
            mmtf.decode(good[:end])


def test_a_small_file_cannot_allocate_much() -> None:
    raw = raw_map()
    huge = 2**30
    raw["groupsPerChain"], raw["numGroups"] = [huge, 1], huge + 1
    raw["groupTypeList"] = RUN.pack(7, huge, 0, 0, huge)
    bombs = [packed(raw), b"\x81\xa1a" + b"\xdd\0\0\xff\xff" * 14]
    properties = {f"p{i}": RUN.pack(7, 2**20, 0, 1, 2**20) for i in range(400)}
    tracemalloc.start()
    try:
        for bomb in bombs:
            with pytest.raises(errors.MmtfError):
                mmtf.decode(bomb)
        mmtf.decode(packed(raw_map() | {"extraProperties": properties}))  # past the budget they stay bytes
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


def test_bad_json_is_refused_by_name() -> None:
    good = mmtf.to_json(dipeptide())
    for text, code in (
        ("{", "not-json"),
        ("[]", "not-json"),
        ("[" * 100_000, "too-large"),
        ('{"a": 1, "a": 2}', "duplicate-field"),
        (json.dumps(good | {"altLocList": [999] * 10}), "value-out-of-range"),
        (json.dumps(good | {"xCoordList": ["a"] * 10}), "wrong-type"),
        (json.dumps(good | {"xCoordList": [1e300] * 10}), "non-finite"),
        (json.dumps(good | {"atomIdList": [1] * 9}), "wrong-length"),
        (json.dumps(good | {"x": {"base64": "*"}}), "wrong-type"),
        (json.dumps(good | {"groupList": [g | {"elementList": ["C"]} for g in good["groupList"]]}), "wrong-length"),
    ):
        with pytest.raises(errors.MmtfError) as caught:
            mmtf.loads(text)
        assert caught.value.code == code, text[:40]


def test_encoding_refuses_what_a_reader_would(small: mmtf.Structure) -> None:
    for name, value, code in (
        ("xCoordList", np.full(10, np.nan, np.float32), "non-finite"),
        ("xCoordList", np.full(10, 3e6, np.float32), "value-out-of-range"),
        ("chainIdList", np.array(["ABCDE", "B"]), "value-out-of-range"),
        ("altLocList", [0] * 10, "wrong-type"),
        ("atomIdList", np.arange(9, dtype=np.int32), "wrong-length"),
        ("title", object(), "wrong-type"),
        ("atomProperties", {"x": np.zeros(10, np.complex64)}, "wrong-type"),
    ):
        spoiled = mmtf.Structure(dict(small.fields) | {name: value})
        with pytest.raises(errors.MmtfError) as caught:
            mmtf.encode(spoiled)
        assert caught.value.code == code, name
    with pytest.raises(errors.NotRepresentable):
        mmtf.encode(mmtf.Structure(small.fields | {"bondOrderList": np.array([4], np.int8)}), "draft")
    with pytest.raises(errors.NotRepresentable):
        mmtf.encode(small, "2.0")
    del small.fields["numAtoms"]
    with pytest.raises(errors.MissingField):
        mmtf.encode(small)


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
