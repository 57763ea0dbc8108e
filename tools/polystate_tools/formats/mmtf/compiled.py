"""Numba's compiler where it is installed; elsewhere loops run as they stand: the same values, later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    from numba import njit

    COMPILES = True
except ImportError:
    COMPILES = False

    def njit(**options: Any) -> Callable[[Any], Any]:  # type: ignore[no-redef]
        """The decorator that leaves a function as it is."""
        return lambda function: function
