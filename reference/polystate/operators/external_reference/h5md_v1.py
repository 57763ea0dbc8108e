"""Trajectories outside the deposition: what an H5MD file holds, in ångström."""

from __future__ import annotations

import numpy as np

from polystate.numbers.units import ANGSTROM
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("external_reference/h5md_v1", "trajectory")


def h5md_v1(position: np.ndarray, unit: str) -> dict[str, np.ndarray]:
    """x = c p. position: (T, M, 3) in `unit`. Returns xyz: (T, M, 3) Å."""
    return {"xyz": ANGSTROM[unit] * np.asarray(position, np.float64)}
