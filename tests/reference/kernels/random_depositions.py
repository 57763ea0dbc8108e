"""Random depositions in which everything that the evaluator can do may occur together."""

from __future__ import annotations

from typing import Any

import numpy as np

import polystate

RESIDUE = 4  # atoms


def deposition(seed: int) -> polystate.Deposition:
    """A deposition of 8 to 40 atoms."""
    rng = np.random.default_rng(seed)
    n_residues = int(rng.integers(2, 11))
    n = RESIDUE * n_residues
    residue = np.repeat(np.arange(n_residues), RESIDUE)
    document: dict[str, Any] = {
        "format_version": "0.1.0",
        "hierarchy": {
            "atoms": {"residue": residue.tolist(), "name": ["N", "CA", "C", "O"] * n_residues, "element": ["C"] * n},
            "residues": {
                "chain": [0] * n_residues, "comp": ["ALA"] * n_residues,
                "label_seq": list(range(1, n_residues + 1)), "auth_seq": list(range(1, n_residues + 1)),
            },
            "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
            "entities": {"type": ["polymer"], "description": [""], "sequence": [""]},
        },
        "reference": {"x_ref": rng.uniform(-30, 30, (n, 3)).tolist()},
        "groupings": {},
        "provenance": {
            "made-up": {
                "kind": "import", "software": [{"name": "test", "version": "1"}], "method": {"name": "random"},
            }
        },
        "descriptors": {},
    }  # fmt: skip
    found = document["descriptors"]
    if rng.random() < 0.8:
        found["loop"] = _alternates(rng, "loop", n_residues, nested=None)
        if rng.random() < 0.7:
            found["side"] = _alternates(rng, "side", n_residues, nested=found["loop"])
    conditions = _conditions(found.get("loop"))
    for level in range(int(rng.integers(0, 4))):
        groups = int(rng.integers(1, n_residues + 1))
        parent = rng.integers(0, groups, n_residues)
        child = np.flatnonzero(rng.random(n_residues) < 0.9)
        document["groupings"][f"t.level{level}/v1"] = {
            "kind": "heterogeneity_scope", "child_level": "residue", "labels": [f"g{k}" for k in range(groups)],
            "child": child.tolist(), "parent": parent[child].tolist(),
        }  # fmt: skip
        d = _gaussian("tls_v1", {"grouping": f"t.level{level}/v1"}, {"tls": _tls(rng, groups).tolist()})
        d["normalised"] = False
        if rng.random() < 0.3:
            d["reference"] = _offset(rng)
        if conditions and rng.random() < 0.4:
            d["active_when"] = 0
            d["tables"] = {"conditions": conditions}
        found[f"level{level}"] = d
    if rng.random() < 0.7:
        found["b"] = _adps(rng, n, conditions, "b", rng.uniform(5, 50, 2 * n).tolist())
    if rng.random() < 0.5:
        half = rng.normal(scale=0.2, size=(2 * n, 3, 3))
        full = half @ np.swapaxes(half, 1, 2)
        six = np.stack([full[:, i, j] for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))], 1)
        found["u"] = _adps(rng, n, conditions, "u", six.tolist())
        if rng.random() < 0.5:
            found["u"]["reference"] = _offset(rng)
    ids = list(range(1, n + 1))
    if rng.random() < 0.4:
        arrays = {"basis": rng.normal(size=(2, n, 3)).tolist(), "atom_id": ids}
        found["modes"] = _gaussian("nm_covariance_v1", {"level": "atom"}, {**arrays, "variance": [0.1, 0.02]})
        if rng.random() < 0.5:
            found["modes"]["reference"] = _offset(rng)
    if rng.random() < 0.5:
        arrays = {"basis": rng.normal(size=(3, n, 3)).tolist(), "atom_id": ids, "coefficients": [0.5, -0.2, 0.1]}
        found["basis"] = _moving("basis/nm_v1", {"level": "atom"}, arrays)
        if conditions and rng.random() < 0.4:
            found["basis"] |= {"active_when": 0, "tables": {"conditions": conditions}}
    if rng.random() < 0.4:
        q = rng.normal(size=(n_residues, 4))
        arrays = {
            "quaternion": (q / np.linalg.norm(q, axis=1)[:, None]).tolist(),
            "translation": rng.normal(size=(n_residues, 3)).tolist(),
            "origin": rng.normal(size=(n_residues, 3)).tolist(),
        }  # fmt: skip
        found["body"] = _moving("rigid_body/quat_v1", {"level": "residue"}, arrays)
        if rng.random() < 0.4:
            found["body"]["acts_as"] = "transform"
    if rng.random() < 0.3:
        arrays = {
            "w0": rng.normal(size=(5, 2)).tolist(), "b0": rng.normal(size=5).tolist(),
            "w1": rng.normal(size=(3 * n, 5)).tolist(), "b1": rng.normal(size=3 * n).tolist(), "atom_id": ids,
        }  # fmt: skip
        found["decoder"] = _moving("neural_decoder/mlp_v1", {"level": "atom"}, arrays)
        if rng.random() < 0.5:
            arrays["latent"] = [0.3, -0.7]
        else:
            found["decoder"]["tables"] = {"latents": {"component": [0, 1], "draw_key": [5, 6], "variance": [1.0, 0.25]}}
    if rng.random() < 0.4:
        document.setdefault("axes", {})["model"] = {"length": 3}
        found["models"] = _bundle(rng, n)
    if rng.random() < 0.3:
        document.setdefault("axes", {})["frame"] = {"length": 4}
        found["cluster"] = _labelled(rng)
    return polystate.Deposition(polystate.build(document))


