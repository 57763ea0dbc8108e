"""Decoders that are tables: each cell of the latent space gives what is stored for it."""

from __future__ import annotations

import numpy as np

from polystate.errors import BadRequest
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("lookup_table/nearest_v1", "decoder", components="latent", width=("centre", 1))


def nearest_v1(latent: np.ndarray, centre: np.ndarray, value: np.ndarray) -> dict[str, np.ndarray]:
    """output = value[cell] of the cell whose centre is nearest.

    latent: (d,) finite; centre: (C, d), C at least 1; value: (C, M, 3) Å. Returns output: (M, 3) Å."""
    return {"output": np.asarray(value[cell(latent, centre)], np.float64)}


def cell(latent: np.ndarray, centre: np.ndarray) -> int:
    """[MEAN-34] The smallest c with the smallest Σ_j (latent[j] - centre[c, j])²."""
    latent, centre = np.asarray(latent, np.float64), np.asarray(centre, np.float64)
    if not len(centre) or not np.isfinite(latent).all():
        found = "no cell" if not len(centre) else "a latent vector with NaN or infinity"
        raise BadRequest("inputs", found, "finite numbers, and a cell")
    squares = np.zeros(len(centre))
    with np.errstate(over="ignore"):
        for j in range(len(latent)):  # one component after the other: the order of summation is part of the entry
            squares += (latent[j] - centre[:, j]) ** 2
    return int(squares.argmin())
