"""Isotropic B-factors."""

from __future__ import annotations

import numpy as np

from polystate.numbers.tensors import EIGHT_PI_SQUARED
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("parametric_gaussian/iadp_v1", "rows", parameter="b", on_axis=False)


def iadp_v1(b: np.ndarray) -> dict[str, np.ndarray]:
    """U = B / (8π²) I. b: (N,) Å². Returns u: (N, 3, 3) Å²."""
    return {"u": (np.asarray(b, np.float64) / EIGHT_PI_SQUARED)[:, None, None] * np.eye(3)}
