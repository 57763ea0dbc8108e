"""How far each level's share can move while the fit stays nearly as good: what the data leave open.

For a level l and a price t, the minimum of F + t * (mean B of l) is the same convex problem with another linear
penalty on that level. Solved at rising prices it gives models along which the share moves and F rises; between two
of them F is convex, so the point of the segment where F has risen by the allowed part is attained: the ranges are
of models that exist, not bounds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_tools.echt.solver.points import Point
from polystate_tools.echt.solver.records import Penalty
from polystate_tools.echt.solver.solver import Solver

SOLVES = 4
TOLERANCE = 2e-3


@dataclass
class ShareRange:
    """Mean B (Å²) of all levels at the two extremes of one level's share."""

    level: int
    low: list[float]
    high: list[float]


def share_ranges(solver: Solver, n: int, point: Point, rises: Sequence[float]) -> list[list[ShareRange]]:
    """For each rise r (ascending) and each level the lowest and highest share found at F <= (1 + r) F of step n."""
    out: list[list[ShareRange]] = [[] for _ in rises]
    for level in range(len(solver.mean_b(point))):
        low = _moved(solver, n, point, level, +1.0, rises)
        high = _moved(solver, n, point, level, -1.0, rises)
        for k in range(len(rises)):
            out[k].append(ShareRange(level, low[k], high[k]))
    return out


def _moved(solver: Solver, n: int, point: Point, level: int, sign: float, rises: Sequence[float]) -> list[list[float]]:
    """Mean B of all levels at each rise where one of them is pushed down (sign +1) or up (-1)."""
    penalty = solver.penalties(n)
    alpha = penalty.alpha_atom
    weight = solver.level_weights() * (solver.s.level == level)
    atomic = level == len(solver.problem.labels)
    price, models = 0.5 * rises[0] * point.F, [point]
    for _ in range(SOLVES):
        change = sign * price * (EIGHT_PI_SQUARED / solver.s.n_atoms if atomic else 0.0)
        own = max(alpha + change, 0.02 * alpha)
        shifted = penalty._replace(alpha=penalty.alpha + sign * price * weight, alpha_atom=own)
        slack = max(4.0 * alpha, float(np.abs(price * weight).max(initial=0.0)), abs(change))
        other = solver.solve(solver.start_near(point, slack), shifted, TOLERANCE)
        real = solver.point(other.sigma, other.own, penalty)
        if sign * (solver.mean_b(real)[level] - solver.mean_b(models[-1])[level]) >= 0.0:
            price *= 8.0  # too little to be told from the tolerance
            continue
        models.append(real)
        rise = real.F / point.F - 1.0
        if rise >= rises[-1] or (atomic and own == 0.02 * alpha):
            break
        price *= min(max(1.3 * math.sqrt(rises[-1] / max(rise, 1e-9)), 2.0), 10.0)
    out = []
    for rise in rises:
        limit = (1.0 + rise) * point.F
        last = next((k for k in range(1, len(models)) if models[k].F > limit), None)
        if last is None:
            out.append(solver.mean_b(models[-1]))
            continue
        a, b = models[last - 1], models[last]
        part = _crossing(solver, a, b, penalty, limit)
        out.append([(1 - part) * x + part * y for x, y in zip(solver.mean_b(a), solver.mean_b(b), strict=True)])
    return out


def _crossing(solver: Solver, a: Point, b: Point, penalty: Penalty, limit: float) -> float:
    """The part of the way from a to b at which F reaches `limit`; F is a parabola along it."""
    half = solver.point(0.5 * (a.sigma + b.sigma), 0.5 * (a.own + b.own), penalty).F
    second = 2.0 * (a.F - 2.0 * half + b.F)
    first = b.F - a.F - second
    if second <= 1e-12 * a.F:
        return min(max((limit - a.F) / max(first, 1e-300), 0.0), 1.0)
    root = math.sqrt(max(first * first + 4.0 * second * (limit - a.F), 0.0))
    return min(max((root - first) / (2.0 * second), 0.0), 1.0)
