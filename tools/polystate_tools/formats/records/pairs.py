"""Decimals of the usual form, such as `  12.345`, by what each pair of their characters stands for."""

from __future__ import annotations

from functools import cache

import numpy as np

SPACE, DOT, MINUS, ZERO = (ord(c) for c in " .-0")
NEGATIVE, BEGUN, NONE = 1 << 24, 1 << 26, 1 << 28
"""Beside the value of a pair: its sign, whether a number has begun before its end, or begins in it; that it is none."""
LEAST_WRONG = 2 * BEGUN
"""Pairs that are none, or a number that begins twice: no good sum of pairs reaches it."""


def usual_decimals(chars: np.ndarray) -> np.ndarray | None:
    """(N,) float64 of fields of eight characters with three decimals or of six with two; None unless all are blanks, at
    most one minus, digits, the point and digits. chars: (N, 8) or (N, 6) uint8, ASCII.

    Whole numbers below 2^53 divided by a power of ten are correctly rounded, as `float` is (IEEE 754).
    """
    width = chars.shape[1]
    if width not in (6, 8):
        return None
    pairs = chars.view("<u2")
    total = np.zeros(len(chars), np.int32)
    for k, table in enumerate(_tables()[width]):
        total += table.take(pairs[:, k], mode="wrap")  # none is outside, and nothing is copied to see to it
    if total.max(initial=0) >= LEAST_WRONG:
        return None
    value = total & (NEGATIVE - 1)
    np.negative(value, out=value, where=(total & NEGATIVE) > 0)
    return value / (1000.0 if width == 8 else 100.0)


@cache
def _tables() -> dict[int, list[np.ndarray]]:
    """By width of the field, for each pair in it: (65536,) int32 what two characters add, by first + 256 * second."""
    first, second = np.arange(1 << 16) & 255, np.arange(1 << 16) >> 8
    one, two = ((c >= ZERO) & (c <= ZERO + 9) for c in (first, second))
    blank, minus = first == SPACE, first == MINUS
    number = np.where(one, 10 * (first - ZERO), 0) + np.where(two, second - ZERO, 0)
    negative = np.where(minus | (second == MINUS), NEGATIVE, 0)
    empty, sign, ends = blank & (second == SPACE), blank & (second == MINUS), two & (one | blank | minus)

    def table(value: np.ndarray, good: np.ndarray) -> np.ndarray:
        return np.where(good, value, NONE).astype(np.int32)

    begins = empty | sign | ends
    inner = table(1000 * number + negative + np.where(one, 0, BEGUN), ends)
    outer = table(100000 * number + negative + np.where(empty, 0, BEGUN), begins)
    tenths, hundredths = table(100 * (second - ZERO), two & (first == DOT)), table(number, one & two)
    units = table(100 * (first - ZERO), one & (second == DOT))
    return {8: [outer, inner, tenths, hundredths], 6: [table(1000 * number + negative, begins), units, hundredths]}
