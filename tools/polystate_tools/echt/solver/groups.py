"""The groups inside a Newton step: what one group can do to the field of its atoms, and what it does.

A group's covariance of motions `sigma` and its slack meet at their scaling point W. Its curvature H (barrier, net,
epsilon) is diagonal in the eigenbasis of W but for one rank-one term of the net, so H^-1 costs one eigenproblem.
"""

from __future__ import annotations

import numpy as np

from .atoms import inverse_spd, slack_step
from .fields import lift, pull
from .linalg6 import congruence, jit, scaling_point


@jit
def group_response(g, forest, x, penalty, mu, sweep, e, h, s6):
    """What group g can do: fills its w (6,), v (6, 6), and e (d, d), h (d,). s6: (8, 6, 6) scratch. False on
    breakdown."""
    d, rank, basis, w, v = forest.d, forest.rank[g], forest.basis[g], sweep.w[g], sweep.v[g]
    b1, b2, b3, b4 = s6[0], s6[1], s6[2], s6[3]
    if not scaling_point(x.sigma[g], x.slack[g], rank, w, v, b1, b2, b3):
        return False
    c = s6[4]
    if not own_force(x.sigma[g], rank, mu, penalty.alpha[g], penalty, c, b1, b2):
        return False
    add_pull(sweep.pulls[g], basis, rank, d, c, b1, b2)
    congruence(v, c, rank, b3, b4)
    motions = s6[5]  # row i: the i-th eigenmotion
    for i in range(rank):
        for k in range(6):
            total = 0.0
            for j in range(rank):
                total += basis[k, j] * v[j, i]
            motions[i, k] = total
    _seen_by_atoms(motions, w, b3, rank, d, penalty, e, h)
    return True


@jit
def _seen_by_atoms(motions, w, force, rank, d, penalty, e, h):
    """e = P H^-1 P^T and h = P H^-1 force for H diagonal in the eigenmotions but for the net's rank-one term."""
    p = np.empty(d)
    u = np.zeros(d)
    for i in range(d):
        h[i] = 0.0
        for j in range(d):
            e[i, j] = 0.0
    tau = 0.0
    unasked = 0.0
    for i in range(rank):
        for j in range(i + 1):
            x = w[i] * w[j]
            x /= 1.0 + 2.0 * penalty.eps * x
            lift(motions[i], motions[j], d, p)
            if i == j:
                tau += x
                unasked += x * force[i, i]
                for k in range(d):
                    u[k] += x * p[k]
            else:
                x *= 2.0
            y = x * force[i, j]
            for k in range(d):
                h[k] += y * p[k]
                xp = x * p[k]
                for m in range(k + 1):
                    e[k, m] += xp * p[m]
    net = 2.0 * penalty.beta / (1.0 + 2.0 * penalty.beta * tau)
    for k in range(d):
        h[k] -= net * unasked * u[k]
        for m in range(k + 1):
            e[k, m] -= net * u[k] * u[m]
            e[m, k] = e[k, m]


@jit
def own_force(sigma, rank, mu, alpha, penalty, out, b1, b2):
    """out = mu sigma^-1 - (alpha + 2 beta A) 1 - 2 eps sigma: minus the gradient of all but the loss."""
    if not inverse_spd(sigma, rank, b1, b2, out):
        return False
    trace = 0.0
    for i in range(rank):
        trace += sigma[i, i]
    for i in range(rank):
        for j in range(rank):
            out[i, j] = mu * out[i, j] - 2.0 * penalty.eps * sigma[i, j]
        out[i, i] -= alpha + 2.0 * penalty.beta * trace
    return True


@jit
def add_pull(force, basis, rank, d, c, b1, b2):
    """c += basis^T pull(force) basis."""
    pull(force, d, b1)
    for i in range(6):
        for j in range(rank):
            total = 0.0
            for k in range(6):
                total += b1[i, k] * basis[k, j]
            b2[i, j] = total
    for i in range(rank):
        for j in range(rank):
            total = 0.0
            for k in range(6):
                total += basis[k, i] * b2[k, j]
            c[i, j] += total


@jit
def group_step(g, force, forest, x, penalty, mu, sweep, change, s6):
    """The change of group g's covariance and slack under a field force (d,), the loss's pull included."""
    sigma, rank, w, v = x.sigma[g], forest.rank[g], sweep.w[g], sweep.v[g]
    b1, b2, b3, b4, c, inv = s6[0], s6[1], s6[2], s6[3], s6[4], s6[5]
    own_force(sigma, rank, mu, penalty.alpha[g], penalty, c, b1, b2)
    add_pull(force, forest.basis[g], rank, forest.d, c, b1, b2)
    congruence(v, c, rank, b3, b4)
    tau = 0.0
    moved = 0.0
    for i in range(rank):
        for j in range(rank):
            size = w[i] * w[j]
            size /= 1.0 + 2.0 * penalty.eps * size
            b3[i, j] *= size
            if i == j:
                tau += size
                moved += b3[i, i]
    net = 2.0 * penalty.beta / (1.0 + 2.0 * penalty.beta * tau) * moved
    for i in range(rank):
        size = w[i] * w[i]
        b3[i, i] -= net * size / (1.0 + 2.0 * penalty.eps * size)
    congruence(v.T, b3, rank, change.sigma[g], b4)
    inverse_spd(sigma, rank, b1, b2, inv)
    slack_step(inv, x.slack[g], change.sigma[g], w, v, mu, rank, change.slack[g], b1, b2)


@jit
def covariance_of_motions(sigma, basis, rank, out, scratch):
    """out (6, 6) = basis sigma basis^T, node coordinates."""
    for i in range(6):
        for j in range(rank):
            total = 0.0
            for k in range(rank):
                total += basis[i, k] * sigma[k, j]
            scratch[i, j] = total
    for i in range(6):
        for j in range(i + 1):
            total = 0.0
            for k in range(rank):
                total += scratch[i, k] * basis[j, k]
            out[i, j] = total
            out[j, i] = total
