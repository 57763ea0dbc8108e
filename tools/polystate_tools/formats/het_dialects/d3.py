"""Dialect D3: D1 with joint states, each a set of states with one occupancy.

_pdbx_het_state          .id .occupancy .bundle_id .provenance
_pdbx_het_state_members  .het_state_id .heterogeneity_id
"""

from __future__ import annotations

from polystate_tools.formats.errors import HeterogeneityExtension
from polystate_tools.formats.het_dialects import d1
from polystate_tools.formats.het_dialects.tree import SOURCES, JointState, StateTree
from polystate_tools.formats.records.records import Records

Loops = dict[str, dict[str, list[str]]]
STATES, MEMBERS = {"id", "occupancy", "bundle_id"}, {"het_state_id", "heterogeneity_id"}


def is_d3(records: Records) -> bool:
    """Told by columns: states with an occupancy and a bundle."""
    return any(set(table) >= STATES for table in records.loops.values())


def read(records: Records) -> StateTree:
    """The tree of states of a file in D3, joint states included."""
    tree = d1.read(records)
    states = next(table for table in records.loops.values() if set(table) >= STATES)
    members = next((table for table in records.loops.values() if set(table) >= MEMBERS), None)
    if members is None:
        raise HeterogeneityExtension("_pdbx_het_state", "no _pdbx_het_state_members", "the members of each state")
    inside: dict[str, list[str]] = {}
    for state, name in zip(members["het_state_id"], members["heterogeneity_id"], strict=True):
        inside.setdefault(state, []).append(name)
    sources = states.get("provenance", [""] * len(states["id"]))
    for name, text, bundle, source in zip(states["id"], states["occupancy"], states["bundle_id"], sources, strict=True):
        try:
            occupancy = float(text)
        except ValueError:
            raise HeterogeneityExtension(f"_pdbx_het_state {name}", f"occupancy {text!r}", "a number") from None
        if not 0 <= occupancy <= 1:
            raise HeterogeneityExtension(f"_pdbx_het_state {name}", f"occupancy {text}", "from 0 to 1")
        source = source.lower() if source.lower() in SOURCES else "unknown"
        tree.joint.append(JointState(name, occupancy, inside.pop(name, []), bundle or "1", source))
    if inside:
        found = f"state {next(iter(inside))}"
        raise HeterogeneityExtension("_pdbx_het_state_members", found, "an id of _pdbx_het_state")
    return tree


def loops_of(tree: StateTree) -> Loops:
    """The categories of a tree in D3."""
    made = d1.loops_of(tree)
    made["pdbx_het_state"] = {
        "id": [s.id for s in tree.joint],
        "occupancy": [f"{s.occupancy:.10g}" for s in tree.joint],
        "bundle_id": [s.bundle for s in tree.joint],
        "provenance": [s.source for s in tree.joint],
    }
    pairs = [(s.id, name) for s in tree.joint for name in s.members]
    made["pdbx_het_state_members"] = {"het_state_id": [a for a, _ in pairs], "heterogeneity_id": [b for _, b in pairs]}
    return made
