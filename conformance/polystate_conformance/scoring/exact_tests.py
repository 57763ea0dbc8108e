"""Tests of draws whose p-values are exactly uniform under the law, and which of them a stated fault is judged by.

Normal draws are first whitened with the stated mean and covariance: n draws of d independent standard normal
numbers, z (n, d). What follows is exact, whatever n:

- mean: n |z̄|² is χ²(d); scale: Σ z² is χ²(n d); scale of a component: Σ z_j² is χ²(n), j independent of each other;
- correlations: zᵀz = L Lᵀ is a Wishart matrix, so (Bartlett) the elements of L below the diagonal are independent
  N(0, 1): their largest, the sum of their squares, and the sum of those of equal axis of two atoms are tested;
- draws: with X the even and Y the odd draws and Y = Q R, the elements of Qᵀ X are independent N(0, 1), and so is
  Σ x y / √Σ y²: successive draws, and the first half against the second;
- shape: Kolmogorov–Smirnov with its exact distribution.

Of m independent p-values the smallest, p, gives 1 - (1 - p)^m (Šidák). Counts are binomial given the counts before
them, with a randomised p-value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats

MOST_FOR_SHAPE = 50_000
NULL = 1e-5
"""Of the largest standard deviation: how far a draw may leave the plane or line that a singular U confines it to."""
FLOOR = 1e-9
"""Å: the same where nothing moves."""


def whiten(
    draws: np.ndarray, mean: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """z (n, d), the atom (d,) and the axis (d,) of each component, and the largest excess over the null space.

    draws (n, M, 3) and mean (M, 3) in Å; covariance (M, 3, 3) of independent atoms or (3M, 3M) in Å². Columns in which
    the lower Cholesky factor has no pivot carry no component; what is left there must be 0."""
    n = len(draws)
    rest = (draws - mean).reshape(n, -1).T.copy()  # (3M, n)
    size = 3 if covariance.ndim == 3 else len(covariance)
    blocks = covariance if covariance.ndim == 3 else covariance[None]
    found, places, excess = [], [], -np.inf
    for first, block in zip(range(0, len(rest), size), blocks, strict=True):
        own, left = rest[first : first + size], block.copy()
        allowed = NULL * np.sqrt(block.diagonal().max()) + FLOOR
        for j in range(size):
            if left[j, j] > 1e-9 * block.diagonal().max():
                column = left[:, j] / np.sqrt(left[j, j])
                z = own[j] / column[j]
                found.append(z)
                places.append(first + j)
                own[j:] -= column[j:, None] * z
                left -= np.outer(column, column)
            else:
                excess = max(excess, float(np.abs(own[j]).max()) - allowed)
    place = np.array(places, int)
    return np.array(found).T.reshape(n, len(found)), place // 3, place % 3, excess


def normal(z: np.ndarray, atom: np.ndarray, axis: np.ndarray, only: str | None = None) -> dict[str, float]:
    """p-values of z (n, d) being independent standard normal numbers; atom and axis (d,) of each component.

    What has no p-value, because components depend on each other or all are 0, gives 0. Tests that cost
    time are left out where `only` asks for another."""
    n, d = z.shape
    squares = np.einsum("ij,ij->j", z, z)
    values = {
        "mean": _chi2(d, n * np.sum(z.mean(axis=0) ** 2)),
        "scale": _chi2(n * d, squares.sum()),
        "scale of a component": sidak(_chi2(n, squares)),
    }
    if d > 1 and (only is None or only.startswith("correlation")):
        try:
            lower = np.linalg.cholesky(z.T @ z)
        except np.linalg.LinAlgError:  # a component is a combination of others
            return values | {"correlation": 0.0}
        below = np.tril_indices(d, -1)
        elements = lower[below]
        values["correlation"] = sidak(_normal(elements))
        values["correlations together"] = _chi2(len(elements), np.sum(elements**2))
        between = (axis[below[0]] == axis[below[1]]) & (atom[below[0]] != atom[below[1]])
        if between.any():
            values["correlation between atoms"] = float(_normal(elements[between].sum() / np.sqrt(between.sum())))
    if only in values:
        return {name: float(value) for name, value in values.items()}
    half = n // 2
    values |= _two_sets("successive draws", z[0 : 2 * half : 2], z[1 : 2 * half : 2])
    values |= _two_sets("first and second half", z[:half], z[half : 2 * half])
    values["shape"] = _shape(z.ravel()[:MOST_FOR_SHAPE])
    return {name: float(value) if np.isfinite(value) else 0.0 for name, value in values.items()}


def _two_sets(name: str, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    q, _ = np.linalg.qr(y)
    with np.errstate(invalid="ignore"):  # 0 / 0, which `normal` turns into 0
        pooled = np.sum(x * y) / np.sqrt(np.sum(y * y))
    return {
        name: float(_normal(pooled)),
        f"{name}, any components": sidak(_normal(q.T @ x)),
    }


def _shape(sample: np.ndarray) -> float:
    u, n = np.sort(special.ndtr(sample)), len(sample)
    ranks = np.arange(n)
    largest = max(float(np.max((ranks + 1) / n - u)), float(np.max(u - ranks / n)))
    return float(stats.kstwo.sf(largest, n))


def categorical(
    drawn: np.ndarray, probabilities: np.ndarray, stated: int, generator: np.random.Generator
) -> dict[str, float]:
    """p-values of outcomes drawn (n,) with these probabilities (K,); `stated` is the outcome of the stated fault."""
    counts, n = np.bincount(drawn, minlength=len(probabilities)), len(drawn)
    some = np.flatnonzero(probabilities > 0)
    values = {"count": _binomial(counts[stated], n, probabilities[stated], generator)}
    left, mass, conditional = n, 1.0, []
    for k in some[:-1]:
        conditional.append(_binomial(counts[k], left, min(1.0, probabilities[k] / mass), generator))
        left, mass = left - counts[k], mass - probabilities[k]
    values["counts together"] = sidak(np.array(conditional)) if conditional else 1.0
    half, same = n // 2, float(np.sum(probabilities**2))
    for name, equal in (("successive draws", drawn[0 : 2 * half : 2] == drawn[1 : 2 * half : 2]),
                        ("first and second half", drawn[:half] == drawn[half : 2 * half])):  # fmt: skip
        values[name] = _binomial(int(equal.sum()), half, same, generator)
    return values


def _binomial(count: int, n: int, probability: float, generator: np.random.Generator) -> float:
    """Randomised two-sided p-value, uniform under the law."""
    share, at = generator.random(), stats.binom.pmf(count, n, probability)
    below = stats.binom.cdf(count - 1, n, probability) + share * at
    above = stats.binom.sf(count, n, probability) + (1 - share) * at
    return float(min(1.0, 2 * min(below, above)))


def sidak(values: np.ndarray) -> float:
    """The smallest of independent p-values, as a p-value."""
    return float(-np.expm1(values.size * np.log1p(-min(float(values.min()), 1 - 1e-16))))


def _chi2(freedom: int, value: Any) -> Any:
    """Two-sided p-values."""
    return np.minimum(1.0, 2 * np.minimum(special.chdtr(freedom, value), special.chdtrc(freedom, value)))


def _normal(value: Any) -> Any:
    """Two-sided p-values."""
    return 2 * special.ndtr(-np.abs(value))
