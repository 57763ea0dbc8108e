"""How large the numbers of a structure file may be.

A megaångström is a tenth of a millimetre: no molecule, box or displacement reaches it, and its fourth power, the most
that covariances take of it, is far from where doubles end. B is 8 pi^2 of a U."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

LARGEST = 1e6
"""Å, Å², degrees², and of an occupancy."""
LARGEST_B = 1e8
"""Å²."""


def is_sound(values: Iterable[float] | np.ndarray, largest: float = LARGEST) -> bool:
    """Whether all numbers are finite and none is larger."""
    if isinstance(values, np.ndarray):
        return bool((np.abs(values) <= largest).all())
    return all(math.isfinite(value) and abs(value) <= largest for value in values)


def is_operator(matrix: np.ndarray) -> bool:
    """Whether a (4, 4) matrix maps points to points: sound numbers and a last row of 0, 0, 0, 1."""
    return matrix.shape == (4, 4) and is_sound(matrix) and matrix[3].tolist() == [0.0, 0.0, 0.0, 1.0]
