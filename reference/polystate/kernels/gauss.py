"""Draws of a fixed mean and covariance: factor once, then any number of draws straight to an output array."""

from __future__ import annotations

import numpy as np

from polystate.errors import NotPositiveSemidefinite
from polystate.kernels import draws, stack
from polystate.kernels.joint import words_of
from polystate.numbers.positive import PSD_RULE, indefinite, nearest_positive


def padded(n: int) -> int:
    """The next multiple of a block of atoms."""
    return -(-n // draws.BLOCK) * draws.BLOCK


def padded_keys(draw_key: np.ndarray) -> np.ndarray:
    """Draw keys (n,) as (padded,) uint32."""
    keys = np.zeros(padded(len(draw_key)), np.uint32)
    keys[: len(draw_key)] = draw_key
    return keys


def columns(xyz: np.ndarray) -> np.ndarray:
    """Coordinates (n, 3) as (3, padded)."""
    out = np.zeros((3, padded(len(xyz))))
    out[:, : len(xyz)] = xyz.T
    return out


def positive(u: np.ndarray, draw_key: np.ndarray, where: str, psd: str) -> np.ndarray:
    """U (n, 3, 3) with what is slightly indefinite made semi-definite; refused beyond the tolerance unless clipped."""
    u = np.ascontiguousarray(u, np.float64)
    suspects = np.empty(len(u) + 1, np.int64)
    rows = suspects[: stack.screen(u, suspects)]
    doubtful = u[rows]
    bad = rows[indefinite(doubtful)]
    if len(bad) and psd != "clip":
        few = ", ".join(str(k) for k in np.asarray(draw_key)[bad[:5]])
        raise NotPositiveSemidefinite(where, f"{len(bad)} atoms, first with draw keys {few}", PSD_RULE)  # COV-10
    negative = np.linalg.eigvalsh(doubtful)[:, 0] < 0 if len(rows) else np.zeros(0, bool)
    if negative.any():
        u = u.copy()
        u[rows[negative]] = nearest_positive(doubtful[negative])
    return u


class Gaussian:
    """x = mean + C z for any draw; mean: (n, 3) Å, u: (n, 3, 3) Å², draw_key: (n,) uint32."""

    def __init__(
        self,
        mean: np.ndarray,
        u: np.ndarray,
        draw_key: np.ndarray,
        where: str = "hierarchy/atoms",
        psd: str = "refuse",
        backend: str = "numba",
    ) -> None:
        self.n, self.backend = len(mean), backend
        self.keys, self.mean = padded_keys(draw_key), columns(mean)
        self.factor = np.zeros((6, padded(self.n)))
        stack.factors(positive(u, draw_key, where, psd), self.factor)

    def draws(self, seed: int, first: int, out: np.ndarray) -> np.ndarray:
        """Consecutive draws from index `first` into out (draws, n, 3), float64 or float32."""
        if self.backend == "cuda":
            from polystate.kernels.cuda.runs import gaussian

            return gaussian(self.keys, seed, first, self.mean, self.factor, out)
        draws.gaussian(self.keys, *words_of(first), *words_of(seed), self.mean, self.factor, out)
        return out
