"""What an ensemble of states looks like on average."""

from __future__ import annotations

import numpy as np

from polystate.errors import NoPopulation
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("ensemble/occupancy_weighted_mean_v1")


def occupancy_weighted_mean_v1(
    xyz: np.ndarray, population: np.ndarray, present: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """x̄_i = Σ_s p_s π_si x_si / Σ_s p_s π_si over the states that have the atom.

    xyz: (S, M, 3) Å; population: (S,); present: (S, M), all 1 if left out.
    Returns xyz: (M, 3) Å, NaN for an atom without weight; occupancy: (M,)."""
    xyz, population = np.asarray(xyz, np.float64), np.asarray(population, np.float64)
    total = population.sum()
    if total == 0:
        raise NoPopulation("population", "a sum of 0", "states with weight")  # ERR-14
    has = np.ones(xyz.shape[:2]) if present is None else np.asarray(present, np.float64)
    weight = population[:, None] * has
    share = weight.sum(axis=0)
    summed = np.einsum("sm,smi->mi", weight, xyz)
    with np.errstate(invalid="ignore"):  # 0 / 0 of an atom without weight
        return {"xyz": summed / share[:, None], "occupancy": share / total}
