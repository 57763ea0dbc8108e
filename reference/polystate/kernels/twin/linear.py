"""Matrices in torch, as `numbers.tensors` and `numbers.positive` have them in NumPy."""

from __future__ import annotations

import torch
from torch import Tensor

from polystate.numbers.constants import PIVOT

FULL = torch.tensor([[0, 3, 4], [3, 1, 5], [4, 5, 2]])  # of 11, 22, 33, 12, 13, 23


def symmetric(six: Tensor) -> Tensor:
    """(n, 6) as (n, 3, 3)."""
    return six[:, FULL.to(six.device)]


def symmetrised(u: Tensor) -> Tensor:
    """(..., 3, 3) made exactly symmetric."""
    return 0.5 * (u + u.transpose(-1, -2))


def turned(vectors: Tensor, rotation: Tensor) -> Tensor:
    """R v for vectors (..., n, 3); R is (3, 3), or (n, 3, 3) for one a vector."""
    return (rotation @ vectors[..., None]).squeeze(-1)


def rotation(quaternion: Tensor) -> Tensor:
    """Rotations (G, 3, 3) of unit quaternions (G, 4) w, x, y, z."""
    w, x, y, z = (quaternion / quaternion.norm(dim=-1, keepdim=True)).unbind(-1)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(rows, -1).reshape(-1, 3, 3)


def cholesky(u: Tensor) -> Tensor:
    """Lower Cholesky factors of U (n, 3, 3) by the pivot rule of [RNG-15]; a pivot that is left out has no gradient."""
    low = torch.linalg.eigvalsh(u.detach())[:, 0] < 0
    if low.any():
        values, vectors = torch.linalg.eigh(u[low])
        nearest = torch.einsum("nij,nj,nkj->nik", vectors, values.clamp(min=0), vectors)
        u = u.index_copy(0, torch.nonzero(low).squeeze(1), nearest)
    limit = PIVOT * u.detach().diagonal(dim1=-2, dim2=-1).sum(-1)
    zero = torch.zeros_like(u[:, 0, 0])
    c: list[list[Tensor]] = [[zero] * 3 for _ in range(3)]
    for j in range(3):
        pivot = u[:, j, j] - sum((c[j][k] ** 2 for k in range(j)), zero)
        good = pivot > limit
        root = torch.where(good, pivot, torch.ones_like(pivot)).sqrt()
        for i in range(j, 3):
            value = (u[:, i, j] - sum((c[i][k] * c[j][k] for k in range(j)), zero)) / root
            c[i][j] = torch.where(good, value, zero)
    return torch.stack([torch.stack(row, -1) for row in c], -2)
