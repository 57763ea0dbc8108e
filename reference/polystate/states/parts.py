"""The parts of a scope DAG that have nothing to do with each other, and which of them are alike."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate.states.conditions import changes, offsets, spread
from polystate.states.scope_dag import ALWAYS, ScopeDag


def components(n: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The smallest vertex that each of n vertices hangs together with, (n,). a, b: (E,) the two ends of each edge."""
    label = np.arange(n)
    while True:
        low = np.minimum(label[a], label[b])
        new = label.copy()
        for end in (a, b):
            np.minimum.at(new, label[end], low)
        while (new[new] != new).any():
            new = new[new]
        if (new == label).all():
            return label
        label = new


def alike(dag: ScopeDag, variables: np.ndarray, component: np.ndarray) -> Iterator[tuple[np.ndarray, int]]:
    """One component of each kind: its variables, ascending, and how many there are of the kind.

    variables: (n,); component: (n,) of each. Two are of a kind if their rows and conditions are the same when the
    variables of each are numbered from 0 in order, so that an elimination does the same in both."""
    order = np.lexsort((variables, component))
    variables, component = variables[order], component[order]
    begin = np.append(np.flatnonzero(changes(component[None])), len(variables))
    number = np.cumsum(changes(component[None])) - 1
    place = np.full(len(dag), -1)  # of a variable within its component
    place[variables] = np.arange(len(variables)) - begin[number]
    owner = np.full(len(dag), -1)
    owner[variables] = number
    words = _words(dag, variables, place)
    words = np.concatenate([owner[words[:1]], place[words[:1]], words[1:]])
    words = words[:, np.lexsort(words[::-1])]
    start = offsets(np.bincount(words[0], minlength=len(begin) - 1))
    for length in np.unique(np.diff(start)).tolist():
        mine = np.flatnonzero(np.diff(start) == length)
        columns = words[1:, spread(start, mine)[1]].reshape(len(words) - 1, len(mine), length)
        texts = np.ascontiguousarray(columns.transpose(1, 0, 2)).reshape(len(mine), -1)
        _, first, times = np.unique(texts, axis=0, return_index=True, return_counts=True)
        for k, many in zip(mine[first].tolist(), times.tolist(), strict=True):
            yield variables[begin[k] : begin[k + 1]], many


def _words(dag: ScopeDag, variables: np.ndarray, place: np.ndarray) -> np.ndarray:
    """What variables are, in words of one column: variable, kind, and three numbers, (5, W)."""

    def word(owners: np.ndarray, kind: int, *numbers: np.ndarray) -> np.ndarray:
        none = np.zeros(len(owners), np.int64)
        return np.stack([owners, np.full(len(owners), kind), *numbers, *([none] * (3 - len(numbers)))])

    at, rows = spread(dag.row_start, variables)
    rank = rows - dag.row_start[variables][at]
    number = dag.row_condition[rows]
    some = np.flatnonzero(number != ALWAYS)
    term, parent, state = dag.flat_conditions.terms(number[some])
    gated = variables[dag.activation_of[variables] != ALWAYS]
    gate, above, needed = dag.flat_conditions.terms(dag.activation_of[gated])
    return np.concatenate(
        [
            word(variables, 0, dag.n_states[variables], dag.is_conditional[variables].astype(np.int64)),
            word(variables[at], 1, rank, dag.row_state[rows], (number != ALWAYS).astype(np.int64)),
            word(variables[at][some][term], 2, rank[some][term], place[parent], state),
            word(gated[gate], 3, place[above], needed),
        ],
        axis=1,
    )
