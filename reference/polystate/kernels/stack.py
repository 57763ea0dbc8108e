"""The Gaussian stack on the CPU: TLS levels collapsed to one TLS a combination of groups, six components an atom.

TLS is closed under addition and under a change of origin. So the levels of a stack are first added up for each
combination of groups that occurs, about the mean position of its atoms, and each atom is evaluated once.
Formulas: Schomaker & Trueblood, Acta Cryst. B24 (1968) 63, written out for K = [[0,z,-y],[-z,0,x],[y,-x,0]]."""

from __future__ import annotations

import math

import numpy as np

from polystate.kernels.constants import EIGHT_PI_SQUARED, PIVOT, PSD_ABSOLUTE
from polystate.kernels.jit import jit

PIECE = 512  # atoms that are evaluated between two visits to the output
_SCREEN = 0.5 * PSD_ABSOLUTE
_ROUNDING = 1e-14


@jit
def collapse(tls, rows, origin, out):
    """One TLS a combination of groups: the sum of its rows, moved to a common origin and scaled.

    tls: (R, 24); rows: (C, levels) int64, -1 = none; origin: (C, 3); out: (C, 20): T 6, L 6, then S 12 13 21 23 31 32
    and S22-S11, S11-S33."""
    out[:] = 0.0
    for c in range(rows.shape[0]):
        for level in range(rows.shape[1]):
            g = rows[c, level]
            if g < 0:
                continue
            a = tls[g, 20]
            x, y, z = origin[c, 0] - tls[g, 21], origin[c, 1] - tls[g, 22], origin[c, 2] - tls[g, 23]
            l11, l22, l33 = tls[g, 6], tls[g, 7], tls[g, 8]
            l12, l13, l23 = tls[g, 9], tls[g, 10], tls[g, 11]
            s11, s12, s13 = tls[g, 12], tls[g, 13], tls[g, 14]
            s21, s22, s23 = tls[g, 15], tls[g, 16], tls[g, 17]
            s31, s32 = tls[g, 18], tls[g, 19]
            s33 = -s11 - s22
            # T' = T + K L Kᵀ + K S + Sᵀ Kᵀ
            out[c, 0] += a * (tls[g, 0] + z * z * l22 - 2 * y * z * l23 + y * y * l33 + 2 * (z * s21 - y * s31))
            out[c, 1] += a * (tls[g, 1] + z * z * l11 - 2 * x * z * l13 + x * x * l33 + 2 * (x * s32 - z * s12))
            out[c, 2] += a * (tls[g, 2] + y * y * l11 - 2 * x * y * l12 + x * x * l22 + 2 * (y * s13 - x * s23))
            out[c, 3] += a * (
                tls[g, 3] - z * z * l12 + x * z * l23 + y * z * l13 - x * y * l33
                + z * (s22 - s11) - y * s32 + x * s31
            )  # fmt: skip
            out[c, 4] += a * (
                tls[g, 4] + y * z * l12 - x * z * l22 - y * y * l13 + x * y * l23
                + z * s23 + y * (s11 - s33) - x * s21
            )  # fmt: skip
            out[c, 5] += a * (
                tls[g, 5] - y * z * l11 + x * z * l12 + x * y * l13 - x * x * l23
                - z * s13 + x * (s33 - s22) + y * s12
            )  # fmt: skip
            for k in range(6):
                out[c, 6 + k] += a * tls[g, 6 + k]
            # S' = S + L Kᵀ
            out[c, 12] += a * (s12 - z * l11 + x * l13)
            out[c, 13] += a * (s13 + y * l11 - x * l12)
            out[c, 14] += a * (s21 + z * l22 - y * l23)
            out[c, 15] += a * (s23 + y * l12 - x * l22)
            out[c, 16] += a * (s31 + z * l23 - y * l33)
            out[c, 17] += a * (s32 - z * l13 + x * l33)
            d11, d22, d33 = s11 + z * l12 - y * l13, s22 - z * l12 + x * l23, s33 + y * l13 - x * l23
            out[c, 18] += a * (d22 - d11)
            out[c, 19] += a * (d11 - d33)


@jit
def _piece(p, xyz, iso, begin, n, six):
    """U of the atoms begin ... begin + n of one combination with the coefficients p (20,); six: (6, PIECE)."""
    t11, t22, t33, t12, t13, t23 = p[0], p[1], p[2], p[3], p[4], p[5]
    l11, l22, l33, l12, l13, l23 = p[6], p[7], p[8], p[9], p[10], p[11]
    s12, s13, s21, s23, s31, s32 = p[12], p[13], p[14], p[15], p[16], p[17]
    d21, d13 = p[18], p[19]
    d32 = -d21 - d13
    for j in range(n):
        x, y, z, i = xyz[0, begin + j], xyz[1, begin + j], xyz[2, begin + j], iso[begin + j]
        six[0, j] = t11 + i + z * (z * l22 - 2 * y * l23 + 2 * s21) + y * (y * l33 - 2 * s31)
        six[1, j] = t22 + i + z * (z * l11 - 2 * x * l13 - 2 * s12) + x * (x * l33 + 2 * s32)
        six[2, j] = t33 + i + y * (y * l11 - 2 * x * l12 + 2 * s13) + x * (x * l22 - 2 * s23)
        six[3, j] = t12 + z * (x * l23 + y * l13 - z * l12 + d21) - y * (x * l33 + s32) + x * s31
        six[4, j] = t13 + y * (z * l12 + x * l23 - y * l13 + d13) - x * (z * l22 + s21) + z * s23
        six[5, j] = t23 + x * (z * l12 + y * l13 - x * l23 + d32) - z * (y * l11 + s13) + y * s12


