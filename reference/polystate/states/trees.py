"""Variables that depend on one other variable at most, all of them at once.

In a forest, what a variable may be is a table over its parent's value. Two steps remove variables from a product of
such tables: a leaf is summed out into its parent, and a variable with one child is multiplied into that child's
table. Half of what is left goes in a few rounds, whatever the shape, and products stay balanced, so that a chain of a
million variables and a star of as many leaves cost about the same: Miller & Reif, Parallel tree contraction (1985)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from polystate.states.conditions import changes, spread
from polystate.states.scope_dag import ALWAYS, INACTIVE, ScopeDag

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
    possible &= _active(dag, variables, width)[:, :, None]
    possible[:, :, 0] = ~possible.any(axis=2)
    return possible


def single_parents(dag: ScopeDag) -> np.ndarray:
    """The one parent of each variable, (V,); -1: none, several, or one of so many states that no table is made."""
    above = np.full(len(dag), -1)
    above[dag.edge_child] = dag.edge_parent
    above[dag.edge_child[1:][dag.edge_child[1:] == dag.edge_child[:-1]]] = -1
    above[dag.n_states[above] >= WIDEST] = -1
    return above


@dataclass
class Lookup:
    """What each variable takes by the value x of its one parent: states[place[v] + 1 + x], -1 = inactive.

    above: the parent; place: -1 for variables that have no table. All three are lists, for walks one by one."""

    above: list[int]
    place: list[int]
    states: list[int]


def lookup(dag: ScopeDag, preference: np.ndarray | None = None) -> Lookup:
    """The state that each variable takes: of the rows that hold, of largest preference (R,), the first of equals.

    No table for variables with several parents, and, with a preference, where two rows of one state can hold."""
    above = single_parents(dag)
    variables = np.flatnonzero(above >= 0)
    width = 1 + int(dag.n_states[above[variables]].max(initial=0))
    rank, state_of_rank = _ranks(dag, preference)
    place, rows = spread(dag.row_start, variables)
    is_always = dag.row_condition[rows] == ALWAYS
    always, some = np.flatnonzero(is_always), np.flatnonzero(~is_always)
    term, _, needed = dag.flat_conditions.terms(dag.row_condition[rows[some]])
    under_any = np.full(len(variables), len(state_of_rank) - 1)
    np.minimum.at(under_any, place[always], rank[rows[always]])
    best = np.repeat(under_any, width)
    row, cell = rows[some][term], place[some][term] * width + needed + 1
    np.minimum.at(best, cell, rank[row])
    taken = state_of_rank[best]
    taken[~_active(dag, variables, width).reshape(-1)] = INACTIVE
    known = np.ones(len(variables), bool)
    if preference is not None:
        every = place[always][:, None] * width + np.arange(width)
        row = np.concatenate([np.repeat(rows[always], width), row])
        choice = np.stack([np.concatenate([every.reshape(-1), cell]), dag.row_state[row]])
        choice = choice[:, np.lexsort(choice[::-1])]
        known[choice[0, ~changes(choice)] // width] = False
    place = np.full(len(dag), -1)
    place[variables[known]] = np.flatnonzero(known) * width
    return Lookup(above.tolist(), place.tolist(), taken.tolist())


def _ranks(dag: ScopeDag, preference: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """A number for each row, smaller for what is taken first, and the state of each number; the last one's: none."""
    if preference is None:
        return dag.row_state, np.append(np.arange(dag.n_states.max(initial=0)), INACTIVE)
    order = np.lexsort((dag.row_state, -preference))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank, np.append(dag.row_state[order], INACTIVE)


def _active(dag: ScopeDag, variables: np.ndarray, width: int) -> np.ndarray:
    """Whether the descriptor of each variable is there when its one parent is in state k - 1, (n, width) bool."""
    gated = np.flatnonzero(dag.activation_of[variables] != ALWAYS)
    active = np.ones((len(variables), width), bool)
    active[gated] = False
    at, _, needed = dag.flat_conditions.terms(dag.activation_of[variables[gated]])
    active[gated[at], needed + 1] = True
    return active


def count(dag: ScopeDag, variables: np.ndarray, parent: np.ndarray) -> int:
    """The number of legal joint states of these variables: each has one parent among them, or none (-1).

    variables: (n,); parent: (n,) places among them."""
    width = 1 + int(dag.n_states[variables].max(initial=0))
    possible = tables(dag, variables, parent, width)
    above = np.where(parent < 0, width, dag.n_states[variables[parent]])  # states of the parent
    occurs = (np.arange(1, width) <= above[:, None]) & possible[:, 1:, 0]
    first = 0 if occurs.any() else 1  # where nothing can be inactive, that value is left out
    return product(contract(possible[:, first:, first:], parent).tolist())