def _gaussian(operator: str, scope: dict[str, str], arrays: dict[str, Any]) -> dict[str, Any]:
    return {
        "regime": "continuous", "mode": "C", "scope": scope, "signal_type": "gaussian_disorder",
        "algebra": "additive_covariance", "provenance": "made-up",
        "operator": {"id": f"parametric_gaussian/{operator}", "venue": "registry"}, "arrays": arrays,
    }  # fmt: skip


def _moving(operator: str, scope: dict[str, str], arrays: dict[str, Any]) -> dict[str, Any]:
    return {
        "regime": "continuous", "mode": "C", "scope": scope, "signal_type": "deterministic_displacement",
        "algebra": "additive_displacement", "operator": {"id": operator, "venue": "registry"}, "arrays": arrays,
    }  # fmt: skip


def _tls(rng: np.random.Generator, groups: int) -> np.ndarray:
    rows = np.zeros((groups, 24))
    half = rng.normal(size=(groups, 6, 8)) * np.array([0.02] * 3 + [0.4] * 3)[:, None]
    joint = half @ np.swapaxes(half, 1, 2)
    six = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
    for k, (i, j) in enumerate(six):
        rows[:, k], rows[:, 6 + k] = joint[:, 3 + i, 3 + j], joint[:, i, j]
    s = joint[:, :3, 3:] - np.trace(joint[:, :3, 3:], axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)
    rows[:, 12:20] = s.reshape(groups, 9)[:, :8]
    rows[:, 20] = rng.uniform(0.2, 2, groups) * (rng.random(groups) < 0.9)
    rows[rows[:, 20] == 0, :20] = 0
    rows[:, 21:24] = rng.uniform(-20, 20, (groups, 3))
    return rows


def _offset(rng: np.random.Generator) -> dict[str, Any]:
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    q *= np.sign(np.linalg.det(q))
    offset = {"kind": "rigid", "rotation": q.tolist(), "translation": rng.normal(size=3).tolist()}
    return {"frame": "elsewhere", "offset": offset, "hash": "sha256:" + "0" * 64}


