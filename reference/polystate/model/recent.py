"""What the last request needed, kept for the next: people ask for draw after draw of one thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

Value = TypeVar("Value")


class Recent:
    """One value a name, that of its last key; a tuple is replaced at once, so that threads may share it."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[list[Any], Any]] = {}

    def get(self, name: str, key: tuple[Any, ...], make: Callable[[], Value]) -> Value:
        """The value of a key, the kept one, or made and kept. key: arguments of a request; they may change later."""
        now = [_frozen(part) for part in key]
        kept = self._kept.get(name)
        if kept is None or kept[0] != now:
            kept = self._kept[name] = (now, make())
        value: Value = kept[1]
        return value


def _frozen(part: Any) -> Any:
    """Something that is equal to the same of an equal argument only, and does not change with it."""
    if isinstance(part, np.ndarray):
        return part.dtype.str, part.shape, part.tobytes()
    if isinstance(part, Mapping):
        return {key: _frozen(value) for key, value in part.items()}
    return [_frozen(value) for value in part] if isinstance(part, (list, tuple)) else part
