"""Displacements along stored directions: normal modes and principal components."""

from __future__ import annotations

import numpy as np


def nm_v1(basis: np.ndarray, coefficients: np.ndarray) -> dict[str, np.ndarray]:
    """Δx = Σ_k c_k v_k. basis: (k, M, 3); coefficients: (k,) Å. Returns displacement: (M, 3) Å."""
    return {"displacement": np.einsum("k,kmi->mi", coefficients, basis)}


pca_v1 = nm_v1  # the same sum; the entries differ in what the basis and its variances mean
