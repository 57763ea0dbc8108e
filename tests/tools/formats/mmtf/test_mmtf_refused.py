"""Bad input: one fault, one name, and no more memory than the ceilings allow."""

from __future__ import annotations

import gzip
import json
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest

from polystate_tools.formats import mmtf
from polystate_tools.formats.mmtf import errors
from tests.tools.formats.mmtf.mmtf_samples import dipeptide, packed, raw_map


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
        (b"\x1f\x8bbroken from the first byte", "not-messagepack", "file"),
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
