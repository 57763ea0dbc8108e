"""How far two numbers may be apart and still count as the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polystate.errors import BadRequest


@dataclass(frozen=True)
class Tolerance:
    """|a - b| <= abs + rel |b|, as everywhere in the conformance suite. Zero by zero only equal numbers are the same;
    NaN is the same as NaN. Integers, texts and truth values are never within a tolerance."""

    abs: float = 0.0
    rel: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < float("inf"):
                raise BadRequest(name, value, "a number from 0 on")

    def exceeded(self, distance: np.ndarray, size: np.ndarray) -> np.ndarray:
        """Where a distance, (n,), is too large for numbers of this size, (n,)."""
        return ~(distance <= self.abs + self.rel * size)


EXACT = Tolerance()
