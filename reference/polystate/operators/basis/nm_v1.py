"""Displacements along stored directions: normal modes."""

from __future__ import annotations

import numpy as np

from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("basis/nm_v1", "basis", components="coefficients", width=("basis", 0))


def nm_v1(basis: np.ndarray, coefficients: np.ndarray) -> dict[str, np.ndarray]:
    """Δx = Σ_k c_k v_k. basis: (k, M, 3); coefficients: (k,) Å. Returns displacement: (M, 3) Å."""
    return {"displacement": np.einsum("k,kmi->mi", coefficients, basis)}
