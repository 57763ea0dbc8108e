"""How far a Newton step may be gone, and going it: everything stays positive definite."""

from __future__ import annotations

from .atoms import is_matrix
from .lanes import any_above
from .linalg6 import cholesky, jit, part
from .linalg_lanes import factors
from .threads import take

KEEP, SHRINK = 0.95, 0.97  # of the way to where something would be singular; what is tried next
SHORTEST = 1e-12


@part
def lanes_length(base, delta, longest, trial, factor):
    """The longest alpha = longest * SHRINK^k with base + alpha / KEEP * delta positive definite in all lanes."""
    n, alpha = len(base), longest
    while alpha > SHORTEST:
        for i in range(n):
            for j in range(i + 1):
                trial[i, j] = base[i, j] + alpha / KEEP * delta[i, j]
        if not any_above(0.5, factors(trial, n, factor)):
            break
        alpha *= SHRINK
    return alpha


@part
def atoms_length(first, last, atoms, x, change, longest, s6):
    """The same of the own covariances and slacks of atoms first to last."""
    alpha = longest
    for a in range(first, last):
        rank = 3 if is_matrix(a, atoms.anisotropic) else 1
        while alpha > SHORTEST and not (
            _goes(a, x.own, change.own, rank, alpha / KEEP, s6)
            and _goes(a, x.own_slack, change.own_slack, rank, alpha / KEEP, s6)
        ):
            alpha *= SHRINK
    return alpha


@part
def _goes(a, base, delta, rank, length, s6):
    """Whether (base + length * delta)[a] is positive definite."""
    if rank == 1:
        return base[a, 0, 0] + length * delta[a, 0, 0] > 0.0
    for i in range(rank):
        for j in range(i + 1):
            s6[0, i, j] = base[a, i, j] + length * delta[a, i, j]
    return cholesky(s6[0], rank, s6[1])


@jit
def move(turn, work, x, change, length, rank, atoms, penalty, tally):
    """x += length * change, in as many pieces as `tally` (pieces, 2) has rows: to each the complementarity of what is
    in it, <covariance, slack>, and what its amplitudes cost."""
    pieces, groups, size = len(tally), len(x.sigma), len(x.own) if atoms.own else 0
    piece = take(turn)
    while piece < pieces:
        met, cost = 0.0, 0.0
        for g in range(piece * groups // pieces, (piece + 1) * groups // pieces):
            product, square = _moved(g, x.sigma, x.slack, change.sigma, change.slack, rank[g], length)
            met += product
            amplitude = 0.0
            for i in range(rank[g]):
                amplitude += x.sigma[g, i, i]
            cost += penalty.alpha[g] * amplitude + penalty.beta * amplitude * amplitude + penalty.eps * square
        for k in range(piece * size // pieces, (piece + 1) * size // pieces):
            n = 3 if is_matrix(k, atoms.anisotropic) else 1
            product, _ = _moved(k, x.own, x.own_slack, change.own, change.own_slack, n, length)
            met += product
            amplitude = 0.0
            for i in range(n):
                amplitude += x.own[k, i, i]
            amplitude /= n
            cost += penalty.alpha_atom * amplitude + penalty.beta * amplitude * amplitude
        tally[piece, 0], tally[piece, 1] = met, cost
        piece = take(turn)


@part
def _moved(n, base, slack, delta, delta_slack, rank, length):
    """(<base, slack>, <base, base>) of entry n after both have moved."""
    met, square = 0.0, 0.0
    for i in range(rank):
        for j in range(rank):
            base[n, i, j] += length * delta[n, i, j]
            slack[n, i, j] += length * delta_slack[n, i, j]
            met += base[n, i, j] * slack[n, i, j]
            square += base[n, i, j] * base[n, i, j]
    return met, square
