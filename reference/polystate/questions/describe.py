"""What a deposition holds, and which descriptor contributes what to a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polystate.evaluation import evaluate
from polystate.evaluation.request import request as made_request
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.model.pins import pins
from polystate.numbers.tensors import EIGHT_PI_SQUARED, six_components
from polystate.rules.derivation import stale
from polystate_schemas.registry import entries


def describe(dep: Model) -> dict[str, Any]:
    """Counts and names: atoms, residues, chains, descriptors, axes, levels."""
    dep.check_documents()
    return {
        "format_version": dep.document.get("format_version"),
        "title": dep.document.get("title", ""),
        "atoms": dep.n_atoms,
        "residues": dep.hierarchy.size("residue"),
        "chains": dep.hierarchy.size("chain"),
        "entities": dep.hierarchy.size("entity"),
        "groupings": list(dep.groupings),
        "axes": [{"name": a.name, "length": a.length} for a in dep.axes.values()],
        "descriptors": [_summary(d) for d in dep.descriptors.values()],
        "operators": [_carried(dep, p) for p in sorted(dep.tree) if p.startswith("operators/") and p.count("/") == 1],
        "levels": [d.id for d in evaluate.gaussian_levels(dep)],
        "stale": [{"where": error.where, "found": error.found} for error in stale(dep)],
        "unknown_operators": [{"where": f"{p.where}/id", "id": p.id} for p in pins(dep.tree) if p.id not in entries()],
    }


def _carried(dep: Model, path: str) -> dict[str, Any]:
    """A body that the deposition carries, and the entry and vectors beside it."""
    document = dep.tree[path].attributes
    entry = document.get("entry")
    about = {"entry": entry["id"], "vectors": len(document.get("vectors") or [])} if entry else {}
    return {"path": path, "media_type": document.get("media_type"), **about}


def _summary(d: Descriptor) -> dict[str, Any]:
    scope = d.document.get("scope", {})
    return {
        "id": d.id,
        "regime": d.regime,
        "mode": d.mode,
        "scope": scope.get("grouping") or scope.get("level"),
        "labels": d.n_labels,
        "signal_type": d.signal_type,
        "algebra": d.algebra,
        "operator": d.operator,
        "sample_axis": d.axis,
    }


def explain(dep: Model, atom: str | None = None, **request: Any) -> list[dict[str, Any]]:
    """One row a descriptor: whether it is active, where its numbers come from, by which operator, and how much.

    atom: `A/128/CA`, an atom_id, or `A/128` for all atoms of a residue; the states are then those of its sites. For one
    atom displacements are in ångström and covariances the six components in Å²; for several they are root mean
    squares, and B the mean over the atoms that the state has; None where it has none. Of an unknown operator there is
    no amount."""
    ids: Sequence[int] | None = request.pop("atoms", None)
    if atom is not None:
        ids = dep.hierarchy.atom_id[dep.hierarchy.find(atom)].tolist()
    asked = made_request(dep, atoms=ids, **request)
    there = evaluate.present(asked)
    return [_contribution(d, asked, there) for d in _in_order(dep)]


def _in_order(dep: Model) -> list[Descriptor]:
    """Base first, then displacements, transforms and covariances, as they act."""
    found = list(dep.descriptors.values())
    gaussian = evaluate.gaussian_levels(dep)
    rest = [d for d in found if not d.is_gaussian]
    return sorted(rest, key=lambda d: (d.is_transform, not d.is_absolute, d.id.encode())) + gaussian


def _contribution(d: Descriptor, request: evaluate.Request, there: np.ndarray) -> dict[str, Any]:
    active = evaluate.is_active(d, request)
    row: dict[str, Any] = {
        "descriptor": d.id,
        "acts_as": _role(d),
        "operator": d.operator or f"mode {d.mode}",
        "from": _places(d),
        "active": active,
    }
    if d.is_discrete:
        sites = _sites(d, request)
        row["states"] = {k: v for k, v in request.dep.states.labels(request.joint).items() if k in sites}
    if d.operator_unknown:
        row["unknown_operator"] = True
    elif active:
        row.update(_amount(d, request, there))
    return row


def _sites(d: Descriptor, request: evaluate.Request) -> set[str]:
    """The names of a descriptor's variables whose sites cover an atom asked for."""
    dag, asked = request.dep.states.dag, np.unique(d.label_of_atom[request.rows])
    own = (dag.table == [t.id for t in dag.tables].index(d.id)) & np.isin(dag.site, asked)
    return set(dag.variable_names[own].tolist())


def _role(d: Descriptor) -> str:
    if d.signal_type == "unknown":
        return "nothing (signal_type unknown)"
    if d.is_gaussian:
        return "covariance"
    return "base" if d.is_absolute else "transform" if d.is_transform else "displacement"


def _places(d: Descriptor) -> list[str]:
    """Where in the store, or outside, a descriptor's numbers stand."""
    places = [f"{d.path}/{name}" for name in [*d.group.arrays, *d.group.tables]]
    uri = (d.document.get("artifact") or {}).get("uri") or (d.document.get("operator") or {}).get("uri")
    return [*places, uri] if uri else places


def _amount(d: Descriptor, request: evaluate.Request, there: np.ndarray) -> Mapping[str, Any]:
    one = len(request.rows) == 1
    if d.is_gaussian:
        u = evaluate.level_covariance(d, request)[there]
        b = float(EIGHT_PI_SQUARED * np.trace(u, axis1=1, axis2=2).mean() / 3) if len(u) else None
        amount = {"u": six_components(u)[0].tolist() if len(u) else None, "b": b} if one else {"mean_b": b}
        return {"present": int(there.sum()), **amount}
    if d.is_transform or d.signal_type == "unknown":
        return {}
    at, values = evaluate.absolute(d, request) if d.is_absolute else evaluate.displacement(d, request)
    row: dict[str, Any] = {"atoms": len(np.unique(at))}
    if one and len(at):
        row["xyz" if d.is_absolute else "displacement"] = values.sum(axis=0).tolist()
    elif len(at) and not d.is_absolute:
        row["rms_displacement"] = float(np.sqrt((values**2).sum(axis=1).mean()))
    return row
