"""Small depositions and files that the tests of the reference are about, in the text form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import polystate
from polystate.store.tree import Tree


def chain(n: int) -> dict[str, Any]:
    """The hierarchy of n alanine CA atoms."""
    return {
        "atoms": {"residue": list(range(n)), "name": ["CA"] * n, "element": ["C"] * n},
        "residues": {
            "chain": [0] * n, "comp": ["ALA"] * n,
            "label_seq": list(range(1, n + 1)), "auth_seq": list(range(1, n + 1)),
        },
        "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
        "entities": {"type": ["polymer"], "description": [""], "sequence": [""]},
    }  # fmt: skip


def ligand(n: int, names: list[str] | None = None) -> dict[str, Any]:
    """The hierarchy of one residue of n carbon atoms."""
    return {
        "atoms": {"residue": [0] * n, "name": names or [f"C{k}" for k in range(n)], "element": ["C"] * n},
        "residues": {"chain": [0], "comp": ["LIG"], "label_seq": [1], "auth_seq": [1]},
        "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
        "entities": {"type": ["non-polymer"], "description": [""], "sequence": [""]},
    }


def deposition(n: int, descriptors: Mapping[str, Any], x_ref: Any = None, **layers: Any) -> dict[str, Any]:
    """The text form of a chain of n atoms with some descriptors."""
    xyz = np.arange(3.0 * n).reshape(n, 3).tolist() if x_ref is None else x_ref
    return {"hierarchy": chain(n), "reference": {"x_ref": xyz}, "descriptors": dict(descriptors), **layers}


def build(n: int, descriptors: Mapping[str, Any], x_ref: Any = None, **layers: Any) -> Tree:
    """The tree of a ligand of n atoms on a line with some descriptors."""
    xyz = [[float(k), 0.0, 0.0] for k in range(n)] if x_ref is None else x_ref
    return polystate.build(deposition(n, descriptors, xyz, **{"hierarchy": ligand(n), **layers}))


def states(rows: Sequence[tuple[int, int, str, int, float]], keys: Mapping[int, int]) -> dict[str, Any]:
    """The tables states, from (site, state, label, condition, population), and variables, from site to draw key."""
    names = ("site", "state", "label", "condition", "population")
    table = {name: [row[k] for row in rows] for k, name in enumerate(names)}
    return {
        "states": {**table, "deposited": ["NaN"] * len(rows), "source": ["fit"] * len(rows)},
        "variables": {"site": list(keys), "draw_key": list(keys.values())},
    }


def sites(variables: Sequence[Mapping[str, Any]], keys: int = 4_000_000_000) -> dict[str, Any]:
    """A mode B descriptor over residues; variables are {site, states: [(state, label, condition, population)]}."""
    rows = [(v["site"], *state) for v in variables for state in v["states"]]
    return {
        "regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
        "algebra": "independent", "tables": states(rows, {v["site"]: keys + v["site"] for v in variables}),
    }  # fmt: skip


def conditions(rows: Sequence[tuple[int, str, int, int]]) -> dict[str, list[Any]]:
    """A table of conditions from (condition, parent, site, state)."""
    names = ("condition", "parent", "site", "state")
    return {name: [row[k] for row in sorted(rows)] for k, name in enumerate(names)}


def iadp(b: Sequence[float]) -> dict[str, Any]:
    """Isotropic B-factors of atoms 1 to n."""
    n = len(b)
    return {
        "regime": "continuous", "mode": "C", "scope": {"level": "atom"}, "signal_type": "gaussian_disorder",
        "algebra": "additive_covariance", "operator": {"id": "parametric_gaussian/iadp_v1", "venue": "registry"},
        "arrays": {"atom_id": list(range(1, n + 1)), "condition": [-1] * n, "b": list(b)},
    }  # fmt: skip


def trajectory_file(path: Path, frames: np.ndarray, unit: str | None = "nm", group: str = "all") -> str:
    """Write an H5MD file of (n, M, 3); returns its SHA-256."""
    import h5py

    with h5py.File(path, "a") as file:
        value = file.create_dataset(f"particles/{group}/position/value", data=frames, chunks=(1, *frames.shape[1:]))
        if unit is not None:
            value.attrs["unit"] = unit
    return hashlib.sha256(path.read_bytes()).hexdigest()


def external(uri: str, sha256: str, atoms: int, unit: str = "nanometer") -> dict[str, Any]:
    """An external trajectory along axis `frame`."""
    return {
        "regime": "trajectory", "mode": "C", "scope": {"level": "atom"}, "signal_type": "coordinates",
        "algebra": "independent", "sample_axis": "frame",
        "operator": {"id": "external_reference/h5md_v1", "venue": "external", "uri": uri},
        "artifact": {"uri": uri, "sha256": sha256, "unit": unit, "dataset": "particles/all"},
        "arrays": {"atom_id": list(range(1, atoms + 1))},
    }  # fmt: skip
