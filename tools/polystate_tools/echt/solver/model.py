"""What a fitted hierarchy says about each atom: covariances by level, cumulative or marginal."""

from __future__ import annotations

import numpy as np

from polystate.numbers.constants import VOIGT

from .structure import Structure


def level_covariances(s: Structure, sigma: np.ndarray, level: int) -> np.ndarray:
    """(N, 6) Å², order 11, 22, 33, 12, 13, 23: U of one level at every atom, canonical order."""
    out = np.zeros((s.n_atoms, 6))
    group = s.group_of[level]
    rows = np.flatnonzero(group >= 0)
    g = group[rows]
    motions = np.einsum("gij,gjk,glk->gil", s.basis, sigma, s.basis)
    r = (s.xyz[rows] - s.origin[g]) / s.radius[g, None]
    m = motions[g]
    k = np.zeros((len(rows), 3, 3))
    k[:, 0, 1], k[:, 0, 2] = r[:, 2], -r[:, 1]
    k[:, 1, 0], k[:, 1, 2] = -r[:, 2], r[:, 0]
    k[:, 2, 0], k[:, 2, 1] = r[:, 1], -r[:, 0]
    ks = np.einsum("aij,ajk->aik", k, m[:, 3:, :3])
    u = m[:, :3, :3] + np.einsum("aij,ajk,alk->ail", k, m[:, 3:, 3:], k) + ks + ks.transpose(0, 2, 1)
    out[rows] = np.stack([u[:, 0, 0], u[:, 1, 1], u[:, 2, 2], u[:, 0, 1], u[:, 0, 2], u[:, 1, 2]], axis=1)
    return out


def own_covariances(s: Structure, own: np.ndarray) -> np.ndarray:
    """(N, 6) Å²: U of the atomic level, canonical order."""
    out = np.zeros((s.n_atoms, 6))
    if own.shape[1] == 1:
        out[:, :3] = own[:, 0, 0, None]
        return out
    a = s.anisotropic
    for k, (i, j) in enumerate(VOIGT):
        out[a, k] = own[a, i, j]
    out[~a, :3] = own[~a, 0, 0, None]
    return out


def atom_covariances(s: Structure, sigma: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(N, 6) Å²: the whole model's U, canonical order."""
    total = own_covariances(s, own)
    for level in range(len(s.group_of)):
        total += level_covariances(s, sigma, level)
    return total


def input_values(s: Structure) -> np.ndarray:
    """(N,) Tr U_in / 3, canonical order."""
    return np.where(s.anisotropic, s.u[:, :3].sum(axis=1) / 3.0, s.u[:, 0])
