"""Dense linear algebra for the many matrices of at most 6x6 (and 21x21) that the fit is made of.

Everything is compiled, allocates nothing that the caller did not hand in, and touches only the leading
``n`` rows and columns, so a group whose motions span fewer than six dimensions costs and means less.
"""

from __future__ import annotations

import math
from typing import Any

import numba

# Multiply-adds are rounded once; nothing is reordered. References to arrays are not counted, for which threads would
# wait for each other: so no kernel allocates. None is called from C.
_OPTIONS: dict[str, Any] = {
    "cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract"}, "no_cfunc_wrapper": True,
    "_nrt": False,
}  # fmt: skip
jit = numba.njit(**_OPTIONS)
part = numba.njit(**{**_OPTIONS, "no_cpython_wrapper": True})  # called by other loops alone
# Called from one place: compiled there, and not once more by itself, which is a tenth of the time of a first fit.
inlined = numba.njit(**{**_OPTIONS, "no_cpython_wrapper": True, "inline": "always"})


@part
def cholesky(a, n, out):
    """Lower factor of the leading (n, n) block of `a` into `out`; False where it is not positive definite."""
    for j in range(n):
        total = a[j, j]
        for k in range(j):
            total -= out[j, k] * out[j, k]
        if not total > 0.0:
            return False
        pivot = math.sqrt(total)
        out[j, j] = pivot
        for i in range(j + 1, n):
            total = a[i, j]
            for k in range(j):
                total -= out[i, k] * out[j, k]
            out[i, j] = total / pivot
        for i in range(j):
            out[i, j] = 0.0
    return True


@part
def invert_lower(low, n, out):
    """Inverse of a lower triangular matrix, lower triangular."""
    for j in range(n):
        for i in range(j):
            out[i, j] = 0.0
        out[j, j] = 1.0 / low[j, j]
        for i in range(j + 1, n):
            total = 0.0
            for k in range(j, i):
                total += low[i, k] * out[k, j]
            out[i, j] = -total / low[i, i]


@part
def eigen_symmetric(a, n, vectors):
    """Cyclic Jacobi: `a` (destroyed) ends with the eigenvalues on its diagonal, `vectors` holds columns."""
    for i in range(n):
        for j in range(n):
            vectors[i, j] = 0.0
        vectors[i, i] = 1.0
    for _ in range(30):
        off = 0.0
        diagonal = 0.0
        for i in range(n):
            diagonal += a[i, i] * a[i, i]
            for j in range(i):
                off += a[i, j] * a[i, j]
        if off <= 1e-30 * diagonal or off == 0.0:
            return
        for p in range(n - 1):
            for q in range(p + 1, n):
                apq = a[p, q]
                if apq == 0.0:
                    continue
                if abs(apq) < 1e-18 * math.sqrt(abs(a[p, p] * a[q, q])):
                    a[p, q] = 0.0
                    a[q, p] = 0.0
                    continue
                theta = (a[q, q] - a[p, p]) / (2.0 * apq)
                if theta >= 0.0:
                    t = 1.0 / (theta + math.sqrt(1.0 + theta * theta))
                else:
                    t = -1.0 / (-theta + math.sqrt(1.0 + theta * theta))
                c = 1.0 / math.sqrt(1.0 + t * t)
                s = t * c
                a[p, p] -= t * apq
                a[q, q] += t * apq
                a[p, q] = 0.0
                a[q, p] = 0.0
                for k in range(n):
                    if k != p and k != q:
                        akp = a[k, p]
                        akq = a[k, q]
                        x = c * akp - s * akq
                        y = s * akp + c * akq
                        a[k, p] = x
                        a[p, k] = x
                        a[k, q] = y
                        a[q, k] = y
                for k in range(n):
                    vkp = vectors[k, p]
                    vkq = vectors[k, q]
                    vectors[k, p] = c * vkp - s * vkq
                    vectors[k, q] = s * vkp + c * vkq


@part
def congruence(v, a, n, out, scratch):
    """out = v^T a v for the leading (n, n) blocks; of `v.T`, v a v^T."""
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += a[i, k] * v[k, j]
            scratch[i, j] = total
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(n):
                total += v[k, i] * scratch[k, j]
            out[i, j] = total
            out[j, i] = total


@part
def turn(m, u, n, row):
    """m <- m u for the leading (n, n) blocks, in place; row: (n,) scratch."""
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += m[i, k] * u[k, j]
            row[j] = total
        for j in range(n):
            m[i, j] = row[j]


@part
def scaling_point(sigma, slack, n, w, v, b1, b2, b3):
    """Nesterov-Todd point W of (sigma, slack): W slack W = sigma, as eigenvalues `w` (n,) and vectors `v`.

    False where either matrix has lost its positive definiteness to rounding. b1..b3 are (n, n) scratch.
    """
    if not cholesky(sigma, n, b1):
        return False
    congruence(b1, slack, n, b2, v)  # L^T Z L
    eigen_symmetric(b2, n, b3)
    for j in range(n):
        if not b2[j, j] > 0.0:
            return False
        w[j] = 1.0 / math.sqrt(math.sqrt(b2[j, j]))
    for i in range(n):  # columns of L V D^(-1/4)
        for j in range(n):
            total = 0.0
            for k in range(i + 1):
                total += b1[i, k] * b3[k, j]
            v[i, j] = total * w[j]
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(n):
                total += v[i, k] * v[j, k]
            b2[i, j] = total
            b2[j, i] = total
    eigen_symmetric(b2, n, v)
    for j in range(n):
        w[j] = b2[j, j]
        if not w[j] > 0.0:
            return False
    return True
