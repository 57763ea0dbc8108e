"""Numbers that a deposition holds as differences or sums, as a file had them before they were taken apart."""

from __future__ import annotations

import numpy as np

from polystate_tools.formats.records.numbers import EXACT, MOST, decimals_needed

NOISE = 1e-12
"""What is left of rounding in a sum of coordinates, relative to the sum or to 1 Å."""


def moved_from(base: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Coordinates whose difference from `base` is `moved` to the last bit, the one of fewest decimals if several are.

    A sum of doubles is rounded, so base + moved need not be the number whose difference was taken, but that one
    is the sum or a neighbour of it."""
    total = base + moved
    made = without_noise(total)
    for candidate in (np.nextafter(total, -np.inf), np.nextafter(total, np.inf), total, np.round(total, MOST)):
        made = np.where(candidate - base == moved, candidate, made)
    return made


def without_noise(values: np.ndarray) -> np.ndarray:
    """Numbers with at most seven decimals where they differ from them only by the rounding of sums; else as given."""
    near = np.round(values, MOST)
    return np.where(np.abs(values - near) <= NOISE * np.maximum(1.0, np.abs(values)), near, values)


def with_few_decimals(values: np.ndarray) -> np.ndarray:
    """A column of which a part that was rounded to 1e-8 was subtracted and is added again, as it was before.

    With the decimals that give all of them back within 2e-8, at most seven; as given where seven are not enough."""
    rounded = np.round(values, decimals_needed(values, 0)) + 0.0
    finite = np.isfinite(values)
    return rounded if (np.abs(rounded - values)[finite] <= EXACT).all() else values


def fifteen_digits(value: float) -> float:
    """A product or sum as the decimal number of fifteen digits, which is as many as survive in a double."""
    return float(f"{value:.15g}")
