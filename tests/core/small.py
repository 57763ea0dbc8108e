"""Small depositions that the tests of the core are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def hierarchy(n: int) -> dict[str, Any]:
    """A chain of n alanine CA atoms."""
    return {
        "atoms": {"residue": list(range(n)), "name": ["CA"] * n, "element": ["C"] * n},
        "residues": {
            "chain": [0] * n, "comp": ["ALA"] * n,
            "label_seq": list(range(1, n + 1)), "auth_seq": list(range(1, n + 1)),
        },
        "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
        "entities": {"type": ["polymer"], "description": [""], "sequence": [""]},
    }  # fmt: skip


def deposition(n: int, descriptors: Mapping[str, Any], x_ref: Any = None, **layers: Any) -> dict[str, Any]:
    """The text form of a chain of n atoms with some descriptors."""
    xyz = np.arange(3.0 * n).reshape(n, 3).tolist() if x_ref is None else x_ref
    return {"hierarchy": hierarchy(n), "reference": {"x_ref": xyz}, "descriptors": dict(descriptors), **layers}


def sites(variables: Sequence[Mapping[str, Any]], keys: int = 4_000_000_000) -> dict[str, Any]:
    """A mode B descriptor over residues; variables are {site, states: [(state, label, condition, population)]}."""
    rows: dict[str, list[Any]] = {k: [] for k in ("site", "state", "label", "condition", "population")}
    for v in variables:
        for state, label, condition, population in v["states"]:
            for name, value in zip(rows, (v["site"], state, label, condition, population), strict=True):
                rows[name].append(value)
    size = len(rows["site"])
    tables: dict[str, Any] = {
        "states": {**rows, "deposited": ["NaN"] * size, "source": ["fit"] * size},
        "variables": {"site": [v["site"] for v in variables], "draw_key": [keys + v["site"] for v in variables]},
    }
    return {
        "regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
        "algebra": "independent", "tables": tables,
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
