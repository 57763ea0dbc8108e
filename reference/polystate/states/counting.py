"""Exact counts of legal joint states.

Variables without conditions that condition nothing are plain factors. The rest fall into components. Those in which no
variable has two parents are trees and are counted together. In the others one variable at a time is eliminated, once
for all components that are alike: that joins it to all its neighbours, so the cost is exponential in the widest join
only. Counting is #P-hard in general (a scope DAG can encode any 2-SAT formula), so wide joins are refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import product

import numpy as np

from polystate.errors import TooEntangled
from polystate.states import trees
from polystate.states.conditions import changes
from polystate.states.parts import alike, components
from polystate.states.scope_dag import ALWAYS, INACTIVE, Condition, ScopeDag, holds

MAX_WIDTH = 20
MAX_ENTRIES = 1 << 21  # of one intermediate table: a second guard, since variables need not be binary

Factor = tuple[tuple[int, ...], dict[tuple[int, ...], int]]  # variables, and counts by their values


def count(dag: ScopeDag) -> int:
    """The number of legal joint states, exactly."""
    entangled = dag.is_conditional.copy()
    entangled[dag.edge_parent] = True
    total = trees.product(dag.n_states[~entangled].tolist())
    label = components(len(dag), dag.edge_child, dag.edge_parent)
    parent = np.full(len(dag), -1)
    parent[dag.edge_child] = dag.edge_parent
    knotted = np.zeros(len(dag), bool)  # by label: some variable has several parents
    knotted[label[dag.edge_child[1:][dag.edge_child[1:] == dag.edge_child[:-1]]]] = True
    size = np.bincount(label, minlength=len(dag))
    width = np.zeros(len(dag), np.int64)  # by label: values of a variable, at most
    np.maximum.at(width, label, dag.n_states + 1)
    knotted |= size * width**2 > trees.LARGEST_TREE
    for some in _batches(np.flatnonzero(entangled & ~knotted[label]), label, width):
        place = np.full(len(dag) + 1, -1)
        place[some] = np.arange(len(some))
        total *= trees.count(dag, some, place[parent[some]])
    rest = np.flatnonzero(entangled & knotted[label])
    return total * trees.product(
        eliminate(dag, set(v.tolist()), {}) ** times for v, times in alike(dag, rest, label[rest])
    )


def _batches(variables: np.ndarray, label: np.ndarray, width: np.ndarray) -> Iterator[np.ndarray]:
    """Whole trees of one width, as many at a time as there is room for."""
    label = label[variables]
    order = np.lexsort((label, width[label]))
    variables, label = variables[order], label[order]
    entries = np.cumsum(width[label] ** 2)
    begin = np.flatnonzero(changes(label[None]))
    batch = entries[begin] // trees.MOST_ENTRIES
    ends = begin[changes(np.stack([batch, width[label[begin]]]))]
    yield from np.split(variables, ends[1:])


def satisfiable(dag: ScopeDag, conditions: Iterable[Condition | None]) -> bool:
    """Whether some legal joint state makes all these conditions hold at once."""
    allowed: dict[int, frozenset[int]] = {}
    for condition in conditions:
        for clause in condition or ():
            allowed[clause.variable] = allowed.get(clause.variable, clause.states) & clause.states
    if not all(allowed.values()):
        return False
    return eliminate(dag, ancestors(dag, allowed), allowed) > 0


def ancestors(dag: ScopeDag, variables: Iterable[int]) -> set[int]:
    """The variables and everything they depend on."""
    return reached(variables, dag.parents)


def reached(variables: Iterable[int], above: Callable[[int], Iterable[int]]) -> set[int]:
    """The variables and all that one comes to from them, `above` saying the next of each."""
    found: set[int] = set()
    waiting = list(variables)
    while waiting:
        v = waiting.pop()
        if v not in found:
            found.add(v)
            waiting += above(v)
    return found


def eliminate(dag: ScopeDag, variables: set[int], allowed: Mapping[int, frozenset[int]]) -> int:
    """The number of legal joint states of variables and all they depend on, in which some are in states allowed."""
    holding: dict[int, dict[int, Factor]] = {v: {} for v in variables}
    for number, v in enumerate(sorted(variables)):
        factor = _factor(dag, v, allowed.get(v))
        for u in factor[0]:
            holding[u][number] = factor
    neighbours = {v: {u for f in holding[v].values() for u in f[0]} - {v} for v in variables}
    number = len(variables)
    queue = [(len(neighbours[v]), v) for v in variables]
    heapify(queue)
    total = 1
    while queue:
        degree, v = heappop(queue)
        if v not in holding or degree != len(neighbours[v]):
            continue  # eliminated, or its neighbours changed since
        if degree > MAX_WIDTH:
            name = dag.variable_name(v)
            raise TooEntangled("descriptors", f"{name} joined to {degree} others", f"at most {MAX_WIDTH}")  # DAG-26
        gone = holding.pop(v)
        scope, table = _sum_out(dag, v, list(gone.values()))
        number += 1
        for u in scope:
            for old in gone:
                holding[u].pop(old, None)
            holding[u][number] = (scope, table)
            neighbours[u] |= set(scope)
            neighbours[u] -= {u, v}
            heappush(queue, (len(neighbours[u]), u))
        if not scope:
            total *= table.get((), 0)
    return total


def _factor(dag: ScopeDag, v: int, allowed: frozenset[int] | None) -> Factor:
    """Which states of v are possible under each choice of its parents."""
    parents = tuple(sorted(dag.parents(v)))
    if len(parents) > MAX_WIDTH:
        # DAG-26
        raise TooEntangled("descriptors", f"{dag.variable_name(v)} has {len(parents)} parents", f"at most {MAX_WIDTH}")
    domains = [_domain(dag, p) for p in parents]
    if np.prod([float(len(d)) for d in domains]) > MAX_ENTRIES:
        # DAG-27
        raise TooEntangled("descriptors", f"{dag.variable_name(v)} has too many parent states", f"{MAX_ENTRIES}")
    table = {}
    joint: dict[int, int] = {}
    for values in product(*domains):
        for parent, value in zip(parents, values, strict=True):
            joint[parent] = value
        for option in options(dag, v, joint):
            if allowed is None or option in allowed:
                table[(*values, option)] = 1
    return (*parents, v), table


def _domain(dag: ScopeDag, v: int) -> list[int]:
    return [*range(int(dag.n_states[v])), *([INACTIVE] if dag.is_conditional[v] else [])]


def options(dag: ScopeDag, v: int, joint: Mapping[int, int] | Sequence[int] | np.ndarray) -> list[int]:
    """The states that v may take once its parents are chosen, in declared order; [-1] where it is inactive."""
    if not dag.is_conditional[v]:
        return list(range(int(dag.n_states[v])))
    rows = dag.conditional[v]
    if dag.activation_of[v] != ALWAYS and not holds(dag.activation[v], joint):
        return [INACTIVE]
    chosen = {int(s) for s, c in zip(rows.state, rows.condition, strict=True) if holds(c, joint)}
    return sorted(chosen) or [INACTIVE]


def _sum_out(dag: ScopeDag, v: int, factors: list[Factor]) -> Factor:
    """The product of all factors on v, summed over v."""
    scope: tuple[int, ...] = ()
    table: dict[tuple[int, ...], int] = {(): 1}
    for other, counts in sorted(factors, key=lambda f: len(f[1])):
        shared = [u for u in other if u in scope]
        added = [u for u in other if u not in scope]
        by_shared: dict[tuple[int, ...], list[tuple[tuple[int, ...], int]]] = {}
        for values, n in counts.items():
            at = dict(zip(other, values, strict=True))
            by_shared.setdefault(tuple(at[u] for u in shared), []).append((tuple(at[u] for u in added), n))
        places = [scope.index(u) for u in shared]
        joined: dict[tuple[int, ...], int] = {}
        for values, n in table.items():
            for extra, m in by_shared.get(tuple(values[i] for i in places), ()):
                joined[values + extra] = n * m
                if len(joined) > MAX_ENTRIES:
                    # DAG-27
                    raise TooEntangled("descriptors", f"{dag.variable_name(v)} joins too many states", f"{MAX_ENTRIES}")
        scope, table = (*scope, *added), joined
    place = scope.index(v)
    summed: dict[tuple[int, ...], int] = {}
    for values, n in table.items():
        rest = values[:place] + values[place + 1 :]
        summed[rest] = summed.get(rest, 0) + n
    return scope[:place] + scope[place + 1 :], summed
