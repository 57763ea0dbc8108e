"""Rigid bodies: a rotation by a unit quaternion about an origin, then a translation."""

from __future__ import annotations

import numpy as np

from polystate.numbers.tensors import rotation
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("rigid_body/quat_v1", "body")


def quat_v1(
    quaternion: np.ndarray, translation: np.ndarray, origin: np.ndarray, group: np.ndarray, xyz: np.ndarray
) -> dict[str, np.ndarray]:
    """x' = R (x - o) + o + t.

    quaternion: (G, 4) w, x, y, z; translation, origin: (G, 3) Å; group: (N,) row of each atom; xyz: (N, 3) Å.
    Returns xyz: (N, 3) Å."""
    o = origin[group]
    turned = np.einsum("nij,nj->ni", rotation(quaternion)[group], np.asarray(xyz, np.float64) - o)
    return {"xyz": turned + o + translation[group]}
