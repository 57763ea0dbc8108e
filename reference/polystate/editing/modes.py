"""Modes A and B of discrete descriptors: the same states, every coordinate listed or only what differs from x_ref."""

from __future__ import annotations

from polystate.errors import BadRequest
from polystate.model.derivation import maker
from polystate.model.descriptor import Descriptor
from polystate.model.listed import enumerated, sparse
from polystate.rules.guard import Judged
from polystate.store.digest import partial_digest
from polystate.store.tree import Group, Tree


def convert(tree: Tree, mode: str) -> dict[str, Group]:
    """The tree with every categorical descriptor of modes A and B in one of them; renders are equal within 1e-12 Å.

    Coordinates (bundles, trajectories) have no mode B and stay; so do rigid bodies, and what can be made again."""
    if mode not in ("A", "B"):
        raise BadRequest("mode", mode, "A or B")
    dep = Judged(tree)
    result = {path: tree[path] for path in tree}
    changed = []
    for d in dep.descriptors.values():
        if d.is_discrete and d.signal_type == "categorical_state" and d.mode in "AB" and d.mode != mode:
            if maker(d.document) is None:
                dep.check_payload(d)
                result[d.path] = _converted(d, mode)
                changed.append(d.path)
    for path, group in result.items():
        derived = group.attributes.get("derived_from") if path.startswith("descriptors/") else None
        if isinstance(derived, dict) and any(i.get("path") in changed for i in derived.get("inputs", [])):
            inputs = [dict(i) for i in derived["inputs"]]
            for entry in inputs:  # what was made from these states is no staler than before
                if entry["path"] in changed and entry.get("hash") == partial_digest(tree, entry["path"]):
                    entry["hash"] = partial_digest(result, entry["path"])
            result[path] = Group(
                {**group.attributes, "derived_from": {**derived, "inputs": inputs}}, group.arrays, group.tables
            )
    return result


def _converted(d: Descriptor, mode: str) -> Group:
    arrays = {n: d.array(n) for n in d.stored.arrays if n not in ("atom_id", "xyz", "present")}
    tables = {n: d.table(n) for n in d.stored.tables if n not in ("deltas", "absent")}
    document = {**d.document, "mode": mode}
    if mode == "A":
        atom_id, xyz, present = enumerated(d)
        return Group(document, {**arrays, "atom_id": atom_id, "xyz": xyz, "present": present}, tables)
    return Group(document, arrays, {**tables, **{n: t for n, t in sparse(d).items() if len(t["atom_id"])}})