def _alternates(rng: np.random.Generator, name: str, n: int, nested: dict[str, Any] | None) -> dict[str, Any]:
    """Mode B over residues; nested states need one of the parent's states."""
    chosen = sorted(rng.choice(n, size=int(rng.integers(1, n + 1)), replace=False).tolist())
    states: dict[str, list[Any]] = {k: [] for k in ("site", "state", "label", "condition", "population")}
    deltas: dict[str, list[Any]] = {k: [] for k in ("site", "state", "atom_id", "dx", "dy", "dz")}
    absent: dict[str, list[Any]] = {k: [] for k in ("site", "state", "atom_id")}
    for site in chosen:
        for state in range(int(rng.integers(2, 5))):
            row = (site, state, "ABCD"[state], 0 if nested and state == 1 else -1, 0.2 + 0.01 * state)
            for column, value in zip(states.values(), row, strict=True):
                column.append(value)
            for k in range(RESIDUE):
                atom = RESIDUE * site + k + 1
                if rng.random() < 0.15:
                    for column, value in zip(absent.values(), (site, state, atom), strict=True):
                        column.append(value)
                elif state and rng.random() < 0.7:
                    for column, value in zip(deltas.values(), (site, state, atom, *rng.normal(size=3)), strict=True):
                        column.append(value)
    size = len(states["site"])
    first = 4_000_000_000 + (1000 if nested else 0)
    tables: dict[str, Any] = {
        "states": {**states, "deposited": ["NaN"] * size, "source": ["fit"] * size},
        "variables": {"site": chosen, "draw_key": [first + s for s in chosen]},
    }
    if deltas["site"]:
        tables["deltas"] = deltas
    if absent["site"]:
        tables["absent"] = absent
    if nested:
        tables["conditions"] = _conditions(nested)
    return {
        "regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
        "algebra": "nested_under" if nested else "independent", "tables": tables,
    }  # fmt: skip


def _states(labels: str, key: int) -> dict[str, Any]:
    """Tables of one variable of the whole deposition."""
    n = len(labels)
    return {
        "states": {
            "site": [0] * n, "state": list(range(n)), "label": list(labels), "condition": [-1] * n,
            "population": [1 / n] * n, "deposited": ["NaN"] * n, "source": ["measured"] * n,
        },
        "variables": {"site": [0], "draw_key": [key]},
    }  # fmt: skip


def _bundle(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Three models of all atoms but the last, some of them absent."""
    arrays = {
        "atom_id": list(range(1, n)), "xyz": rng.uniform(-30, 30, (3, n - 1, 3)).tolist(),
        "present": (rng.random((3, n - 1)) < 0.9).astype(int).tolist(),
    }  # fmt: skip
    return {
        "regime": "discrete", "mode": "A", "scope": {"level": "deposition"}, "signal_type": "coordinates",
        "algebra": "independent", "state_axis": "model", "arrays": arrays, "tables": _states("123", 3_999_999_999),
    }  # fmt: skip


def _labelled(rng: np.random.Generator) -> dict[str, Any]:
    """Two states along an axis, where its step is not given a variable like any other."""
    moved = rng.normal(size=3).tolist()
    deltas = {"site": [0], "state": [1], "atom_id": [1], **{f"d{c}": [x] for c, x in zip("xyz", moved, strict=True)}}
    return {
        "regime": "discrete", "mode": "B", "scope": {"level": "deposition"}, "signal_type": "categorical_state",
        "algebra": "independent", "sample_axis": "frame", "arrays": {"labels": rng.integers(0, 2, 4).tolist()},
        "tables": {**_states("io", 3_999_999_998), "deltas": deltas},
    }  # fmt: skip


def _conditions(parent: dict[str, Any] | None) -> dict[str, list[Any]]:
    """Condition 0: the first site of the parent is in one of its first two states."""
    if parent is None:
        return {}
    site = parent["tables"]["states"]["site"][0]
    return {"condition": [0, 0], "parent": ["loop", "loop"], "site": [site, site], "state": [0, 1]}


def _adps(rng: np.random.Generator, n: int, conditions: Any, name: str, values: list[Any]) -> dict[str, Any]:
    """Values of every atom, and of some under a condition."""
    rows = [(atom, c) for atom in range(1, n + 1) for c in ((-1, 0) if conditions and rng.random() < 0.3 else (-1,))]
    arrays = {"atom_id": [a for a, _ in rows], "condition": [c for _, c in rows], name: values[: len(rows)]}
    d = _gaussian("iadp_v1" if name == "b" else "aadp_v1", {"level": "atom"}, arrays)
    if any(c == 0 for _, c in rows):
        d["tables"] = {"conditions": conditions}
    return d
