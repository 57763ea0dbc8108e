"""What never varies in a deposition: its atoms, their reference coordinates, the scopes and axes that others name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import AtomNotFound, BadRequest, MissingLayer, UnknownGrouping, WrongShape
from polystate.store.reading import Part, StoredTree, holds_rows
from polystate.store.tree import Tree
from polystate.structure.axes import Axis, axes, axis
from polystate.structure.groupings import Grouping, grouping, grouping_names
from polystate.structure.hierarchy import LEVELS, Hierarchy


class Ground:
    """Read access to what the descriptors of a deposition stand on; nothing is read before it is needed.

    folder: where artifacts lie beside it, known where the tree was read from a store. allow_uris: prefixes of URIs that
    artifacts may have beyond that folder, such as https://example.org/data/ or file:///scratch."""

    def __init__(self, tree: Tree, folder: str | Path | None = None, allow_uris: Collection[str] = ()) -> None:
        self.tree, self.allow_uris = tree, tuple(allow_uris)
        self.folder = tree.folder if folder is None and isinstance(tree, StoredTree) else folder

    def check_column(self, table: str, name: str) -> None:
        """Called before a column of the hierarchy is relied on; ground by itself trusts it."""

    def check_reference(self) -> None:
        """Called before the reference coordinates are relied on; ground by itself trusts them."""

    @property
    def document(self) -> Mapping[str, Any]:
        """The deposition document."""
        return self.tree[""].attributes

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Atoms, residues, chains and entities, and how they contain each other."""
        return Hierarchy(self.tree, self.check_column)

    @property
    def n_atoms(self) -> int:
        return self.hierarchy.n_atoms

    @cached_property
    def x_ref(self) -> np.ndarray:
        """Reference coordinates, (N, 3) float64 ångström."""
        if not self._has_reference():
            raise MissingLayer("reference/x_ref", "nothing", "the reference coordinates")  # STO-13
        self.check_reference()
        x_ref = np.asarray(self.tree["reference"].arrays["x_ref"], np.float64)
        if x_ref.shape != (self.n_atoms, 3):
            raise WrongShape("reference/x_ref", x_ref.shape, f"({self.n_atoms}, 3)")  # STO-30
        return x_ref

    def x_ref_of(self, rows: np.ndarray) -> np.ndarray:
        """Reference coordinates of some atoms, (n, 3) ångström.

        Of a large array that nobody has read whole only the chunks between the first and the last of the atoms are
        read. What looks wrong is judged with all of it."""
        if "x_ref" not in vars(self) and isinstance(self.tree, StoredTree) and len(rows):
            part = self._part_of_x_ref
            if not holds_rows(part, rows):
                part = self._part_of_x_ref = self._read_part(rows)
            if part is not None:
                return part[1][rows - part[0]]
        return np.take(self.x_ref, rows, axis=0)

    @property
    def reads_in_parts(self) -> bool:
        """Whether the reference coordinates are not read yet, and lie in chunks of which one can be read alone."""
        if "x_ref" in vars(self) or not isinstance(self.tree, StoredTree) or not self._has_reference():
            return False
        return self.tree.is_in_parts("reference/x_ref")

    def _has_reference(self) -> bool:
        return "reference" in self.tree and "x_ref" in self.tree["reference"].arrays

    _part_of_x_ref: Part | None = None
    """What was read last."""

    def _read_part(self, rows: np.ndarray) -> Part | None:
        """Whole chunks of x_ref that hold some atoms; None where that is most of it, or where something looks wrong."""
        tree = self.tree
        assert isinstance(tree, StoredTree)
        if not self._has_reference():
            return None
        node = tree.array_metadata("reference/x_ref")
        if node["shape"] != [self.n_atoms, 3] or node["data_type"] != "float64":
            return None
        part = tree.chunks_with("reference/x_ref", rows)
        return part if part is not None and np.isfinite(part[1]).all() else None

    @property
    def frame(self) -> str:
        """The name of the deposition's coordinate frame."""
        return (
            self.tree["reference"].attributes.get("frame", "deposition") if "reference" in self.tree else "deposition"
        )

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """All sample axes by name, in ascending order."""
        return axes(self.tree)

    def axis(self, name: str, where: str = "axes") -> Axis:
        """The sample axis `name`."""
        return axis(self.axes, name, where)

    @cached_property
    def groupings(self) -> dict[str, Grouping]:
        """All groupings by name (`namespace/v<n>`)."""
        return {name: grouping(self.tree, self.hierarchy, name, "groupings") for name in grouping_names(self.tree)}

    def scope_labels(self, scope: Mapping[str, Any], where: str = "scope") -> tuple[np.ndarray, int]:
        """The label of each atom in a scope, (N,) int32 with -1 = not covered, and how many labels it has."""
        if "grouping" in scope:
            found = grouping(self.tree, self.hierarchy, scope["grouping"], f"{where}/grouping")
            return found.label_of_atoms(), found.n_labels
        level = scope.get("level")
        if level not in LEVELS:
            raise UnknownGrouping(f"{where}/level", level, "one of " + ", ".join(LEVELS))  # DSC-11
        return self.hierarchy.of_atoms(level), self.hierarchy.size(level)

    def scope_names(self, scope: Mapping[str, Any], n_labels: int) -> list[str]:
        """The names of a scope's labels: as written in a grouping, atom ids, or row numbers."""
        if "grouping" in scope:
            found = grouping(self.tree, self.hierarchy, scope["grouping"], "scope/grouping")
            if found.document.get("labels"):
                return list(found.document["labels"])
        if scope.get("level") == "atom":
            return [str(i) for i in self.hierarchy.atom_id.tolist()]
        return [str(i) for i in range(n_labels)]

    def rows(self, atoms: Collection[int] | None) -> np.ndarray:
        """Rows of atoms named by id, in ascending order; all rows where `atoms` is None."""
        if atoms is None:
            return np.arange(self.n_atoms)
        ids = np.asarray(atoms, np.int64)
        falls = np.flatnonzero(ids[1:] <= ids[:-1])
        if len(falls):
            # ERR-11
            raise BadRequest("atoms", f"{ids[falls[0] + 1]} after {ids[falls[0]]}", "ids in ascending order, each once")
        missing = ids[~np.isin(ids, self.hierarchy.atom_id)]
        if len(missing):
            raise AtomNotFound("atoms", ", ".join(map(str, missing[:5])), "atom ids of this deposition")  # ERR-9
        return np.searchsorted(self.hierarchy.atom_id, ids)