@jit
def suspect(a, b, c, d, e, f, shift):
    """Whether a symmetric matrix (11, 22, 33, 12, 13, 23) plus shift·1 might not be positive definite: 0 or 1."""
    a, b, c = a + shift, b + shift, c + shift
    two = a * b - d * d
    three = c * two - (a * f * f - 2 * d * e * f + b * e * e)
    good = (a > 0) & (b > 0) & (c > 0) & (two > _ROUNDING * a * b) & (three > _ROUNDING * a * b * c)
    return np.int64(not good)


@jit
def evaluate(coefficients, combination, begin, length, xyz, iso, aniso, row, out, suspects):
    """U (n, 3, 3) of all atoms; returns how many rows (written to suspects) may be indefinite.

    coefficients: (C, 20); combination, begin, length: (P,) pieces of at most PIECE atoms; xyz: (3, padded) about
    the combination's origin; iso: (padded,) Å²; aniso: (6, padded) or (6, 0) Å²; row: (padded,) row of out, -1 =
    padding."""
    six = np.empty((6, PIECE))
    flagged = 0
    for p in range(len(begin)):
        first, n = begin[p], length[p]
        _piece(coefficients[combination[p]], xyz, iso, first, n, six)
        if aniso.shape[1]:
            for k in range(6):
                for j in range(n):
                    six[k, j] += aniso[k, first + j]
        doubtful = 0
        for j in range(n):
            doubtful += suspect(six[0, j], six[1, j], six[2, j], six[3, j], six[4, j], six[5, j], _SCREEN)
        for j in range(n):
            i = row[first + j]
            if i >= 0:
                u = out[i]
                u[0, 0], u[1, 1], u[2, 2] = six[0, j], six[1, j], six[2, j]
                u[0, 1] = u[1, 0] = six[3, j]
                u[0, 2] = u[2, 0] = six[4, j]
                u[1, 2] = u[2, 1] = six[5, j]
        if doubtful:
            for j in range(n):
                if row[first + j] >= 0 and suspect(
                    six[0, j], six[1, j], six[2, j], six[3, j], six[4, j], six[5, j], _SCREEN
                ):
                    suspects[flagged] = row[first + j]
                    flagged += 1
    return flagged


@jit
def add_isotropic(place, b, iso):
    """iso[place] += B / 8π²; place, b: (R,)."""
    for r in range(len(place)):
        iso[place[r]] += b[r] / EIGHT_PI_SQUARED


@jit
def add_anisotropic(place, u, aniso):
    """aniso[:, place] += u; place: (R,), u: (R, 6), aniso: (6, padded)."""
    for r in range(len(place)):
        for k in range(6):
            aniso[k, place[r]] += u[r, k]


@jit
def add_modes(place, atom, basis, variance, aniso):
    """aniso[:, place] += Σ_k σ_k² v vᵀ; atom: (R,) columns of basis (k, M, 3)."""
    for k in range(len(variance)):
        for r in range(len(place)):
            x, y, z = basis[k, atom[r], 0], basis[k, atom[r], 1], basis[k, atom[r], 2]
            p = place[r]
            aniso[0, p] += variance[k] * x * x
            aniso[1, p] += variance[k] * y * y
            aniso[2, p] += variance[k] * z * z
            aniso[3, p] += variance[k] * x * y
            aniso[4, p] += variance[k] * x * z
            aniso[5, p] += variance[k] * y * z


@jit
def screen(u, suspects):
    """Rows of u (n, 3, 3) that may not be positive definite, written to suspects (n + 1,); returns how many."""
    flagged = 0
    for i in range(len(u)):
        suspects[flagged] = i
        flagged += suspect(u[i, 0, 0], u[i, 1, 1], u[i, 2, 2], u[i, 0, 1], u[i, 0, 2], u[i, 1, 2], 0.0)
    return flagged


@jit
def factor_one(u11, u22, u33, u12, u13, u23):
    """Lower Cholesky factor 11, 22, 33, 21, 31, 32; a pivot at or below 1e-12 Tr U gives a zero column."""
    limit = PIVOT * (u11 + u22 + u33)
    c11 = c22 = c33 = c21 = c31 = c32 = 0.0
    if u11 > limit:
        c11 = math.sqrt(u11)
        c21, c31 = u12 / c11, u13 / c11
    pivot = u22 - c21 * c21
    if pivot > limit:
        c22 = math.sqrt(pivot)
        c32 = (u23 - c31 * c21) / c22
    pivot = u33 - (c31 * c31 + c32 * c32)
    if pivot > limit:
        c33 = math.sqrt(pivot)
    return c11, c22, c33, c21, c31, c32


@jit
def factors(u, out):
    """Lower Cholesky factors of u (n, 3, 3) as out (6, padded): 11, 22, 33, 21, 31, 32."""
    for i in range(len(u)):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], out[5, i] = factor_one(
            u[i, 0, 0], u[i, 1, 1], u[i, 2, 2], u[i, 1, 0], u[i, 2, 0], u[i, 2, 1]
        )


@jit
def turn(u, rotation, place):
    """u[place] ← R u Rᵀ; u: (n, 3, 3); rotation: (m, 3, 3); place: (m,)."""
    half = np.empty((3, 3))
    for m in range(len(place)):
        r, v = rotation[m], u[place[m]]
        for i in range(3):
            for j in range(3):
                half[i, j] = r[i, 0] * v[0, j] + r[i, 1] * v[1, j] + r[i, 2] * v[2, j]
        for i in range(3):
            for j in range(i + 1):
                v[i, j] = v[j, i] = half[i, 0] * r[j, 0] + half[i, 1] * r[j, 1] + half[i, 2] * r[j, 2]
