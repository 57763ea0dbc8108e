"""The tree of states of a deposition's discrete descriptors, as far as a tree can say them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from polystate.deposition import Deposition
from polystate.states import counting
from polystate.states.parts import components
from polystate_tools.formats.building.sites import ABSENT
from polystate_tools.formats.het_dialects.tree import JOINT, JointState, State, StateTree
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.unbuilding.alternates import Alternates

MOST_JOINT = 4096
"""Joint states of one set of entangled variables that are listed at most."""


def tree_of_deposition(dep: Deposition, found: Alternates, with_joint: bool, report: ExportReport) -> StateTree:
    """States by name, exclusion within variables, parents by condition; joint states on request."""
    dag = dep.states.dag
    written = [v for v in range(len(dag)) if _is_written(dep, v)]
    names = _names(dep, written)
    tree = StateTree()
    for v in written:
        mine = [names[v, s] for s in range(int(dag.n_states[v])) if (v, s) in names]
        parents = _parents(dep, v, names, report)
        for name in mine:
            tree.states[name] = State(name, parents)
        if len(mine) > 1:
            tree.exclusive.append(frozenset(mine))
    tree.of_record = _of_records(dep, found, names, report)
    if with_joint:
        tree.joint = list(_joint_states(dep, written, names, report))
    return tree


def _is_written(dep: Deposition, v: int) -> bool:
    """Variables of states that atoms have: no bundles of models, no joint states, no altlocs of the file's own."""
    d = dep.descriptors[dep.states.dag.descriptor(v)]
    return d.document.get("state_axis") is None and d.axis is None and d.id != JOINT and d.mode in "AB"


def _names(dep: Deposition, written: list[int]) -> dict[tuple[int, int], str]:
    """A name for each state: its label where no other state has it, else with the variable's name before it.

    A lone state and its absence are one name: absence needs no state of its own."""
    dag = dep.states.dag
    labels = {(v, s): str(label) for v in written for s, label in enumerate(dag.state_labels(v))}
    for v in written:
        mine = [key for key in labels if key[0] == v]
        if len(mine) == 2 and labels[mine[1]] in (ABSENT, f"no {labels[mine[0]]}"):
            del labels[mine[1]]
    count: dict[str, int] = {}
    for label in labels.values():
        count[label] = count.get(label, 0) + 1
    made = {}
    for (v, s), label in labels.items():
        plain = label if count[label] == 1 else f"{dag.variable_name(v)}.{label}"
        made[v, s] = "".join(c if c.isalnum() or c in "._-/+" else "_" for c in plain)
    return made


def _parents(dep: Deposition, v: int, names: dict, report: ExportReport) -> tuple[str, ...]:
    """The states under which all of a variable's states stand, where one parent variable says it."""
    dag = dep.states.dag
    conditions = {c for c in dag.rows(v).condition}
    activation = dag.activation.get(v)
    clauses = {
        clause for c in (*conditions, activation) if c for clause in c if dag.descriptor(clause.variable) != JOINT
    }
    whole = all(c is None or all(clause in c for clause in clauses) for c in conditions)
    variables = {clause.variable for clause in clauses}
    if len(clauses) == 1 and whole and None not in conditions | ({activation} if activation else set()):
        clause = next(iter(clauses))
        parents = [names[clause.variable, s] for s in sorted(clause.states) if (clause.variable, s) in names]
        if len(parents) == len(clause.states):
            return tuple(parents)
    if len(clauses) == 1 and activation and not any(conditions):
        clause = next(iter(clauses))
        return tuple(names[clause.variable, s] for s in sorted(clause.states) if (clause.variable, s) in names)
    if clauses:
        over = ", ".join(dag.variable_name(p) for p in sorted(variables))
        report.lose(
            f"conditions of {dag.variable_name(v)}",
            len(conditions),
            f"a tree of states cannot say how it depends on {over}",
        )
    return ()


def _of_records(dep: Deposition, found: Alternates, names: dict, report: ExportReport) -> list[str]:
    """The deepest state of each record among those that hold whenever it does; "" = base."""
    dag = dep.states.dag
    made, tangled = [], 0
    for held in found.held:
        states = {v: s for v, s in held.items() if (v, s) in names}
        if not states:
            made.append("")
            continue
        deepest = max(states, key=lambda v: (int(dag.depth[v]), v))
        above = counting.ancestors(dag, [deepest])
        tangled += not set(states) <= above
        made.append(names[deepest, states[deepest]])
    if tangled:
        report.lose("records in states of several variables", tangled, "one state name a record: the deepest is kept")
    return made


def _joint_states(dep: Deposition, written: list[int], names: dict, report: ExportReport) -> Iterator[JointState]:
    """Every legal combination of each set of variables that conditions connect, with its population."""
    dag, taken, number = dep.states.dag, set(), 0
    part = components(len(dag), dag.edge_child, dag.edge_parent)
    for v in written:
        if part[v] in taken:
            continue
        taken.add(part[v])
        component = np.flatnonzero(part == part[v]).tolist()
        if len(component) == 1:
            continue  # its occupancies stand on the atoms
        number += 1
        combined = list(islice(dep.states.combinations(component), MOST_JOINT + 1))
        if len(combined) > MOST_JOINT:
            report.lose(f"joint states with {dag.variable_name(v)}", len(component), f"more than {MOST_JOINT}")
            continue
        own = [u for u in component if dag.descriptor(u) == JOINT]
        for k, (joint, weight) in enumerate(combined):
            members = [names[chosen] for chosen in joint.items() if chosen in names]
            label = str(dag.state_labels(own[0])[joint[own[0]]]) if len(own) == 1 else f"b{number}.{k + 1}"
            bundle = str(number)
            source = "unknown"
            if len(own) == 1:
                d = dep.descriptors[JOINT]
                bundle = d.label_names[int(dag.site[own[0]])]
                source = str(d.table("states")["source"][0]) if "source" in d.table("states") else "unknown"
            yield JointState(label, weight, members, bundle, source)
