"""Anisotropic displacement parameters."""

from __future__ import annotations

import numpy as np

from polystate.numbers.tensors import symmetric
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("parametric_gaussian/aadp_v1", "rows", parameter="u", on_axis=False)


def aadp_v1(u: np.ndarray) -> dict[str, np.ndarray]:
    """U from its six components. u: (N, 6) Å². Returns u: (N, 3, 3) Å²."""
    return {"u": symmetric(u)}
