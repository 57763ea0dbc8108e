"""Groupings: typed sparse maps from the nodes of one level to a set of labels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from polystate.errors import DanglingRow, MissingArray, NotAPartition, UnknownGrouping, WeightsRefused, WrongShape
from polystate.store.tree import Tree
from polystate.structure.hierarchy import Hierarchy


class Grouping:
    """One grouping, such as `echt.residue/v1`."""

    def __init__(self, tree: Tree, hierarchy: Hierarchy, name: str) -> None:
        self.name, self.path = name, f"groupings/{name}"
        self._group, self._hierarchy = tree[self.path], hierarchy
        self.document: Mapping[str, Any] = self._group.attributes

    def _array(self, name: str) -> np.ndarray:
        if name not in self._group.arrays:
            raise MissingArray(f"{self.path}/{name}", "nothing", "an array of this grouping")  # STO-15
        return self._group.arrays[name]

    @property
    def child_level(self) -> str:
        return self.document.get("child_level", "atom")

    @property
    def child(self) -> np.ndarray:
        """Rows of the child level, (E,) int32."""
        return self._array("child")

    @property
    def parent(self) -> np.ndarray:
        """Labels that the children belong to, (E,) int32."""
        return self._array("parent")

    @property
    def weight(self) -> np.ndarray | None:
        """Weights of the memberships, (E,) float32, or None."""
        return self._group.arrays["weight"] if "weight" in self._group.arrays else None

    @cached_property
    def labels(self) -> list[str]:
        """The label set, as text."""
        if "label" in self._group.arrays:
            level = self.document.get("label_level", self.child_level)
            names = self._hierarchy.node_labels(level)
            return [names[row] for row in self._array("label")]
        return list(self.document.get("labels", []))

    @cached_property
    def n_labels(self) -> int:
        stored = self._group.arrays
        return len(stored["label"]) if "label" in stored else len(self.document.get("labels", []))

    def label_of_atoms(self) -> np.ndarray:
        """The label of each atom, (N,) int32, -1 = not covered; refused where it is not a partition."""
        if self.weight is not None:
            raise WeightsRefused(f"{self.path}/weight", "weights", "a scope without weights")  # GRP-13
        child, parent = self.child, self.parent
        if child.shape != parent.shape:
            # GRP-2
            raise WrongShape(f"{self.path}/parent", parent.shape, f"{child.shape}, one a child")
        n = self._hierarchy.size(self.child_level)
        for name, rows, size in (("child", child, n), ("parent", parent, self.n_labels)):
            if rows.size and (rows.min() < 0 or rows.max() >= size):
                bad = np.flatnonzero((rows < 0) | (rows >= size))
                # GRP-3, GRP-4
                raise DanglingRow(f"{self.path}/{name}[{bad[0]}]", int(rows[bad[0]]), f"a row below {size}")
        counts = np.bincount(child, minlength=n)
        if counts.size and counts.max() > 1:
            row = int(counts.argmax())
            # GRP-12
            raise NotAPartition(f"{self.path}/child", f"{self.child_level} row {row} twice", "each child once")
        of_child = np.full(n + 1, -1, np.int32)  # the last: atoms that have no node at this level
        of_child[child] = parent
        return of_child[:n] if self.child_level == "atom" else of_child[self._hierarchy.of_atoms(self.child_level)]


def grouping(tree: Tree, hierarchy: Hierarchy, name: str, where: str) -> Grouping:
    """The grouping `namespace/v<n>`, or a refusal that names it."""
    if f"groupings/{name}" not in tree or not tree[f"groupings/{name}"].attributes:
        raise UnknownGrouping(where, name, "a grouping of this deposition")  # GRP-11
    return Grouping(tree, hierarchy, name)


def grouping_names(tree: Tree) -> list[str]:
    """All groupings of a deposition, by name."""
    return sorted(p[len("groupings/") :] for p in tree if p.startswith("groupings/") and p.count("/") == 2)
