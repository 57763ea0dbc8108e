"""The scope DAG: variables, their states, and the conditions that make one depend on another.

A variable is one site of one discrete descriptor; its states exclude each other. Variables are kept in the
order of the specification: depth, then descriptor id by UTF-8 bytes, then site. A joint state is an array
with one entry a variable: the index of its state in declared order, or -1 where the variable is inactive.

Everything is held in arrays; a condition or the rows of a variable become objects when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from polystate.errors import DuplicateRow, MissingArray, ScopeCycle, UnknownState
from polystate.states.conditions import Clause, Condition, Conditions, distinct, offsets, spread
from polystate.states.depths import depths, find_cycle

__all__ = ["ALWAYS", "INACTIVE", "Clause", "Condition", "Flat", "Rows", "ScopeDag", "StateTable", "holds"]
INACTIVE = -1
ALWAYS = -1  # the condition that always holds
_SPAN, _HALF = 1 << 32, 1 << 31  # a pair of numbers, the second an int32, as one int64
Item = TypeVar("Item")


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


class Numbered(Mapping[int, Item]):
    """What some numbers have, made when it is first asked for."""

    def __init__(self, numbers: np.ndarray, make: Callable[[int], Item]) -> None:
        self.numbers, self._make = numbers, make  # ascending
        self._made: dict[int, Item] = {}

    def __contains__(self, number: object) -> bool:
        k = np.searchsorted(self.numbers, number)  # type: ignore[call-overload]
        return bool(k < len(self.numbers) and self.numbers[k] == number)

    def __getitem__(self, number: int) -> Item:
        if number not in self._made:
            if number not in self:
                raise KeyError(number)
            self._made[number] = self._make(number)
        return self._made[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers.tolist())

    def __len__(self) -> int:
        return len(self.numbers)


class ScopeDag:
    """All variables of a deposition.

    table, site, depth, n_states: (V,); row_start: (V + 1,) offsets into the rows of all variables; row_state,
    row_condition, row_population: (R,), the condition a number into `flat_conditions` or -1; activation_of: (V,)
    likewise; edge_child, edge_parent: (E,), each pair once, ascending."""

    def __init__(self, tables: Sequence[StateTable]) -> None:
        self.tables = sorted(tables, key=lambda t: t.id.encode())
        self._index = {t.id: k for k, t in enumerate(self.tables)}
        self._enter_variables()
        self._enter_conditions()
        self._enter_edges()
        self._sort_by_depth()

    # -- construction ------------------------------------------------------------------------------------

    def _enter_variables(self) -> None:
        """Number the variables by (descriptor, site) and their states by first row."""
        count = [len(t.site) for t in self.tables]
        table = np.repeat(np.arange(len(count)), count)
        site, state, condition = (
            np.concatenate([np.zeros(0, np.int64), *(np.asarray(getattr(t, name), np.int64) for t in self.tables)])
            for name in ("site", "state", "condition")
        )
        self._pair, variable = np.unique(table * _SPAN + site + _HALF, return_inverse=True)
        self.table, self.site = self._pair // _SPAN, self._pair % _SPAN - _HALF
        self._declared, first, inverse = np.unique(
            variable * _SPAN + state + _HALF, return_index=True, return_inverse=True
        )
        order = np.lexsort((first, variable[first]))  # distinct states by variable, then first row
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        self.n_states = np.bincount(variable[first], minlength=len(self._pair))
        self._start = offsets(self.n_states)[:-1]
        self._state_of_declared = rank - self._start[variable[first]]  # beside _declared
        self._state_value = state[first][order]
        labels = [np.asarray(t.label, dtype=object) for t in self.tables]
        self._state_label = np.concatenate([np.zeros(0, object), *labels])[first][order]
        self._row_table, self._row_variable = table, variable
        self.row_state, self.row_condition = rank[inverse] - self._start[variable], condition
        self.row_population = np.concatenate([np.zeros(0), *(np.asarray(t.population) for t in self.tables)])

    def _enter_conditions(self) -> None:
        """Number the conditions of all descriptors through, and give rows and activations their numbers."""
        self._new = np.arange(len(self.table))
        self._condition_numbers: list[np.ndarray] = []  # of each descriptor, ascending
        parts, begin = [], 0
        active = np.full(len(self.tables), ALWAYS)
        rows = offsets(np.array([len(t.site) for t in self.tables], np.int64)).tolist()
        for k, t in enumerate(self.tables):
            number, variable, state = self._terms(t.conditions, f"descriptors/{t.id}/conditions")
            known, number = np.unique(number, return_inverse=True)
            parts.append((number + begin, variable, state))
            mine = slice(rows[k], rows[k + 1])
            used = np.append(self.row_condition[mine], t.active_when)
            place = np.searchsorted(known, used)
            found = place < len(known)
            found[found] = known[place[found]] == used[found]
            missing = np.unique(used[~found & (used != ALWAYS)])
            if len(missing):
                # DAG-6
                raise UnknownState(f"descriptors/{t.id}", f"condition {missing[0]}", "a row of its conditions table")
            flat = np.where(used == ALWAYS, ALWAYS, place + begin)
            self.row_condition[mine], active[k] = flat[:-1], flat[-1]
            self._condition_numbers.append(known)
            begin += len(known)
        self._first_condition = offsets(np.array([len(x) for x in self._condition_numbers], np.int64))
        number, variable, state = (np.concatenate([np.zeros(0, np.int64), *(p[i] for p in parts)]) for i in range(3))
        self.flat_conditions = Conditions(begin, number, variable, state)
        self.activation_of = active[self.table]

    def _terms(self, table: Mapping[str, Any], where: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The rows of a table `conditions`: number, variable, state in declared order."""
        number, site, state = (np.asarray(table.get(name, []), np.int64) for name in ("condition", "site", "state"))
        names = table.get("parent", [])
        index = {name: self._index.get(str(name), -1) for name in dict.fromkeys(names)}
        parent = np.fromiter(map(index.__getitem__, names), np.int64, len(names))
        if not len(number):
            return number, site, state
        variable = _position(self._pair, parent * _SPAN + site + _HALF)
        declared = _position(self._declared, variable * _SPAN + state + _HALF)
        bad = np.flatnonzero((variable < 0) | (declared < 0))
        if len(bad):
            row = int(bad[0])
            found, expected = f"{names[row]} site {site[row]}", "a variable of a discrete descriptor"
            if variable[row] >= 0:
                v = int(self._new[variable[row]])
                found, expected = f"{found} state {state[row]}", f"one of {self.state_values(v).tolist()}"
            raise UnknownState(f"{where}[{row}]", found, expected)  # DAG-7
        return number, self._new[variable], self._state_of_declared[declared]

    def parse(self, table: Mapping[str, Any], where: str) -> dict[int, Condition]:
        """The conditions of a table of any descriptor by number."""
        number, variable, state = self._terms(table, where)
        known, number = np.unique(number, return_inverse=True)
        conditions = Conditions(len(known), number, variable, state)
        return {n: conditions[k] for k, n in enumerate(known.tolist())}

    def _enter_edges(self) -> None:
        """Each pair of a variable and one that its rows or its activation depend on."""
        rows, variables = np.flatnonzero(self.row_condition != ALWAYS), np.flatnonzero(self.activation_of != ALWAYS)
        child = np.concatenate([self._row_variable[rows], variables])
        numbers = np.concatenate([self.row_condition[rows], self.activation_of[variables]])
        place, parent = self.flat_conditions.variables(numbers)
        self.is_conditional = np.zeros(len(self.table), bool)
        self.is_conditional[child] = True
        self._set_edges(child[place], parent)

    def _set_edges(self, child: np.ndarray, parent: np.ndarray) -> None:
        n = max(1, len(self.table))
        pair = distinct(child * n + parent)
        self.edge_child, self.edge_parent = pair // n, pair % n
        self._edge_start = offsets(np.bincount(self.edge_child, minlength=len(self.table)))

    def _sort_by_depth(self) -> None:
        """Renumber the variables: depth, then the order they were entered in (id, site)."""
        depth = depths(len(self.table), self.edge_child, self.edge_parent)
        if depth is None:
            cycle = find_cycle(self.conditional, self.parents)
            names = " -> ".join(map(self.variable_name, cycle))
            raise ScopeCycle(f"descriptors/{self.descriptor(cycle[1])}/conditions", names, "no cycle")  # DAG-11
        order = np.argsort(depth, kind="stable")
        new = np.empty(len(order), np.int64)
        new[order] = np.arange(len(order))
        begin = offsets(np.bincount(self._row_variable, minlength=len(order)))
        by_variable = np.argsort(self._row_variable, kind="stable")
        rows = by_variable[spread(begin, order)[1]]
        self.row_state, self.row_condition = self.row_state[rows], self.row_condition[rows]
        self.row_population, self._row_table = self.row_population[rows], self._row_table[rows]
        self._row_of_table = rows - offsets(np.array([len(t.site) for t in self.tables], np.int64))[self._row_table]
        self.row_start = offsets(np.diff(begin)[order])
        self.depth, self.table, self.site = depth[order], self.table[order], self.site[order]
        self.n_states, self._start = self.n_states[order], self._start[order]
        self.is_conditional, self.activation_of = self.is_conditional[order], self.activation_of[order]
        self.flat_conditions = self.flat_conditions.renumbered(new)
        self._new = new
        self._set_edges(new[self.edge_child], new[self.edge_parent])

    # -- what a variable is ------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.table)

    def parents(self, v: int) -> set[int]:
        """The variables that v's rows or its descriptor's activation depend on."""
        return set(self.edge_parent[self._edge_start[v] : self._edge_start[v + 1]].tolist())

    @cached_property
    def conditional(self) -> Mapping[int, Rows]:
        """The variables that have a condition, with their rows."""
        return Numbered(np.flatnonzero(self.is_conditional), self.rows)

    @cached_property
    def activation(self) -> Mapping[int, Condition]:
        """The condition under which a variable is there at all, for those that have one."""
        variables = np.flatnonzero(self.activation_of != ALWAYS)
        return Numbered(variables, lambda v: self.flat_conditions[int(self.activation_of[v])])

    def rows(self, v: int) -> Rows:
        """The rows of `states` of variable v, in declared order."""
        here = slice(int(self.row_start[v]), int(self.row_start[v + 1]))
        numbers = self.row_condition[here].tolist()
        conditions = [None if n == ALWAYS else self.flat_conditions[n] for n in numbers]
        return Rows(self.row_state[here], conditions, self.row_population[here])

    def state_values(self, v: int) -> np.ndarray:
        """The declared `state` numbers of v, in declared order."""
        start = int(self._start[v])
        return self._state_value[start : start + int(self.n_states[v])]

    def state_labels(self, v: int) -> np.ndarray:
        """The labels of v's states, in declared order."""
        start = int(self._start[v])
        return self._state_label[start : start + int(self.n_states[v])]

    def chosen_labels(self, variables: np.ndarray, states: np.ndarray) -> list[str]:
        """The labels of one state of each of some variables."""
        return list(map(str, self._state_label[self._start[variables] + states].tolist()))

    def chosen_values(self, variables: np.ndarray, states: np.ndarray) -> np.ndarray:
        """The declared `state` number of one state of each of some variables, (n,)."""
        return self._state_value[self._start[variables] + states]

    def descriptor(self, v: int) -> str:
        """The descriptor that v is a site of."""
        return self.tables[int(self.table[v])].id

    def variable_name(self, v: int) -> str:
        """`descriptor/site name`."""
        t = self.tables[int(self.table[v])]
        site = int(self.site[v])
        return f"{t.id}/{t.site_labels[site] if 0 <= site < len(t.site_labels) else site}"

    @cached_property
    def variable_names(self) -> np.ndarray:
        """The names of all variables, (V,) object."""
        return np.array([*map(self.variable_name, range(len(self))), None], object)[:-1]

    def variable(self, descriptor: str, site: int) -> int | None:
        """The number of a (descriptor, site)."""
        v = int(self.variables(descriptor, np.array([site]))[0])
        return None if v < 0 else v

    def variables(self, descriptor: str, sites: np.ndarray) -> np.ndarray:
        """The numbers of some sites of a descriptor, -1 where it has no states there."""
        key = self._index.get(descriptor, -1) * _SPAN + np.asarray(sites, np.int64) + _HALF
        place = _position(self._pair, key)
        return np.where(place >= 0, self._new[place], -1) if len(self) else place

    def conditions(self, descriptor: str) -> Mapping[int, Condition]:
        """The conditions of a discrete descriptor by number."""
        k = self._index[descriptor]
        numbers, first = self._condition_numbers[k], int(self._first_condition[k])
        return Numbered(numbers, lambda n: self.flat_conditions[first + int(np.searchsorted(numbers, n))])

    # -- plain populations, for variables without conditions ------------------------------------------------

    @cached_property
    def flat(self) -> Flat:
        """Populations of the unconditional variables as one array, variables concatenated in order."""
        variables = np.flatnonzero(~self.is_conditional)
        start = offsets(self.n_states[variables])
        place, rows = spread(self.row_start, variables)
        target = start[place] + self.row_state[rows]
        if len(target) != start[-1]:
            self._refuse_repeated(rows, target)
        population = np.empty(int(start[-1]))
        population[target] = self.row_population[rows]
        return Flat(variables, start, population)

    def _refuse_repeated(self, rows: np.ndarray, target: np.ndarray) -> None:
        """The first row, descriptor by descriptor, whose (site, state) has been there before."""
        table, row = self._row_table[rows], self._row_of_table[rows]
        order = np.lexsort((row, table))
        again = np.setdiff1d(np.arange(len(order)), np.unique(target[order], return_index=True)[1])[0]
        where = f"descriptors/{self.tables[table[order][again]].id}/states[{row[order][again]}]"
        raise DuplicateRow(where, "the same (site, state) again", "each once")  # DAG-8


@dataclass
class Flat:
    """Unconditional variables: variable numbers (V,), offsets (V + 1,), populations (sum of states,)."""

    variables: np.ndarray
    start: np.ndarray
    population: np.ndarray


def _position(ascending: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where numbers stand in an ascending array, -1 where they do not."""
    if not len(ascending):
        return np.full(len(wanted), -1)
    place = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return np.where(ascending[place] == wanted, place, -1)


def holds(condition: Condition | None, joint: Mapping[int, int] | Sequence[int] | np.ndarray) -> bool:
    """Whether a condition holds under a joint state; a condition that names an inactive parent does not."""
    return condition is None or all(int(joint[c.variable]) in c.states for c in condition)


def state_table(group_id: str, tables: Mapping[str, Any], site_labels: Sequence[str], active: int) -> StateTable:
    """The StateTable of a discrete descriptor's tables."""
    if "states" not in tables:
        raise MissingArray(f"descriptors/{group_id}/states", "nothing", "the table of states")  # STO-15
    states = tables["states"]
    for name in ("site", "state", "label", "condition", "population"):
        if name not in states:
            raise MissingArray(f"descriptors/{group_id}/states/{name}", "nothing", "a column")  # STO-15
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
