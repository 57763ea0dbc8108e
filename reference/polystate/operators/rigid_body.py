"""Rigid bodies: a rotation by a unit quaternion about an origin, then a translation."""

from __future__ import annotations

import numpy as np


def rotation(quaternion: np.ndarray) -> np.ndarray:
    """Rotation matrices of quaternions (..., 4) in the order w, x, y, z, divided by their norm; (..., 3, 3)."""
    q = np.asarray(quaternion, np.float64)
    w, x, y, z = np.moveaxis(q / np.linalg.norm(q, axis=-1, keepdims=True), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quat_v1(
    quaternion: np.ndarray, translation: np.ndarray, origin: np.ndarray, group: np.ndarray, xyz: np.ndarray
) -> dict[str, np.ndarray]:
    """x' = R (x - o) + o + t.

    quaternion: (G, 4) w, x, y, z; translation, origin: (G, 3) Å; group: (N,) row of each atom; xyz: (N, 3) Å.
    Returns xyz: (N, 3) Å."""
    o = origin[group]
    turned = np.einsum("nij,nj->ni", rotation(quaternion)[group], np.asarray(xyz, np.float64) - o)
    return {"xyz": turned + o + translation[group]}
