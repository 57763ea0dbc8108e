"""Operators that documents name, their bodies, and landmarks (chapter 9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from polystate.artifacts.bodies import inline_body, is_pickle
from polystate.errors import (
    HashMismatch,
    MissingProvenance,
    PickleRefused,
    PolystateError,
    SchemaError,
    UnsupportedCombination,
    WrongShape,
)
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.rules import payloads
from polystate.rules.mean import component_count
from polystate_schemas.documents import kind_of_path
from polystate_schemas.registry import RegistryError, content_hash, entries, misfits

PARAMETER_TYPES = {"number": (int, float), "integer": (int,), "text": (str,), "boolean": (bool,), "list": (list,),
                   "object": (dict,)}  # fmt: skip


def operator_errors(where: str, operator: Any) -> Iterator[PolystateError]:
    """[OPR-2] to [OPR-4]: an operator that is named by a descriptor, a derivation or landmarks; not an unknown one."""
    if not isinstance(operator, Mapping):
        return
    name, entry = operator.get("id"), entries().get(str(operator.get("id")))
    if entry is None:
        return  # OPR-29, OPR-30: a warning
    if operator.get("hash") != entry.hash:
        yield HashMismatch(f"{where}/hash", operator.get("hash"), entry.hash)  # OPR-2
        return
    signature, venue = entry.document["signature"], operator.get("venue")
    if (venue == "registry") == ("body" in signature):
        expected = f"inline or external: {name} has a body" if venue == "registry" else f"registry: {name} has no body"
        yield UnsupportedCombination(f"{where}/venue", venue, expected)  # OPR-3
    own = [p for p in signature["parameters"] if "taken_from" not in p]
    yield from parameter_errors(f"{where}/parameters", own, operator.get("parameters") or {})


def parameter_errors(
    where: str, described: Iterable[Mapping[str, Any]], given: Mapping[str, Any]
) -> Iterator[SchemaError]:
    """[OPR-4] Parameters that an entry does not have, and values that it does not permit."""
    known = {p["name"]: p for p in described}
    for key, value in given.items():
        place = f"{where}/{key}"
        if key not in known:
            yield SchemaError(place, "a parameter", "one of " + (", ".join(known) or "no parameters"))  # OPR-4
        elif not _is_of_type(value, known[key]["type"]):
            yield SchemaError(place, type(value).__name__, known[key]["type"])  # OPR-4
        elif "allowed" in known[key] and value not in known[key]["allowed"]:
            yield SchemaError(place, value, "one of " + ", ".join(map(str, known[key]["allowed"])))  # OPR-4


def _is_of_type(value: Any, name: str) -> bool:
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, PARAMETER_TYPES[name])


def assignment_errors(dep: Model) -> Iterator[PolystateError]:
    """[OPR-22], [OPR-24] The documents of landmarks: what they are points of, and which operator assigns to them."""
    for path in landmark_paths(dep):
        document = dep.tree[path].attributes
        operator, name = document["assignment"], str(document["descriptor"])
        errors = list(operator_errors(f"{path}#/assignment", operator))
        yield from errors
        if not errors and not operator["id"].startswith("assignment/"):
            yield UnsupportedCombination(f"{path}#/assignment/id", operator["id"], "assignment/*")
        d = dep.descriptors.get(name)
        variable = d.procedure.components if d is not None else ""
        unknown = d is not None and d.operator_unknown
        if path != f"landmarks/{name}" or not (variable or unknown):
            yield UnsupportedCombination(f"{path}#/descriptor", name, "the basis or decoder that the group is named by")
        elif document["variable"] != variable and not unknown:
            yield UnsupportedCombination(f"{path}#/variable", document["variable"], variable)
        block = document.get("provenance")
        if block is not None and f"provenance/{block}" not in dep.tree:
            yield MissingProvenance(f"{path}#/provenance", block, "a block under provenance/")  # PRV-5


def landmark_paths(dep: Model) -> list[str]:
    """The groups of landmarks."""
    return [p for p in dep.tree if p.startswith("landmarks/") and p.count("/") == 1]


def landmark_errors(dep: Model) -> Iterator[PolystateError]:
    """[OPR-19] and the arrays of landmarks."""
    for path in landmark_paths(dep):
        group, sizes = dep.tree[path], {}  # type: ignore[var-annotated]
        yield from payloads.array_errors(dep.tree, path, payloads.payload("landmarks"), sizes)
        if "L" in sizes and len(group.attributes.get("labels", [])) != sizes["L"]:
            found = f"{len(group.attributes.get('labels', []))} labels"
            yield WrongShape(f"{path}#/labels", found, f"{sizes['L']}, one a point")


def landmark_width_errors(dep: Model) -> Iterator[PolystateError]:
    """[OPR-25] Points of as many components as the basis or decoder has."""
    for path in landmark_paths(dep):
        document, point = dep.tree[path].attributes, dep.tree[path].arrays["point"]
        d = dep.descriptors[document["descriptor"]]
        if d.signal_type != "unknown" and not d.operator_unknown:
            width = component_count(d, document["variable"])
            if not len(point) or point.shape[1] != width:
                yield WrongShape(f"{path}/point", point.shape, f"(L, {width}) with one point or more")


def body_group_errors(dep: Model) -> Iterator[PolystateError]:
    """The bodies of operators that the deposition holds, whether or not a descriptor names them."""
    for path in (p for p in dep.tree if kind_of_path(p) == "operator_body"):
        errors = list(payloads.array_errors(dep.tree, path, payloads.payload("operator_body"), {}))
        yield from errors or body_errors(dep.tree, path)
        yield from entry_errors(path, dep.tree[path].attributes)


def entry_errors(path: str, document: Mapping[str, Any]) -> Iterator[PolystateError]:
    """The entry and vectors beside a body: what the registry says otherwise, and vectors that do not fit."""
    entry, vectors = document.get("entry"), document.get("vectors") or []
    if entry is None:
        if vectors:
            yield SchemaError(f"{path}#/vectors", "test vectors", "an entry beside them")  # OPR-36
        return
    try:
        found = content_hash(entry)
    except RegistryError as error:
        yield SchemaError(f"{path}#/entry", error, "an entry that has a canonical form")  # OPR-33
        return
    known = entries().get(entry["id"])
    if known is not None and known.hash != found:
        yield HashMismatch(f"{path}#/entry/id", f"{entry['id']} with {found}", known.hash)  # OPR-34
    for k, vector in enumerate(vectors):
        for problem in misfits(entry, vector):
            yield SchemaError(f"{path}#/vectors/{k}", problem, "names of the signature")  # OPR-36


def body_errors(tree: Any, path: str) -> Iterator[PolystateError]:
    """[OPR-23] The body at a path, whether or not a descriptor names it: altered, or a pickle."""
    try:
        content, where = inline_body(tree, path, path)
    except PolystateError as error:
        yield error
        return
    if is_pickle(content):
        yield PickleRefused(where, "a pickle", "TorchScript or ONNX; pickles run code when they are read")


def inline_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[OPR-5], [OPR-6], [OPR-9]: an inline body that is missing, altered or a pickle; nothing is run."""
    operator = d.document.get("operator") or {}
    if operator.get("venue") == "inline":
        uri = str(operator.get("uri", ""))
        content, where = inline_body(d.ground.tree, uri, f"{d.path}#/operator/uri")
        entry = d.ground.tree[uri].attributes.get("entry")
        if entry is not None and content_hash(entry) != operator.get("hash"):
            yield HashMismatch(f"{d.path}#/operator/hash", operator.get("hash"), content_hash(entry))  # OPR-35
        if is_pickle(content):
            yield PickleRefused(where, "a pickle", "TorchScript or ONNX; pickles run code when they are read")
