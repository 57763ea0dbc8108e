"""One Newton step of the interior-point method, by elimination from the leaves of the hierarchy to its root.

Everything below a node n looks, to the groups above it, like a quadratic in the change eta (d,) of the field
they make there: 1/2 eta^T Q eta - f^T eta. A group adds its own motion: with H its curvature (barrier, net,
epsilon), E = P H^-1 P^T what it can do to the field and h = P H^-1 c what it would do unasked,

    Q_above = (1 + Q E)^-1 Q,    f_above = (1 + Q E)^-1 (f - Q h),

computed as C (1 + C^T E C)^-1 C^T with Q = C C^T, which neither inverts Q nor E and subtracts nothing: the
numbers stay good when groups are switched off (E near 0) or free (E huge). The force on a group,
f_above - Q_above eta, is all that is needed on the way down. The right-hand sides are the residuals of the
optimality conditions (`pulls` hold the gradient of the loss at every node), so rounding shrinks with them and
steps refine one another. Cost and memory are linear in atoms and groups.
"""

from __future__ import annotations

import numba
import numpy as np

from .atoms import anisotropic_elimination, atom_step, isotropic_elimination, residual
from .fields import atom_rows, lift_matrix, shift
from .groups import covariance_of_motions, group_response, group_step
from .linalg6 import cholesky, cholesky_semidefinite, jit

CHUNKS = 64  # fixed, so that work is split the same way for any number of threads
parallel = numba.njit(cache=True, parallel=True, nogil=True, error_model="numpy")


@jit
def absorb(q, f, e, h, d, low, c, k, x, out_q, out_f):
    """(out_q packed, out_f) = what the node looks like from above. False on breakdown. low, c, k, x: scratch."""
    cholesky_semidefinite(q, d, low)
    for i in range(d):  # x = E C
        for j in range(d):
            total = 0.0
            for m in range(j, d):
                total += e[i, m] * low[m, j]
            x[i, j] = total
    for i in range(d):  # k = 1 + C^T E C, lower triangle
        for j in range(i + 1):
            total = 0.0
            for m in range(i, d):
                total += low[m, i] * x[m, j]
            k[i, j] = total
        k[i, i] += 1.0
    if not cholesky(k, d, x):
        return False
    for r in range(d):  # c = low chol^-T, row by row
        for j in range(d):
            total = low[r, j]
            for m in range(j):
                total -= c[r, m] * x[j, m]
            c[r, j] = total / x[j, j]
    n = 0
    for i in range(d):
        for j in range(i + 1):
            total = 0.0
            for m in range(d):
                total += c[i, m] * c[j, m]
            out_q[n] = total
            n += 1
    g, t = k[0], k[1]  # f_above = C (1 + C^T E C)^-1 (C^-1 f - C^T h); f is in the range of Q
    for j in range(d):
        total = f[j]
        for m in range(j):
            total -= low[j, m] * g[m]
        g[j] = total / low[j, j] if low[j, j] > 0.0 else 0.0
    for j in range(d):
        total = g[j]
        for m in range(j, d):
            total -= low[m, j] * h[m]
        for m in range(j):
            total -= x[j, m] * t[m]
        t[j] = total / x[j, j]
    for i in range(d):
        total = 0.0
        for m in range(d):
            total += c[i, m] * t[m]
        out_f[i] = total
    return True


