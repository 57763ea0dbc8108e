"""Positive semi-definite covariances: judged, clipped, factored, drawn from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from polystate.errors import BadRequest, NotPositiveSemidefinite
from polystate.numbers.constants import PIVOT, PSD_ABSOLUTE, PSD_RELATIVE
from polystate.numbers.philox import (
    Draw,
    normals,
)

PSD_RULE = "λ_min ≥ -(1e-6 max(λ_max, 0) + 1e-6 Å²)"


def checked_psd(psd: str) -> str:
    """How indefinite covariances are treated, `refuse` or `clip`; another word is refused."""
    if psd not in ("refuse", "clip"):
        raise BadRequest("psd", repr(psd), "refuse or clip")  # ERR-7
    return psd


def indefinite(u: np.ndarray) -> np.ndarray:
    """Rows of U (n, 3, 3) whose smallest eigenvalue is below the tolerance."""
    eigenvalues = np.linalg.eigvalsh(u)
    return np.flatnonzero(eigenvalues[:, 0] < -(PSD_RELATIVE * np.maximum(eigenvalues[:, 2], 0) + PSD_ABSOLUTE))


def nearest_positive(u: np.ndarray) -> np.ndarray:
    """The nearest positive semi-definite matrices (Frobenius norm): negative eigenvalues set to 0."""
    values, vectors = np.linalg.eigh(u)
    return np.einsum("nij,nj,nkj->nik", vectors, np.maximum(values, 0), vectors)


def cholesky(u: np.ndarray) -> np.ndarray:
    """Lower Cholesky factors of U (n, 3, 3); U that is slightly indefinite is first made semi-definite.

    A pivot at or below 1e-12 Tr U gives a zero column."""
    u = np.array(u, np.float64)
    negative = np.linalg.eigvalsh(u)[:, 0] < 0
    u[negative] = nearest_positive(u[negative])
    limit = PIVOT * np.trace(u, axis1=1, axis2=2)
    c = np.zeros_like(u)
    for j in range(3):
        pivot = u[:, j, j] - (c[:, j, :j] ** 2).sum(axis=1)
        root = np.sqrt(np.where(pivot > limit, pivot, 1.0))
        for i in range(j, 3):
            value = (u[:, i, j] - (c[:, i, :j] * c[:, j, :j]).sum(axis=1)) / root
            c[:, i, j] = np.where(pivot > limit, value, 0.0)
    return c


def displacing(u: np.ndarray, draw_key: np.ndarray, where: str, psd: str = "refuse") -> Callable[[Draw], np.ndarray]:
    """From a draw to a Gaussian displacement of each atom, (n, 3) ångström, with covariance U (n, 3, 3)."""
    bad = indefinite(u)
    if len(bad) and psd != "clip":
        few = ", ".join(str(k) for k in np.asarray(draw_key)[bad[:5]])
        found = f"{len(bad)} atoms, first with draw keys {few}"
        raise NotPositiveSemidefinite(where, found, PSD_RULE)  # COV-10
    factor = cholesky(u)
    return lambda draw: np.einsum("nij,nj->ni", factor, normals(draw, draw_key))
