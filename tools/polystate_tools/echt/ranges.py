"""How far each level's share can move while the fit stays nearly as good: what the data leave open.

For a level l and a price t, the minimum of F + t * (mean B of l) is the same convex problem with another linear
penalty on that level. Between its solution and the optimum F is convex, so the point of the segment where F has
risen by the allowed part is attained: the ranges are models that exist, not bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from polystate_tools.echt.solver import EIGHT_PI2, Point, Solver, Step


@dataclass
class ShareRange:
    """Mean B (Å²) of all levels at the two extremes of one level's share."""

    level: int
    low: list[float]
    high: list[float]


def share_ranges(solver: Solver, step: Step, point: Point, rise: float = 0.01) -> list[ShareRange]:
    """For each level the lowest and highest share found at F <= (1 + rise) F."""
    count = len(step.mean_b)
    out = []
    for level in range(count):
        low = _extreme(solver, step, point, level, +1.0, rise)
        high = _extreme(solver, step, point, level, -1.0, rise)
        out.append(ShareRange(level, low, high))
    return out


def _extreme(solver: Solver, step: Step, point: Point, level: int, sign: float, rise: float) -> list[float]:
    """Mean B of all levels where one of them is pushed down (sign +1) or up (-1)."""
    alphas, alpha, beta, eps = solver.penalties(step.n)
    weight = solver.level_weights() * (solver.s.level == level)
    atomic = level == len(solver.problem.labels)
    allowed = rise * point.F
    price = 2.0 * allowed  # a rise of `rise` for a shift of about 1 Å²
    best = list(step.mean_b)
    for _ in range(4):
        change = sign * price * (EIGHT_PI2 / solver.s.n_atoms if atomic else 0.0)
        own = max(alpha + change, 0.02 * alpha)
        shifted = alphas + sign * price * weight
        x = solver.start_from(point.centre, alpha)
        other = solver.solve(x, shifted, own, beta, eps, 1e-3)
        real = solver.point(other.sigma, other.own, alphas, alpha, beta, eps)
        part = _crossing(solver, point, real, alphas, alpha, beta, eps, point.F + allowed)
        mixed = [(1 - part) * a + part * b for a, b in zip(step.mean_b, solver.mean_b(real), strict=True)]
        if sign * (mixed[level] - best[level]) < 0:
            best = mixed
        if part < 1.0 or (atomic and own == 0.02 * alpha):
            break
        price *= 5.0
    return best


def _crossing(
    solver: Solver, a: Point, b: Point, alphas: np.ndarray, alpha: float, beta: float, eps: float, limit: float
):
    """The part of the way from a to b at which F reaches `limit`; F is a parabola along it."""
    if b.F <= limit:
        return 1.0
    half = solver.point(0.5 * (a.sigma + b.sigma), 0.5 * (a.own + b.own), alphas, alpha, beta, eps).F
    second = 2.0 * (a.F - 2.0 * half + b.F)
    first = b.F - a.F - second
    if second <= 1e-12 * a.F:
        return min(max((limit - a.F) / max(first, 1e-300), 0.0), 1.0)
    root = math.sqrt(max(first * first + 4.0 * second * (limit - a.F), 0.0))
    return min(max((root - first) / (2.0 * second), 0.0), 1.0)
