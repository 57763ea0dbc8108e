"""Bonds of the records of an export: between those records of two bonded atoms that are there together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polystate.deposition import Deposition
from polystate_tools.formats.unbuilding import noted

Where = Mapping[int, set[int]]
"""Variable -> the states in which a record holds."""
Noted = Mapping[tuple[int, int], list[dict[int, set[int]]]]
"""Rows of two atoms -> the conjunctions in which they are bonded."""


def bonds_of_records(
    dep: Deposition, atom: np.ndarray, model: np.ndarray, where: Sequence[Where], models: int | None = None
) -> np.ndarray:
    """(B, 3) int32 record a, record b, order. atom, model: (n,) of the records; where: of each; models: the variable
    whose states are the models.

    Evaluate, then bond: two records are bonded if their atoms are, they are in one model, and some state has both;
    where an import noted the states in which a bond is, in those only.
    """
    if "hierarchy/bonds" not in dep.tree or not len(atom):
        return np.empty((0, 3), np.int32)
    arrays = dep.tree["hierarchy/bonds"].arrays
    ends = np.stack([np.asarray(arrays["atom_a"]), np.asarray(arrays["atom_b"])], axis=1).astype(np.int64)
    orders = np.asarray(arrays["order"], np.int64)
    noted_in = noted.bonds(dep)
    made = []
    for number in np.unique(model).tolist():
        rows = np.flatnonzero(model == number)
        allowed = noted_in if models is None else _in_model(noted_in, models, number - 1)
        made.append(_of_model(rows, atom[rows], ends, orders, where, allowed, dep.n_atoms))
    return np.concatenate(made).astype(np.int32) if made else np.empty((0, 3), np.int32)


def _in_model(noted_in: Noted, models: int, step: int) -> Noted:
    """The conjunctions that can hold in a model."""
    return {
        pair: [
            {v: states for v, states in clauses.items() if v != models}
            for clauses in conditions
            if step in clauses.get(models, {step})
        ]
        for pair, conditions in noted_in.items()
    }


def _of_model(
    rows: np.ndarray,
    atom: np.ndarray,
    ends: np.ndarray,
    orders: np.ndarray,
    where: Sequence[Where],
    noted_in: Noted,
    n_atoms: int,
) -> np.ndarray:
    """The bonds of one model, in the order of the hierarchy's."""
    count = np.bincount(atom, minlength=n_atoms)
    order = np.argsort(atom, kind="stable")
    start = np.concatenate([[0], np.cumsum(count)])
    first = np.full(n_atoms, -1, np.int64)
    first[atom[order[::-1]]] = rows[order[::-1]]
    varies = np.zeros(n_atoms, bool)
    varies[atom[[bool(where[row]) for row in rows.tolist()]]] = True
    plain = (count[ends] == 1).all(axis=1) & ~varies[ends].all(axis=1)
    if noted_in:
        plain &= np.array([pair not in noted_in for pair in map(tuple, ends.tolist())], bool)
    made = np.column_stack([np.flatnonzero(plain), first[ends[plain]], orders[plain]])
    several = []
    for k in np.flatnonzero(~plain & (count[ends] > 0).all(axis=1)).tolist():
        a, b = ends[k].tolist()
        allowed = noted_in.get((a, b))
        for one in rows[order[start[a] : start[a + 1]]].tolist():
            for other in rows[order[start[b] : start[b + 1]]].tolist():
                if together(where[one], where[other], allowed):
                    several.append((k, one, other, int(orders[k])))
    if several:
        made = np.concatenate([made, np.array(several, np.int64)])
    return made[np.argsort(made[:, 0], kind="stable"), 1:]


def together(one: Where, other: Where, allowed: Sequence[Where] | None = None) -> bool:
    """Whether two records hold in one state, and in one of the `allowed` conjunctions where these are given."""
    if any(not states & other[v] for v, states in one.items() if v in other):
        return False
    if allowed is None:
        return True
    both = {v: states & other.get(v, states) for v, states in one.items()} | {
        v: states for v, states in other.items() if v not in one
    }
    return any(all(states & both.get(v, states) for v, states in clauses.items()) for clauses in allowed)
