"""Conditions on variables as flat arrays, so that a million of them cost no more than their numbers.

A condition is a conjunction of clauses; a clause says that one variable is in one of some states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Clause:
    """One term of a condition: the parent variable is in one of these states."""

    variable: int
    states: frozenset[int]


Condition = tuple[Clause, ...]  # all of them hold, in ascending order of variable


class Conditions:
    """Conditions 0 ... n - 1; those of no term hold always.

    clause: (n + 1,) offsets into variable (L,); term: (L + 1,) offsets into state (T,), ascending within a clause."""

    def __init__(self, n: int, number: np.ndarray, variable: np.ndarray, state: np.ndarray) -> None:
        """From terms (T,): condition `number` may have `variable` in `state`; a term that is repeated counts once."""
        order = np.lexsort((state, variable, number))
        terms = np.stack([number[order], variable[order], state[order]])
        terms = terms[:, changes(terms)]
        first = changes(terms[:2])
        self.n = n
        self.clause = offsets(np.bincount(terms[0, first], minlength=n))
        self.variable, self.state = terms[1, first], terms[2]
        self.term = np.append(np.flatnonzero(first), terms.shape[1])

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, number: int) -> Condition:
        clauses = range(int(self.clause[number]), int(self.clause[number + 1]))
        return tuple(
            Clause(int(self.variable[k]), frozenset(self.state[self.term[k] : self.term[k + 1]].tolist()))
            for k in clauses
        )

    def renumbered(self, new: np.ndarray) -> Conditions:
        """The same conditions where variable v has become new[v]."""
        number = np.repeat(np.arange(self.n), np.diff(self.clause))
        size = np.diff(self.term)
        return Conditions(self.n, np.repeat(number, size), np.repeat(new[self.variable], size), self.state)

    def terms(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All terms of some conditions: place among `numbers`, variable, state."""
        place, clauses = spread(self.clause, numbers)
        inner, terms = spread(self.term, clauses)
        return place[inner], self.variable[clauses[inner]], self.state[terms]

    def variables(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The variables that some conditions name: place among `numbers`, variable."""
        place, clauses = spread(self.clause, numbers)
        return place, self.variable[clauses]


def changes(rows: np.ndarray) -> np.ndarray:
    """Where a column of rows (k, n) differs from the one before it, (n,) bool; the first one does."""
    different = np.ones(rows.shape[1], bool)
    different[1:] = (rows[:, 1:] != rows[:, :-1]).any(axis=0)
    return different


def offsets(sizes: np.ndarray) -> np.ndarray:
    """Where each run starts, and the end of the last."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def spread(start: np.ndarray, runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The members of some runs, one after the other: place of the run among `runs`, and the member's index."""
    size = start[runs + 1] - start[runs]
    place = np.repeat(np.arange(len(runs)), size)
    return place, np.arange(len(place)) - np.repeat(np.cumsum(size) - size, size) + start[runs][place]


def distinct(values: np.ndarray) -> np.ndarray:
    """Each value once, ascending. By sorting: the table that np.unique takes is far slower on numbers like these."""
    values = np.sort(values)
    return values[changes(values[None])]
