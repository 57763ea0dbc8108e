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
(3 lambda_max(V) - Oa)_+^2 / (4 Ob). We take v = theta kappa r with the residual r of the fit and the best theta
(D is concave in theta). D(v) <= F*: F - D bounds the distance to the optimum, and since F is strongly convex in
the amplitudes, Ob sum (A - A*)^2 <= F - D.
"""

from __future__ import annotations

import numpy as np

from .atoms import from_voigt, residual
from .fields import atom_rows, pull, shift
from .linalg6 import eigen_symmetric, jit
from .newton import CHUNKS, numba, parallel


@parallel
def _atoms_up(
    stage, child_start, children, atom_start, origin, radius, d, xyz, u, aniso, weights, s, y, pulls, sums, tops
):
    """Pulls of v = kappa r on the fields of a stage's nodes (leaves first), and each atom's share of F and D.

    sums[a] = (kappa/2 |r|^2, <v, u>); tops[a] = v, or 3 lambda_max(V).
    """
    count = len(stage)
    for chunk in numba.prange(CHUNKS):
        t = np.empty((d, d))
        g6 = np.empty((6, 6))
        g36 = np.empty((3, 6))
        rows = np.zeros((6, d))
        rho = np.empty(6)
        for index in range(chunk * count // CHUNKS, (chunk + 1) * count // CHUNKS):
            n = stage[index]
            for i in range(d):
                pulls[n, i] = 0.0
            for a in range(atom_start[n], atom_start[n + 1]):
                atom_rows(
                    (xyz[a, 0] - origin[n, 0]) / radius[n],
                    (xyz[a, 1] - origin[n, 1]) / radius[n],
                    (xyz[a, 2] - origin[n, 2]) / radius[n],
                    d, aniso[a], rows, g36,
                )  # fmt: skip
                residual(u[a], rows, y[n], s[a], d, aniso[a], rho)
                atom_terms(rho, u[a], aniso[a], weights[a], sums[a], tops, a, g6, g36)
                kappa = (2.0 if aniso[a] else 6.0) * weights[a]
                for k in range(6 if aniso[a] else 1):
                    for i in range(d):
                        pulls[n, i] += kappa * rho[k] * rows[k, i]
            for k in range(child_start[n], child_start[n + 1]):
                m = children[k]
                shift(origin[n], radius[n], origin[m], radius[m], d, t, g6)
                for i in range(d):
                    for j in range(d):
                        pulls[n, j] += t[i, j] * pulls[m, i]


@jit
def atom_terms(rho, u, is_aniso, weight, sums, tops, a, m, vectors):
    """Objective and dual terms of one atom with residual rho."""
    if not is_aniso:
        v = 6.0 * weight * rho[0]
        sums[0] = 3.0 * weight * rho[0] * rho[0]
        sums[1] = v * u[0]
        tops[a] = v
        return
    square = 0.0
    product = 0.0
    for k in range(6):
        square += rho[k] * rho[k]
        product += rho[k] * u[k]
    sums[0] = weight * square
    sums[1] = 2.0 * weight * product
    from_voigt(rho, m)
    eigen_symmetric(m, 3, vectors)
    tops[a] = 6.0 * weight * max(m[0, 0], m[1, 1], m[2, 2])


@jit
def _loose_atoms(loose, u, aniso, weights, s, sums, tops):
    rows = np.zeros((6, 1))
    y = np.zeros(1)
    rho = np.empty(6)
    m = np.empty((6, 6))
    vectors = np.empty((6, 6))
    for k in range(len(loose)):
        a = loose[k]
        residual(u[a], rows, y, s[a], 1, aniso[a], rho)
        atom_terms(rho, u[a], aniso[a], weights[a], sums[a], tops, a, m, vectors)


@jit
def _top_pulls(n_groups, cell_start, cell_groups, top, origin, radius, d, pulls):
    g6 = np.empty((6, 6))
    t = np.empty((d, d))
    for k in range(len(top)):
        for i in range(d):
            pulls[top[k], i] = 0.0
    for c in range(len(cell_start) - 1):
        node = n_groups + c
        for k in range(cell_start[c], cell_start[c + 1]):
            g = top[cell_groups[k]]
            shift(origin[g], radius[g], origin[node], radius[node], d, t, g6)
            for i in range(d):
                for j in range(d):
                    pulls[g, j] += t[i, j] * pulls[node, i]


@parallel
def _eigenvalues(pulls, basis, rank, d, threshold, out):
    """Eigenvalues of basis^T pull basis, descending; -inf beyond the rank and where none can exceed threshold."""
    count = len(out)
    for chunk in numba.prange(CHUNKS):
        r6 = np.empty((6, 6))
        m = np.empty((6, 6))
        v = np.empty((6, 6))
        for g in range(chunk * count // CHUNKS, (chunk + 1) * count // CHUNKS):
            r = rank[g]
            pull(pulls[g], d, r6)
            for i in range(6):
                for j in range(r):
                    total = 0.0
                    for k in range(6):
                        total += r6[i, k] * basis[g, k, j]
                    v[i, j] = total
            bound = 0.0
            for i in range(r):
                for j in range(r):
                    total = 0.0
                    for k in range(6):
                        total += basis[g, k, i] * v[k, j]
                    m[i, j] = total
                    bound += total * total
            for i in range(6):
                out[g, i] = -np.inf
            if bound < threshold[g] * threshold[g]:
                continue
            eigen_symmetric(m, r, v)
            for i in range(r):
                x = m[i, i]
                j = i
                while j > 0 and out[g, j - 1] < x:
                    out[g, j] = out[g, j - 1]
                    j -= 1
                out[g, j] = x


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
    size = np.where(use, (x - 2 * beta * level[:, None]) / (2 * eps), 0.0)
    return float(0.5 * np.where(use, x * size, 0.0).sum())


@parallel
def _losses(stage, atom_start, origin, radius, d, xyz, u, aniso, weights, s, y, out):
    """out[a] = (kappa/2 |r|^2, Tr r / 3) of the atoms attached to a stage's nodes."""
    count = len(stage)
    for chunk in numba.prange(CHUNKS):
        g36 = np.empty((3, 6))
        rows = np.zeros((6, d))
        rho = np.empty(6)
        for index in range(chunk * count // CHUNKS, (chunk + 1) * count // CHUNKS):
            n = stage[index]
            for a in range(atom_start[n], atom_start[n + 1]):
                atom_rows(
                    (xyz[a, 0] - origin[n, 0]) / radius[n],
                    (xyz[a, 1] - origin[n, 1]) / radius[n],
                    (xyz[a, 2] - origin[n, 2]) / radius[n],
                    d, aniso[a], rows, g36,
                )  # fmt: skip
                residual(u[a], rows, y[n], s[a], d, aniso[a], rho)
                if aniso[a]:
                    total = 0.0
                    for k in range(6):
                        total += rho[k] * rho[k]
                    out[a, 0] = weights[a] * total
                    out[a, 1] = (rho[0] + rho[1] + rho[2]) / 3.0
                else:
                    out[a, 0] = 3.0 * weights[a] * rho[0] * rho[0]
                    out[a, 1] = rho[0]


def atom_losses(s, y, own) -> np.ndarray:
    """(N, 2): kappa/2 |r|^2 and Tr r / 3 of each atom's residual r at a point with fields y."""
    out = np.zeros((s.n_atoms, 2))
    for stage in s.stages:
        _losses(stage, s.atom_start, s.origin, s.radius, s.d, s.xyz, s.u, s.anisotropic, s.weights, own, y, out)
    if len(s.loose):
        sums, tops = np.zeros((s.n_atoms, 2)), np.zeros(s.n_atoms)
        _loose_atoms(s.loose, s.u, s.anisotropic, s.weights, own, sums, tops)
        out[s.loose, 0] = sums[s.loose, 0]
        at = s.loose[~s.anisotropic[s.loose]]
        out[at, 1] = s.u[at, 0] - own[at, 0, 0]
        at = s.loose[s.anisotropic[s.loose]]
        out[at, 1] = (s.u[at, :3].sum(axis=1) - np.trace(own[at], axis1=1, axis2=2)) / 3.0
    return out


def objective(s, y, sigma, own, alpha, alpha_atom, beta, eps, atomic: bool) -> dict:
    """F, F with the epsilon term, the loss and the amplitudes of the point (sigma, own) with fields y."""
    losses = atom_losses(s, y, own)[:, 0]
    amplitude = np.trace(sigma, axis1=1, axis2=2)
    own_amplitude = np.trace(own, axis1=1, axis2=2)
    own_amplitude[s.anisotropic] /= 3.0
    loss = float(losses.sum())
    total = loss + float((alpha * amplitude).sum() + beta * (amplitude**2).sum())
    if atomic:
        total += float(alpha_atom * own_amplitude.sum() + beta * (own_amplitude**2).sum())
    return {
        "F": total, "F_eps": total + float(eps * (sigma**2).sum()), "loss": loss,
        "amplitude": amplitude, "own_amplitude": own_amplitude,
    }  # fmt: skip


def loss_pulls(s, y, own) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(pulls (nodes, d), sums (N, 2), tops (N,)) of v = kappa r at a point with fields y."""
    pulls = np.zeros((s.n_nodes, s.d))
    sums = np.zeros((s.n_atoms, 2))
    tops = np.zeros(s.n_atoms)
    for stage in s.stages:
        _atoms_up(
            stage, s.child_start, s.children, s.atom_start, s.origin, s.radius, s.d, s.xyz, s.u, s.anisotropic,
            s.weights, own, y, pulls, sums, tops,
        )  # fmt: skip
    _loose_atoms(s.loose, s.u, s.anisotropic, s.weights, own, sums, tops)
    _top_pulls(s.n_groups, s.cell_start, s.cell_groups, s.top, s.origin, s.radius, s.d, pulls)
    return pulls, sums, tops


def dual_bound(s, pulls, sums, tops, alpha, alpha_atom, beta, eps, atomic: bool) -> tuple[float, float]:
    """D for the problem without and with the epsilon term, from `loss_pulls` of a point."""
    d = s.d
    values = np.empty((s.n_groups, 6))
    _eigenvalues(pulls, s.basis, s.rank, d, np.maximum(0.5 * alpha, 0.0), values)
    linear, loss = float(sums[:, 1].sum()), float(sums[:, 0].sum())

    def dual(theta: float, ridge: float) -> float:
        out = theta * linear - theta * theta * loss - _conjugate(theta * values, alpha, beta, ridge)
        if atomic:
            over = theta * tops - alpha_atom
            out -= float((over[over > 0] ** 2).sum() / (4 * beta))
        return out

    theta = _best_theta(lambda x: dual(x, eps))
    return max(dual(theta, 0.0), dual(1.0, 0.0)), max(dual(theta, eps), dual(1.0, eps))


def _best_theta(dual) -> float:
    """The best scale of the residual near 1: golden section on a concave function."""
    low, high = 0.97, 1.02
    ratio = 0.6180339887498949
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    fa, fb = dual(a), dual(b)
    for _ in range(10):
        if fa > fb:
            high, b, fb = b, a, fa
            a = high - ratio * (high - low)
            fa = dual(a)
        else:
            low, a, fa = a, b, fb
            b = low + ratio * (high - low)
            fb = dual(b)
    return a if fa > fb else b
