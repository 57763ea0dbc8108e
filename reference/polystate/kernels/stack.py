"""The Gaussian stack on the CPU: TLS levels collapsed to one TLS a combination of groups, six components an atom.

TLS is closed under addition and under a change of origin. So the levels of a stack are first added up for each
combination of groups that occurs, about the mean position of its atoms, and each atom is evaluated once: its U is
the T of its combination, moved to where it stands."""

from __future__ import annotations

import numpy as np

from polystate.kernels import formulas
from polystate.kernels.jit import fusing, jit, prefetch
from polystate.numbers.constants import EIGHT_PI_SQUARED, PSD_ABSOLUTE

AHEAD = 128  # atoms whose place in the output is asked for early
PIECE = 512  # atoms that are evaluated between two visits to the output
LANES = 8  # combinations that are added up at once
SCREEN = 0.5 * PSD_ABSOLUTE
moved, suspect, factor_one = fusing(formulas.moved), jit(formulas.suspect), jit(formulas.factor_one)


@fusing
def _combined(c, tls, row, parent, origin, above, above_origin):
    """The coefficients (20) of combination c: those of the levels above plus one TLS of this level."""
    x, y, z = origin[c, 0], origin[c, 1], origin[c, 2]
    u, o, g = above[parent[c]], above_origin[parent[c]], row[c]
    total = moved(
        x - o[0], y - o[1], z - o[2], u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9],
        u[10], u[11], u[12], u[13], u[14], u[15], u[16], u[17], u[18], u[19],
    )  # fmt: skip
    t = tls[max(g, 0)]
    own = moved(
        x - t[21], y - t[22], z - t[23], t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9],
        t[10], t[11], t[13], t[14], t[15], t[17], t[18], t[19], t[16] - t[12], 2 * t[12] + t[16],
    )  # fmt: skip
    return total, own, t[20] if g >= 0 else 0.0


@fusing
def collapse(tls, row, parent, origin, above, above_origin, out):
    """All combinations of a level and those above it.

    tls: (G, 24), G ≥ 1; row, parent: (C,) int64, the TLS (-1 = none) and the combination above; origin: (C, 3);
    above, above_origin: (C', 20) and (C', 3) of the levels above, zeros for the first; out: (C, 20): T 6, L 6,
    S 12 13 21 23 31 32, S22 - S11, S11 - S33, all times their amplitude."""
    for c in range(len(row)):
        total, own, a = _combined(c, tls, row, parent, origin, above, above_origin)
        for k in range(20):
            out[c, k] = total[k] + a * own[k]


@fusing
def _combined_lanes(first, combination, tls, row, parent, origin, above, above_origin, lanes):
    """lanes[k * LANES + j] = coefficient k (20) of the combination of piece first + j, as `_combined`.

    The numbers of `LANES` combinations are gathered side by side, so that whole vectors of them are added up. lanes:
    (67 * LANES,), one array: the compiler sees that its parts do not overlap."""
    w, last = LANES, len(combination) - 1
    for j in range(LANES):
        c = combination[min(first + j, last)]
        x, y, z = origin[c, 0], origin[c, 1], origin[c, 2]
        u, o, g = above[parent[c]], above_origin[parent[c]], row[c]
        t = tls[max(g, 0)]
        for k in range(20):
            lanes[(20 + k) * w + j] = u[k]
            lanes[(40 + k) * w + j] = t[k]
        lanes[60 * w + j], lanes[61 * w + j], lanes[62 * w + j] = x - o[0], y - o[1], z - o[2]
        lanes[63 * w + j], lanes[64 * w + j], lanes[65 * w + j] = x - t[21], y - t[22], z - t[23]
        lanes[66 * w + j] = t[20] if g >= 0 else 0.0
    for j in range(LANES):
        total = moved(
            lanes[60 * w + j], lanes[61 * w + j], lanes[62 * w + j], lanes[20 * w + j], lanes[21 * w + j],
            lanes[22 * w + j], lanes[23 * w + j], lanes[24 * w + j], lanes[25 * w + j], lanes[26 * w + j],
            lanes[27 * w + j], lanes[28 * w + j], lanes[29 * w + j], lanes[30 * w + j], lanes[31 * w + j],
            lanes[32 * w + j], lanes[33 * w + j], lanes[34 * w + j], lanes[35 * w + j], lanes[36 * w + j],
            lanes[37 * w + j], lanes[38 * w + j], lanes[39 * w + j],
        )  # fmt: skip
        own = moved(
            lanes[63 * w + j], lanes[64 * w + j], lanes[65 * w + j], lanes[40 * w + j], lanes[41 * w + j],
            lanes[42 * w + j], lanes[43 * w + j], lanes[44 * w + j], lanes[45 * w + j], lanes[46 * w + j],
            lanes[47 * w + j], lanes[48 * w + j], lanes[49 * w + j], lanes[50 * w + j], lanes[51 * w + j],
            lanes[53 * w + j], lanes[54 * w + j], lanes[55 * w + j], lanes[57 * w + j], lanes[58 * w + j],
            lanes[59 * w + j], lanes[56 * w + j] - lanes[52 * w + j], 2 * lanes[52 * w + j] + lanes[56 * w + j],
        )  # fmt: skip
        a = lanes[66 * w + j]
        lanes[j] = total[0] + a * own[0]
        lanes[w + j] = total[1] + a * own[1]
        lanes[2 * w + j] = total[2] + a * own[2]
        lanes[3 * w + j] = total[3] + a * own[3]
        lanes[4 * w + j] = total[4] + a * own[4]
        lanes[5 * w + j] = total[5] + a * own[5]
        lanes[6 * w + j] = total[6] + a * own[6]
        lanes[7 * w + j] = total[7] + a * own[7]
        lanes[8 * w + j] = total[8] + a * own[8]
        lanes[9 * w + j] = total[9] + a * own[9]
        lanes[10 * w + j] = total[10] + a * own[10]
        lanes[11 * w + j] = total[11] + a * own[11]
        lanes[12 * w + j] = total[12] + a * own[12]
        lanes[13 * w + j] = total[13] + a * own[13]
        lanes[14 * w + j] = total[14] + a * own[14]
        lanes[15 * w + j] = total[15] + a * own[15]
        lanes[16 * w + j] = total[16] + a * own[16]
        lanes[17 * w + j] = total[17] + a * own[17]
        lanes[18 * w + j] = total[18] + a * own[18]
        lanes[19 * w + j] = total[19] + a * own[19]


