"""The groups inside a Newton step, eight at a time: what they can do to the field of their atoms, and what they do.

A group's covariance of motions `sigma` and its slack meet in a frame R. In it, for a change R Y R^T of sigma, the
curvature of the barrier is one; that of epsilon is diagonal where the columns of R are orthogonal, and the net adds
one rank-one term. So the inverse of the curvature costs one eigenproblem, and a second one where epsilon matters.

The groups at hand are `work.nodes`, one a lane; what lies between is in the lanes of `work`. A group whose motions span
fewer than six dimensions is filled up with motions that move nothing and cost nothing.
"""

from __future__ import annotations

from .fields import lift, pull
from .lanes import LANES, any_above, choose, lanes_of
from .lengths import lanes_length
from .linalg6 import congruence, inlined, part, turn
from .linalg_lanes import eigen_lanes, product, scaling_frames

HARDLY = 1e-3  # of the barrier's curvature: epsilon's, below which what it mixes does not matter to a step


@part
def at_hand(walk, eight, nodes):
    """nodes (8,) <- those of an eight of a walk, the last of them over and over where it has less; how many it has."""
    start, count = walk.eights[eight], walk.eights[eight + 1] - walk.eights[eight]
    for lane in range(LANES):
        nodes[lane] = walk.nodes[start + min(lane, count - 1)]
    return count


@part
def gather(source, nodes, rank, filled, out):
    """out (6, 6, 8) = the leading blocks of source[nodes]; beyond the rank `filled` times the identity."""
    for lane in range(LANES):
        g = nodes[lane]
        r = rank[g]
        for i in range(6):
            for j in range(6):
                out[i, j, lane] = source[g, i, j] if i < r and j < r else 0.0
        for i in range(r, 6):
            out[i, i, lane] = filled


@part
def scatter(given, count, nodes, rank, out):
    """out[nodes] = the leading blocks of given (6, 6, 8), of the first `count` lanes."""
    for lane in range(count):
        g = nodes[lane]
        for i in range(rank[g]):
            for j in range(rank[g]):
                out[g, i, j] = given[i, j, lane]


@part
def gather_basis(forest, nodes, out):
    """out (6, 6, 8) = the motions of the groups; beyond the rank none."""
    for lane in range(LANES):
        for i in range(6):
            for j in range(6):
                out[i, j, lane] = forest.basis[nodes[lane], i, j]


@part
def gather_rows(source, nodes, out):
    """out (n, 8) = source[nodes], of (nodes, n)."""
    for lane in range(LANES):
        for i in range(len(out)):
            out[i, lane] = source[nodes[lane], i]


@inlined
def respond(count, forest, x, penalty, mu, sweep, work):
    """What the groups can do: e (d, d) into the first of `work.fields8`, h (d,) into the first of `work.rows8`, and
    what `take_steps` needs of the first `count` of them into `sweep`. 1 in the lanes where all went well, else 0."""
    nodes, rank, held, rows = work.nodes, forest.rank, work.squares8, lanes_of(work.rows8)
    m = lanes_of(held)
    frame, force, gram, basis, columns, asked = m[0], m[2], m[4], m[5], m[6], m[7]
    gather(x.sigma, nodes, rank, 1.0, held[6])
    gather(x.slack, nodes, rank, 1.0, held[7])
    for lane in range(LANES):
        work.lines8[0, 0, lane] = penalty.alpha[nodes[lane]]
        for i in range(6):
            work.lines8[1, i, lane] = 1.0 if i < rank[nodes[lane]] else 0.0
    good = _meet(m, lanes_of(work.lines8), penalty, mu)
    scatter(held[0], count, nodes, rank, sweep.frame)
    scatter(held[1], count, nodes, rank, sweep.dual)
    scatter(held[2], count, nodes, rank, sweep.force)
    scatter(held[3], count, nodes, rank, sweep.rest)
    gather_basis(forest, nodes, held[5])
    gather_rows(sweep.pulls, nodes, work.rows8[1])
    n = len(frame)
    for i in range(n):
        for j in range(n):
            asked[i, j] = force[i, j]
    product(basis, frame, columns)
    add_pull(rows[1], columns, forest.tensor, asked, m[8], m[9])
    e, pairs = lanes_of(work.fields8)[0], lanes_of(work.pairs8)
    _seen_by_atoms(columns, gram, asked, forest.tensor, penalty, e, rows[0], pairs, m[8])
    return good


