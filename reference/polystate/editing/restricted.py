"""A deposition in which only some descriptors contribute."""

from __future__ import annotations

from collections.abc import Collection

from polystate.errors import UnknownGrouping
from polystate.model.model import Model
from polystate.questions.views import SMALLEST_FIRST, level_of
from polystate.store.tree import Group, Tree
from polystate.structure.hierarchy import LEVELS


def up_to(dep: Model, level: str) -> Tree:
    """The tree of a deposition with everything above a level ignored: what varies within one residue, one chain, ..."""
    if level not in LEVELS:
        raise UnknownGrouping("level", level, "one of " + ", ".join(LEVELS))
    allowed = SMALLEST_FIRST[: SMALLEST_FIRST.index(level) + 1]
    return restricted(dep, [d.id for d in dep.descriptors.values() if level_of(d) in allowed])


def restricted(dep: Model, ids: Collection[str]) -> Tree:
    """The tree of a deposition in which only these descriptors contribute to coordinates and covariances.

    Joint states stay what they are, and draws too: of the other discrete descriptors the states are kept, without
    what they move or lack. What is derived keeps what it was computed to be."""
    gone = {"descriptors"} | {f"landmarks/{name}" for name in dep.descriptors if name not in ids}
    tree: dict[str, Group] = {p: dep.tree[p] for p in dep.tree if p.split("/")[0] not in gone and p not in gone}
    for d in dep.descriptors.values():
        document = {k: v for k, v in d.document.items() if k != "derived_from"}
        if d.id in ids:
            tree[d.path] = Group(document, d.group.arrays, d.group.tables)
        elif d.is_discrete:
            for key in ("operator", "acts_as", "reference"):
                document.pop(key, None)
            arrays = {n: d.group.arrays[n] for n in d.group.arrays if n == "labels"}
            tables = {n: d.group.tables[n] for n in d.group.tables if n in ("states", "variables", "conditions")}
            tree[d.path] = Group({**document, "mode": "B", "signal_type": "categorical_state"}, arrays, tables)
    return tree
