"""TLS groups of files as rows of a descriptor, and the U of an atom of such a row (8.1)."""

from __future__ import annotations

import numpy as np
from entry import Refused, TlsGroup

DEGREE = np.pi / 180
PI8 = 8 * np.pi**2
"""Å² of B for 1 Å² of U."""


def matrix(six: object) -> np.ndarray:
    """The symmetric matrices (..., 3, 3) of numbers (..., 6) in the order 11, 22, 33, 12, 13, 23."""
    return np.asarray(six, float)[..., [0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(*np.shape(six)[:-1], 3, 3)


def six_of(u: np.ndarray) -> np.ndarray:
    """The six numbers of symmetric matrices."""
    return u[..., [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]


def displacement(row: np.ndarray, xyz: np.ndarray) -> np.ndarray:
    """U (n, 3, 3) of atoms at xyz (n, 3) under one row of 24 numbers."""
    s = np.append(row[12:20], -row[12] - row[16]).reshape(3, 3)
    x, y, z = (xyz - row[21:24]).T
    o = np.zeros_like(x)
    k = np.moveaxis(np.array([[o, z, -y], [-z, o, x], [y, -x, o]]), -1, 0)
    turned = np.swapaxes(k, -1, -2)
    u = row[20] * (matrix(row[:6]) + k @ matrix(row[6:12]) @ turned + k @ s + s.T @ turned)
    return (u + np.swapaxes(u, -1, -2)) / 2


def row(group: TlsGroup, xyz: np.ndarray) -> np.ndarray:
    """The 24 numbers of a group in radians, scaled so that the mean trace over atoms at xyz (n, 3) is 3 (TLS-3)."""
    s = np.array(group.screw).reshape(3, 3) * DEGREE
    s -= np.eye(3) * np.trace(s) / 3
    made = np.concatenate(
        [group.translation, np.array(group.libration) * DEGREE**2, s.ravel()[:8], [1.0], group.origin]
    )
    mean = np.trace(displacement(made, xyz), axis1=1, axis2=2).mean() / 3
    if not mean > 0:
        raise Refused("semantic", "tls-not-positive", "a TLS group whose mean trace is not positive")
    made[:20] /= mean
    made[20] = mean
    return made


def as_group(made: np.ndarray) -> TlsGroup:
    """The group of a row in the units of files: Å², degrees², Å degrees."""
    t, libration, s = made[20] * made[:6], made[20] * made[6:12] / DEGREE**2, made[20] * made[12:20] / DEGREE
    return TlsGroup(made[21:24].tolist(), t.tolist(), libration.tolist(), [*s.tolist(), -s[0] - s[4]])


def shown(u: np.ndarray, part: np.ndarray) -> str | None:
    """What U (n, 6) says of itself beside the part of TLS (n, 6): total where without it half of its anisotropy is gone
    (EXP-62)."""

    def anisotropy(six: np.ndarray) -> float:
        apart = six - six[:, :3].mean(axis=1, keepdims=True) * [1, 1, 1, 0, 0, 0]
        return float(np.sqrt((apart**2 * [1, 1, 1, 2, 2, 2]).sum(axis=1).mean()))

    return "total" if anisotropy(u - part) < anisotropy(u) / 2 else None
