"""Which named point a vector belongs to."""

from __future__ import annotations

import numpy as np

from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("assignment/nearest_landmark_v1")


def nearest_landmark_v1(value: np.ndarray, point: np.ndarray) -> dict[str, np.ndarray]:
    """landmark[p] = the smallest l with the smallest Σ_c (value[p, c] - point[l, c])².

    value: (P, d); point: (L, d), L at least 1. Returns landmark: (P,) int32; distance: (P,) float64."""
    value, point = np.asarray(value, np.float64), np.asarray(point, np.float64)
    squares = np.zeros((len(value), len(point)))
    for c in range(point.shape[1]):  # one component after the other: the order of summation is part of the entry
        squares += (value[:, None, c] - point[None, :, c]) ** 2
    landmark = squares.argmin(axis=1).astype(np.int32)
    return {"landmark": landmark, "distance": np.sqrt(squares[np.arange(len(value)), landmark])}
