"""Documents, groupings and words against rules that no schema can say. Each names its sentence in `spec/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from polystate import payload_checks as checks
from polystate.descriptors import Descriptor
from polystate.errors import (
    DanglingRow,
    DerivedCycle,
    DuplicateDrawKey,
    DuplicateId,
    MissingArray,
    MissingProvenance,
    NotAPartition,
    PolystateError,
    SchemaError,
    UnsupportedCombination,
    WrongShape,
)
from polystate.groupings import Grouping, grouping

if TYPE_CHECKING:
    from polystate.deposition import Deposition

# [DSC-4] regime, mode, signal type, subcase of the operator, algebras
PROCEDURES = [
    ("discrete", "A", "categorical_state", "", {"independent", "nested_under"}),
    ("discrete", "A", "coordinates", "", {"independent", "nested_under"}),
    ("discrete", "B", "categorical_state", "", {"independent", "nested_under"}),
    ("discrete", "C", "categorical_state", "rigid_body", {"independent", "nested_under"}),
    ("trajectory", "A", "coordinates", "", {"independent"}),
    ("trajectory", "A", "deterministic_displacement", "", {"additive_displacement"}),
    ("trajectory", "C", "coordinates", "external_reference", {"independent"}),
    ("continuous", "C", "gaussian_disorder", "parametric_gaussian", {"additive_covariance"}),
    ("continuous", "C", "deterministic_displacement", "basis", {"additive_displacement"}),
    ("continuous", "C", "deterministic_displacement", "rigid_body", {"additive_displacement"}),
    ("continuous", "C", "deterministic_displacement", "neural_decoder", {"additive_displacement"}),
    ("continuous", "C", "coordinates", "neural_decoder", {"additive_displacement"}),
    ("continuous", "C", "deterministic_displacement", "identity", {"independent"}),
]
BROADCAST_ONLY = (
    "parametric_gaussian/iadp_v1",
    "parametric_gaussian/aadp_v1",
    "parametric_gaussian/nm_covariance_v1",
)


def known_grouping(dep: Deposition, d: Descriptor) -> None:
    """[GRP-11] Refuse a scope whose grouping does not exist."""
    grouping(dep.tree, dep.hierarchy, d.document["scope"]["grouping"], f"{d.path}#/scope/grouping")


def combination_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[DSC-4] and [DSC-8] to [DSC-10]: keys that do not go together."""
    if d.signal_type == "unknown":
        return
    subcase = (d.operator or "").partition("/")[0]
    row = (d.regime, d.mode, d.signal_type, subcase)
    if not any(row == p[:4] and d.algebra in p[4] for p in PROCEDURES):
        found = f"{d.regime}, mode {d.mode}, {d.signal_type}, operator {d.operator}, {d.algebra}"
        yield UnsupportedCombination(d.path, found, "a row of the table of procedures (spec 4.2)")
    if "acts_as" in d.document and subcase != "rigid_body":
        yield UnsupportedCombination(f"{d.path}#/acts_as", d.document["acts_as"], "a rigid body")
    for key in ("broadcast_policy", "adp_content", "normalised"):
        if d.document.get(key) is not None and not d.is_gaussian:
            yield UnsupportedCombination(f"{d.path}#/{key}", d.document[key], "gaussian_disorder")
    if d.document.get("state_axis") is not None and not d.is_discrete:
        yield UnsupportedCombination(f"{d.path}#/state_axis", d.document["state_axis"], "regime discrete")
    if d.axis is not None and d.operator in BROADCAST_ONLY:
        yield UnsupportedCombination(f"{d.path}#/sample_axis", d.axis, f"no axis for {d.operator}")
    if d.regime == "trajectory" and d.axis is None:
        yield UnsupportedCombination(f"{d.path}#/sample_axis", "nothing", "the axis of a trajectory")


def provenance_errors(dep: Deposition, d: Descriptor) -> Iterator[PolystateError]:
    """A named block that does not exist, or none where a continuous stack has several levels."""
    name = d.document.get("provenance")
    if name is not None and f"provenance/{name}" not in dep.tree:
        yield MissingProvenance(f"{d.path}#/provenance", name, "a block under provenance/")
    elif name is None and d.is_gaussian:
        scopes = {_scope_key(o) for o in dep.descriptors.values() if o.is_gaussian}
        if len(scopes) > 1:
            yield MissingProvenance(d.path, "no provenance", f"one, since the stack has {len(scopes)} levels")


def _scope_key(d: Descriptor) -> str:
    scope = d.document.get("scope")
    return f"{scope.get('grouping')}|{scope.get('level')}" if isinstance(scope, dict) else ""


def derivation_errors(dep: Deposition, d: Descriptor) -> Iterator[PolystateError]:
    """Descriptors derived from each other in a circle."""
    seen, waiting = set(), [d.id]
    while waiting:
        for name in _inputs(dep, waiting.pop()):
            if name == d.id:
                yield DerivedCycle(f"{d.path}#/derived_from", "a circle back to itself", "inputs that do not need it")
                return
            if name not in seen:
                seen.add(name)
                waiting.append(name)


