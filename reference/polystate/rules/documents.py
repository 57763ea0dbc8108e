"""Documents, groupings and words against rules that no schema can say. Each names its sentence in `spec/`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from polystate.errors import (
    DanglingRow,
    DerivedCycle,
    DuplicateDrawKey,
    DuplicateId,
    HashMismatch,
    MissingArray,
    MissingProvenance,
    NotAPartition,
    PolystateError,
    SchemaError,
    UnknownOperator,
    UnsortedRows,
    UnsupportedCombination,
    WrongShape,
)
from polystate.model.derivation import ARRAYS
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.model.procedures import PROCEDURES, STATE_TABLES
from polystate.rules import payloads as checks
from polystate.store.reading import StoredTree
from polystate.store.tree import Tree
from polystate.structure.groupings import Grouping, grouping
from polystate_schemas.registry import entries

NAMED = ("axes", "descriptors", "operators", "provenance", "annotations", "groupings", "landmarks",
         "hierarchy/assemblies")  # fmt: skip
_ID = re.compile("[a-z0-9][a-z0-9_.-]{0,63}")
_VERSION = re.compile("v[1-9][0-9]*")


def name_errors(tree: Tree) -> Iterator[PolystateError]:
    """[STO-17], [GRP-16] Names of groups that are ids, and versions of groupings."""
    paths = {p for path in tree for p in _prefixes(path)}
    for path in sorted(paths):
        parts = path.split("/")
        layer = "/".join(parts[:2]) if parts[0] == "hierarchy" else parts[0]
        named = parts[2:] if parts[0] == "hierarchy" else parts[1:]
        if layer not in NAMED or not named or len(named) > 2:
            continue
        if len(named) == 1 and not _ID.fullmatch(named[0]):
            yield SchemaError(path, named[0], "an id of a-z, 0-9, _ . - with 64 characters at most")
        if len(named) == 2 and layer == "groupings" and not _VERSION.fullmatch(named[1]):
            yield SchemaError(path, named[1], "v and a number from 1")


def text_errors(tree: Tree) -> Iterator[PolystateError]:
    """[STO-46] Payloads of a tree in memory with half of a surrogate pair, which no digest can hold."""
    for path, group in {} if isinstance(tree, StoredTree) else tree.items():
        try:
            json.dumps(group.attributes, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            found = f"{error.object[error.start : error.end]!r}"
            yield SchemaError(f"{path}#", found, "text of Unicode characters, no half of a surrogate pair")


def bond_errors(tree: Tree) -> Iterator[PolystateError]:
    """[HIE-21] Bonds of an atom with itself, or from a later atom to an earlier one."""
    bonds = tree["hierarchy/bonds"].arrays
    bad = np.flatnonzero(bonds["atom_a"] >= bonds["atom_b"])
    if len(bad):
        row = int(bad[0])
        found = f"atom_a {bonds['atom_a'][row]}, atom_b {bonds['atom_b'][row]}"
        yield UnsortedRows(f"hierarchy/bonds[{row}]", found, "atom_a below atom_b")


def _prefixes(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]


def known_grouping(dep: Model, d: Descriptor) -> None:
    """[GRP-11] Refuse a scope whose grouping does not exist."""
    grouping(dep.tree, dep.hierarchy, d.document["scope"]["grouping"], f"{d.path}#/scope/grouping")


def combination_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[DSC-4], [DSC-8] to [DSC-10], [DSC-44], [STK-5], [AXI-23]: keys that do not go together."""
    subcase = (d.operator or "").partition("/")[0]
    row = (d.regime, d.mode, d.signal_type, subcase)
    found = f"{d.regime}, mode {d.mode}, {d.signal_type}, operator {d.operator}, {d.algebra}"
    if d.signal_type != "unknown" and not any(row == p[:4] and d.algebra in p[4] for p in PROCEDURES):
        yield UnsupportedCombination(d.path, found, "a row of the table of procedures (spec 4.2)")
    elif d.operator in entries() and not d.is_discrete and d.algebra != entries()[d.operator].document["algebra"]:
        yield UnsupportedCombination(f"{d.path}#/algebra", d.algebra, entries()[d.operator].document["algebra"])
    if "acts_as" in d.document and subcase != "rigid_body":
        yield UnsupportedCombination(f"{d.path}#/acts_as", d.document["acts_as"], "a rigid body")
    for key in ("broadcast_policy", "adp_content", "normalised"):
        if d.document.get(key) is not None and not d.is_gaussian:
            yield UnsupportedCombination(f"{d.path}#/{key}", d.document[key], "gaussian_disorder")
    if d.document.get("state_axis") is not None and not d.is_discrete:
        yield UnsupportedCombination(f"{d.path}#/state_axis", d.document["state_axis"], "regime discrete")
    if d.axis is not None and not d.procedure.on_axis:
        yield UnsupportedCombination(f"{d.path}#/sample_axis", d.axis, f"no axis for {d.operator}")
    if d.document.get("state_axis") is not None and d.axis is not None:
        yield UnsupportedCombination(f"{d.path}#/sample_axis", d.axis, "one of sample_axis and state_axis")
    if d.regime == "trajectory" and d.axis is None:
        yield UnsupportedCombination(f"{d.path}#/sample_axis", "nothing", "the axis of a trajectory")


def provenance_errors(dep: Model, d: Descriptor) -> Iterator[PolystateError]:
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


def derivation_errors(dep: Model, d: Descriptor) -> Iterator[PolystateError]:
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


