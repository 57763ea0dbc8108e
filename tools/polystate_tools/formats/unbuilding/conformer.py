"""One conformer of everything: a legal, complete state, chosen site by site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polystate.deposition import Deposition
from polystate.states import counting
from polystate.states.scope_dag import INACTIVE
from polystate_tools.formats.building.sites import ABSENT, letter_of
from polystate_tools.formats.unbuilding.labels import states_of_model, without_model

NAMED = 20
"""States that the account of an export names."""


def conformer(dep: Deposition, choice: str, steps: tuple[int, int] | None) -> tuple[dict[int, set[int]], str]:
    """The chosen states by variable, one for each model, and their names.

    choice: first (declared first), occupancy (most populated), or a letter, where a site lacks it by occupancy. steps:
    the variable of a bundle and how many models it has. A state in which the only conformer is absent is never chosen.
    """
    dag = dep.states.dag
    chosen: dict[int, set[int]] = {}
    for step in range(steps[1] if steps else 1):
        joint = np.full(len(dag), INACTIVE, np.int64)
        for v in range(len(dag)):
            if steps and v == steps[0]:
                joint[v] = step
                continue
            possible = counting.options(dag, v, joint)
            if possible == [INACTIVE]:
                continue
            there = [s for s in possible if not is_absence(dep, v, s)] or possible
            joint[v] = _picked(dep, v, there, joint, choice)
            chosen.setdefault(v, set()).add(int(joint[v]))
    several = [v for v in chosen if any(n_conformers(dep, v, s) > 1 for s in chosen[v])]
    names = [f"{dag.variable_name(v)}={'|'.join(_label(dep, v, s) for s in sorted(chosen[v]))}" for v in several]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return chosen, ", ".join(names[:NAMED]) + more


def _picked(dep: Deposition, v: int, possible: Sequence[int], joint: np.ndarray, choice: str) -> int:
    if choice == "first":
        return possible[0]
    lettered = [s for s in possible if letter_of(without_model(dep, v, s)) == choice]
    if lettered and choice != "occupancy":
        return lettered[0]
    weights: Mapping[int, float] = dep.states.populations(v, joint)
    return max(possible, key=lambda s: (weights.get(s, 0.0), -s))


def _label(dep: Deposition, v: int, state: int) -> str:
    return str(dep.states.dag.state_labels(v)[state])


def _labels(dep: Deposition, v: int) -> list[str]:
    return [without_model(dep, v, state) for state in range(int(dep.states.dag.n_states[v]))]


def _absence(labels: Sequence[str]) -> str:
    """Which of the labels of a variable says that none of its conformers is there."""
    return f"no {ABSENT}" if f"no {ABSENT}" in labels else ABSENT


def is_absence(dep: Deposition, v: int, state: int) -> bool:
    """Whether a state is the absence of all conformers of its variable."""
    labels = _labels(dep, v)
    return labels[state] == _absence(labels)


def n_conformers(dep: Deposition, v: int, state: int) -> int:
    """How many conformers a variable chooses between where it is in a state, in a bundle those of its model.

    Its absence is not counted."""
    labels = _labels(dep, v)
    here = states_of_model(dep, v, state) or range(len(labels))
    return len({labels[s] for s in here} - {_absence(labels)})


def kept(where: Sequence[Mapping[int, set[int]]], chosen: Mapping[int, set[int]]) -> np.ndarray:
    """(n,) bool: records that hold in the chosen states."""
    return np.array([all(states & chosen[v] for v, states in w.items() if v in chosen) for w in where], bool)
