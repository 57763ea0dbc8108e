"""The Gaussian stack on the CPU: TLS levels collapsed to one TLS a combination of groups, six components an atom.

TLS is closed under addition and under a change of origin. So the levels of a stack are first added up for each
combination of groups that occurs, about the mean position of its atoms, and each atom is evaluated once: its U is
the T of its combination, moved to where it stands."""

from __future__ import annotations

import numpy as np

from polystate.kernels import formulas
from polystate.kernels.jit import fusing, jit
from polystate.kernels.lanes import WIDTH
from polystate.kernels.tls import combined, eight_atoms
from polystate.numbers.constants import EIGHT_PI_SQUARED

definite, factor_one = jit(formulas.definite), jit(formulas.factor_one)


@fusing
def collapse(tls, row, parent, origin, above, above_origin, out):
    """All combinations of a level and those above it.

    tls: (G, 24), G ≥ 1; row, parent: (C,) int64, the TLS (-1 = none) and the combination above; origin: (C, 3);
    above, above_origin: (C', 20) and (C', 3) of the levels above, zeros for the first; out: (C, 20): T 6, L 6,
    S 12 13 21 23 31 32, S22 - S11, S11 - S33, all times their amplitude. All in C order."""
    sums, those, n = np.empty(20 * WIDTH), np.empty(WIDTH, np.int64), len(row)
    for first in range(0, n, WIDTH):
        for j in range(WIDTH):
            those[j] = min(first + j, n - 1)
        combined(those, tls, row, parent, origin, above, above_origin, sums)
        for j in range(min(WIDTH, n - first)):
            for k in range(20):
                out[first + j, k] = sums[k * WIDTH + j]


@fusing
def evaluate(
    tls, group, parent, origin, above, above_origin, combination, begin, length, xyz, iso, aniso, row, out, suspects
):  # fmt: skip
    """U (n, 3, 3) of all atoms; returns how many rows (written to suspects) may be indefinite.

    tls, group, parent, origin, above, above_origin: the finest level, as in `collapse`; combination, begin, length:
    (C,) those that have atoms, length in whole vectors; xyz: (3, padded) about the combination's origin; iso:
    (padded,) Å²; aniso: (6, padded) or (6, 0) Å²; row: (padded,) int32 row of out, -1 = padding. All in C order."""
    sums, those, flat = np.empty(20 * WIDTH), np.empty(WIDTH, np.int64), out.reshape(-1)
    flagged, n = 0, len(combination)
    for c in range(n):
        if c % WIDTH == 0:
            for j in range(WIDTH):
                those[j] = combination[min(c + j, n - 1)]
            combined(those, tls, group, parent, origin, above, above_origin, sums)
        for at in range(begin[c], begin[c] + length[c], WIDTH):
            doubtful = eight_atoms(sums, c % WIDTH, xyz, iso, aniso, at, row, flat)
            if doubtful:
                for k in range(WIDTH):
                    if doubtful >> k & 1:
                        suspects[flagged] = row[at + k]
                        flagged += 1
    return flagged


@jit
def add_isotropic(place, b, iso):
    """iso[place] += B / 8π²; place, b: (R,)."""
    u = b / EIGHT_PI_SQUARED  # before it is scattered: whole vectors of quotients
    for r in range(len(place)):
        iso[place[r]] += u[r]


@jit
def set_isotropic(place, b, iso):
    """iso[place] = B / 8π²; place, b: (R,)."""
    u = b / EIGHT_PI_SQUARED
    for r in range(len(place)):
        iso[place[r]] = u[r]


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
        if not definite(u[i, 0, 0], u[i, 1, 1], u[i, 2, 2], u[i, 0, 1], u[i, 0, 2], u[i, 1, 2], 0.0):
            flagged += 1
    return flagged


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
