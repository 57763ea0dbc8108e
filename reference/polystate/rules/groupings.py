"""Groupings (chapter 3), whether or not one is a scope."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate.errors import (
    DuplicateId,
    MissingArray,
    NotAPartition,
    PolystateError,
    SchemaError,
    UnsupportedCombination,
)
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.rules import payloads
from polystate.store.tree import Group
from polystate.structure.groupings import Grouping, grouping


def label_errors(path: str, group: Group) -> Iterator[PolystateError]:
    """[GRP-1] An array of labels without the level of its rows, or the other way round; the schema has `labels`."""
    if ("label" in group.arrays) != ("label_level" in group.attributes):
        found = "an array label" if "label" in group.arrays else "label_level without an array label"
        yield SchemaError(f"{path}#/label_level", found, "label and label_level, or labels")


def grouping_errors(dep: Model, name: str, found: Grouping) -> Iterator[PolystateError]:
    """[GRP-2], [GRP-6], [GRP-7] by the schema of its arrays, and what no schema says."""
    path, kind = found.path, found.document.get("kind")
    sizes: dict[str, int] = {}
    errors = list(payloads.array_errors(dep.tree, path, payloads.payload("grouping"), sizes))
    yield from errors
    if errors:
        return
    yield from payloads.row_errors(f"{path}/child", found.child, dep.hierarchy.size(found.child_level))  # GRP-3
    yield from payloads.row_errors(f"{path}/parent", found.parent, found.n_labels)  # GRP-4
    stored = dep.tree[path].arrays
    if "label" in stored:
        level = found.document["label_level"]
        yield from payloads.row_errors(f"{path}/label", stored["label"], dep.hierarchy.size(level))  # GRP-5
    labels = list(found.document.get("labels") or np.asarray(stored.get("label", [])).tolist())
    if len(set(labels)) != len(labels):
        twice = next(x for k, x in enumerate(labels) if x in labels[:k])
        yield DuplicateId(f"{path}#/labels", twice, "each label once")  # GRP-8
    if kind in ("partition", "heterogeneity_scope"):
        repeated = np.flatnonzero(np.diff(found.child) == 0)
        if len(repeated):
            row = int(repeated[0]) + 1
            again = f"{found.child_level} row {found.child[row]} again"
            yield NotAPartition(f"{path}/child[{row}]", again, "once")  # GRP-10
    if kind == "coarse_grain" and found.weight is None:
        yield MissingArray(f"{path}/weight", "nothing", "projection coefficients")  # GRP-14
    if kind == "coarse_grain" and found.child_level != "atom":
        yield UnsupportedCombination(f"{path}#/child_level", found.child_level, "atom")  # GRP-15


def known_grouping(dep: Model, d: Descriptor) -> None:
    """[GRP-11] Refuse a scope whose grouping does not exist."""
    grouping(dep.tree, dep.hierarchy, d.document["scope"]["grouping"], f"{d.path}#/scope/grouping")