@inlined
def _meet(m, lines, penalty, mu):
    """The frame of each group (0), its dual (1) and, in the frame, the force on it of all but the loss (2),
    rest = mu sigma^-1 - slack (3) and `gram` (4), from sigma (6) and slack (7). 1 in the lanes where there is one.

    m: (10, 6, 6); lines: the penalty alpha (0, 0), 1 inside of the rank (1), scratch (2)."""
    frame, dual, force, rest, gram, sigma, slack = m[0], m[1], m[2], m[3], m[4], m[6], m[7]
    b1, b2, b3, inside, values, n = m[5], m[8], m[9], lines[1], lines[2], len(sigma)
    good = scaling_frames(sigma, slack, n, values, frame, dual, b1, b2, b3)
    cost = lines[0, 0]
    for i in range(n):
        for j in range(n):
            force[i, j] = 0.0
            rest[i, j] = 0.0
        force[i, i] = mu / values[i]
        rest[i, i] = force[i, i] - values[i]
        cost += 2.0 * penalty.beta * inside[i] * sigma[i, i]
    _gram(frame, inside, gram)
    largest = gram[0, 0]
    for i in range(1, n):
        largest = choose(gram[i, i], largest, gram[i, i], largest)
    mixed = choose(2.0 * penalty.eps * largest * largest, HARDLY, good, 0.0)
    if any_above(mixed, 0.0):  # turn the frame until its columns are orthogonal
        eigen_lanes(gram, n, b3, mixed)
        turn(frame, b3, n, values)
        turn(dual, b3, n, values)
        congruence(b3, force, n, force, b1)
        congruence(b3, rest, n, rest, b1)
        _gram(frame, inside, gram)
    congruence(frame, sigma, n, b1, b2)  # not turned with the frame: its entries differ too much in size
    for i in range(n):
        for j in range(n):
            force[i, j] -= cost * gram[i, j] + 2.0 * penalty.eps * b1[i, j]
    return good


@part
def _gram(frame, inside, out):
    """out = frame^T frame: the trace of frame Y frame^T is <out, Y>. inside: 1 for the motions of a group, else 0."""
    for i in range(len(frame)):
        for j in range(i + 1):
            total = frame[0, i] * frame[0, j]
            for k in range(1, len(frame)):
                total += frame[k, i] * frame[k, j]
            out[i, j] = inside[i] * total
            out[j, i] = out[i, j]


@inlined
def _seen_by_atoms(motions, gram, force, tensor, penalty, e, h, pairs, rows):
    """e = P H^-1 P^T, lower triangle, and h = P H^-1 force, for H diagonal in the frame but for the net's rank-one
    term. motions: in columns; pairs: (2, 21, d), rows: (6, 6) scratch."""
    n, d, count = len(motions), len(h), 0
    p, xp, u = pairs[0], pairs[1], pairs[2, 0]
    for i in range(n):
        for k in range(n):
            rows[i, k] = motions[k, i]
    for k in range(d):
        h[k] = 0.0
        u[k] = 0.0
    tau, unasked = 0.0 * gram[0, 0], 0.0 * gram[0, 0]
    for i in range(n):
        for j in range(i + 1):
            x = (1.0 if i == j else 2.0) / (1.0 + 2.0 * penalty.eps * gram[i, i] * gram[j, j])
            lift(rows[i], rows[j], tensor, p[count])
            xg = x * gram[i, j]
            tau += xg * gram[i, j]
            unasked += xg * force[i, j]
            y = x * force[i, j]
            for k in range(d):
                h[k] += y * p[count, k]
                u[k] += xg * p[count, k]
                xp[count, k] = x * p[count, k]
            count += 1
    net = 2.0 * penalty.beta / (1.0 + 2.0 * penalty.beta * tau)
    for k in range(d):
        h[k] -= net * unasked * u[k]
        for m in range(k + 1):
            total = xp[0, k] * p[0, m]
            for i in range(1, count):
                total += xp[i, k] * p[i, m]
            e[k, m] = total - net * u[k] * u[m]
            e[m, k] = e[k, m]