def _inputs(dep: Deposition, name: str) -> list[str]:
    if name not in dep.descriptors:
        return []
    derived = dep.descriptors[name].document.get("derived_from") or {}
    paths = [i.get("path", "") for i in derived.get("inputs", []) if isinstance(i, Mapping)]
    return [p.split("/")[1] for p in paths if p.startswith("descriptors/")]


PARAMETER_TYPES = {"number": (int, float), "integer": (int,), "text": (str,), "boolean": (bool,), "list": (list,),
                   "object": (dict,)}  # fmt: skip


def operator_errors(d: Descriptor, signature: Mapping[str, Any]) -> Iterator[PolystateError]:
    """[OPR-3], [OPR-4]: a body where the entry has none, and parameters that it does not permit."""
    venue = d.document["operator"].get("venue")
    if venue != "registry" and "body" not in signature:
        yield UnsupportedCombination(f"{d.path}#/operator/venue", venue, f"registry: {d.operator} has no body")
    known = {p["name"]: p for p in signature["parameters"]}
    for name, value in d.parameters.items():
        where = f"{d.path}#/operator/parameters/{name}"
        if name not in known:
            yield SchemaError(where, "a parameter", "one of " + (", ".join(known) or "no parameters"))
        elif not isinstance(value, PARAMETER_TYPES[known[name]["type"]]):
            yield SchemaError(where, type(value).__name__, known[name]["type"])
        elif "allowed" in known[name] and value not in known[name]["allowed"]:
            yield SchemaError(where, value, "one of " + ", ".join(map(str, known[name]["allowed"])))


def landmark_errors(dep: Deposition) -> Iterator[PolystateError]:
    """[OPR-19] and the arrays of landmarks."""
    for path in [p for p in dep.tree if p.startswith("landmarks/") and p.count("/") == 1]:
        group, sizes = dep.tree[path], {}  # type: ignore[var-annotated]
        yield from checks.array_errors(dep.tree, path, checks.payload("landmarks"), sizes)
        if "L" in sizes and len(group.attributes.get("labels", [])) != sizes["L"]:
            found = f"{len(group.attributes.get('labels', []))} labels"
            yield WrongShape(f"{path}#/labels", found, f"{sizes['L']}, one a point")


def grouping_errors(dep: Deposition, name: str, found: Grouping) -> Iterator[PolystateError]:
    """[GRP-1] to [GRP-15]: one grouping, whether or not it is a scope."""
    path, kind = found.path, found.document.get("kind")
    sizes: dict[str, int] = {}
    errors = list(checks.array_errors(dep.tree, path, checks.payload("grouping"), sizes))
    yield from errors
    if errors:
        return
    yield from checks.row_errors(f"{path}/child", found.child, dep.hierarchy.size(found.child_level))
    yield from checks.row_errors(f"{path}/parent", found.parent, found.n_labels)
    stored = dep.tree[path].arrays
    if "label" in stored:
        level = found.document.get("label_level", found.child_level)
        yield from checks.row_errors(f"{path}/label", stored["label"], dep.hierarchy.size(level))
    labels = list(found.document.get("labels") or np.asarray(stored.get("label", [])).tolist())
    if len(set(labels)) != len(labels):
        twice = next(x for k, x in enumerate(labels) if x in labels[:k])
        yield DuplicateId(f"{path}#/labels", twice, "each label once")
    if kind in ("partition", "heterogeneity_scope"):
        repeated = np.flatnonzero(np.diff(found.child) == 0)
        if len(repeated):
            row = int(repeated[0]) + 1
            yield NotAPartition(f"{path}/child[{row}]", f"{found.child_level} row {found.child[row]} again", "once")
    if kind == "coarse_grain" and found.weight is None:
        yield MissingArray(f"{path}/weight", "nothing", "projection coefficients")
    if kind == "coarse_grain" and found.child_level != "atom":
        yield UnsupportedCombination(f"{path}#/child_level", found.child_level, "atom")


def duplicate_keys(where: str, keys: np.ndarray) -> Iterator[PolystateError]:
    """[RNG-7] Two atoms with one draw key."""
    values, first, counts = np.unique(keys, return_index=True, return_counts=True)
    if len(values) and counts.max() > 1:
        yield DuplicateDrawKey(where, int(values[counts.argmax()]), "a key of its own for each atom")


def unused_word(where: str, word: str) -> PolystateError:
    """[HIE-11]"""
    return DanglingRow(where, f"{word!r}, which no row uses", "only words in use")


def described(d: Descriptor) -> Mapping[str, Any]:
    """The arrays and tables that the schema gives this descriptor; refused where it has no procedure."""
    from polystate_schemas.schema import descriptor_payload

    for error in combination_errors(d):
        raise error
    found = descriptor_payload(dict(d.document))
    if found is None:
        name = f"{d.regime}, mode {d.mode}, operator {d.operator}"
        raise UnsupportedCombination(d.path, name, "a combination that has a procedure")
    return found
