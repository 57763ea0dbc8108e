"""MMTF 1.0 files (chapter 16) as entries, and contents as such files."""

from __future__ import annotations

import gzip
import struct
from collections import defaultdict
from itertools import groupby
from pathlib import Path
from typing import Any

import crystal
import gemmi
import msgpack
import numpy as np
from entry import Entity, Entry, Record, Refused
from evaluation import Deposition
from exporting import Content
from writing import Names

WIDTH = {1: ">f4", 2: ">i1", 3: ">i2", 10: ">i2", 11: ">i2", 12: ">i2", 13: ">i1", 14: ">i2", 15: ">i1"}
Bond = tuple[int, int, int]
"""Two records, and the order or -1."""
BINARY = (
    "xCoordList", "yCoordList", "zCoordList", "bFactorList", "occupancyList", "altLocList", "groupIdList",
    "groupTypeList", "sequenceIndexList", "insCodeList", "bondAtomList", "bondOrderList",
)  # fmt: skip
NONE = (0, 32)
"""Codes of "none" in altLocList and insCodeList (MMTF-32)."""
UNKNOWN = {gemmi.ResidueKind.AA: "UNK", gemmi.ResidueKind.DNA: "DN", gemmi.ResidueKind.RNA: "N"}
"""A residue of each kind whose letter says nothing."""


def read(path: Path) -> Entry:
    """The entry of an .mmtf file of 1.0."""
    data = path.read_bytes()
    try:
        fields = msgpack.unpackb(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data, strict_map_key=False)
        if str(fields["mmtfVersion"]).partition(".")[0] not in ("0", "1"):
            raise Refused("container", "unsupported-version", "mmtfVersion")
        return _entry(fields).check()
    except (ValueError, KeyError, struct.error, IndexError, TypeError, EOFError, msgpack.exceptions.ExtraData) as error:
        raise Refused("container", "not-messagepack", f"{path.name}: {type(error).__name__}: {error}") from None


def _entry(fields: dict[str, Any]) -> Entry:
    numbers = {name: _decode(value) for name, value in fields.items() if isinstance(value, bytes) and name in BINARY}
    found, ends = Entry(), []
    of_chain = {
        chain: str(i + 1) for i, entity in enumerate(fields.get("entityList", [])) for chain in entity["chainIndexList"]
    }
    polymers = {str(i + 1) for i, entity in enumerate(fields.get("entityList", [])) if _is_polymer(entity)}
    labels, chain, group = _texts(fields["chainIdList"]), 0, 0
    names = _texts(fields.get("chainNameList", fields["chainIdList"]))
    for model, chains in enumerate(fields["chainsPerModel"], 1):
        for _ in range(chains):
            for _ in range(fields["groupsPerChain"][chain]):
                label_seq = _label_seq(numbers, group)
                if chain in of_chain and of_chain[chain] not in polymers:
                    label_seq = -1
                kind = fields["groupList"][numbers["groupTypeList"][group]]
                begin = len(found.records)
                for i, name in enumerate(kind["atomNameList"]):
                    at = len(found.records)
                    place = (labels[chain], int(numbers["groupIdList"][group]), _letter(numbers, "insCodeList", group))
                    found.records.append(Record(
                        model, names[chain], labels[chain], of_chain.get(chain, ""), kind["groupName"], *place[1:],
                        label_seq, name, _letter(numbers, "altLocList", at),
                        _element(kind["elementList"][i]), int(kind["formalChargeList"][i]), True,
                        tuple(float(numbers[f"{axis}CoordList"][at]) for axis in "xyz"),
                        float(numbers["occupancyList"][at]) if "occupancyList" in numbers else 1.0,
                        float(numbers["bFactorList"][at]) if "bFactorList" in numbers else None,
                    ))  # fmt: skip
                within = np.reshape(kind.get("bondAtomList") or np.zeros(0, int), (-1, 2)).tolist()
                orders = kind.get("bondOrderList") or [-1] * len(within)
                ends += [(begin + a, begin + b, order) for (a, b), order in zip(within, orders, strict=True)]
                group += 1
            chain += 1
    for i, entity in enumerate(fields.get("entityList", [])):
        residues = [r for r in found.records if r.entity == str(i + 1)]
        sequence = _sequence(entity["sequence"], residues) if _is_polymer(entity) else []
        found.entities[str(i + 1)] = Entity(entity["type"], " ".join(entity["description"].split()), " ".join(sequence))
    found.crystal, found.operators = crystal.of_fields(fields, labels), _operators(fields)
    if "unitCell" in fields and "cell" not in found.crystal.payload:
        found.losses.append("unit cell: that of no crystal")
    between = np.reshape(numbers.get("bondAtomList", np.zeros(0, int)), (-1, 2)).tolist()
    orders = numbers.get("bondOrderList", np.full(len(between), -1)).tolist()
    ends += [(a, b, order) for (a, b), order in zip(between, orders, strict=True)]
    for a, b, order in ends:
        one, other = found.records[a], found.records[b]
        found.bonds.append(((one.atom, one.alt), (other.atom, other.alt), max(order, 0)))
    return found


