"""What the three dialects have in common: named states in a tree, which exclude each other, joint states."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from polystate_tools.formats.building.sites import ABSENT
from polystate_tools.formats.building.variables import TOLERANCE, Variable, mean_occupancy
from polystate_tools.formats.errors import HeterogeneityExtension
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport

BASE = "base"
DESCRIPTOR, JOINT = "het", "joint"
SOURCES = ("fit", "restraint", "assertion", "measured", "unknown")


@dataclass
class State:
    """A named state; parents are states of one variable, any of which must hold (none: always)."""

    name: str
    parents: tuple[str, ...] = ()


@dataclass
class JointState:
    """One combination of states with its occupancy; those of one bundle exclude each other."""

    id: str
    occupancy: float
    members: list[str]
    bundle: str = "1"
    source: str = "unknown"


@dataclass
class StateTree:
    """states by name; exclusive: sets of states of which at most one holds; of_record: (n,) name or "" = base."""

    states: dict[str, State] = field(default_factory=dict)
    exclusive: list[frozenset[str]] = field(default_factory=list)
    of_record: list[str] = field(default_factory=list)
    joint: list[JointState] = field(default_factory=list)


def variables_of_tree(
    layout: Layout, tree: StateTree, report: ImportReport
) -> tuple[list[Variable], np.ndarray, dict[int, int]]:
    """Variables of a tree of states, the records they take (n,) bool, and base records by atom."""
    _check_tree(tree)
    groups, across = _groups(tree)
    made: dict[str, tuple[Variable, int]] = {}
    order: list[Variable] = []
    for members in groups:
        unknown = [math.nan] * len(members)
        variable = Variable(DESCRIPTOR, "-".join(members), list(members), {}, unknown, rule="extension")
        parents = tree.states[members[0]].parents
        if parents:
            owner = made[parents[0]][0]
            variable.parent = (owner, tuple(sorted(made[p][1] for p in parents)))
        if len(members) == 1:
            variable.states.append(ABSENT if ABSENT != members[0] else f"no {members[0]}")
            variable.deposited.append(math.nan)
        for state, name in enumerate(members):
            made[name] = (variable, state)
        order.append(variable)
    taken, base = _assign(layout, tree, made)
    _populate(layout, order)
    _exclude_across(across, made, order, report)
    joint = _joint_variables(tree, made, order)
    _number(order)
    report.sites["extension"] = len(order) + len(joint)
    return order + joint, taken, base


def _check_tree(tree: StateTree) -> None:
    for state in tree.states.values():
        for parent in state.parents:
            if parent not in tree.states:
                raise HeterogeneityExtension(f"state {state.name}", f"parent {parent}", "a state of the hierarchy")
        seen, at = {state.name}, state
        while at.parents:
            at = tree.states[at.parents[0]]
            if at.name in seen:
                raise HeterogeneityExtension(f"state {state.name}", "a circle of parents", "a tree of states")
            seen.add(at.name)
    known = set(tree.states) | {"", BASE}
    for name in dict.fromkeys(tree.of_record):
        if name not in known:
            raise HeterogeneityExtension("_atom_site", f"state {name}", "a state of the hierarchy")


def _groups(tree: StateTree) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """Siblings that exclude each other as groups, parents first; and exclusions between other states.

    Two states with the same parents that exclude each other belong to one variable, as long as all states of it
    exclude each other; what is left over becomes a condition.
    """
    depth = {name: _depth(tree, name) for name in tree.states}
    pairs = {frozenset((a, b)) for group in tree.exclusive for a in group for b in group if a != b}
    siblings = {
        pair
        for pair in pairs
        if len({frozenset(tree.states[name].parents) for name in pair if name in tree.states}) == 1
    }
    for pair in pairs:
        for name in pair:
            if name not in tree.states:
                raise HeterogeneityExtension("exclusion", f"state {name}", "a state of the hierarchy")
    groups: list[list[str]] = []
    for name in tree.states:
        fits = [g for g in groups if all(frozenset((name, other)) in siblings for other in g)]
        if fits:
            fits[0].append(name)
        else:
            groups.append([name])
    inside = {frozenset((a, b)) for group in groups for a in group for b in group if a != b}
    across = sorted(tuple(sorted(pair, key=list(tree.states).index)) for pair in pairs - inside)
    implied = [pair for pair in across if _excluded_by_ancestors(tree, pair, inside)]
    groups.sort(key=lambda group: (depth[group[0]], list(tree.states).index(group[0])))
    return groups, [(a, b) for a, b in across if (a, b) not in implied]


def _ancestors(tree: StateTree, name: str) -> list[str]:
    found = [name]
    while tree.states[found[-1]].parents:
        found.append(tree.states[found[-1]].parents[0])
    return found


def _excluded_by_ancestors(tree: StateTree, pair: tuple[str, ...], inside: set[frozenset[str]]) -> bool:
    """Whether exclusion already follows from the states above (exclusion is inherited)."""
    one, two = (_ancestors(tree, name) for name in pair)
    return any(frozenset((a, b)) in inside for a in one for b in two if a != b)


def _depth(tree: StateTree, name: str) -> int:
    return len(_ancestors(tree, name)) - 1


def _assign(layout: Layout, tree: StateTree, made) -> tuple[np.ndarray, dict[int, int]]:
    """Records to states; an atom that has any is taken whole, its other records are base."""
    atoms = layout.atom_of_record.tolist()
    for record, (atom, name) in enumerate(zip(atoms, tree.of_record, strict=True)):
        if name in made:
            variable, state = made[name]
            if state in variable.record_of.setdefault(atom, {}):
                raise HeterogeneityExtension(
                    layout.records.record_name(record),
                    f"a second record in state {name}",
                    "one record of an atom in a state",
                )
            variable.record_of[atom][state] = record
    touched = np.zeros(layout.n_atoms, bool)
    for variable, _ in made.values():
        touched[list(variable.record_of)] = True
    taken = touched[layout.atom_of_record]
    base: dict[int, int] = {}
    for record in np.flatnonzero(taken).tolist():
        if tree.of_record[record] not in made:
            if base.setdefault(atoms[record], record) != record:
                raise HeterogeneityExtension(
                    layout.records.record_name(record),
                    "a second base record",
                    "one record of an atom outside the states",
                )
    return taken, base


def _populate(layout: Layout, order: list[Variable]) -> None:
    """Populations given the parent: occupancy of the state's records (or of what nests in it) by its parent's."""
    occupancy: dict[tuple[Variable, int], float] = {}
    for variable in reversed(order):
        n = len(variable.states)
        for state in range(n):
            rows = [of[state] for of in variable.record_of.values() if state in of]
            value = mean_occupancy(layout, np.array(sorted(rows), np.int64))
            if math.isnan(value):
                nested = [v for v in order if v.parent and v.parent[0] is variable and v.parent[1] == (state,)]
                sums = [
                    math.fsum(o for s in range(len(v.states)) if not math.isnan(o := occupancy[v, s])) for v in nested
                ]
                value = max(sums) if sums and max(sums) > 0 else math.nan
            occupancy[variable, state] = value
        variable.deposited = [occupancy[variable, state] for state in range(n)]
    for variable in order:
        whole = 1.0
        if variable.parent:
            owner, states = variable.parent
            shares = [occupancy[owner, s] for s in states]
            whole = 1.0 if any(map(math.isnan, shares)) else math.fsum(shares)
        given = [o for o in variable.deposited if not math.isnan(o)]
        silent = len(variable.deposited) - len(given)
        rest = max(0.0, whole - math.fsum(given)) / silent if silent else 0.0
        shares = [rest if math.isnan(o) else o for o in variable.deposited]
        for state, share in enumerate(shares):
            occupancy[variable, state] = share
        total = math.fsum(shares)
        scale = whole if total <= whole * (1 + TOLERANCE) else total
        population = [share / scale if scale > 0 else 1 / len(shares) for share in shares]
        variable.rows = [(state, None, min(1.0, p)) for state, p in enumerate(population)]


def _exclude_across(across: list[tuple[str, str]], made, order: list[Variable], report: ImportReport) -> None:
    """A state of a later variable that excludes one of an earlier: rows that hold only beside the other states."""
    for first, second in across:
        (one, s1), (two, s2) = made[first], made[second]
        if order.index(one) > order.index(two):
            (one, s1), (two, s2) = (two, s2), (one, s1)
        others = tuple(s for s in range(len(one.states)) if s != s1)
        beside: list[tuple] = [((one, others),)] if others else []
        at = one
        while at.parent:  # where the earlier variable is inactive, nothing is excluded
            owner, states = at.parent
            outside = tuple(s for s in range(len(owner.states)) if s not in states)
            if outside:
                beside.append(((owner, outside),))
            at = owner
        inherited = (two.parent,) if two.parent else ()
        rows = []
        for state, condition, population in two.rows:
            if state != s2:
                rows.append((state, condition, population))
                continue
            before = condition if condition is not None else inherited
            rows += [(state, (*before, *clauses), population) for clauses in beside]
        two.rows = rows
        report.warn(
            "exclusion-across",
            f"{second} is left out where {first} holds; its population elsewhere is "
            "taken as the file's occupancy gives it",
        )


def _joint_variables(tree: StateTree, made, order: list[Variable]) -> list[Variable]:
    """A variable a bundle of joint states, and the states of all others conditional on it."""
    bundles: dict[str, list[JointState]] = {}
    for state in tree.joint:
        bundles.setdefault(state.bundle, []).append(state)
    result = []
    for number, (bundle, states) in enumerate(bundles.items()):
        joint = Variable(
            JOINT,
            bundle,
            [s.id for s in states],
            {},
            [s.occupancy for s in states],
            source=_source(states),
            rule="extension",
            number=number,
        )
        total = math.fsum(s.occupancy for s in states)
        joint.rows = [
            (k, None, s.occupancy / total if total > 1 + TOLERANCE else s.occupancy) for k, s in enumerate(states)
        ]
        concerned = {made[name][0] for s in states for name in s.members if name in made}
        for s in states:
            for name in s.members:
                if name not in made and name != BASE:
                    raise HeterogeneityExtension(f"joint state {s.id}", f"member {name}", "a state of the hierarchy")
        for variable in order:
            if variable in concerned:
                variable.rows = _rows_under(variable, joint, states)
        result.append(joint)
    return result


def _rows_under(variable: Variable, joint: Variable, states: list[JointState]) -> list[tuple]:
    """Rows of a variable given the joint states: the member with population 1, or as before where none is."""
    inherited = (variable.parent,) if variable.parent else ()
    under: dict[int, list[int]] = {}
    silent = []
    for k, one in enumerate(states):
        mine = [s for s, name in enumerate(variable.states) if name in one.members]
        if len(mine) > 1:
            raise HeterogeneityExtension(
                f"joint state {one.id}",
                ", ".join(variable.states[s] for s in mine),
                "at most one of the states that exclude each other",
            )
        if mine:
            under.setdefault(mine[0], []).append(k)
        elif variable.states[-1] in (ABSENT, f"no {variable.states[0]}") and math.isnan(variable.deposited[-1]):
            under.setdefault(len(variable.states) - 1, []).append(k)
        elif not variable.parent or any(variable.parent[0].states[s] in one.members for s in variable.parent[1]):
            silent.append(k)
    rows: list[tuple] = []
    for state, condition, population in variable.rows:
        before = condition if condition is not None else inherited
        if state in under:
            rows.append((state, (*before, (joint, tuple(under[state]))), 1.0))
        if silent:
            rows.append((state, (*before, (joint, tuple(silent))), population))
    lost = [name for s, name in enumerate(variable.states) if s not in {row[0] for row in rows}]
    if lost:
        raise HeterogeneityExtension(f"state {lost[0]}", "no joint state that has it", "a member of a joint state")
    return rows


def _source(states: Iterable[JointState]) -> str:
    found = {state.source for state in states}
    return found.pop() if len(found) == 1 and next(iter(found)) in SOURCES else "unknown"


def _number(order: list[Variable]) -> None:
    """Spread the variables over descriptors by depth, so that the sites of each cover different atoms."""
    covers = {variable: set(variable.record_of) for variable in order}
    for variable in reversed(order):
        at = variable.parent[0] if variable.parent else None
        while at is not None:
            covers[at] |= covers[variable]
            at = at.parent[0] if at.parent else None
    used: dict[str, tuple[set[int], int]] = {}
    for variable in order:
        depth, at = 0, variable
        while at.parent:
            depth, at = depth + 1, at.parent[0]
        names = (f"{DESCRIPTOR}.{depth}" + (f".{k}" if k else "") for k in range(len(order) + 1))
        for name in names:
            atoms, count = used.get(name, (set(), 0))
            if not atoms & covers[variable]:
                variable.descriptor, variable.number = name, count
                used[name] = (atoms | covers[variable], count + 1)
                break
