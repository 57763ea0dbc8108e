"""Rigid-body motions of TLS groups for people: how far a group turns and shifts, and about which axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polystate.numbers.tensors import symmetric


@dataclass(frozen=True)
class Motion:
    """The motion of one group about its origin. label: row of the group; amplitude: Å²; degrees, shift: RMS libration
    (degree) and translation (Å) along the principal axes, (3,) each, largest first; direction: unit vector of the
    largest libration; origin: (3,) Å."""

    label: int
    amplitude: float
    degrees: np.ndarray
    shift: np.ndarray
    direction: np.ndarray
    origin: np.ndarray


def motions(tls: np.ndarray) -> list[Motion]:
    """Of each group with a positive amplitude; tls: (G, 24) as `parametric_gaussian/tls_v1` stores it."""
    found = []
    for label in np.flatnonzero(tls[:, 20] > 0).tolist():
        row = tls[label]
        values, vectors = np.linalg.eigh(row[20] * symmetric(row[6:12]))
        shifts = np.linalg.eigvalsh(row[20] * symmetric(row[0:6]))
        axis = vectors[:, -1]
        forward = 1 if axis[np.argmax(np.abs(axis))] > 0 else -1
        found.append(
            Motion(
                label, float(row[20]), np.degrees(np.sqrt(np.maximum(values, 0)))[::-1],
                np.sqrt(np.maximum(shifts, 0))[::-1], forward * axis, row[21:24],
            )
        )  # fmt: skip
    return found
