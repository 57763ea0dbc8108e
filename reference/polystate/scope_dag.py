"""The scope DAG: variables, their states, and the conditions that make one depend on another.

A variable is one site of one discrete descriptor; its states exclude each other. Variables are kept in the
order of the specification: depth, then descriptor id by UTF-8 bytes, then site. A joint state is an array
with one entry a variable: the index of its state in declared order, or -1 where the variable is inactive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from polystate.errors import DuplicateRow, MissingArray, ScopeCycle, UnknownState

INACTIVE = -1
ALWAYS = -1  # the condition that always holds


@dataclass(frozen=True)
class Clause:
    """One term of a condition: the parent variable is in one of these states."""

    variable: int
    states: frozenset[int]


Condition = tuple[Clause, ...]  # all of them hold, in ascending order of variable


@dataclass
class StateTable:
    """What the DAG needs of one discrete descriptor."""

    id: str
    site: np.ndarray  # (R,) int, one row a (site, state, condition)
    state: np.ndarray
    condition: np.ndarray
    population: np.ndarray
    label: Sequence[str]
    site_labels: Sequence[str]
    conditions: Mapping[str, Any]  # the table `conditions`
    active_when: int = ALWAYS


@dataclass
class Rows:
    """The rows of `states` that belong to one variable."""

    state: np.ndarray  # index of the state in declared order
    condition: list[Condition | None]  # None: always
    population: np.ndarray


class ScopeDag:
    """All variables of a deposition."""

    def __init__(self, tables: Sequence[StateTable]) -> None:
        self.tables = sorted(tables, key=lambda t: t.id.encode())
        self._index = {t.id: k for k, t in enumerate(self.tables)}
        self._enter_variables()
        self._parse_conditions()
        self._sort_by_depth()

    # -- construction ------------------------------------------------------------------------------------

    def _enter_variables(self) -> None:
        """Number the variables by (descriptor, site) and their states by first row."""
        table, site, sizes, starts = [], [], [], []
        self._row_variable: list[np.ndarray] = []  # of each row of each table
        self._row_state: list[np.ndarray] = []
        self._state_value: list[np.ndarray] = []  # declared `state` numbers, variables concatenated
        self._state_label: list[np.ndarray] = []
        offset = 0
        for k, t in enumerate(self.tables):
            sites, variable = np.unique(t.site, return_inverse=True)
            key = variable.astype(np.int64) * (1 << 32) + np.asarray(t.state, np.int64) + (1 << 31)
            _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
            order = np.lexsort((first, variable[first]))  # distinct states by variable, then first row
            rank = np.empty(len(order), np.int64)
            rank[order] = np.arange(len(order))
            size = np.bincount(variable[first], minlength=len(sites))
            start = np.concatenate([[0], np.cumsum(size)[:-1]]).astype(np.int64)
            self._row_variable.append(variable + offset)
            self._row_state.append(rank[inverse] - start[variable])
            self._state_value.append(np.asarray(t.state)[first][order])
            self._state_label.append(np.asarray(t.label, dtype=object)[first][order])
            table += [np.full(len(sites), k)]
            site += [sites]
            sizes += [size]
            starts += [start]
            offset += len(sites)
        empty = np.zeros(0, np.int64)
        self.table = np.concatenate([*table, empty]).astype(np.int64)
        self.site = np.concatenate([*site, empty]).astype(np.int64)
        self.n_states = np.concatenate([*sizes, empty]).astype(np.int64)
        self._start = np.concatenate([*starts, empty]).astype(np.int64)
        self._number = {
            (int(t), int(s)): v for v, (t, s) in enumerate(zip(self.table.tolist(), self.site.tolist(), strict=True))
        }

    def _parse_conditions(self) -> None:
        """Turn every `conditions` table into clauses over variables."""
        self._conditions: list[dict[int, Condition]] = []
        for t in self.tables:
            self._conditions.append(self.parse(t.conditions, f"descriptors/{t.id}/conditions"))
        for k, t in enumerate(self.tables):
            used = np.append(np.unique(np.asarray(t.condition)), t.active_when)
            for number in used.tolist():
                if number != ALWAYS and number not in self._conditions[k]:
                    raise UnknownState(f"descriptors/{t.id}", f"condition {number}", "a row of its conditions table")

    def parse(self, table: Mapping[str, Any], where: str) -> dict[int, Condition]:
        """The conditions of one descriptor's table by number."""
        terms: dict[int, dict[int, set[int]]] = {}
        columns = [table.get(name, []) for name in ("condition", "parent", "site", "state")]
        for row, (number, parent, site, state) in enumerate(zip(*columns, strict=True)):
            variable = self._number.get((self._index.get(parent, -1), int(site)))
            if variable is None:
                raise UnknownState(f"{where}[{row}]", f"{parent} site {site}", "a variable of a discrete descriptor")
            values = self.state_values(variable)
            match = np.flatnonzero(values == state)
            if not len(match):
                raise UnknownState(
                    f"{where}[{row}]", f"{parent} site {site} state {state}", f"one of {values.tolist()}"
                )
            terms.setdefault(int(number), {}).setdefault(variable, set()).add(int(match[0]))
        return {
            number: tuple(Clause(v, frozenset(states)) for v, states in sorted(by_variable.items()))
            for number, by_variable in terms.items()
        }

    def _sort_by_depth(self) -> None:
        """Renumber the variables: depth, then the order they were entered in (id, site)."""
        self._collect_conditional()
        depth = np.zeros(len(self.table), np.int64)
        done: dict[int, bool] = {}
        for root in self._rows:
            self._visit(root, depth, done)
        order = np.argsort(depth, kind="stable")
        new = np.empty(len(order), np.int64)
        new[order] = np.arange(len(order))
        self.depth = depth[order]
        self.table, self.site = self.table[order], self.site[order]
        self.n_states, self._start = self.n_states[order], self._start[order]
        self._number = {key: int(new[v]) for key, v in self._number.items()}
        self._row_variable = [new[v] for v in self._row_variable]

        def moved(c: Condition) -> Condition:
            return tuple(sorted((Clause(int(new[x.variable]), x.states) for x in c), key=lambda x: x.variable))

        self._conditions = [{n: moved(c) for n, c in by.items()} for by in self._conditions]
        self._collect_conditional()

    def _collect_conditional(self) -> None:
        """Rows of every variable that has a condition: only these need more than arithmetic."""
        self._rows: dict[int, Rows] = {}
        self.activation: dict[int, Condition] = {}
        for k, t in enumerate(self.tables):
            rows_of, active = self._row_variable[k], t.active_when != ALWAYS
            chosen = np.unique(rows_of if active else rows_of[np.asarray(t.condition) != ALWAYS])
            if not len(chosen):
                continue
            order = np.argsort(rows_of, kind="stable")
            begin = np.searchsorted(rows_of[order], chosen, "left")
            end = np.searchsorted(rows_of[order], chosen, "right")
            for v, b, e in zip(chosen.tolist(), begin.tolist(), end.tolist(), strict=True):
                rows = order[b:e]
                numbers = np.asarray(t.condition)[rows].tolist()
                conditions = [None if n == ALWAYS else self._conditions[k][n] for n in numbers]
                self._rows[v] = Rows(self._row_state[k][rows], conditions, np.asarray(t.population)[rows])
                if active:
                    self.activation[v] = self._conditions[k][t.active_when]

    def _visit(self, root: int, depth: np.ndarray, done: dict[int, bool]) -> None:
        """Longest path from a root, refusing cycles; a stack instead of recursion, so that depth is unbounded."""
        stack = [(root, iter(sorted(self.parents(root))))]
        if done.get(root):
            return
        done[root] = False
        while stack:
            v, rest = stack[-1]
            for parent in rest:
                if done.get(parent) is False:
                    names = " -> ".join(self.variable_name(x) for x in [parent, *(s[0] for s in stack[::-1])])
                    raise ScopeCycle(f"descriptors/{self.tables[int(self.table[v])].id}/conditions", names, "no cycle")
                if parent not in done:
                    done[parent] = False
                    stack.append((parent, iter(sorted(self.parents(parent)))))
                    break
            else:
                stack.pop()
                done[v] = True
                depth[v] = max((depth[p] + 1 for p in self.parents(v)), default=0)

    # -- what a variable is ------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.table)

    def parents(self, v: int) -> set[int]:
        """The variables that v's rows or its descriptor's activation depend on."""
        if v not in self._rows:
            return set()
        conditions = [*self._rows[v].condition, self.activation.get(v)]
        return {clause.variable for c in conditions if c for clause in c}

    @property
    def conditional(self) -> Mapping[int, Rows]:
        """The variables that have a condition, with their rows."""
        return self._rows

    def rows(self, v: int) -> Rows:
        """The rows of `states` of variable v, in declared order."""
        if v in self._rows:
            return self._rows[v]
        k = int(self.table[v])
        rows = np.flatnonzero(self._row_variable[k] == v)
        return Rows(self._row_state[k][rows], [None] * len(rows), np.asarray(self.tables[k].population)[rows])

    def state_values(self, v: int) -> np.ndarray:
        """The declared `state` numbers of v, in declared order."""
        start = int(self._start[v])
        return self._state_value[int(self.table[v])][start : start + int(self.n_states[v])]

    def state_labels(self, v: int) -> np.ndarray:
        """The labels of v's states, in declared order."""
        start = int(self._start[v])
        return self._state_label[int(self.table[v])][start : start + int(self.n_states[v])]

    def descriptor(self, v: int) -> str:
        """The descriptor that v is a site of."""
        return self.tables[int(self.table[v])].id

    def variable_name(self, v: int) -> str:
        """`descriptor/site name`."""
        t = self.tables[int(self.table[v])]
        site = int(self.site[v])
        return f"{t.id}/{t.site_labels[site] if 0 <= site < len(t.site_labels) else site}"

    def variable(self, descriptor: str, site: int) -> int | None:
        """The number of a (descriptor, site)."""
        return self._number.get((self._index.get(descriptor, -1), site))

    def conditions(self, descriptor: str) -> Mapping[int, Condition]:
        """The conditions of a discrete descriptor by number."""
        return self._conditions[self._index[descriptor]]

    # -- plain populations, for variables without conditions ------------------------------------------------

    @cached_property
    def flat(self) -> Flat:
        """Populations of the unconditional variables as one array, variables concatenated in order."""
        keep = np.ones(len(self), bool)
        keep[list(self._rows)] = False
        variables = np.flatnonzero(keep)
        start = np.concatenate([[0], np.cumsum(self.n_states[variables])]).astype(np.int64)
        place = np.full(len(self), -1, np.int64)
        place[variables] = start[:-1]
        population = np.full(int(start[-1]), np.nan)
        for k, t in enumerate(self.tables):
            v = self._row_variable[k]
            rows = np.flatnonzero(keep[v])
            target = place[v[rows]] + self._row_state[k][rows]
            if len(np.unique(target)) != len(target):
                row = rows[np.setdiff1d(np.arange(len(target)), np.unique(target, return_index=True)[1])[0]]
                raise DuplicateRow(f"descriptors/{t.id}/states[{row}]", "the same (site, state) again", "each once")
            population[target] = np.asarray(t.population, np.float64)[rows]
        return Flat(variables, start, population)


@dataclass
class Flat:
    """Unconditional variables: variable numbers (V,), offsets (V + 1,), populations (sum of states,)."""

    variables: np.ndarray
    start: np.ndarray
    population: np.ndarray


def holds(condition: Condition | None, joint: Mapping[int, int] | np.ndarray) -> bool:
    """Whether a condition holds under a joint state; a condition that names an inactive parent does not."""
    return condition is None or all(int(joint[c.variable]) in c.states for c in condition)


def state_table(group_id: str, tables: Mapping[str, Any], site_labels: Sequence[str], active: int) -> StateTable:
    """The StateTable of a discrete descriptor's tables."""
    if "states" not in tables:
        raise MissingArray(f"descriptors/{group_id}/states", "nothing", "the table of states")
    states = tables["states"]
    for name in ("site", "state", "label", "condition", "population"):
        if name not in states:
            raise MissingArray(f"descriptors/{group_id}/states/{name}", "nothing", "a column")
    return StateTable(
        group_id,
        np.asarray(states["site"]),
        np.asarray(states["state"]),
        np.asarray(states["condition"]),
        np.asarray(states["population"], np.float64),
        states["label"],
        site_labels,
        tables["conditions"] if "conditions" in tables else {},
        active,
    )
