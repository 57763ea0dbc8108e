"""Descriptors made from others, their provenance, and what has changed since (chapter 13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from polystate.errors import (
    DerivedCycle,
    DerivedMismatch,
    MissingProvenance,
    PolystateError,
    Stale,
    UnsupportedCombination,
)
from polystate.model.derivation import ARRAYS, MEAN, inputs, made_from_inputs, maker
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.rules.operators import operator_errors
from polystate.store.tree import Tree
from polystate_schemas.registry import entries

TOLERANCE = 1e-9


def provenance_errors(dep: Model, d: Descriptor) -> Iterator[PolystateError]:
    """A named block that does not exist, or none where a continuous stack has several levels."""
    name = d.document.get("provenance")
    if name is not None and f"provenance/{name}" not in dep.tree:
        yield MissingProvenance(f"{d.path}#/provenance", name, "a block under provenance/")  # PRV-1
    elif name is None and d.is_gaussian:
        scopes = {_scope_key(o) for o in dep.descriptors.values() if o.is_gaussian}
        if len(scopes) > 1:
            expected = f"one, since the stack has {len(scopes)} levels"
            yield MissingProvenance(d.path, "no provenance", expected)  # PRV-2


def _scope_key(d: Descriptor) -> str:
    scope = d.document.get("scope")
    return f"{scope.get('grouping')}|{scope.get('level')}" if isinstance(scope, dict) else ""


def circle_errors(dep: Model, d: Descriptor) -> Iterator[PolystateError]:
    """[DRV-2] Descriptors derived from each other in a circle."""
    seen, waiting = set(), [d.id]
    while waiting:
        for name in _inputs(dep, waiting.pop()):
            if name == d.id:
                yield DerivedCycle(f"{d.path}#/derived_from", "a circle back to itself", "inputs that do not need it")
                return
            if name not in seen:
                seen.add(name)
                waiting.append(name)


def _inputs(dep: Model, name: str) -> list[str]:
    if name not in dep.descriptors:
        return []
    derived = dep.descriptors[name].document.get("derived_from") or {}
    paths = [i.get("path", "") for i in derived.get("inputs", []) if isinstance(i, Mapping)]
    return [p.split("/")[1] for p in paths if p.startswith("descriptors/")]


def function_errors(dep: Model, d: Descriptor) -> Iterator[PolystateError]:
    """[DRV-14], [DRV-15] A derivation by an operator that makes no descriptor, none of this kind, or none of these."""
    operator = (d.document.get("derived_from") or {}).get("operator")
    errors = list(operator_errors(f"{d.path}#/derived_from/operator", operator))
    yield from errors
    if operator is None or errors or operator["id"] not in entries():
        return
    if operator["id"] not in ARRAYS:
        expected = "one of " + ", ".join(ARRAYS)
        yield UnsupportedCombination(f"{d.path}#/derived_from/operator/id", operator["id"], expected)
    elif not (d.is_discrete and (operator["id"] != MEAN or d.mode == "A")):
        made = "states, listed" if operator["id"] == MEAN else "labels of states"
        yield UnsupportedCombination(f"{d.path}#/derived_from", f"{d.regime}, mode {d.mode}", made)
    for source in inputs(d):
        if source in dep.descriptors and dep.descriptors[source].signal_type == "unknown":
            place = f"{d.path}#/derived_from/inputs"
            yield UnsupportedCombination(place, f"{source}, of unknown signal", "a known one")  # DRV-14


def mismatches(dep: Model) -> Iterator[PolystateError]:
    """[DRV-5] Stored payloads that differ from what their operator gives now."""
    for d in dep.descriptors.values():
        if maker(d.document) is None:
            continue
        try:
            made = made_from_inputs(dep, d)
        except PolystateError as error:
            yield error
            continue
        for name, values in made.arrays.items():
            if name in d.stored.arrays:
                yield from _difference(f"{d.path}/{name}", np.asarray(d.stored.arrays[name]), values)


def _difference(where: str, stored: np.ndarray, made: np.ndarray) -> Iterator[DerivedMismatch]:
    """[DRV-5] Where one array first differs from what its inputs give."""
    if stored.shape != made.shape:
        yield DerivedMismatch(where, f"shape {stored.shape}", f"{made.shape}, what its inputs give")
        return
    allowed = TOLERANCE * np.maximum(1.0, np.abs(made)) if made.dtype.kind == "f" else 0
    bad = np.argwhere(np.abs(stored.astype(np.float64) - made.astype(np.float64)) > allowed)
    if len(bad):
        at = tuple(bad[0])
        place = "".join(f"[{i}]" for i in at)
        yield DerivedMismatch(f"{where}{place}", stored[at], f"{made[at]}, what its inputs give")


def stale(dep: Model) -> Iterator[Stale]:
    """[DRV-7], [DRV-8] Descriptors whose inputs changed since they were made.

    [PRV-7], [PRV-8] Provenance blocks of which something that they describe has changed since."""
    for d in dep.descriptors.values():
        derived = d.document.get("derived_from") or {}
        yield from _changed(dep.tree, d.path, derived.get("inputs", []))
    for path in sorted(p for p in dep.tree if p.startswith("provenance/")):
        yield from _changed(dep.tree, path, dep.tree[path].attributes.get("describes") or [])


def _changed(tree: Tree, where: str, listed: Iterable[Mapping[str, str]]) -> Iterator[Stale]:
    """[DRV-6], [PRV-6] Whether a part of a store is no longer what it was when something was made of it."""
    from polystate.store.digest import partial_digest

    found = []
    for entry in listed:
        now = partial_digest(tree, entry["path"])
        if entry.get("hash") not in (None, now):
            found.append(f"{entry['path']} is now {now}, and was {entry['hash']}")
    if found:
        yield Stale(where, "; ".join(found), "all as when it was made")
