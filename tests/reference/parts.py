"""Small depositions and files that the tests of what lies outside are about."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

import polystate
from polystate.store.tree import Tree


def hierarchy(n: int, names: list[str] | None = None) -> dict[str, Any]:
    """One residue of n carbon atoms."""
    return {
        "atoms": {"residue": [0] * n, "name": names or [f"C{k}" for k in range(n)], "element": ["C"] * n},
        "residues": {"chain": [0], "comp": ["LIG"], "label_seq": [1], "auth_seq": [1]},
        "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
        "entities": {"type": ["non-polymer"], "description": [""], "sequence": [""]},
    }


def build(n: int, descriptors: dict[str, Any], x_ref: Any = None, **layers: Any) -> Tree:
    """A tree of n atoms on a line with some descriptors."""
    xyz = [[float(k), 0.0, 0.0] for k in range(n)] if x_ref is None else x_ref
    base = {"hierarchy": hierarchy(n), "reference": {"x_ref": xyz}}
    return polystate.build({**base, "descriptors": descriptors, **layers})


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


def states(rows: list[tuple[int, int, str, int, float]], keys: dict[int, int]) -> dict[str, Any]:
    """Tables states and variables."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    table = dict(zip(("site", "state", "label", "condition", "population"), columns, strict=True))
    return {
        "states": {**table, "deposited": ["NaN"] * len(rows), "source": ["fit"] * len(rows)},
        "variables": {"site": list(keys), "draw_key": list(keys.values())},
    }
