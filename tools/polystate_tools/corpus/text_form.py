"""Parts of text-form depositions that are written by programs: hierarchies, descriptors, tables, YAML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from polystate.numbers.constants import EIGHT_PI_SQUARED

LAST_KEY = 4294967295
IADP = {"id": "parametric_gaussian/iadp_v1", "venue": "registry"}


def text(document: Any, indent: int = 0) -> str:
    """A document as YAML: mappings of mappings in blocks, everything else on one line as JSON."""
    lines = []
    for key, value in document.items():
        name = key if "/" not in key else json.dumps(key)
        nested = isinstance(value, dict) and any(isinstance(v, (dict, list)) for v in value.values())
        if nested:
            lines.append(f"{' ' * indent}{name}:\n{text(value, indent + 2)}")
        else:
            lines.append(f"{' ' * indent}{name}: {json.dumps(value, ensure_ascii=False)}\n")
    return "".join(lines)


def rounded(values: Any, digits: int = 6) -> Any:
    """Nested lists of numbers with so many decimals."""
    return np.round(np.asarray(values, np.float64), digits).tolist()


class Chains:
    """A hierarchy written down chain by chain; every chain is an entity of its own."""

    def __init__(self) -> None:
        self.atoms: dict[str, list[Any]] = {"residue": [], "name": [], "element": []}
        self.residues: dict[str, list[Any]] = {"chain": [], "comp": [], "label_seq": [], "auth_seq": []}
        self.chains: dict[str, list[Any]] = {"entity": [], "label_asym": [], "auth_asym": []}
        self.entities: dict[str, list[Any]] = {"type": [], "description": [], "sequence": []}
        self.xyz: list[list[float]] = []

    def chain(self, name: str, kind: str, description: str, sequence: str = "") -> None:
        n = len(self.chains["entity"])
        for column, value in zip(self.entities.values(), (kind, description, sequence), strict=True):
            column.append(value)
        for column, entry in zip(self.chains.values(), (n, name, name), strict=True):
            column.append(entry)

    def residue(self, comp: str, seq: int, atoms: Sequence[tuple[str, str, Any]]) -> None:
        polymer = self.entities["type"][-1] == "polymer"
        values = (len(self.chains["entity"]) - 1, comp, seq if polymer else -1, seq)
        for column, value in zip(self.residues.values(), values, strict=True):
            column.append(value)
        for name, element, xyz in atoms:
            row = (len(self.residues["chain"]) - 1, name, element)
            for column, value in zip(self.atoms.values(), row, strict=True):
                column.append(value)
            self.xyz.append([float(x) for x in xyz])

    def document(self, title: str) -> dict[str, Any]:
        hierarchy = {"atoms": self.atoms, "residues": self.residues, "chains": self.chains, "entities": self.entities}
        return {"format_version": "0.1.0", "title": title, "hierarchy": hierarchy, "reference": {"x_ref": self.xyz}}


def states(rows: Sequence[tuple[int, int, str, int, float]], source: str = "fit") -> dict[str, Any]:
    """A table `states` from (site, state, label, condition, population)."""
    columns = dict(zip(("site", "state", "label", "condition", "population"), map(list, zip(*rows, strict=True)),
                       strict=True))  # fmt: skip
    return {**columns, "deposited": ["NaN"] * len(rows), "source": [source] * len(rows)}


def discrete(scope: dict[str, str], tables: dict[str, Any], keys: dict[int, int], **more: Any) -> dict[str, Any]:
    """A discrete descriptor of mode B; keys: site to draw key."""
    variables = {"site": list(keys), "draw_key": list(keys.values())}
    return {"regime": "discrete", "mode": "B", "scope": scope, "signal_type": "categorical_state",
            "algebra": "independent", **more, "tables": {**tables, "variables": variables}}  # fmt: skip


def gaussian(scope: dict[str, str], operator: dict[str, str], arrays: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A Gaussian descriptor."""
    return {"regime": "continuous", "mode": "C", "scope": scope, "signal_type": "gaussian_disorder",
            "algebra": "additive_covariance", "operator": operator, **more, "arrays": arrays}  # fmt: skip


def iadp(b: dict[int, float], **more: Any) -> dict[str, Any]:
    """B-factors that always hold, by atom_id."""
    arrays = {"atom_id": list(b), "condition": [-1] * len(b), "b": list(b.values())}
    return gaussian({"level": "atom"}, IADP, arrays, **more)


def deltas(rows: Sequence[tuple[int, int, int, float, float, float]]) -> dict[str, Any]:
    """A table `deltas` from (site, state, atom_id, dx, dy, dz)."""
    names = ("site", "state", "atom_id", "dx", "dy", "dz")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def tls_row(xyz: np.ndarray, b: float, libration: Sequence[float]) -> list[float]:
    """A normalised TLS row about the centroid: mean B in Å², diagonal of L in Å⁻² before the amplitude scales it."""
    origin = np.round(xyz.mean(axis=0), 3)
    x, y, z = (xyz - origin).T
    l1, l2, l3 = libration
    trace = l1 * (y * y + z * z) + l2 * (x * x + z * z) + l3 * (x * x + y * y)
    t = float(1 - trace.mean() / 3)
    return [t, t, t, 0, 0, 0, l1, l2, l3, 0, 0, 0, *[0.0] * 8, round(b / EIGHT_PI_SQUARED, 6), *origin.tolist()]


def float32(layers: Any) -> dict[str, Any]:
    """Arrays of a decoder stored in 32 bits."""
    return {name: {"dtype": "float32", "data": values} for name, values in layers.items()}


def landmarks(descriptor: str, points: Any) -> dict[str, Any]:
    """Named points of a latent space of one component, {name: component}."""
    return {"descriptor": descriptor, "variable": "latent", "labels": list(points),
            "assignment": {"id": "assignment/nearest_landmark_v1", "venue": "registry"},
            "arrays": {"point": [[z] for z in points.values()]}}  # fmt: skip
