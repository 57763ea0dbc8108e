"""How far each level's share can move while the fit stays nearly as good: what the data leave open.

For a level l and a price t, the minimum of F + t * (mean B of l) is the same convex problem with another linear
penalty on that level. Its minima at rising prices are models along which the share moves and F rises; between two
models F is a parabola, so the point of the segment where F has risen by the allowed part is attained: the ranges are
of models that exist, not bounds. A model counts for every level, whichever it was made for.

All prices start from one point of the central path of the fit, far enough from the boundary that a priced problem
takes a few steps to its own central path, and go on from there: refitting from the fit itself takes three times as
many. How steeply a level answers to its price is read off one Newton step there, so two or three prices do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_tools.echt.solver.points import Point, State
from polystate_tools.echt.solver.records import Penalty
from polystate_tools.echt.solver.solver import Solver

PART = 0.1  # of the rise that is wanted: the complementarity of a model, as a part of F
CENTRE = 2e-3  # complementarity of the common start, in units of penalty and mean input
MOST_STEPS = 30  # Newton steps to a central path, or to a model
NEAR = 8  # the same from a point near by
EARLY = 4  # of these: what has not gone LEAST_WAY by then seldom gets there
LEAST_WAY = 0.7  # sum of lengths
FACTOR = 2.0  # between two prices
LEAST_FACTOR = 1.2
SOLVES = 3
PRICES = 40  # tried on the way
NEARLY = 0.7  # of the last rise: near enough to it
OVERSHOOT = 1.25  # of the price that should do


@dataclass
class ShareRange:
    """Mean B (Å²) of all levels at the two extremes of one level's share."""

    level: int
    low: list[float]
    high: list[float]


def share_ranges(solver: Solver, n: int, point: Point, rises: Sequence[float]) -> list[list[ShareRange]]:
    """For each rise r (ascending) and each level the lowest and highest share found at F <= (1 + r) F of step n."""
    penalty = solver.penalties(n)
    mu = CENTRE * penalty.alpha_atom * solver.mean_input
    start = solver.start_near(point, 4.0 * penalty.alpha_atom)
    _centre(solver, start, penalty, mu, MOST_STEPS)
    fitted = solver.mean_b(point)
    reached = [[fitted] for _ in rises]
    for level in range(len(fitted)):
        response = _response(solver, start, penalty, mu, level)
        if not response > 0.0:
            continue
        price = math.sqrt(2.0 * rises[0] * point.F / response)
        for sign in (1.0, -1.0):
            models = [point, *_moved(solver, start, penalty, mu, level, sign * price, rises, point)]
            for a, b in {(k, k + 1) for k in range(len(models) - 1)} | {(0, len(models) - 1)}:
                for found, rise in zip(reached, rises, strict=True):
                    found += _between(solver, models[a], models[b], penalty, (1.0 + rise) * point.F)
    return [
        [ShareRange(k, min(found, key=lambda b: b[k]), max(found, key=lambda b: b[k])) for k in range(len(fitted))]
        for found in reached
    ]


def _priced(solver: Solver, penalty: Penalty, level: int, price: float) -> Penalty:
    """The penalty that minimises F + price * (mean B of the level)."""
    if level == len(solver.problem.labels):
        own = penalty.alpha_atom + price * EIGHT_PI_SQUARED / solver.s.n_atoms
        return penalty._replace(alpha_atom=max(own, 0.02 * penalty.alpha_atom))
    return penalty._replace(alpha=penalty.alpha + price * solver.level_weights() * (solver.s.level == level))


def _centre(solver: Solver, x: State, penalty: Penalty, mu: float, most: int) -> int | None:
    """Move x (in place) to the central path of a penalty at complementarity mu; the steps it took, None if too many."""
    way = 0.0
    solver.linearise(x)
    for count in range(1, most + 1):
        if not solver.newton(x, penalty, max(mu, 0.02 * solver.complementarity(x))):
            return None
        length = solver.advance(x)
        solver.linearise(x)
        if length > 0.9 and solver.complementarity(x) < 1.5 * mu:
            return count
        way += length
        if count == EARLY and most == NEAR and way < LEAST_WAY:
            return None
    return None


