"""Sites for people: where one lies, which residues each state has, its population, and the parents it goes with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.questions.views import variables

NAMED = 3  # residues of a site that are named one by one


@dataclass(frozen=True)
class SiteState:
    """One state of a site. residues: what stands there in this state, such as `A.22 SER`; atoms: how many of the
    site's atoms it has; population: under `when`, the states of other sites that it depends on (empty: always)."""

    label: str
    population: float
    when: Mapping[str, tuple[str, ...]]
    residues: str
    atoms: int


@dataclass(frozen=True)
class Site:
    """A site with its states in declared order. rows: of its atoms, ascending."""

    name: str
    depth: int
    rows: np.ndarray
    states: tuple[SiteState, ...]


def sites(dep: Model) -> Iterator[Site]:
    """All sites, parents before children."""
    gone_of = {d.id: _gone(d) for d in dep.descriptors.values() if d.is_discrete}
    for variable in variables(dep):
        d = dep.descriptors[variable.descriptor]
        rows = np.flatnonzero(d.label_of_atom == variable.site)
        states = tuple(
            SiteState(label, population, when, *_there(dep, rows, gone_of[d.id].get((variable.site, label))))
            for label, population, when in variable.states
        )
        yield Site(variable.name, variable.depth, rows, states)


def _there(dep: Model, rows: np.ndarray, gone: np.ndarray | None) -> tuple[str, int]:
    """The residues of the atoms that a state leaves, and how many atoms these are."""
    left = rows if gone is None else np.setdiff1d(rows, gone)
    h = dep.hierarchy
    residues = np.unique(h.column("atoms", "residue")[left])
    comp = h.text("residues", "comp")
    named = [f"{h.node_label('residue', int(r))} {comp[r]}" for r in residues[:NAMED].tolist()]
    if len(residues) > NAMED:
        named = [f"{named[0]} to {h.node_label('residue', int(residues[-1]))} {comp[residues[-1]]}"]
    return ", ".join(named), len(left)


def _gone(d: Descriptor) -> dict[tuple[int, str], np.ndarray]:
    """(site, label) -> rows of the atoms that the state marks absent."""
    states = d.table("states")
    label_of = {
        (int(site), int(state)): label
        for site, state, label in zip(states["site"], states["state"], states["label"], strict=True)
    }
    found: dict[tuple[int, str], np.ndarray] = {}
    if d.mode == "B":
        table = d.table("absent")
        if not table:
            return {}
        site, state = np.asarray(table["site"]), np.asarray(table["state"])
        rows = d.rows_of_ids(np.asarray(table["atom_id"]), f"{d.path}/absent/atom_id")
        for key in set(zip(site.tolist(), state.tolist(), strict=True)):
            found[key[0], label_of[key]] = rows[(site == key[0]) & (state == key[1])]
    elif d.mode == "A" and d.has("present"):
        for row, key in enumerate(label_of):
            found[key[0], label_of[key]] = d.atom_rows[np.asarray(d.array("present", row)) == 0]
    return found
