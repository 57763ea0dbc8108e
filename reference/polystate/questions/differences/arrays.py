"""Two arrays or columns: how many numbers differ, by how much at most, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from polystate.questions.differences.tolerance import Tolerance


@dataclass(frozen=True)
class ArrayDifference:
    """An array, or a column of a table, that differs.

    where: its path in the store; what: `only in A`, `only in B`, `shape`, `type` or `values`. For values: how many of
    how many differ, the largest difference (none for texts), the index it stands at, what that row is, and both
    values there."""

    where: str
    what: str
    a: Any = None
    b: Any = None
    differing: int | None = None
    of: int | None = None
    largest: float | None = None
    at: tuple[int, ...] | None = None
    row: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {k: list(v) if isinstance(v, tuple) else v for k, v in vars(self).items() if v is not None}

    def __str__(self) -> str:
        if self.what != "values":
            sides = "" if self.a is None and self.b is None else f" {self.a} in A, {self.b} in B"
            return f"{self.where}: {self.what}{sides}"
        place = f"[{', '.join(map(str, self.at or ()))}]" + (f" ({self.row})" if self.row else "")
        most = "" if self.largest is None else f", the largest by {self.largest:.6g}"
        return f"{self.where}: {self.differing} of {self.of} values{most} at {place}: {self.a} in A, {self.b} in B"


Values = np.ndarray | list[str]
Name = Callable[[tuple[int, ...]], str | None]


def value_differences(a: Values, b: Values, where: str, tolerance: Tolerance, name: Name) -> Iterator[ArrayDifference]:
    """What differs in two arrays: their types, their shapes, or their values.

    name: what the row of an index is called."""
    kinds = _kind(a), _kind(b)
    if kinds[0] != kinds[1]:
        yield ArrayDifference(where, "type", *kinds)
    if np.shape(a) != np.shape(b):
        yield ArrayDifference(where, "shape", list(np.shape(a)), list(np.shape(b)))
    elif "text" not in kinds or kinds[0] == kinds[1]:
        distance, differs = _distance(a, b, tolerance)
        if differs.any():
            flat = int(np.argmax(np.where(differs, distance, -1.0)))
            at = tuple(int(i) for i in np.unravel_index(flat, differs.shape))
            largest = None if kinds[0] == "text" else float(distance[at])
            count = int(differs.sum())
            yield ArrayDifference(where, "values", _at(a, at), _at(b, at), count, differs.size, largest, at, name(at))


def _kind(values: Values) -> str:
    return "text" if isinstance(values, list) else np.asarray(values).dtype.name


def _at(values: Values, index: tuple[int, ...]) -> Any:
    return values[index[0]] if isinstance(values, list) else np.asarray(values)[index].item()


def _distance(a: Values, b: Values, tolerance: Tolerance) -> tuple[np.ndarray, np.ndarray]:
    """How far apart two arrays of one shape are, value by value, and which are too far apart."""
    if isinstance(a, list) or isinstance(b, list):
        differs = np.array([x != y for x, y in zip(a, b, strict=True)], bool)
        return differs.astype(np.float64), differs
    one, other = np.asarray(a), np.asarray(b)
    differs = one != other
    if one.dtype.kind == other.dtype.kind == "f":
        differs &= ~(np.isnan(one) & np.isnan(other))
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(one.astype(np.float64) - other.astype(np.float64))
        distance = np.where(np.isnan(distance) & differs, np.inf, distance)  # a number against none
        if one.dtype.kind == other.dtype.kind == "f":
            differs &= tolerance.exceeded(distance, np.abs(other.astype(np.float64)))
    return distance, differs
