"""Variables that depend on one other variable at most, all of them at once.

In a forest, what a variable may be is a table over its parent's value. Two steps remove variables from a product of
such tables: a leaf is summed out into its parent, and a variable with one child is multiplied into that child's
table. Half of what is left goes in a few rounds, whatever the shape, and products stay balanced, so that a chain of a
million variables and a star of as many leaves cost about the same: Miller & Reif, Parallel tree contraction (1985)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from polystate.conditions import changes, spread
from polystate.scope_dag import ALWAYS, INACTIVE, ScopeDag

LARGEST = 1 << 62  # of what fits into an int64
WIDEST = 32  # states of a parent by which what a variable may be is looked up
MOST_ENTRIES = 1 << 24  # of the tables of the trees that are counted together
LARGEST_TREE = 1 << 26  # entries of the tables of one tree; others are eliminated one by one


def tables(dag: ScopeDag, variables: np.ndarray, parent: np.ndarray, width: int) -> np.ndarray:
    """Which values each variable may have under each value of its parent, (n, width, width) bool.

    Value 0 is "inactive", s + 1 is state s. parent: (n,), -1 = none, and then under any value."""
    n = len(variables)
    possible = np.zeros((n, width, width), bool)
    place, rows = spread(dag.row_start, variables)
    state, number = dag.row_state[rows] + 1, dag.row_condition[rows]
    always = number == ALWAYS
    possible[place[always], :, state[always]] = True
    row, _, needed = dag.flat_conditions.terms(number[~always])  # of the one parent that there is
    possible[place[~always][row], needed + 1, state[~always][row]] = True
    possible &= _active(dag, variables, width, 1)[:, :, None]
    possible[:, :, 0] = ~possible.any(axis=2)
    return possible


def single_parents(dag: ScopeDag) -> np.ndarray:
    """The one parent of each variable, (V,); -1: none, several, or one of so many states that no table is made."""
    above = np.full(len(dag), -1)
    above[dag.edge_child] = dag.edge_parent
    above[dag.edge_child[1:][dag.edge_child[1:] == dag.edge_child[:-1]]] = -1
    above[dag.n_states[above] >= WIDEST] = -1
    return above


def lookup(dag: ScopeDag, above: np.ndarray, preference: np.ndarray) -> list[list[int]]:
    """The state that each variable with one parent takes, by the parent's value: of the rows that hold the one of
    largest preference (R,), the first of equals. -1 is inactive, of the variable and, as last entry, of the parent.

    Empty for other variables, and for those of which two rows of one state can hold."""
    variables = np.flatnonzero(above >= 0)
    width = 1 + int(dag.n_states[above[variables]].max(initial=0))
    place, rows = spread(dag.row_start, variables)
    always = np.flatnonzero(dag.row_condition[rows] == ALWAYS)
    some = np.flatnonzero(dag.row_condition[rows] != ALWAYS)
    term, _, needed = dag.flat_conditions.terms(dag.row_condition[rows[some]])
    row = np.concatenate([np.repeat(rows[always], width), rows[some][term]])
    cell = np.concatenate([np.repeat(place[always], width), place[some][term]]) * width
    cell += np.concatenate([np.tile(np.arange(width), len(always)), needed])
    order = np.lexsort((dag.row_state[row], -preference[row], cell))
    row, cell = row[order], cell[order]
    best = changes(cell[None])
    taken = np.full((len(variables), width), INACTIVE)
    taken.reshape(-1)[cell[best]] = dag.row_state[row[best]]
    taken[~_active(dag, variables, width, 0)] = INACTIVE
    pair = np.sort(cell * (1 + int(dag.n_states.max(initial=0))) + dag.row_state[row])
    overlapping = np.zeros(len(variables), bool)
    overlapping[pair[1:][pair[1:] == pair[:-1]] // (1 + int(dag.n_states.max(initial=0))) // width] = True
    found: list[list[int]] = [[]] * len(dag)
    for v, states, twice in zip(variables.tolist(), taken.tolist(), overlapping.tolist(), strict=True):
        if not twice:
            found[v] = states
    return found


def _active(dag: ScopeDag, variables: np.ndarray, width: int, shift: int) -> np.ndarray:
    """Whether the descriptor of each variable is there when its one parent is in state k - shift, (n, width) bool."""
    gated = np.flatnonzero(dag.activation_of[variables] != ALWAYS)
    active = np.ones((len(variables), width), bool)
    active[gated] = False
    at, _, needed = dag.flat_conditions.terms(dag.activation_of[variables[gated]])
    active[gated[at], needed + shift] = True
    return active


def count(dag: ScopeDag, variables: np.ndarray, parent: np.ndarray) -> int:
    """The number of legal joint states of these variables: each has one parent among them, or none (-1).

    variables: (n,); parent: (n,) places among them."""
    width = 1 + int(dag.n_states[variables].max(initial=0))
    return product(contract(tables(dag, variables, parent, width), parent).tolist())


def contract(possible: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """The number of joint values of each tree, in no order. possible: as from `tables`; parent: (n,), -1 = none."""
    below = np.ones(possible.shape[:2], np.int64)  # joint values of what was removed below, by value
    table: np.ndarray = possible.astype(np.int64)
    coin = np.random.default_rng(0)
    found: list[np.ndarray] = []
    while len(parent):
        n = len(parent)
        children = np.bincount(parent[parent >= 0], minlength=n)
        leaf = np.flatnonzero(children == 0)
        table, below = _fitting(table, below)
        sums = np.matmul(table[leaf], below[leaf][:, :, None])[:, :, 0]  # by the parent's value
        is_root = parent[leaf] < 0
        found.append(sums[is_root, 0])
        up, joined = products(parent[leaf[~is_root]], sums[~is_root])
        below = multiplied(below, up, joined)
        stays = children > 0
        single = np.bincount(parent[stays & (parent >= 0)], minlength=n) == 1
        only = np.full(n, -1)
        only[parent[stays & (parent >= 0)]] = np.flatnonzero(stays & (parent >= 0))
        heads = coin.random(n) < 0.5
        taken = np.flatnonzero(stays & single & heads & ~((parent >= 0) & single[parent] & heads[parent]))
        lower = only[taken]
        table, below = _fitting(table, below, twice=True)
        table[lower] = np.matmul(table[taken] * below[taken][:, None, :], table[lower])
        parent = parent.copy()
        parent[lower] = parent[taken]
        stays[taken] = False
        new = np.cumsum(stays) - 1
        parent = np.where(parent[stays] >= 0, new[parent[stays]], -1)
        table, below = table[stays], below[stays]
    return np.concatenate([np.zeros(0, object), *found])


def _fitting(table: np.ndarray, below: np.ndarray, twice: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The two as they are while the next product fits into an int64, else as integers of any size."""
    if table.dtype == object or below.dtype == object:
        return table.astype(object), below.astype(object)
    most = float(table.max(initial=1))
    if table.shape[1] * float(below.max(initial=1)) * most * (most if twice else 1.0) < LARGEST:
        return table, below
    return table.astype(object), below.astype(object)


