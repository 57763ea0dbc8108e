"""Rigid-body disorder of groups: translation, libration, screw (Schomaker & Trueblood 1968)."""

from __future__ import annotations

import numpy as np

from polystate.numbers.tensors import symmetric, symmetrised
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("parametric_gaussian/tls_v1", "groups", parameter="tls")


def screw(eight: np.ndarray) -> np.ndarray:
    """The eight stored components of S, 11 12 13 21 22 23 31 32, as (..., 3, 3): S33 = -S11 - S22."""
    s11, s12, s13, s21, s22, s23, s31, s32 = np.moveaxis(np.asarray(eight, np.float64), -1, 0)
    rows = [[s11, s12, s13], [s21, s22, s23], [s31, s32, -s11 - s22]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def lever(r: np.ndarray) -> np.ndarray:
    """K of r = (x, y, z), (..., 3, 3): K λ = λ × r, the displacement at r by a small rotation λ."""
    x, y, z = np.moveaxis(r, -1, 0)
    o = np.zeros_like(x)
    rows = [[o, z, -y], [-z, o, x], [y, -x, o]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def tls_v1(tls: np.ndarray, group: np.ndarray, xyz: np.ndarray) -> dict[str, np.ndarray]:
    """U = A (T + K L Kᵀ + K S + Sᵀ Kᵀ) at r = xyz - origin (Schomaker & Trueblood 1968).

    tls: (G, 24) T 6, L 6, S 8, amplitude A (Å²), origin 3 (Å); group: (N,) row of tls of each atom;
    xyz: (N, 3) Å. Returns u: (N, 3, 3) Å²."""
    t, lib, s = symmetric(tls[:, 0:6]), symmetric(tls[:, 6:12]), screw(tls[:, 12:20])
    amplitude, origin = tls[:, 20], tls[:, 21:24]
    k = lever(np.asarray(xyz, np.float64) - origin[group])
    kt = np.swapaxes(k, -1, -2)
    ks = k @ s[group]
    u = t[group] + k @ lib[group] @ kt + ks + np.swapaxes(ks, -1, -2)
    return {"u": symmetrised(amplitude[group, None, None] * u)}
