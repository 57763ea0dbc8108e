"""Rules between descriptors: states, and what may touch the same atoms. Each names its sentence in `spec/`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate.errors import (
    AbsoluteConflict,
    AdpCountedTwice,
    DuplicateDrawKey,
    PolystateError,
    ScopeOverlap,
    UnsupportedCombination,
    WrongShape,
)
from polystate.model.descriptor import ALWAYS, Descriptor
from polystate.model.model import Model
from polystate.rules.descriptors import component_count
from polystate.rules.documents import landmark_paths


def state_errors(dep: Model) -> Iterator[PolystateError]:
    """Conditions, cycles, populations and draw keys of all discrete descriptors."""
    yield from (error for error in dep.states.check() if isinstance(error, PolystateError))
    for d in dep.descriptors.values():
        if not d.is_discrete and d.table("conditions"):
            dep.conditions(d)
    yield from _independence_errors(dep)
    axes: dict[str, str] = {}
    for d in dep.descriptors.values():
        name = d.document.get("state_axis")
        if name is not None and axes.setdefault(name, d.id) != d.id:
            yield UnsupportedCombination(f"{d.path}#/state_axis", f"{name}, also of {axes[name]}", "one bundle an axis")
    for d in dep.descriptors.values():  # [AXI-22]
        if d.is_discrete and d.axis is not None and d.axis in axes:
            found = f"{d.axis}, the state axis of {axes[d.axis]}"
            yield UnsupportedCombination(f"{d.path}#/sample_axis", found, "conditions on the states of the bundle")
    keys, owners = [], []
    for d in dep.descriptors.values():
        for table in ("variables", "latents"):
            if d.table(table) and (table == "variables" or d.signal_type != "unknown"):
                keys += d.column(table, "draw_key").tolist()
                owners += [f"{d.path}/{table}/draw_key[{k}]" for k in range(len(d.column(table, "draw_key")))]
    first: dict[int, str] = {}
    for key, owner in zip(keys, owners, strict=True):
        if first.setdefault(key, owner) != owner:
            yield DuplicateDrawKey(owner, f"{key}, also at {first[key]}", "a key of its own")
            return


def _independence_errors(dep: Model) -> Iterator[PolystateError]:
    """[DAG-12]"""
    dag = dep.states.dag
    for v in dag.conditional:
        d = dep.descriptors[dag.descriptor(v)]
        others = {dag.descriptor(p) for p in dag.parents(v)} - {d.id}
        if d.algebra == "independent" and others:
            yield UnsupportedCombination(
                f"{d.path}#/algebra", f"independent, nested under {min(others)}", "nested_under"
            )
            return


def cross_errors(dep: Model) -> Iterator[PolystateError]:
    """Rules between descriptors that touch the same atoms."""
    known = [d for d in dep.descriptors.values() if d.signal_type != "unknown"]
    yield from _absolute_errors(dep, [d for d in known if d.is_absolute])
    yield from _adp_errors(dep, [d for d in known if d.is_gaussian])
    yield from _transform_errors(dep, [d for d in known if d.is_transform])
    for path in landmark_paths(dep):  # [OPR-25]
        document, point = dep.tree[path].attributes, dep.tree[path].arrays["point"]
        d = dep.descriptors[document["descriptor"]]
        if d.signal_type != "unknown":
            width = component_count(d, document["variable"])
            if not len(point) or point.shape[1] != width:
                yield WrongShape(f"{path}/point", point.shape, f"(L, {width}) with one point or more")


def always_active(d: Descriptor) -> bool:
    """Whether no joint state switches the descriptor off."""
    return d.active_when == ALWAYS and (not d.is_discrete or bool((d.column("states", "condition") == ALWAYS).all()))


def _absolute_errors(dep: Model, found: list[Descriptor]) -> Iterator[PolystateError]:
    """[MEAN-5]"""
    owner = np.full(dep.n_atoms, -1)
    always = [d for d in found if always_active(d)]
    for k, d in enumerate(always):
        shared = np.flatnonzero(d.covered & (owner >= 0))
        if len(shared):
            atom = int(dep.hierarchy.atom_id[shared[0]])
            other = always[owner[shared[0]]].id
            yield AbsoluteConflict(d.path, f"atom_id {atom} also from {other}", "one absolute source an atom")
            return
        owner[d.covered] = k


def _adp_errors(dep: Model, found: list[Descriptor]) -> Iterator[PolystateError]:
    """[ADP-7]"""
    for d in found:
        if d.document.get("adp_content") == "total":
            for other in found:
                shared = np.flatnonzero(d.covered & other.covered) if other is not d else np.zeros(0)
                if len(shared):
                    atom = int(dep.hierarchy.atom_id[shared[0]])
                    expected = "adp_content residual, or no other Gaussian descriptor"
                    yield AdpCountedTwice(d.path, f"total beside {other.id} on atom_id {atom}", expected)
                    return


def _transform_errors(dep: Model, found: list[Descriptor]) -> Iterator[PolystateError]:
    """[MEAN-19]"""
    for k, d in enumerate(found):
        for other in found[k + 1 :]:
            both = np.flatnonzero((d.label_of_atom >= 0) & (other.label_of_atom >= 0))
            pairs, shared = np.unique(
                np.stack([d.label_of_atom[both], other.label_of_atom[both]]), axis=1, return_counts=True
            )
            sizes = [np.bincount(x.label_of_atom[x.label_of_atom >= 0], minlength=x.n_labels) for x in (d, other)]
            smaller = np.minimum(sizes[0][pairs[0]], sizes[1][pairs[1]])
            if (shared < smaller).any():
                a, b = pairs[:, int(np.argmax(shared < smaller))]
                found_here = f"label {a} and label {b} of {other.id} share atoms"
                yield ScopeOverlap(d.path, found_here, "one inside the other, or no atom in common")
