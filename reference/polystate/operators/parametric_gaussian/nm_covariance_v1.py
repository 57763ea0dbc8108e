"""Disorder along normal modes."""

from __future__ import annotations

import numpy as np

from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("parametric_gaussian/nm_covariance_v1", "modes", parameter="variance", on_axis=False)


def nm_covariance_v1(basis: np.ndarray, variance: np.ndarray) -> dict[str, np.ndarray]:
    """U = Σ_k σ_k² v_k v_kᵀ. basis: (k, N, 3); variance: (k,) Å². Returns u: (N, 3, 3) Å²."""
    u = np.zeros((basis.shape[1], 3, 3))
    for weight, v in zip(variance, basis, strict=True):  # one mode after the other, for one atom as for many
        u += weight * (v[:, :, None] * v[:, None, :])
    return {"u": u}
