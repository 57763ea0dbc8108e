"""A file that has every field of chapter 16, in both dialects: eight atoms, four groups, three chains, two models."""

from __future__ import annotations

from typing import Any

from making import codes, floats, ints, small
from pieces import IDENTITY, bare, of_atoms
from pieces import field as binary

THREE = of_atoms(3) | {
    "formalChargeList": [0, 1, -1],
    "bondAtomList": [1, 0, 2, 1],
    "bondOrderList": [1, 2],
    "bondResonanceList": [0, 1],
}
ONE = of_atoms(1) | {"groupName": "ION", "atomNameList": ["ZN"], "elementList": ["Zn"], "bondResonanceList": []}
X, Y, Z = ([0.001 * s * i for i in range(1, 9)] for s in (1, -2, 4))
B = [0.01 * i for i in range(8)]
PLAIN: dict[str, Any] = {
    "mmtfVersion": "1.0.0",
    "mmtfProducer": "by hand",
    "structureId": "9XYZ",
    "title": "a title",
    "depositionDate": "2001-02-03",
    "releaseDate": "2002-03-04",
    "spaceGroup": "P 1 21 1",
    "unitCell": [10.0, 12.5, 30.0, 90.0, 100.5, 90.0],
    "resolution": 1.5,
    "rFree": 0.25,
    "rWork": 0.125,
    "experimentalMethods": ["X-RAY DIFFRACTION", "NEUTRON DIFFRACTION"],
    "ncsOperatorList": [IDENTITY, [*IDENTITY[:3], 2.5, *IDENTITY[4:]]],
    "bioAssemblyList": [
        {"name": "one", "transformList": [{"chainIndexList": [0, 1], "matrix": IDENTITY}]},
        {"name": "two", "transformList": [{"chainIndexList": [2], "matrix": IDENTITY},
                                          {"chainIndexList": [], "matrix": [*IDENTITY[:7], -1.5, *IDENTITY[8:]]}]},
    ],
    "entityList": [
        {"chainIndexList": [0, 2], "description": "a chain", "type": "polymer", "sequence": "XX"},
        {"chainIndexList": [1], "description": "a ligand", "type": "non-polymer", "sequence": ""},
    ],
    "numBonds": 6,
    "numAtoms": 8,
    "numGroups": 4,
    "numChains": 3,
    "numModels": 2,
    "groupList": [THREE, ONE],
    "groupsPerChain": [2, 1, 1],
    "chainsPerModel": [2, 1],
    "atomProperties": {"atoms": [1, 2]},
    "bondProperties": {"bonds": []},
    "groupProperties": {"groups": ["a"]},
    "chainProperties": {"chains": [[1.5]]},
    "modelProperties": {"models": [None]},
    "extraProperties": {"any": 5},
}  # fmt: skip
"""Fields that are not binary, as they are handed over."""
WHOLE: dict[str, Any] = PLAIN | {
    "xCoordList": binary(10, 8, 1000, "h", [1] * 8),
    "yCoordList": binary(10, 8, 1000, "h", [-2] * 8),
    "zCoordList": binary(10, 8, 1000, "h", [4] * 8),
    "bFactorList": binary(10, 8, 100, "h", [0, *[1] * 7]),
    "occupancyList": binary(9, 8, 100, "i", [100, 6, 25, 2]),
    "atomIdList": binary(8, 8, 0, "i", [3, 1, 1, 7]),
    "altLocList": binary(6, 8, 0, "i", [0, 6, 65, 2]),
    "groupIdList": binary(8, 4, 0, "i", [-2, 1, 5, 3]),
    "groupTypeList": binary(4, 4, 0, "i", [0, 1, 0, 1]),
    "sequenceIndexList": binary(8, 4, 0, "i", [0, 1, 1, 1, -2, 1, 1, 1]),
    "insCodeList": binary(6, 4, 0, "i", [0, 3, 66, 1]),
    "secStructList": binary(2, 4, 0, "b", [-1, 0, 7, 2]),
    "chainIdList": binary(5, 3, 4, "B", list(b"A\0\0\0BC\0\0DEFG")),
    "chainNameList": binary(5, 3, 4, "B", list(b"a\0\0\0b\0\0\0c\0\0\0")),
    "bondAtomList": binary(4, 4, 0, "i", [0, 3, 4, 7]),
    "bondOrderList": binary(2, 2, 0, "b", [1, 4]),
    "bondResonanceList": binary(16, 2, 0, "i", [1, 1, -1, 1]),
}
BINARY = tuple(name for name in WHOLE if name not in PLAIN)
DECODED: dict[str, Any] = {
    "xCoordList": floats(X),
    "yCoordList": floats(Y),
    "zCoordList": floats(Z),
    "bFactorList": floats(B),
    "occupancyList": floats([1.0] * 6 + [0.25] * 2),
    "atomIdList": ints([3, 4, 5, 6, 7, 8, 9, 10]),
    "altLocList": codes([0] * 6 + [65] * 2),
    "groupIdList": ints([-2, 3, 8, 13]),
    "groupTypeList": ints([0, 1, 0, 1]),
    "sequenceIndexList": ints([0, 1, -1, 0]),
    "insCodeList": codes([0, 0, 0, 66]),
    "secStructList": small([-1, 0, 7, 2]),
    "chainIdList": ["A", "BC", "DEFG"],
    "chainNameList": ["a", "b", "c"],
    "bondAtomList": ints([0, 3, 4, 7]),
    "bondOrderList": small([1, 4]),
    "bondResonanceList": small([1, -1]),
}
"""What the binary fields hold."""
SPLIT = {
    "xCoordBig": bare("i", [1, 7]),
    "xCoordSmall": bare("h", [1] * 7),
    "yCoordBig": bare("i", [-2, 3, -2, 3]),
    "yCoordSmall": bare("h", [-2] * 6),
    "zCoordBig": bare("i", [4, 0] * 8),
    "zCoordSmall": b"",
    "bFactorBig": bare("i", [0, 0, 1, 6]),
    "bFactorSmall": bare("h", [1] * 6),
}
LISTS = ("xCoordList", "yCoordList", "zCoordList", "bFactorList")


def in_draft(group: dict[str, Any]) -> dict[str, Any]:
    """A group under the draft's names."""
    return {("atomChargeList" if key == "formalChargeList" else key): value for key, value in group.items()}


DRAFT: dict[str, Any] = (
    {name: value for name, value in WHOLE.items() if name not in LISTS}
    | SPLIT
    | {name: WHOLE[name][12:] for name in BINARY if name not in (*LISTS, "bondResonanceList")}
    | {"mmtfVersion": "0.2.0", "groupList": [in_draft(THREE), in_draft(ONE)]}
)
"""The same as a draft; it states its counts, too."""
DIALECTS = (("1.0", "one-zero", "every-field-of-1-0", WHOLE), ("the draft", "draft", "every-field-of-the-draft", DRAFT))
"""Name, short name, key of the case of the whole file, and the file."""


def groups_of(name: str, *groups: dict[str, Any]) -> list[dict[str, Any]]:
    """Groups under the names of a dialect."""
    return [in_draft(group) for group in groups] if name == "the draft" else list(groups)
