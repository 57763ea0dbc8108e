"""The atomic level inside a Newton step: each atom's own term is eliminated before its groups are reached.

An atom's loss is (kappa / 2) |rho - eta - delta|^2, rho the current residual, eta the change of the field that
groups make, delta the change of the atom's own amplitude s >= 0 (isotropic, kappa = 6 w) or S >= 0 (3x3,
anisotropic, kappa = 2 w). Minimising over delta leaves a quadratic in eta with curvature `c`; its slope is that
of the loss, kappa rho, plus `g`.
"""

from __future__ import annotations

import math

import numpy as np

from .linalg6 import cholesky, congruence, invert_lower, part, scaling_point

ROOT2 = math.sqrt(2.0)
ROW = np.array([0, 1, 2, 0, 0, 1])
COL = np.array([0, 1, 2, 1, 2, 2])


@part
def is_matrix(a, anisotropic):
    """Whether atom a is anisotropic; anisotropic: (N,) bool, or None where no atom is."""
    if anisotropic is None:
        return False
    return anisotropic[a]


@part
def isotropic_elimination(rho, kappa, s, z, mu, alpha, beta):
    """(c, g, ratio) of one isotropic atom: its own step is -g / kappa - ratio eta."""
    den = kappa + 2.0 * beta + z / s
    force = mu / s - alpha - 2.0 * beta * s + kappa * rho
    ratio = kappa / den
    return kappa * (1.0 - ratio), -ratio * force, ratio


@part
def to_voigt(m, out):
    for k in range(6):
        out[k] = m[ROW[k], COL[k]] * (1.0 if k < 3 else ROOT2)


@part
def from_voigt(v, out):
    for k in range(6):
        x = v[k] if k < 3 else v[k] / ROOT2
        out[ROW[k], COL[k]] = x
        out[COL[k], ROW[k]] = x


@part
def anisotropic_elimination(rho, kappa, s, z, mu, alpha, beta, solve, start, w, v, b1, b2, b3, h):
    """Fill `solve` (6, 6) = (kappa + H)^-1 and `start` (6,) = solve (force + kappa rho); False on breakdown.

    H is the curvature of barrier and net at the scaling point of (s, z). b1..b3, v: (6, 6) scratch, h: (6, 6).
    """
    n = len(s)  # 3: no literal, for which all it calls would be compiled once more
    if not scaling_point(s, z, n, w, v, b1, b2, b3):
        return False
    # W^-1, then H e_k = W^-1 B_k W^-1 in the orthonormal basis
    for i in range(3):
        for j in range(3):
            total = 0.0
            for k in range(3):
                total += v[i, k] * v[j, k] / w[k]
            b1[i, j] = total
    for k in range(6):
        p, q = ROW[k], COL[k]
        f = 1.0 if k < 3 else ROOT2
        for m in range(6):
            a, b = ROW[m], COL[m]
            x = 0.5 * (b1[a, p] * b1[q, b] + b1[a, q] * b1[p, b])
            h[m, k] = x * f * (1.0 if m < 3 else ROOT2)
    trace = s[0, 0] + s[1, 1] + s[2, 2]
    for i in range(6):
        h[i, i] += kappa
    for i in range(3):
        for j in range(3):
            h[i, j] += 2.0 * beta / 9.0
    if not inverse_spd(h, len(h), b1, b2, solve):
        return False
    inverse_spd(s, n, b1, b2, b3)
    net = alpha / 3.0 + 2.0 * beta / 9.0 * trace
    for i in range(3):
        for j in range(3):
            b3[i, j] *= mu
        b3[i, i] -= net
    to_voigt(b3, w)
    for i in range(6):
        w[i] += kappa * rho[i]
    for i in range(6):
        total = 0.0
        for k in range(6):
            total += solve[i, k] * w[k]
        start[i] = total
    return True


@part
def inverse_spd(a, n, b1, b2, out):
    """out = a^-1 for a positive definite (n, n) block; b1, b2 scratch. False where it is not."""
    if not cholesky(a, n, b1):
        return False
    invert_lower(b1, n, b2)
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(i, n):
                total += b2[k, i] * b2[k, j]
            out[i, j] = total
            out[j, i] = total
    return True


@part
def slack_step(inverse, slack, delta, w, v, mu, n, out, b1, b2):
    """out = mu sigma^-1 - slack - W^-1 delta W^-1, with W = v diag(w) v^T."""
    congruence(v, delta, n, b1, b2)
    for i in range(n):
        for j in range(n):
            b1[i, j] /= w[i] * w[j]
    congruence(v.T, b1, n, out, b2)
    for i in range(n):
        for j in range(n):
            out[i, j] = mu * inverse[i, j] - slack[i, j] - out[i, j]


@part
def residual(u, rows, y, s, d, aniso, rho):
    """rho (6,) = u - field - own part; isotropic atoms use rho[0]."""
    if aniso:
        to_voigt(s, rho)
        for k in range(6):
            total = u[k] - rho[k]
            for i in range(d):
                total -= rows[k, i] * y[i]
            rho[k] = total
    else:
        total = u[0] - s[0, 0]
        for i in range(d):
            total -= rows[0, i] * y[i]
        rho[0] = total


@part
def atom_step(a, anisotropic, atoms, x, y, eta, penalty, mu, change, d, work):
    """One atom's own step under the change eta of the groups' field y; its design rows are in `work`."""
    s, z, rows, rho = x.own[a], x.own_slack[a], work.rows, work.v6[0]
    residual(atoms.u[a], rows, y, s, d, is_matrix(a, anisotropic), rho)
    if anisotropic is not None and anisotropic[a]:
        _matrix_step(a, atoms, x, eta, penalty, mu, change, d, work)
        return
    moved = 0.0
    for i in range(d):
        moved += rows[0, i] * eta[i]
    kappa = 6.0 * atoms.weights[a]
    _, g, ratio = isotropic_elimination(rho[0], kappa, s[0, 0], z[0, 0], mu, penalty.alpha_atom, penalty.beta)
    step = -g / kappa - ratio * moved
    change.own[a, 0, 0] = step
    change.own_slack[a, 0, 0] = mu / s[0, 0] - z[0, 0] - z[0, 0] / s[0, 0] * step


@part
def _matrix_step(a, atoms, x, eta, penalty, mu, change, d, work):
    """The own step of an anisotropic atom, whose residual is in `work`."""
    rows, rho, start, w6, s6 = work.rows, work.v6[0], work.v6[1], work.v6[2], work.s6
    s, z, n = x.own[a], x.own_slack[a], len(x.own[a])
    alpha, beta = penalty.alpha_atom, penalty.beta
    kappa = 2.0 * atoms.weights[a]
    solve, ds = s6[7], change.own[a]
    anisotropic_elimination(rho, kappa, s, z, mu, alpha, beta, solve, start, w6, s6[0], s6[1], s6[2], s6[3], s6[4])
    for k in range(6):
        moved = 0.0
        for i in range(d):
            moved += rows[k, i] * eta[i]
        rho[k] = kappa * moved
    for k in range(6):
        for m in range(6):
            start[k] -= solve[k, m] * rho[m]
    from_voigt(start, ds)
    scaling_point(s, z, n, w6, s6[0], s6[1], s6[2], s6[3])
    inverse_spd(s, n, s6[1], s6[2], s6[4])
    slack_step(s6[4], z, ds, w6, s6[0], mu, n, change.own_slack[a], s6[1], s6[2])
