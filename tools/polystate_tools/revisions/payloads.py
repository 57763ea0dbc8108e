"""The payload of a descriptor on other atoms: rows of atoms, states and conditions that are gone are left out.

The ids stay, and a map takes them to those of the new deposition."""

from __future__ import annotations

from typing import Any

import numpy as np

from polystate.model.descriptor import Descriptor
from polystate.rules.descriptors import described
from polystate.store.tree import Group, Table
from polystate_tools.revisions.correspondence import Correspondence
from polystate_tools.revisions.lost import Lost


class Payload:
    """What is left of the stored payload of one descriptor."""

    def __init__(self, d: Descriptor, c: Correspondence, lost: Lost) -> None:
        self.d, self.c, self.lost = d, c, lost
        self.used: dict[int, int] = {}  # ids of the payload to ids of the new deposition
        self.conditional = 0  # rows that are left out because they hold under a state that is lost

    def group(self, document: dict[str, Any]) -> Group:
        """The group with this document, which gains how its ids are to be read."""
        stored = self.d.stored
        tables = {name: self._table(name, table) for name, table in stored.tables.items() if name != "atom_map"}
        arrays = self._arrays()
        tables = {name: table for name, table in tables.items() if name in ("states", "variables") or _length(table)}
        if any(old != new for old, new in self.used.items()):
            document["atom_identity"] = {**(document.get("atom_identity") or {}), "kind": "mapped"}
            tables["atom_map"] = {
                "old": np.array(list(self.used), np.uint32), "new": np.array(list(self.used.values()), np.uint32),
            }  # fmt: skip
        else:
            document.pop("atom_identity", None)
        return Group(document, arrays, tables)

    def _there(self, ids: np.ndarray, where: str) -> np.ndarray:
        """Which of these ids of the payload the new deposition has; they are remembered for the map."""
        old = self.d.rows_of_ids(ids, where)
        new = np.where(old >= 0, self.c.atom_rows[old], -1)
        there = new >= 0
        ids_there = self.c.new.hierarchy.atom_id[new[there]]
        self.used.update(zip(np.asarray(ids)[there].tolist(), ids_there.tolist(), strict=True))
        return there

    def _holds(self, conditions: np.ndarray) -> np.ndarray:
        """Which rows hold under a condition that can still be judged, (n,) bool."""
        gone = self.lost.among(self.d.id, conditions)
        self.conditional += int(gone.sum())
        return ~gone

    def _arrays(self) -> dict[str, np.ndarray]:
        d, stored = self.d, self.d.stored.arrays
        keep: dict[str, np.ndarray] = {}
        size = -1
        if "atom_id" in stored:
            ids = np.asarray(stored["atom_id"])
            size, there = len(ids), self._there(ids, f"{d.path}/atom_id")
            if "condition" in stored:
                there &= self._holds(np.asarray(stored["condition"]))
            keep["M"] = keep["R"] = there
        if d.is_discrete and "states" in d.stored.tables:
            pairs = np.stack([d.column("states", "site"), d.column("states", "state")])
            keep["S"] = ~np.isin(np.unique(pairs, axis=1)[0], list(self.lost.sites[d.id]))
        about = described(d)["arrays"]
        found = {}
        for name, values in stored.items():
            shapes = [shape for shape in about.get(name, {}).get("shapes", []) if len(shape) == np.ndim(values)]
            dimensions = shapes[0] if shapes else ["M"] if np.ndim(values) and len(values) == size else []
            for axis, dimension in enumerate(dimensions):
                if dimension in keep and not keep[dimension].all():
                    values = np.compress(keep[dimension], np.asarray(values), axis=axis)
            found[name] = values
        return found

    def _table(self, name: str, table: Table) -> Table:
        """The rows of a table that speak of nothing that is gone."""
        d = self.d
        keep = np.ones(_length(table), bool)
        if "atom_id" in table:
            keep &= self._there(np.asarray(table["atom_id"]), f"{d.path}/{name}/atom_id")
        if name == "conditions":
            return _rows(table, ~self.lost.among(d.id, np.asarray(table["condition"])))
        if "condition" in table:
            keep &= self._holds(np.asarray(table["condition"]))
        if "site" in table:
            keep &= ~np.isin(np.asarray(table["site"]), list(self.lost.sites.get(d.id, ())))
        return _rows(table, keep)


def _rows(table: Table, keep: np.ndarray) -> Table:
    """Some rows of a table."""
    rows = np.flatnonzero(keep).tolist()
    return {
        column: [values[row] for row in rows] if isinstance(values, list) else np.asarray(values)[rows]
        for column, values in table.items()
    }


def _length(table: Table) -> int:
    return len(next(iter(table.values()))) if table else 0
