"""A fitted hierarchy as a deposition: groupings, a TLS descriptor a level, the atomic level, one provenance block."""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Mapping

import numpy as np

from polystate.errors import UnsupportedCombination
from polystate.store.digest import digest
from polystate.store.tree import Group, Tree
from polystate_tools.echt.input import ISOTROPIC, FitInput
from polystate_tools.echt.levels.levels import Level
from polystate_tools.echt.levels.names import PREFIX
from polystate_tools.echt.solver.model import own_covariances
from polystate_tools.echt.solver.points import EIGHT_PI2, Point, Step, percent
from polystate_tools.echt.solver.solver import Solver
from polystate_tools.formats.building.operators import operator

PROVENANCE = "echt"
CITATION = "Pearce & Gros, Nature Communications 12 (2021), doi:10.1038/s41467-021-25814-x"
DEPARTURES = [
    "|dU|^2 is the Frobenius norm (off-diagonals count twice; counted once, it depends on the orientation); "
    "isotropic input is compared by its trace alone, cost 3 w (u - Tr U / 3)^2",
    "weights have mean 1 instead of sum 1, so Omega here is N times the published one",
    "each group's T, L, S and amplitude are fitted jointly as one positive semi-definite 6x6 covariance, so the "
    "problem is convex and its minimum is certified",
    "epsilon |Sigma|^2 (scaled coordinates, Frobenius) makes the shape inside a group unique",
]


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
    tree: Tree, data: FitInput, levels: list[Level], solver: Solver, steps: list[Step], point: Point,
    source: Mapping, notes: list[str], seconds: float, choices: Mapping | None = None,
) -> dict[str, Group]:  # fmt: skip
    """The input's tree with the B-factors of the fitted atoms replaced by the ECHT stack."""
    out = _without_fitted(dict(tree), data)
    stack = []
    for k, level in enumerate(levels):
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
    out[f"provenance/{PROVENANCE}"] = Group(
        _provenance(tree, data, levels, solver, steps, point, stack, source, notes, seconds, choices or {})
    )
    return out


def check_earlier(data: FitInput) -> None:
    """Refuse to fit a part of the atoms of an earlier fit: the names of its levels are those of the new one."""
    fitted = np.zeros(data.dep.n_atoms, bool)
    fitted[data.rows] = True
    for d in data.dep.descriptors.values():
        if not d.is_gaussian or not d.id.startswith(PREFIX):
            continue
        left = int((d.covered & ~fitted).sum())
        if left:
            raise UnsupportedCombination(
                d.path, f"{left} atoms of an earlier fit that are not fitted again",
                "all atoms of the earlier fit, or what it was made from",
            )  # fmt: skip


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
            arrays["b"] = EIGHT_PI2 * u[pick, :3].sum(axis=1) / 3
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


def _provenance(
    tree: Tree, data: FitInput, levels: list[Level], solver: Solver, steps: list[Step], point: Point,
    stack: list[str], source: Mapping, notes: list[str], seconds: float, choices: Mapping,
) -> dict:  # fmt: skip
    p, last = solver.settings, steps[-1]
    names = [level.name for level in levels] + (["atomic"] if solver.atomic else [])
    total = sum(last.mean_b)
    sizes = [len(level.names) for level in levels] + ([len(data.rows)] if solver.atomic else [])
    kind = "anisotropic" if data.anisotropic.all() else ("mixed" if data.anisotropic.any() else "isotropic")
    residue_ids = data.dep.hierarchy.atom_id
    version = importlib.metadata.version
    return {
        "kind": "fit",
        "software": [{"name": n, "version": version(n)} for n in ("polystate", "numpy", "numba", "scipy")],
        "created": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "inputs": [{k: source[k] for k in ("name", "sha256", "format") if source.get(k)}],
        "input_digest": _prefixed(digest(tree)),
        "stack": stack,
        "method": {
            "name": "echt: convex hierarchical TLS fit",
            "version": "1",
            "backend": "numba",
            "parameters": {
                "algorithm": "primal-dual interior point, Nesterov-Todd scaling, elimination over the hierarchy",
                "omega_first": p.omega_first, "delta": p.delta, "gamma": p.gamma, "epsilon_over_beta": p.epsilon,
                "tolerance": p.tolerance, "final_tolerance": p.final_tolerance, "stop_change_b": p.stop_change_b,
                "stop_residual_b": p.stop_residual_b, "max_steps": p.max_steps,
            },
        },
        "target": {"name": f"{kind} B-factors", "atoms": len(data.rows), "norm": "Frobenius"},
        "weights": {"name": "inverse of Tr U / 3, mean 1"},
        "regularizer": {
            "name": "elastic net on amplitudes", "omega": p.omega_first * p.delta ** (last.n - 1),
            "alpha": last.omega_alpha, "beta": last.omega_beta, "gamma": p.gamma, "delta": p.delta,
            "epsilon": p.epsilon * last.omega_beta,
        },
        "wall_time_s": round(seconds, 3),
        "convergence": {
            "converged": bool(last.residual_rms_b < p.stop_residual_b and len(steps) < p.max_steps),
            "iterations": sum(s.iterations for s in steps),
            "criterion": f"mean B of each level changes by less than {p.stop_change_b} Å² a step, residual below "
            f"{p.stop_residual_b} Å² RMS in B",
            "value": last.residual_rms_b, "tolerance": p.stop_residual_b,
        },
        "certificate": {
            "objective": last.F, "bound": last.bound, "relative_gap": max(last.certificate, 0.0),
            "objective_with_epsilon": point.F_eps, "bound_with_epsilon": point.D_eps,
        },
        "path": [
            {"n": s.n, "omega_alpha": s.omega_alpha, "objective": s.F, "bound": s.bound,
             "residual_rms_b": s.residual_rms_b, "mean_b": dict(zip(names, s.mean_b, strict=True))}
            for s in steps
        ],
        "levels": [
            {"name": name, "descriptor": "echt.atomic" if name == "atomic" else f"echt.{name}", "groups": size,
             "mean_b": b, "share": percent(b, total) or 0.0,
             **({"share_bound": percent(bound, total)} if total else {})}
            for name, size, b, bound in zip(names, sizes, last.mean_b, last.mean_b_bound, strict=True)
        ],
        "choices": {
            "atoms": notes, **{f"level {level.name}": level.notes for level in levels if level.notes}, **choices,
        },
        "excluded": [int(residue_ids[r]) for r in _excluded(data)],
        "departures": DEPARTURES,
        "citation": [CITATION],
    }  # fmt: skip


def _prefixed(value: str) -> str:
    return value if value.startswith("sha256:") else f"sha256:{value}"


def _excluded(data: FitInput) -> np.ndarray:
    """Rows of non-hydrogen, non-water atoms that were left out (a list only where it is short)."""
    out = np.setdiff1d(data.candidates, data.rows)
    return out if len(out) <= 1000 else out[:0]
