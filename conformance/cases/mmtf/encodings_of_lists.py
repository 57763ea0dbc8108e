"""The encodings of MMTF that the goldens use, value by value as the published text says: lists in, bytes out."""

from __future__ import annotations

from itertools import groupby, pairwise

from pieces import bare

SMALL = (-(2**15), 2**15 - 1)
"""The range of int16."""


def deltas(values: list[int]) -> list[int]:
    """The first value, and each difference to the one before."""
    return values[:1] + [b - a for a, b in pairwise(values)]


def runs(values: list[int]) -> list[int]:
    """Value and count of every run."""
    return [x for value, run in groupby(values) for x in (value, len(list(run)))]


def recursive(values: list[int]) -> list[int]:
    """Every value as a sum: the limit of int16 as often as it fits, then the rest."""
    parts = []
    for value in values:
        limit = SMALL[1] if value >= 0 else SMALL[0]
        while value >= limit if limit > 0 else value <= limit:
            parts.append(limit)
            value -= limit
        parts.append(value)
    return parts


def scaled(values: list[float], divisor: int) -> list[int]:
    """Times the divisor, to the nearest integer (ties to even)."""
    return [round(value * divisor) for value in values]


def text(values: list[str], width: int) -> bytes:
    """Strings at the left of so many bytes each, filled with NUL."""
    return b"".join(value.encode().ljust(width, b"\0") for value in values)


def split(values: list[int]) -> tuple[bytes, bytes]:
    """The draft's pair of lists: the first difference and those outside of int16, each with how many small ones follow;
    and the small ones."""
    big: list[int] = []
    small: list[int] = []
    for i, step in enumerate(deltas(values)):
        if i and SMALL[0] <= step <= SMALL[1]:
            small.append(step)
            big[-1] += 1
        else:
            big += [step, 0]
    return bare("i", big), bare("h", small)
