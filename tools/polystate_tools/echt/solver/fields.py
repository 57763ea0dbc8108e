"""What a group's motion does to the atoms: linear fields over a group, in two sizes.

A group's motion is a 6x6 covariance of w = (t, omega): a displacement t + omega x r at r = x - origin.
What atoms *see* of it is linear in that matrix and is held as `d` numbers per node:

* d = 10, isotropic input only: Tr U(r) / 3 is a quadratic polynomial in r, its coefficients in the order
  1, x, y, z, xx, yy, zz, xy, xz, yz;
* d = 21, some input anisotropic: the symmetric matrix itself, row by row of its upper triangle.

Coordinates of a node are r = (x - origin) / radius and w = (t, radius * omega), so all numbers have one scale.
`lift` is the map from a symmetric product of two motions to such a field, `pull` its adjoint, `shift` the
change of node (polynomials re-expanded about another origin; a congruence for d = 21). `tensor` says which of the two
it is: None for d = 10, for which nothing of the other is compiled then.
"""

from __future__ import annotations

from .linalg6 import jit, part

THIRD = 1.0 / 3.0
ROOT2 = 2.0**0.5


@jit
def lift(a, b, tensor, out):
    """Field of sym(a b^T) for motions a, b (6,): out (d,)."""
    if tensor is None:
        at0, at1, at2, ao0, ao1, ao2 = a[0], a[1], a[2], a[3], a[4], a[5]
        bt0, bt1, bt2, bo0, bo1, bo2 = b[0], b[1], b[2], b[3], b[4], b[5]
        out[0] = THIRD * (at0 * bt0 + at1 * bt1 + at2 * bt2)
        out[1] = THIRD * (at1 * bo2 - at2 * bo1 + bt1 * ao2 - bt2 * ao1)
        out[2] = THIRD * (at2 * bo0 - at0 * bo2 + bt2 * ao0 - bt0 * ao2)
        out[3] = THIRD * (at0 * bo1 - at1 * bo0 + bt0 * ao1 - bt1 * ao0)
        xx, yy, zz = ao0 * bo0, ao1 * bo1, ao2 * bo2
        out[4] = THIRD * (yy + zz)
        out[5] = THIRD * (xx + zz)
        out[6] = THIRD * (xx + yy)
        out[7] = -THIRD * (ao0 * bo1 + ao1 * bo0)
        out[8] = -THIRD * (ao0 * bo2 + ao2 * bo0)
        out[9] = -THIRD * (ao1 * bo2 + ao2 * bo1)
    else:
        k = 0
        for i in range(6):
            for j in range(i, 6):
                out[k] = 0.5 * (a[i] * b[j] + a[j] * b[i])
                k += 1


@jit
def pull(f, tensor, out):
    """Adjoint of `lift`: the symmetric (6, 6) matrix R with <R, a a^T> = f . lift(a, a)."""
    if tensor is None:
        for i in range(3):
            for j in range(3):
                out[i, j] = 0.0
                out[i + 3, j + 3] = 0.0
            out[i, i] = THIRD * f[0]
        out[0, 3] = 0.0
        out[1, 4] = 0.0
        out[2, 5] = 0.0
        out[0, 4] = THIRD * f[3]
        out[0, 5] = -THIRD * f[2]
        out[1, 3] = -THIRD * f[3]
        out[1, 5] = THIRD * f[1]
        out[2, 3] = THIRD * f[2]
        out[2, 4] = -THIRD * f[1]
        out[3, 3] = THIRD * (f[5] + f[6])
        out[4, 4] = THIRD * (f[4] + f[6])
        out[5, 5] = THIRD * (f[4] + f[5])
        out[3, 4] = -THIRD * f[7]
        out[3, 5] = -THIRD * f[8]
        out[4, 5] = -THIRD * f[9]
        for i in range(6):
            for j in range(i):
                out[i, j] = out[j, i]
    else:
        k = 0
        for i in range(6):
            out[i, i] = f[k]
            k += 1
            for j in range(i + 1, 6):
                out[i, j] = 0.5 * f[k]
                out[j, i] = 0.5 * f[k]
                k += 1


@jit
def _shift_polynomial(dx, dy, dz, s, out):
    """(10, 10): r_from = s r_to + (dx, dy, dz)."""
    for i in range(10):
        for j in range(10):
            out[i, j] = 0.0
    out[0, 0] = 1.0
    off = (dx, dy, dz)
    for i in range(3):
        out[0, 1 + i] = off[i]
        out[1 + i, 1 + i] = s
        out[0, 4 + i] = off[i] * off[i]
        out[1 + i, 4 + i] = 2.0 * s * off[i]
        out[4 + i, 4 + i] = s * s
    k = 7
    for i in range(2):
        for j in range(i + 1, 3):
            out[0, k] = off[i] * off[j]
            out[1 + i, k] = s * off[j]
            out[1 + j, k] = s * off[i]
            out[k, k] = s * s
            k += 1


