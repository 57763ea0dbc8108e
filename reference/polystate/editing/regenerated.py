"""Making again what an operator made from other parts of a deposition."""

from __future__ import annotations

from polystate.model.derivation import made_from_inputs, maker
from polystate.model.model import Model
from polystate.store.digest import partial_digest
from polystate.store.tree import Group


def regenerated(dep: Model) -> dict[str, Group]:
    """The groups of all descriptors that can be made again, with fresh payloads and input hashes; for `update`."""
    groups: dict[str, Group] = {}
    for d in dep.descriptors.values():
        if maker(d.document) is None:
            continue
        made = made_from_inputs(dep, d)
        derived = dict(d.document["derived_from"])
        derived["inputs"] = [{**i, "hash": partial_digest(dep.tree, i["path"])} for i in derived["inputs"]]
        document = {**d.document, "derived_from": derived}
        tables = {**made.tables, **{n: d.stored.tables[n] for n in d.stored.tables}}
        groups[d.path] = Group(document, {**dict(d.stored.arrays), **made.arrays}, tables)
    return groups
