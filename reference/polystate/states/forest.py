"""What each variable is in, with which probability, for all variables that depend on one other at most, at once.

Down a path, the probabilities of a variable are those of its parent times a table. Variables are cut into blocks of √D
depths, D the greatest: within blocks tables are multiplied, all blocks at once, then the blocks follow one another, so
that a chain of a million variables takes some two thousand steps and every other shape fewer."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from polystate.states.conditions import spread
from polystate.states.scope_dag import ALWAYS, ScopeDag
from polystate.states.trees import single_parents

WIDEST = 8  # values of a variable in a table
MOST_ENTRIES = 1 << 26  # of all tables together


def marginals(dag: ScopeDag, fixed: Mapping[int, int], others: Collection[int]) -> tuple[np.ndarray, np.ndarray]:
    """The probability of each value of each variable, (V, w), and whether it is known, (V,) bool.

    fixed: states (indices) that are given; others: variables that follow something outside the DAG, unknown here, as
    is all that depends on them or on two variables. The value after the last state is "inactive". A variable whose
    available states all have population 0 has the probabilities 0."""
    parent, known = _forest(dag, fixed, others)
    width = 1 + int(dag.n_states[known].max(initial=0))
    p = np.zeros((len(dag), width))
    roots = np.flatnonzero(known & (parent < 0))
    p[roots] = _roots(dag, fixed, width)[roots]
    nested = np.flatnonzero(known & (parent >= 0))  # ascending in depth
    if len(nested):
        place = np.full(len(dag), -1)
        place[nested] = np.arange(len(nested))
        _descend(p, nested, parent[nested], place, _tables(dag, nested, width), dag.depth[nested])
    return p, known


def _forest(dag: ScopeDag, fixed: Mapping[int, int], others: Collection[int]) -> tuple[np.ndarray, np.ndarray]:
    """The parent of each variable, -1 for none, and whether all above it is narrow and has one parent."""
    parent = single_parents(dag)
    narrow = dag.n_states < WIDEST
    known = narrow & (~dag.is_conditional | (parent >= 0))
    known[list(others)] = False
    given = list(fixed)
    known[given], parent[given] = narrow[given], -1
    if len(dag) * (1 + int(dag.n_states[known].max(initial=0))) ** 2 > MOST_ENTRIES:
        known &= parent < 0
    above = np.where(parent >= 0, parent, np.arange(len(dag)))
    while True:  # what hangs on something unknown is unknown
        known &= known[above]
        if (above[above] == above).all():
            return parent, known
        above = above[above]


def _roots(dag: ScopeDag, fixed: Mapping[int, int], width: int) -> np.ndarray:
    """Populations of unconditional variables, divided by their sum; one where a state is given."""
    p = np.zeros((len(dag), width))
    flat = dag.flat
    size = np.diff(flat.start)
    variable, state = (
        np.repeat(flat.variables, size),
        np.arange(len(flat.population)) - np.repeat(flat.start[:-1], size),
    )
    fits = state < width
    p[variable[fits], state[fits]] = flat.population[fits]
    _normalise(p)
    for v, state_of in fixed.items():
        if state_of < width:
            p[v] = np.eye(width)[state_of]
    return p


def _tables(dag: ScopeDag, variables: np.ndarray, width: int) -> np.ndarray:
    """The probability of each value of a variable under each value of its parent, (n, w, w)."""
    weight = np.zeros((len(variables), width, width))
    available = np.zeros(weight.shape, bool)
    place, rows = spread(dag.row_start, variables)
    state, number, population = dag.row_state[rows], dag.row_condition[rows], dag.row_population[rows]
    always = number == ALWAYS
    available[place[always], :, state[always]] = True
    weight[place[always], :, state[always]] = population[always, None]
    row, _, needed = dag.flat_conditions.terms(number[~always])
    cell = place[~always][row], needed, state[~always][row]
    available[cell] = True
    weight[cell] = population[~always][row]
    gated = np.flatnonzero(dag.activation_of[variables] != ALWAYS)
    active = np.ones((len(variables), width), bool)
    active[gated] = False
    at, _, needed = dag.flat_conditions.terms(dag.activation_of[variables[gated]])
    active[gated[at], needed] = True
    available &= active[:, :, None]
    weight *= available
    _normalise(weight)
    none = ~np.logical_or.reduce([available[:, :, k] for k in range(width)])
    weight[np.arange(len(variables)), :, dag.n_states[variables]] = none
    return weight


def _normalise(weight: np.ndarray) -> None:
    """Divide by the sum over the last axis, which is short; in the order in which draws add."""
    total = weight[..., 0].copy()
    for k in range(1, weight.shape[-1]):
        total += weight[..., k]
    total[total == 0] = 1.0
    weight /= total[..., None]


def _descend(
    p: np.ndarray, nested: np.ndarray, parent: np.ndarray, place: np.ndarray, table: np.ndarray, depth: np.ndarray
) -> None:
    """Fill p of nested variables (n,) from the roots down."""
    depth = depth - depth.min()
    stride = int(np.sqrt(depth.max())) + 1
    above = place[parent]  # of the parent among the nested; -1: a root
    top = parent.copy()  # the variable that a table begins at
    inside = np.flatnonzero(above >= 0)
    for here in _runs(inside, depth[inside] % stride):
        if depth[here[0]] % stride:
            table[here] = table[above[here]] @ table[here]
            top[here] = top[above[here]]
    for here in _runs(np.arange(len(depth)), depth // stride):
        p[nested[here]] = np.einsum("ni,nij->nj", p[top[here]], table[here])


def _runs(members: np.ndarray, number: np.ndarray) -> list[np.ndarray]:
    """The members of each number, by ascending number; none is left out."""
    order = np.argsort(number, kind="stable")
    return np.split(members[order], np.flatnonzero(np.diff(number[order])) + 1) if len(members) else []
