"""Descriptors that a registry operator makes from others: computed where absent, compared where stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from polystate.errors import (
    MissingArray,
    UnsupportedCombination,
    WrongShape,
)
from polystate.model.descriptor import Descriptor
from polystate.model.listed import enumerated
from polystate.operators import call
from polystate.store.tree import Group, Tree
from polystate.structure.hierarchy import Hierarchy

ASSIGNMENT = "assignment/nearest_landmark_v1"
MEAN = "ensemble/occupancy_weighted_mean_v1"
ARRAYS = {ASSIGNMENT: ("labels",), MEAN: ("atom_id", "xyz", "present")}
TABLES = ("states", "variables")
LAST_KEY = 0xFFFFFFFF


class Sources(Protocol):
    """What a derivation looks at: a model, whose sources are judged before they are used."""

    @property
    def tree(self) -> Tree: ...
    @property
    def hierarchy(self) -> Hierarchy: ...
    @property
    def x_ref(self) -> np.ndarray: ...
    @property
    def descriptors(self) -> dict[str, Descriptor]: ...
    def check_payload(self, d: Descriptor, part: str = "all") -> None: ...


def maker(document: Mapping[str, Any]) -> str | None:
    """The operator that can make a descriptor's payload, None where no operator that we compute can."""
    name = ((document.get("derived_from") or {}).get("operator") or {}).get("id")
    return name if name in ARRAYS else None


def is_complete(d: Descriptor) -> bool:
    """[DRV-3] Whether nothing of a descriptor is computed: it has arrays, or no operator that makes them."""
    name = maker(d.document)
    return name is None or any(a in d.stored.arrays for a in ARRAYS[name])


def complete(dep: Sources, d: Descriptor) -> Group:
    """A descriptor's group: without arrays with those that its operator makes, and with its own tables if any."""
    if is_complete(d):
        return d.stored
    made, stored = made_from_inputs(dep, d), d.stored
    own = any(t in stored.tables for t in TABLES)
    tables = stored.tables if own else {**stored.tables, **made.tables}
    return Group(d.document, {**stored.arrays, **made.arrays}, tables)


def made_from_inputs(dep: Sources, d: Descriptor) -> Group:
    """The payload that the operator of `derived_from` gives now."""
    makers: dict[str, Callable[[Sources, Descriptor], Group]] = {ASSIGNMENT: _assigned, MEAN: _averaged}
    return makers[str(maker(d.document))](dep, d)


def inputs(d: Descriptor) -> list[str]:
    """The descriptors among the inputs of `derived_from`."""
    paths = [str(i.get("path", "")) for i in d.document["derived_from"].get("inputs") or []]
    return [p.split("/", 1)[1] for p in paths if p.startswith("descriptors/")]


def _source(dep: Sources, d: Descriptor) -> Descriptor:
    names = inputs(d)
    if len(names) != 1 or names[0] not in dep.descriptors:
        # DRV-17
        raise UnsupportedCombination(
            f"{d.path}#/derived_from/inputs", ", ".join(names) or "no descriptor", "one descriptor of this deposition"
        )
    source = dep.descriptors[names[0]]
    dep.check_payload(source)
    return source


def _assigned(dep: Sources, d: Descriptor) -> Group:
    """`labels` along the axis of a descriptor: the nearest of its landmarks at each step."""
    source = _source(dep, d)
    path = f"landmarks/{source.id}"
    if path not in dep.tree:
        raise MissingArray(f"{d.path}#/derived_from/inputs", path, "landmarks of this deposition")  # DRV-16
    landmarks = dep.tree[path]
    variable = str(landmarks.attributes.get("variable", "latent"))
    if source.axis is None or source.axis != d.axis:
        # DRV-16
        raise UnsupportedCombination(f"{d.path}#/sample_axis", d.axis, f"{source.axis}, the axis of {source.id}")
    if "point" not in landmarks.arrays:
        raise MissingArray(f"{path}/point", "nothing", "the points of the landmarks")
    point = np.asarray(landmarks.arrays["point"], np.float64)
    value = np.asarray(source.array(variable), np.float64)
    if point.ndim != 2 or not len(point) or value.ndim != 2 or point.shape[1] != value.shape[1]:
        raise WrongShape(f"{path}/point", point.shape, f"points of {value.shape[-1]} components, at least one")
    labels = call(ASSIGNMENT, {"value": value, "point": point})["landmark"]
    counted = np.bincount(labels, minlength=len(point)) / len(labels)
    names = [str(x) for x in landmarks.attributes.get("labels", range(len(point)))]
    return Group({}, {"labels": labels}, _tables(dep, d, 0, names, counted))  # [DRV-10]


def _averaged(dep: Sources, d: Descriptor) -> Group:
    """Mode A coordinates of one state: the mean over the states of a descriptor with one site.

    [DRV-11] Ids are those of the deposition and coordinates stand in its frame, whatever the source was made for."""
    source = _source(dep, d)
    site = np.unique(source.column("states", "site"))
    if len(site) != 1 or (source.column("states", "condition") != -1).any():
        # DRV-12
        raise UnsupportedCombination(
            f"{d.path}#/derived_from/inputs", "several sites, or conditions", "one site whose states always hold"
        )
    atom_id, xyz, present = enumerated(source)
    population = source.column("states", "population")
    mean = call(MEAN, {"xyz": xyz, "population": population, "present": present})
    rows = source.rows_of_ids(atom_id, f"{source.path}/atom_id")
    kept = np.argsort(rows, kind="stable")[np.count_nonzero(rows < 0) :]
    rows, has = rows[kept], mean["occupancy"][kept] > 0
    xyz = source.from_fitted(mean["xyz"][kept])
    arrays = {
        "atom_id": dep.hierarchy.atom_id[rows].astype(np.uint32),
        "xyz": np.where(has[:, None], xyz, dep.x_ref[rows])[None],  # [DSC-28] absent atoms store x_ref
        "present": has.astype(np.uint8)[None],
    }
    return Group({}, arrays, _tables(dep, d, int(site[0]), ["mean"], np.ones(1)))


def _tables(dep: Sources, d: Descriptor, site: int, labels: list[str], population: np.ndarray) -> dict[str, Any]:
    n = len(labels)
    states = {
        "site": np.full(n, site, np.int32),
        "state": np.arange(n, dtype=np.int32),
        "label": labels,
        "condition": np.full(n, -1, np.int32),
        "population": population,
        "deposited": np.full(n, np.nan),
        "source": ["measured"] * n,
    }
    variables = {"site": np.array([site], np.int32), "draw_key": np.array([free_draw_key(dep, d)], np.uint32)}
    return {"states": states, "variables": variables}


def free_draw_key(dep: Sources, d: Descriptor) -> int:
    """A draw key for a computed variable: the largest that no stored table uses, a different one for each, by id."""
    taken: set[int] = set()
    waiting = []
    for name, other in dep.descriptors.items():
        for table in other.keyed:
            if table in other.stored.tables and "draw_key" in other.stored.tables[table]:
                taken.update(np.asarray(other.stored.tables[table]["draw_key"]).tolist())
        if maker(other.document) and "variables" not in other.stored.tables:
            waiting.append(name)
    key = LAST_KEY
    for name in sorted(waiting):
        while key in taken:
            key -= 1
        if name == d.id:
            return key
        key -= 1
    return key


# -- again -----------------------------------------------------------------------------------------------
