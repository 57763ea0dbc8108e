"""The goldens: a small structure given in text, written by the package's encoder in both dialects."""

from __future__ import annotations

from typing import Any

import numpy as np
from pieces import IDENTITY, group

from polystate_tools.formats.mmtf import Structure, encode

GLY = group(
    "GLY",
    ["N", "CA", "C", "O"],
    ["N", "C", "C", "O"],
    "G",
    "PEPTIDE LINKING",
    formalChargeList=[1, 0, 0, 0],
    bondAtomList=[1, 0, 2, 1, 3, 2],
    bondOrderList=[1, 1, 2],
)
SER = group(
    "SER",
    ["N", "CA", "C", "O", "CB", "OG", "OG"],
    ["N", "C", "C", "O", "C", "O", "O"],
    "S",
    "L-PEPTIDE LINKING",
    bondAtomList=[1, 0, 2, 1, 3, 2, 4, 1, 5, 4, 6, 4],
    bondOrderList=[1, 1, 2, 1, 1, 1],
)
HOH = group("HOH", ["O"], ["O"], "?", "NON-POLYMER")
MODEL = [0.0004, 1.2346, -1.2346, 40.0, 72.7677, 72.7, -60.0, -59.5, 8.1251, 8.0, 9.9994, 99.9996]
ROUNDED = [0.0, 1.235, -1.235, 40.0, 72.768, 72.7, -60.0, -59.5, 8.125, 8.0, 9.999, 100.0]
B = [10.004, 10.006, 0.0, 99.99, 327.68, 655.36, 12.5, 12.5, 12.5, 12.5, 7.25, 80.0]
B_ROUNDED = [10.0, 10.01, 0.0, 99.99, 327.68, 655.36, 12.5, 12.5, 12.5, 12.5, 7.25, 80.0]


def golden(dialect: str) -> tuple[bytes, dict[str, Any]]:
    """The file, and what is expected of it. Two models of a dipeptide (one OG in two alternates) and a water."""
    count = 2 * len(MODEL)
    alternates = ([0] * 9 + [65, 66, 0]) * 2
    occupancy = ([1.0] * 9 + [0.701, 0.299, 1.0]) * 2
    entity = [
        {"description": "peptide", "type": "polymer", "chainIndexList": [0, 2], "sequence": "GS"},
        {"description": "water", "type": "water", "chainIndexList": [1, 3], "sequence": ""},
    ]
    fields = {
        "mmtfVersion": "1.0.0",
        "mmtfProducer": "polystate golden",
        "structureId": "9XYZ",
        "title": "a dipeptide",
        "unitCell": [10.0, 12.0, 30.0, 90.0, 90.0, 120.0],
        "spaceGroup": "P 1",
        "bioAssemblyList": [{"transformList": [{"chainIndexList": [0, 1], "matrix": IDENTITY}]}],
        "entityList": entity,
        "numBonds": 20,
        "numAtoms": count,
        "numGroups": 6,
        "numChains": 4,
        "numModels": 2,
        "groupList": [GLY, SER, HOH],
        "bondAtomList": np.array([4, 2, 16, 14], np.int32),
        "bondOrderList": np.array([1, 1], np.int8),
        "xCoordList": np.array(MODEL * 2, np.float64),
        "yCoordList": np.arange(count, dtype=np.float64),
        "zCoordList": -np.arange(count, dtype=np.float64) / 8,
        "bFactorList": np.array(B * 2, np.float64),
        "atomIdList": np.array([*range(1, 13), *range(1, 13)], np.int32),
        "altLocList": np.array(alternates, np.uint8),
        "occupancyList": np.array(occupancy, np.float64),
        "groupIdList": np.array([1, 2, 101] * 2, np.int32),
        "groupTypeList": np.array([0, 1, 2] * 2, np.int32),
        "secStructList": np.array([7, 7, -1] * 2, np.int8),
        "insCodeList": np.array([0, 65, 0] * 2, np.uint8),
        "sequenceIndexList": np.array([0, 1, -1] * 2, np.int32),
        "chainIdList": np.array(["A", "B", "A", "B"]),
        "chainNameList": np.array(["A", "A", "A", "A"]),
        "groupsPerChain": np.array([2, 1, 2, 1], np.int32),
        "chainsPerModel": np.array([2, 2], np.int32),
    }
    wants = {
        "numAtoms": count,
        "numModels": 2,
        "chainsPerModel": [2, 2],
        "groupsPerChain": [2, 1, 2, 1],
        "groupList": [GLY, SER, HOH],
        "entityList": entity,
        "bioAssemblyList": fields["bioAssemblyList"],
        "bondAtomList": ([4, 2, 16, 14], "int32"),
        "bondOrderList": ([1, 1], "int8"),
        "xCoordList": (ROUNDED * 2, "float32"),
        "yCoordList": ([float(i) for i in range(count)], "float32"),
        "zCoordList": ([-i / 8 for i in range(count)], "float32"),
        "bFactorList": (B_ROUNDED * 2, "float32"),
        "atomIdList": ([*range(1, 13), *range(1, 13)], "int32"),
        "altLocList": (alternates, "uint8"),
        "occupancyList": (([1.0] * 9 + [0.7, 0.3, 1.0]) * 2, "float32"),
        "groupIdList": ([1, 2, 101] * 2, "int32"),
        "groupTypeList": ([0, 1, 2] * 2, "int32"),
        "secStructList": ([7, 7, -1] * 2, "int8"),
        "insCodeList": ([0, 65, 0] * 2, "uint8"),
        "sequenceIndexList": ([0, 1, -1] * 2, "int32"),
        "chainIdList": ["A", "B", "A", "B"],
        "chainNameList": ["A", "A", "A", "A"],
    }
    return encode(Structure(fields), dialect), wants
