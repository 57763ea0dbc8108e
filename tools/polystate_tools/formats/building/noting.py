"""What a file says of alternates beyond their states, as `annotations/alternates`.

The letters of conformers that several states share, and the bonds that only some alternates have. None of it changes
what a deposition evaluates to."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from polystate.store.tree import Group
from polystate_tools.formats.building.variables import Plan, Variable
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport

PATH = "annotations/alternates"
COMPONENTS = "annotations/components"
LETTER, BONDED = "letter_of", "bonded_in"
Held = dict[Variable, frozenset[int]]
"""The states of each variable in which a record holds."""


def _group(letters: dict[tuple[str, int, int], list[int]], bonds: dict[tuple[int, int], list[Held]]) -> Group:
    """The annotations. letters: (descriptor, site, state) -> atom ids whose record has that state's letter though it
    holds in others too; bonds: atom ids -> the conjunctions of states of which one must hold."""
    items: list[dict[str, Any]] = []
    for (descriptor, site, state), atoms in sorted(letters.items()):
        selector = {"target": "state", "descriptor": descriptor, "site": site, "state": state}
        items.append({"id": f"letter-{len(items) + 1}", "selector": selector, "body": {LETTER: sorted(atoms)}})
    for pair, conditions in sorted(bonds.items()):
        body = {BONDED: [_clauses(held) for held in conditions]}
        items.append(
            {"id": f"bond-{len(items) + 1}", "selector": {"target": "atoms", "atoms": list(pair)}, "body": body}
        )
    return Group({"items": [{**item, "provenance": "import"} for item in items]})


def _clauses(held: Held) -> list[list[Any]]:
    return sorted([v.descriptor, v.number, sorted(states)] for v, states in held.items())


def noted_alternates(
    layout: Layout, planned: Plan, model: Variable | None, steps: np.ndarray | None, report: ImportReport
) -> dict[str, Group]:
    """The annotations by path, {} where nothing is to be noted.

    model, steps: the variable of a bundle and (n,) the model of each record, None for one model.
    """
    letters: dict[tuple[str, int, int], list[int]] = {}
    for variable, state, atom in dict.fromkeys(planned.own):
        letters.setdefault((variable.descriptor, variable.number, state), []).append(atom + 1)
    bonds = _restricted(layout, planned, model, steps)
    never = sum(not conditions for conditions in bonds.values())
    if never:
        report.lose("bonds", never, "between alternates of which no state has both")
    return {PATH: _group(letters, bonds)} if letters or bonds else {}


def without_impossible_bonds(tree: dict[str, Group]) -> None:
    """Take the bonds out of a tree that are between alternates of which no state has both, with their annotations."""
    items = tree[PATH].attributes["items"] if PATH in tree else []
    never = [item for item in items if item["body"].get(BONDED) == []]
    if not never:
        return
    pairs = {tuple(item["selector"]["atoms"]) for item in never}
    bonds = tree["hierarchy/bonds"]
    ends = zip(bonds.arrays["atom_a"].tolist(), bonds.arrays["atom_b"].tolist(), strict=True)
    kept = np.array([(a + 1, b + 1) not in pairs for a, b in ends])
    tree["hierarchy/bonds"] = Group(bonds.attributes, {name: values[kept] for name, values in bonds.arrays.items()})
    if not kept.any():
        del tree["hierarchy/bonds"]
    rest = [item for item in items if item not in never]
    bonded = [item for item in rest if BONDED in item["body"]]
    for number, item in enumerate(bonded, len(rest) - len(bonded) + 1):
        item["id"] = f"bond-{number}"
    tree[PATH] = Group({"items": rest})
    if not rest:
        del tree[PATH]


def noted_components(layout: Layout) -> dict[str, Group]:
    """What the file says of its residue types, {} where it says nothing."""
    items: list[dict[str, Any]] = []
    for comp in layout.records.comp.used():
        found = layout.records.components.get(comp)
        body = {key: value for key, value in (vars(found) if found else {}).items() if value}
        if body:
            selector = {"target": "deposition"}
            about = {"comp": comp, **body}
            items.append({"id": f"comp-{len(items) + 1}", "selector": selector, "body": about, "provenance": "import"})
    return {COMPONENTS: Group({"items": items})} if items else {}


def held_of_records(planned: Plan) -> dict[int, Held]:
    """Record -> the states in which it holds, of records that any variable touches."""
    made: dict[int, Held] = {}
    for _, record, variable, states in planned.occupancy:
        held = made.setdefault(record, {})
        held[variable] = held.get(variable, frozenset()) | frozenset(states)
    return made


def _restricted(
    layout: Layout, planned: Plan, model: Variable | None, steps: np.ndarray | None
) -> dict[tuple[int, int], list[Held]]:
    """Atom ids of bonds that some records lack though they can be there together, and the states in which they are."""
    bonds = layout.records.bonds
    if not len(bonds):
        return {}
    ends = layout.atom_of_record[bonds[:, :2]]
    several = np.bincount(layout.atom_of_record)[ends] > 1
    joined: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for k in np.flatnonzero(several.any(axis=1)).tolist():
        (a, b), (one, other) = ends[k].tolist(), bonds[k, :2].tolist()
        if a != b:
            joined.setdefault((min(a, b), max(a, b)), set()).add((one, other) if a < b else (other, one))
    if layout.each_once:  # the atoms of a bond can meet once in each model
        n, times = layout.n_atoms, layout.records.repeats
        within = {pair: sum(a // n == b // n for a, b in found) for pair, found in joined.items()}
        joined = {pair: joined[pair] for pair, count in within.items() if count < times}
    if not joined:
        return {}
    records_of = _records_of(layout, ends, steps)
    held = held_of_records(planned)
    made: dict[tuple[int, int], list[Held]] = {}
    for (a, b), pairs in joined.items():
        possible = {
            (one, other)
            for step, ones in records_of[a].items()
            for one, other in itertools.product(ones, records_of[b].get(step, ()))
            if _together(held.get(one, {}), held.get(other, {}))
        }
        if possible - pairs:
            made[a + 1, b + 1] = _conditions(sorted(pairs & possible), held, model, steps)
    return made


def _records_of(layout: Layout, atoms: np.ndarray, steps: np.ndarray | None) -> dict[int, dict[int, list[int]]]:
    """The records of some atoms by model, all of them where there is one."""
    wanted = np.zeros(layout.n_atoms, bool)
    wanted[atoms] = True
    rows = np.flatnonzero(wanted[layout.atom_of_record])
    of = np.zeros(len(rows), np.int64) if steps is None else steps[rows]
    made: dict[int, dict[int, list[int]]] = {}
    for row, atom, step in zip(rows.tolist(), layout.atom_of_record[rows].tolist(), of.tolist(), strict=True):
        made.setdefault(atom, {}).setdefault(step, []).append(row)
    return made


def _together(one: Held, other: Held) -> bool:
    return all(states & other[v] for v, states in one.items() if v in other)


def _conditions(
    pairs: list[tuple[int, int]], held: dict[int, Held], model: Variable | None, steps: np.ndarray | None
) -> list[Held]:
    """One conjunction a pair of records, the models in which it is the same as one."""
    made: dict[tuple, set[int]] = {}
    for one, other in pairs:
        first, second = held.get(one, {}), held.get(other, {})
        both = {v: states & second.get(v, states) for v, states in first.items()} | {
            v: states for v, states in second.items() if v not in first
        }
        made.setdefault(tuple(both.items()), set()).add(-1 if steps is None else int(steps[one]))
    return [dict(both) if model is None else {**dict(both), model: frozenset(models)} for both, models in made.items()]
