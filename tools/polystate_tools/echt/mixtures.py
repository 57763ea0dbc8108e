"""Mixtures of models of one fit: how far the share of a level moves among them while F stays below a limit.

Covariances may be added up with any weights c >= 0, and what atoms and amplitudes are is linear in them. So F of a
mixture is one quadratic form, |target - sum c row|^2 + sum c cost, of as many unknowns as there are models; its
extremes are those of a small problem of non-negative least squares, and each is a model that exists.
"""

from __future__ import annotations

import math

import numpy as np

from polystate_tools.echt.solver.linear import linearise
from polystate_tools.echt.solver.model import atom_covariances
from polystate_tools.echt.solver.points import Point
from polystate_tools.echt.solver.records import Penalty
from polystate_tools.echt.solver.solver import Solver
from polystate_tools.echt.solver.structure import observed

NARROW = 1e-3  # of a price: how well it is bracketed before the mixture between its two sides is taken
LEAST = 1e-12  # relative eigenvalue of the quadratic form, below which models are the same


class Mixtures:
    """Models to mix; F is that of `penalty`, without epsilon."""

    def __init__(self, solver: Solver, penalty: Penalty) -> None:
        self.solver, self.penalty = solver, penalty
        s = solver.s
        self._root = np.sqrt(np.where(s.anisotropic, 1.0, 3.0) * s.weights)
        self._target = self._weighted(s.u)
        self._rows: list[np.ndarray] = []
        self._form = np.zeros((0, 0))
        self._slope = np.zeros(0)
        self.mean_b = np.zeros((0, len(solver.problem.labels) + bool(solver.atomic)))
        self._at_rest = float(self._target @ self._target)

    def _weighted(self, value: np.ndarray) -> np.ndarray:
        columns = value if self.solver.s.d == 21 else value[:, :1]
        return np.asarray((self._root[:, None] * columns).reshape(-1))

    def add(self, point: Point) -> None:
        """Take a model up, of which sigma, own and the amplitudes are read."""
        s, penalty = self.solver.s, self.penalty
        seen = self._weighted(_seen(self.solver, point))
        amplitude = np.concatenate([point.amplitude, point.own_amplitude])
        row = np.concatenate([seen, math.sqrt(penalty.beta) * amplitude])
        self._rows.append(row)
        products = np.array([row @ other for other in self._rows])
        n = len(self._rows)
        form = np.zeros((n, n))
        form[:-1, :-1], form[-1], form[:, -1] = self._form, products, products
        cost = penalty.alpha @ point.amplitude + penalty.alpha_atom * point.own_amplitude.sum() * float(s.atomic)
        self._form, self._slope = form, np.append(self._slope, cost - 2.0 * float(self._target @ seen))
        self.mean_b = np.vstack([self.mean_b, self.solver.mean_b(point)])

    def objective(self, weights: np.ndarray) -> float:
        """F of a mixture."""
        return float(self._at_rest + weights @ self._slope + weights @ self._form @ weights)

    def farthest(self, level: int, sign: float, limit: float) -> list[float]:
        """Mean B (Å²) of all levels where that of one is lowest (sign 1) or highest (sign -1) at F <= limit.

        The first model taken up has to be below the limit."""
        inside, outside = np.zeros(len(self._rows)), None
        inside[0] = 1.0
        low, high = 0.0, math.inf
        price = 1e-3 * limit / max(float(self.mean_b[0].sum()), 1e-300)
        while high > (1.0 + NARROW) * low:
            found = self._cheapest(level, sign * price)
            if self.objective(found) > limit:
                high, outside = price, found
            else:
                low, inside = price, found
                if sign * price > 0.0 and not (found @ self.mean_b)[level] > 0.0 or price > 1e300:
                    break
            price = price * 8.0 if high == math.inf else price / 8.0 if low == 0.0 else math.sqrt(low * high)
            if price < 1e-300:
                break
        weights = inside if outside is None else inside + self._crossing(inside, outside, limit) * (outside - inside)
        return [float(b) for b in weights @ self.mean_b]

    def _cheapest(self, level: int, price: float) -> np.ndarray:
        """Weights that minimise F + price * (mean B of the level)."""
        from scipy.optimize import nnls

        size = 1.0 / np.sqrt(np.maximum(np.diag(self._form), 1e-300))
        values, vectors = np.linalg.eigh(self._form * size[:, None] * size)
        values = np.sqrt(np.maximum(values, LEAST * values[-1]))
        wanted = -0.5 * (self._slope + price * self.mean_b[:, level]) * size
        weights, _ = nnls(values[:, None] * vectors.T, vectors.T @ wanted / values, maxiter=100 * len(size))
        return np.asarray(weights * size)

    def _crossing(self, a: np.ndarray, b: np.ndarray, limit: float) -> float:
        """The part of the way from a to b at which F, a parabola along it, reaches `limit`."""
        way = b - a
        second = float(way @ self._form @ way)
        first = float(way @ (self._slope + 2.0 * self._form @ a))
        room = max(limit - self.objective(a), 0.0)
        root = math.sqrt(first * first + 4.0 * second * room)
        return min(2.0 * room / max(first + root, 1e-300), 1.0)


def _seen(solver: Solver, point: Point) -> np.ndarray:
    """(N, 6) what the loss compares of a model with the input, as `Structure.u` holds that."""
    s = solver.s
    if s.d == 21:
        return observed(atom_covariances(s, point.sigma, point.own), s.anisotropic)
    residual = linearise(s, point.sigma, point.own, solver.threads).sums[2]
    return np.asarray(s.u[:, :1] - residual[:, None])
