"""Objective and dual bound: how far, at most, any solver could still get below the fit at hand.

The problem, in scaled motions (A_g = Tr Sigma_g, Sigma_g >= 0; p_a the model's value at atom a):

    F = sum_a kappa_a/2 |u_a - p_a|^2 + Oa (sum A_g + sum A_a) + Ob (sum A_g^2 + sum A_a^2)  [+ eps sum |Sigma_g|^2]

with kappa = 6 w for an isotropic atom (scalar, p = Tr U / 3), 2 w for an anisotropic one (Frobenius norm).
For any v_a, kappa/2 |r|^2 >= <v, r> - |v|^2 / (2 kappa). So with R_g = J_g^T v the pull of v on group g,

    F >= sum_a <v_a, u_a> - |v_a|^2 / (2 kappa_a) - sum_g N*(R_g) - sum_a N*_a(v_a) =: D(v),
    N*(R) = max over Sigma >= 0 of <R, Sigma> - Oa A - Ob A^2 [- eps |Sigma|^2].

Because Ob > 0 the maximum is finite for every R: no scaling into a feasible set is needed, any residual is a
dual point. Only eigenvalues matter (<R, Sigma> <= sum of products of sorted eigenvalues): without eps
N*(R) = (lambda_max(R) - Oa)_+^2 / (4 Ob). With eps, k leading eigenvalues are active and
Lambda = sum_{i<=k} (lambda_i - Oa) / (2 eps + 2 k Ob), value 1/2 sum (lambda_i - Oa) x_i,
x_i = (lambda_i - Oa - 2 Ob Lambda) / (2 eps). For an atom: isotropic (v - Oa)_+^2 / (4 Ob); anisotropic
(3 lambda_max(V) - Oa)_+^2 / (4 Ob). We take v = theta kappa r with the residual r of the fit and the best of a few
theta. D(v) <= F*: F - D bounds the distance to the optimum, and since F is strongly convex in
the amplitudes, Ob sum (A - A*)^2 <= F - D.
"""

from __future__ import annotations

import numpy as np

from .groups import add_pull, gather_basis, gather_rows
from .lanes import LANES, choose, lanes_of
from .linalg6 import jit, part
from .linalg_lanes import eigen_lanes
from .linear import Linear
from .records import Penalty
from .structure import Structure
from .threads import Threads, take

THETAS = (0.97, 1.0, 1.02)  # scales of the residual that are tried, and one between: D is concave in theta


@jit
def _eigenvalues(turn, work, forest, pulls, threshold, out):
    """Eigenvalues of basis^T pull basis, descending; -inf beyond the rank and where none can exceed threshold.

    Eight groups are a piece."""
    nodes, held = work.nodes, work.squares8
    m, rows, lines = lanes_of(held), lanes_of(work.rows8), lanes_of(work.lines8)
    start = take(turn) * LANES
    while start < forest.n_groups:
        count = min(LANES, forest.n_groups - start)
        for lane in range(LANES):
            nodes[lane] = start + min(lane, count - 1)
            work.lines8[0, 0, lane] = threshold[nodes[lane]]
        gather_basis(forest, nodes, held[0])
        gather_rows(pulls, nodes, work.rows8[0])
        square = _pulled(rows[0], m[0], forest.tensor, m[1], m[2], m[3])
        lines[0, 1] = choose(square, lines[0, 0] * lines[0, 0], 1.0, 0.0)
        eigen_lanes(m[1], len(m[1]), m[2], lines[0, 1])
        for lane in range(count):
            row, rank = out[nodes[lane]], forest.rank[nodes[lane]]
            for i in range(6):
                row[i] = -np.inf
            if work.lines8[0, 1, lane] == 0.0:
                continue
            for i in range(rank):
                x = held[1, i, i, lane]
                j = i
                while j > 0 and row[j - 1] < x:
                    row[j] = row[j - 1]
                    j -= 1
                row[j] = x
        start = take(turn) * LANES


@part
def _pulled(pulls, basis, tensor, out, b1, b2):
    """out = basis^T pull basis; returns the sum of its squares."""
    n = len(out)
    square = 0.0 * pulls[0]
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
    add_pull(pulls, basis, tensor, out, b1, b2)
    for i in range(n):
        for j in range(n):
            square += out[i, j] * out[i, j]
    return square