@jit
def shift(origin_from, radius_from, origin_to, radius_to, tensor, out, g):
    """(d, d) matrix that re-expands a field of one node in the coordinates of another. g: (6, 6) scratch."""
    dx = origin_to[0] - origin_from[0]
    dy = origin_to[1] - origin_from[1]
    dz = origin_to[2] - origin_from[2]
    if tensor is None:
        _shift_polynomial(dx / radius_from, dy / radius_from, dz / radius_from, radius_to / radius_from, out)
        return
    # w_to = g w_from: t + omega x d, and omega in units of the other radius
    for i in range(6):
        for j in range(6):
            g[i, j] = 0.0
    for i in range(3):
        g[i, i] = 1.0
        g[i + 3, i + 3] = radius_to / radius_from
    g[0, 4] = dz / radius_from
    g[0, 5] = -dy / radius_from
    g[1, 3] = -dz / radius_from
    g[1, 5] = dx / radius_from
    g[2, 3] = dy / radius_from
    g[2, 4] = -dx / radius_from
    row = 0
    for a in range(6):
        for b in range(a, 6):
            col = 0
            for i in range(6):
                out[row, col] = g[a, i] * g[b, i]
                col += 1
                for j in range(i + 1, 6):
                    out[row, col] = g[a, i] * g[b, j] + g[a, j] * g[b, i]
                    col += 1
            row += 1


@part
def atom_rows(x, origin, radius, tensor, anisotropic, rows, g):
    """Design rows of an atom at x (3,), Å, seen from a node.

    rows[0] (d,) gives Tr U / 3; for an anisotropic atom rows[0..5] give U11, U22, U33, and sqrt 2 times
    U12, U13, U23, so that the Euclidean norm is the Frobenius norm. g: (3, 6) scratch.
    """
    rx, ry, rz = (x[0] - origin[0]) / radius, (x[1] - origin[1]) / radius, (x[2] - origin[2]) / radius
    if tensor is None:
        r = rows[0]
        r[0] = 1.0
        r[1] = rx
        r[2] = ry
        r[3] = rz
        r[4] = rx * rx
        r[5] = ry * ry
        r[6] = rz * rz
        r[7] = rx * ry
        r[8] = rx * rz
        r[9] = ry * rz
        return
    for i in range(3):
        for j in range(6):
            g[i, j] = 0.0
        g[i, i] = 1.0
    g[0, 4] = rz
    g[0, 5] = -ry
    g[1, 3] = -rz
    g[1, 5] = rx
    g[2, 3] = ry
    g[2, 4] = -rx
    if anisotropic:
        _matrix_rows(g, rows)
        return
    col = 0
    for i in range(6):
        for j in range(i, 6):
            total = g[0, i] * g[0, j] + g[1, i] * g[1, j] + g[2, i] * g[2, j]
            rows[0, col] = THIRD * total if i == j else 2.0 * THIRD * total
            col += 1


@part
def _matrix_rows(g, rows):
    """The six rows of an atom that the motions w move by g w."""
    for m in range(3):
        col = 0
        for i in range(6):
            rows[m, col] = g[m, i] * g[m, i]
            col += 1
            for j in range(i + 1, 6):
                rows[m, col] = 2.0 * g[m, i] * g[m, j]
                col += 1
    row = 3
    for m in range(2):
        for n in range(m + 1, 3):
            col = 0
            for i in range(6):
                rows[row, col] = ROOT2 * g[m, i] * g[n, i]
                col += 1
                for j in range(i + 1, 6):
                    rows[row, col] = ROOT2 * (g[m, i] * g[n, j] + g[m, j] * g[n, i])
                    col += 1
            row += 1


@jit
def lift_matrix(m, tensor, out):
    """Field of a symmetric (6, 6) covariance of motions: the linear extension of `lift(a, a)`."""
    if tensor is None:
        out[0] = THIRD * (m[0, 0] + m[1, 1] + m[2, 2])
        out[1] = 2.0 * THIRD * (m[1, 5] - m[2, 4])
        out[2] = 2.0 * THIRD * (m[2, 3] - m[0, 5])
        out[3] = 2.0 * THIRD * (m[0, 4] - m[1, 3])
        out[4] = THIRD * (m[4, 4] + m[5, 5])
        out[5] = THIRD * (m[3, 3] + m[5, 5])
        out[6] = THIRD * (m[3, 3] + m[4, 4])
        out[7] = -2.0 * THIRD * m[3, 4]
        out[8] = -2.0 * THIRD * m[3, 5]
        out[9] = -2.0 * THIRD * m[4, 5]
    else:
        k = 0
        for i in range(6):
            for j in range(i, 6):
                out[k] = m[i, j]
                k += 1


@part
def add_shifted(forest, p, n, field, t, g6, out):
    """out += the field of node p, seen from node n."""
    d = forest.d
    shift(forest.origin[p], forest.radius[p], forest.origin[n], forest.radius[n], forest.tensor, t, g6)
    for i in range(d):
        for j in range(d):
            out[i] += t[i, j] * field[j]
