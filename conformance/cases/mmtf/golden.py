"""The goldens: a small structure given in text and encoded, value by value, in both dialects."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import msgpack
from encodings_of_lists import deltas, recursive, runs, scaled, split, text
from pieces import IDENTITY, bare, group

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


COUNT = 2 * len(MODEL)
Y = [float(i) for i in range(COUNT)]
Z = [-i / 8 for i in range(COUNT)]
OCCUPANCY = [*[1.0] * 9, 0.701, 0.299, 1.0] * 2
ENTITIES = [
    {"description": "peptide", "type": "polymer", "chainIndexList": [0, 2], "sequence": "GS"},
    {"description": "water", "type": "water", "chainIndexList": [1, 3], "sequence": ""},
]
ASSEMBLIES = [{"transformList": [{"chainIndexList": [0, 1], "matrix": IDENTITY}]}]
BONDS, ORDERS = [4, 2, 16, 14], [1, 1]
ATOM_IDS = [*range(1, 13)] * 2
ALTERNATES = [*[0] * 9, 65, 66, 0] * 2
GROUP_IDS = [1, 2, 101] * 2
GROUP_TYPES = [0, 1, 2] * 2
STRUCTURES = [7, 7, -1] * 2
INSERTIONS = [0, 65, 0] * 2
SEQUENCE = [0, 1, -1] * 2
CHAIN_IDS, CHAIN_NAMES = ["A", "B", "A", "B"], ["A", "A", "A", "A"]
GROUPS_OF_CHAINS, CHAINS_OF_MODELS = [2, 1, 2, 1], [2, 2]

ORDER_OF_GROUP = (
    "groupName", "atomNameList", "elementList", "bondOrderList", "bondAtomList", "formalChargeList",
    "singleLetterCode", "chemCompType",
)  # fmt: skip

INTEGERS: list[tuple[str, int, int, bytes, int]] = [
    ("atomIdList", 8, 0, bare("i", runs(deltas(ATOM_IDS))), COUNT),
    ("altLocList", 6, 0, bare("i", runs(ALTERNATES)), COUNT),
    ("occupancyList", 9, 100, bare("i", runs(scaled(OCCUPANCY, 100))), COUNT),
    ("groupIdList", 8, 0, bare("i", runs(deltas(GROUP_IDS))), 6),
    ("groupTypeList", 4, 0, bare("i", GROUP_TYPES), 6),
    ("secStructList", 2, 0, bare("b", STRUCTURES), 6),
    ("insCodeList", 6, 0, bare("i", runs(INSERTIONS)), 6),
    ("sequenceIndexList", 8, 0, bare("i", runs(deltas(SEQUENCE))), 6),
    ("chainIdList", 5, 4, text(CHAIN_IDS, 4), 4),
    ("chainNameList", 5, 4, text(CHAIN_NAMES, 4), 4),
]
"""Fields that both dialects encode alike: name, codec, parameter, payload, number of values."""


def golden(dialect: str) -> tuple[bytes, dict[str, Any]]:
    """The file, and what is expected of it. Two models of a dipeptide (one OG in two alternates) and a water."""
    return (published if dialect == "1.0" else draft)(), expected()


def published() -> bytes:
    """The file as specification 1.0 has it: a header before each payload, counts, float32 but for matrices."""

    def headed(codec: int, count: int, parameter: int, payload: bytes) -> bytes:
        return struct.pack(">iii", codec, count, parameter) + payload

    def coordinates(values: list[float], divisor: int) -> bytes:
        return headed(10, COUNT, divisor, bare("h", recursive(deltas(scaled(values, divisor)))))

    counts = {"numBonds": 20, "numAtoms": COUNT, "numGroups": 6, "numChains": 4, "numModels": 2}
    return packed(
        _described("1.0.0") | counts | {
            "groupList": [{key: entry[key] for key in ORDER_OF_GROUP} for entry in (GLY, SER, HOH)],
            "bondAtomList": headed(4, 4, 0, bare("i", BONDS)),
            "bondOrderList": headed(2, 2, 0, bare("b", ORDERS)),
            "xCoordList": coordinates(MODEL * 2, 1000),
            "yCoordList": coordinates(Y, 1000),
            "zCoordList": coordinates(Z, 1000),
            "bFactorList": coordinates(B * 2, 100),
            **{name: headed(codec, count, parameter, payload) for name, codec, parameter, payload, count in INTEGERS},
        }
    )  # fmt: skip


def draft() -> bytes:
    """The file as the draft has it: no headers, split coordinates, charges under their old name."""
    groups = [
        {("atomChargeList" if key == "formalChargeList" else key): entry[key] for key in ORDER_OF_GROUP}
        for entry in (GLY, SER, HOH)
    ]
    lists: dict[str, bytes] = {}
    for name, values, divisor in (("xCoord", MODEL * 2, 1000), ("yCoord", Y, 1000), ("zCoord", Z, 1000),
                                  ("bFactor", B * 2, 100)):  # fmt: skip
        lists[f"{name}Big"], lists[f"{name}Small"] = split(scaled(values, divisor))
    return packed(
        _described("0.1") | {
            "numBonds": 20,
            "numAtoms": COUNT,
            "groupList": groups,
            "bondAtomList": bare("i", BONDS),
            "bondOrderList": bare("b", ORDERS),
            **lists,
            **{name: payload for name, _, _, payload, _ in INTEGERS},
        }
    )  # fmt: skip


def _described(version: str) -> dict[str, Any]:
    """The fields before the counts."""
    return {
        "mmtfVersion": version, "mmtfProducer": "polystate golden", "unitCell": [10.0, 12.0, 30.0, 90.0, 90.0, 120.0],
        "spaceGroup": "P 1", "structureId": "9XYZ", "title": "a dipeptide", "bioAssemblyList": ASSEMBLIES,
        "entityList": ENTITIES,
    }  # fmt: skip


def packed(fields: dict[str, Any]) -> bytes:
    """A file: floats of four bytes, but of eight in the matrices of assemblies, as its archives have them."""
    fields |= {"groupsPerChain": GROUPS_OF_CHAINS, "chainsPerModel": CHAINS_OF_MODELS}
    single, double = msgpack.Packer(use_single_float=True), msgpack.Packer()
    parts = [single.pack_map_header(len(fields))]
    for name, value in fields.items():
        pack: Callable[[Any], bytes] = (double if name == "bioAssemblyList" else single).pack
        parts += [single.pack(name), pack(value)]
    return b"".join(parts)


def expected() -> dict[str, Any]:
    """What a decoder gives: the values, rounded by hand to the divisors."""
    return {
        "numAtoms": COUNT,
        "numModels": 2,
        "chainsPerModel": CHAINS_OF_MODELS,
        "groupsPerChain": GROUPS_OF_CHAINS,
        "groupList": [GLY, SER, HOH],
        "entityList": ENTITIES,
        "bioAssemblyList": ASSEMBLIES,
        "bondAtomList": (BONDS, "int32"),
        "bondOrderList": (ORDERS, "int8"),
        "xCoordList": (ROUNDED * 2, "float32"),
        "yCoordList": (Y, "float32"),
        "zCoordList": (Z, "float32"),
        "bFactorList": (B_ROUNDED * 2, "float32"),
        "atomIdList": (ATOM_IDS, "int32"),
        "altLocList": (ALTERNATES, "uint8"),
        "occupancyList": ([*[1.0] * 9, 0.7, 0.3, 1.0] * 2, "float32"),
        "groupIdList": (GROUP_IDS, "int32"),
        "groupTypeList": (GROUP_TYPES, "int32"),
        "secStructList": (STRUCTURES, "int8"),
        "insCodeList": (INSERTIONS, "uint8"),
        "sequenceIndexList": (SEQUENCE, "int32"),
        "chainIdList": CHAIN_IDS,
        "chainNameList": CHAIN_NAMES,
    }
