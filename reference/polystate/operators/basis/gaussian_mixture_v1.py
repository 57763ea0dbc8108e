"""Displacements along stored directions, whose amplitudes are drawn from a mixture of Gaussians."""

from __future__ import annotations

import numpy as np

from polystate.errors import BadRequest
from polystate.operators.basis.nm_v1 import nm_v1
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("basis/gaussian_mixture_v1", "basis", components="coefficients", width=("basis", 0))


def gaussian_mixture_v1(
    basis: np.ndarray,
    population: np.ndarray,
    mean: np.ndarray,
    factor: np.ndarray,
    coefficients: np.ndarray | None = None,
    uniform: np.ndarray | None = None,
    normal: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Σ_m q_m v_m with amplitudes q that are given, drawn, or the mean of the mixture.

    basis: (k, M, 3); population: (K,); mean: (K, k) Å; factor: (K, k, k) Å; coefficients: (k,) Å; uniform: (1,) and
    normal: (k,) of a draw. Returns displacement: (M, 3) Å."""
    draw = [numbers for numbers in (uniform, normal) if numbers is not None]
    if len(draw) == 1:
        raise BadRequest("inputs", "one of uniform and normal", "both, or neither")  # ERR-15
    if coefficients is None:
        coefficients = amplitudes(population, mean, factor, (float(draw[0][0]), draw[1]) if draw else None)
    return nm_v1(basis, coefficients)


def amplitudes(
    population: np.ndarray,
    mean: np.ndarray,
    factor: np.ndarray,
    drawn: tuple[float, np.ndarray] | None = None,
) -> np.ndarray:
    """[MEAN-36], [RNG-29] The amplitudes (k,) of a draw, its uniform and its normal numbers (k,); else their mean."""
    if drawn is None:
        return expectation(population, mean)
    uniform, normal = drawn
    sums = np.cumsum(population)  # one after the other, as a discrete variable is drawn
    chosen = int(np.argmax(uniform < sums / sums[-1]))
    return mean[chosen] + factor[chosen] @ normal


def expectation(population: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The mean amplitudes of the mixture, (k,) ångström."""
    return population @ mean / population.sum()


def covariance(population: np.ndarray, mean: np.ndarray, factor: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """[MOM-21] The covariance (k, k) Å² of the amplitudes: within the Gaussians, and between their means."""
    share = population / population.sum()
    apart = mean - expectation(population, mean)
    within = np.einsum("c,cmi,i,cni->mn", share, factor, variance, factor)
    return within + np.einsum("c,cm,cn->mn", share, apart, apart)
