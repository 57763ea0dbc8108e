"""CUDA kernels: one thread an atom (or a combination of groups, or an element), numbers as on the CPU.

Draws in float32 use float32 arithmetic throughout (PPND7 of AS241; with approximate quotients and logarithms the
relative error stays near 1e-6), draws in float64 the same PPND16 as the CPU."""

from __future__ import annotations

import math

import numpy as np

from polystate.kernels import formulas
from polystate.kernels.constants import (
    CENTRE,
    CENTRE_SQUARED,
    DENOMINATOR,
    DENOMINATOR_7,
    NUMERATOR,
    NUMERATOR_7,
    TAIL_DENOMINATOR,
    TAIL_DENOMINATOR_7,
    TAIL_NUMERATOR,
    TAIL_NUMERATOR_7,
    TAIL_SHIFT,
)
from polystate.kernels.cuda.shim import THREADS, cuda, device, fast, fast_device, jit
from polystate.numbers.constants import PHILOX_M0, PHILOX_M1, PHILOX_W0, PHILOX_W1, PSD_ABSOLUTE

_A0, _A1, _A2, _A3, _A4, _A5, _A6, _A7 = NUMERATOR
_B0, _B1, _B2, _B3, _B4, _B5, _B6, _B7 = DENOMINATOR
_C0, _C1, _C2, _C3, _C4, _C5, _C6, _C7 = TAIL_NUMERATOR
_D0, _D1, _D2, _D3, _D4, _D5, _D6, _D7 = TAIL_DENOMINATOR
_a0, _a1, _a2, _a3 = (np.float32(x) for x in NUMERATOR_7)
_b0, _b1, _b2, _b3 = (np.float32(x) for x in DENOMINATOR_7)
_c0, _c1, _c2, _c3 = (np.float32(x) for x in TAIL_NUMERATOR_7)
_d0, _d1, _d2 = (np.float32(x) for x in TAIL_DENOMINATOR_7)
_M0, _M1, _W0, _W1 = np.uint64(PHILOX_M0), np.uint64(PHILOX_M1), np.uint64(PHILOX_W0), np.uint64(PHILOX_W1)
_LOW, _WORD = np.uint64(0xFFFFFFFF), np.uint64(32)
_SCALE, _HALF = 2.0**-32, 2.0**31
_SCALE32, _HALF32, _SMALL = np.float32(2.0**-32), np.float32(0.5), np.float32(CENTRE)
_SQUARED32, _SHIFT32 = np.float32(CENTRE_SQUARED), np.float32(TAIL_SHIFT)
_SCREEN = 0.5 * PSD_ABSOLUTE
_HELD = 3 * THREADS

moved, definite, factor_one = device(formulas.moved), device(formulas.definite), device(formulas.factor_one)


