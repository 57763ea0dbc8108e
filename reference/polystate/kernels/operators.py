"""Deterministic operators on the CPU: bases, rigid bodies, the mlp_v1 decoder. Signatures as in the registry."""

from __future__ import annotations

from typing import Any

import numpy as np

from polystate.kernels.jit import jit, njit

# sums of a matrix product may be taken in any order
_reordering: Any = njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})


@jit
def _combine(coefficients, basis, out):
    out[:] = 0.0
    for k in range(len(coefficients)):
        c = coefficients[k]
        for j in range(len(out)):
            out[j] += c * basis[k, j]


def nm_v1(basis: np.ndarray, coefficients: np.ndarray) -> dict[str, np.ndarray]:
    """Δx = Σ_k c_k v_k. basis: (k, M, 3); coefficients: (k,) Å. Returns displacement: (M, 3) Å."""
    k, m, _ = basis.shape
    out = np.empty(3 * m)
    flat = np.ascontiguousarray(basis, np.float64).reshape(k, 3 * m)
    _combine(np.ascontiguousarray(coefficients, np.float64), flat, out)
    return {"displacement": out.reshape(m, 3)}


pca_v1 = nm_v1


@jit
def _move(quaternion, translation, origin, group, xyz, out):
    for i in range(len(group)):
        g = group[i]
        w, x, y, z = quaternion[g, 0], quaternion[g, 1], quaternion[g, 2], quaternion[g, 3]
        a, b, c = xyz[i, 0] - origin[g, 0], xyz[i, 1] - origin[g, 1], xyz[i, 2] - origin[g, 2]
        p = (1 - 2 * (y * y + z * z)) * a + 2 * (x * y - w * z) * b + 2 * (x * z + w * y) * c
        q = 2 * (x * y + w * z) * a + (1 - 2 * (x * x + z * z)) * b + 2 * (y * z - w * x) * c
        r = 2 * (x * z - w * y) * a + 2 * (y * z + w * x) * b + (1 - 2 * (x * x + y * y)) * c
        out[i, 0] = p + origin[g, 0] + translation[g, 0]
        out[i, 1] = q + origin[g, 1] + translation[g, 1]
        out[i, 2] = r + origin[g, 2] + translation[g, 2]


def quat_v1(
    quaternion: np.ndarray, translation: np.ndarray, origin: np.ndarray, group: np.ndarray, xyz: np.ndarray
) -> dict[str, np.ndarray]:
    """x' = R (x - o) + o + t; shapes as in the NumPy operator. Returns xyz: (N, 3) Å."""
    unit = quaternion / np.linalg.norm(quaternion, axis=-1, keepdims=True)  # [MEAN-11]
    bodies = [np.ascontiguousarray(a, np.float64) for a in (unit, translation, origin)]
    x = np.ascontiguousarray(xyz, np.float64)
    out = np.empty_like(x)
    _move(*bodies, np.ascontiguousarray(group, np.int64), x, out)
    return {"xyz": out}


@_reordering
def _affine(weight, bias, h, out):
    for i in range(len(out)):
        total = 0.0
        for j in range(len(h)):
            total += weight[i, j] * h[j]
        out[i] = total + bias[i]


def mlp_v1(latent: np.ndarray, activation: str = "tanh", **layers: np.ndarray) -> dict[str, np.ndarray]:
    """h ← f(W h + b) layer by layer, the last without f. Returns output: (M, 3) Å."""
    from polystate.operators.neural_decoder import mlp_v1 as reference

    function: Any = reference.ACTIVATIONS.get(activation)
    if function is None:
        return reference.mlp_v1(latent, activation, **layers)  # refuses by name
    h = np.ascontiguousarray(latent, np.float64)
    depth = sum(1 for name in layers if name.startswith("w"))
    for k in range(depth):
        weight = np.ascontiguousarray(layers[f"w{k}"], np.float64)
        out = np.empty(len(weight))
        _affine(weight, np.ascontiguousarray(layers[f"b{k}"], np.float64), h, out)
        h = function(out) if k < depth - 1 else out
    return {"output": h.reshape(-1, 3)}


FUNCTIONS = {
    "basis/nm_v1": nm_v1,
    "basis/pca_v1": pca_v1,
    "rigid_body/quat_v1": quat_v1,
    "neural_decoder/mlp_v1": mlp_v1,
}
