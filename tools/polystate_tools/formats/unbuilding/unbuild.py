"""A deposition back into atom records: all alternates, one joint state, or a bundle of draws or models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gemmi
import numpy as np

from polystate.deposition import Deposition
from polystate.evaluation.rendering import Snapshot
from polystate.numbers.tensors import six_components
from polystate_tools.formats.building.bundles import MODEL
from polystate_tools.formats.records.records import Assembly, Entity, NcsOperator, Records, TlsGroup, TlsRecords
from polystate_tools.formats.records.text import Text
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.tls.records import RADIAN
from polystate_tools.formats.unbuilding.alternates import Alternates, alternates
from polystate_tools.formats.unbuilding.gaussian import Adps, adps_of_covariance, adps_of_records, levels_of
from polystate_tools.formats.unbuilding.restored import moved_from, without_noise


def records_of_deposition(dep: Deposition, policy: str, report: ExportReport) -> Records:
    """Every alternate and every model as records, ADPs by policy."""
    added = levels_of(dep, policy, report)
    tls, tls_u = tls_of_deposition(dep, report) if policy == "records" else (None, None)
    bundle = bundle_descriptor(dep)
    found = alternates(dep)
    if found.renamed:
        letters = "; ".join(f"{name} is {letter}" for name, letter in list(found.renamed.items())[:20])
        report.lose("state labels", len(found.renamed), f"altloc letters stand for them: {letters}")
    if bundle is not None:
        records = _of_bundle(dep, bundle, found, added, tls_u, policy)
    else:
        adps = adps_of_records(dep, found.atom, found.joint, found.combinations, added, tls_u, policy)
        records = _records(dep, found.atom, found.xyz, found.occupancy, found.altloc, adps)
    _note_losses(dep, report)
    return replace(with_metadata(records, dep), tls=tls)


def records_of_snapshots(dep: Deposition, snapshots: Sequence[Snapshot], policy: str, report: ExportReport) -> Records:
    """One model a snapshot: the atoms present in it. Draws have U_total drawn into their coordinates: no ADP."""
    added = levels_of(dep, policy if policy != "records" else "marginal", report)
    parts = []
    for number, snapshot in enumerate(snapshots, 1):
        rows = np.flatnonzero(snapshot.present)
        if snapshot.request.draw is not None:
            adps = Adps(np.full(len(rows), np.nan), np.zeros((len(rows), 6)), np.zeros(len(rows), bool))
        elif policy == "atomic-only":
            atomic = [
                d.id
                for d in dep.descriptors.values()
                if d.is_gaussian and d not in added and (d.operator or "").endswith("adp_v1")
            ]
            adps = adps_of_covariance(dep.covariance(snapshot.state, snapshot.at, levels=atomic)[rows])
        else:
            adps = adps_of_covariance(snapshot.covariance[rows])
        parts.append(
            _records(
                dep,
                rows,
                without_noise(snapshot.xyz[rows]),
                np.ones(len(rows)),
                [""] * len(rows),
                adps,
                np.full(len(rows), number, np.int32),
            )
        )
    _note_losses(dep, report)
    return with_metadata(joined(parts), dep)


def bundle_descriptor(dep: Deposition):
    """The descriptor whose states are models, or None."""
    found = [d for d in dep.descriptors.values() if d.is_discrete and d.document.get("state_axis") is not None]
    return found[0] if len(found) == 1 and found[0].document.get("state_axis") == MODEL else None


def _of_bundle(dep: Deposition, bundle, found: Alternates, added, tls_u, policy: str) -> Records:
    """Models one after the other; conditions that name a model pick its ADPs and occupancies."""
    variable = dep.states.dag.variable(bundle.id, int(bundle.column("states", "site")[0]))
    assert variable is not None
    xyz, present = bundle.array("xyz"), bundle.array("present") != 0
    occupancies = _bundle_occupancies(dep, bundle, variable)
    place = np.full(dep.n_atoms, -1)
    place[bundle.atom_rows] = np.arange(len(bundle.atom_rows))
    parts = []
    for step in range(len(xyz)):
        here_too = np.array([held.get(variable, step) == step for held in found.held], bool)
        keep = np.flatnonzero(here_too & ((place[found.atom] < 0) | present[step][place[found.atom]]))
        atom = found.atom[keep]
        combinations = [{**states, variable: step} for states in found.combinations]
        adps = adps_of_records(dep, atom, found.joint[keep], combinations, added, tls_u, policy)
        base = np.where((place[atom] >= 0)[:, None], bundle.from_fitted(xyz[step])[place[atom]], dep.x_ref[atom])
        here = moved_from(base, found.moved[keep])
        occupancy = found.occupancy[keep].copy()
        for k in np.flatnonzero(np.isin(atom, list(occupancies))).tolist():
            occupancy[k] = occupancies[int(atom[k])].get(step, occupancy[k])
        parts.append(
            _records(
                dep,
                atom,
                here,
                occupancy,
                [found.altloc[k] for k in keep.tolist()],
                adps,
                np.full(len(keep), step + 1, np.int32),
            )
        )
    return joined(parts)


def _bundle_occupancies(dep: Deposition, bundle, variable: int) -> dict[int, dict[int, float]]:
    """Atom row -> step -> deposited occupancy."""
    made: dict[int, dict[int, float]] = {}
    if bundle.table("occupancy"):
        conditions = dep.conditions(bundle)
        rows = bundle.rows_of_ids(bundle.column("occupancy", "atom_id"), bundle.path)
        numbers, values = bundle.column("occupancy", "condition"), bundle.column("occupancy", "value")
        for atom, number, value in zip(rows.tolist(), numbers.tolist(), values.tolist(), strict=True):
            for clause in conditions[number]:
                for step in clause.states if clause.variable == variable else ():
                    made.setdefault(atom, {})[step] = value
    return made


def _records(
    dep: Deposition,
    atom: np.ndarray,
    xyz: np.ndarray,
    occupancy: np.ndarray,
    altloc: list[str],
    adps: Adps,
    model: np.ndarray | int = 1,
) -> Records:
    """Records of atom rows with the columns of the hierarchy."""
    tree = dep.tree

    def text(table: str, column: str, rows: np.ndarray) -> Text:
        words = dep.hierarchy.vocabulary(table, column)
        return Text(
            np.where(
                tree[f"hierarchy/{table}"].arrays[column][rows] < 0,
                len(words),
                tree[f"hierarchy/{table}"].arrays[column][rows],
            ).astype(np.int32),
            (*words, ""),
        )

    atoms, residues = tree["hierarchy/atoms"].arrays, tree["hierarchy/residues"].arrays
    residue = np.asarray(atoms["residue"])[atom]
    chain = np.asarray(residues["chain"])[residue]
    entity = np.asarray(tree["hierarchy/chains"].arrays["entity"])[chain]
    return Records.of(
        xyz=xyz,
        model=model,
        label_asym=text("chains", "label_asym", chain),
        auth_asym=text("chains", "auth_asym", chain),
        entity=Text(
            np.where(entity < 0, 0, entity + 1).astype(np.int32),
            ("", *(str(k + 1) for k in range(int(entity.max(initial=-1)) + 1))),
        ),
        comp=text("residues", "comp", residue),
        label_seq=np.asarray(residues["label_seq"])[residue],
        auth_seq=np.asarray(residues["auth_seq"])[residue],
        ins=text("residues", "ins", residue),
        name=text("atoms", "name", atom),
        altloc=Text.of(altloc) if len(altloc) else Text.constant("", 0),
        element=np.asarray(atoms["element"])[atom],
        charge=np.asarray(atoms["charge"])[atom],
        occupancy=occupancy,
        b=adps.b,
        u=adps.u,
        has_u=adps.has_u,
        het=_het(dep)[residue],
    )


def _het(dep: Deposition) -> np.ndarray:
    """(R,) bool: residues written as HETATM, all but standard residues of polymers."""
    comps = dep.hierarchy.text("residues", "comp")
    standard = {comp: gemmi.find_tabulated_residue(comp).is_standard() for comp in set(comps.tolist())}
    return ~np.array([standard[comp] for comp in comps.tolist()], bool)


def joined(parts: list[Records]) -> Records:
    """The records of several tables, one after the other."""
    from dataclasses import fields

    from polystate_tools.formats.records.text import concatenate

    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {}
    for spec in fields(Records):
        value = getattr(parts[0], spec.name)
        if isinstance(value, Text):
            columns[spec.name] = concatenate([getattr(part, spec.name) for part in parts])
        elif isinstance(value, np.ndarray) and spec.name != "bonds":
            columns[spec.name] = np.concatenate([getattr(part, spec.name) for part in parts])
    return replace(parts[0], **columns)


def with_metadata(records: Records, dep: Deposition) -> Records:
    """The records with cell, entities, bonds, assemblies and title of the deposition."""
    tree, document = dep.tree, dep.document
    crystal = tree["hierarchy"].attributes if "hierarchy" in tree else {}
    entry = document.get("entry", {})
    cell = crystal.get("cell")
    return replace(
        records,
        title=document.get("title", ""),
        entry_id=entry.get("id", ""),
        method=entry.get("method", ""),
        resolution=entry.get("resolution"),
        cell=tuple(cell[k] for k in ("a", "b", "c", "alpha", "beta", "gamma")) if cell else None,
        space_group=crystal.get("space_group", ""),
        entities=_entities(dep),
        bonds=_bonds(dep, records),
        assemblies=_assemblies(dep),
        ncs=_ncs(dep),
    )


def _entities(dep: Deposition) -> list[Entity]:
    columns = [dep.hierarchy.text("entities", key) for key in ("type", "description", "sequence")]
    return [Entity(str(k + 1), *row) for k, row in enumerate(zip(*columns, strict=True))]


def _bonds(dep: Deposition, records: Records) -> np.ndarray:
    """Bonds between the first records of the atoms, by numbering of the hierarchy."""
    if "hierarchy/bonds" not in dep.tree or not len(records):
        return np.empty((0, 3), np.int32)
    arrays = dep.tree["hierarchy/bonds"].arrays
    first = _first_record(dep, records)
    bonds = np.stack([first[arrays["atom_a"]], first[arrays["atom_b"]], np.asarray(arrays["order"])], axis=1)
    return bonds[(bonds[:, :2] >= 0).all(axis=1)].astype(np.int32)


def _first_record(dep: Deposition, records: Records) -> np.ndarray:
    """(N,) the first record of each atom, by chain, residue and name; -1 where it has none."""
    names = ("label_asym", "auth_asym", "comp", "label_seq", "auth_seq", "ins", "name")
    columns = [getattr(records, name) for name in names]
    lists = [column.tolist() for column in columns]
    found: dict[tuple, int] = {}
    for row, key in enumerate(zip(*lists, strict=True)):
        found.setdefault(key, row)
    residue, chain = dep.hierarchy.of_atoms("residue"), dep.hierarchy.of_atoms("chain")
    wanted = np.unique(np.concatenate([dep.tree["hierarchy/bonds"].arrays[c] for c in ("atom_a", "atom_b")]))
    first = np.full(dep.n_atoms, -1, np.int64)
    text = {
        "label_asym": dep.hierarchy.text("chains", "label_asym")[chain[wanted]],
        "auth_asym": dep.hierarchy.text("chains", "auth_asym")[chain[wanted]],
        "comp": dep.hierarchy.text("residues", "comp")[residue[wanted]],
        "ins": dep.hierarchy.text("residues", "ins")[residue[wanted]],
        "label_seq": dep.hierarchy.column("residues", "label_seq")[residue[wanted]],
        "auth_seq": dep.hierarchy.column("residues", "auth_seq")[residue[wanted]],
        "name": dep.hierarchy.text("atoms", "name")[wanted],
    }
    for row, key in zip(wanted.tolist(), zip(*(text[name].tolist() for name in names), strict=True), strict=True):
        first[row] = found.get(key, -1)
    return first


def _assemblies(dep: Deposition) -> list[Assembly]:
    labels = dep.hierarchy.text("chains", "label_asym")
    made = []
    for path in sorted((p for p in dep.tree if p.startswith("hierarchy/assemblies/")), key=_by_number):
        group = dep.tree[path]
        pairs = zip(group.arrays["operator"].tolist(), labels[group.arrays["chain"]].tolist(), strict=True)
        made.append(
            Assembly(
                path.rsplit("/", 1)[-1],
                list(group.arrays["operators"]),
                list(pairs),
                group.attributes.get("name", ""),
                group.attributes.get("details", ""),
            )
        )
    return made


def _by_number(path: str) -> tuple:
    name = path.rsplit("/", 1)[-1]
    return (0, int(name), "") if name.isdigit() else (1, 0, name)


def _ncs(dep: Deposition) -> list[NcsOperator]:
    if "hierarchy/ncs" not in dep.tree:
        return []
    group = dep.tree["hierarchy/ncs"]
    given = group.attributes.get("given", [False] * len(group.arrays["operators"]))
    return [NcsOperator(np.asarray(m), bool(g)) for m, g in zip(group.arrays["operators"], given, strict=True)]


def tls_of_deposition(dep: Deposition, report: ExportReport) -> tuple[TlsRecords | None, np.ndarray | None]:
    """The TLS level as records in degrees, and (N, 6) Å² to add where the imported ADPs were totals."""
    found = [d for d in dep.descriptors.values() if d.is_gaussian and (d.operator or "").endswith("/tls_v1")]
    choices = _tls_choices(dep)
    if not found:
        return (TlsRecords([], choices.get("program", ""), "residual") if _is_rest(dep) else None), None
    d = found[0]
    selections = choices.get("selections") or []
    content = choices.get("adps", "residual")
    groups = []
    for k, row in enumerate(np.asarray(d.array("tls"))):
        amplitude = row[20]
        s = np.append(row[12:20], -row[12] - row[16])[[0, 1, 2, 3, 4, 5, 6, 7, 8]] * amplitude / RADIAN
        text = selections[k] if k < len(selections) else _selection_of(dep, np.flatnonzero(d.label_of_atom == k))
        groups.append(
            TlsGroup(d.label_names[k], row[0:6] * amplitude, row[6:12] * amplitude / RADIAN**2, s, row[21:24], text)
        )
    u = six_components(dep.covariance(levels=[d.id])) if content == "total" else None
    return TlsRecords(groups, choices.get("program", ""), content, ""), u


def _is_rest(dep: Deposition) -> bool:
    """Whether the ADPs are the rest beside TLS groups that the deposition lacks."""
    gaussian = [d for d in dep.descriptors.values() if d.is_gaussian]
    rest = bool(gaussian) and all(
        (d.operator or "").endswith("adp_v1") and d.document.get("adp_content") == "residual" for d in gaussian
    )
    return rest and _tls_choices(dep).get("adps") == "residual"


def _tls_choices(dep: Deposition) -> dict[str, Any]:
    """What the import noted of the TLS records; nothing where the file had none (the option's word stands there)."""
    block = dep.tree["provenance/import"].attributes if "provenance/import" in dep.tree else {}
    choices = (block.get("choices") or {}).get("tls")
    return choices if isinstance(choices, dict) else {}


def _selection_of(dep: Deposition, atoms: np.ndarray) -> str:
    """Residue ranges in author numbering that name the residues of some atoms."""
    residues = np.unique(dep.hierarchy.of_atoms("residue")[atoms])
    chains = dep.hierarchy.text("chains", "auth_asym")[dep.hierarchy.column("residues", "chain")[residues]]
    numbers = dep.hierarchy.column("residues", "auth_seq")[residues]
    ranges: list[list] = []
    for chain, number in sorted(set(zip(chains.tolist(), numbers.tolist(), strict=True))):
        if ranges and ranges[-1][0] == chain and ranges[-1][2] == number - 1:
            ranges[-1][2] = number
        else:
            ranges.append([chain, number, number])
    return "; ".join(f"{chain} {low} - {chain} {high}" for chain, low, high in ranges)


def _note_losses(dep: Deposition, report: ExportReport) -> None:
    """Descriptors that a structure file has no form for, and disorder that the deposition itself lacks."""
    if _is_rest(dep):
        report.lose("TLS part of the ADPs", 1, "the deposition lacks the TLS groups beside which its ADPs are the rest")
    for d in dep.descriptors.values():
        known = d.is_gaussian or (d.is_discrete and (d.mode in "AB"))
        if not known:
            report.lose(f"descriptor {d.id}", 1, f"{d.regime}, {d.signal_type}: no form in a structure file")
        elif d.is_discrete and d.algebra == "nested_under":
            report.lose(
                f"conditions of {d.id}",
                len(d.table("conditions").get("condition", [])),
                "which states go together is not said without --het-dialect",
            )
