"""Vectors of what is a function of a place in a latent space: tables of cells."""

from __future__ import annotations

from typing import Any

from tests.schemas.registry.vectors_motion import vector

ROWS = [[[float(100 * c + 10 * i + x) / 8 for x in range(3)] for i in range(2)] for c in range(4)]
"""What each of up to four cells gives two atoms: numbers that tell cell, atom and coordinate."""


def table() -> list[dict[str, Any]]:
    """Vectors of nearest_v1."""

    def cell(name, title, latent, centre, taken, origin="closed form"):
        inputs = {"latent": latent, "centre": centre, "value": ROWS[: len(centre)]}
        return vector(name, title, inputs, {"output": ROWS[taken]}, origin, abs=1e-15, rel=1e-15)

    line = [[0.0], [1.0], [2.0]]
    return [
        cell("state", "centres that are numbers of states: the state that is asked for", [2.0], line, 2),
        cell("nearest", "between centres, the nearer one", [0.75], line, 1),
        cell("beyond", "outside of all centres, the outermost", [-40.0], line, 0),
        cell("tie", "half way between two centres, the lower cell", [1.5], line, 1),
        cell("tie-of-equals", "of equal centres the first", [3.0], [[7.0], [4.0], [4.0]], 1),
        cell("plane", "the distance is over all components", [0.5, -0.25],
             [[0.5, 4.0], [4.0, -0.25], [1.0, -1.0], [2.0, 0.5]], 2),
        cell("one-cell", "a table of one cell is a constant", [12.5], [[-3.0]], 0),
        cell("far-from-zero", "differences are squared: an expanded square has no digits left here",
             [1e9 + 0.625], [[1e9], [1e9 + 1]], 1),
        cell("in-order", "1e16 + 1 + 1 in this order is 1e16, which ties with 1e16", [0.0, 0.0, 0.0],
             [[1e8, 1.0, 1.0], [1e8, 0.0, 0.0]], 0, "closed form: roundings to even"),
        cell("not-fused", "squares are rounded before they are added: equal sums in either order", [0.0, 0.0],
             [[0.488, 1.214], [1.214, 0.488]], 0, "closed form: a sum of two roundings commutes"),
        cell("overflow", "sums that overflow are all infinite and tie", [1e200], [[0.0], [1e199]], 0),
    ]  # fmt: skip


VECTORS = {"lookup_table/nearest_v1": table()}
