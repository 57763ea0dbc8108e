"""Chapter 10, as far as an exporter of draws needs it: the generator, states of variables, displacements of atoms."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from entry import Refused

STATES, ATOMS = 1, 0
"""Streams (RNG-4)."""
_WORD = 0xFFFFFFFF


def words(seed: int, index: int, draw_key: int, stream: int) -> list[int]:
    """The four words of a block of Philox4x32-10 (RNG-1 to RNG-3)."""
    c0, c1, c2, c3 = draw_key, index & _WORD, index >> 32, stream
    k0, k1 = seed & _WORD, seed >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & _WORD, (p0 >> 32) ^ c3 ^ k1, p0 & _WORD
        k0, k1 = (k0 + 0x9E3779B9) & _WORD, (k1 + 0xBB67AE85) & _WORD
    return [c0, c1, c2, c3]


def uniform(word: int) -> float:
    """RNG-9."""
    return (word + 0.5) / 2**32


def state(seed: int, index: int, draw_key: int, available: list[tuple[int, float]]) -> int:
    """The state of a variable (10.5): available states with their populations, in declared order."""
    cumulated = np.add.accumulate([population for _, population in available])
    if not cumulated[-1]:
        raise Refused("evaluate", "no-population", "states")
    u = uniform(words(seed, index, draw_key, STATES)[0])
    return next(number for (number, _), c in zip(available, cumulated, strict=True) if u < c / cumulated[-1])


def displacement(seed: int, index: int, draw_key: int, u: np.ndarray) -> np.ndarray:
    """C z of an atom (10.4), ångström, for its U in Å²."""
    z = [NormalDist().inv_cdf(uniform(word)) for word in words(seed, index, draw_key, ATOMS)[:3]]
    return _factor(u) @ z


def _factor(u: np.ndarray) -> np.ndarray:
    """The lower Cholesky factor, columns of small pivots 0 (RNG-14), of the nearest matrix that has one (RNG-15)."""
    values, vectors = np.linalg.eigh(u)
    if values[0] < 0:
        u = (vectors * values.clip(0)) @ vectors.T
    c, limit = np.zeros((3, 3)), 1e-12 * np.trace(u)
    for k in range(3):
        pivot = u[k, k] - c[k] @ c[k]
        if pivot > limit:
            c[k, k] = math.sqrt(pivot)
            c[k + 1 :, k] = (u[k + 1 :, k] - c[k + 1 :] @ c[k]) / c[k, k]
    return c
