"""Models of a fit in which one level is dearer or cheaper: minima of F + price * (mean B of the level).

The conditions on slacks are linear in the price, so a Newton step that goes only part of the way to a new price is at
the price of that part: no step is lost, and the next goes as far again as this one got. How far F rises on the way is
known without a model: dF = -price d(mean B of the level). From a price the complementarity is halved step by step, so
near the central path that hardly a step is cut short.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_tools.echt.solver.points import Point, State
from polystate_tools.echt.solver.records import Penalty
from polystate_tools.echt.solver.solver import Solver

CENTRE = 5e-3  # complementarity of the common start, in units of penalty and mean input
MOST_STEPS = 40  # Newton steps to the start, to a rise of F, or from there to a model
LEAST_STRIDE = 0.02  # of a price
HALF = 0.5  # of the complementarity is left by a step
SHORT, LONG = 0.75, 0.9  # lengths of a step after which the next one leaves more, or less
NEARLY = 0.7  # of a rise: near enough to it
GONE = 0.02  # of a level's mean B: below that it has no share left


def priced(solver: Solver, penalty: Penalty, level: int, price: float) -> Penalty:
    """The penalty that minimises F + price * (mean B of the level)."""
    if level == len(solver.problem.labels):
        return penalty._replace(alpha_atom=penalty.alpha_atom + price * EIGHT_PI_SQUARED / solver.s.n_atoms)
    return penalty._replace(alpha=penalty.alpha + price * solver.level_weights() * (solver.s.level == level))


def common_start(solver: Solver, point: Point, penalty: Penalty) -> State | None:
    """The central path of a fit, far enough from the boundary to go from there to any price; None on breakdown."""
    x, mu = solver.start_near(point, 4.0 * penalty.alpha_atom), CENTRE * penalty.alpha_atom * solver.mean_input
    solver.linearise(x)
    now = solver.complementarity(x)
    for _ in range(MOST_STEPS):
        length = solver.newton(x, penalty, max(mu, 0.02 * now))
        if length == 0.0:
            return None
        now, _ = solver.move(x, length, penalty)
        solver.linearise(x)
        if length > LONG and now < 1.5 * mu:
            return x
    return None


def responses(solver: Solver, x: State, penalty: Penalty, levels: Sequence[int]) -> Iterator[float]:
    """By how much (Å²) each level's mean B falls at x for one unit of its price."""
    price, mu = solver.mean_input * penalty.alpha_atom, solver.complementarity(x)

    def change(cost: Penalty, level: int) -> float:
        solver.linearise(x)
        if solver.newton(x, cost, mu) == 0.0:
            return 0.0
        return _level_b(solver, solver.change.sigma, solver.change.own, level)

    for level in levels:
        yield (change(penalty, level) - change(priced(solver, penalty, level, price), level)) / price


def _level_b(solver: Solver, sigma: np.ndarray, own: np.ndarray, level: int) -> float:
    """Mean B (Å²) of a level over all atoms."""
    if level == len(solver.problem.labels):
        return float(EIGHT_PI_SQUARED * np.mean(np.trace(own, axis1=1, axis2=2) / solver.atom_rank))
    return float(np.trace(sigma, axis1=1, axis2=2) @ (solver.level_weights() * (solver.s.level == level)))


@dataclass
class Way:
    """A point of the central path at a price of one level, and by how much F has risen there since the price was 0.

    stride: of the price, to be tried next; its sign says whether the level gets dearer or cheaper."""

    solver: Solver
    penalty: Penalty
    level: int
    x: State
    stride: float
    price: float = 0.0
    risen: float = 0.0

    @property
    def mean_b(self) -> float:
        """Mean B (Å²) of the level."""
        return _level_b(self.solver, self.x.sigma, self.x.own, self.level)

    def go(self, rise: float) -> bool:
        """Go on until F has risen so much; whether it has."""
        solver, mu, before = self.solver, self.solver.complementarity(self.x), self.mean_b
        least = GONE * before
        solver.linearise(self.x)
        for _ in range(MOST_STEPS):
            length = solver.newton(self.x, self._cost(self.price + self.stride), mu)
            if length == 0.0:
                return False
            solver.move(self.x, length, self.penalty)
            solver.linearise(self.x)
            passed, now = length * self.stride, self.mean_b
            self.risen += (self.price + 0.5 * passed) * (before - now)
            self.price, before = self.price + passed, now
            self.stride = self._next(passed, length, rise)
            if self.risen >= NEARLY * rise and length > SHORT:
                return True
            if now < least:
                return False
        return False

    def _cost(self, price: float) -> Penalty:
        return priced(self.solver, self.penalty, self.level, price)

    def _next(self, passed: float, length: float, rise: float) -> float:
        """The stride after one that got `passed`: not beyond the rise, for F rises with the square of the price."""
        stride = abs(passed) * (2.0 if length > LONG else 1.4 if length > 0.5 else 1.0)
        if self.risen > 0.0:
            stride = min(stride, abs(self.price) * abs(math.sqrt(rise / self.risen) - 1.0))
        return math.copysign(max(stride, LEAST_STRIDE * abs(self.price)), passed)

    def model(self, gap: float) -> Point:
        """The model at the price, its F with the price no more than `gap` above the lowest; F of the fit's penalty."""
        solver, x, cost, part = self.solver, self.x.copy(), self._cost(self.price), HALF
        solver.linearise(x)
        mu = solver.complementarity(x)
        for _ in range(MOST_STEPS):
            if mu * solver.dimension <= gap:
                break
            length = solver.newton(x, cost, part * mu)
            if length == 0.0:
                break
            mu, _ = solver.move(x, length, cost)
            solver.linearise(x)
            part = max(0.7 * part, 0.1) if length > LONG else min(1.2 * part, 0.7) if length < SHORT else part
        return solver.point(x.sigma, x.own, self.penalty)