def _response(solver: Solver, x: State, penalty: Penalty, mu: float, level: int) -> float:
    """By how much (Å²) the level's mean B falls at x for one unit of its price."""
    price, found = solver.mean_input * penalty.alpha_atom, []
    solver.linearise(x)
    for cost in (penalty, _priced(solver, penalty, level, price)):
        solver.newton(x, cost, mu)
        own = np.trace(solver.change.own, axis1=1, axis2=2) / solver.atom_rank
        moved = Point(solver.change.sigma, solver.change.own, np.trace(solver.change.sigma, axis1=1, axis2=2), own,
                      0.0, 0.0, 0.0)  # fmt: skip
        found.append(solver.mean_b(moved)[level])
    return (found[0] - found[1]) / price


def _moved(
    solver: Solver, start: State, penalty: Penalty, mu: float, level: int, price: float, rises: Sequence[float],
    point: Point,
) -> list[Point]:  # fmt: skip
    """Models of rising F where one level is made dearer (price > 0) or cheaper, until F has risen by the last rise."""
    x, models, wanted = start.copy(), [], rises[0]
    at, goal, factor = 0.0, price, FACTOR
    for _ in range(PRICES):
        ahead = goal / 4.0 if at == 0.0 else at * factor if abs(at) * factor < abs(goal) else goal
        trial, cost = x.copy(), _priced(solver, penalty, level, ahead)
        count = _centre(solver, trial, cost, mu, NEAR)
        if count:
            x, at, factor = trial, ahead, min(factor**2, FACTOR) if count <= 2 else factor
        elif at == 0.0:
            goal /= 4.0
            continue
        elif factor > LEAST_FACTOR:
            factor = math.sqrt(factor)
            continue
        else:
            goal, cost = at, _priced(solver, penalty, level, at)  # as far as it goes
        if at != goal:
            continue
        models.append(_model(solver, x.copy(), cost, penalty, PART * wanted))
        rise = max(models[-1].F / point.F - 1.0, 1e-9)
        off = solver.mean_b(models[-1])[level] <= 0.0
        if off or ahead != at or len(models) == SOLVES or rise >= NEARLY * rises[-1]:
            break
        wanted = rises[-1] if rise > 0.3 * rises[0] else rises[0]
        goal *= min(OVERSHOOT * math.sqrt(wanted / rise), 8.0)
    return models


def _model(solver: Solver, x: State, cost: Penalty, penalty: Penalty, tolerance: float) -> Point:
    """The model near the minimum of a priced problem (moves x), with the F of the fit's own penalty."""
    length, mu = 1.0, solver.complementarity(x)
    solver.linearise(x)
    for _ in range(MOST_STEPS):
        if not solver.newton(x, cost, mu * (0.1 if length > 0.6 else 0.3 if length > 0.3 else 1.0)):
            break
        length, mu = solver.advance(x), solver.complementarity(x)
        sums, _ = solver.linearise(x)
        if mu * solver.dimension <= tolerance * abs(solver.value(x, sums, cost)):
            break
    found = solver.clipped(x, mu, cost)
    return solver.point(found.sigma, found.own, penalty)


def _between(solver: Solver, a: Point, b: Point, penalty: Penalty, limit: float) -> list[list[float]]:
    """Mean B of all levels where F reaches `limit` on the way from a to b, or of b; none where a is beyond it."""
    if a.F > limit:
        return []
    part = 1.0 if b.F <= limit else _crossing(solver, a, b, penalty, limit)
    pairs = zip(solver.mean_b(a), solver.mean_b(b), strict=True)
    return [[(1.0 - part) * x + part * y for x, y in pairs]]


def _crossing(solver: Solver, a: Point, b: Point, penalty: Penalty, limit: float) -> float:
    """The part of the way from a to b at which F reaches `limit`; F is a parabola along it."""
    half = solver.point(0.5 * (a.sigma + b.sigma), 0.5 * (a.own + b.own), penalty).F
    second = 2.0 * (a.F - 2.0 * half + b.F)
    first = b.F - a.F - second
    if second <= 1e-12 * a.F:
        return min(max((limit - a.F) / max(first, 1e-300), 0.0), 1.0)
    root = math.sqrt(max(first * first + 4.0 * second * (limit - a.F), 0.0))
    return min(max((root - first) / (2.0 * second), 0.0), 1.0)