@device
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10 on words held as uint64."""
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _WORD) ^ c1 ^ k0, p1 & _LOW, (p0 >> _WORD) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@device
def normal64(word):
    """Φ⁻¹((w + 1/2) / 2^32), PPND16."""
    q = (np.float64(np.int64(word)) + (0.5 - _HALF)) * _SCALE
    if abs(q) <= CENTRE:
        r = CENTRE_SQUARED - q * q
        a = ((((((_A7 * r + _A6) * r + _A5) * r + _A4) * r + _A3) * r + _A2) * r + _A1) * r + _A0
        b = ((((((_B7 * r + _B6) * r + _B5) * r + _B4) * r + _B3) * r + _B2) * r + _B1) * r + _B0
        return q * a / b
    r = math.sqrt(-math.log(0.5 - abs(q))) - TAIL_SHIFT
    a = ((((((_C7 * r + _C6) * r + _C5) * r + _C4) * r + _C3) * r + _C2) * r + _C1) * r + _C0
    b = ((((((_D7 * r + _D6) * r + _D5) * r + _D4) * r + _D3) * r + _D2) * r + _D1) * r + _D0
    return math.copysign(a / b, q)


@fast_device
def normal32(word):
    """Φ⁻¹((w + 1/2) / 2^32), PPND7, in float32."""
    centred = np.int64(word) - np.int64(2147483648)
    q = (np.float32(centred) + _HALF32) * _SCALE32
    if abs(q) <= _SMALL:
        r = _SQUARED32 - q * q
        return q * (((_a3 * r + _a2) * r + _a1) * r + _a0) / (((_b3 * r + _b2) * r + _b1) * r + _b0)
    near = centred if centred < 0 else np.int64(-1) - centred  # the tail is symmetric
    p = (np.float32(near + np.int64(2147483648)) + _HALF32) * _SCALE32
    r = math.sqrt(-math.log(np.float32(p))) - _SHIFT32
    z = (((_c3 * r + _c2) * r + _c1) * r + _c0) / ((_d2 * r + _d1) * r + _d0)
    return z if centred >= 0 else -z


@jit
def words(draw_key, low, high, stream, k0, k1, out):
    """Blocks of many draw keys: draw_key (n,) uint32, out (n, 4) uint32."""
    i = cuda.grid(1)
    if i < len(draw_key):
        c0, c1, c2, c3 = philox(np.uint64(draw_key[i]), low, high, stream, k0, k1)
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = np.uint32(c0), np.uint32(c1), np.uint32(c2), np.uint32(c3)


@jit
def gaussian64(draw_key, low, high, k0, k1, mean, factor, onto, out):
    """out[d, i] = mean[i] + C[i] z(draw + d, draw_key[i]); out: (draws, n, 3) float64. Threads: (atoms, draws).

    onto: the mean of each draw stands in `out` already."""
    i, first = cuda.grid(2)
    step = cuda.gridsize(2)[1]
    if i >= out.shape[1]:
        return
    key = np.uint64(draw_key[i])
    m0, m1, m2 = mean[0, i], mean[1, i], mean[2, i]
    c11, c22, c33, c21, c31, c32 = factor[0, i], factor[1, i], factor[2, i], factor[3, i], factor[4, i], factor[5, i]
    for d in range(first, out.shape[0], step):
        if onto:
            m0, m1, m2 = out[d, i, 0], out[d, i, 1], out[d, i, 2]
        own = low + np.uint64(d)
        w0, w1, w2, _ = philox(key, own & _LOW, high + (own >> _WORD), np.uint64(0), k0, k1)
        z0, z1, z2 = normal64(w0), normal64(w1), normal64(w2)
        out[d, i, 0] = m0 + c11 * z0
        out[d, i, 1] = m1 + c21 * z0 + c22 * z1
        out[d, i, 2] = m2 + c31 * z0 + c32 * z1 + c33 * z2


@fast
def gaussian32(draw_key, low, high, k0, k1, mean, factor, onto, out):
    """The same in float32: mean (3, padded), factor (6, padded) and out (draws, n, 3) float32.

    The numbers of a block go through shared memory, so that neighbouring threads write neighbouring words."""
    held = cuda.shared.array(_HELD, np.float32)
    i, first = cuda.grid(2)
    step = cuda.gridsize(2)[1]
    t, size = cuda.threadIdx.x, 3 * out.shape[1]
    e0 = _HELD * cuda.blockIdx.x + t  # the words of each draw that this thread writes
    e1, e2 = e0 + THREADS, e0 + 2 * THREADS
    i0, i1, i2, x0, x1, x2 = e0 // 3, e1 // 3, e2 // 3, e0 % 3, e1 % 3, e2 % 3
    a = min(i, out.shape[1] - 1)  # threads beyond the last atom do its work again, so that all meet at the barriers
    key = np.uint64(draw_key[a])
    m0, m1, m2 = mean[0, a], mean[1, a], mean[2, a]
    c11, c22, c33, c21, c31, c32 = factor[0, a], factor[1, a], factor[2, a], factor[3, a], factor[4, a], factor[5, a]
    for d in range(first, out.shape[0], step):
        if onto:
            m0, m1, m2 = out[d, a, 0], out[d, a, 1], out[d, a, 2]
        own = low + np.uint64(d)
        w0, w1, w2, _ = philox(key, own & _LOW, high + (own >> _WORD), np.uint64(0), k0, k1)
        z0, z1, z2 = normal32(w0), normal32(w1), normal32(w2)
        held[3 * t] = m0 + c11 * z0
        held[3 * t + 1] = m1 + c21 * z0 + c22 * z1
        held[3 * t + 2] = m2 + c31 * z0 + c32 * z1 + c33 * z2
        cuda.syncthreads()
        if e0 < size:
            out[d, i0, x0] = held[t]
        if e1 < size:
            out[d, i1, x1] = held[t + THREADS]
        if e2 < size:
            out[d, i2, x2] = held[t + 2 * THREADS]
        cuda.syncthreads()


@jit
def collapse(tls, row, parent, origin, above, above_origin, out):
    """One thread a combination; arguments as in the CPU kernel of this name."""
    c = cuda.grid(1)
    if c >= len(row):
        return
    p, g = parent[c], row[c]
    total = moved(
        origin[c, 0] - above_origin[p, 0], origin[c, 1] - above_origin[p, 1], origin[c, 2] - above_origin[p, 2],
        above[p, 0], above[p, 1], above[p, 2], above[p, 3], above[p, 4], above[p, 5], above[p, 6], above[p, 7],
        above[p, 8], above[p, 9], above[p, 10], above[p, 11], above[p, 12], above[p, 13], above[p, 14], above[p, 15],
        above[p, 16], above[p, 17], above[p, 18], above[p, 19],
    )  # fmt: skip
    a = tls[g, 20] if g >= 0 else 0.0
    g = max(g, 0)
    own = moved(
        origin[c, 0] - tls[g, 21], origin[c, 1] - tls[g, 22], origin[c, 2] - tls[g, 23], tls[g, 0], tls[g, 1],
        tls[g, 2], tls[g, 3], tls[g, 4], tls[g, 5], tls[g, 6], tls[g, 7], tls[g, 8], tls[g, 9], tls[g, 10],
        tls[g, 11], tls[g, 13], tls[g, 14], tls[g, 15], tls[g, 17], tls[g, 18], tls[g, 19],
        tls[g, 16] - tls[g, 12], 2 * tls[g, 12] + tls[g, 16],
    )  # fmt: skip
    for k in range(20):
        out[c, k] = total[k] + a * own[k]


@jit
def evaluate(p, combination, xyz, iso, aniso, row, out, doubtful):
    """One thread an atom: U (n, 3, 3), and whether it may be indefinite, doubtful (n,) uint8.

    p: (C, 20); combination: (padded,); the others as in the CPU kernel of this name."""
    j = cuda.grid(1)
    if j >= len(row) or row[j] < 0:
        return
    c, i = combination[j], row[j]
    u = moved(
        xyz[0, j], xyz[1, j], xyz[2, j], p[c, 0], p[c, 1], p[c, 2], p[c, 3], p[c, 4], p[c, 5], p[c, 6], p[c, 7],
        p[c, 8], p[c, 9], p[c, 10], p[c, 11], p[c, 12], p[c, 13], p[c, 14], p[c, 15], p[c, 16], p[c, 17], p[c, 18],
        p[c, 19],
    )  # fmt: skip
    u11, u22, u33, u12, u13, u23 = u[0] + iso[j], u[1] + iso[j], u[2] + iso[j], u[3], u[4], u[5]
    if aniso.shape[1]:
        u11, u22, u33 = u11 + aniso[0, j], u22 + aniso[1, j], u33 + aniso[2, j]
        u12, u13, u23 = u12 + aniso[3, j], u13 + aniso[4, j], u23 + aniso[5, j]
    out[i, 0, 0], out[i, 0, 1], out[i, 0, 2] = u11, u12, u13
    out[i, 1, 0], out[i, 1, 1], out[i, 1, 2] = u12, u22, u23
    out[i, 2, 0], out[i, 2, 1], out[i, 2, 2] = u13, u23, u33
    doubtful[i] = 0 if definite(u11, u22, u33, u12, u13, u23, _SCREEN) else 1


@jit
def factors(u, out):
    """Lower Cholesky factors of u (n, 3, 3) as out (6, padded): 11, 22, 33, 21, 31, 32."""
    i = cuda.grid(1)
    if i < len(u):
        c = factor_one(u[i, 0, 0], u[i, 1, 1], u[i, 2, 2], u[i, 1, 0], u[i, 2, 0], u[i, 2, 1])
        for k in range(6):
            out[k, i] = c[k]


@jit
def combine(coefficients, basis, out):
    """One thread a coordinate: out (3 M,) = Σ_k c_k basis (k, 3 M)."""
    j = cuda.grid(1)
    if j < len(out):
        total = 0.0
        for k in range(len(coefficients)):
            total += coefficients[k] * basis[k, j]
        out[j] = total


@jit
def deltas(joint, start, variable, state, delta, mean, out):
    """One thread an atom and draw: out[d, i] = mean[:, i] plus the entries of atom i whose state is the drawn one.

    joint: (draws, V); start: (n + 1,) entries of each atom; variable, state: (R,); delta: (R, 3); mean: (3, padded);
    out: (draws, n, 3). A thread adds its own entries in order, so sums do not depend on scheduling."""
    i, first = cuda.grid(2)
    step = cuda.gridsize(2)[1]
    if i >= out.shape[1]:
        return
    for d in range(first, out.shape[0], step):
        x, y, z = mean[0, i], mean[1, i], mean[2, i]
        for r in range(start[i], start[i + 1]):
            if joint[d, variable[r]] == state[r]:
                x, y, z = x + delta[r, 0], y + delta[r, 1], z + delta[r, 2]
        out[d, i, 0], out[d, i, 1], out[d, i, 2] = x, y, z
