"""A text-form deposition as plain Python, at 50 digits; shared by the oracles, which import nothing of Polystate."""

from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import mp, mpf

mp.dps = 50
LEVELS = ("deposition", "entity", "chain", "residue", "atom")
Vector = list[Any]
Matrix = list[list[Any]]


def number(value: Any) -> Any:
    """The exact value of the binary64 number that a YAML number stands for."""
    return mpf(float(value))


def data(value: Any) -> Any:
    """Nested lists of an array, with float32 rounding where the text asks for it."""
    if isinstance(value, dict):
        if value.get("dtype") == "float32":
            return np.array(value["data"], np.float32).astype(float).tolist()
        return value["data"]
    return value


def numbers(value: Any) -> Any:
    """Nested lists of exact numbers."""
    value = data(value)
    return [numbers(item) for item in value] if isinstance(value, list) else number(value)


def rows(table: dict[str, Any] | None) -> list[dict[str, Any]]:
    """A table of columns as a list of rows."""
    if not table:
        return []
    columns = {name: data(column) for name, column in table.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


class Deposition:
    """What the oracles need of a text-form deposition."""

    def __init__(self, document: dict[str, Any]):
        self.document = document
        hierarchy = document["hierarchy"]
        atoms = {name: data(column) for name, column in hierarchy["atoms"].items()}
        self.n = len(atoms["residue"])
        self.atom_id = atoms.get("atom_id") or list(range(1, self.n + 1))
        self.draw_key = atoms.get("draw_key") or self.atom_id
        self.row = {id: row for row, id in enumerate(self.atom_id)}
        self.x_ref = numbers(document["reference"]["x_ref"])
        residue = atoms["residue"]
        chain_of = data(hierarchy["residues"]["chain"])
        entity_of = data(hierarchy["chains"]["entity"])
        self.node = {
            "deposition": [0] * self.n,
            "entity": [entity_of[chain_of[r]] for r in residue],
            "chain": [chain_of[r] for r in residue],
            "residue": residue,
            "atom": list(range(self.n)),
        }
        self.size = {"deposition": 1, "entity": len(data(hierarchy["entities"]["type"])), "chain": len(entity_of),
                     "residue": len(chain_of), "atom": self.n}  # fmt: skip
        self.descriptors = dict(sorted((document.get("descriptors") or {}).items(), key=lambda item: item[0].encode()))

    def labels(self, scope: dict[str, str]) -> tuple[list[int], int]:
        """The label of each atom under a scope, -1 for none, and the number of labels."""
        if "level" in scope:
            return self.node[scope["level"]], self.size[scope["level"]]
        grouping = self.document["groupings"][scope["grouping"]]
        parent = dict(zip(data(grouping["child"]), data(grouping["parent"]), strict=True))
        count = len(grouping["labels"]) if "labels" in grouping else len(data(grouping["label"]))
        return [parent.get(node, -1) for node in self.node[grouping["child_level"]]], count

    def arrays(self, id: str) -> dict[str, Any]:
        return self.descriptors[id].get("arrays") or {}

    def tables(self, id: str) -> dict[str, list[dict[str, Any]]]:
        return {name: rows(table) for name, table in (self.descriptors[id].get("tables") or {}).items()}

    def operator(self, id: str) -> str:
        return (self.descriptors[id].get("operator") or {}).get("id", "")

    def offset(self, id: str) -> tuple[Matrix, Vector]:
        """R and d of p' = R p + d from the descriptor's fitted frame to the deposition's."""
        offset = (self.descriptors[id].get("reference") or {}).get("offset") or {}
        rotation = numbers(offset.get("rotation") or identity())
        if "rotation" in offset:  # the nearest rotation: its polar factor
            left, _, right = mp.svd_r(mp.matrix(rotation))
            rotation = (left * right).tolist()
        return rotation, numbers(offset.get("translation") or [0, 0, 0])

    def gaussian(self) -> list[str]:
        """Gaussian descriptors, the largest scopes first."""
        found = [id for id, item in self.descriptors.items() if item["signal_type"] == "gaussian_disorder"]
        return sorted(found, key=lambda id: (self.labels(self.descriptors[id]["scope"])[1], id.encode()))


# -- linear algebra over nested lists ---------------------------------------------------------------------


def identity() -> Matrix:
    return [[mpf(int(i == j)) for j in range(3)] for i in range(3)]


def zeros() -> Matrix:
    return [[mpf(0)] * 3 for _ in range(3)]


def product(a: Matrix, b: Matrix) -> Matrix:
    return [[sum((a[i][k] * b[k][j] for k in range(3)), mpf(0)) for j in range(3)] for i in range(3)]


def transposed(a: Matrix) -> Matrix:
    return [[a[j][i] for j in range(3)] for i in range(3)]


def added(*matrices: Matrix) -> Matrix:
    return [[sum((m[i][j] for m in matrices), mpf(0)) for j in range(3)] for i in range(3)]


def scaled(factor: Any, a: Matrix) -> Matrix:
    return [[factor * value for value in row] for row in a]


def applied(a: Matrix, v: Vector) -> Vector:
    return [sum((a[i][k] * v[k] for k in range(3)), mpf(0)) for i in range(3)]


def plus(*vectors: Vector) -> Vector:
    return [sum((v[k] for v in vectors), mpf(0)) for k in range(3)]


def minus(a: Vector, b: Vector) -> Vector:
    return [a[k] - b[k] for k in range(3)]


def rotated(r: Matrix, u: Matrix) -> Matrix:
    """R U R^T."""
    return product(product(r, u), transposed(r))


def symmetric(six: Vector) -> Matrix:
    """A matrix from its six numbers in the order 11, 22, 33, 12, 13, 23."""
    a, b, c, d, e, f = six
    return [[a, d, e], [d, b, f], [e, f, c]]


def floats(value: Any) -> Any:
    """Nested lists rounded to binary64."""
    return [floats(item) for item in value] if isinstance(value, list) else float(value)