@parallel
def fields_down(stage, parent, cell_start, cell_groups, top, n_groups, origin, radius, basis, rank, d, sigma, y):
    """y[n] (d,): the whole field at each node of a stage, from the stage above (call largest stage first)."""
    count = len(stage)
    for chunk in numba.prange(CHUNKS):
        t = np.empty((d, d))
        s6 = np.empty((3, 6, 6))
        x = np.empty(d)
        for index in range(chunk * count // CHUNKS, (chunk + 1) * count // CHUNKS):
            n = stage[index]
            for i in range(d):
                y[n, i] = 0.0
            if n < n_groups:
                covariance_of_motions(sigma[n], basis[n], rank[n], s6[0], s6[1])
                lift_matrix(s6[0], d, y[n])
                p = parent[n]
                if p >= 0:
                    shift(origin[p], radius[p], origin[n], radius[n], d, t, s6[2])
                    for i in range(d):
                        for j in range(d):
                            y[n, i] += t[i, j] * y[p, j]
            else:
                for k in range(cell_start[n - n_groups], cell_start[n - n_groups + 1]):
                    g = top[cell_groups[k]]
                    covariance_of_motions(sigma[g], basis[g], rank[g], s6[0], s6[1])
                    lift_matrix(s6[0], d, x)
                    shift(origin[g], radius[g], origin[n], radius[n], d, t, s6[2])
                    for i in range(d):
                        for j in range(d):
                            y[n, i] += t[i, j] * x[j]


@parallel
def eliminate(
    stage, child_start, children, atom_start, origin, radius, basis, rank, n_groups, d,
    xyz, u, aniso, weights, atomic, s, z, y, sigma, slack, mu, alpha, alpha_atom, beta, eps,
    pulls, q_above, f_above, w_all, v_all, failed,
):  # fmt: skip
    """Work a stage's nodes (leaves first): fills q_above, f_above and each group's scaling point."""
    count = len(stage)
    for chunk in numba.prange(CHUNKS):
        q = np.empty((d, d))
        m1 = np.empty((d, d))
        m2 = np.empty((d, d))
        m3 = np.empty((d, d))
        m4 = np.empty((d, d))
        e = np.empty((d, d))
        f = np.empty(d)
        h = np.empty(d)
        rows = np.zeros((6, d))
        ch = np.empty((6, d))
        s6 = np.empty((8, 6, 6))
        g36 = np.empty((3, 6))
        rho = np.empty(6)
        start = np.empty(6)
        w6 = np.empty(6)
        for index in range(chunk * count // CHUNKS, (chunk + 1) * count // CHUNKS):
            n = stage[index]
            for i in range(d):
                f[i] = 0.0
                for j in range(d):
                    q[i, j] = 0.0
            for a in range(atom_start[n], atom_start[n + 1]):
                is_aniso = aniso[a]
                atom_rows(
                    (xyz[a, 0] - origin[n, 0]) / radius[n],
                    (xyz[a, 1] - origin[n, 1]) / radius[n],
                    (xyz[a, 2] - origin[n, 2]) / radius[n],
                    d, is_aniso, rows, g36,
                )  # fmt: skip
                residual(u[a], rows, y[n], s[a], d, is_aniso, rho)
                if not is_aniso:
                    kappa = 6.0 * weights[a]
                    c = kappa
                    g = 0.0
                    if atomic:
                        c, g, _ = isotropic_elimination(rho[0], kappa, s[a, 0, 0], z[a, 0, 0], mu, alpha_atom, beta)
                    for i in range(d):
                        f[i] += g * rows[0, i]
                        ci = c * rows[0, i]
                        for j in range(i + 1):
                            q[i, j] += ci * rows[0, j]
                else:
                    kappa = 2.0 * weights[a]
                    solve = s6[7]
                    if atomic:
                        if not anisotropic_elimination(
                            rho, kappa, s[a], z[a], mu, alpha_atom, beta, solve, start, w6,
                            s6[0], s6[1], s6[2], s6[3], s6[4],
                        ):  # fmt: skip
                            failed[chunk] += 1
                            continue
                        for i in range(6):
                            rho[i] = -kappa * start[i]
                            for j in range(6):
                                solve[i, j] *= -kappa * kappa
                            solve[i, i] += kappa
                    else:
                        for i in range(6):
                            rho[i] = 0.0
                            for j in range(6):
                                solve[i, j] = 0.0
                            solve[i, i] = kappa
                    for i in range(6):
                        for j in range(d):
                            total = 0.0
                            for k in range(6):
                                total += solve[i, k] * rows[k, j]
                            ch[i, j] = total
                    for i in range(d):
                        for k in range(6):
                            f[i] += rho[k] * rows[k, i]
                            r = rows[k, i]
                            if r != 0.0:
                                for j in range(i + 1):
                                    q[i, j] += r * ch[k, j]
            for i in range(d):
                for j in range(i):
                    q[j, i] = q[i, j]
            for k in range(child_start[n], child_start[n + 1]):
                child = children[k]
                shift(origin[n], radius[n], origin[child], radius[child], d, m1, s6[0])
                _gather(m1, q_above[child], f_above[child], d, m2, m3, q, f)
            if n < n_groups:
                if not group_response(
                    sigma[n], slack[n], basis[n], rank[n], d, pulls[n], mu, alpha[n], beta, eps,
                    w_all[n], v_all[n], e, h, s6,
                ):  # fmt: skip
                    failed[chunk] += 1
                    continue
                if not absorb(q, f, e, h, d, m4, m1, m2, m3, q_above[n], f_above[n]):
                    failed[chunk] += 1
            else:
                k = 0
                for i in range(d):
                    f_above[n, i] = f[i]
                    for j in range(i + 1):
                        q_above[n, k] = q[i, j]
                        k += 1


@jit
def unpack(packed, d, out):
    k = 0
    for i in range(d):
        for j in range(i + 1):
            out[i, j] = packed[k]
            out[j, i] = packed[k]
            k += 1


@jit
def _gather(t, packed, force, d, m2, m3, q, f):
    """q += t^T Q t, f += t^T force."""
    unpack(packed, d, m2)
    for i in range(d):
        for j in range(d):
            m3[i, j] = 0.0
    for k in range(d):
        for j in range(d):
            x = t[k, j]
            if x != 0.0:
                f[j] += x * force[k]
                for i in range(d):
                    m3[i, j] += m2[i, k] * x
    for k in range(d):
        for i in range(d):
            x = t[k, i]
            if x != 0.0:
                for j in range(d):
                    q[i, j] += x * m3[k, j]


@parallel
def substitute(
    stage, parent, origin, radius, basis, rank, n_groups, d, atom_start,
    xyz, u, aniso, weights, atomic, s, z, y, sigma, slack, mu, alpha, alpha_atom, beta, eps,
    pulls, q_above, f_above, w_all, v_all, eta, dsigma, dslack, ds, dz,
):  # fmt: skip
    """Work a stage's nodes on the way down: steps of groups and atoms, eta[n] = change of the whole field."""
    count = len(stage)
    for chunk in numba.prange(CHUNKS):
        t = np.empty((d, d))
        qa = np.empty((d, d))
        s6 = np.empty((8, 6, 6))
        above = np.empty(d)
        force = np.empty(d)
        rows = np.zeros((6, d))
        g36 = np.empty((3, 6))
        rho = np.empty(6)
        start = np.empty(6)
        w6 = np.empty(6)
        for index in range(chunk * count // CHUNKS, (chunk + 1) * count // CHUNKS):
            n = stage[index]
            if n < n_groups:
                for i in range(d):
                    above[i] = 0.0
                p = parent[n]
                if p >= 0:
                    shift(origin[p], radius[p], origin[n], radius[n], d, t, s6[0])
                    for i in range(d):
                        for j in range(d):
                            above[i] += t[i, j] * eta[p, j]
                unpack(q_above[n], d, qa)
                for i in range(d):
                    total = pulls[n, i] + f_above[n, i]
                    for j in range(d):
                        total -= qa[i, j] * above[j]
                    force[i] = total
                group_step(
                    force, sigma[n], slack[n], basis[n], rank[n], d, mu, alpha[n], beta, eps,
                    w_all[n], v_all[n], dsigma[n], dslack[n], s6,
                )  # fmt: skip
                covariance_of_motions(dsigma[n], basis[n], rank[n], s6[0], s6[1])
                lift_matrix(s6[0], d, eta[n])
                for i in range(d):
                    eta[n, i] += above[i]
            if atomic:
                for a in range(atom_start[n], atom_start[n + 1]):
                    atom_step(
                        xyz[a], origin[n], radius[n], d, aniso[a], u[a], weights[a], y[n], eta[n], s[a], z[a],
                        mu, alpha_atom, beta, ds[a], dz[a], rows, g36, rho, start, w6, s6,
                    )  # fmt: skip


@parallel
def step_length(base, delta, rank, keep, shrink, longest, out):
    """out[chunk] = longest alpha = longest * shrink^k with base + alpha / keep * delta positive definite, blockwise."""
    count = len(base)
    for chunk in numba.prange(CHUNKS):
        trial = np.empty((6, 6))
        scratch = np.empty((6, 6))
        alpha = longest
        for n in range(chunk * count // CHUNKS, (chunk + 1) * count // CHUNKS):
            r = rank[n]
            while alpha > 1e-12:
                for i in range(r):
                    for j in range(i + 1):
                        trial[i, j] = base[n, i, j] + alpha / keep * delta[n, i, j]
                if cholesky(trial, r, scratch):
                    break
                alpha *= shrink
        out[chunk] = alpha