def contract(possible: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """The number of joint values of each tree, in no order. possible: as from `tables`; parent: (n,), -1 = none."""
    table = np.ascontiguousarray(np.moveaxis(possible, 0, 2), np.int64)
    row = np.arange(len(parent))  # of what is left, in table
    below = np.ones(table.shape[1:], np.int64)  # joint values of what was removed below, by value
    most = 1.0  # of the entries of table
    coin = np.random.default_rng(0)
    found: list[np.ndarray] = []
    while len(parent):
        n = len(parent)
        table, row = _fitting(table, row, most, below)
        below = below.astype(table.dtype, copy=False)
        children = np.bincount(parent[parent >= 0], minlength=n)
        leaf = np.flatnonzero(children == 0)
        sums = (table[:, :, row[leaf]] * below[:, leaf]).sum(axis=1)  # by the parent's value
        is_root = parent[leaf] < 0
        found.append(sums[0, is_root])
        up, joined = products(parent[leaf[~is_root]], sums[:, ~is_root])
        below = multiplied(below, up, joined)
        lower, middle = _between(parent, children, coin.random(n) < 0.5)
        table, row = _fitting(table, row, most, below)
        first, second = table[:, :, row[middle]] * below[:, middle], table[:, :, row[lower]]
        joint = first[:, :1] * second[0]
        for k in range(1, len(second)):
            joint += first[:, k, None] * second[k]
        if table.dtype != object:
            most = max(most, float(joint.max(initial=1)))
        table[:, :, row[lower]] = joint
        parent = parent.copy()
        parent[lower] = parent[middle]
        stays = children > 0
        stays[middle] = False
        new = np.append(np.cumsum(stays) - 1, -1)
        left = np.flatnonzero(stays)
        parent, row, below = new[parent[left]], row[left], below[:, left]
    return np.concatenate([np.zeros(0, object), *found])


def _fitting(table: np.ndarray, row: np.ndarray, most: float, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The table as it is while the next product fits into an int64, else what is left of it as integers of any size."""
    fits = below.dtype != object and most * most * len(table) * float(below.max(initial=1)) < LARGEST
    return (table, row) if fits or table.dtype == object else (table[:, :, row].astype(object), np.arange(len(row)))


def _between(parent: np.ndarray, children: np.ndarray, heads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices without leaves that have one child, no two of them neighbours: the child, and the vertex.

    Of the neighbours that could be taken, the one is whose coin shows heads and whose parent's does not."""
    inner = np.flatnonzero((children > 0) & (parent >= 0))
    above = parent[inner]
    single = np.bincount(above, minlength=len(parent)) == 1
    taken = single & heads
    taken[inner[taken[inner] & taken[above]]] = False
    chosen = inner[taken[above]]
    return chosen, parent[chosen]


def products(group: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The products of the columns of each group: groups ascending, and (k, groups). group: (n,); values: (k, n).

    Neighbours are multiplied in pairs, then the pairs: a balanced tree, since the factors grow."""
    order = np.argsort(group, kind="stable")
    group, values = group[order], values[:, order]
    while True:
        start = np.flatnonzero(np.diff(group, prepend=-1))
        rank = np.arange(len(group)) - np.repeat(start, np.diff(np.append(start, len(group))))
        second = np.flatnonzero(rank % 2)
        if not len(second):
            return group, values
        paired = values[:, rank % 2 == 0]
        values = multiplied(paired, np.searchsorted(np.flatnonzero(rank % 2 == 0), second - 1), values[:, second])
        group = group[rank % 2 == 0]


def multiplied(values: np.ndarray, at: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """values with values[:, at] multiplied by factors, exactly; at: columns, each once."""
    if (
        object in (values.dtype, factors.dtype)
        or float(values.max(initial=1)) * float(factors.max(initial=1)) >= LARGEST
    ):
        values = values.astype(object)
    values[:, at] *= factors
    return values


def product(factors: Iterable[int]) -> int:
    """The product of many integers: powers of equal ones, then a balanced tree."""
    found = sorted(int(x) ** times for x, times in Counter(factors).items())
    while len(found) > 1:
        found = [a * b for a, b in zip(found[::2], found[1::2], strict=False)] + found[len(found) & ~1 :]
    return found[0] if found else 1
