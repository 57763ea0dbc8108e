"""Formulas of one atom or one group, in plain Python: compiled for the CPU and for the GPU from the same text.

None calls another, so that each can be compiled by itself. TLS: Schomaker & Trueblood, Acta Cryst. B24 (1968) 63,
written out for K = [[0,z,-y],[-z,0,x],[y,-x,0]]."""

from __future__ import annotations

import math

from polystate.numbers.constants import PIVOT

_ROUNDING = 1e-14


def moved(
    x, y, z, t11, t22, t33, t12, t13, t23, l11, l22, l33, l12, l13, l23, s12, s13, s21, s23, s31, s32, d21, d13
):  # fmt: skip
    """A TLS at an origin (x, y, z) away, in the same order; d21 = S22 - S11, d13 = S11 - S33."""
    return (  # T' = T + K L Kᵀ + K S + Sᵀ Kᵀ, L, S' = S + L Kᵀ
        t11 + z * (z * l22 - 2 * y * l23 + 2 * s21) + y * (y * l33 - 2 * s31),
        t22 + z * (z * l11 - 2 * x * l13 - 2 * s12) + x * (x * l33 + 2 * s32),
        t33 + y * (y * l11 - 2 * x * l12 + 2 * s13) + x * (x * l22 - 2 * s23),
        t12 + z * (x * l23 + y * l13 - z * l12 + d21) - y * (x * l33 + s32) + x * s31,
        t13 + y * (z * l12 + x * l23 - y * l13 + d13) - x * (z * l22 + s21) + z * s23,
        t23 + x * (z * l12 + y * l13 - x * l23 - d21 - d13) - z * (y * l11 + s13) + y * s12,
        l11,
        l22,
        l33,
        l12,
        l13,
        l23,
        s12 - z * l11 + x * l13,
        s13 + y * l11 - x * l12,
        s21 + z * l22 - y * l23,
        s23 + y * l12 - x * l22,
        s31 + z * l23 - y * l33,
        s32 - z * l13 + x * l33,
        d21 + x * l23 + y * l13 - 2 * z * l12,
        d13 + z * l12 + x * l23 - 2 * y * l13,
    )


def translation(
    x, y, z, t11, t22, t33, t12, t13, t23, l11, l22, l33, l12, l13, l23, s12, s13, s21, s23, s31, s32, d21, d13
):  # fmt: skip
    """The first six of `moved`: U of an atom that stands (x, y, z) from the origin."""
    return (
        t11 + z * (z * l22 - 2 * y * l23 + 2 * s21) + y * (y * l33 - 2 * s31),
        t22 + z * (z * l11 - 2 * x * l13 - 2 * s12) + x * (x * l33 + 2 * s32),
        t33 + y * (y * l11 - 2 * x * l12 + 2 * s13) + x * (x * l22 - 2 * s23),
        t12 + z * (x * l23 + y * l13 - z * l12 + d21) - y * (x * l33 + s32) + x * s31,
        t13 + y * (z * l12 + x * l23 - y * l13 + d13) - x * (z * l22 + s21) + z * s23,
        t23 + x * (z * l12 + y * l13 - x * l23 - d21 - d13) - z * (y * l11 + s13) + y * s12,
    )


def definite(a, b, c, d, e, f, shift):
    """Whether a symmetric matrix (11, 22, 33, 12, 13, 23) plus shift·1 is positive definite beyond doubt."""
    a, b, c = a + shift, b + shift, c + shift
    two = a * b - d * d
    three = c * two - (a * f * f - 2 * d * e * f + b * e * e)
    return (a > 0) & (b > 0) & (c > 0) & (two > _ROUNDING * a * b) & (three > _ROUNDING * a * b * c)


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
