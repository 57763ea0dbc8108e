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
from collections.abc import Callable

import numpy as np

from .atoms import atom_step
from .bound import atom_losses, dual_bound, loss_pulls, objective
from .model import input_values
from .newton import CHUNKS, eliminate, fields_down, step_length, substitute
from .points import EIGHT_PI2, Point, Settings, State, Step
from .structure import Problem, Structure, build
from .top import Top


class Solver:
    """The problem at hand with its work arrays; `solve` one penalty, or go along the path with `fit`."""

    def __init__(self, problem: Problem, settings: Settings | None = None):
        self.settings = settings or Settings()
        self.problem = problem
        self.s: Structure = build(problem)
        self.top = Top(self.s)
        self.atomic = problem.atomic
        s, d = self.s, self.s.d
        self.k = 1 if d == 10 else 3
        self.atom_rank = np.where(s.anisotropic, 3, 1).astype(np.int32)
        self.mean_input = float(input_values(s).mean())
        self.dimension = max(int(s.rank.sum()) + (int(self.atom_rank.sum()) if self.atomic else 0), 1)
        self.hopeful = math.inf  # complementarity, in units of the tolerance, below which bounds are tried
        self.q_above = np.zeros((s.n_nodes, d * (d + 1) // 2))
        self.f_above = np.zeros((s.n_nodes, d))
        self.y = np.zeros((s.n_nodes, d))
        self.pulls = np.zeros((s.n_nodes, d))
        self.eta = np.zeros((s.n_nodes, d))
        self.w = np.ones((s.n_groups, 6))
        self.v = np.zeros((s.n_groups, 6, 6))
        self.dsigma = np.zeros((s.n_groups, 6, 6))
        self.dslack = np.zeros((s.n_groups, 6, 6))
        self.down = np.zeros((s.n_atoms, self.k, self.k))
        self.down_slack = np.zeros((s.n_atoms, self.k, self.k))

    def cold_start(self, omega_alpha: float) -> State:
        """Every group and atom with a twentieth of the mean input in each direction, slack = the penalty."""
        s = self.s
        inside = np.arange(6) < s.rank[:, None]
        eye = np.eye(6) * inside[:, None, :]
        own = np.eye(self.k) * (np.arange(self.k) < self.atom_rank[:, None])[:, None, :] * float(self.atomic)
        scale = 0.05 * self.mean_input
        return State(eye * scale, eye * omega_alpha, own * scale, own * omega_alpha)

    # -- one Newton step ------------------------------------------------------------------------------------
    def _fields(self, sigma: np.ndarray) -> np.ndarray:
        s, out = self.s, np.zeros_like(self.eta)
        for stage in reversed(s.stages):
            fields_down(
                stage, s.parent, s.cell_start, s.cell_groups, s.top, s.n_groups, s.origin, s.radius, s.basis,
                s.rank, s.d, sigma, out,
            )  # fmt: skip
        return out

    def _linearise(self, x: State) -> tuple[np.ndarray, np.ndarray]:
        """Fields and loss gradients at x into `y` and `pulls`; returns the atoms' terms of the bound."""
        self.y = self._fields(x.sigma)
        self.pulls, sums, tops = loss_pulls(self.s, self.y, x.own)
        return sums, tops

    def _newton(self, x: State, mu: float, alpha: np.ndarray, alpha_atom: float, beta: float, eps: float) -> bool:
        """The step towards complementarity mu into dsigma, dslack, down, down_slack; False on breakdown."""
        s = self.s
        failed = np.zeros(CHUNKS, np.int64)
        common = (
            s.xyz, s.u, s.anisotropic, s.weights, self.atomic, x.own, x.own_slack, self.y, x.sigma, x.slack,
            mu, alpha, alpha_atom, beta, eps, self.pulls, self.q_above, self.f_above, self.w, self.v,
        )  # fmt: skip
        for stage in s.stages:
            eliminate(
                stage, s.child_start, s.children, s.atom_start, s.origin, s.radius, s.basis, s.rank,
                s.n_groups, s.d, *common, failed,
            )  # fmt: skip
        if failed.any():
            return False
        if self.top.solve(
            x.sigma, x.slack, self.pulls, mu, alpha, beta, eps, self.q_above, self.f_above, self.w, self.v,
            self.eta, self.dsigma, self.dslack,
        ):  # fmt: skip
            return False
        for stage in reversed(s.stages):
            substitute(
                stage, s.parent, s.origin, s.radius, s.basis, s.rank, s.n_groups, s.d, s.atom_start,
                *common, self.eta, self.dsigma, self.dslack, self.down, self.down_slack,
            )  # fmt: skip
        if self.atomic and len(s.loose):
            self._loose_step(x, mu, alpha_atom, beta)
        return True

    def _loose_step(self, x: State, mu: float, alpha_atom: float, beta: float) -> None:
        """Steps of atoms that are in no group."""
        s = self.s
        zero, origin = np.zeros(s.d), np.zeros(3)
        rows, g36, s6 = np.zeros((6, s.d)), np.zeros((3, 6)), np.zeros((8, 6, 6))
        for a in s.loose:
            atom_step(
                s.xyz[a], origin, 1.0, s.d, s.anisotropic[a], s.u[a], s.weights[a], zero, zero, x.own[a],
                x.own_slack[a], mu, alpha_atom, beta, self.down[a], self.down_slack[a], rows, g36,
                np.zeros(6), np.zeros(6), np.zeros(6), s6,
            )  # fmt: skip

    def _advance(self, x: State) -> float:
        """Move x along the step as far as it stays positive definite; returns the length taken."""
        blocks = [(x.sigma, self.dsigma, self.s.rank), (x.slack, self.dslack, self.s.rank)]
        if self.atomic:
            blocks += [(x.own, self.down, self.atom_rank), (x.own_slack, self.down_slack, self.atom_rank)]
        out, length = np.ones(CHUNKS), 1.0
        for base, delta, rank in blocks:
            step_length(base, delta, rank, 0.95, 0.97, length, out)
            length = min(length, float(out.min()))
        for base, delta, _ in blocks:
            base += length * delta
        return length

    def complementarity(self, x: State) -> float:
        total = float(np.einsum("gij,gij->", x.sigma, x.slack))
        if self.atomic:
            total += float(np.einsum("gij,gij->", x.own, x.own_slack))
        return total / self.dimension

    # -- one penalty ----------------------------------------------------------------------------------------
    def solve(self, x: State, alpha, alpha_atom, beta, eps, tolerance: float) -> Point:
        """Move x (in place) until the best point's certificate is below `tolerance`, or rounding stops it.

        alpha: (G,) linear penalty of each group. The certified point is x with everything the net switches off
        set to exactly zero; the bound comes from the residuals of x itself. `history` holds F of the best point
        so far at each iteration.
        """
        best: Point | None = None
        bound = bound_eps = -math.inf
        history: list[float] = []
        centre: State | None = None
        goal = self.settings.centre * alpha_atom * self.mean_input
        mu, length, stalled, iteration = self.complementarity(x), 0.0, 0, 0
        value = math.inf  # F at x, epsilon term and all: what x is worth before anything is switched off
        sums, tops = self._linearise(x)
        while iteration < self.settings.max_iterations and stalled < 6:
            iteration += 1
            if centre is None:
                target = max(goal, 0.02 * mu)
            else:
                target = mu * (0.1 if length > 0.6 else (0.3 if length > 0.3 else 1.0))
            if centre is not None and value < math.inf:
                target = max(target, 0.1 * tolerance * abs(value) / self.dimension)
            if not self._newton(x, target, alpha, alpha_atom, beta, eps):
                break
            length = self._advance(x)
            mu = self.complementarity(x)
            sums, tops = self._linearise(x)
            value = self._value(x, sums, alpha, alpha_atom, beta, eps)
            if centre is None and length > 0.9 and mu < 2.0 * goal:
                centre = x.copy()
            left = mu * self.dimension / (tolerance * abs(value))
            if left > max(1e3, 1e-2 / tolerance) or (left > self.hopeful and tolerance >= 1e-4):
                continue
            point = self._clipped(x, mu, alpha, alpha_atom, beta, eps)
            if best is None or point.F_eps < best.F_eps:
                best = point
            history.append(best.F)
            found = dual_bound(self.s, self.pulls, sums, tops, alpha, alpha_atom, beta, eps, self.atomic)
            better = found[1] - bound_eps > 0.1 * (best.F_eps - found[1])
            stalled = 0 if better else stalled + 1
            bound, bound_eps = max(bound, found[0]), max(bound_eps, found[1])
            if max(best.F_eps - bound_eps, 0.0) <= tolerance * abs(best.F_eps):
                self.hopeful = 4.0 * max(left, 1.0)
                break
        if best is None:
            best = self._clipped(x, mu, alpha, alpha_atom, beta, eps)
            found = dual_bound(self.s, self.pulls, sums, tops, alpha, alpha_atom, beta, eps, self.atomic)
            bound, bound_eps, history = found[0], found[1], [best.F]
        best.D, best.D_eps, best.iterations, best.history = bound, bound_eps, iteration, history
        best.centre = centre
        return best

    def _value(self, x: State, sums: np.ndarray, alpha, alpha_atom, beta, eps) -> float:
        """F with the epsilon term at x, whose losses are in `sums`."""
        amplitude = np.trace(x.sigma, axis1=1, axis2=2)
        total = float(sums[:, 0].sum() + (alpha * amplitude).sum() + beta * (amplitude**2).sum())
        total += float(eps * (x.sigma**2).sum())
        if self.atomic:
            own = np.trace(x.own, axis1=1, axis2=2) / self.atom_rank
            total += float(alpha_atom * own.sum() + beta * (own**2).sum())
        return total

    def _clipped(self, x: State, mu: float, alpha, alpha_atom, beta, eps) -> Point:
        """x with everything the net switches off set to exactly zero.

        On the central path covariance and slack share eigenvectors and multiply to mu: off is what is small
        where its slack is large, in units of the mean input and of the penalty.
        """
        limit = math.sqrt(0.1 * mu * self.mean_input / alpha_atom)
        sigma, own = x.sigma.copy(), x.own.copy()
        sigma[np.trace(sigma, axis1=1, axis2=2) < limit] = 0.0
        if self.atomic:
            own[np.trace(own, axis1=1, axis2=2) < limit] = 0.0
        return self.point(sigma, own, alpha, alpha_atom, beta, eps)

    def point(self, sigma, own, alpha, alpha_atom, beta, eps) -> Point:
        """Objective and amplitudes of any model."""
        y = self._fields(sigma)
        values = objective(self.s, y, sigma, own, alpha, alpha_atom, beta, eps, self.atomic)
        return Point(sigma, own, values["amplitude"], values["own_amplitude"], values["F"], values["F_eps"],
                     values["loss"])  # fmt: skip

    def bound(self, point: Point, alpha, alpha_atom, beta, eps) -> tuple[float, float]:
        """The dual bound that the residuals of a point give, without and with the epsilon term."""
        pulls, sums, tops = loss_pulls(self.s, self._fields(point.sigma), point.own)
        return dual_bound(self.s, pulls, sums, tops, alpha, alpha_atom, beta, eps, self.atomic)

    # -- what a point says ----------------------------------------------------------------------------------
    def level_weights(self) -> np.ndarray:
        """(G,) dB/dA: mean B (Å²) over all atoms that one unit of a group's amplitude makes."""
        return EIGHT_PI2 * self.s.size / self.s.n_atoms

    def mean_b(self, point: Point) -> list[float]:
        """Mean B (Å²) of each level over all atoms, the atomic level last if there is one."""
        share = self.level_weights() * point.amplitude
        out = [float(share[self.s.level == k].sum()) for k in range(len(self.problem.labels))]
        if self.atomic:
            out.append(float(EIGHT_PI2 * point.own_amplitude.mean()))
        return out

    def mean_b_bound(self, point: Point, beta: float) -> list[float]:
        """How far (Å²) each level's mean B can be from the optimum's: Ob sum (A - A*)^2 <= gap, and Cauchy."""
        radius = math.sqrt(max(point.F_eps - point.D_eps, 0.0) / beta)
        weight = self.level_weights()
        out = [radius * float(np.sqrt((weight[self.s.level == k] ** 2).sum())) for k in range(len(self.problem.labels))]
        if self.atomic:
            out.append(radius * EIGHT_PI2 / math.sqrt(self.s.n_atoms))
        return out

    def residual_rms_b(self, point: Point) -> float:
        """RMS over atoms of 8 pi^2 (Tr U_in - Tr U) / 3, Å²."""
        difference = atom_losses(self.s, self._fields(point.sigma), point.own)[:, 1]
        return float(EIGHT_PI2 * np.sqrt(np.mean(difference**2)))

    def penalties(self, n: int) -> tuple[np.ndarray, float, float, float]:
        """(alpha (G,), omega_alpha, omega_beta, epsilon) of step n = 1, 2, ..."""
        p = self.settings
        omega = p.omega_first * p.delta ** (n - 1)
        alpha, beta = p.gamma * omega, (1.0 - p.gamma) * omega
        return np.full(self.s.n_groups, alpha), alpha, beta, p.epsilon * beta

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
            alphas, alpha, beta, eps = self.penalties(k)
            x = self.cold_start(alpha) if point is None else self.start_near(point, 4.0 * alpha)
            point = self.solve(x, alphas, alpha, beta, eps, tolerance if k == n else 1e-3)
        assert point is not None
        return point

    def solve_step(self, n: int, centre: State | None, tolerance: float) -> tuple[Step, Point]:
        """One certified step of the path; where a warm start does not get there, it is reached without one."""
        begin = time.perf_counter()
        alphas, alpha, beta, eps = self.penalties(n)
        point = self.solve(self.start_from(centre, alpha), alphas, alpha, beta, eps, tolerance)
        if point.centre is None or point.certificate > 1e-3:
            other = self.reach(n, tolerance)
            if other.certificate < point.certificate or point.centre is None:
                point = other
        step = Step(
            n, alpha, beta, point.F, point.D, point.certificate, self.mean_b(point),
            self.mean_b_bound(point, beta), self.residual_rms_b(point), point.iterations, point.history,
            time.perf_counter() - begin,
        )  # fmt: skip
        return step, point

    def fit(
        self,
        progress: Callable[[Step, Point], None] | None = None,
        steps: list[Step] | None = None,
        centre: State | None = None,
    ) -> tuple[list[Step], Point]:
        """The whole path to its stopping rule; `steps` and `centre` of an interrupted one go on where it stopped."""
        p = self.settings
        steps = list(steps or [])
        if centre is not None:
            self.hopeful = centre.hopeful
        while True:
            previous = centre
            step, point = self.solve_step(len(steps) + 1, centre, p.tolerance)
            centre = point.centre
            if centre is not None:
                centre.hopeful = self.hopeful
            last = steps[-1].mean_b if steps else None
            steps.append(step)
            change = (
                max((abs(a - b) for a, b in zip(step.mean_b, last, strict=True)), default=0.0) if last else math.inf
            )
            done = change < p.stop_change_b and step.residual_rms_b < p.stop_residual_b
            done = done or len(steps) >= p.max_steps or step.F == 0.0
            if done and step.certificate > p.final_tolerance:
                steps[-1], point = self.solve_step(len(steps), previous, p.final_tolerance)
            if done:
                point.centre = None
            if progress:
                progress(steps[-1], point)
            if done:
                return steps, point
