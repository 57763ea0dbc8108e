"""MMTF as atom records, from which the importer shared by all formats makes a deposition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gemmi
import numpy as np

from polystate_tools.formats.errors import NoAtoms, RecordRange
from polystate_tools.formats.mmtf import traversal
from polystate_tools.formats.mmtf.decoder import decode
from polystate_tools.formats.mmtf.fields import BINARY, PROPERTY_FIELDS
from polystate_tools.formats.mmtf.from_records import one_letter
from polystate_tools.formats.mmtf.jsonform import shortest
from polystate_tools.formats.mmtf.structure import Structure
from polystate_tools.formats.records import elements
from polystate_tools.formats.records.elements import unknown_elements
from polystate_tools.formats.records.gemmi_metadata import is_cell, symbol
from polystate_tools.formats.records.records import NO_NUMBER, Assembly, Component, Entity, NcsOperator, Records
from polystate_tools.formats.records.text import Text

LOST = {
    "atomIdList": "serial numbers are not kept; atoms are numbered by first appearance",
    "secStructList": "assigned secondary structure is not part of a deposition",
    "bondResonanceList": "bond resonance is not part of a deposition",
    "depositionDate": "dates of the archive are not part of a deposition",
    "releaseDate": "dates of the archive are not part of a deposition",
    "rFree": "refinement statistics are not part of a deposition",
    "rWork": "refinement statistics are not part of a deposition",
    **dict.fromkeys(PROPERTY_FIELDS, "application data are not part of a deposition"),
}
POLYMER = "LINKING"  # chemCompType of a residue that is linked into a polymer; saccharides are not
UNOBSERVED = {gemmi.ResidueKind.AA: "UNK", gemmi.ResidueKind.DNA: "DN", gemmi.ResidueKind.RNA: "N"}


@dataclass(frozen=True)
class _Rows:
    """Codes of a text column of a smaller table, spread over atoms."""

    values: list[str]
    rows: np.ndarray

    def text(self) -> Text:
        column = Text.of(self.values)
        return Text(column.codes[self.rows], column.values)


def records_of_mmtf(content: bytes, where: str = "input") -> Records:
    """The atom records of the bytes of an MMTF file."""
    return records_of_structure(decode(content), where)


def records_of_structure(structure: Structure, where: str = "input") -> Records:
    """The atom records of a structure, one a row of its atom lists, and what it says beside them.

    Coordinates and B are the decimals that the file stores (k / 1000, k / 100), not their float32 images."""
    n = structure["numAtoms"]
    if n == 0:
        raise NoAtoms(where, "numAtoms 0", "at least one atom")
    at = traversal.index(structure)
    group = at.group_of_atom
    chain = at.chain_of_group[group]
    entity = _entity_of_chain(structure)
    dictionary = structure["groupList"]
    types = structure["groupTypeList"][group]
    names = structure["chainIdList"].tolist()
    auths = structure["chainNameList"].tolist() if "chainNameList" in structure else names
    numbers = _sequence_indices(structure, where)
    in_polymer = np.array([e >= 0 and _is_polymer(structure["entityList"][e]) for e in entity.tolist()], bool)
    label_seq = np.where((numbers >= 0) & (in_polymer | (entity < 0))[at.chain_of_group], numbers + 1, NO_NUMBER)
    linked = np.array([POLYMER in g["chemCompType"].upper() for g in dictionary], bool)
    components, entities = _components(structure), _entities(structure, at)
    element, strange = elements.of_symbols(_Rows(at.element.tolist(), at.entry).text())
    return Records(
        model=(at.model_of_chain[chain] + 1).astype(np.int32),
        label_asym=_Rows(names, chain).text(),
        auth_asym=_Rows(auths, chain).text(),
        entity=_Rows([str(e + 1) if e >= 0 else "" for e in entity.tolist()], chain).text(),
        comp=_Rows([g["groupName"] or "UNK" for g in dictionary], types).text(),
        label_seq=label_seq[group].astype(np.int32),
        auth_seq=structure["groupIdList"][group].astype(np.int32),
        ins=_characters(structure, "insCodeList", group),
        name=_Rows(at.atom_name.tolist(), at.entry).text(),
        altloc=_characters(structure, "altLocList", None),
        element=element,
        charge=at.charge[at.entry],
        het=~linked[types],
        xyz=np.stack([_decimals(structure, f"{axis}CoordList") for axis in "xyz"], axis=1),
        occupancy=_decimals(structure, "occupancyList") if "occupancyList" in structure else np.ones(n),
        b=_decimals(structure, "bFactorList") if "bFactorList" in structure else np.full(n, np.nan),
        u=np.zeros((n, 6)),
        has_u=np.zeros(n, bool),
        entry_id=structure.get("structureId", ""),
        title=" ".join(structure.get("title", "").split()),
        method="; ".join(dict.fromkeys(structure.get("experimentalMethods", []))),
        resolution=_number(structure["resolution"]) or None if "resolution" in structure else None,
        **_crystal(structure),
        entities=entities,
        components=components,
        bonds=_bonds(structure, at),
        assemblies=_assemblies(structure),
        ncs=[NcsOperator(np.array(m).reshape(4, 4) + 0.0) for m in structure.get("ncsOperatorList", [])],
        notes=[
            {"what": f"field {name}", "count": _count(structure[name]), "because": because}
            for name, because in LOST.items()
            if name in structure and _count(structure[name])
        ]
        + _differences(structure, components, entities, at),
        doubts=[unknown_elements(strange)] if strange else [],
    )


def _components(structure: Structure) -> dict[str, Component]:
    """Type and letter of each residue type, of the first group that has it."""
    made: dict[str, Component] = {}
    for group in structure["groupList"]:
        letter = group["singleLetterCode"]
        made.setdefault(group["groupName"], Component(group["chemCompType"], letter))
    return made


def _differences(
    structure: Structure, components: dict[str, Component], entities: list[Entity], at: traversal.Index
) -> list[dict]:
    """Notes of what the records do not say of the chemistry of a file."""
    notes: list[dict] = []

    def note(what: str, count: int, because: str) -> None:
        if count:
            notes.append({"what": what, "count": count, "because": because})

    stated = [(g["groupName"], Component(g["chemCompType"], g["singleLetterCode"])) for g in structure["groupList"]]
    several = {name for name, found in stated if components[name] != found}
    note("types of components", len(several), "several for one residue type; the first is kept")
    letters = 0
    for entity, found in zip(entities, structure.get("entityList", []), strict=True):
        if entity.sequence:
            ours = [one_letter(components.get(n.split(",")[0]), n) for n in entity.sequence.split()]
            letters += sum(a != b for a, b in zip(ours, found["sequence"], strict=True))
        else:
            letters += len(found["sequence"])
    note("letters of sequences", letters, "another than that of the residue type")
    if "unitCell" in structure or structure.get("spaceGroup"):
        lost = _crystal(structure)["cell"] is None
        note("unit cell and space group", int(lost), "of lengths 1, or none: no crystal")
        stated = structure.get("spaceGroup", "").strip()
        unknown = not lost and stated and not symbol(stated)
        note("space group", int(bool(unknown)), f"no Hermann-Mauguin symbol: {stated}")
    first = int(structure["chainsPerModel"][0])
    later = sum(
        chain >= first
        for assembly in structure.get("bioAssemblyList", [])
        for transform in assembly["transformList"]
        for chain in transform["chainIndexList"]
    )
    note("chains of assemblies", later, "of later models: an assembly acts on the chain in all models")
    return notes


def _count(value: Any) -> int:
    return len(value) if isinstance(value, np.ndarray | dict | list) else 1


def _number(value: float) -> float:
    """A float32 as the decimal it was."""
    return shortest(np.array([value], np.float32))[0]


def _decimals(structure: Structure, name: str) -> np.ndarray:
    """(n,) float64 of a float field: the quotient of the integer that was stored and its divisor."""
    encoding = structure.encodings.get(name)
    wide = structure[name].astype(np.float64)
    if encoding is not None and encoding.codec == 1:
        return np.array(shortest(structure[name]))
    divisor = encoding.parameter if encoding is not None else BINARY[name].parameter
    rounded = np.rint(wide * divisor) / divisor
    same = rounded.astype(np.float32) == structure[name]
    return rounded + 0.0 if same.all() else np.array(shortest(structure[name]))


def _characters(structure: Structure, name: str, rows: np.ndarray | None) -> Text:
    """A column of single characters; "" where the file has NUL, a space, or no such field."""
    n = structure["numAtoms"]
    if name not in structure:
        return Text.constant("", n)
    codes, inverse = np.unique(structure.characters(name), return_inverse=True)
    column = Text.of(codes.tolist())
    inverse = column.codes[inverse]
    return Text(inverse if rows is None else inverse[rows], column.values)


def _entity_of_chain(structure: Structure) -> np.ndarray:
    """(chains,) row of entityList, -1 where the file does not say."""
    made = np.full(structure["numChains"], -1, np.int64)
    for row, entity in enumerate(structure.get("entityList", [])):
        made[entity["chainIndexList"]] = row
    return made


def _is_polymer(entity: dict[str, Any]) -> bool:
    return bool(entity["type"] == "polymer" and entity["sequence"])


def _crystal(structure: Structure) -> dict[str, Any]:
    """Cell and space group; neither where the cell is the unit cube that stands for no crystal."""
    cell = tuple(shortest(np.array(structure.get("unitCell", [1.0] * 3 + [90.0] * 3), np.float32)))
    if cell[:3] == (1.0, 1.0, 1.0) or not is_cell(cell):
        return {"cell": None, "space_group": ""}
    return {"cell": cell, "space_group": symbol(structure.get("spaceGroup", "").strip())}


def _entities(structure: Structure, at: traversal.Index) -> list[Entity]:
    """Entities with three-letter sequences: as observed, and by their letter where nothing is observed."""
    made = []
    observed = _observed(structure, at)
    for row, entity in enumerate(structure.get("entityList", [])):
        sequence = ""
        if _is_polymer(entity):
            known = observed.get(row, {})
            kind = _polymer_kind(known)
            sequence = " ".join(
                ",".join(known[i]) if i in known else _residue(letter, kind)
                for i, letter in enumerate(entity["sequence"])
            )
        made.append(Entity(str(row + 1), entity["type"], " ".join(entity["description"].split()), sequence))
    return made


def _sequence_indices(structure: Structure, where: str) -> np.ndarray:
    """The place of each group in the sequence of its entity, from 0; -1 where it has none."""
    numbers = structure.get("sequenceIndexList", np.full(structure["numGroups"], -1, np.int32))
    largest = np.iinfo(np.int32).max - 1  # numbers of residues begin with 1
    beyond = np.flatnonzero(numbers > largest)
    if len(beyond):
        place = f"{where} sequenceIndexList[{beyond[0]}]"
        raise RecordRange(place, int(numbers[beyond[0]]), f"at most {largest}")  # EXP-30
    return numbers


def _observed(structure: Structure, at: traversal.Index) -> dict[int, dict[int, list[str]]]:
    """For each entity, the residue types seen at each sequence index, in order of appearance."""
    if "sequenceIndexList" not in structure:
        return {}
    entity = _entity_of_chain(structure)[at.chain_of_group]
    seen = np.stack([entity, structure["sequenceIndexList"], structure["groupTypeList"]], axis=1)
    seen = seen[(seen[:, 0] >= 0) & (seen[:, 1] >= 0)]
    _, first = np.unique(seen, axis=0, return_index=True)
    made: dict[int, dict[int, list[str]]] = {}
    for e, index, kind in seen[np.sort(first)].tolist():
        types = made.setdefault(e, {}).setdefault(index, [])
        name = structure["groupList"][kind]["groupName"]
        if name not in types:
            types.append(name)
    return made


def _polymer_kind(observed: dict[int, list[str]]) -> gemmi.ResidueKind:
    """What most of the observed residues are: amino acids, DNA or RNA."""
    kinds = [gemmi.find_tabulated_residue(name).kind for names in observed.values() for name in names]
    return max(UNOBSERVED, key=lambda kind: sum(k == kind for k in kinds))


def _residue(letter: str, kind: gemmi.ResidueKind) -> str:
    return gemmi.expand_one_letter(letter, kind) or UNOBSERVED[kind]


def _bonds(structure: Structure, at: traversal.Index) -> np.ndarray:
    """(B, 3) int32 record a, record b, order; 0 where the file does not say."""
    found = traversal.bonds(structure, at)
    return np.column_stack([found.atoms, np.maximum(found.order, 0)]).astype(np.int32)


def _assemblies(structure: Structure) -> list[Assembly]:
    """Assemblies with each operator once; chains by label_asym id."""
    ids = structure["chainIdList"].tolist()
    made = []
    for i, assembly in enumerate(structure.get("bioAssemblyList", [])):
        operators: list[np.ndarray] = []
        pairs: set[tuple[int, str]] = set()
        for transform in assembly["transformList"]:
            matrix = np.array(transform["matrix"]).reshape(4, 4) + 0.0
            known = [k for k, other in enumerate(operators) if np.array_equal(other, matrix)]
            if not known:
                operators.append(matrix)
            k = known[0] if known else len(operators) - 1
            pairs |= {(k, ids[chain]) for chain in transform["chainIndexList"]}
        made.append(Assembly(assembly.get("name") or str(i + 1), operators, sorted(pairs)))
    return made
