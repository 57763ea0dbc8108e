"""Numbers as text, with as many decimals as a column needs to be read back as it was."""

from __future__ import annotations

import numpy as np

MOST = 7
EXACT = 2e-8
"""What is left of a sum whose parts were rounded to 1e-8; below half a unit of the seventh decimal."""


def decimals_needed(values: np.ndarray, least: int, most: int = MOST) -> int:
    """The fewest decimals, from `least` to `most`, that give every finite value back within 2e-8."""
    finite = values[np.isfinite(values)]
    for places in range(least, most):
        if (np.abs(finite - np.round(finite, places)) <= EXACT).all():
            return places
    return most


def texts(values: np.ndarray, least: int, most: int = MOST, none: str = "?") -> list[str]:
    """A column of numbers, each of which reads back as it was; `none` for NaN. No negative zero.

    With one number of decimals where `most` are enough for all; else what `least` do not hold is as long as it needs.
    """
    values = np.asarray(values, np.float64) + 0.0
    given = np.isfinite(values)
    for places in range(least, most + 1):
        exact = ~given | (np.round(values, places) == values)
        if exact.all():
            break
    else:
        places, exact = least, ~given | (np.round(values, least) == values)
    form = f"%.{places}f"
    made = [form % v if short else repr(v) for v, short in zip(values.tolist(), exact.tolist(), strict=True)]
    return made if given.all() else [none if text == "nan" else text for text in made]


def shortest(value: float, places: int = 10) -> str:
    """One number with at most `places` decimals, or as many as it takes, and no trailing zeros beyond four."""
    text = f"{value:.{places}f}".rstrip("0")
    whole, _, fraction = text.partition(".")
    text = f"{whole}.{fraction.ljust(4, '0')}"
    if float(text) != value:
        return repr(value)
    return "0.0000" if float(text) == 0 else text
