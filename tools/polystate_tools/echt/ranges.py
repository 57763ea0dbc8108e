"""How far each level's share can move while the fit stays nearly as good: what the data leave open.

Where one level is made dearer or cheaper (`prices`), its share moves and F rises: a model or two in each direction
are found for each level. Of all of them, whichever level they were made for, the mixtures whose F has risen by the
allowed part are searched for the extremes of each share: the ranges are of models that exist, not bounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polystate_tools.echt.mixtures import Mixtures
from polystate_tools.echt.prices import GONE, Way, common_start, responses
from polystate_tools.echt.solver.points import Point
from polystate_tools.echt.solver.solver import Solver

PART = 0.2  # of the rise that is wanted: how far the F of a model may be from the lowest at its price
SOLVES = 3  # models of a level in one direction
SOME = 0.3  # of the first rise: the next model may be for the last one
ENOUGH = 0.7  # of the last rise
LEAST_WORTH = 0.1


@dataclass
class ShareRange:
    """Mean B (Å²) of all levels at the two extremes of one level's share."""

    level: int
    low: list[float]
    high: list[float]


def share_ranges(solver: Solver, n: int, point: Point, rises: Sequence[float]) -> list[list[ShareRange]]:
    """For each rise r (ascending) and each level the lowest and highest share found at F <= (1 + r) F of step n."""
    penalty = solver.penalties(n)
    mixtures = Mixtures(solver, penalty)
    mixtures.add(point)
    levels = range(mixtures.mean_b.shape[1])
    start = common_start(solver, point, penalty)
    if start is not None:
        for level, response in zip(levels, list(responses(solver, start, penalty, levels)), strict=True):
            if response > 0.0:
                price = math.sqrt(2.0 * rises[0] * point.F / response)
                for sign in (1.0, -1.0):
                    for model in _moved(Way(solver, penalty, level, start.copy(), 0.3 * sign * price), rises, point):
                        mixtures.add(model)
    found = []
    for rise in rises:
        limit = (1.0 + rise) * point.F
        found.append(
            [ShareRange(k, mixtures.farthest(k, 1.0, limit), mixtures.farthest(k, -1.0, limit)) for k in levels]
        )
    return found


def _moved(way: Way, rises: Sequence[float], point: Point) -> Iterator[Point]:
    """Models of rising F on the way, until F has risen by the last rise."""
    fitted, wanted = way.solver.mean_b(point)[way.level], rises[0]
    # on the central path F rises by more than at optima, the more so the more of the level's B is the barrier's
    worth = min(max(fitted / way.mean_b, LEAST_WORTH), 1.0)
    for _ in range(SOLVES):
        arrived = way.go(wanted * point.F / worth)
        model = way.model(PART * wanted * point.F)
        yield model
        rise, left = model.F / point.F - 1.0, way.solver.mean_b(model)[way.level]
        if not arrived or rise <= 0.0 or rise >= ENOUGH * rises[-1] or left <= GONE * fitted:
            return
        wanted, worth = rises[-1] if rise > SOME * rises[0] else rises[0], rise * point.F / way.risen