def _operators(fields: dict[str, Any]) -> list[list[float]]:
    """The numbers of all operators, whose last row is 0, 0, 0, 1 (EXP-30)."""
    assemblies = [t["matrix"] for assembly in fields.get("bioAssemblyList", []) for t in assembly["transformList"]]
    found = [*fields.get("ncsOperatorList", []), *assemblies]
    if any(matrix[12:] != [0, 0, 0, 1] for matrix in found):
        raise Refused("semantic", "out-of-range", "an operator of an assembly or of NCS")
    return found


def _is_polymer(entity: dict[str, Any]) -> bool:
    return bool(entity["type"] == "polymer" and entity["sequence"])


def _sequence(text: str, records: list[Record]) -> list[str]:
    """The residue types of each place; of one without residues that of its letter, of the kind that most others are."""
    seen: dict[int, dict[str, None]] = defaultdict(dict)
    for record in records:
        seen[record.label_seq][record.comp] = None
    kinds = [gemmi.find_tabulated_residue(comp).kind for comps in seen.values() for comp in comps]
    kind = max(UNKNOWN, key=kinds.count)
    return [
        ",".join(seen[i]) if i in seen else gemmi.expand_one_letter(letter, kind) or UNKNOWN[kind]
        for i, letter in enumerate(text, 1)
    ]


def _label_seq(numbers: dict[str, Any], group: int) -> int:
    index = int(numbers["sequenceIndexList"][group]) if "sequenceIndexList" in numbers else -1
    if index + 1 >= 2**31:
        raise Refused("semantic", "out-of-range", f"sequenceIndexList[{group}]")
    return index + 1 if index >= 0 else -1


def _letter(numbers: dict[str, Any], field: str, at: int) -> str:
    code = int(numbers[field][at]) if field in numbers else 0
    return "" if code in NONE else chr(code)


def _element(symbol: str) -> int:
    element = gemmi.Element(symbol)
    return 119 if element.name == "D" else element.atomic_number


def _decode(value: bytes) -> Any:
    """The values of a binary field with its header (16.3)."""
    codec, count, parameter = struct.unpack(">iii", value[:12])
    if codec == 5:
        return None
    found = np.frombuffer(value[12:], WIDTH.get(codec, ">i4"))
    if codec == 1:
        return np.array([float(str(value)) for value in found])  # the decimals that 32 bits stand for
    found = found.astype("i8")
    if codec in (10, 12, 13, 14, 15):
        top = 127 if codec in (13, 15) else 32767
        ends = (found != top) & (found != -top - 1)
        found = np.diff(np.cumsum(found)[ends], prepend=0)
    elif codec in (6, 7, 8, 9, 16):
        found = np.repeat(found[::2], found[1::2])
    if codec in (8, 10):
        found = np.cumsum(found)
    if len(found) != count:
        raise ValueError(f"expected {count} values, found {len(found)}")
    # the quotient is that of decimals, so that 0.7 in a file is 0.7 here as it is from mmCIF
    return found / parameter if codec in (9, 10, 11, 12, 13) else found


def _texts(value: bytes) -> list[str]:
    width = struct.unpack(">i", value[8:12])[0]
    return [value[i : i + width].strip(b"\0").decode() for i in range(12, len(value), width)]


def write(dep: Deposition, content: Content) -> bytes:
    """The bytes of an .mmtf file."""
    names = Names(dep)
    residues = [list(own) for _, own in groupby(content.records, lambda r: (r.model, names.residue[r.row]))]
    chains = [list(own) for _, own in groupby(residues, lambda g: (g[0].model, names.chain[names.residue[g[0].row]]))]
    models = [list(own) for _, own in groupby(chains, lambda c: c[0][0].model)]
    inside, between = _bonds(dep, content, names)
    kinds: list[dict[str, Any]] = []
    types, start = [], 0
    for own in residues:
        kind = _kind(names, own, [(a - start, b - start, order) for a, b, order in inside.get(start, ())])
        start += len(own)
        if kind not in kinds:
            kinds.append(kind)
        types.append(kinds.index(kind))
    of_group = [names.residue[own[0].row] for own in residues]
    of_chain = [names.chain[names.residue[own[0][0].row]] for own in chains]
    records, count = content.records, len(content.records)
    label_seq = [max(names.label_seq[r] - 1, -1) for r in of_group]
    fields = {
        "mmtfVersion": "1.0.0", "mmtfProducer": "; ".join(["exchange from the text", *content.remarks]),
        "numBonds": len(between) + sum(map(len, inside.values())),
        "numAtoms": count, "numGroups": len(residues), "numChains": len(chains),
        "numModels": len(models), "chainsPerModel": [*map(len, models)], "groupsPerChain": [*map(len, chains)],
        "groupList": kinds, "groupTypeList": _field(4, types),
        "groupIdList": _field(4, [names.number[r] for r in of_group]),
        "sequenceIndexList": _field(4, label_seq), "insCodeList": _letters([names.ins[r] for r in of_group]),
        "altLocList": _letters([r.alt for r in records]), "atomIdList": _field(4, range(1, count + 1)),
        "occupancyList": _scaled(9, [r.occ for r in records], 100),
        **{f"{axis}CoordList": _deltas([float(r.xyz[i]) for r in records], 1000) for i, axis in enumerate("xyz")},
        "chainIdList": _words([names.label[c] for c in of_chain]),
        "chainNameList": _words([names.auth[c] for c in of_chain]),
        "entityList": _entities(names, of_chain),
    }  # fmt: skip
    if all(record.b is not None for record in records):  # the field has no word for an atom without
        fields["bFactorList"] = _deltas([r.b for r in records], 100)
    elif any(record.b is not None for record in records):
        content.losses.append("B-factors: some atoms have none")
    if between:
        orders = struct.pack(f">{len(between)}b", *(order for _, _, order in between))
        fields |= {
            "bondAtomList": _field(4, [end for a, b, _ in between for end in (a, b)]),
            "bondOrderList": struct.pack(">iii", 2, len(between), 0) + orders,
        }
    fields |= crystal.as_fields(dep.tree, names.label, [names.label[c] for c in of_chain])
    return msgpack.packb(fields)


