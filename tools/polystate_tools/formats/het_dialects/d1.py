"""Dialect D1: a state name on every atom, a tree of states, and rules of which states exclude each other.

_atom_site.pdbx_heterogeneity_id
_pdbx_heterogeneity_hierarchy  .id .name .parent .details
_pdbx_state_coexistence        .rule .heterogeneity_id .heterogeneity_ids     (also _pdbx_forbidden_states)
"""

from __future__ import annotations

from polystate_tools.formats.errors import HeterogeneityExtension
from polystate_tools.formats.het_dialects.tree import BASE, State, StateTree
from polystate_tools.formats.records.records import Records

Loops = dict[str, dict[str, list[str]]]


def is_d1(records: Records) -> bool:
    """Told by columns: a table with id and parent, and a state on the atoms."""
    return records.heterogeneity is not None and _hierarchy(records.loops) is not None


def _hierarchy(loops: Loops) -> dict[str, list[str]] | None:
    return next((table for table in loops.values() if {"id", "parent"} <= set(table)), None)


def read(records: Records) -> StateTree:
    """The tree of states of a file in D1."""
    hierarchy = _hierarchy(records.loops)
    assert hierarchy is not None and records.heterogeneity is not None
    tree = StateTree()
    for name, parent in zip(hierarchy["id"], hierarchy["parent"], strict=True):
        if name in tree.states:
            raise HeterogeneityExtension("_pdbx_heterogeneity_hierarchy", f"id {name} twice", "each id once")
        if name != BASE and parent:
            tree.states[name] = State(name, () if parent == BASE else (parent,))
        elif name != BASE:
            raise HeterogeneityExtension(
                "_pdbx_heterogeneity_hierarchy", f"{name} without a parent", f"a parent, {BASE} at the top"
            )
    tree.exclusive = exclusions(records.loops)
    tree.of_record = ["" if name == BASE else name for name in records.heterogeneity.tolist()]
    return tree


def exclusions(loops: Loops) -> list[frozenset[str]]:
    """NOT rows: a state, and the states it excludes. AND is what the hierarchy says, OR the default."""
    found = []
    for table in loops.values():
        if not {"heterogeneity_id", "heterogeneity_ids"} <= set(table):
            continue
        rules = table.get("rule", ["NOT"] * len(table["heterogeneity_id"]))
        for rule, one, others in zip(rules, table["heterogeneity_id"], table["heterogeneity_ids"], strict=True):
            if rule.upper() == "NOT":
                found += [frozenset((one, other)) for other in others.replace(",", " ").split() if other != one]
            elif rule.upper() not in ("AND", "OR", ""):
                raise HeterogeneityExtension("_pdbx_state_coexistence", f"rule {rule}", "NOT, AND or OR")
    return found


def loops_of(tree: StateTree) -> Loops:
    """The categories of a tree in D1."""
    rows = [(BASE, BASE, "", "")]
    rows += [(s.name, s.name, s.parents[0] if s.parents else BASE, "") for s in tree.states.values()]
    columns = dict(zip(("id", "name", "parent", "details"), map(list, zip(*rows, strict=True)), strict=True))
    columns["parent"] = [parent or "." for parent in columns["parent"]]
    excluded: dict[str, list[str]] = {}
    order = list(tree.states)
    for group in tree.exclusive:
        ranked = sorted(group, key=order.index)
        for k, name in enumerate(ranked[:-1]):
            excluded.setdefault(name, []).extend(ranked[k + 1 :])
    made: Loops = {"pdbx_heterogeneity_hierarchy": columns}
    if excluded:
        made["pdbx_state_coexistence"] = {
            "rule": ["NOT"] * len(excluded),
            "heterogeneity_id": list(excluded),
            "heterogeneity_ids": [" ".join(others) for others in excluded.values()],
        }
    return made
