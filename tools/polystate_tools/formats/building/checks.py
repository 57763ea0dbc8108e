"""What is wrong or doubtful in atom records before anything is made of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polystate.states.conditions import changes
from polystate_tools.formats.building.variables import TOLERANCE
from polystate_tools.formats.errors import DuplicateRecord, NonFiniteRecord, OccupancyRange, RecordRange
from polystate_tools.formats.records.layout import Layout, are_distinct, first_appearance, layout
from polystate_tools.formats.records.ranges import LARGEST, LARGEST_B, is_operator
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ImportReport


def checked(records: Records, strict: bool, report: ImportReport) -> Layout:
    """The layout of the records without duplicates; refuses what is not a number and occupancies below 0."""
    report.read = report.read or len(records) + sum(entry["count"] for entry in records.refused)
    report.refusals += records.refused
    report.losses += records.notes
    for doubt in records.doubts:
        report.warn(**doubt)
    _finite(records, report)
    _in_range(records, report)
    records = _with_sound_operators(records, report)
    for column in (records.xyz, records.occupancy, records.b, *([records.u] if records.has_u.any() else [])):
        np.add(column, 0.0, out=column)  # no negative zero: it is the same number with another digest
    negative = np.flatnonzero(records.occupancy < 0)
    if len(negative):
        row = int(negative[0])
        raise OccupancyRange(place(records, row, report), f"occupancy {records.occupancy[row]}", "0 or more")
    arranged = _without_duplicates(records, strict, report)
    report.kept = len(arranged.records)
    report.refused = report.read - report.kept
    report.models = len(arranged.steps[1])
    report.atoms = arranged.n_atoms
    report.alternates = report.kept - arranged.n_atoms
    _note_repeated(arranged, report)
    _check_occupancies(arranged, strict, report)
    return arranged


def place(records: Records, row: int, report: ImportReport) -> str:
    """A record for an error: the file, the line where the format has lines, and the atom."""
    line = f" line {records.line[row]}" if records.line is not None else ""
    return f"{report.source}{line} {records.record_name(row)}".strip()


def _finite(records: Records, report: ImportReport) -> None:
    for what, column in (("coordinates", records.xyz), ("occupancy", records.occupancy)):
        finite = np.isfinite(column)
        if not finite.all():
            bad = ~finite if column.ndim == 1 else ~finite.all(axis=1)
            row = int(np.flatnonzero(bad)[0])
            found = f"{what} {column[row]} ({int(bad.sum())} records)"
            raise NonFiniteRecord(place(records, row, report), found, "finite numbers")
    bad = np.isinf(records.b)
    if records.has_u.any():
        bad |= records.has_u & ~np.isfinite(records.u).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        found = f"B {records.b[row]}, U {records.u[row]}"
        raise NonFiniteRecord(place(records, row, report), found, "finite numbers")


def _in_range(records: Records, report: ImportReport) -> None:
    u = np.where(records.has_u[:, None], records.u, 0.0) if records.has_u.any() else np.zeros((0, 6))
    for what, column, largest in (
        ("coordinates", records.xyz, LARGEST),
        ("occupancy", records.occupancy, LARGEST),
        ("B", records.b, LARGEST_B),
        ("U", u, LARGEST),
    ):
        bounded(what, column, largest, records, range(len(column)), report)


def bounded(
    what: str, values: np.ndarray, largest: float, records: Records, record: np.ndarray | range, report: ImportReport
) -> None:
    """[EXP-30] Refuse the first of some values, (n,) or (n, k), that is too large. record: (n,) of which it is."""
    if not values.size or (values.min() >= -largest and values.max() <= largest):
        return
    bad = np.abs(values) > largest
    if bad.any():  # not where one that is missing, NaN, is all there is
        bad = bad if bad.ndim == 1 else bad.any(axis=1)
        k = int(np.flatnonzero(bad)[0])
        found = f"{what} {values[k]} ({int(bad.sum())} records)"
        raise RecordRange(place(records, int(record[k]), report), found, f"at most {largest:g}")  # EXP-30


def _with_sound_operators(records: Records, report: ImportReport) -> Records:
    """The records without NCS operators and assemblies of which a number is missing; each is named. An operator that
    maps no points to points is refused: without one of its copies an assembly is another molecule."""
    ncs = [op for k, op in enumerate(records.ncs, 1) if _is_sound(f"NCS operator {k}", op.matrix, report)]
    assemblies = [
        assembly
        for assembly in records.assemblies
        if all(
            [
                _is_sound(f"assembly {assembly.id} operator {k}", matrix, report)
                for k, matrix in enumerate(assembly.operators, 1)
            ]
        )
    ]
    dropped = len(ncs) < len(records.ncs) or len(assemblies) < len(records.assemblies)
    return replace(records, ncs=ncs, assemblies=assemblies) if dropped else records


def _is_sound(name: str, matrix: np.ndarray, report: ImportReport) -> bool:
    """Whether an operator is known; one that no file should hold is refused (EXP-30)."""
    if np.isnan(matrix).any():
        report.warn("unusable-operator", "left out: a number of the operator is missing", [name])
        report.lose(name, 1, "a number is missing")
        return False
    if not is_operator(matrix):
        kind = RecordRange if np.isfinite(matrix).all() else NonFiniteRecord
        expected = f"finite numbers of at most {LARGEST:g} and a last row of 0, 0, 0, 1"
        raise kind(f"{report.source} {name}".strip(), matrix.tolist(), expected)
    return True


def _without_duplicates(records: Records, strict: bool, report: ImportReport) -> Layout:
    arranged = layout(records)
    again = arranged.duplicate
    if not again.any():
        return arranged
    rows = np.flatnonzero(again).tolist()
    if strict:
        raise DuplicateRecord(
            place(records, rows[0], report),
            f"{len(rows)} records of an atom that has one already",
            "each atom once in each alternate and model",
        )
    names = list(dict.fromkeys(records.residue_name(row) for row in rows))
    report.warn(
        "duplicate-record", f"{len(rows)} records repeat an atom in one alternate and model; the first is kept", names
    )
    report.refusals.append({"count": len(rows), "because": "duplicate-record", "where": names[0]})
    return layout(records.take(~again))


def _note_repeated(arranged: Layout, report: ImportReport) -> None:
    """Residues of one chain, number and type that are several because their atoms came again."""
    records, first = arranged.records, arranged.first_of_residue
    columns = (
        arranged.chain_of_residue,
        records.comp.codes[first],
        records.label_seq[first],
        records.auth_seq[first],
        records.ins.codes[first],
    )
    found = np.stack(columns)
    if changes(found[:, np.lexsort(found[::-1])]).all():
        return
    seen: set[tuple] = set()
    names = []
    for row, key in zip(first.tolist(), zip(*(column.tolist() for column in columns), strict=True), strict=True):
        if key in seen:
            names.append(records.residue_name(row))
        seen.add(key)
    if names:
        report.warn("repeated-residue", "residues that begin again with atoms they already had; each is another", names)


def _check_occupancies(arranged: Layout, strict: bool, report: ImportReport) -> None:
    """Occupancies of one atom that sum above 1 in a model: a warning by residue, an error under strict."""
    records, atom_of_record = arranged.records, arranged.atom_of_record
    if not records.occupancy.any():
        report.warn("no-occupancy", "all occupancies are 0: nothing is there in the most populated state", [])
    large = records.occupancy.max(initial=0.0) > 1
    if not large and arranged.each_once:
        return
    model, models = arranged.steps
    key = atom_of_record.astype(np.int64) * len(models) + model
    if not large and are_distinct(key):
        return
    place, first = first_appearance(key)
    sums = np.bincount(place, weights=records.occupancy)
    rows = first[np.flatnonzero(sums > 1 + TOLERANCE)]
    if not len(rows):
        return
    worst = float(sums.max())
    names = list(dict.fromkeys(records.residue_name(row) for row in np.sort(rows).tolist()))
    if strict:
        found = f"occupancies of one atom that sum to {worst:.3f} ({len(names)} residues)"
        raise OccupancyRange(names[0], found, "at most 1")
    report.warn(
        "occupancy-sum",
        f"occupancies of one atom sum above 1, the largest to {worst:.3f}; populations "
        "are normalised, the deposited numbers kept",
        names,
    )
