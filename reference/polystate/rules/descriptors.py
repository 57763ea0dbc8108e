"""One descriptor (chapter 4): keys that go together, the payload that they ask for, the atoms that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from polystate.errors import (
    AtomOutsideScope,
    DuplicateId,
    MissingArray,
    PolystateError,
    UnsupportedCombination,
)
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.model.procedures import PROCEDURES, STATE_TABLES
from polystate.rules import mean, payloads, states
from polystate.rules.artifacts import location_errors
from polystate.rules.axes import known_axes
from polystate.rules.covariance import tls_errors
from polystate.rules.derivation import circle_errors, function_errors, provenance_errors
from polystate.rules.groupings import known_grouping
from polystate.rules.operators import inline_errors, operator_errors
from polystate_schemas.registry import entries


def document_errors(dep: Model, d: Descriptor) -> Iterator[PolystateError]:
    """Ids, groupings, axes, operators and provenance that a descriptor names."""
    if d.document.get("id") != d.id:
        yield DuplicateId(f"{d.path}#/id", d.document.get("id"), f"{d.id}, the name of its group")  # STO-18
    scope = d.document.get("scope") or {}
    if isinstance(scope, Mapping) and "grouping" in scope:
        try:
            known_grouping(dep, d)
        except PolystateError as error:
            yield error
    yield from known_axes(dep, d)
    yield from operator_errors(f"{d.path}#/operator", d.document.get("operator"))
    yield from function_errors(dep, d)
    yield from location_errors(d)
    yield from provenance_errors(dep, d)
    yield from circle_errors(dep, d)


def combination_errors(d: Descriptor) -> Iterator[PolystateError]:
    """Keys that do not go together; what one key alone decides, [DSC-46] to [DSC-52], the schema says."""
    subcase = (d.operator or "").partition("/")[0]
    row = (d.regime, d.mode, d.signal_type, subcase)
    found = f"{d.regime}, mode {d.mode}, {d.signal_type}, operator {d.operator}, {d.algebra}"
    if d.signal_type != "unknown" and not any(_is_in(row, p) and d.algebra in p[4] for p in PROCEDURES):
        yield UnsupportedCombination(d.path, found, "a row of the table of procedures (spec 4.2)")  # DSC-4
    elif d.operator in entries() and not d.is_discrete and d.algebra != entries()[d.operator].document["algebra"]:
        algebra = entries()[d.operator].document["algebra"]
        yield UnsupportedCombination(f"{d.path}#/algebra", d.algebra, algebra)  # STK-5
    if "acts_as" in d.document and subcase != "rigid_body":
        yield UnsupportedCombination(f"{d.path}#/acts_as", d.document["acts_as"], "a rigid body")  # DSC-8, DSC-51
    for key in ("broadcast_policy", "normalised"):
        if d.document.get(key) is not None and not d.is_gaussian:
            yield UnsupportedCombination(f"{d.path}#/{key}", d.document[key], "gaussian_disorder")  # DSC-8
    if d.document.get("state_axis") is not None and not d.is_discrete:
        yield UnsupportedCombination(f"{d.path}#/state_axis", d.document["state_axis"], "regime discrete")  # DSC-10
    if d.axis is not None and not d.procedure.on_axis:
        yield UnsupportedCombination(f"{d.path}#/sample_axis", d.axis, f"no axis for {d.operator}")  # DSC-44
    if d.document.get("state_axis") is not None and d.axis is not None:
        yield UnsupportedCombination(f"{d.path}#/sample_axis", d.axis, "one of sample_axis and state_axis")  # AXI-23
    if d.regime == "trajectory" and d.axis is None:
        yield UnsupportedCombination(f"{d.path}#/sample_axis", "nothing", "the axis of a trajectory")  # DSC-36


def _is_in(found: tuple[str, ...], row: tuple[Any, ...]) -> bool:
    """Whether keys are those of a row of the table; a subcase that the registry lacks may stand for any ([OPR-31])."""
    subcase = found[3]
    known = not subcase or any(entry.subcase == subcase for entry in entries().values())
    return found == row[:4] if known else found[:3] == row[:3] and row[3] != ""


def described(d: Descriptor) -> Mapping[str, Any]:
    """The arrays and tables that the schema gives this descriptor; refused where it has no procedure."""
    from polystate_schemas.documents import descriptor_payload

    for error in combination_errors(d):
        raise error
    if d.signal_type == "unknown":
        return _of_unknown_signal(d)
    if d.operator_unknown:
        return _of_unknown_operator(d)
    found = descriptor_payload(dict(d.document))
    if found is None:
        name = f"{d.regime}, mode {d.mode}, operator {d.operator}"
        raise UnsupportedCombination(d.path, name, "a combination that has a procedure")  # DSC-4
    if d.is_discrete and d.mode == "C":
        return {**found, "arrays": {name: _by_state(about) for name, about in found["arrays"].items()}}
    return found


def _of_unknown_signal(d: Descriptor) -> Mapping[str, Any]:
    """[DSC-53] What is known of a payload whose numbers nobody reads: its states and conditions."""
    found = payloads.payload("discrete" if d.is_discrete else "descriptor")
    tables = {name: about for name, about in found["tables"].items() if name in STATE_TABLES}
    return {"arrays": found["arrays"], "tables": tables}


def _of_unknown_operator(d: Descriptor) -> Mapping[str, Any]:
    """[OPR-31] As of an unknown signal, and which atoms it covers."""
    found = _of_unknown_signal(d)
    covered = {**payloads.payload("external")["arrays"]["atom_id"], "required": False, "unique": False}
    return {**found, "arrays": {**found["arrays"], "atom_id": covered}}


def _by_state(about: Mapping[str, Any]) -> Mapping[str, Any]:
    """An array of an operator whose leading dimension, along an axis elsewhere, lists the states ([MEAN-10])."""
    shapes = [s for s in about["shapes"] if payloads.AXIS_DIMENSION in s]
    if not shapes or len(about["shapes"]) == 1:
        return about
    return {**about, "shapes": [["S" if n == payloads.AXIS_DIMENSION else n for n in s] for s in shapes]}


def payload_errors(d: Descriptor, part: str = "all") -> Iterator[PolystateError]:
    """What is wrong with a descriptor's arrays and tables.

    part: `states` = only the tables that the scope DAG needs; `labels` = those, and labels along an axis; `all` =
    everything but the values of arrays along a sample axis; `some` = all but the values of rows or vectors of atoms,
    which are judged as they are read, and [TLS-5] where it would take positions that are not read; `values` =
    everything."""
    d.label_of_atom  # noqa: B018  refuses a scope that is not a partition, GRP-12, GRP-13
    described_as = described(d)
    failed = False
    for error in _table_errors(d, described_as["tables"], part):
        yield error
        failed = True
    if failed:
        return
    if part not in ("states", "labels") and d.is_mapped and "atom_map" not in d.group.tables:
        yield MissingArray(f"{d.path}/atom_map", "nothing", "the table that maps its atom ids")  # IDN-7
        return
    if part == "labels":
        described_as = {**described_as, "arrays": {n: a for n, a in described_as["arrays"].items() if n == "labels"}}
    if part != "states":
        for error in _array_errors(d, described_as, part):
            yield error
            failed = True
    if failed:
        return
    yield from _content_errors(d, part)
    if part not in ("states", "labels") and d.signal_type != "unknown" and d.table("occupancy"):
        ids, where = d.column("occupancy", "atom_id"), f"{d.path}/occupancy/atom_id"
        yield from _outside_errors(d, ids, d.rows_of_ids(ids, where), where)


def _table_errors(d: Descriptor, tables: Mapping[str, Any], part: str) -> Iterator[PolystateError]:
    """The tables of a payload by what the schema says of them."""
    for name, about in tables.items():
        if part in ("states", "labels") and name not in STATE_TABLES:
            continue
        if name in d.group.tables:
            yield from payloads.table_errors(d.path, name, d.group.tables[name], about)
        elif name in d.group.arrays:
            yield MissingArray(f"{d.path}/{name}", "an array that is not marked as a table", "an Arrow table")  # STO-38
        elif about["required"]:
            yield MissingArray(f"{d.path}/{name}", "nothing", "a table of this descriptor")  # STO-15


def _array_errors(d: Descriptor, described_as: Mapping[str, Any], part: str) -> Iterator[PolystateError]:
    """[DSC-37] and what else the schema says of the arrays of a payload."""
    sizes, axis = _sizes(d)
    skip = () if part in ("values", "labels") else (payloads.AXIS_DIMENSION,)
    tree = d.ground.tree if d.group is d.stored else {d.path: d.group}
    later = {d.procedure.of_atoms} if part == "some" else set()
    yield from payloads.array_errors(tree, d.path, described_as, sizes, skip, axis, later)


def _sizes(d: Descriptor) -> tuple[dict[str, int], str | None]:
    """The dimensions that are known before any array is read, and the axis that leading ones run along."""
    sizes = {"G": d.n_labels}
    if d.axis is not None:
        sizes[payloads.AXIS_DIMENSION] = d.ground.axis(d.axis, d.path).length
    if d.is_discrete:
        pairs = np.stack([d.column("states", "site"), d.column("states", "state")])
        sizes["S"] = np.unique(pairs, axis=1).shape[1]
    return sizes, d.axis


def _content_errors(d: Descriptor, part: str) -> Iterator[PolystateError]:
    """What is wrong within one descriptor whose arrays and tables have the right shapes."""
    yield from states.condition_errors(d)
    if d.is_discrete and d.table("states"):
        yield from states.state_errors(d, part)
    if part in ("states", "labels"):
        return
    d.offset  # noqa: B018  refuses a reference that differs, REF-3, REF-4
    yield from inline_errors(d)
    yield from mean.offset_errors(d)
    if d.signal_type == "unknown":
        return  # DSC-53
    yield from states.displacement_errors(d)
    if d.has("atom_id"):
        yield from _outside_errors(d, d.array("atom_id"), d.atom_rows, f"{d.path}/atom_id")
    if d.operator_unknown:
        return  # OPR-31
    yield from mean.errors(d)
    positions = part != "some" or not d.ground.reads_in_parts  # of all atoms of a group, [TLS-5]
    if d.procedure.placed == "groups" and d.document.get("normalised", True) is not False and positions:
        yield from tls_errors(d)
    yield from mean.amplitude_errors(d)


def _outside_errors(d: Descriptor, ids: np.ndarray, rows: np.ndarray, where: str) -> Iterator[PolystateError]:
    """[DSC-12] Atoms that a payload names and its scope does not hold."""
    kept = np.flatnonzero(rows >= 0)
    bad = kept[d.label_of_atom[rows[kept]] < 0]
    if len(bad):
        yield AtomOutsideScope(f"{where}[{bad[0]}]", f"atom_id {ids[bad[0]]}", "an atom of the descriptor's scope")
