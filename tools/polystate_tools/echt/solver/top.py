"""The groups that cross each other, solved jointly: a small dense system, or a sparse one if it is not small."""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from .fields import shift
from .groups import group_response, group_step
from .linalg6 import cholesky, cholesky_semidefinite, jit
from .newton import unpack
from .structure import Structure

DENSE_LIMIT = 700


@jit
def _responses(top, sigma, slack, basis, rank, d, pulls, mu, alpha, beta, eps, w, v, low, h):
    s6 = np.empty((8, 6, 6))
    e = np.empty((d, d))
    failed = 0
    for k in range(len(top)):
        g = top[k]
        if not group_response(
            sigma[g], slack[g], basis[g], rank[g], d, pulls[g], mu, alpha[g], beta, eps, w[g], v[g], e, h[k], s6
        ):
            failed += 1
            continue
        cholesky_semidefinite(e, d, low[k])
    return failed


@jit
def _assemble(n_groups, cell_start, cell_groups, pair_of, top, origin, radius, d, q_above, f_above, h, blocks, f):
    """blocks[p] = sum over cells of T_g^T Q T_g', f[g] = sum of T_g^T (f - Q times the field of all h)."""
    g6 = np.empty((6, 6))
    q = np.empty((d, d))
    qt = np.empty((d, d))
    most = 0
    for c in range(len(cell_start) - 1):
        most = max(most, cell_start[c + 1] - cell_start[c])
    t = np.empty((most, d, d))
    rest = np.empty(d)
    field = np.empty(d)
    position = 0
    for c in range(len(cell_start) - 1):
        node = n_groups + c
        unpack(q_above[node], d, q)
        count = cell_start[c + 1] - cell_start[c]
        for i in range(d):
            field[i] = 0.0
        for k in range(count):
            slot = cell_groups[cell_start[c] + k]
            g = top[slot]
            shift(origin[g], radius[g], origin[node], radius[node], d, t[k], g6)
            for i in range(d):
                for j in range(d):
                    field[i] += t[k, i, j] * h[slot, j]
        for i in range(d):
            rest[i] = f_above[node, i]
            for j in range(d):
                rest[i] -= q[i, j] * field[j]
        for k in range(count):
            slot = cell_groups[cell_start[c] + k]
            for i in range(d):
                for j in range(d):
                    f[slot, j] += t[k, i, j] * rest[i]
            for i in range(d):
                for j in range(d):
                    total = 0.0
                    for m in range(d):
                        total += q[i, m] * t[k, m, j]
                    qt[i, j] = total
            for other in range(count):
                p = pair_of[position]
                position += 1
                for i in range(d):
                    for j in range(d):
                        total = 0.0
                        for m in range(d):
                            total += t[other, m, i] * qt[m, j]
                        blocks[p, i, j] += total


@jit
def _sandwich(blocks, rows, cols, low, d, out):
    """out[p] = L_row^T block L_col (+ 1 on the diagonal blocks)."""
    s = np.empty((d, d))
    for p in range(len(rows)):
        a = low[rows[p]]
        b = low[cols[p]]
        for i in range(d):
            for j in range(d):
                total = 0.0
                for m in range(j, d):
                    total += blocks[p, i, m] * b[m, j]
                s[i, j] = total
        for i in range(d):
            for j in range(d):
                total = 0.0
                for m in range(i, d):
                    total += a[m, i] * s[m, j]
                out[p, i, j] = total
        if rows[p] == cols[p]:
            for i in range(d):
                out[p, i, i] += 1.0


@jit
def _solve_dense(blocks, rows, cols, d, x):
    """x (n,) <- K^-1 x for K given by blocks, in place; False if K is not positive definite."""
    n = len(x)
    full = np.zeros((n, n))
    for p in range(len(rows)):
        for i in range(d):
            for j in range(d):
                full[rows[p] * d + i, cols[p] * d + j] = blocks[p, i, j]
    low = np.zeros((n, n))
    if not cholesky(full, n, low):
        return False
    for i in range(n):
        total = x[i]
        for m in range(i):
            total -= low[i, m] * x[m]
        x[i] = total / low[i, i]
    for i in range(n - 1, -1, -1):
        total = x[i]
        for m in range(i + 1, n):
            total -= low[m, i] * x[m]
        x[i] = total / low[i, i]
    return True


