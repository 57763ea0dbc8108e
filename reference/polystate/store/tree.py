"""What a store holds: groups of documents, arrays and tables, by path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FORMAT_VERSION = "0.1.0"

LAYERS = (
    "hierarchy", "reference", "groupings", "axes", "descriptors", "operators", "provenance", "annotations",
    "landmarks",
)  # fmt: skip

TABLE_MEDIA_TYPE = "application/vnd.apache.arrow.file"

Table = Mapping[str, Any]  # column name -> (rows,) array, list of str for text, or OtherColumn


@dataclass
class Group:
    """One group: its document (what stands under `attributes.polystate`), its arrays and its tables."""

    attributes: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)


Tree = Mapping[str, Group]  # path -> group; the root is ""


class Lazy(Mapping[str, Any]):
    """A mapping whose values are made when they are first asked for."""

    def __init__(self, names: list[str], make: Callable[[str], Any]) -> None:
        self._names, self._make, self._made = sorted(names), make, {}  # type: ignore[var-annotated]

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def has_made(self, name: str) -> bool:
        """Whether a value was asked for before."""
        return name in self._made
