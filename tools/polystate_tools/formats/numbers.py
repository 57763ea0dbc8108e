"""Numbers as text, with as many decimals as a column needs to be read back as it was."""

from __future__ import annotations

import numpy as np

MOST = 7
EXACT = 2e-8
"""A number this close to its rounding is taken for it; below half a unit of the seventh decimal."""


def decimals_needed(values: np.ndarray, least: int, most: int = MOST) -> int:
    """The fewest decimals, from `least` to `most`, that give every finite value back within 2e-8."""
    finite = values[np.isfinite(values)]
    for places in range(least, most):
        if (np.abs(finite - np.round(finite, places)) <= EXACT).all():
            return places
    return most


def texts(values: np.ndarray, least: int, most: int = MOST, none: str = "?") -> list[str]:
    """A column of numbers with one number of decimals; `none` for NaN. No negative zero."""
    places = decimals_needed(values, least, most)
    form = f"%.{places}f"
    zero = form % -0.0
    made = [form % value for value in (np.round(values, places) + 0.0).tolist()]
    if np.isnan(values).any():
        made = [none if text == "nan" else text for text in made]
    return [text[1:] if text == zero else text for text in made]


def shortest(value: float, places: int = 10) -> str:
    """One number with at most `places` decimals and no trailing zeros beyond four."""
    text = f"{value:.{places}f}".rstrip("0")
    whole, _, fraction = text.partition(".")
    text = f"{whole}.{fraction.ljust(4, '0')}"
    return "0.0000" if float(text) == 0 else text
