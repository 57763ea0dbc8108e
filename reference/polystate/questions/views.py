"""Questions that consumers ask of a deposition: what varies at a scope, what is nested under what, what is remarked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from polystate.errors import MissingArray, UnknownGrouping, UnsupportedCombination
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.operators import call
from polystate.structure.hierarchy import LEVELS

SMALLEST_FIRST = tuple(reversed(LEVELS))  # atom, residue, chain, entity, deposition


@dataclass(frozen=True)
class ScopeView:
    """What a deposition says at one scope: a level of the hierarchy, or a grouping by name."""

    dep: Model
    name: str

    @property
    def document(self) -> dict[str, str]:
        """The scope as descriptors write it."""
        return {"level": self.name} if self.name in LEVELS else {"grouping": self.name}

    @cached_property
    def label_of_atom(self) -> np.ndarray:
        """The label of each atom, (N,) int32, -1 = not covered."""
        return self.dep.scope_labels(self.document)[0]

    @cached_property
    def labels(self) -> list[str]:
        return self.dep.scope_names(self.document, self.dep.scope_labels(self.document)[1])

    def atoms(self, label: str) -> np.ndarray:
        """The atom ids under a label."""
        if label not in self.labels:
            raise UnknownGrouping(self.name, label, "a label of this scope")
        return self.dep.hierarchy.atom_id[self.label_of_atom == self.labels.index(label)]

    @cached_property
    def descriptors(self) -> list[Descriptor]:
        """For a grouping, the descriptors bound to it. For a level, those whose labels each lie within one of its
        nodes, and not within one of a smaller level: domains of a chain vary at chain scope."""
        found = self.dep.descriptors.values()
        if self.name in LEVELS:
            return [d for d in found if level_of(d) == self.name]
        return [d for d in found if (d.document.get("scope") or {}).get("grouping") == self.name]


def scope(dep: Model, name: str) -> ScopeView:
    """The scope of a name: a level, or a grouping of this deposition."""
    if name not in LEVELS and name not in dep.groupings:
        raise UnknownGrouping("scope", name, "a level, or one of " + (", ".join(dep.groupings) or "no groupings"))
    return ScopeView(dep, name)


def level_of(d: Descriptor) -> str:
    """The smallest level of the hierarchy of which each label of a descriptor's scope lies within one node."""
    stated = (d.document.get("scope") or {}).get("level")
    if stated in LEVELS:
        return str(stated)
    label = d.label_of_atom
    covered = np.flatnonzero(label >= 0)
    for level in SMALLEST_FIRST:
        node = d.ground.hierarchy.of_atoms(level)[covered]
        if (node < 0).any():
            continue  # atoms of no entity
        pairs = np.unique(np.stack([label[covered], node]), axis=1)
        if len(pairs[0]) == len(np.unique(pairs[0])):
            return level
    return "deposition"


# -- nested states ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VariableView:
    """One variable: its name, how deep it is nested, the variables it depends on, and its states.

    states: (label, population, when) in declared order; when = the parents' states under which the row holds, each
    parent with its alternatives, empty = always."""

    name: str
    descriptor: str
    site: int
    depth: int
    parents: tuple[str, ...]
    states: tuple[tuple[str, float, Mapping[str, tuple[str, ...]]], ...]


def variables(dep: Model) -> Iterator[VariableView]:
    """All variables, parents before children; as many rows as there are states, never as many as joint states."""
    dag = dep.states.dag
    depth: dict[int, int] = {}
    for v in range(len(dag)):
        rows, labels = dag.rows(v), dag.state_labels(v)
        names: dict[str, None] = {}
        states = []
        for state, condition, population in zip(rows.state, rows.condition, rows.population, strict=True):
            when: dict[str, tuple[str, ...]] = {}
            for clause in condition or ():
                words = dag.state_labels(clause.variable)
                parent = dag.variable_name(clause.variable)
                when[parent] = tuple(str(words[s]) for s in sorted(clause.states))
                names[parent] = None
            states.append((str(labels[int(state)]), float(population), when))
        depth[v] = 1 + max((depth[p] for p in dag.parents(v)), default=-1)
        yield VariableView(dag.variable_name(v), dag.descriptor(v), int(dag.site[v]), depth[v], tuple(names),
                           tuple(states))  # fmt: skip


