"""Joint states in order of their population, the most populated first, without listing all of them."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from polystate.deposition import Deposition
from polystate.states.parts import components
from polystate.states.scope_dag import INACTIVE
from polystate_tools.formats.errors import CannotHold

MOST = 9999
"""Models that a PDB file can number."""
MOST_ENTANGLED = 1 << 17
"""Joint states of variables that depend on each other which are listed to find the most populated."""

Ranked = list[tuple[float, dict[int, int]]]
"""Populations, descending, each with the states of some variables."""


def most_populated(dep: Deposition, how_many: int | None) -> Ranked:
    """The most populated legal joint states, or all of them; ties in declared order. The states: variable -> index."""
    count = dep.states.count()
    wanted = count if how_many is None else min(how_many, count)
    if wanted > MOST:
        raise CannotHold("--states", f"{wanted} joint states", f"at most {MOST} models; --states N writes the first N")
    dag = dep.states.dag
    label = components(len(dag), dag.edge_child, dag.edge_parent) if len(dag) else np.empty(0, np.int64)
    ranked: Ranked = [(1.0, {})]
    for part in np.unique(label).tolist():
        ranked = _best_pairs(ranked, _of_part(dep, np.flatnonzero(label == part).tolist()), int(wanted))
    return ranked


def _of_part(dep: Deposition, variables: list[int]) -> Ranked:
    """All legal states of variables that depend on no others, ranked."""
    made: Ranked = []
    for joint, weight in dep.states.combinations(variables):
        made.append((weight, {v: state for v, state in joint.items() if state != INACTIVE}))
        if len(made) > MOST_ENTANGLED:
            name = dep.states.dag.variable_name(variables[0])
            raise CannotHold("--states", f"more than {MOST_ENTANGLED} states with {name}", "fewer, or --draws")
    return sorted(made, key=lambda found: -found[0])


def _best_pairs(one: Ranked, other: Ranked, wanted: int) -> Ranked:
    """The `wanted` most populated pairs of two independent rankings."""
    made: Ranked = []
    heap = [(-one[0][0] * other[0][0], 0, 0)]
    seen = {(0, 0)}
    while heap and len(made) < wanted:
        weight, i, j = heappop(heap)
        made.append((-weight, one[i][1] | other[j][1]))
        for a, b in ((i + 1, j), (i, j + 1)):
            if a < len(one) and b < len(other) and (a, b) not in seen:
                seen.add((a, b))
                heappush(heap, (-one[a][0] * other[b][0], a, b))
    return made


def as_request(dep: Deposition, states: dict[int, int]) -> dict[tuple[str, int], str]:
    """The states as `Deposition.render` takes them."""
    dag = dep.states.dag
    return {(dag.descriptor(v), int(dag.site[v])): str(dag.state_labels(v)[s]) for v, s in states.items()}


def named(dep: Deposition, states: dict[int, int]) -> str:
    """The states for people, those of sites that have a choice."""
    dag = dep.states.dag
    return ", ".join(f"{dag.variable_name(v)}={dag.state_labels(v)[s]}" for v, s in sorted(states.items()))
