"""Symmetric tensors as six numbers, and the factor between B and U."""

from __future__ import annotations

import numpy as np

from polystate.numbers.constants import EIGHT_PI_SQUARED, VOIGT

__all__ = [
    "EIGHT_PI_SQUARED", "VOIGT", "rotation", "six_components", "symmetric", "symmetrised", "turned",
]  # fmt: skip


def symmetric(six: np.ndarray) -> np.ndarray:
    """(..., 6) in the order 11, 22, 33, 12, 13, 23 as (..., 3, 3)."""
    six = np.asarray(six, np.float64)
    full = np.empty((*six.shape[:-1], 3, 3))
    for k, (i, j) in enumerate(VOIGT):
        full[..., i, j] = full[..., j, i] = six[..., k]
    return full


def symmetrised(u: np.ndarray) -> np.ndarray:
    """(..., 3, 3) made exactly symmetric, where rounding has left it so only nearly."""
    return 0.5 * (u + np.swapaxes(u, -1, -2))


def six_components(u: np.ndarray) -> np.ndarray:
    """(..., 3, 3) as (..., 6) in the order 11, 22, 33, 12, 13, 23."""
    return np.stack([u[..., i, j] for i, j in VOIGT], axis=-1)


def turned(vectors: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """R v of vectors (..., 3): one column after the other, so that one vector alone has the numbers it has among many,
    which a matrix product of a library does not promise."""
    return vectors[..., :1] * rotation[:, 0] + vectors[..., 1:2] * rotation[:, 1] + vectors[..., 2:] * rotation[:, 2]


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
