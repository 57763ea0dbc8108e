"""Variables into discrete descriptors, mode B: states, conditions, deltas, absence, deposited occupancies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from polystate.store.tree import Group
from polystate_tools.formats.building.variables import Plan, Variable
from polystate_tools.formats.records.layout import Layout

Clause = tuple[Variable, tuple[int, ...]]
"""The variable is in one of these states."""


class Conditions:
    """A table `conditions`: every conjunction of clauses once, numbered in order of use."""

    def __init__(self) -> None:
        self.number: dict[tuple, int] = {}
        self.columns: dict[str, list] = {"condition": [], "parent": [], "site": [], "state": []}

    def add(self, clauses: Sequence[Clause]) -> int:
        """The number of a condition; -1 of no clauses."""
        if not clauses:
            return -1
        rows = sorted((v.descriptor, v.number, state) for v, states in clauses for state in states)
        key = tuple(rows)
        if key not in self.number:
            self.number[key] = len(self.number)
            for parent, site, state in rows:
                for name, value in zip(self.columns, (self.number[key], parent, site, state), strict=True):
                    self.columns[name].append(value)
        return self.number[key]

    def table(self) -> dict:
        """The columns as the store holds them; {} of no conditions."""
        if not self.number:
            return {}
        return {
            name: values if name == "parent" else np.array(values, np.int32) for name, values in self.columns.items()
        }


def discrete_groups(
    layout: Layout, descriptor: str, variables: list[Variable], planned: Plan, x_ref: np.ndarray, keys: Iterator[int]
) -> dict[str, Group]:
    """The descriptor and the grouping of its sites, by path. Variables must be numbered."""
    conditions = Conditions()
    tables: dict[str, dict] = {"states": _states(variables, conditions)}
    tables["variables"] = {
        "site": np.arange(len(variables), dtype=np.int32),
        "draw_key": np.array([next(keys) for _ in variables], np.uint32),
    }
    mine = set(variables)
    deltas = _deltas(layout, [row for row in planned.deltas if row[0] in mine], x_ref)
    if len(deltas["site"]):
        tables["deltas"] = deltas
    absent = sorted((v.number, state, atom + 1) for v, state, atom in planned.absent if v in mine)
    if absent:
        columns = np.array(absent, np.int64)
        tables["absent"] = {
            "site": columns[:, 0].astype(np.int32),
            "state": columns[:, 1].astype(np.int32),
            "atom_id": columns[:, 2].astype(np.uint32),
        }
    occupancy = _occupancy(layout, [row for row in planned.occupancy if row[2] in mine], conditions)
    if len(occupancy["atom_id"]):
        tables["occupancy"] = occupancy
    if conditions.number:
        tables["conditions"] = conditions.table()
    nested = any(v.parent is not None or any(c for _, c, _ in v.rows) for v in variables)
    document = {
        "id": descriptor,
        "regime": "discrete",
        "mode": "B",
        "scope": {"grouping": f"{descriptor}.sites/v1"},
        "signal_type": "categorical_state",
        "algebra": "nested_under" if nested else "independent",
        "provenance": "import",
    }
    pairs = np.array(sorted((atom, v.number) for v in variables for atom in v.atoms), np.int32).reshape(-1, 2)
    grouping = Group(
        {"kind": "partition", "child_level": "atom", "labels": [v.label for v in variables]},
        {"child": pairs[:, 0].copy(), "parent": pairs[:, 1].copy()},
    )
    return {f"descriptors/{descriptor}": Group(document, {}, tables), f"groupings/{descriptor}.sites/v1": grouping}


def _states(variables: list[Variable], conditions: Conditions) -> dict:
    rows = []
    for variable in variables:
        inherited = [variable.parent] if variable.parent else []
        for state, condition, population in variable.rows:
            number = conditions.add(inherited if condition is None else condition)
            rows.append(
                (
                    variable.number,
                    state,
                    number,
                    variable.states[state],
                    population,
                    variable.deposited[state],
                    variable.source,
                )
            )
    rows.sort(key=lambda row: row[:3])
    site, state_of, condition_of, label, populations, deposited, source = map(list, zip(*rows, strict=True))
    return {
        "site": np.array(site, np.int32),
        "state": np.array(state_of, np.int32),
        "label": label,
        "condition": np.array(condition_of, np.int32),
        "population": np.array(populations, np.float64),
        "deposited": np.array(deposited, np.float64),
        "source": source,
    }


def _deltas(layout: Layout, rows: list, x_ref: np.ndarray) -> dict:
    """Rows that move an atom, sorted by site, state and atom."""
    rows = sorted(rows, key=lambda row: (row[0].number, row[1], row[2]))
    xyz = layout.records.xyz
    atom = np.array([row[2] for row in rows], np.int64)
    record = np.array([row[3] for row in rows], np.int64)
    relative = np.array([row[4] for row in rows], np.int64)
    start = np.where((relative >= 0)[:, None], xyz[relative], x_ref[atom]) if len(rows) else np.empty((0, 3))
    moved = xyz[record] - start if len(rows) else np.empty((0, 3))
    keep = (moved != 0).any(axis=1)
    site = np.array([row[0].number for row in rows], np.int32)[keep]
    state = np.array([row[1] for row in rows], np.int32)[keep]
    return {
        "site": site,
        "state": state,
        "atom_id": (atom[keep] + 1).astype(np.uint32),
        **{name: moved[keep, k].copy() for k, name in enumerate(("dx", "dy", "dz"))},
    }


def _occupancy(layout: Layout, rows: list, conditions: Conditions) -> dict:
    """One row a record: its deposited occupancy, and the states of the variable in which it holds."""
    rows = sorted(rows, key=lambda row: (row[0], row[2].number, row[3]))
    number = np.array([conditions.add([(variable, states)]) for _, _, variable, states in rows], np.int32)
    atom_id = np.array([atom + 1 for atom, *_ in rows], np.uint32)
    value = np.array([layout.records.occupancy[record] for _, record, _, _ in rows], np.float64)
    order = np.lexsort((number, atom_id))
    return {"atom_id": atom_id[order], "condition": number[order], "value": value[order]}