def products(group: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The products of the rows of each group: groups ascending, and (groups, k). group: (n,); values: (n, k).

    Neighbours are multiplied in pairs, then the pairs: a balanced tree, since the factors grow."""
    order = np.argsort(group, kind="stable")
    group, values = group[order], values[order]
    while True:
        start = np.flatnonzero(np.diff(group, prepend=-1))
        rank = np.arange(len(group)) - np.repeat(start, np.diff(np.append(start, len(group))))
        second = np.flatnonzero(rank % 2)
        if not len(second):
            return group, values
        paired = values[rank % 2 == 0]
        values = multiplied(paired, np.searchsorted(np.flatnonzero(rank % 2 == 0), second - 1), values[second])
        group = group[rank % 2 == 0]


def multiplied(values: np.ndarray, at: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """values with values[at] multiplied by factors, exactly; at: rows, each once."""
    if (
        object in (values.dtype, factors.dtype)
        or float(values.max(initial=1)) * float(factors.max(initial=1)) >= LARGEST
    ):
        values = values.astype(object)
    values[at] *= factors
    return values


def product(factors: Iterable[int]) -> int:
    """The product of many integers: powers of equal ones, then a balanced tree."""
    found = sorted(int(x) ** times for x, times in Counter(factors).items())
    while len(found) > 1:
        found = [a * b for a, b in zip(found[::2], found[1::2], strict=False)] + found[len(found) & ~1 :]
    return found[0] if found else 1
