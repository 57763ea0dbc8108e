"""Remarks about the old deposition, said of the new one: selectors name its atoms and nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polystate.store.tree import Group
from polystate_tools.revisions.account import Entry
from polystate_tools.revisions.correspondence import Correspondence


def merged(c: Correspondence, dropped: list[Entry]) -> dict[str, Group]:
    """The annotations of both; of a namespace that both have, NEW's. What is left out is added to `dropped`."""
    prefix = "annotations/"
    found = {path: c.new.tree[path] for path in c.new.tree if path.startswith(prefix)}
    for path in (p for p in c.old.tree if p.startswith(prefix)):
        group = c.old.tree[path]
        if path in found:
            if found[path].attributes != group.attributes:
                dropped.append(Entry(path, "NEW has annotations of this namespace"))
            continue
        items = [_moved(item, c) for item in group.attributes.get("items", [])]
        kept = [item for item in items if item is not None]
        if len(kept) < len(items):
            dropped.append(Entry(path, f"{len(items) - len(kept)} items about what is not in NEW"))
        found[path] = Group({**group.attributes, "items": kept}, group.arrays, group.tables)
    return found


def _moved(item: Mapping[str, Any], c: Correspondence) -> Mapping[str, Any] | None:
    """An item about the same atoms and nodes; None where they are gone. What cannot be understood stays."""
    selector = item.get("selector")
    if not isinstance(selector, Mapping):
        return item
    level = (selector.get("scope") or {}).get("level")
    if selector.get("target") == "atoms" and "atoms" in selector:
        ids = c.old.hierarchy.atom_id.astype(np.int64)
        rows = c.atom_rows[np.isin(ids, selector["atoms"])]
        new = np.sort(c.new.hierarchy.atom_id[rows[rows >= 0]]).tolist()
        return {**item, "selector": {**selector, "atoms": new}} if new else None
    if selector.get("target") == "labels" and level is not None and "labels" in selector:
        rows = c.rows(level)
        new = [int(rows[k]) for k in selector["labels"] if k < len(rows) and rows[k] >= 0]
        return {**item, "selector": {**selector, "labels": new}} if new else None
    return item