# -- beads and annotations -------------------------------------------------------------------------------


def beads(dep: Model, name: str, xyz: np.ndarray) -> np.ndarray:
    """Bead coordinates of a coarse_grain grouping, (G, 3) ångström, from the coordinates of all atoms (N, 3)."""
    if name not in dep.groupings:
        raise UnknownGrouping("groupings", name, "one of " + (", ".join(dep.groupings) or "no groupings"))
    found = dep.groupings[name]
    if found.weight is None or found.child_level != "atom":
        raise UnsupportedCombination(found.path, "no weights, or children that are no atoms", "a coarse_grain grouping")
    inputs = {"xyz": xyz, "child": found.child, "parent": found.parent, "weight": found.weight}
    return call("coarse_grain/weighted_sum_v1", inputs, {"labels": found.n_labels})["xyz"]


def symmetry_copies(dep: Model, triplets: Sequence[str], xyz: np.ndarray) -> np.ndarray:
    """Copies of a rendering under operations such as "-x,y+1/2,-z" in the unit cell, (K, N, 3) ångström."""
    cell = dep.tree["hierarchy"].attributes.get("cell") if "hierarchy" in dep.tree else None
    if not cell:
        raise MissingArray("hierarchy#/cell", "nothing", "a unit cell")
    six = np.array([cell[k] for k in ("a", "b", "c", "alpha", "beta", "gamma")], np.float64)
    return call("symmetry/space_group_v1", {"cell": six, "xyz": xyz}, {"triplets": list(triplets)})["xyz"]


def assembly(dep: Model, name: str, xyz: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The copies that make an assembly: (atom ids, coordinates) for each operator, from a rendering (N, 3)."""
    path = f"hierarchy/assemblies/{name}"
    if path not in dep.tree:
        known = [p.rsplit("/", 1)[1] for p in dep.tree if p.startswith("hierarchy/assemblies/")]
        raise MissingArray(path, "nothing", "one of the assemblies " + (", ".join(known) or "(there are none)"))
    group, chain = dep.tree[path], dep.hierarchy.of_atoms("chain")
    copies = []
    for k, operator in enumerate(np.asarray(group.arrays["operators"], np.float64)):
        mine = np.isin(chain, group.arrays["chain"][np.asarray(group.arrays["operator"]) == k])
        copies.append((dep.hierarchy.atom_id[mine], xyz[mine] @ operator[:3, :3].T + operator[:3, 3]))
    return copies


@dataclass(frozen=True)
class Annotation:
    """One remark: who wrote it (namespace), what it is about (selector), what it says (body)."""

    namespace: str
    selector: Mapping[str, Any]
    body: Any
    document: Mapping[str, Any]
    dep: Model

    def atoms(self) -> np.ndarray:
        """The ids of the atoms it is about; none where its selector points to nothing that exists."""
        h, s = self.dep.hierarchy, self.selector
        target = s.get("target")
        if target == "deposition":
            return h.atom_id
        if target == "atoms":
            return h.atom_id[np.isin(h.atom_id, s.get("atoms", []))]
        try:
            if target == "labels":
                label, n = self.dep.scope_labels(s.get("scope", {}))
                return h.atom_id[np.isin(label, s.get("labels", range(n)))]
            if target in ("descriptor", "state") and s.get("descriptor") in self.dep.descriptors:
                label = self.dep.descriptors[s["descriptor"]].label_of_atom
                return h.atom_id[label == s["site"] if "site" in s else label >= 0]
        except UnknownGrouping:
            pass
        return h.atom_id[:0]


def remarks(dep: Model, namespace: str | None = None) -> Iterator[Annotation]:
    """All annotations, or those of one namespace; evaluation never reads them."""
    for path in sorted(p for p in dep.tree if p.startswith("annotations/") and p.count("/") == 1):
        name = path.split("/", 1)[1]
        if namespace in (None, name):
            for item in dep.tree[path].attributes.get("items", []):
                yield Annotation(name, item.get("selector", {}), item.get("body"), item, dep)
