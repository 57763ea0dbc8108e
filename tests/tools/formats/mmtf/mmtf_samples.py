"""A small structure with nearly every field of MMTF, and its unpacked map to be spoiled."""

from __future__ import annotations

from typing import Any

import msgpack
import numpy as np

from polystate_tools.formats.mmtf import Structure, encode


def dipeptide() -> Structure:
    """GLY-ALA and a water: 2 chains, 3 groups, 10 atoms, one bond between groups, an alternate location on O."""
    gly = {
        "groupName": "GLY",
        "atomNameList": ["N", "CA", "C", "O"],
        "elementList": ["N", "C", "C", "O"],
        "bondOrderList": [1, 1, 2],
        "bondAtomList": [1, 0, 2, 1, 3, 2],
        "formalChargeList": [1, 0, 0, 0],
        "singleLetterCode": "G",
        "chemCompType": "PEPTIDE LINKING",
    }
    ala = {
        "groupName": "ALA",
        "atomNameList": ["N", "CA", "C", "O", "CB"],
        "elementList": ["N", "C", "C", "O", "C"],
        "bondOrderList": [1, 1, 2, 1],
        "bondAtomList": [1, 0, 2, 1, 3, 2, 4, 1],
        "formalChargeList": [0, 0, 0, 0, 0],
        "singleLetterCode": "A",
        "chemCompType": "L-PEPTIDE LINKING",
    }
    hoh = {
        "groupName": "HOH",
        "atomNameList": ["O"],
        "elementList": ["O"],
        "formalChargeList": [0],
        "singleLetterCode": "?",
        "chemCompType": "NON-POLYMER",
    }
    n = 10
    identity = np.eye(4).ravel().tolist()
    fields: dict[str, Any] = {
        "mmtfVersion": "1.0.0",
        "mmtfProducer": "polystate tests",
        "unitCell": [10.0, 12.0, 30.0, 90.0, 90.0, 120.0],
        "spaceGroup": "P 1",
        "structureId": "9XYZ",
        "title": "a dipeptide and a wåter",
        "depositionDate": "2005-10-02",
        "releaseDate": "2013-12-03",
        "ncsOperatorList": [identity],
        "bioAssemblyList": [
            {"transformList": [{"chainIndexList": [0, 1], "matrix": identity}], "name": "1"},
        ],
        "entityList": [
            {"description": "peptide", "type": "polymer", "chainIndexList": [0], "sequence": "GA"},
            {"description": "water", "type": "water", "chainIndexList": [1], "sequence": ""},
        ],
        "experimentalMethods": ["X-RAY DIFFRACTION"],
        "resolution": 2.5,
        "rFree": 0.25,
        "rWork": 0.1875,
        "numBonds": 8,
        "numAtoms": n,
        "numGroups": 3,
        "numChains": 2,
        "numModels": 1,
        "groupList": [gly, ala, hoh],
        "bondAtomList": np.array([4, 2], np.int32),
        "bondOrderList": np.array([1], np.int8),
        "xCoordList": np.array([0.5, 1.25, 40.75, -0.125, 2, 3, 4, 5, 6, 7], np.float32),
        "yCoordList": np.arange(n, dtype=np.float32),
        "zCoordList": -np.arange(n, dtype=np.float32),
        "bFactorList": np.full(n, 12.5, np.float32),
        "atomIdList": np.arange(1, n + 1, dtype=np.int32),
        "altLocList": np.array([0, 0, 0, 65, 0, 0, 0, 66, 0, 0], np.uint8),
        "occupancyList": np.array([1, 1, 1, 0.5, 1, 1, 1, 0.5, 1, 1], np.float32),
        "groupIdList": np.array([1, 2, 101], np.int32),
        "groupTypeList": np.array([0, 1, 2], np.int32),
        "secStructList": np.array([7, 7, -1], np.int8),
        "insCodeList": np.array([0, 65, 0], np.uint8),
        "sequenceIndexList": np.array([0, 1, -1], np.int32),
        "chainIdList": np.array(["A", "B"]),
        "chainNameList": np.array(["A", "A"]),
        "groupsPerChain": np.array([2, 1], np.int32),
        "chainsPerModel": np.array([2], np.int32),
    }
    return Structure(fields)


def raw_map(dialect: str = "1.0") -> dict[str, Any]:
    """The unpacked MessagePack map of the dipeptide, to be spoiled."""
    return msgpack.unpackb(encode(dipeptide(), dialect))


def packed(fields: dict[str, Any]) -> bytes:
    """A map as MessagePack."""
    return msgpack.packb(fields)
