"""A deposition back into atom records: all alternates, one joint state, or a bundle of draws or models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from polystate.deposition import Deposition
from polystate.evaluation import evaluate
from polystate.evaluation.rendering import Snapshot
from polystate_tools.formats.building.bundles import MODEL
from polystate_tools.formats.errors import BadOption, CannotHold
from polystate_tools.formats.known import FORMATS
from polystate_tools.formats.options import ALTLOCS
from polystate_tools.formats.policies import POLICIES
from polystate_tools.formats.records.records import Assembly, Entity, NcsOperator, Records, joined
from polystate_tools.formats.records.text import Text
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.unbuilding import noted
from polystate_tools.formats.unbuilding.alternates import Alternates, alternates
from polystate_tools.formats.unbuilding.bonds import bonds_of_records
from polystate_tools.formats.unbuilding.conformer import conformer, kept, n_conformers
from polystate_tools.formats.unbuilding.gaussian import (
    ATOMIC,
    Adps,
    adps_of_covariance,
    adps_of_records,
    covered_in,
    is_atomic,
    levels_of,
)
from polystate_tools.formats.unbuilding.order import hetero, residue_order
from polystate_tools.formats.unbuilding.restored import fifteen_digits, moved_from, without_noise
from polystate_tools.formats.unbuilding.tls import is_rest, tls_of_deposition, with_atoms


@dataclass
class Source:
    """What records were made from: where, of each, the states in which it holds by variable."""

    where: list[dict[int, set[int]]]


def records_of_deposition(
    dep: Deposition, policy: str, report: ExportReport, altloc: str = "all"
) -> tuple[Records, Source]:
    """Every alternate and every model as records, ADPs by policy; or one conformer, see `conformer`."""
    added = levels_of(dep, policy, report)
    tls, tls_u = tls_of_deposition(dep, report) if POLICIES[policy].others == "keep" else (None, None)
    bundle = bundle_descriptor(dep)
    found = alternates(dep, policy)
    if found.renamed:
        letters = "; ".join(f"{name} is {letter}" for name, letter in list(found.renamed.items())[:20])
        report.lose("state labels", len(found.renamed), f"altloc letters stand for them: {letters}")
    if bundle is not None:
        weights = _deposited_weights(bundle) if altloc == "all" else None  # a conformer of a model is within it
        records, source = _of_bundle(dep, bundle, found, added, tls_u, policy, weights)
    else:
        adps = adps_of_records(dep, found.atom, found.joint, found.combinations, added, tls_u, policy)
        records = _records(dep, found.atom, found.xyz, found.occupancy, found.altloc, adps)
        source = np.arange(len(records))
    chosen: dict[int, set[int]] = {}
    if altloc != "all":
        records, source, chosen = _one_conformer(dep, records, source, found, bundle, altloc, report)
    where = [found.where[k] | chosen for k in source.tolist()]
    models = None if bundle is None else _variable_of(dep, bundle)
    records = replace(records, bonds=bonds_of_records(dep, found.atom[source], records.model, where, models))
    _note_losses(dep, report)
    made = replace(with_metadata(records, dep), tls=tls and with_atoms(tls, dep, found.atom[source]))
    return made, Source(where)


def _one_conformer(
    dep: Deposition, records: Records, source: np.ndarray, found: Alternates, bundle, choice: str, report: ExportReport
) -> tuple[Records, np.ndarray, dict[int, set[int]]]:
    """The records that hold in one chosen state, without letters; those that were one of several are there whole.

    Also which alternate each is, and the chosen states by variable, one for each model."""
    dag = dep.states.dag
    letters = sorted({*records.altloc.used(), *(str(x) for v in range(len(dag)) for x in dag.state_labels(v))})
    lettered = ~records.altloc.equals("")
    if choice == "none":
        if lettered.any():
            row = int(np.flatnonzero(lettered)[0])
            raise CannotHold("--altloc none", records.record_name(row), "a deposition without alternates")
        return records, source, {}
    if choice not in ALTLOCS and choice not in letters:
        raise BadOption("--altloc", choice, f"one of {', '.join(ALTLOCS)}, or one of the letters {letters}")
    steps = None
    if bundle is not None:
        variable = _variable_of(dep, bundle)
        steps = (variable, int(dep.states.dag.n_states[variable]))
    chosen, names = conformer(dep, choice, steps)
    report.choice = f"--altloc {choice}" + (f": {names}" if names else "")
    keep = kept([found.where[k] for k in source.tolist()], chosen)
    several = {v: {s for s in states if n_conformers(dep, v, s) > 1} for v, states in chosen.items()}
    whole = np.array([any(several.get(v, set()) & s for v, s in found.where[k].items()) for k in source[keep]], bool)
    taken = records.take(keep)
    occupancy = np.where(whole, 1.0, taken.occupancy)
    return replace(taken, altloc=Text.constant("", len(taken)), occupancy=occupancy), source[keep], chosen


def records_of_snapshots(dep: Deposition, snapshots: Sequence[Snapshot], policy: str, report: ExportReport) -> Records:
    """One model a snapshot: the atoms present in it. Draws have U_total drawn into their coordinates: no ADP."""
    levels_of(dep, policy if policy != "records" else "marginal", report)
    parts = []
    for number, snapshot in enumerate(snapshots, 1):
        rows = np.flatnonzero(snapshot.present)
        if snapshot.request.draw is not None:
            adps = Adps(np.full(len(rows), np.nan), np.zeros((len(rows), 6)), np.zeros(len(rows), bool))
        else:
            levels = [d.id for d in evaluate.gaussian_levels(dep) if policy != "atomic-only" or is_atomic(d)]
            u = snapshot.covariance
            if policy == "atomic-only":
                u = dep.covariance(snapshot.state, snapshot.at, levels=levels)
            adps = adps_of_covariance(u[rows], covered_in(dep, snapshot.request, levels)[rows])
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
    records = joined(parts)
    atom = np.concatenate([np.flatnonzero(snapshot.present) for snapshot in snapshots])
    where = [_chosen(snapshot) for snapshot in snapshots]
    of_record = [where[k] for k in (records.model - 1).tolist()]
    return with_metadata(replace(records, bonds=bonds_of_records(dep, atom, records.model, of_record)), dep)


def _chosen(snapshot: Snapshot) -> dict[int, set[int]]:
    """The state of each active variable of a snapshot."""
    return {v: {s} for v, s in enumerate(np.asarray(snapshot.request.joint).tolist()) if s >= 0}


def bundle_descriptor(dep: Deposition):
    """The descriptor whose states are models, or None."""
    found = [d for d in dep.descriptors.values() if d.is_discrete and d.document.get("state_axis") is not None]
    return found[0] if len(found) == 1 and found[0].document.get("state_axis") == MODEL else None


def _variable_of(dep: Deposition, bundle) -> int:
    variable = dep.states.dag.variable(bundle.id, int(bundle.column("states", "site")[0]))
    assert variable is not None
    return variable


def _of_bundle(
    dep: Deposition, bundle, found: Alternates, added, tls_u, policy: str, weights: np.ndarray | None
) -> tuple[Records, np.ndarray]:
    """Models one after the other, and the alternate of each record; conditions that name a model pick its numbers.

    weights: (S,) the occupancies of the models, by which those within are multiplied; NaN where there is none."""
    variable = _variable_of(dep, bundle)
    xyz, present = bundle.array("xyz"), bundle.array("present") != 0
    occupancies = _bundle_occupancies(dep, bundle, variable)
    place = np.full(dep.n_atoms, -1)
    place[bundle.atom_rows] = np.arange(len(bundle.atom_rows))
    parts, sources = [], []
    in_model = [
        np.flatnonzero(
            np.array([held.get(variable, step) == step for held in found.held], bool)
            & ((place[found.atom] < 0) | present[step][place[found.atom]])
        )
        for step in range(len(xyz))
    ]
    residue = dep.hierarchy.of_atoms("residue")
    there = np.zeros((len(xyz), len(dep.hierarchy.column("residues", "chain"))), bool)
    for step, keep in enumerate(in_model):
        there[step, residue[found.atom[keep]]] = True
    rank = residue_order(dep, there)
    for step, keep in enumerate(in_model):
        keep = keep[np.argsort(rank[residue[found.atom[keep]]], kind="stable")]
        sources.append(keep)
        atom = found.atom[keep]
        combinations = [{**states, variable: step} for states in found.combinations]
        adps = adps_of_records(dep, atom, found.joint[keep], combinations, added, tls_u, policy)
        base = np.where((place[atom] >= 0)[:, None], bundle.from_fitted(xyz[step])[place[atom]], dep.x_ref[atom])
        here = moved_from(base, found.moved[keep])
        occupancy = found.occupancy[keep].copy()
        for k in np.flatnonzero(np.isin(atom, list(occupancies))).tolist():
            occupancy[k] = occupancies[int(atom[k])].get(step, occupancy[k])
        if weights is not None and np.isfinite(weights[step]):
            occupancy = np.array([fifteen_digits(value) for value in (occupancy * weights[step]).tolist()])
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
    return joined(parts), np.concatenate(sources)


def _deposited_weights(bundle) -> np.ndarray:
    """(S,) the occupancy that a file gives to atoms that are there in all of a model; NaN where it says none."""
    states, deposited = bundle.column("states", "state"), bundle.column("states", "deposited")
    made = np.full(len(bundle.array("xyz")), np.nan)
    made[np.asarray(states)] = np.asarray(deposited)
    return made


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
    column = dep.hierarchy.column

    def text(table: str, name: str, rows: np.ndarray) -> Text:
        codes, words = dep.hierarchy.codes(table, name)[rows], dep.hierarchy.vocabulary(table, name)
        return Text(np.where(codes < 0, len(words), codes).astype(np.int32), (*words, ""))

    residue = column("atoms", "residue")[atom]
    chain = column("residues", "chain")[residue]
    entity = column("chains", "entity")[chain]
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
        label_seq=column("residues", "label_seq")[residue],
        auth_seq=column("residues", "auth_seq")[residue],
        ins=text("residues", "ins", residue),
        name=text("atoms", "name", atom),
        altloc=Text.of(altloc) if len(altloc) else Text.constant("", 0),
        element=column("atoms", "element")[atom],
        charge=column("atoms", "charge")[atom],
        occupancy=occupancy,
        b=adps.b,
        u=adps.u,
        has_u=adps.has_u,
        het=hetero(dep)[residue],
    )


def with_metadata(records: Records, dep: Deposition) -> Records:
    """The records with cell, entities, assemblies and title of the deposition."""
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
        components=noted.components(dep),
        assemblies=_assemblies(dep),
        ncs=_ncs(dep),
    )


def _entities(dep: Deposition) -> list[Entity]:
    columns = [dep.hierarchy.text("entities", key) for key in ("type", "description", "sequence")]
    return [Entity(str(k + 1), *row) for k, row in enumerate(zip(*columns, strict=True))]


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


def _note_losses(dep: Deposition, report: ExportReport) -> None:
    """Descriptors that a structure file has no form for, and disorder that the deposition itself lacks."""
    if is_rest(dep):
        report.lose("TLS part of the ADPs", 1, "the deposition lacks the TLS groups beside which its ADPs are the rest")
    isotropic = report.format in FORMATS and not FORMATS[report.format].anisotropic
    for d in dep.descriptors.values():
        if isotropic and d.is_gaussian and d.operator != ATOMIC[0]:
            report.lose(f"descriptor {d.id}", d.n_labels, f"{report.format} has no place for an anisotropic U")
        known = d.is_gaussian or (d.is_discrete and (d.mode in "AB"))
        if not known:
            report.lose(f"descriptor {d.id}", 1, f"{d.regime}, {d.signal_type}: no form in a structure file")
        elif d.is_discrete and d.algebra == "nested_under":
            models = {id for id, other in dep.descriptors.items() if other.document.get("state_axis") is not None}
            lost = [parent for parent in d.table("conditions").get("parent", ()) if parent not in {d.id, *models}]
            if lost:  # a model is written with what is in it
                because = "which states go together is not said without --het-dialect"
                report.lose(f"conditions of {d.id}", len(lost), because)