@fusing
def evaluate(
    tls, group, parent, origin, above, above_origin, combination, begin, length, xyz, iso, aniso, row, out, suspects
):  # fmt: skip
    """U (n, 3, 3) of all atoms; returns how many rows (written to suspects) may be indefinite.

    tls, group, parent, origin, above, above_origin: the finest level, as in `collapse`; combination, begin, length:
    (P,) pieces of at most PIECE atoms; xyz: (3, padded) about the combination's origin; iso: (padded,) Å²; aniso:
    (6, padded) or (6, 0) Å²; row: (padded,) row of out, -1 = padding."""
    six, lanes, p = np.empty(6 * PIECE), np.empty(67 * LANES), np.empty(20)  # parts of one array do not overlap
    flagged, last, flat, w = 0, len(row), out.reshape(-1), LANES
    for piece in range(len(begin)):
        b, n = begin[piece], length[piece]
        for j in range(min(b + AHEAD, last), min(b + AHEAD + n, last)):
            prefetch(flat, np.int64(max(row[j], 0)) * 9)
        j = piece % LANES
        if j == 0:
            _combined_lanes(piece, combination, tls, group, parent, origin, above, above_origin, lanes)
        for k in range(20):
            p[k] = lanes[k * w + j]
        t11, t22, t33, t12, t13, t23 = p[0], p[1], p[2], p[3], p[4], p[5]
        l11, l22, l33, l12, l13, l23 = p[6], p[7], p[8], p[9], p[10], p[11]
        s12, s13, s21, s23, s31, s32 = p[12], p[13], p[14], p[15], p[16], p[17]
        d21, d13 = p[18], p[19]
        # slices, since a sum as an index might be negative, and then nothing is read as whole vectors
        xs, ys, zs, own, rows = xyz[0, b : b + n], xyz[1, b : b + n], xyz[2, b : b + n], iso[b : b + n], row[b : b + n]
        for j in range(n):
            x, y, z, i = xs[j], ys[j], zs[j], own[j]
            u = moved(
                x, y, z, t11, t22, t33, t12, t13, t23, l11, l22, l33, l12, l13, l23,
                s12, s13, s21, s23, s31, s32, d21, d13,
            )  # fmt: skip
            six[j], six[PIECE + j], six[2 * PIECE + j] = u[0] + i, u[1] + i, u[2] + i
            six[3 * PIECE + j], six[4 * PIECE + j], six[5 * PIECE + j] = u[3], u[4], u[5]
        if aniso.shape[1]:
            for k in range(6):
                six_k, aniso_k = six[k * PIECE : k * PIECE + n], aniso[k, b : b + n]
                for j in range(n):
                    six_k[j] += aniso_k[j]
        doubtful = 0
        for j in range(n):
            doubtful += suspect(
                six[j], six[PIECE + j], six[2 * PIECE + j], six[3 * PIECE + j], six[4 * PIECE + j],
                six[5 * PIECE + j], SCREEN,
            )  # fmt: skip
        for j in range(n):
            i = rows[j]
            if i >= 0:
                out[i, 0, 0] = six[j]
                out[i, 0, 1] = out[i, 1, 0] = six[3 * PIECE + j]
                out[i, 0, 2] = out[i, 2, 0] = six[4 * PIECE + j]
                out[i, 1, 1] = six[PIECE + j]
                out[i, 1, 2] = out[i, 2, 1] = six[5 * PIECE + j]
                out[i, 2, 2] = six[2 * PIECE + j]
        if doubtful:
            for j in range(n):
                i = rows[j]
                if i >= 0 and suspect(
                    out[i, 0, 0], out[i, 1, 1], out[i, 2, 2], out[i, 0, 1], out[i, 0, 2], out[i, 1, 2], SCREEN
                ):
                    suspects[flagged] = i
                    flagged += 1
    return flagged


@jit
def add_isotropic(place, b, iso):
    """iso[place] += B / 8π²; place, b: (R,)."""
    for r in range(len(place)):
        iso[place[r]] += b[r] / EIGHT_PI_SQUARED


@jit
def set_isotropic(place, b, iso):
    """iso[place] = B / 8π²; place, b: (R,)."""
    for r in range(len(place)):
        iso[place[r]] = b[r] / EIGHT_PI_SQUARED


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
