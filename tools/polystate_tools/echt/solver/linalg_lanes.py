"""Linear algebra of eight small matrices at a time: what `linalg6` does with branches, done with none.

Matrices are (n, n) of `lanes`. A lane in which a factor does not exist goes on with whatever numbers come, and says so.
What one lane does never depends on the others.
"""

from __future__ import annotations

from .lanes import any_above, choose, sqrt
from .linalg6 import congruence, inlined, invert_lower, part


@part
def factors(a, n, out):
    """Lower Cholesky factors of `a` into `out`; 1 in the lanes where it is positive definite, else 0."""
    good = choose(a[0, 0], 0.0, 1.0, 0.0)
    for j in range(n):
        total = a[j, j]
        for k in range(j):
            total -= out[j, k] * out[j, k]
        good = choose(total, 0.0, good, 0.0)
        inverse = 1.0 / sqrt(total)
        out[j, j] = total * inverse
        for i in range(j + 1, n):
            total = a[i, j]
            for k in range(j):
                total -= out[i, k] * out[j, k]
            out[i, j] = total * inverse
        for i in range(j):
            out[i, j] = 0.0
    return good


@part
def factors_semidefinite(a, n, out):
    """The same for positive semi-definite matrices: a pivot lost in rounding gives a column of zeros."""
    largest = a[0, 0]
    for i in range(1, n):
        largest = choose(a[i, i], largest, a[i, i], largest)
    least = choose(1e-18 * largest, 1e-300, 1e-18 * largest, 1e-300)
    for j in range(n):
        for i in range(j):
            out[i, j] = 0.0
        total = a[j, j]
        for k in range(j):
            total -= out[j, k] * out[j, k]
        total = choose(total, 1e-14 * a[j, j], total, 0.0)
        total = choose(total, least, total, 0.0)
        inverse = choose(total, 0.0, 1.0 / sqrt(choose(total, 0.0, total, 1.0)), 0.0)
        out[j, j] = total * inverse
        for i in range(j + 1, n):
            total = a[i, j]
            for k in range(j):
                total -= out[i, k] * out[j, k]
            out[i, j] = total * inverse


@part
def eigen_lanes(a, n, vectors, live):
    """Cyclic Jacobi where `live` is 1: `a` (destroyed) ends with the eigenvalues on its diagonal, `vectors` with the
    columns; where `live` is 0, `a` stays and `vectors` are those of the identity."""
    for i in range(n):
        for j in range(n):
            vectors[i, j] = 0.0
        vectors[i, i] = 1.0
    for _ in range(30):
        off, diagonal = 0.0 * live, 0.0 * live
        for i in range(n):
            diagonal += a[i, i] * a[i, i]
            for j in range(i):
                off += a[i, j] * a[i, j]
        live = choose(off, 1e-30 * diagonal, live, 0.0)
        if not any_above(live, 0.0):
            return
        for p in range(n - 1):
            for q in range(p + 1, n):
                _rotate(a, p, q, n, vectors, live)


@part
def _rotate(a, p, q, n, vectors, live):
    """Turn rows and columns p and q of `a` so that a[p, q] is 0, in the lanes that are live."""
    x = a[p, q]
    twice = x + x
    apart = a[q, q] - a[p, p]
    both = a[p, p] * a[q, q]
    size = choose(0.0, apart, 0.0 - apart, apart)
    t = choose(0.0, apart, 0.0 - twice, twice) / (size + sqrt(apart * apart + twice * twice))
    t = live * choose(x * x, 1e-36 * choose(0.0, both, 0.0 - both, both), t, 0.0)
    c = 1.0 / sqrt(1.0 + t * t)
    s = t * c
    a[p, p] -= t * x
    a[q, q] += t * x
    a[p, q] = choose(live, 0.0, 0.0, x)
    a[q, p] = a[p, q]
    for k in range(n):
        if k != p and k != q:
            y, z = a[k, p], a[k, q]
            a[k, p] = c * y - s * z
            a[p, k] = a[k, p]
            a[k, q] = s * y + c * z
            a[q, k] = a[k, q]
        y, z = vectors[k, p], vectors[k, q]
        vectors[k, p] = c * y - s * z
        vectors[k, q] = s * y + c * z


@part
def product(a, b, out):
    """out = a b, square."""
    n = len(a)
    for i in range(n):
        for j in range(n):
            total = a[i, 0] * b[0, j]
            for k in range(1, n):
                total += a[i, k] * b[k, j]
            out[i, j] = total


@inlined
def scaling_frames(sigma, slack, n, values, frame, dual, b1, b2, b3):
    """Frame R in which (sigma, slack) meet: R^T slack R = R^-1 sigma R^-T = diag(values); dual = R^-T.

    R R^T is the Nesterov-Todd point of the two. 1 in the lanes where it exists: 0 where either matrix has lost its
    positive definiteness to rounding. b1..b3: (n, n) scratch."""
    good = factors(sigma, n, b1)
    congruence(b1, slack, n, b2, frame)  # L^T Z L = Q D Q^T
    eigen_lanes(b2, n, b3, good)
    for j in range(n):
        good = choose(b2[j, j], 0.0, good, 0.0)
        values[j] = sqrt(b2[j, j])
    invert_lower(b1, n, b2)
    for j in range(n):  # L Q D^(-1/4) and L^-T Q D^(1/4)
        root = sqrt(values[j])
        inverse = 1.0 / root
        for i in range(n):
            total = b1[i, 0] * b3[0, j]
            for k in range(1, i + 1):
                total += b1[i, k] * b3[k, j]
            frame[i, j] = total * inverse
            total = b2[i, i] * b3[i, j]
            for k in range(i + 1, n):
                total += b2[k, i] * b3[k, j]
            dual[i, j] = total * root
    return good
