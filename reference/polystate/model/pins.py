"""Which operators a deposition pins, where, and by which hash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from polystate.store.tree import Tree


@dataclass(frozen=True)
class Pin:
    """One reference to an operator; where: path and pointer of the reference; document: what stands there."""

    where: str
    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.document.get("id"))

    @property
    def hash(self) -> str:
        return str(self.document.get("hash"))


def pins(tree: Tree) -> Iterator[Pin]:
    """Every operator that a descriptor, a derivation or landmarks name, in order of path."""
    for path in sorted(p for p in tree if p.count("/") == 1 and p.startswith(("descriptors/", "landmarks/"))):
        document = tree[path].attributes
        derived = document.get("derived_from")
        for pointer, found in (
            ("operator", document.get("operator")),
            ("derived_from/operator", derived.get("operator") if isinstance(derived, Mapping) else None),
            ("assignment", document.get("assignment")),
        ):
            if isinstance(found, Mapping):
                yield Pin(f"{path}#/{pointer}", found)
