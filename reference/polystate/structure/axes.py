"""Sample axes: named, ordered dimensions along which several descriptors vary together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from polystate.errors import AxisIndex, UnknownAxis
from polystate.store.tree import Tree


@dataclass(frozen=True)
class Axis:
    """One sample axis; coordinates are (length,) float64 arrays such as `time` and `population`."""

    name: str
    document: Mapping[str, Any]
    coordinates: Mapping[str, np.ndarray]

    @property
    def length(self) -> int:
        return int(self.document.get("length", 0))

    def step(self, index: int, where: str = "at") -> int:
        """`index` itself, refused where it is not on the axis."""
        if not 0 <= index < self.length:
            raise AxisIndex(where, f"{self.name}={index}", f"an index from 0 to {self.length - 1}")  # AXI-5
        return index


def axes(tree: Tree) -> dict[str, Axis]:
    """All axes of a deposition by name, in ascending order."""
    names = sorted(p[len("axes/") :] for p in tree if p.startswith("axes/") and p.count("/") == 1)
    return {n: Axis(n, tree[f"axes/{n}"].attributes, tree[f"axes/{n}"].arrays) for n in names}


def axis(found: Mapping[str, Axis], name: str, where: str) -> Axis:
    """The axis `name`, or a refusal that names it."""
    if not isinstance(name, str) or name not in found:
        raise UnknownAxis(where, name, "one of " + (", ".join(found) or "no axes"))  # DSC-45, AXI-4
    return found[name]
