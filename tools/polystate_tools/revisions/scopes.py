"""Scopes on other nodes: groupings keep their labels, so that payloads keep their rows, and take other children."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polystate.model.descriptor import Descriptor
from polystate.rules.descriptors import described
from polystate.store.tree import Group
from polystate.structure.groupings import Grouping
from polystate_tools.revisions.correspondence import Correspondence

NAME = "rebase.{level}/v1"  # of a grouping that stands for the nodes that a level had


def moved(grouping: Grouping, group: Group, c: Correspondence) -> Group:
    """A grouping whose children are the nodes of the new hierarchy; labels without any stay."""
    child = c.rows(grouping.child_level)[np.asarray(grouping.child, np.int64)]
    keep = np.flatnonzero(child >= 0)
    keep = keep[np.argsort(child[keep], kind="stable")]
    edges = {name: np.asarray(values)[keep] for name, values in group.arrays.items() if name not in ("child", "label")}
    document = {key: value for key, value in group.attributes.items() if key != "label_level"}
    if "label" in group.arrays:  # rows of the old hierarchy: their names stay
        document["labels"] = grouping.labels
    return Group(document, {**edges, "child": child[keep].astype(np.int32)}, group.tables)


def needs_labels(d: Descriptor) -> bool:
    """Whether rows of a payload are labels of its scope."""
    shapes = (shape for about in described(d)["arrays"].values() for shape in about["shapes"])
    return d.is_discrete or any("G" in shape for shape in shapes)


def level_grouping(d: Descriptor, c: Correspondence) -> tuple[str, Group] | None:
    """A grouping to stand for the level that a descriptor is bound to; None where the rows of the level are the same,
    or no row of its payload is one."""
    level = (d.document.get("scope") or {}).get("level")
    if level is None or not needs_labels(d):
        return None
    rows = c.rows(level)
    if len(rows) == c.new.hierarchy.size(level) and np.array_equal(rows, np.arange(len(rows))):
        return None
    order = np.argsort(rows, kind="stable")
    order = order[rows[order] >= 0]
    arrays = {"child": rows[order].astype(np.int32), "parent": order.astype(np.int32)}
    labels = c.old.hierarchy.node_labels(level)
    return NAME.format(level=level), Group({"kind": "partition", "child_level": level, "labels": labels}, arrays)


def scope_of(document: Mapping[str, Any], stand_in: tuple[str, Group] | None) -> Mapping[str, Any]:
    """The scope of a descriptor in the new deposition."""
    return document["scope"] if stand_in is None else {"grouping": stand_in[0]}
