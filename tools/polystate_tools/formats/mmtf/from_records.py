"""Atom records as an MMTF structure: the way out of a deposition, through the records that every format shares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gemmi
import numpy as np

from polystate.structure.hierarchy import ELEMENTS
from polystate_tools.formats.errors import CannotHold
from polystate_tools.formats.mmtf.encoder import VERSIONS, encode, losses
from polystate_tools.formats.mmtf.errors import ValueOutOfRange
from polystate_tools.formats.mmtf.structure import Structure
from polystate_tools.formats.mmtf.traversal import offsets
from polystate_tools.formats.options import ExportOptions
from polystate_tools.formats.policies import said
from polystate_tools.formats.records.records import Component, Records
from polystate_tools.formats.records.text import Text
from polystate_tools.formats.report import ExportReport

PRODUCER = "polystate"
CHEM_COMP_TYPES = {
    gemmi.ResidueKind.AA: "L-PEPTIDE LINKING",
    gemmi.ResidueKind.AAD: "D-PEPTIDE LINKING",
    gemmi.ResidueKind.PAA: "L-PEPTIDE LINKING",
    gemmi.ResidueKind.MAA: "L-PEPTIDE LINKING",
    gemmi.ResidueKind.RNA: "RNA LINKING",
    gemmi.ResidueKind.DNA: "DNA LINKING",
    gemmi.ResidueKind.PYR: "SACCHARIDE",
    gemmi.ResidueKind.KET: "SACCHARIDE",
}
AROMATIC = 5  # the order of the hierarchy (2.1)
ROUNDED = 1e-6  # how far from a step of 0.01 an occupancy counts as rounded


def content(records: Records, report: ExportReport, options: ExportOptions) -> bytes:
    """The bytes of an MMTF file in the dialect that the options name."""
    return mmtf_of_records(records, report, options.mmtf_dialect)


def mmtf_of_records(records: Records, report: ExportReport, dialect: str = "1.0") -> bytes:
    """The bytes of an MMTF file; what it cannot hold goes into the report."""
    structure = structure_of_records(records, report, dialect)
    for lost in losses(structure, dialect):
        report.lose(f"field {lost['field']}", 1, lost["why"])
    try:
        return encode(structure, dialect)
    except ValueOutOfRange as error:  # a name that is too long (EXP-23), or a number (EXP-58)
        raise CannotHold(error.where, error.found, f"{error.expected}; export mmCIF") from None


def structure_of_records(records: Records, report: ExportReport, dialect: str = "1.0") -> Structure:
    """The fields of an MMTF file: a group a run of records of one residue, a chain a run of groups of one chain.

    The file holds isotropic B and two decimals of occupancy; anisotropic U and TLS records are noted as lost."""
    n, records = len(records), _without_aromatic(records, report)
    same_chain = _unchanged([records.model, records.label_asym.codes, records.auth_asym.codes], n)
    residue = [records.comp.codes, records.label_seq, records.auth_seq, records.ins.codes]
    same_group = same_chain & _unchanged(residue, n)
    first_of_group, first_of_chain = np.flatnonzero(~same_group), np.flatnonzero(~same_chain)
    dictionary, types, between = _groups(records, first_of_group)
    chains = _Chains(records, first_of_chain)
    within = sum(len(dictionary[kind]["bondAtomList"]) // 2 for kind in types.tolist())
    fields: dict[str, Any] = {
        "mmtfVersion": VERSIONS["1.0"],
        "mmtfProducer": _producer(report),
        **_metadata(records),
        "ncsOperatorList": [op.matrix.ravel().tolist() for op in records.ncs],
        "bioAssemblyList": chains.assemblies(),
        "entityList": chains.entities(),
        "numBonds": within + len(between),
        "numAtoms": n,
        "numGroups": len(first_of_group),
        "numChains": len(first_of_chain),
        "numModels": len(np.unique(records.model)),
        "groupList": dictionary,
        "bondAtomList": np.ascontiguousarray(between[:, :2]).ravel().astype(np.int32),
        **{f"{axis}CoordList": records.xyz[:, k].astype(np.float32) for k, axis in enumerate("xyz")},
        "atomIdList": np.arange(1, n + 1, dtype=np.int32),
        "altLocList": _characters(records.altloc, "altLocList"),
        "occupancyList": records.occupancy.astype(np.float32),
        "groupIdList": records.auth_seq[first_of_group].astype(np.int32),
        "groupTypeList": types,
        "insCodeList": _characters(records.ins.take(first_of_group), "insCodeList"),
        "sequenceIndexList": np.maximum(records.label_seq[first_of_group] - 1, -1).astype(np.int32),
        "chainIdList": np.array(chains.ids),
        "chainNameList": np.array(records.auth_asym.take(first_of_chain).tolist()),
        "groupsPerChain": _counts(first_of_chain, first_of_group, len(first_of_group)),
        "chainsPerModel": chains.per_model(),
    }
    known = between[:, 2] > 0
    if known.all() or (known.any() and dialect == "1.0"):
        fields["bondOrderList"] = np.where(known, between[:, 2], -1).astype(np.int8)
    elif known.any():
        report.lose("bond orders", int(known.sum()), "the draft does not say of a bond that its order is unknown")
    if np.isfinite(records.b).all():
        fields["bFactorList"] = records.b.astype(np.float32)
    _note_losses(records, report)
    if report.states:
        report.lose("populations of models", len(report.states), "MMTF has no place for them; they are in this account")
    return Structure(fields)


def _producer(report: ExportReport) -> str:
    """Who wrote the file, and, there being no field for it, by which policy and choice (EXP-19, EXP-25)."""
    policy = f"Gaussian {report.gaussian}: {said(report.gaussian)}" if report.gaussian else ""
    return "; ".join(text for text in (PRODUCER, policy, report.choice) if text)


def _without_aromatic(records: Records, report: ExportReport) -> Records:
    """The records with bonds of the orders that MMTF has."""
    aromatic = records.bonds[:, 2] == AROMATIC
    if not aromatic.any():
        return records
    report.lose("aromatic bonds", int(aromatic.sum()), "MMTF has no such order; they are written without one")
    return replace(records, bonds=np.where(aromatic[:, None] & [False, False, True], 0, records.bonds))


def _unchanged(columns: list[np.ndarray], n: int) -> np.ndarray:
    """(n,) bool: rows that equal the row before in all columns."""
    same = np.zeros(n, bool)
    same[1:] = True
    for column in columns:
        same[1:] &= column[1:] == column[:-1]
    return same


def _counts(starts: np.ndarray, items: np.ndarray, n: int) -> np.ndarray:
    """How many items lie between each start and the next; both are rows of records, items ascending."""
    return np.diff(np.append(np.searchsorted(items, starts), n)).astype(np.int32)


def _groups(records: Records, first: np.ndarray) -> tuple[list[dict[str, Any]], np.ndarray, np.ndarray]:
    """Group dictionary, (G,) int32 types, and the bonds between groups (B, 3)."""
    ends = np.append(first, len(records))[1:]
    group_of_row = np.repeat(np.arange(len(first)), ends - first)
    bonds = records.bonds.astype(np.int64).reshape(-1, 3)
    a, b = group_of_row[bonds[:, 0]], group_of_row[bonds[:, 1]]
    inside, between = bonds[a == b], bonds[a != b]
    owner = group_of_row[inside[:, 0]]
    inside = inside[np.argsort(owner, kind="stable")]
    at = offsets(np.bincount(owner, minlength=len(first)))
    columns = np.stack([records.name.codes, records.element, records.charge], axis=1).astype(np.int32)
    comps = records.comp.codes[first].tolist()
    known: dict[tuple, int] = {}
    dictionary: list[dict[str, Any]] = []
    types = np.empty(len(first), np.int32)
    for g, (start, end) in enumerate(zip(first.tolist(), ends.tolist(), strict=True)):
        held = inside[at[g] : at[g + 1]] - [start, start, 0]
        key = (comps[g], columns[start:end].tobytes(), held.tobytes())
        types[g] = known.setdefault(key, len(known))
        if types[g] == len(dictionary):
            dictionary.append(_group(records, start, end, held))
    return dictionary, types, between


def _group(records: Records, start: int, end: int, bonds: np.ndarray) -> dict[str, Any]:
    comp = records.comp[start]
    kind, letter = chemistry(records.components.get(comp), comp, records.label_seq[start] >= 0)
    return {
        "groupName": comp,
        "atomNameList": [records.name[row] for row in range(start, end)],
        "elementList": [ELEMENTS[number] for number in records.element[start:end].tolist()],
        "bondOrderList": [order or -1 for order in bonds[:, 2].tolist()],
        "bondAtomList": bonds[:, :2].ravel().tolist(),
        "formalChargeList": records.charge[start:end].tolist(),
        "singleLetterCode": letter,
        "chemCompType": kind,
    }


def chemistry(stated: Component | None, comp: str, in_polymer: bool) -> tuple[str, str]:
    """chemCompType and singleLetterCode of a residue type: as stated, else by what gemmi knows of it."""
    info = gemmi.find_tabulated_residue(comp)
    kind = CHEM_COMP_TYPES.get(info.kind, "NON-POLYMER") if in_polymer or info.is_standard() else "NON-POLYMER"
    kind = (stated.type if stated else "") or ("PEPTIDE LINKING" if comp == "GLY" else kind)
    letter = info.one_letter_code.upper()
    return kind, (stated.letter if stated else "") or (
        letter if letter.isalpha() else "X" if "LINKING" in kind else "?"
    )


class _Chains:
    """Chains of records, and what refers to them."""

    def __init__(self, records: Records, first: np.ndarray) -> None:
        self.records, self.first = records, first
        self.ids = records.label_asym.take(first).tolist()
        self.model = records.model[first]

    def per_model(self) -> np.ndarray:
        """(models,) int32."""
        starts = np.flatnonzero(~_unchanged([self.model], len(self.model)))
        return np.diff(np.append(starts, len(self.model))).astype(np.int32)

    def assemblies(self) -> list[dict[str, Any]]:
        """Assemblies by operator; chains of the first model."""
        rows: dict[str, list[int]] = {}
        for i in np.flatnonzero(self.model == self.model[:1]).tolist():
            rows.setdefault(self.ids[i], []).append(i)
        made = []
        for assembly in self.records.assemblies:
            chains: list[list[int]] = [[] for _ in assembly.operators]
            for k, label in assembly.pairs:
                chains[k] += rows.get(label, [])
            pairs = zip(chains, assembly.operators, strict=True)
            transforms = [{"chainIndexList": found, "matrix": operator.ravel().tolist()} for found, operator in pairs]
            made.append({"transformList": transforms, "name": assembly.id})
        return made

    def _letter(self, names: str) -> str:
        return one_letter(self.records.components.get(names.split(",")[0]), names)

    def entities(self) -> list[dict[str, Any]]:
        """Entities with one-letter sequences and the chains of all models."""
        chains: dict[str, list[int]] = {}
        for i, name in enumerate(self.records.entity.take(self.first).tolist()):
            chains.setdefault(name, []).append(i)
        return [
            {
                "description": e.description,
                "type": e.type,
                "chainIndexList": chains.get(e.id, []),
                "sequence": "".join(self._letter(names) for names in e.sequence.split()),
            }
            for e in self.records.entities
        ]


def one_letter(stated: Component | None, names: str) -> str:
    """One letter for a residue of a sequence; X for what has none, the first of several alternatives."""
    letter = chemistry(stated, names.split(",")[0], True)[1]
    return letter if letter.isalpha() else "X"


def _metadata(records: Records) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if records.entry_id:
        made["structureId"] = records.entry_id
    if records.title:
        made["title"] = records.title
    if records.method:
        made["experimentalMethods"] = records.method.split("; ")
    if records.resolution:
        made["resolution"] = float(np.float32(records.resolution))
    if records.cell is not None:
        made["unitCell"] = np.array(records.cell, np.float32).tolist()
    if records.space_group:
        made["spaceGroup"] = records.space_group
    return made


def _characters(column: Text, name: str) -> np.ndarray:
    """(n,) uint8 codes of one ASCII character each, 0 for none."""
    used = np.unique(column.codes).tolist()
    bad = [column.values[k] for k in used if len(column.values[k].encode()) > 1]
    if bad:
        raise CannotHold(name, repr(bad[0]), "one ASCII character")
    table = np.zeros(len(column.values) + 1, np.uint8)
    for k in used:
        table[k] = ord(column.values[k]) if column.values[k] else 0
    return table[column.codes]


def _note_losses(records: Records, report: ExportReport) -> None:
    if records.has_u.any():
        report.lose("anisotropic U", int(records.has_u.sum()), "MMTF holds isotropic B only")
    if records.tls is not None:
        report.lose("TLS records", len(records.tls.groups), "MMTF has no TLS records")
    if not np.isfinite(records.b).all() and np.isfinite(records.b).any():
        report.lose("B", int(np.isfinite(records.b).sum()), "MMTF gives B to all atoms or to none")
    steps = records.occupancy * 100
    rounded = int((np.abs(steps - np.rint(steps)) > ROUNDED).sum())
    if rounded:
        report.lose("occupancies", rounded, "rounded to 0.01")
    given = sum(op.given for op in records.ncs)
    if given:
        report.lose("NCS operators given", given, "MMTF does not say which copies are present")