def _leading(s: Structure, pulls: np.ndarray, penalty: Penalty, threads: Threads) -> np.ndarray:
    """(G, 6) eigenvalues of the pull on each group, descending; -inf where none can be above half of the penalty."""
    out = np.empty((s.n_groups, 6))
    threads.run(_eigenvalues, s.n_groups // LANES, s.forest, pulls, np.maximum(0.5 * penalty.alpha, 0.0), out)
    return out


def _conjugate(values: np.ndarray, alpha: np.ndarray, beta: float, eps: float) -> float:
    """sum over groups of N*: values (G, 6) descending eigenvalues, alpha (G,)."""
    excess = values - alpha[:, None]
    best = excess[:, 0] > 0
    if not best.any():
        return 0.0
    x = excess[best]
    if eps == 0.0:
        return float((x[:, 0] ** 2).sum() / (4 * beta))
    x = np.where(np.isfinite(x), x, -1e300)
    k = np.arange(1, 7)
    total = np.cumsum(np.where(x > 0, x, 0.0), axis=1) / (2 * eps + 2 * k * beta)
    active = x > 2 * beta * total  # eigenvalue k is active iff it exceeds the threshold of the k leading ones
    count = np.maximum(active.sum(axis=1), 1)
    level = total[np.arange(len(x)), count - 1]
    use = k <= count[:, None]
    with np.errstate(over="ignore"):  # far from the optimum: a bound of minus infinity, which is none
        size = np.where(use, (x - 2 * beta * level[:, None]) / (2 * eps), 0.0)
        return float(0.5 * np.where(use, x * size, 0.0).sum())


def objective(s: Structure, at: Linear, sigma, own, penalty: Penalty) -> dict:
    """F, F with the epsilon term, the loss and the amplitudes of the point (sigma, own), linearised."""
    amplitude, own_amplitude = np.einsum("gii->g", sigma), np.einsum("gii->g", own)
    own_amplitude[s.anisotropic] /= 3.0
    loss = float(at.sums[0].sum())
    total = loss + float((penalty.alpha * amplitude).sum() + penalty.beta * (amplitude**2).sum())
    if s.atomic:
        total += float(penalty.alpha_atom * own_amplitude.sum() + penalty.beta * (own_amplitude**2).sum())
    return {
        "F": total, "F_eps": total + penalty.eps * float(np.einsum("gij,gij->", sigma, sigma)), "loss": loss,
        "amplitude": amplitude, "own_amplitude": own_amplitude,
    }  # fmt: skip


def dual_bound(s: Structure, at: Linear, penalty: Penalty, threads: Threads) -> tuple[float, float]:
    """D for the problem without and with the epsilon term, from the residuals of a point."""
    values, tops = _leading(s, at.pulls, penalty, threads), at.tops
    linear, loss = float(at.sums[1].sum()), float(at.sums[0].sum())
    asked = np.maximum(THETAS[0] * values[:, 0], THETAS[-1] * values[:, 0]) > penalty.alpha  # others add nothing
    values, alpha, over_atom = values[asked], penalty.alpha[asked], tops[THETAS[-1] * tops > penalty.alpha_atom]

    def dual(theta: float, ridge: float) -> float:
        out = theta * linear - theta * theta * loss - _conjugate(theta * values, alpha, penalty.beta, ridge)
        if s.atomic:
            over = theta * over_atom - penalty.alpha_atom
            out -= float((over[over > 0] ** 2).sum() / (4 * penalty.beta))
        return out

    tried = {theta: dual(theta, penalty.eps) for theta in THETAS}
    vertex = _vertex(*zip(*tried.items(), strict=True))
    tried[vertex] = dual(vertex, penalty.eps)
    best = max(tried, key=lambda theta: tried[theta])
    return max(dual(best, 0.0), dual(1.0, 0.0)), tried[best]


def headroom(s: Structure, at: Linear, penalty: Penalty, threads: Threads) -> float:
    """By how much, at most, smaller penalties could lower the loss of a point, not counting what its own amplitudes
    lose.

    The loss is convex: a model of amplitudes A' lowers it by no more than sum of lambda_max(R_g) A'_g. As the levels
    together explain no more than the input at an atom, that is at most the level's for which it would be the most."""
    slope = np.maximum(
        _leading(s, at.pulls, penalty, threads)[:, 0], 0.5 * penalty.alpha
    )  # below half of the penalty they are not computed
    given = np.where(s.anisotropic, s.u[:, :3].sum(axis=1) / 3.0, s.u[:, 0])
    found = [float((np.maximum(at.tops, 0.0) * given).sum())] if s.atomic else [0.0]
    for level, group in enumerate(s.group_of):
        inside = group >= 0
        mean = np.bincount(group[inside], given[inside], minlength=s.n_groups) / np.maximum(s.size, 1)
        found.append(float((slope * mean)[s.level == level].sum()))
    return max(found)


def _vertex(x: tuple[float, ...], y: tuple[float, ...]) -> float:
    """Where the parabola through three points (x ascending) has its maximum, between them; the second if nowhere."""
    before, after = (y[1] - y[0]) / (x[1] - x[0]), (y[2] - y[1]) / (x[2] - x[1])
    bend = (after - before) / (x[2] - x[0])
    if not bend < 0.0:
        return x[1]
    return min(max(0.5 * (x[0] + x[1]) - 0.5 * before / bend, x[0]), x[2])
