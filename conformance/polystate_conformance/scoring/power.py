"""The number of draws of a statistical case, from the fault it must detect, its power and its false-alarm rate.

Each case has an equal share α of the suite's rate. Half of it is the rate of the test that judges the stated fault,
the other half is shared by the other tests. With d components of n draws and a fault of relative size s:

sd                  every standard deviation times 1 + s; Σ z² is beyond the quantiles of χ²(n d) over (1 + s)²
sd of a component   that of one component; Σ z_j² and χ²(n) likewise, Šidák over d
shift               every mean by s standard deviations; n |z̄|² is noncentral χ²(d; n d s²)
correlation         s between two components; their element of L is N(s √(n - d), 1 - s²/2), Šidák over d(d - 1)/2
common correlation  s between equal axes of all atoms; the sum of their elements of L is normal as in `_common`
serial correlation  s between draws 2k and 2k + 1; Σ x y / √Σ y² is N(s √(n d / 2), 1 - s²/2)
an outcome          its probability larger by s (absolute); its count is beyond the quantiles of binomial(n, p)

n is the smallest number with the wanted power. For one component at a rate of 2.5e-8: 15 000 draws for a 5 % error of a
standard deviation, 94 000 for 2 %.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

MOST_DRAWS = 4_000_000
JUDGED_BY = {
    "sd": "scale", "sd of a component": "scale of a component", "shift": "mean", "correlation": "correlation",
    "common correlation": "correlation between atoms", "serial correlation": "successive draws",
}  # fmt: skip
"""Fault of normal draws to the test that judges it; of an outcome it is its count."""


def normal(fault: str, s: float, power: float, rate: float, d: int) -> int:
    """Draws of d components for a fault; `rate` is that of its test alone. Even, and enough for every test."""
    at_least = 4 * d + 16
    powers: dict[str, Callable[[int], float]] = {
        "sd": lambda n: _scale(d * n, s, rate),
        "sd of a component": lambda n: _scale(n, s, _of_one(rate, d)),
        "shift": lambda n: float(stats.ncx2.sf(stats.chi2.isf(rate / 2, d), d, n * d * s * s)),
        "correlation": lambda n: _shifted(s * np.sqrt(max(1, n - d)), 1 - s * s / 2, _of_one(rate, d * (d - 1) // 2)),
        "common correlation": lambda n: _shifted(*_common(s, n, d), rate),
        "serial correlation": lambda n: _shifted(s * np.sqrt(d * n / 2), 1 - s * s / 2, rate),
    }
    return _even(max(at_least, search(powers[fault], power)))


def outcome(probability: float, s: float, power: float, rate: float) -> int:
    """Draws for an outcome whose probability is `s` too large."""

    def found(n: int) -> float:
        high, low = stats.binom.isf(rate / 2, n, probability), stats.binom.ppf(rate / 2, n, probability)
        return float(stats.binom.sf(high, n, probability + s) + stats.binom.cdf(low - 1, n, probability + s))

    return _even(max(64, search(found, power)))


def _common(s: float, n: int, d: int) -> tuple[float, float]:
    """Mean and variance of the summed elements of L where m = d / 3 atoms share correlation s on each axis.

    On one axis the factor of the correlation matrix has c_j below its diagonal element l_j, so an element of L is
    c_j χ(n - j) + ..., and the sum has the mean Σ (m - 1 - j) c_j √n; its variance is that of rows and columns."""
    axes, m = 3, d // 3
    corr = np.full((m, m), s) + (1 - s) * np.eye(m)
    lower = np.linalg.cholesky(corr)
    below = np.array([lower[j + 1, j] if j + 1 < m else 0.0 for j in range(m)])
    count = m - 1 - np.arange(m)
    mean = axes * np.sum(count * below) * np.sqrt(max(1.0, n - d))
    # element (i, j) = Σ_k lower[i, k] A[k, j], A standard Bartlett: A[j, j]² ~ χ²(n - j), A[k, j] ~ N(0, 1)
    variance = 0.0
    for j in range(m):
        variance += 0.5 * (count[j] * below[j]) ** 2
        variance += sum(lower[k:, k].sum() ** 2 for k in range(j + 1, m))
    pairs = axes * m * (m - 1) / 2
    return mean / np.sqrt(pairs), axes * variance / pairs


def _of_one(rate: float, m: int) -> float:
    """Šidák: the rate of one of m independent tests that together have `rate`."""
    return float(-np.expm1(np.log1p(-rate) / m))


def _scale(freedom: int, s: float, rate: float) -> float:
    by = (1 + s) ** 2
    return float(
        stats.chi2.sf(stats.chi2.isf(rate / 2, freedom) / by, freedom)
        + stats.chi2.cdf(stats.chi2.ppf(rate / 2, freedom) / by, freedom)
    )


def _shifted(shift: float, variance: float, rate: float) -> float:
    return float(stats.norm.sf((stats.norm.isf(rate / 2) - abs(shift)) / np.sqrt(variance)))


def search(power: Callable[[int], float], wanted: float) -> int:
    """The smallest n with power(n) >= wanted, by halving."""
    high = 8
    while power(high) < wanted:
        high *= 2
        if high > MOST_DRAWS:
            raise ValueError(f"more than {MOST_DRAWS} draws for this power: state a larger fault")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= wanted else (middle, high)
    return high


def _even(n: int) -> int:
    return n + n % 2
