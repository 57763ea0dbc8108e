"""Pieces of MMTF files, put together with struct and msgpack alone."""

from __future__ import annotations

import struct
from typing import Any

import msgpack

IDENTITY = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]


def field(codec: int, n: int, parameter: int, form: str, values: list) -> bytes:
    """A binary field of 1.0: header and big-endian payload (form: struct letter of one value)."""
    return struct.pack(">iii", codec, n, parameter) + bare(form, values)


def bare(form: str, values: list) -> bytes:
    """A payload without header, as in the draft."""
    return struct.pack(f">{len(values)}{form}", *values)


def group(name: str, atoms: list[str], elements: list[str], letter: str, kind: str, **more: Any) -> dict[str, Any]:
    """An entry of groupList without charges and bonds, unless given."""
    made = {
        "groupName": name,
        "atomNameList": atoms,
        "elementList": elements,
        "formalChargeList": [0] * len(atoms),
        "bondAtomList": [],
        "bondOrderList": [],
        "singleLetterCode": letter,
        "chemCompType": kind,
    }
    return made | more


def of_atoms(n: int) -> dict[str, Any]:
    """A group of n carbon atoms."""
    return group("LIG", [f"C{i + 1}" for i in range(n)], ["C"] * n, "?", "NON-POLYMER")


def structure(groups: list[dict], types: list[int], chains: list[int], models: list[int]) -> dict[str, Any]:
    """The unpacked map of a 1.0 file: atoms at 0, groups numbered from 1, chains A, B, ...

    types: group of groupList for each group; chains: groups of each chain; models: chains of each model."""
    n = sum(len(groups[t]["atomNameList"]) for t in types)
    g, c = len(types), len(chains)
    zeros = field(9, n, 1000, "i", [0, n] if n else [])
    letters = [ord("A") + i % 26 for i in range(c)]
    return {
        "mmtfVersion": "1.0.0",
        "mmtfProducer": "polystate conformance",
        "numBonds": sum(len(groups[t]["bondAtomList"]) // 2 for t in types),
        "numAtoms": n,
        "numGroups": g,
        "numChains": c,
        "numModels": len(models),
        "groupList": groups,
        "xCoordList": zeros,
        "yCoordList": zeros,
        "zCoordList": zeros,
        "groupIdList": field(8, g, 0, "i", [1, g] if g else []),
        "groupTypeList": field(4, g, 0, "i", types),
        "chainIdList": field(5, c, 4, "B", [b for letter in letters for b in (letter, 0, 0, 0)]),
        "groupsPerChain": chains,
        "chainsPerModel": models,
    }


def atoms(n: int) -> dict[str, Any]:
    """One chain, one group, n atoms."""
    return structure([of_atoms(n)], [0], [1], [1])


def residues(n: int) -> dict[str, Any]:
    """One chain of n groups of one atom."""
    return structure([of_atoms(1)], [0] * n, [n], [1])


def chains(n: int) -> dict[str, Any]:
    """n chains of one group of one atom."""
    return structure([of_atoms(1)], [0] * n, [1] * n, [n])


def draft(made: dict[str, Any]) -> dict[str, Any]:
    """The same in the draft's form: no headers, split coordinates, charges under their old name."""
    n, g = made["numAtoms"], made["numGroups"]
    types = made["groupTypeList"][12:]
    fields = {k: v for k, v in made.items() if k not in ("numGroups", "numChains", "numModels")}
    for axis in "xyz":
        del fields[f"{axis}CoordList"]
        fields[f"{axis}CoordBig"] = bare("i", [0, n - 1])
        fields[f"{axis}CoordSmall"] = bare("h", [0] * (n - 1))
    groups = [
        {("atomChargeList" if k == "formalChargeList" else k): v for k, v in e.items()} for e in made["groupList"]
    ]
    return fields | {
        "mmtfVersion": "0.1",
        "groupList": groups,
        "groupIdList": bare("i", [1, g]),
        "groupTypeList": types,
        "chainIdList": made["chainIdList"][12:],
    }


def pack(made: dict[str, Any], **changes: Any) -> bytes:
    """A map as MessagePack with some fields changed, or left out where the change is `...`."""
    fields = {k: v for k, v in (made | changes).items() if v is not ...}
    return msgpack.packb(fields)