def _inputs(dep: Model, name: str) -> list[str]:
    if name not in dep.descriptors:
        return []
    derived = dep.descriptors[name].document.get("derived_from") or {}
    paths = [i.get("path", "") for i in derived.get("inputs", []) if isinstance(i, Mapping)]
    return [p.split("/")[1] for p in paths if p.startswith("descriptors/")]


PARAMETER_TYPES = {"number": (int, float), "integer": (int,), "text": (str,), "boolean": (bool,), "list": (list,),
                   "object": (dict,)}  # fmt: skip


def operator_errors(where: str, operator: Any) -> Iterator[PolystateError]:
    """[OPR-1] to [OPR-4]: an operator that is named by a descriptor, a derivation or landmarks."""
    if not isinstance(operator, Mapping):
        return
    name, entry = operator.get("id"), entries().get(str(operator.get("id")))
    if entry is None:
        yield UnknownOperator(f"{where}/id", name, "an operator of the registry")
        return
    if operator.get("hash") != entry.hash:
        yield HashMismatch(f"{where}/hash", operator.get("hash"), entry.hash)
        return
    signature, venue = entry.document["signature"], operator.get("venue")
    if venue != "registry" and "body" not in signature:
        yield UnsupportedCombination(f"{where}/venue", venue, f"registry: {name} has no body")
    known = {p["name"]: p for p in signature["parameters"] if "taken_from" not in p}
    for key, value in (operator.get("parameters") or {}).items():
        place = f"{where}/parameters/{key}"
        if key not in known:
            yield SchemaError(place, "a parameter", "one of " + (", ".join(known) or "no parameters"))
        elif not _is_of_type(value, known[key]["type"]):
            yield SchemaError(place, type(value).__name__, known[key]["type"])
        elif "allowed" in known[key] and value not in known[key]["allowed"]:
            yield SchemaError(place, value, "one of " + ", ".join(map(str, known[key]["allowed"])))


def _is_of_type(value: Any, name: str) -> bool:
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, PARAMETER_TYPES[name])


def function_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[DRV-14] A derivation by an operator that makes no descriptor."""
    operator = (d.document.get("derived_from") or {}).get("operator")
    errors = list(operator_errors(f"{d.path}#/derived_from/operator", operator))
    yield from errors
    if operator is not None and not errors and operator["id"] not in ARRAYS:
        expected = "one of " + ", ".join(ARRAYS)
        yield UnsupportedCombination(f"{d.path}#/derived_from/operator/id", operator["id"], expected)


def assignment_errors(dep: Model) -> Iterator[PolystateError]:
    """[OPR-22], [OPR-24] The documents of landmarks: what they are points of, and which operator assigns to them."""
    for path in landmark_paths(dep):
        document = dep.tree[path].attributes
        operator, name = document["assignment"], str(document["descriptor"])
        errors = list(operator_errors(f"{path}#/assignment", operator))
        yield from errors
        if not errors and not operator["id"].startswith("assignment/"):
            yield UnsupportedCombination(f"{path}#/assignment/id", operator["id"], "assignment/*")
        variable = dep.descriptors[name].procedure.components if name in dep.descriptors else ""
        if not variable or path != f"landmarks/{name}":
            yield UnsupportedCombination(f"{path}#/descriptor", name, "the basis or decoder that the group is named by")
        elif document["variable"] != variable:
            yield UnsupportedCombination(f"{path}#/variable", document["variable"], variable)


def landmark_paths(dep: Model) -> list[str]:
    """The groups of landmarks."""
    return [p for p in dep.tree if p.startswith("landmarks/") and p.count("/") == 1]


def landmark_errors(dep: Model) -> Iterator[PolystateError]:
    """[OPR-19] and the arrays of landmarks."""
    for path in landmark_paths(dep):
        group, sizes = dep.tree[path], {}  # type: ignore[var-annotated]
        yield from checks.array_errors(dep.tree, path, checks.payload("landmarks"), sizes)
        if "L" in sizes and len(group.attributes.get("labels", [])) != sizes["L"]:
            found = f"{len(group.attributes.get('labels', []))} labels"
            yield WrongShape(f"{path}#/labels", found, f"{sizes['L']}, one a point")


def grouping_errors(dep: Model, name: str, found: Grouping) -> Iterator[PolystateError]:
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
    from polystate_schemas.documents import descriptor_payload

    for error in combination_errors(d):
        raise error
    if d.signal_type == "unknown":
        return _of_unknown_signal(d)
    found = descriptor_payload(dict(d.document))
    if found is None:
        name = f"{d.regime}, mode {d.mode}, operator {d.operator}"
        raise UnsupportedCombination(d.path, name, "a combination that has a procedure")
    if d.is_discrete and d.mode == "C":
        return {**found, "arrays": {name: _by_state(about) for name, about in found["arrays"].items()}}
    return found


def _of_unknown_signal(d: Descriptor) -> Mapping[str, Any]:
    """[DSC-53] What is known of a payload whose numbers nobody reads: its states and conditions."""
    found = checks.payload("discrete" if d.is_discrete else "descriptor")
    tables = {name: about for name, about in found["tables"].items() if name in STATE_TABLES}
    return {"arrays": found["arrays"], "tables": tables}


def _by_state(about: Mapping[str, Any]) -> Mapping[str, Any]:
    """An array of an operator whose leading dimension, along an axis elsewhere, lists the states ([MEAN-10])."""
    shapes = [s for s in about["shapes"] if checks.AXIS_DIMENSION in s]
    if not shapes or len(about["shapes"]) == 1:
        return about
    return {**about, "shapes": [["S" if n == checks.AXIS_DIMENSION else n for n in s] for s in shapes]}
