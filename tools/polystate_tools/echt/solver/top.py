"""The groups that cross each other, solved jointly: a small dense system, or a sparse one if it is not small."""

from __future__ import annotations

import math

import numpy as np

from .fields import shift
from .linalg6 import jit
from .newton import eliminate, substitute, unpack
from .records import Interior, Penalty, Sweep, scratch
from .structure import Structure
from .threads import Threads

DENSE_LIMIT = 700


@jit
def _assemble(forest, sweep, pair_of, h, work, t, blocks, f):
    """blocks[p] = sum over cells of T_g^T Q T_g', f[g] = sum of T_g^T (f - Q times the field of all h).

    t: (most groups of a cell, d, d) scratch."""
    d, top, origin, radius = forest.d, forest.top, forest.origin, forest.radius
    cell_start, cell_groups = forest.cell_start, forest.cell_groups
    g6, q, qt, rest, field = work.s6[0], work.dd[0], work.dd[1], work.lines[0], work.lines[1]
    position = 0
    for c in range(len(cell_start) - 1):
        node = forest.n_groups + c
        unpack(sweep.q_above[node], d, q)
        count = cell_start[c + 1] - cell_start[c]
        for i in range(d):
            field[i] = 0.0
        for k in range(count):
            slot = cell_groups[cell_start[c] + k]
            g = top[slot]
            shift(origin[g], radius[g], origin[node], radius[node], forest.tensor, t[k], g6)
            for i in range(d):
                for j in range(d):
                    field[i] += t[k, i, j] * h[slot, j]
        for i in range(d):
            rest[i] = sweep.f_above[node, i]
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
def _sandwich(blocks, rows, cols, low, d, s, out):
    """out[p] = L_row^T block L_col (+ 1 on the diagonal blocks). s: (d, d) scratch."""
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
def _solve_dense(blocks, rows, cols, d, factor, x):
    """x (n,) <- K^-1 x for K given by blocks, in place; False if K is not positive definite.

    factor: (n, n) of zeros, which K is written into, and then its upper Cholesky factor, row by row."""
    n = len(x)
    for p in range(len(rows)):
        for i in range(d):
            for j in range(d):
                factor[rows[p] * d + i, cols[p] * d + j] = blocks[p, i, j]
    for i in range(n):
        row = factor[i, i:]
        for j in range(i):
            above = factor[j, i:]
            size = above[0]
            for k in range(len(row)):
                row[k] -= size * above[k]
        if not row[0] > 0.0:
            return False
        inverse = 1.0 / math.sqrt(row[0])
        for k in range(len(row)):
            row[k] *= inverse
    for i in range(n):
        row, rest = factor[i, i:], x[i:]
        rest[0] /= row[0]
        for k in range(1, len(row)):
            rest[k] -= row[k] * rest[0]
    for i in range(n - 1, -1, -1):
        row, rest = factor[i, i:], x[i:]
        total = rest[0]
        for k in range(1, len(row)):
            total -= row[k] * rest[k]
        rest[0] = total / row[0]
    return True


@jit
def _fields(forest, change, work, eta):
    """eta of the cells = sum of their groups' changes of field."""
    d, origin, radius = forest.d, forest.origin, forest.radius
    g6, t = work.s6[0], work.dd[0]
    for c in range(len(forest.cell_start) - 1):
        node = forest.n_groups + c
        for i in range(d):
            eta[node, i] = 0.0
        for k in range(forest.cell_start[c], forest.cell_start[c + 1]):
            slot = forest.cell_groups[k]
            g = forest.top[slot]
            shift(origin[g], radius[g], origin[node], radius[node], forest.tensor, t, g6)
            for i in range(d):
                for j in range(d):
                    eta[node, i] += t[i, j] * change[slot, j]


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
        self.work = scratch(s.d)
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

    def solve(
        self, x: Interior, penalty: Penalty, mu: float, sweep: Sweep, change: Interior, threads: Threads
    ) -> float:  # fmt: skip
        """Steps of the top groups and eta of the cells; returns how far those may be gone, 0 on breakdown."""
        if self.n == 0:
            return 1.0
        common = (self.s.crown, self.s.forest, self.s.atoms, x, penalty, mu, sweep)
        if any(threads.walk(eliminate, *common)) or not self.join(sweep):
            return 0.0
        return float(min(threads.walk(substitute, *common, change)))

    def join(self, sweep: Sweep) -> bool:
        """Forces on the top groups and eta of the cells, from what each would do alone; False on breakdown."""
        forest, top, d, n, work = self.s.forest, self.s.top, self.s.d, self.n, self.work
        low, h = np.zeros((n, d, d)), sweep.f_above[top]
        low[:, *np.tril_indices(d)] = sweep.q_above[top]
        blocks, f = np.zeros((len(self.rows), d, d)), np.zeros((n, d))
        most = int(np.diff(self.s.cell_start).max(initial=0))
        _assemble(forest, sweep, self.pair_of, h, work, np.empty((most, d, d)), blocks, f)
        scaled = np.empty_like(blocks)
        _sandwich(blocks, self.rows, self.cols, low, d, work.dd[0], scaled)
        solved = self._system(scaled, np.einsum("kji,kj->ki", low, f).reshape(-1).copy())
        if solved is None:
            return False
        _fields(forest, h + np.einsum("kij,kj->ki", low, solved), work, sweep.eta)
        force = np.zeros((n, d))
        _forces(low, solved, d, force)
        sweep.f_above[top] = force
        return True

    def _system(self, scaled: np.ndarray, x: np.ndarray) -> np.ndarray | None:
        """(groups, d) K^-1 x for K given by blocks; None if K is not positive definite."""
        d, n = self.s.d, self.n
        if n * d <= DENSE_LIMIT:
            factor = np.zeros((n * d, n * d))
            return x.reshape(n, d) if _solve_dense(scaled, self.rows, self.cols, d, factor, x) else None
        import scipy.sparse.linalg

        i, j = np.indices((d, d))
        row = (self.rows[:, None, None] * d + i).reshape(-1)
        col = (self.cols[:, None, None] * d + j).reshape(-1)
        k = scipy.sparse.csc_matrix((scaled.reshape(-1), (row, col)), shape=(n * d, n * d))
        lu = scipy.sparse.linalg.splu(
            k, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
        return lu.solve(x).reshape(n, d)