def _bonds(dep: Deposition, content: Content, names: Names) -> tuple[dict[int, list[Bond]], list[Bond]]:
    """Bonds within groups by the first record of the group, and those between groups: record, record, order."""
    index: dict[tuple[int, int, str], int] = {}
    first: dict[tuple[int, int], int] = {}
    for at, record in enumerate(content.records):
        index[record.model, record.row, record.alt] = at
        first.setdefault((record.model, names.residue[record.row]), at)
    orders = {}
    if "hierarchy/bonds" in dep.tree:
        columns = (dep.tree["hierarchy/bonds"].arrays[name].tolist() for name in ("atom_a", "atom_b", "order"))
        orders = {(a, b): order for a, b, order in zip(*columns, strict=True)}
    if 5 in orders.values():
        content.losses.append("that bonds are aromatic")
    inside, between = defaultdict(list), []
    for a, left, b, right in content.bonds:
        for model in dict.fromkeys(record.model for record in content.records):
            one, other = index.get((model, a, left)), index.get((model, b, right))
            if one is not None and other is not None:
                bond = (one, other, orders[a, b] if orders[a, b] in (1, 2, 3, 4) else -1)
                same = names.residue[a] == names.residue[b]
                (inside[first[model, names.residue[a]]] if same else between).append(bond)
    return inside, between


def _entities(names: Names, of_chain: list[int]) -> list[dict[str, Any]]:
    return [
        {"chainIndexList": [i for i, c in enumerate(of_chain) if names.entity[c] == row], "type": kind,
         "description": names.description[row],
         "sequence": "".join(gemmi.one_letter_code([comp.split(",")[0]]) for comp in names.sequence[row].split())}
        for row, kind in enumerate(names.type)
    ]  # fmt: skip


def _kind(names: Names, own: list, bonds: list[Bond]) -> dict[str, Any]:
    charges = names.atoms.arrays["charge"]
    comp = names.comp[names.residue[own[0].row]]
    return {
        "groupName": comp, "singleLetterCode": gemmi.one_letter_code([comp]) or "?", "chemCompType": "",
        "atomNameList": [names.name[r.row] for r in own], "elementList": [names.element(r.row).name for r in own],
        "formalChargeList": [int(charges[r.row]) for r in own],
        "bondAtomList": [end for a, b, _ in bonds for end in (a, b)],
        "bondOrderList": [order for _, _, order in bonds],
    }  # fmt: skip


def _field(codec: int, values: Any, parameter: int = 0) -> bytes:
    values = list(values)
    return struct.pack(">iii", codec, len(values), parameter) + struct.pack(f">{len(values)}i", *values)


def _scaled(codec: int, values: list[float], divisor: int) -> bytes:
    return struct.pack(">iii", codec, len(values), divisor) + _runs([round(v * divisor) for v in values])


def _letters(values: list[str]) -> bytes:
    return struct.pack(">iii", 6, len(values), 0) + _runs([ord(v) if v else 0 for v in values])


def _runs(values: list[int]) -> bytes:
    pairs = [(value, len(list(own))) for value, own in groupby(values)]
    return b"".join(struct.pack(">ii", *pair) for pair in pairs)


def _deltas(values: list[float], divisor: int) -> bytes:
    """Codec 10: rounded to the nearest integer (MMTF-22), differences, in parts of 16 bits."""
    parts: list[int] = []
    for delta in np.diff([round(value * divisor) for value in values], prepend=0).tolist():
        limit = 32767 if delta >= 0 else -32768
        parts += [limit] * (delta // limit) + [delta - delta // limit * limit]
    return struct.pack(">iii", 10, len(values), divisor) + struct.pack(f">{len(parts)}h", *parts)


def _words(values: list[str]) -> bytes:
    if any(len(value.encode()) > 4 for value in values):
        raise Refused("evaluate", "cannot-hold", "chain")
    return struct.pack(">iii", 5, len(values), 4) + b"".join(value.encode().ljust(4, b"\0") for value in values)
