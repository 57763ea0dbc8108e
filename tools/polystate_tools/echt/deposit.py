"""A fitted hierarchy as a deposition: groupings, a TLS descriptor a level, the atomic level, one provenance block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polystate.editing.described import describing
from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate.store.tree import Group, Tree
from polystate_tools.echt.input import ISOTROPIC, FitInput
from polystate_tools.echt.levels.levels import Level
from polystate_tools.echt.levels.names import PREFIX
from polystate_tools.echt.prepare import Prepared
from polystate_tools.echt.provenance import PROVENANCE, provenance
from polystate_tools.echt.solver.model import own_covariances
from polystate_tools.echt.solver.points import Ending, Point, Step
from polystate_tools.echt.solver.solver import Solver
from polystate_tools.formats.building.operators import operator


def tls_rows(solver: Solver, point: Point, level: int, order: np.ndarray) -> np.ndarray:
    """(groups, 24): T 6, L 6, S 8, amplitude, origin 3 of one level's groups, normalised, S trace-free."""
    s = solver.s
    out = np.zeros((len(order), 24))
    for row, g in enumerate(order):
        out[row, 21:] = s.origin[g]
        amplitude = float(point.amplitude[g])
        if amplitude == 0.0:
            continue
        motion = s.basis[g] @ point.sigma[g] @ s.basis[g].T / amplitude
        t, lib = motion[:3, :3], motion[3:, 3:] / s.radius[g] ** 2
        screw = motion[3:, :3] / s.radius[g]
        screw = screw - np.eye(3) * np.trace(screw) / 3
        for block, start in ((t, 0), (lib, 6)):
            out[row, start : start + 6] = block[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
        out[row, 12:20] = screw.reshape(-1)[:8]
        out[row, 20] = amplitude
    return out


def fitted_tree(
    given: Prepared, solver: Solver, steps: list[Step], point: Point, ending: Ending, seconds: float
) -> dict[str, Group]:  # fmt: skip
    """The input's tree with the B-factors of the fitted atoms replaced by the ECHT stack."""
    data = given.data
    out = _without_fitted(dict(given.tree), data)
    stack = []
    for k, level in enumerate(given.levels):
        name = f"{PREFIX}{level.name}"
        groups = np.empty(len(level.names), np.int64)
        mine = np.flatnonzero(solver.s.level == k)
        groups[solver.s.label_of[mine]] = mine
        out[f"groupings/{name}/v1"] = _grouping(data, level)
        out[f"descriptors/{name}"] = Group(
            _document(name, "parametric_gaussian/tls_v1", {"grouping": f"{name}/v1"}),
            {"tls": tls_rows(solver, point, k, groups)},
        )
        stack.append(name)
    if solver.atomic:
        stack += _atomic(out, data, solver, point)
    block = provenance(given, solver, steps, point, ending, stack, seconds)
    out[f"provenance/{PROVENANCE}"] = Group(describing(out, block, ["reference", *stack_paths(out, stack)]))
    return out


def stack_paths(tree: Tree, stack: Sequence[str]) -> list[str]:
    """The groups of a stack in the store: its descriptors, and the groupings that are their scopes."""
    paths = []
    for path in (f"descriptors/{name}" for name in stack):
        grouping = tree[path].attributes["scope"].get("grouping")
        paths += [path] if grouping is None else [path, f"groupings/{grouping}"]
    return paths


def _grouping(data: FitInput, level: Level) -> Group:
    """The groups of a level over whole chains or residues where they are whole everywhere, else over atoms."""
    h = data.dep.hierarchy
    label = np.full(data.dep.n_atoms, -1, np.int32)
    label[data.rows] = level.labels
    for child_level in ("chain", "residue", "atom"):
        node = np.arange(len(label)) if child_level == "atom" else h.of_atoms(child_level)
        first = np.full(int(node.max()) + 1, -1, np.int32)
        first[node[::-1]] = label[::-1]
        if (first[node] == label).all():
            break
    child = np.flatnonzero(first >= 0).astype(np.int32)
    return Group(
        {"kind": "partition", "child_level": child_level, "labels": list(level.names)},
        {"child": child, "parent": first[child]},
    )


def _document(name: str, operator_id: str, scope: dict) -> dict:
    return {
        "id": name, "regime": "continuous", "mode": "C", "scope": scope, "signal_type": "gaussian_disorder",
        "algebra": "additive_covariance", "operator": operator(operator_id), "adp_content": "residual",
        "provenance": PROVENANCE,
    }  # fmt: skip


def _atomic(out: dict[str, Group], data: FitInput, solver: Solver, point: Point) -> list[str]:
    """Descriptors of the atomic level: iADP for isotropic atoms, aADP for the others."""
    u = np.zeros((len(data.rows), 6))
    u[solver.s.order] = own_covariances(solver.s, point.own)
    ids = data.dep.hierarchy.atom_id[data.rows].astype(np.uint32)
    made = []
    both = data.anisotropic.any() and not data.anisotropic.all()
    for name, operator_id, pick in (
        ("echt.atomic", "parametric_gaussian/iadp_v1", ~data.anisotropic),
        ("echt.atomic.aniso" if both else "echt.atomic", "parametric_gaussian/aadp_v1", data.anisotropic),
    ):
        if not pick.any():
            continue
        arrays = {"atom_id": ids[pick], "condition": np.full(int(pick.sum()), -1, np.int32)}
        if operator_id == ISOTROPIC:
            arrays["b"] = EIGHT_PI_SQUARED * u[pick, :3].sum(axis=1) / 3
        else:
            arrays["u"] = u[pick]
        out[f"descriptors/{name}"] = Group(_document(name, operator_id, {"level": "atom"}), arrays)
        made.append(name)
    return made


def _without_fitted(tree: dict[str, Group], data: FitInput) -> dict[str, Group]:
    """Take the fitted atoms out of the Gaussian descriptors; a descriptor or grouping without atoms goes."""
    ids = data.dep.hierarchy.atom_id[data.rows]
    fitted = np.zeros(data.dep.n_atoms, bool)
    fitted[data.rows] = True
    orphans: set[str] = set()
    for d in data.dep.descriptors.values():
        if not d.is_gaussian:
            continue
        group = tree[d.path]
        if "atom_id" in group.arrays:
            keep = ~np.isin(np.asarray(group.arrays["atom_id"]), ids)
            if keep.any():
                arrays = {name: np.asarray(a)[keep] for name, a in group.arrays.items()}
                tables = dict(group.tables)
                if "conditions" in tables:
                    tables["conditions"] = _used(tables["conditions"], arrays["condition"])
                tree[d.path] = Group(dict(group.attributes), arrays, {n: t for n, t in tables.items() if t})
            else:
                del tree[d.path]
        elif "tls" in group.arrays and (fitted & (d.label_of_atom >= 0)).any():
            _shrink_tls(tree, d, fitted, orphans)
    still = {
        str(g.attributes.get("scope", {}).get("grouping")) for p, g in tree.items() if p.startswith("descriptors/")
    }
    for name in orphans - still:
        tree.pop(f"groupings/{name}", None)
    return tree


def _used(table: Mapping, condition: np.ndarray) -> dict:
    """The rows of a table of conditions that are still named."""
    keep = np.isin(np.asarray(table["condition"]), condition)
    if not keep.any():
        return {}
    return {
        name: [v for v, k in zip(values, keep, strict=True) if k]
        if isinstance(values, list)
        else np.asarray(values)[keep]
        for name, values in table.items()
    }


def _shrink_tls(tree: dict[str, Group], d, fitted: np.ndarray, orphans: set[str]) -> None:
    """Leave a TLS descriptor the atoms that were not fitted, its rows normalised over them."""
    left = (d.label_of_atom >= 0) & ~fitted
    scope = d.document["scope"].get("grouping")
    orphans.add(str(scope))
    if not left.any():
        del tree[d.path]
        return
    labels = np.unique(d.label_of_atom[left])
    rows = np.asarray(d.array("tls"), np.float64)[labels].copy()
    u = d.dep.covariance(levels=[d.id])
    for k, g in enumerate(labels):
        atoms = left & (d.label_of_atom == g)
        mean = float(np.trace(u[atoms], axis1=1, axis2=2).mean() / 3)
        old = rows[k, 20]
        if mean > 0 and old > 0:
            rows[k, :20] *= old / mean
            rows[k, 20] = mean
    name = f"{d.id}.unfitted"
    at = np.flatnonzero(left)
    names = d.label_names
    tree[f"groupings/{name}/v1"] = Group(
        {"kind": "partition", "child_level": "atom", "labels": [names[int(g)] for g in labels]},
        {"child": at.astype(np.int32), "parent": np.searchsorted(labels, d.label_of_atom[at]).astype(np.int32)},
    )
    tree[d.path] = Group({**d.stored.attributes, "scope": {"grouping": f"{name}/v1"}}, {"tls": rows})
