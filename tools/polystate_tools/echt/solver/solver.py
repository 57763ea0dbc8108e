"""The ECHT fit: a convex problem at each penalty, solved by an interior-point method along the penalty path.

Primal-dual with Nesterov-Todd scaling. Every iterate has all covariances strictly positive definite; the linear
algebra is one elimination over the hierarchy (`newton`, `top`). At each penalty the method first returns to the
central path at a complementarity mu_c = centre * Oa * (mean input), where the last penalty's point is a good
start, then lets mu shrink until the certificate (F - D) / F is small enough, D the dual bound of `bound`. The
work a penalty costs (8 to 12 Newton steps) does not depend on how flat F is between levels, which is what
stops first-order and block-wise methods here.
"""

from __future__ import annotations

import math
import time

import numpy as np

from polystate.numbers.constants import EIGHT_PI_SQUARED

from .bound import dual_bound, headroom, objective
from .lengths import move
from .linear import Linear, linearise
from .model import input_values
from .newton import eliminate, loose_steps, substitute
from .points import Point, Settings, State, Step
from .records import Interior, Penalty, Sweep, scratch
from .structure import Problem, Structure, build
from .threads import Threads
from .top import Top

PIECES = 16  # in which atoms and groups are moved


class Solver:
    """The problem at hand with its work arrays; `path.follow` walks along the path."""

    def __init__(self, problem: Problem, settings: Settings | None = None, threads: int | None = None):
        """threads: how many share the work, all there are by default; they change nothing but the time."""
        self.settings = settings or Settings()
        self.problem = problem
        self.s: Structure = build(problem, self.settings.weights)
        self.threads = Threads(self.s.d, threads)
        self.top = Top(self.s)
        self.atomic = problem.atomic
        s, d = self.s, self.s.d
        self.k = 1 if d == 10 else 3
        self.atom_rank = np.where(s.anisotropic, 3, 1)
        self.mean_input = float(input_values(s).mean())
        self.dimension = max(int(s.rank.sum()) + (int(self.atom_rank.sum()) if self.atomic else 0), 1)
        self.hopeful = math.inf  # complementarity, in units of the tolerance, below which bounds are tried
        self.sweep = Sweep(
            y=np.zeros((s.n_nodes, d)), pulls=np.zeros((s.n_nodes, d)),
            q_above=np.zeros((s.n_nodes, d * (d + 1) // 2)), f_above=np.zeros((s.n_nodes, d)),
            eta=np.zeros((s.n_nodes, d)),
            **{name: np.zeros((s.n_groups, 6, 6)) for name in ("frame", "dual", "force", "rest")},
        )  # fmt: skip
        self.change = Interior(
            np.zeros((s.n_groups, 6, 6)), np.zeros((s.n_groups, 6, 6)),
            np.zeros((s.n_atoms, self.k, self.k)), np.zeros((s.n_atoms, self.k, self.k)),
        )  # fmt: skip

    def cold_start(self, omega_alpha: float) -> State:
        """Every group and atom with a twentieth of the mean input in each direction, slack = the penalty."""
        s = self.s
        inside = np.arange(6) < s.rank[:, None]
        eye = np.eye(6) * inside[:, None, :]
        own = np.eye(self.k) * (np.arange(self.k) < self.atom_rank[:, None])[:, None, :] * float(self.atomic)
        scale = 0.05 * self.mean_input
        return State(eye * scale, eye * omega_alpha, own * scale, own * omega_alpha)

    # -- one Newton step ------------------------------------------------------------------------------------
    def linearise(self, x: State) -> Linear:
        """Fields and residuals at x, which the next step is made from."""
        at = linearise(self.s, x.sigma, x.own, self.threads)
        self.sweep = self.sweep._replace(y=at.y, pulls=at.pulls)
        return at

    def newton(self, x: State, penalty: Penalty, mu: float) -> float:
        """The step towards complementarity mu into `change`; returns how far it may be gone, 0 on breakdown."""
        s, threads = self.s, self.threads
        common = (s.forest, s.atoms, x.interior, penalty, mu, self.sweep)
        if any(threads.walk(eliminate, s.branches, *common)) or any(threads.walk(eliminate, s.trunk, *common)):
            return 0.0
        length = self.top.solve(x.interior, penalty, mu, self.sweep, self.change, threads)
        if length == 0.0:
            return 0.0
        for walk in (s.trunk, s.branches):
            length = min(length, *threads.walk(substitute, walk, *common, self.change))
        if self.atomic and len(s.loose):
            loose = loose_steps(s.loose, s.atoms, x.interior, penalty, mu, self.change, scratch(s.d))
            length = min(length, loose)
        return length

    def move(self, x: State, length: float, penalty: Penalty) -> tuple[float, float]:
        """Go `length` of the step, in place; returns mean complementarity there and what the amplitudes cost."""
        s, tally = self.s, np.empty((PIECES, 2))
        self.threads.run(move, PIECES, x.interior, self.change, length, s.rank, s.atoms, penalty, tally)
        met, cost = tally.sum(axis=0).tolist()
        return met / self.dimension, cost

    def complementarity(self, x: State) -> float:
        """<covariance, slack> a dimension."""
        total = float(np.einsum("gij,gij->", x.sigma, x.slack))
        if self.atomic:
            total += float(np.einsum("gij,gij->", x.own, x.own_slack))
        return total / self.dimension

    # -- one penalty ----------------------------------------------------------------------------------------
    def solve(self, x: State, penalty: Penalty, tolerance: float) -> Point:
        """Move x (in place) until the best point's certificate is below `tolerance`, or rounding stops it.

        The certified point is x with everything the net switches off set to exactly zero; the bound comes from the
        residuals of x itself. `history` holds F of the best point so far at each iteration.
        """
        best: Point | None = None
        bound = bound_eps = -math.inf
        history: list[float] = []
        centre: State | None = None
        goal = self.settings.centre * penalty.alpha_atom * self.mean_input
        mu, length, stalled, iteration = self.complementarity(x), 0.0, 0, 0
        value = math.inf  # F at x, epsilon term and all: what x is worth before anything is switched off
        at = self.linearise(x)
        while iteration < self.settings.max_iterations and stalled < 6:
            iteration += 1
            if centre is None:
                target = max(goal, 0.02 * mu)
            else:
                target = mu * (0.1 if length > 0.6 else (0.3 if length > 0.3 else 1.0))
            if centre is not None and value < math.inf:
                target = max(target, 0.1 * tolerance * abs(value) / self.dimension)
            length = self.newton(x, penalty, target)
            if length == 0.0:
                break
            mu, cost = self.move(x, length, penalty)
            at = self.linearise(x)
            value = float(at.sums[0].sum()) + cost
            if centre is None and length > 0.9 and mu < 2.0 * goal:
                centre = x.copy()
            left = mu * self.dimension / (tolerance * abs(value))
            if left > max(1e3, 1e-2 / tolerance) or (left > self.hopeful and tolerance >= 1e-4):
                continue
            point = self.clipped(x, mu, penalty)
            if best is None or point.F_eps < best.F_eps:
                best = point
            history.append(best.F)
            found = dual_bound(self.s, at, penalty, self.threads)
            better = found[1] - bound_eps > 0.1 * (best.F_eps - found[1])
            stalled = 0 if better else stalled + 1
            bound, bound_eps = max(bound, found[0]), max(bound_eps, found[1])
            if centre and max(best.F_eps - bound_eps, 0.0) <= tolerance * abs(best.F_eps):
                self.hopeful = 4.0 * max(left, 1.0)
                break  # not before there is a centre, from which the next penalty starts
        if best is None:
            best = self.clipped(x, mu, penalty)
            (bound, bound_eps), history = dual_bound(self.s, at, penalty, self.threads), [best.F]
        best.D, best.D_eps, best.iterations, best.history = bound, bound_eps, iteration, history
        best.centre = centre
        return best

    def clipped(self, x: State, mu: float, penalty: Penalty) -> Point:
        """x with everything the net switches off set to exactly zero.

        On the central path covariance and slack share eigenvectors and multiply to mu: off is what is small
        where its slack is large, in units of the mean input and of the penalty.
        """
        limit = math.sqrt(0.1 * mu * self.mean_input / penalty.alpha_atom)
        sigma, own = x.sigma.copy(), x.own.copy()
        sigma[np.einsum("gii->g", sigma) < limit] = 0.0
        if self.atomic:
            own[np.einsum("gii->g", own) < limit] = 0.0
        return self.point(sigma, own, penalty)

    def point(self, sigma: np.ndarray, own: np.ndarray, penalty: Penalty) -> Point:
        """Objective and amplitudes of any model."""
        values = objective(self.s, linearise(self.s, sigma, own, self.threads), sigma, own, penalty)
        return Point(sigma, own, values["amplitude"], values["own_amplitude"], values["F"], values["F_eps"],
                     values["loss"])  # fmt: skip

    def bound(self, point: Point, penalty: Penalty) -> tuple[float, float]:
        """The dual bound that the residuals of a point give, without and with the epsilon term."""
        return dual_bound(self.s, linearise(self.s, point.sigma, point.own, self.threads), penalty, self.threads)

    def headroom(self, point: Point, penalty: Penalty) -> float:
        """By how much, at most, the loss of the optimum at this penalty could still fall at smaller ones."""
        at = linearise(self.s, point.sigma, point.own, self.threads)
        return max(headroom(self.s, at, penalty, self.threads) - (point.F - point.loss), 0.0)

    # -- what a point says ----------------------------------------------------------------------------------
    def level_weights(self) -> np.ndarray:
        """(G,) dB/dA: mean B (Å²) over all atoms that one unit of a group's amplitude makes."""
        return EIGHT_PI_SQUARED * self.s.size / self.s.n_atoms

    def mean_b(self, point: Point) -> list[float]:
        """Mean B (Å²) of each level over all atoms, the atomic level last if there is one."""
        share = self.level_weights() * point.amplitude
        out = [float(share[self.s.level == k].sum()) for k in range(len(self.problem.labels))]
        if self.atomic:
            out.append(float(EIGHT_PI_SQUARED * point.own_amplitude.mean()))
        return out

    def complexity(self, point: Point) -> list[float]:
        """8 pi^2 times the sum of the amplitudes of each level, divided by the atoms (Å²; figure 3b of the paper)."""
        out = [point.amplitude[self.s.level == k].sum() for k in range(len(self.problem.labels))]
        if self.atomic:
            out.append(point.own_amplitude.sum())
        return [float(EIGHT_PI_SQUARED * total / self.s.n_atoms) for total in out]

    def mean_b_bound(self, point: Point, beta: float) -> list[float]:
        """How far (Å²) each level's mean B can be from the optimum's: Ob sum (A - A*)^2 <= gap, and Cauchy."""
        radius = math.sqrt(max(point.F_eps - point.D_eps, 0.0) / beta)
        weight = self.level_weights()
        out = [radius * float(np.sqrt((weight[self.s.level == k] ** 2).sum())) for k in range(len(self.problem.labels))]
        if self.atomic:
            out.append(radius * EIGHT_PI_SQUARED / math.sqrt(self.s.n_atoms))
        return out

    def residual_rms_b(self, point: Point) -> float:
        """RMS over atoms of 8 pi^2 (Tr U_in - Tr U) / 3, Å²."""
        difference = linearise(self.s, point.sigma, point.own, self.threads).sums[2]
        return float(EIGHT_PI_SQUARED * np.sqrt(np.mean(difference**2)))

    def penalties(self, n: int) -> Penalty:
        """What amplitudes cost at step n = 1, 2, ..."""
        p = self.settings
        omega = p.omega_first * p.delta ** (n - 1)
        alpha, beta = p.gamma * omega, (1.0 - p.gamma) * omega
        return Penalty(np.full(self.s.n_groups, alpha), alpha, beta, p.epsilon * beta)

    def start_from(self, centre: State | None, alpha: float) -> State:
        """The starting point of a penalty from the last one's centre, or cold."""
        if centre is None:
            return self.cold_start(alpha)
        x = centre.copy()
        x.slack *= self.settings.delta
        x.own_slack *= self.settings.delta
        return x

    def start_near(self, point: Point, slack: float) -> State:
        """A start for another problem near `point`: all motions strictly inside the cone, all slacks alike."""
        heat = 0.02 * self.mean_input
        inside = np.eye(6) * (np.arange(6) < self.s.rank[:, None])[:, None, :]
        own = np.eye(self.k) * (np.arange(self.k) < self.atom_rank[:, None])[:, None, :] * float(self.atomic)
        below = np.maximum(-np.linalg.eigvalsh(point.sigma)[:, :1, None], 0.0) if len(point.sigma) else 0.0
        return State(point.sigma + (heat + below) * inside, slack * inside, point.own + heat * own, slack * own)

    def reach(self, n: int, tolerance: float, hop: int = 12) -> Point:
        """One penalty without the path to it: a few penalties between, each solved from near the last."""
        point: Point | None = None
        for k in [*range(n % hop or hop, n, hop), n]:
            penalty = self.penalties(k)
            alpha = penalty.alpha_atom
            x = self.cold_start(alpha) if point is None else self.start_near(point, 4.0 * alpha)
            point = self.solve(x, penalty, tolerance if k == n else 1e-3)
        assert point is not None
        return point

    def solve_step(self, n: int, centre: State | None, tolerance: float) -> tuple[Step, Point]:
        """One certified step of the path; where a warm start does not get there, it is reached without one."""
        begin = time.perf_counter()
        penalty = self.penalties(n)
        alpha, beta = penalty.alpha_atom, penalty.beta
        point = self.solve(self.start_from(centre, alpha), penalty, tolerance)
        if point.centre is None or not point.met(max(tolerance, self.settings.tolerance)):
            other = self.reach(n, tolerance)
            if other.gap < point.gap or point.centre is None:
                point = other
        step = Step(
            n, alpha, beta, point.F, point.D, point.certificate, self.mean_b(point), self.mean_b_bound(point, beta),
            self.residual_rms_b(point), point.loss, self.complexity(point), point.iterations, point.history,
            time.perf_counter() - begin,
        )  # fmt: skip
        return step, point