@jit
def _steps(top, force, sigma, slack, basis, rank, d, mu, alpha, beta, eps, w, v, dsigma, dslack):
    """Steps of the top groups under their field forces (groups, d)."""
    s6 = np.empty((8, 6, 6))
    for k in range(len(top)):
        g = top[k]
        group_step(
            force[k], sigma[g], slack[g], basis[g], rank[g], d, mu, alpha[g], beta, eps, w[g], v[g],
            dsigma[g], dslack[g], s6,
        )  # fmt: skip


@jit
def _fields(n_groups, cell_start, cell_groups, top, origin, radius, d, change, eta):
    """eta of the cells = sum of their groups' changes of field."""
    g6 = np.empty((6, 6))
    t = np.empty((d, d))
    for c in range(len(cell_start) - 1):
        node = n_groups + c
        for i in range(d):
            eta[node, i] = 0.0
        for k in range(cell_start[c], cell_start[c + 1]):
            g = top[cell_groups[k]]
            shift(origin[g], radius[g], origin[node], radius[node], d, t, g6)
            for i in range(d):
                for j in range(d):
                    eta[node, i] += t[i, j] * change[cell_groups[k], j]


@jit
def _forces(low, x, d, out):
    """out[g] = L^-T x: read off the solution, because adding up the cells' forces would cancel digits."""
    for k in range(len(low)):
        for i in range(d - 1, -1, -1):
            total = x[k, i]
            for m in range(i + 1, d):
                total -= low[k, m, i] * out[k, m]
            out[k, i] = total / low[k, i, i] if low[k, i, i] > 0.0 else 0.0


class Top:
    """The joint system of one `Structure`; does nothing if all its levels are nested."""

    def __init__(self, s: Structure):
        self.s = s
        self.n = len(s.top)
        pairs: dict[tuple[int, int], int] = {}
        positions = []
        for c in range(s.n_cells):
            slots = s.cell_groups[s.cell_start[c] : s.cell_start[c + 1]]
            for k in slots:
                for other in slots:
                    positions.append(pairs.setdefault((int(other), int(k)), len(pairs)))
        self.pair_of = np.array(positions, np.int64)
        self.rows = np.array([p[0] for p in pairs], np.int64)
        self.cols = np.array([p[1] for p in pairs], np.int64)

    def solve(self, sigma, slack, pulls, mu, alpha, beta, eps, q_above, f_above, w, v, eta, dsigma, dslack) -> int:
        """Steps of the top groups and eta of the cells; returns the number of breakdowns."""
        s, d, n = self.s, self.s.d, self.n
        if n == 0:
            return 0
        low, h = np.zeros((n, d, d)), np.zeros((n, d))
        before, after = (sigma, slack, s.basis, s.rank, d), (mu, alpha, beta, eps, w, v)
        failed = _responses(s.top, *before, pulls, *after, low, h)
        if failed:
            return failed
        blocks, f = np.zeros((len(self.rows), d, d)), np.zeros((n, d))
        where = (s.n_groups, s.cell_start, s.cell_groups)
        _assemble(*where, self.pair_of, s.top, s.origin, s.radius, d, q_above, f_above, h, blocks, f)
        scaled = np.empty_like(blocks)
        _sandwich(blocks, self.rows, self.cols, low, d, scaled)
        x = np.einsum("kji,kj->ki", low, f).reshape(-1).copy()
        if n * d <= DENSE_LIMIT:
            if not _solve_dense(scaled, self.rows, self.cols, d, x):
                return 1
        else:
            i, j = np.indices((d, d))
            row = (self.rows[:, None, None] * d + i).reshape(-1)
            col = (self.cols[:, None, None] * d + j).reshape(-1)
            k = scipy.sparse.csc_matrix((scaled.reshape(-1), (row, col)), shape=(n * d, n * d))
            lu = scipy.sparse.linalg.splu(
                k, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
            )
            x = lu.solve(x)
        change = h + np.einsum("kij,kj->ki", low, x.reshape(n, d))
        _fields(*where, s.top, s.origin, s.radius, d, change, eta)
        force = np.zeros((n, d))
        _forces(low, x.reshape(n, d), d, force)
        force += pulls[s.top]
        _steps(s.top, force, *before, *after, dsigma, dslack)
        return 0
