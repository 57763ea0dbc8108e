"""Beads: coordinates of labels as weighted sums of the coordinates of atoms."""

from __future__ import annotations

import numpy as np

from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("coarse_grain/weighted_sum_v1")


def weighted_sum_v1(
    xyz: np.ndarray, child: np.ndarray, parent: np.ndarray, weight: np.ndarray, labels: int
) -> dict[str, np.ndarray]:
    """X_g = Σ weight x_child over the pairs of label g; weights are used as they are.

    xyz: (N, 3) Å; child, parent, weight: (E,); labels: the number G. Returns xyz: (G, 3) Å."""
    beads = np.zeros((labels, 3))
    moved = np.asarray(weight, np.float64)[:, None] * np.asarray(xyz, np.float64)[np.asarray(child)]
    np.add.at(beads, np.asarray(parent), moved)
    return {"xyz": beads}
