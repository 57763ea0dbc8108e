"""The groups inside a Newton step: what one group can do to the field of its atoms, and what it does.

A group's covariance of motions `sigma` and its slack meet in a frame R. In it, for a change R Y R^T of sigma, the
curvature of the barrier is one; that of epsilon is diagonal where the columns of R are orthogonal, and the net adds
one rank-one term. So the inverse of the curvature costs one eigenproblem, and a second one where epsilon matters.
"""

from __future__ import annotations

from .fields import lift, pull
from .linalg6 import congruence, eigen_symmetric, jit, scaling_frame, turn

HARDLY = 1e-3  # of the barrier's curvature: epsilon's, below which what it mixes does not matter to a step


@jit
def group_response(g, forest, x, penalty, mu, sweep, e, h, s6, dd):
    """What group g can do: e (d, d), h (d,), and what `group_step` needs in `sweep`. False on breakdown.

    s6: (8, 6, 6), dd: (d, d) scratch."""
    d, rank, force = forest.d, forest.rank[g], sweep.force[g]
    gram, b1, b2, asked, columns, rows = s6[0], s6[1], s6[2], s6[3], s6[4], s6[5]
    if not _meet(g, x, rank, penalty, mu, sweep, gram, s6):
        return False
    for i in range(rank):
        for j in range(rank):
            asked[i, j] = force[i, j]
    _motions(forest.basis[g], sweep.frame[g], rank, columns)
    add_pull(sweep.pulls[g], columns, rank, d, asked, b1, b2)
    for i in range(rank):
        for k in range(6):
            rows[i, k] = columns[k, i]
    _seen_by_atoms(rows, gram, asked, rank, d, penalty, e, h, dd[0], dd[1])
    return True


@jit
def _meet(g, x, rank, penalty, mu, sweep, gram, s6):
    """The frame of a group, its dual and, in the frame, `gram`, the force on it of all but the loss, and
    rest = mu sigma^-1 - slack. False on breakdown."""
    sigma, frame, dual, force, rest = x.sigma[g], sweep.frame[g], sweep.dual[g], sweep.force[g], sweep.rest[g]
    b1, b2, u, values = s6[1], s6[2], s6[3], s6[6, 0]
    if not scaling_frame(sigma, x.slack[g], rank, values, frame, dual, gram, b1, u):
        return False
    for i in range(rank):
        for j in range(rank):
            force[i, j] = 0.0
            rest[i, j] = 0.0
        force[i, i] = mu / values[i]
        rest[i, i] = force[i, i] - values[i]
    _gram(frame, rank, gram)
    cost = penalty.alpha[g]
    largest = 0.0
    for i in range(rank):
        cost += 2.0 * penalty.beta * sigma[i, i]
        largest = max(largest, gram[i, i])
    if 2.0 * penalty.eps * largest * largest > HARDLY:  # turn the frame until its columns are orthogonal
        eigen_symmetric(gram, rank, u)
        turn(frame, u, rank, values)
        turn(dual, u, rank, values)
        congruence(u, force, rank, force, b1)
        congruence(u, rest, rank, rest, b1)
        _gram(frame, rank, gram)
    congruence(frame, sigma, rank, b1, b2)  # not turned with the frame: its entries differ too much in size
    for i in range(rank):
        for j in range(rank):
            force[i, j] -= cost * gram[i, j] + 2.0 * penalty.eps * b1[i, j]
    return True


@jit
def _gram(frame, rank, out):
    """out = frame^T frame: the trace of frame Y frame^T is <out, Y>."""
    for i in range(rank):
        for j in range(i + 1):
            total = 0.0
            for k in range(rank):
                total += frame[k, i] * frame[k, j]
            out[i, j] = total
            out[j, i] = total


@jit
def _motions(basis, frame, rank, out):
    """out (6, rank): the motion of each column of the frame."""
    for k in range(6):
        for i in range(rank):
            total = 0.0
            for j in range(rank):
                total += basis[k, j] * frame[j, i]
            out[k, i] = total


@jit
def _seen_by_atoms(motions, gram, force, rank, d, penalty, e, h, p, u):
    """e = P H^-1 P^T and h = P H^-1 force for H diagonal in the frame but for the net's rank-one term. p, u: (d,)
    scratch."""
    for i in range(d):
        h[i] = 0.0
        u[i] = 0.0
        for j in range(d):
            e[i, j] = 0.0
    tau = 0.0
    unasked = 0.0
    for i in range(rank):
        for j in range(i + 1):
            x = (1.0 if i == j else 2.0) / (1.0 + 2.0 * penalty.eps * gram[i, i] * gram[j, j])
            lift(motions[i], motions[j], d, p)
            xg = x * gram[i, j]
            tau += xg * gram[i, j]
            unasked += xg * force[i, j]
            y = x * force[i, j]
            for k in range(d):
                h[k] += y * p[k]
                u[k] += xg * p[k]
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
def group_step(g, force, forest, penalty, sweep, change, s6):
    """The change of group g's covariance and slack under a field force (d,), the loss's pull included."""
    rank, frame = forest.rank[g], sweep.frame[g]
    gram, b1, b2, y, columns = s6[0], s6[1], s6[2], s6[3], s6[4]
    for i in range(rank):
        for j in range(rank):
            y[i, j] = sweep.force[g, i, j]
    _motions(forest.basis[g], frame, rank, columns)
    add_pull(force, columns, rank, forest.d, y, b1, b2)
    _gram(frame, rank, gram)
    tau = 0.0
    moved = 0.0
    for i in range(rank):
        for j in range(rank):
            size = 1.0 / (1.0 + 2.0 * penalty.eps * gram[i, i] * gram[j, j])
            y[i, j] *= size
            tau += size * gram[i, j] * gram[i, j]
            moved += y[i, j] * gram[i, j]
    net = 2.0 * penalty.beta / (1.0 + 2.0 * penalty.beta * tau) * moved
    for i in range(rank):
        for j in range(rank):
            y[i, j] -= net * gram[i, j] / (1.0 + 2.0 * penalty.eps * gram[i, i] * gram[j, j])
    congruence(frame.T, y, rank, change.sigma[g], b1)
    for i in range(rank):
        for j in range(rank):
            y[i, j] = sweep.rest[g, i, j] - y[i, j]
    congruence(sweep.dual[g].T, y, rank, change.slack[g], b1)


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
