"""A place-holder that changes nothing."""

from __future__ import annotations

import numpy as np

from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("identity/noop_v1", "still")


def noop_v1(xyz: np.ndarray) -> dict[str, np.ndarray]:
    """x' = x. xyz: (N, 3) Å. Returns xyz: (N, 3) Å."""
    return {"xyz": xyz}
