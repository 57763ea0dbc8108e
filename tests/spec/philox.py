"""A second Philox4x32-10, from spec/10-sampling.md alone, and normal numbers in 30-digit arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

from mpmath import erfinv, mp, mpf, sqrt

LOW = 0xFFFFFFFF


def block(counter: Sequence[int], key: Sequence[int]) -> list[int]:
    """Four words of one block."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & LOW, (p0 >> 32) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + 0x9E3779B9) & LOW, (k1 + 0xBB67AE85) & LOW
    return [c0, c1, c2, c3]


def words(seed: int, draw: int, draw_key: int, stream: int) -> list[int]:
    """The words of a draw key in one stream."""
    return block([draw_key, draw & LOW, draw >> 32, stream], [seed & LOW, seed >> 32])


def normal(word: int) -> float:
    """The normal number of one word."""
    with mp.workdps(30):
        return float(sqrt(2) * erfinv(2 * (mpf(word) + mpf(1) / 2) / 2**32 - 1))
