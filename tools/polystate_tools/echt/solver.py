"""The ECHT fit: a convex problem at each penalty, solved by an interior-point method along the penalty path.

Primal-dual, Nesterov-Todd scaling; every iterate has all covariances strictly positive definite, the linear
algebra is one elimination over the hierarchy (`newton`, `top`). The point reached at one penalty starts the next. A step
ends when its certificate (F - D) / F, D the dual bound of `bound`, is small enough.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .bound import dual_bound, loss_pulls, objective
from .newton import CHUNKS, atom_step, eliminate, fields_down, step_length, substitute
from .structure import Problem, Structure, build
from .top import Top

import os; SH=float(os.environ.get('SH','0.1'))
EIGHT_PI2 = 8.0 * math.pi**2


@dataclass(frozen=True)
class Settings:
    """Numbers of the method; defaults are the paper's where it has one."""

    omega_first: float = 100.0
    delta: float = 0.8
    gamma: float = 0.9
    epsilon: float = 1e-4  # in units of omega_beta
    tolerance: float = 2e-4  # certificate at each step
    centre: float = 0.3  # a step starts where the gap of the last one was this part of F
    final_tolerance: float = 1e-8  # certificate of the last step
    max_steps: int = 90
    min_steps: int = 1
    stop_change_b: float = 0.05  # Å², mean B of any level
    stop_residual_b: float = 0.5  # Å², RMS
    max_iterations: int = 200


@dataclass
class State:
    """Interior point: group covariances and slacks (G, 6, 6), atomic ones (N, 1, 1) or (N, 3, 3)."""

    sigma: np.ndarray
    slack: np.ndarray
    own: np.ndarray
    own_slack: np.ndarray

    def copy(self) -> State:
        return State(self.sigma.copy(), self.slack.copy(), self.own.copy(), self.own_slack.copy())


@dataclass
class Step:
    """One certified step of the path. Mean B in Å² over all atoms, one a level and the atomic level last."""

    n: int
    omega_alpha: float
    omega_beta: float
    objective: float
    bound: float
    certificate: float
    mean_b: list[float]
    residual_rms_b: float
    iterations: int
    history: list[float]
    gap_eps: float
    seconds: float


