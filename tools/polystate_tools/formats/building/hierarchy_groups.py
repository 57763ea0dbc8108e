"""The hierarchy groups of a deposition's tree, out of records and their layout."""

from __future__ import annotations

import re

import numpy as np

from polystate.states.conditions import changes
from polystate.store.tree import Group
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.records.text import Text
from polystate_tools.formats.report import ImportReport


def hierarchy_groups(layout: Layout, report: ImportReport) -> dict[str, Group]:
    """atoms, residues, chains, entities, bonds, assemblies, NCS operators, cell and space group by path."""
    records, first = layout.records, layout.first_record
    name, names = records.name.take(first).vocabulary()
    atoms = Group(
        {"vocabularies": {"name": names}},
        {
            "atom_id": np.arange(1, layout.n_atoms + 1, dtype=np.uint32),
            "residue": layout.residue_of_atom,
            "name": name,
            "element": records.element[first],
            "charge": records.charge[first],
        },
    )
    groups = {"hierarchy": Group(_crystal(layout)), "hierarchy/atoms": atoms, "hierarchy/residues": _residues(layout)}
    groups["hierarchy/chains"], groups["hierarchy/entities"] = _chains(layout)
    if len(records.bonds):
        groups["hierarchy/bonds"] = _bonds(layout)
    groups |= _assemblies(layout, report)
    if records.ncs:
        groups["hierarchy/ncs"] = Group(
            {"given": [op.given for op in records.ncs]}, {"operators": np.stack([op.matrix for op in records.ncs])}
        )
    return groups


def _crystal(layout: Layout) -> dict:
    records = layout.records
    document: dict = {}
    if records.cell is not None:
        document["cell"] = dict(zip(("a", "b", "c", "alpha", "beta", "gamma"), map(float, records.cell), strict=True))
    if records.space_group:
        document["space_group"] = records.space_group
    return document


def _residues(layout: Layout) -> Group:
    records, first = layout.records, layout.first_of_residue
    comp, comps = records.comp.take(first).vocabulary()
    ins, codes = records.ins.take(first).vocabulary()
    arrays = {
        "chain": layout.chain_of_residue,
        "comp": comp,
        "label_seq": records.label_seq[first],
        "auth_seq": records.auth_seq[first],
        "ins": ins,
    }
    if (layout.position != np.arange(len(first))).any():
        arrays["position"] = layout.position
    return Group({"vocabularies": {"comp": comps, "ins": codes}}, arrays)


def _chains(layout: Layout) -> tuple[Group, Group]:
    """Chains, and the entities in the order of the file's table (those of no chain included)."""
    records, first = layout.records, layout.first_of_chain
    label, labels = records.label_asym.take(first).vocabulary()
    auth, auths = records.auth_asym.take(first).vocabulary()
    row_of = {entity.id: row for row, entity in enumerate(records.entities)}
    entity = np.array([row_of.get(name, -1) for name in records.entity.take(first).tolist()], np.int32)
    chains = Group(
        {"vocabularies": {"label_asym": labels, "auth_asym": auths}},
        {"entity": entity, "label_asym": label, "auth_asym": auth},
    )
    columns, vocabularies = {}, {}
    for key in ("type", "description", "sequence"):
        texts = [getattr(entity, key) for entity in records.entities]
        column, values = Text.of([text for text in texts if text]).vocabulary()
        codes = np.full(len(texts), -1, np.int32)
        codes[[k for k, text in enumerate(texts) if text]] = column
        columns[key], vocabularies[key] = codes, values
    return chains, Group({"vocabularies": vocabularies}, columns)


def _bonds(layout: Layout) -> Group:
    """Bonds between atoms, each pair once, in order of their atoms; an order that any record states is the bond's."""
    bonds = layout.records.bonds
    ends = np.sort(layout.atom_of_record[bonds[:, :2]], axis=1)
    rank = np.lexsort((-bonds[:, 2], ends[:, 1], ends[:, 0]))
    first = rank[changes(ends[rank].T)]
    first = first[ends[first, 0] != ends[first, 1]]
    return Group(
        {},
        {
            "atom_a": ends[first, 0].astype(np.int32),
            "atom_b": ends[first, 1].astype(np.int32),
            "order": bonds[first, 2].astype(np.uint8),
        },
    )


def _assemblies(layout: Layout, report: ImportReport) -> dict[str, Group]:
    records = layout.records
    labels = records.label_asym.take(layout.first_of_chain).tolist()
    rows: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        rows.setdefault(label, []).append(row)
    groups: dict[str, Group] = {}
    ids: set[str] = set()
    for assembly in records.assemblies:
        pairs = sorted((k, row) for k, chain in assembly.pairs for row in rows.get(chain, []))
        if not pairs or not assembly.operators:
            report.lose(f"assembly {assembly.id}", 1, "acts on no chain that has atoms")
            continue
        document = {key: value for key, value in (("name", assembly.name), ("details", assembly.details)) if value}
        columns = np.array(pairs, np.int32)
        name = _assembly_id(assembly.id, ids)
        if name != assembly.id:
            report.lose("assembly id", 1, f"{assembly.id!r} is no id of a deposition: it is {name}")
        groups[f"hierarchy/assemblies/{name}"] = Group(
            document,
            {
                "operators": np.stack(assembly.operators),
                "operator": columns[:, 0].copy(),
                "chain": columns[:, 1].copy(),
            },
        )
    return groups


def _assembly_id(stated: str, ids: set[str]) -> str:
    """An id of the characters that a deposition permits, made unique; `ids` are those in use."""
    made = re.sub(r"[^a-z0-9_.-]+", "_", stated.lower()).strip("_.-")[:60] or "assembly"
    name = next(name for name in (made, *(f"{made}.{k}" for k in range(2, len(ids) + 3))) if name not in ids)
    ids.add(name)
    return name
