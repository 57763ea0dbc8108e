"""What the loss says of a point: down the hierarchy the field at each node, up again the pull of the residuals on it.

With v = kappa r of the residuals r, the pull on a node is J^T v: the slope of the loss, and the dual point of `bound`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .atoms import from_voigt, is_matrix, residual
from .fields import add_shifted, atom_rows, lift_matrix, shift
from .groups import at_hand, covariances_of_motions, gather, gather_basis
from .lanes import lanes_of
from .linalg6 import eigen_symmetric, inlined, jit, part
from .records import scratch
from .structure import Structure
from .threads import Threads, take


class Linear(NamedTuple):
    """Of a point. y: (nodes, d) fields; pulls: (nodes, d) of v on them; sums: (3, N) kappa/2 |r|^2, <v, u>, Tr r / 3;
    tops: (N,) v, or 3 lambda_max(V)."""

    y: np.ndarray
    pulls: np.ndarray
    sums: np.ndarray
    tops: np.ndarray


def linearise(s: Structure, sigma: np.ndarray, own: np.ndarray, threads: Threads) -> Linear:
    """What the loss says of the point of covariances sigma (G, 6, 6) and own (N, k, k)."""
    n = s.n_atoms
    out = Linear(np.zeros((s.n_nodes, s.d)), np.zeros((s.n_nodes, s.d)), np.zeros((3, n)), np.zeros(n))
    common = (s.forest, s.atoms, sigma, own, out)
    for walk in (s.crown, s.trunk):
        threads.walk(_walked, walk, *common, True, False)
    threads.walk(_walked, s.branches, *common, True, True)
    threads.walk(_walked, s.trunk, *common, False, True)
    if len(s.loose):
        _loose_atoms(scratch(s.d), s.loose, s.atoms, own, out)
    if len(s.top):
        _top_pulls(s.forest, threads.room, out.pulls)
    return out


@jit
def _walked(turn, work, walk, forest, atoms, sigma, own, out, down, up):
    """Work pieces of a walk: down for the fields, up for the pulls, or both."""
    piece = take(turn)
    while piece < len(walk.pieces) - 1:
        begin, end = walk.pieces[piece], walk.pieces[piece + 1]
        if down:
            for eight in range(end - 1, begin - 1, -1):
                _down(at_hand(walk, eight, work.nodes), work, forest, sigma, out.y)
        if up:
            nodes = walk.nodes[walk.eights[begin] : walk.eights[end]]
            _up(nodes, work, forest, atoms, own, out.y, out.pulls, out.sums, out.tops)
        piece = take(turn)


@inlined
def _down(count, work, forest, sigma, y):
    """y[n] (d,): the whole field at each of the nodes at hand, from the nodes above."""
    nodes, t = work.nodes, work.dd[0]
    m, own = lanes_of(work.squares8), lanes_of(work.rows8)[0]
    if nodes[0] < forest.n_groups:
        gather(sigma, nodes, forest.rank, 0.0, work.squares8[0])
        gather_basis(forest, nodes, work.squares8[1])
        covariances_of_motions(m[1], m[0], m[2], m[3])
        lift_matrix(m[2], forest.tensor, own)
    for lane in range(count):
        n = nodes[lane]
        for i in range(forest.d):
            y[n, i] = work.rows8[0, i, lane] if n < forest.n_groups else 0.0
        if n >= forest.n_groups:
            for k in range(forest.cell_start[n - forest.n_groups], forest.cell_start[n - forest.n_groups + 1]):
                g = forest.top[forest.cell_groups[k]]
                add_shifted(forest, g, n, y[g], t, work.s6[0], y[n])
        elif forest.parent[n] >= 0:
            add_shifted(forest, forest.parent[n], n, y[forest.parent[n]], t, work.s6[0], y[n])


@inlined
def _up(given, work, forest, atoms, own, y, pulls, sums, tops):
    """Pulls of v = kappa r on the fields of nodes (leaves first), and each atom's share of F and D."""
    d, origin, radius = forest.d, forest.origin, forest.radius
    t, g6, g36, rows, rho = work.dd[0], work.s6[0], work.g36, work.rows, work.v6[0]
    for n in given:
        for i in range(d):
            pulls[n, i] = 0.0
        for a in range(forest.atom_start[n], forest.atom_start[n + 1]):
            aniso = is_matrix(a, atoms.anisotropic)
            atom_rows(atoms.xyz[a], origin[n], radius[n], forest.tensor, aniso, rows, g36)
            residual(atoms.u[a], rows, y[n], own[a], d, aniso, rho)
            atom_terms(a, atoms.anisotropic, rho, atoms.u[a], atoms.weights[a], sums, tops, g6, g36)
            kappa = (2.0 if aniso else 6.0) * atoms.weights[a]
            for k in range(6 if aniso else 1):
                for i in range(d):
                    pulls[n, i] += kappa * rho[k] * rows[k, i]
        for k in range(forest.child_start[n], forest.child_start[n + 1]):
            m = forest.children[k]
            shift(origin[n], radius[n], origin[m], radius[m], forest.tensor, t, g6)
            for i in range(d):
                for j in range(d):
                    pulls[n, j] += t[i, j] * pulls[m, i]


@part
def atom_terms(a, anisotropic, rho, u, weight, sums, tops, m, vectors):
    """Objective and dual terms of atom a with residual rho."""
    if anisotropic is not None and anisotropic[a]:
        square = 0.0
        product = 0.0
        for k in range(6):
            square += rho[k] * rho[k]
            product += rho[k] * u[k]
        sums[0, a] = weight * square
        sums[1, a] = 2.0 * weight * product
        sums[2, a] = (rho[0] + rho[1] + rho[2]) / 3.0
        from_voigt(rho, m)
        eigen_symmetric(m, len(vectors), vectors)
        tops[a] = 6.0 * weight * max(m[0, 0], m[1, 1], m[2, 2])
        return
    v = 6.0 * weight * rho[0]
    sums[0, a] = 3.0 * weight * rho[0] * rho[0]
    sums[1, a] = v * u[0]
    sums[2, a] = rho[0]
    tops[a] = v


@jit
def _loose_atoms(work, loose, atoms, own, out):
    """The same shares of atoms in no group; work: as `scratch` gives it, without a field."""
    rows, y, rho, m, vectors = work.rows, work.lines[0], work.v6[0], work.s6[0], work.g36
    for a in loose:
        residual(atoms.u[a], rows, y, own[a], len(y), is_matrix(a, atoms.anisotropic), rho)
        atom_terms(a, atoms.anisotropic, rho, atoms.u[a], atoms.weights[a], out.sums, out.tops, m, vectors)


@jit
def _top_pulls(forest, work, pulls):
    """Pulls on the top groups, from those on their cells."""
    d, origin, radius = forest.d, forest.origin, forest.radius
    t, g6 = work.dd[0], work.s6[0]
    for k in range(len(forest.top)):
        for i in range(d):
            pulls[forest.top[k], i] = 0.0
    for c in range(len(forest.cell_start) - 1):
        node = forest.n_groups + c
        for k in range(forest.cell_start[c], forest.cell_start[c + 1]):
            g = forest.top[forest.cell_groups[k]]
            shift(origin[g], radius[g], origin[node], radius[node], forest.tensor, t, g6)
            for i in range(d):
                for j in range(d):
                    pulls[g, j] += t[i, j] * pulls[node, i]