class Solver:
    """The path of one `Problem`."""

    def __init__(self, problem: Problem, settings: Settings | None = None, structure: Structure | None = None):
        self.settings = settings or Settings()
        self.problem = problem
        self.s = structure or build(problem)
        self.top = Top(self.s)
        self.atomic = problem.atomic
        self.k = 1 if self.s.d == 10 else 3
        s, k = self.s, self.k
        self.atom_rank = np.where(s.anisotropic, 3, 1).astype(np.int32)
        d = s.d
        self.q_above = np.zeros((s.n_nodes, d * (d + 1) // 2))
        self.f_above = np.zeros((s.n_nodes, d))
        self.y = np.zeros((s.n_nodes, d))
        self.eta = np.zeros((s.n_nodes, d))
        self.w = np.ones((s.n_groups, 6))
        self.v = np.zeros((s.n_groups, 6, 6))
        self.dsigma = np.zeros((s.n_groups, 6, 6))
        self.dslack = np.zeros((s.n_groups, 6, 6))
        self.down = np.zeros((s.n_atoms, k, k))
        self.down_slack = np.zeros((s.n_atoms, k, k))
        self.dimension = int(s.rank.sum()) + (int(self.atom_rank.sum()) if self.atomic else 0)

    # -- starting points ------------------------------------------------------------------------------------
    def cold_start(self, omega_alpha: float) -> State:
        s = self.s
        scale = 0.3 * float(_mean_value(s)) / 6.0
        eye = np.zeros((s.n_groups, 6, 6))
        for g, r in enumerate(s.rank):
            eye[g, :r, :r] = np.eye(r)
        own = np.zeros((s.n_atoms, self.k, self.k))
        for a in range(self.k):
            own[:, a, a] = self.atom_rank > a
        own *= float(self.atomic)
        return State(eye * scale, eye * omega_alpha, own * scale, own * omega_alpha)

    # -- one Newton step ------------------------------------------------------------------------------------
    def _fields(self, sigma: np.ndarray, out: np.ndarray) -> None:
        s = self.s
        for stage in reversed(s.stages):
            fields_down(
                stage, stage, s.parent, s.cell_start, s.cell_groups, s.top, s.n_groups, s.origin, s.radius,
                s.basis, s.rank, s.d, sigma, out,
            )  # fmt: skip

    def _newton(self, x: State, mu: float, alpha: np.ndarray, alpha_atom: float, beta: float, eps: float) -> int:
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
        broken = int(failed.sum())
        if broken:
            return broken
        broken = self.top.solve(
            x.sigma, x.slack, self.pulls, mu, alpha, beta, eps, self.q_above, self.f_above, self.w, self.v, self.eta,
            self.dsigma, self.dslack,
        )  # fmt: skip
        for stage in reversed(s.stages):
            substitute(
                stage, s.parent, s.origin, s.radius, s.basis, s.rank, s.n_groups, s.d, s.atom_start,
                *common, self.eta, self.dsigma, self.dslack, self.down, self.down_slack,
            )  # fmt: skip
        if self.atomic and len(s.loose):
            self._loose(x, mu, alpha_atom, beta)
        return broken

    def _loose(self, x: State, mu: float, alpha_atom: float, beta: float) -> None:
        s = self.s
        zero, origin = np.zeros(s.d), np.zeros(3)
        scratch = (np.zeros((6, s.d)), np.zeros((3, 6)), np.zeros(6), np.zeros(6), np.zeros(6), np.zeros((8, 6, 6)))
        for a in s.loose:
            atom_step(
                s.xyz[a], origin, 1.0, s.d, s.anisotropic[a], s.u[a], s.weights[a], zero, zero, x.own[a],
                x.own_slack[a], mu, alpha_atom, beta, self.down[a], self.down_slack[a], *scratch,
            )  # fmt: skip

    def _longest(self, x: State) -> float:
        out = np.ones(CHUNKS)
        alpha = 1.0
        blocks = [(x.sigma, self.dsigma, self.s.rank), (x.slack, self.dslack, self.s.rank)]
        if self.atomic:
            blocks += [(x.own, self.down, self.atom_rank), (x.own_slack, self.down_slack, self.atom_rank)]
        for base, delta, rank in blocks:
            step_length(base, delta, rank, 0.95, 0.9, alpha, out)
            alpha = min(alpha, float(out.min()))
        return alpha

    def complementarity(self, x: State) -> float:
        total = float(np.einsum("gij,gij->", x.sigma, x.slack))
        if self.atomic:
            total += float(np.einsum("gij,gij->", x.own, x.own_slack))
        return total / max(self.dimension, 1)

    # -- one penalty ----------------------------------------------------------------------------------------
    def solve(self, x: State, alpha, alpha_atom, beta, eps, tolerance, verbose=False) -> tuple[dict, int, list]:
        """Move `x` (in place) until the best point's certificate is below `tolerance`.

        The certified point is `x` with everything the net switches off set to exactly zero; the bound comes from
        the residuals of `x` itself. The history holds F of the best point so far at each iteration.
        """
        best: dict | None = None
        bound = bound_eps = -math.inf
        history: list[float] = []
        mu = self.complementarity(x)
        length = 0.0
        goal = self.settings.centre * alpha_atom * _mean_value(self.s)
        iteration = 0
        centre: State | None = None
        sums, tops = self._linearise(x)
        while iteration < self.settings.max_iterations:
            iteration += 1
            if centre is None:
                target = goal
            elif length > 0.6:
                target = mu * SH
            else:
                target = mu * (0.3 if length > 0.3 else 1.0)
            if best is not None:
                target = max(target, 0.2 * tolerance * best["F"] / self.dimension)
            if self._newton(x, target, alpha, alpha_atom, beta, eps):
                break
            length = self._longest(x)
            x.sigma += length * self.dsigma
            x.slack += length * self.dslack
            if self.atomic:
                x.own += length * self.down
                x.own_slack += length * self.down_slack
            mu = self.complementarity(x)
            sums, tops = self._linearise(x)
            point = self._clipped(x, mu, alpha, alpha_atom, beta, eps)
            if best is None or point["F_eps"] < best["F_eps"]:
                best = point
            history.append(best["F"])
            if centre is None and length > 0.9:
                centre = x.copy()
            if mu * self.dimension > 1e3 * tolerance * best["F"]:
                continue
            found = dual_bound(self.s, self.pulls, sums, tops, alpha, alpha_atom, beta, eps, self.atomic)
            bound, bound_eps = max(bound, found[0]), max(bound_eps, found[1])
            if verbose:
                print(f"  {iteration} mu {mu:.2e} length {length:.2f} F {best['F']:.8g}"
                      f" {1 - bound / best['F']:.2e} {1 - bound_eps / best['F_eps']:.2e}")
            if best["F_eps"] - bound_eps <= tolerance * best["F_eps"]:
                break
        if best is None:
            raise FloatingPointError("no step of the interior-point method could be taken")
        best["D"], best["D_eps"] = bound, bound_eps
        best["centre"] = centre or x.copy()
        return best, iteration, history

    def _linearise(self, x: State) -> tuple[np.ndarray, np.ndarray]:
        """Fields and loss gradients (`self.y`, `self.pulls`) at x; returns the atoms' terms of the bound."""
        self._fields(x.sigma, self.y)
        self.pulls, sums, tops = loss_pulls(self.s, self.y, x.own)
        return sums, tops

    def _field(self, sigma: np.ndarray) -> np.ndarray:
        y = np.zeros_like(self.y)
        self._fields(sigma, y)
        return y

    def _clipped(self, x: State, mu: float, alpha, alpha_atom, beta, eps) -> dict:
        """The point with everything the net switches off set to exactly zero.

        On the central path covariance and slack share eigenvectors and multiply to mu: off is what is small
        where its slack is large, in units of the mean input and of the penalty.
        """
        limit = math.sqrt(0.1 * mu * _mean_value(self.s) / alpha_atom)
        sigma, own = x.sigma.copy(), x.own.copy()
        sigma[np.trace(sigma, axis1=1, axis2=2) < limit] = 0.0
        if self.atomic:
            own[np.trace(own, axis1=1, axis2=2) < limit] = 0.0
        out = objective(self.s, self._field(sigma), sigma, own, alpha, alpha_atom, beta, eps, self.atomic)
        out["sigma"], out["own"] = sigma, own
        return out

    def mean_b(self, result: dict) -> list[float]:
        """Mean B (Å²) of each level over all atoms, the atomic level last if there is one."""
        s = self.s
        share = s.size * result["amplitude"] / s.n_atoms
        out = [float(EIGHT_PI2 * share[s.level == k].sum()) for k in range(len(self.problem.labels))]
        if self.atomic:
            out.append(float(EIGHT_PI2 * result["own_amplitude"].mean()))
        return out

    def residual_rms_b(self, result: dict) -> float:
        """RMS over atoms of 8 pi^2 (Tr U_in - Tr U) / 3, Å²."""
        q = self.values(result["sigma"], result["own"])
        return float(EIGHT_PI2 * np.sqrt(np.mean((q - _input_values(self.s)) ** 2)))

    def values(self, sigma: np.ndarray, own: np.ndarray) -> np.ndarray:
        """(N,) Tr U / 3 of the model, canonical order."""
        from .model import atom_covariances

        u = atom_covariances(self.s, sigma, own)
        return (u[:, 0] + u[:, 1] + u[:, 2]) / 3.0

    # -- the path -------------------------------------------------------------------------------------------
    def path(self, progress: Callable[[Step], None] | None = None, verbose=False) -> tuple[list[Step], dict]:
        p = self.settings
        steps: list[Step] = []
        result: dict = {}
        x = None
        previous: list[float] | None = None
        for n in range(1, p.max_steps + 1):
            begin = time.perf_counter()
            omega = p.omega_first * p.delta ** (n - 1)
            alpha, beta = p.gamma * omega, (1.0 - p.gamma) * omega
            eps = p.epsilon * beta
            if x is None:
                x = self.cold_start(alpha)
            else:
                x = result["centre"]
                x.slack *= p.delta
                x.own_slack *= p.delta
            alphas = np.full(self.s.n_groups, alpha)
            result, iterations, history = self.solve(x, alphas, alpha, beta, eps, p.tolerance, verbose)
            mean = self.mean_b(result)
            rms = self.residual_rms_b(result)
            steps.append(
                Step(
                    n, alpha, beta, result["F"], result["D"], (result["F"] - result["D"]) / result["F"], mean, rms,
                    iterations, history, result["F_eps"] - result["D_eps"], time.perf_counter() - begin,
                )  # fmt: skip
            )
            if progress:
                progress(steps[-1])
            change = max(abs(a - b) for a, b in zip(mean, previous, strict=True)) if previous else math.inf
            previous = mean
            if n >= p.min_steps and change < p.stop_change_b and rms < p.stop_residual_b:
                break
        return steps, result


def _input_values(s: Structure) -> np.ndarray:
    """(N,) Tr U_in / 3, canonical order."""
    return np.where(s.anisotropic, s.u[:, :3].sum(axis=1) / 3.0, s.u[:, 0])


def _mean_value(s: Structure) -> float:
    return float(_input_values(s).mean())


@dataclass
class PathResult:
    steps: list[Step] = field(default_factory=list)
