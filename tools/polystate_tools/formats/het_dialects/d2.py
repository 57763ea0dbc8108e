"""Dialect D2: groups of altloc letters by residue range, in coexistence groups of which one holds.

_pdbx_alt_groups               .alt_group_id .auth_asym_id .auth_seq_id_start .auth_seq_id_end .label_alt_id
_pdbx_heterogeneity_hierarchy  .alt_group_id .coexistence_group_id .parent_alt_groups_id
"""

from __future__ import annotations

import numpy as np

from polystate_tools.formats.errors import HeterogeneityExtension
from polystate_tools.formats.het_dialects.tree import State, StateTree
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport

Loops = dict[str, dict[str, list[str]]]
MEMBERS = ("alt_group_id", "auth_asym_id", "auth_seq_id_start", "auth_seq_id_end", "label_alt_id")


def is_d2(records: Records) -> bool:
    """Told by columns: a table of groups by letter and residue range."""
    return _table(records.loops, set(MEMBERS)) is not None


def _table(loops: Loops, columns: set[str]) -> dict[str, list[str]] | None:
    return next((table for table in loops.values() if columns <= set(table)), None)


def read(records: Records) -> StateTree:
    """The tree of states of a file in D2; groups of one coexistence group exclude each other."""
    tree = StateTree()
    hierarchy = _table(records.loops, {"alt_group_id", "coexistence_group_id"}) or {}
    members = _table(records.loops, set(MEMBERS))
    assert members is not None
    together: dict[str, list[str]] = {}
    names = hierarchy.get("alt_group_id", [])
    parents = hierarchy.get("parent_alt_groups_id", [""] * len(names))
    for name, group, parent in zip(names, hierarchy.get("coexistence_group_id", []), parents, strict=True):
        if name in tree.states:
            raise HeterogeneityExtension("_pdbx_heterogeneity_hierarchy", f"alt_group_id {name} twice", "each once")
        tree.states[name] = State(name, tuple(parent.replace(",", " ").split()))
        if group:
            together.setdefault(group, []).append(name)
    for name in members["alt_group_id"]:
        tree.states.setdefault(name, State(name))
    for group, inside in together.items():
        if len({tree.states[name].parents for name in inside}) > 1:
            raise HeterogeneityExtension(
                f"coexistence group {group}",
                f"{', '.join(inside)} under different parents",
                "groups with the same parents",
            )
        tree.exclusive.append(frozenset(inside))
    tree.of_record = _of_records(records, members, tree)
    return tree


def _of_records(records: Records, members: dict[str, list[str]], tree: StateTree) -> list[str]:
    """The deepest group of each record."""
    found: list[str] = [""] * len(records)
    for name, chain, start, end, letter in zip(*(members[column] for column in MEMBERS), strict=True):
        where = f"_pdbx_alt_groups {name}"
        if not letter:
            raise HeterogeneityExtension(where, "no label_alt_id", "a letter: only alternates join a group")
        try:
            low, high = int(start), int(end)
        except ValueError:
            raise HeterogeneityExtension(where, f"{start} to {end}", "residue numbers") from None
        mask = records.auth_asym.equals(chain) & (records.auth_seq >= low) & (records.auth_seq <= high)
        mask &= records.altloc.equals(letter)
        if not mask.any():
            raise HeterogeneityExtension(where, f"no record in {chain} {start}-{end} with altloc {letter}", "one")
        for row in np.flatnonzero(mask).tolist():
            before = found[row]
            if not before or _above(tree, before, name):
                found[row] = name
            elif before != name and not _above(tree, name, before):
                raise HeterogeneityExtension(
                    records.record_name(row), f"groups {before} and {name}", "one group, or one nested under the other"
                )
    return found


def _above(tree: StateTree, upper: str, lower: str) -> bool:
    """Whether a group is an ancestor of another."""
    waiting = list(tree.states[lower].parents)
    while waiting:
        name = waiting.pop()
        if name == upper:
            return True
        waiting += tree.states[name].parents
    return False


def loops_of(tree: StateTree, records: Records, report: ExportReport) -> Loops:
    """The categories of a tree in D2, with what membership by residue cannot say in the loss list."""
    rows: dict[tuple[str, str, str], set[int]] = {}
    owner: dict[tuple[str, int, str], str] = {}
    split, unlettered = 0, 0
    letters, chains = records.altloc.tolist(), records.auth_asym.tolist()
    for name, letter, chain, seq in zip(tree.of_record, letters, chains, records.auth_seq.tolist(), strict=True):
        if not name:
            continue
        if not letter:
            unlettered += 1
        elif owner.setdefault((chain, seq, letter), name) != name:
            split += 1
        else:
            rows.setdefault((name, chain, letter), set()).add(seq)
    if split:
        report.lose(
            "states within one residue",
            split,
            "membership is by residue and letter: these records are written in the group of the residue's first",
        )
    if unlettered:
        report.lose("states of records without altloc", unlettered, "only alternates join a group")
    made: dict[str, list[str]] = {column: [] for column in MEMBERS}
    for (name, chain, letter), numbers in rows.items():
        for low, high in _ranges(numbers):
            for column, value in zip(MEMBERS, (name, chain, str(low), str(high), letter), strict=True):
                made[column].append(value)
    return {"pdbx_alt_groups": made, "pdbx_heterogeneity_hierarchy": _hierarchy(tree, {key[0] for key in rows})}


def _hierarchy(tree: StateTree, with_atoms: set[str]) -> dict[str, list[str]]:
    """The groups; one that has no atoms stands here only if it excludes another or has groups below it."""
    group_of = {name: str(k + 1) for k, group in enumerate(tree.exclusive) for name in group}
    parents = {parent for state in tree.states.values() for parent in state.parents}
    names = [name for name in tree.states if name in with_atoms or name in group_of or name in parents]
    return {
        "alt_group_id": names,
        "coexistence_group_id": [group_of.get(name, ".") for name in names],
        "parent_alt_groups_id": [",".join(tree.states[name].parents) or "." for name in names],
    }


def _ranges(numbers: set[int]) -> list[tuple[int, int]]:
    made: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if made and made[-1][1] == number - 1:
            made[-1] = (made[-1][0], number)
        else:
            made.append((number, number))
    return made
