"""What an import noted of alternates beyond their states, read back: see `building.noting`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from polystate.deposition import Deposition
from polystate_tools.formats.building.noting import BONDED, COMPONENTS, LETTER, PATH
from polystate_tools.formats.records.records import Component


def components(dep: Deposition) -> dict[str, Component]:
    """What an import noted of the residue types."""
    found = dep.tree[COMPONENTS].attributes.get("items") if COMPONENTS in dep.tree else None
    bodies = [item.get("body") for item in found or ()]
    return {
        str(body["comp"]): Component(str(body.get("type", "")), str(body.get("letter", "")))
        for body in bodies
        if isinstance(body, dict) and "comp" in body
    }


def _items(dep: Deposition, target: str, key: str, form: Callable[[Any], bool]) -> Iterator[tuple[dict, list]]:
    """Selector and content of the items of a form; others are somebody's remarks."""
    found = dep.tree[PATH].attributes.get("items") if PATH in dep.tree else None
    for item in found or ():
        selector, body = item.get("selector", {}), item.get("body")
        if selector.get("target") == target and isinstance(body, dict) and _are(form, body.get(key)):
            yield selector, body[key]


def _are(form: Callable[[Any], bool], values: Any) -> bool:
    return isinstance(values, list) and all(map(form, values))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_condition(value: Any) -> bool:
    return _are(_is_clause, value)


def _is_clause(value: Any) -> bool:
    """Whether it is [descriptor, site, states]."""
    if not isinstance(value, list) or len(value) != 3:
        return False
    return isinstance(value[0], str) and _is_number(value[1]) and _are(_is_number, value[2])


def letters(dep: Deposition) -> dict[tuple[int, int], set[int]]:
    """(variable, state) -> rows of the atoms whose shared record has its letter."""
    made: dict[tuple[int, int], set[int]] = {}
    row = _rows(dep)
    for selector, atoms in _items(dep, "state", LETTER, _is_number):
        variable = _variable(dep, selector.get("descriptor"), selector.get("site"))
        state = _state(dep, variable, selector.get("state"))
        if variable is not None and state is not None:
            made.setdefault((variable, state), set()).update(row[a] for a in atoms if a in row)
    return made


def bonds(dep: Deposition) -> dict[tuple[int, int], list[dict[int, set[int]]]]:
    """Rows of two atoms, the smaller first -> the conjunctions (variable -> states) in which they are bonded."""
    made: dict[tuple[int, int], list[dict[int, set[int]]]] = {}
    row = _rows(dep)
    for selector, conditions in _items(dep, "atoms", BONDED, _is_condition):
        atoms = selector.get("atoms", ())
        if len(atoms) == 2 and all(a in row for a in atoms):
            a, b = sorted(row[a] for a in atoms)
            made[a, b] = [_condition(dep, clauses) for clauses in conditions]
    return made


def _condition(dep: Deposition, clauses: Sequence) -> dict[int, set[int]]:
    made: dict[int, set[int]] = {}
    for descriptor, site, states in clauses:
        variable = _variable(dep, descriptor, site)
        if variable is not None:
            found = {_state(dep, variable, state) for state in states}
            known = {state for state in found if state is not None}
            made[variable] = made.get(variable, known) & known
    return made


def _rows(dep: Deposition) -> dict[int, int]:
    return {int(a): k for k, a in enumerate(dep.hierarchy.atom_id.tolist())}


def _variable(dep: Deposition, descriptor: Any, site: Any) -> int | None:
    if descriptor not in dep.descriptors or not isinstance(site, int):
        return None
    return dep.states.dag.variable(descriptor, site)


def _state(dep: Deposition, variable: int | None, number: Any) -> int | None:
    """The index of a state by its number in the store."""
    if variable is None:
        return None
    found = np.flatnonzero(dep.states.dag.state_values(variable) == number)
    return int(found[0]) if len(found) else None