@part
def add_pull(force, basis, tensor, c, b1, b2):
    """c += basis^T pull(force) basis, (6, 6)."""
    n = len(basis)
    pull(force, tensor, b1)
    product(b1, basis, b2)
    for i in range(n):
        for j in range(i + 1):
            total = basis[0, i] * b2[0, j]
            for k in range(1, n):
                total += basis[k, i] * b2[k, j]
            c[i, j] += total
            if i != j:
                c[j, i] += total


@inlined
def take_steps(count, forest, penalty, sweep, change, work):
    """The changes of covariance and slack of the first `count` groups under field forces (d,), the loss's pull
    included, which are the first of `work.rows8`; the covariance of motions that each makes into `work.squares8[0]`,
    and the changes into its [7] and [9]."""
    nodes, rank, held = work.nodes, forest.rank, work.squares8
    m, force = lanes_of(held), lanes_of(work.rows8)[0]
    frame, dual, y, rest, gram, columns, basis, moved, b1 = m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]
    gather(sweep.frame, nodes, rank, 1.0, held[0])
    gather(sweep.dual, nodes, rank, 1.0, held[1])
    gather(sweep.force, nodes, rank, 0.0, held[2])
    gather(sweep.rest, nodes, rank, 0.0, held[3])
    gather_basis(forest, nodes, held[6])
    for lane in range(LANES):
        for i in range(6):
            work.lines8[1, i, lane] = 1.0 if i < rank[nodes[lane]] else 0.0
    n = len(frame)
    product(basis, frame, columns)
    add_pull(force, columns, forest.tensor, y, b1, m[9])
    _gram(frame, lanes_of(work.lines8)[1], gram)
    _answer(y, gram, penalty)
    covariances_of_motions(frame, y, moved, b1)
    scatter(held[7], count, nodes, rank, change.sigma)
    for i in range(n):
        for j in range(n):
            rest[i, j] -= y[i, j]
    covariances_of_motions(dual, rest, m[9], b1)
    scatter(held[9], count, nodes, rank, change.slack)
    covariances_of_motions(basis, moved, frame, b1)


@inlined
def longest_step(rank, x, length, work):
    """How far the groups may go the steps that have just been taken, if no farther than `length`."""
    held = work.squares8
    m = lanes_of(held)
    gather(x.sigma, work.nodes, rank, 1.0, held[1])
    gather(x.slack, work.nodes, rank, 1.0, held[2])
    length = lanes_length(m[1], m[7], length, m[3], m[4])
    return lanes_length(m[2], m[9], length, m[3], m[4])


@inlined
def _answer(y, gram, penalty):
    """y <- H^-1 y in the frame."""
    n = len(y)
    tau, moved = 0.0 * gram[0, 0], 0.0 * gram[0, 0]
    for i in range(n):
        for j in range(n):
            size = 1.0 / (1.0 + 2.0 * penalty.eps * gram[i, i] * gram[j, j])
            y[i, j] *= size
            tau += size * gram[i, j] * gram[i, j]
            moved += y[i, j] * gram[i, j]
    net = 2.0 * penalty.beta / (1.0 + 2.0 * penalty.beta * tau) * moved
    for i in range(n):
        for j in range(n):
            y[i, j] -= net * gram[i, j] / (1.0 + 2.0 * penalty.eps * gram[i, i] * gram[j, j])


@part
def covariances_of_motions(frame, y, out, scratch):
    """out = frame y frame^T; of a basis of motions, in node coordinates."""
    n = len(frame)
    product(frame, y, scratch)
    for i in range(n):
        for j in range(i + 1):
            total = scratch[i, 0] * frame[j, 0]
            for k in range(1, n):
                total += scratch[i, k] * frame[j, k]
            out[i, j] = total
            out[j, i] = total
