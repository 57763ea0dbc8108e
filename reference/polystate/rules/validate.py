"""Validation: every error and warning of a deposition, in the order in which a reader would meet them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polystate.errors import (
    DuplicateId,
    DuplicateRow,
    MissingArray,
    MissingLayer,
    OutOfRange,
    PolystateError,
    SchemaError,
    UnknownAlgebra,
    UnknownLayer,
    UnsortedRows,
)
from polystate.model.descriptor import Descriptor, without_nulls
from polystate.model.model import Model
from polystate.rules import across as cross_checks
from polystate.rules import descriptors as descriptor_checks
from polystate.rules import documents as document_checks
from polystate.rules import doubtful
from polystate.rules import payloads as checks
from polystate.rules.artifacts import artifact_errors, body_errors, location_errors
from polystate.store.tree import LAYERS
from polystate.structure.hierarchy import TABLES

REQUIRED = (
    "hierarchy",
    "hierarchy/atoms",
    "hierarchy/residues",
    "hierarchy/chains",
    "hierarchy/entities",
    "reference",
)
ALGEBRAS = ("independent", "nested_under", "additive_covariance", "additive_displacement")


@dataclass
class Report:
    """What validation found. Errors make a deposition invalid; warnings do not."""

    errors: list[PolystateError] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        return not self.errors

    def to_json(self) -> dict[str, Any]:
        """The report as `polystate validate --json` prints it."""
        return {"valid": self.valid, "errors": [e.to_json() for e in self.errors], "warnings": self.warnings}


def validate(dep: Model, strict: bool = False, regenerate: bool = False, artifacts: bool = False) -> Report:
    """Read everything and report all that is wrong; one broken part does not hide the others.

    strict: what is stale is an error. regenerate: what an operator made is made again and compared. artifacts: what
    lies outside the deposition is looked for and verified too."""
    report = Report()
    _collect(report, document_errors(dep))
    if report.errors:
        return report  # the arrays have no agreed meaning
    _collect(report, hierarchy_errors(dep))
    if report.errors:
        return report
    for d in dep.descriptors.values():
        _collect(report, payload_errors(d, "values"))
    if not report.errors:
        _collect(report, cross_checks.state_errors(dep))
        _collect(report, cross_checks.cross_errors(dep))
    if regenerate and not report.errors:
        from polystate.rules.derived import mismatches

        _collect(report, mismatches(dep))
    if artifacts and not report.errors:
        _collect(report, artifact_errors(dep))
    report.warnings += doubtful.warnings(dep, sound=not report.errors)
    stale = list(doubtful.stale(dep)) if not report.errors else []
    if strict:
        report.errors += stale
    else:
        report.warnings += [e.to_json() for e in stale]
    return report


def _collect(report: Report, errors: Iterator[PolystateError]) -> None:
    try:
        for error in errors:
            report.errors.append(error)
    except PolystateError as error:  # raised while looking: it ends this part only
        report.errors.append(error)


# -- documents -------------------------------------------------------------------------------------------


def document_errors(dep: Model) -> Iterator[PolystateError]:
    """What is wrong with layers, documents and the references between them; no array is read."""
    tree = dep.tree
    names = tree.layers() if hasattr(tree, "layers") else {p.split("/", 1)[0] for p in tree if p}
    for name in sorted(names):
        if name not in LAYERS:
            yield UnknownLayer(name, "a layer of this name", "one of " + ", ".join(LAYERS))
    for path in REQUIRED:
        if path not in tree and not any(p.startswith(path + "/") for p in tree):
            yield MissingLayer(path, "nothing", "a group that every deposition has")
    yield from document_checks.text_errors(tree)
    yield from _schema_errors("deposition", "", dep.document)
    yield from document_checks.name_errors(tree)
    readable = True
    for path, group in tree.items():
        kind = document_kind(path)
        if kind:
            document = without_nulls(group.attributes) if kind == "descriptor" else group.attributes
            for error in _schema_errors(kind, path, document):
                readable &= kind not in ("descriptor", "landmarks")
                yield error
    if readable:  # what a descriptor names is looked up in others, which have to have the right form
        for d in dep.descriptors.values():
            yield from _descriptor_document_errors(dep, d)
        yield from document_checks.assignment_errors(dep)


def document_kind(path: str) -> str | None:
    """The kind of document that stands at a path of the store."""
    parts = path.split("/")
    if parts[0] == "hierarchy" and len(parts) == 2 and parts[1] in (*TABLES.values(), "bonds", "ncs"):
        return parts[1]
    if parts[:2] == ["hierarchy", "assemblies"] and len(parts) == 3:
        return "assembly"
    flat = {"axes": "axis", "descriptors": "descriptor", "operators": "operator_body", "provenance": "provenance"}
    if len(parts) == 2 and parts[0] in {**flat, "annotations": "", "landmarks": ""}:
        return flat.get(parts[0], parts[0].removesuffix("s") if parts[0] == "annotations" else parts[0])
    if parts[0] == "groupings" and len(parts) == 3:
        return "grouping"
    return {"hierarchy": "hierarchy", "reference": "reference"}.get(path)


def _schema_errors(kind: str, path: str, document: Mapping[str, Any]) -> Iterator[PolystateError]:
    from polystate_schemas.schema import validate as violations

    for pointer, found, expected in violations(kind, dict(document)):
        unknown = kind == "descriptor" and pointer == "/algebra" and document.get("algebra", "") not in ALGEBRAS
        error = UnknownAlgebra if unknown and "algebra" in document else SchemaError
        yield error(f"{path}#{pointer}", found, expected)


def _descriptor_document_errors(dep: Model, d: Descriptor) -> Iterator[PolystateError]:
    """Ids, groupings, axes, operators and provenance that a descriptor names."""
    if d.document.get("id") != d.id:
        yield DuplicateId(f"{d.path}#/id", d.document.get("id"), f"{d.id}, the name of its group")
    scope = d.document.get("scope") or {}
    if isinstance(scope, Mapping) and "grouping" in scope:
        try:
            document_checks.known_grouping(dep, d)
        except PolystateError as error:
            yield error
    for key in ("sample_axis", "state_axis"):
        if d.document.get(key) is not None:
            try:
                dep.axis(d.document[key], f"{d.path}#/{key}")
            except PolystateError as error:
                yield error
    yield from document_checks.operator_errors(f"{d.path}#/operator", d.document.get("operator"))
    yield from document_checks.function_errors(d)
    yield from location_errors(d)
    yield from document_checks.provenance_errors(dep, d)
    yield from document_checks.derivation_errors(dep, d)


# -- hierarchy and axes ----------------------------------------------------------------------------------


def hierarchy_errors(dep: Model) -> Iterator[PolystateError]:
    """What is wrong with the hierarchy, the reference, groupings and axes."""
    tree, sizes, whole = dep.tree, {}, True
    for table in (*TABLES.values(), "bonds", "ncs"):
        path = f"hierarchy/{table}"
        if path in tree:
            local: dict[str, int] = {}
            for error in checks.array_errors(tree, path, checks.payload(table), local):
                yield error
                whole &= isinstance(error, (DuplicateId, DuplicateRow, OutOfRange, UnsortedRows))
            if whole:
                yield from _vocabulary_errors(dep, path, table)
            sizes[path] = next(iter(local.values()), 0)
    if not whole:
        return  # columns that are not what they are called: nothing can be looked up in them
    for path, column, target, none in (
        ("hierarchy/atoms", "residue", "hierarchy/residues", False),
        ("hierarchy/residues", "chain", "hierarchy/chains", False),
        ("hierarchy/chains", "entity", "hierarchy/entities", True),
        ("hierarchy/bonds", "atom_a", "hierarchy/atoms", False),
        ("hierarchy/bonds", "atom_b", "hierarchy/atoms", False),
    ):
        if path in tree and column in tree[path].arrays:
            yield from checks.row_errors(f"{path}/{column}", tree[path].arrays[column], sizes.get(target, 0), none)
    if "hierarchy/bonds" in tree:
        yield from document_checks.bond_errors(tree)
    yield from checks.array_errors(
        tree, "reference", checks.payload("reference"), {"N": sizes.get("hierarchy/atoms", 0)}
    )
    for path in (p for p in tree if p.startswith("hierarchy/assemblies/") or p == "hierarchy/ncs"):
        if "operators" in tree[path].arrays:
            yield from _affine_errors(f"{path}/operators", tree[path].arrays["operators"])
    for path in (p for p in tree if p.startswith("hierarchy/assemblies/")):
        local = {}
        yield from checks.array_errors(tree, path, checks.payload("assembly"), local)
        for column, size in (("chain", sizes.get("hierarchy/chains", 0)), ("operator", local.get("K", 0))):
            if column in tree[path].arrays:
                yield from checks.row_errors(f"{path}/{column}", tree[path].arrays[column], size)
    for path in (p for p in tree if document_kind(p) == "operator_body"):
        errors = list(checks.array_errors(tree, path, checks.payload("operator_body"), {}))
        yield from errors or body_errors(tree, path)
    if dep.hierarchy.has("atoms", "draw_key"):
        keys = dep.hierarchy.column("atoms", "draw_key")
        yield from document_checks.duplicate_keys("hierarchy/atoms/draw_key", keys)
    for name, grouping in dep.groupings.items():
        yield from document_checks.grouping_errors(dep, name, grouping)
    yield from document_checks.landmark_errors(dep)
    for name, axis in dep.axes.items():
        yield from checks.array_errors(tree, f"axes/{name}", checks.payload("axis"), {"n": axis.length})


def _affine_errors(where: str, operators: np.ndarray) -> Iterator[PolystateError]:
    """[HIE-13] The last row of an operator (K, 4, 4) is 0, 0, 0, 1."""
    if operators.ndim == 3 and operators.shape[1:] == (4, 4):
        bad = np.flatnonzero((operators[:, 3] != [0, 0, 0, 1]).any(axis=1))
        if len(bad):
            yield OutOfRange(f"{where}[{bad[0]}]", operators[bad[0], 3].tolist(), "a last row of 0, 0, 0, 1")


def _vocabulary_errors(dep: Model, path: str, kind: str) -> Iterator[PolystateError]:
    group = dep.tree[path]
    for column, about in checks.payload(kind)["arrays"].items():
        word_list = about.get("vocabulary")
        if not word_list or column not in group.arrays:
            continue
        words = group.attributes.get("vocabularies", {}).get(word_list)
        where = f"{path}#/vocabularies/{word_list}"
        if not isinstance(words, list):
            yield SchemaError(where, words, "a list of texts")
            continue
        encoded = [str(w).encode("utf-8", "surrogatepass") for w in words]
        if len(set(encoded)) != len(encoded):
            yield DuplicateRow(where, "a word twice", "each word once")
        elif encoded != sorted(encoded):
            yield UnsortedRows(where, "words out of order", "ascending UTF-8 bytes")
        codes = group.arrays[column]
        yield from checks.row_errors(f"{path}/{column}", codes, len(words), none=True)
        unused = np.setdiff1d(np.arange(len(words)), codes)
        if len(unused):
            yield document_checks.unused_word(where, words[int(unused[0])])


# -- payloads --------------------------------------------------------------------------------------------


def payload_errors(d: Descriptor, part: str = "all") -> Iterator[PolystateError]:
    """What is wrong with a descriptor's arrays and tables.

    part: `states` = only the tables that the scope DAG needs; `labels` = those, and labels along an axis; `all` =
    everything but the values of arrays along a sample axis; `values` = those too."""
    d.label_of_atom  # noqa: B018  refuses a scope that is not a partition
    described = document_checks.described(d)
    failed = False
    for name, about in described["tables"].items():
        if part in ("states", "labels") and name not in document_checks.STATE_TABLES:
            continue
        if name in d.group.tables:
            for error in checks.table_errors(d.path, name, d.group.tables[name], about):
                yield error
                failed = True
        elif name in d.group.arrays:
            yield MissingArray(f"{d.path}/{name}", "an array that is not marked as a table", "an Arrow table")
            failed = True
        elif about["required"]:
            yield MissingArray(f"{d.path}/{name}", "nothing", "a table of this descriptor")
            failed = True
    if failed:
        return
    if part not in ("states", "labels") and d.is_mapped and "atom_map" not in d.group.tables:
        yield MissingArray(f"{d.path}/atom_map", "nothing", "the table that maps its atom ids")  # [IDN-7]
        return
    if part == "labels":
        described = {**described, "arrays": {n: a for n, a in described["arrays"].items() if n == "labels"}}
    if part != "states":
        sizes, axis = _sizes(d)
        skip = () if part in ("values", "labels") else (checks.AXIS_DIMENSION,)
        tree = d.ground.tree if d.group is d.stored else {d.path: d.group}
        for error in checks.array_errors(tree, d.path, described, sizes, skip, axis):
            yield error
            failed = True
    if not failed:
        yield from descriptor_checks.descriptor_errors(d, part)
        if part not in ("states", "labels") and d.signal_type != "unknown" and d.table("occupancy"):
            d.rows_of_ids(d.column("occupancy", "atom_id"), f"{d.path}/occupancy/atom_id")  # [DSC-11]


def _sizes(d: Descriptor) -> tuple[dict[str, int], str | None]:
    """The dimensions that are known before any array is read, and the axis that leading ones run along."""
    sizes = {"G": d.n_labels}
    if d.axis is not None:
        sizes[checks.AXIS_DIMENSION] = d.ground.axis(d.axis, d.path).length
    if d.is_discrete:
        pairs = np.stack([d.column("states", "site"), d.column("states", "state")])
        sizes["S"] = np.unique(pairs, axis=1).shape[1]
    return sizes, d.axis
