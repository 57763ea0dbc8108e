"""What eighty columns can hold: ids that are renamed, numbers that are rounded or cut, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polystate_tools.formats.errors import CannotHold
from polystate_tools.formats.records.numbers import EXACT
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.records.text import Text
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.tls.selections import with_chains_renamed

ONE_LETTER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"
LEAST_B, MOST_B = -99.99, 999.99
SEQUENCE = 9999
"""Residues that SEQRES can count."""
LEAST_NUMBER, MOST_NUMBER = -999, 9999 + 2 * 26 * 36**3
"""Numbers of residues in four columns, of which the larger are hybrid-36."""


def fitting(records: Records, report: ExportReport) -> Records:
    """The records with ids that fit, renamed where they do not; refuses what has no room."""
    chains = _renaming(records.auth_asym, 2, "chain", report)
    altlocs = _renaming(records.altloc, 1, "altloc", report)
    if chains and records.tls is not None:
        old = records.auth_asym.used()
        groups = [replace(g, selection=with_chains_renamed(g.selection, chains, old)) for g in records.tls.groups]
        records = replace(records, tls=replace(records.tls, groups=groups))
    records = replace(records, auth_asym=records.auth_asym.replaced(chains), altloc=records.altloc.replaced(altlocs))
    _check_names(records)
    _check_numbers(records)
    records = _with_sequences(records, report)
    for what, bad, bound in (
        (f"B above {MOST_B}", records.b >= MOST_B + 0.005, MOST_B),
        (f"B below {LEAST_B}", records.b <= LEAST_B - 0.005, LEAST_B),
    ):
        if bad.any():
            report.lose(what, int(bad.sum()), f"written as {bound}")
            records = replace(records, b=np.where(bad, bound, records.b))
    _note_rounding(records, report)
    if records.components:
        report.lose("types of components", len(records.components), "a PDB file has their names only")
    report.lose("label_asym ids and entity ids", len(records.label_asym.used()), "a PDB file has author numbering only")
    return records


def _renaming(column: Text, width: int, what: str, report: ExportReport) -> dict[str, str]:
    """New names of the ids that are longer than `width`; they are listed in the file."""
    values = column.used()
    long = [value for value in values if len(value) > width]
    used = set(values)
    first = [""] if width == 1 else ["", *ONE_LETTER]
    free = (a + b for a in first for b in ONE_LETTER if a + b not in used)
    try:
        table = {value: next(free) for value in long}
    except StopIteration:
        raise CannotHold(what, f"{len(values)} ids", f"ids of {width} characters; export mmCIF") from None
    if table:
        report.lose(f"{what} ids", len(long), "renamed: " + ", ".join(f"{a} is {b}" for a, b in table.items()))
    return table


def _check_names(records: Records) -> None:
    used = set(records.entity.used())
    entities = [entity for entity in records.entities if entity.id in used]
    for values, width, what in (
        (records.comp.used(), 3, "residue type"),
        (records.name.used(), 4, "atom name"),
        (records.ins.used(), 1, "insertion code"),
        ([records.space_group], 11, "space group"),
    ):
        long = [value for value in values if len(value) > width]
        if long:
            raise CannotHold(what, ", ".join(long[:5]), f"at most {width} characters in a PDB file; export mmCIF")
    numbers = records.auth_seq
    for number in (int(numbers.min(initial=0)), int(numbers.max(initial=0))):
        if not LEAST_NUMBER <= number <= MOST_NUMBER:
            room = f"{LEAST_NUMBER} to {MOST_NUMBER} in a PDB file; export mmCIF"
            raise CannotHold("residue number", number, room)
    longest = max((len(e.sequence.split()) for e in entities), default=0)
    if longest > SEQUENCE:
        raise CannotHold("sequence", f"{longest} residues", f"at most {SEQUENCE} in a PDB file; export mmCIF")


def _with_sequences(records: Records, report: ExportReport) -> Records:
    """The records without the sequences whose residue types are wider than the columns of SEQRES."""
    used = set(records.entity.used())
    wide = {
        e.id: long
        for e in records.entities
        if e.id in used and (long := [c for c in e.sequence.replace(",", " ").split() if len(c) > 3])
    }
    for id, long in wide.items():
        report.lose(f"sequence of entity {id}", 1, f"no SEQRES: {', '.join(long[:5])} has more than 3 characters")
    return replace(records, entities=[replace(e, sequence="") if e.id in wide else e for e in records.entities])


def _check_numbers(records: Records) -> None:
    """Numbers that would run into the next column."""
    shifts = np.array([op.matrix[:3, 3] for op in records.ncs])
    of_assemblies = np.array([matrix[:3, 3] for a in records.assemblies for matrix in a.operators])
    cell = np.array(records.cell or ())
    for what, unit, values, low, high in (
        ("coordinates", "Å", records.xyz, -999.9995, 9999.9995),
        ("occupancy", "", records.occupancy, -99.995, 999.995),
        ("U", "Å²", records.u[records.has_u], -99.99995, 999.99995),
        ("cell length", "Å", cell[:3], 0.0, 99999.9995),
        ("operator translation", "Å", shifts, -999.999995, 9999.999995),
        ("operator translation of an assembly", "Å", of_assemblies, -99999999.999995, 999999999.999995),
    ):
        bad = values[(values <= low) | (values >= high)]
        if len(bad):
            # EXP-58
            raise CannotHold(what, f"{bad[0]:.3f} {unit}".strip(), f"{low:.3f} to {high:.3f} in a PDB file")


def _note_rounding(records: Records, report: ExportReport) -> None:
    """One line for each kind of number that has fewer decimals in the file."""
    operators = np.array([op.matrix for op in records.ncs] + [m for a in records.assemblies for m in a.operators])
    operators = operators.reshape(-1, 4, 4)
    cell = np.array(records.cell or ()).reshape(-1, 3)
    for what, values, places, unit in (
        ("x, y, z", records.xyz, 3, " Å"),
        ("occupancy", records.occupancy[:, None], 2, ""),
        ("B", records.b[:, None], 2, " Å²"),
        ("U", records.u[records.has_u], 4, " Å²"),
        ("cell lengths", cell[:1], 3, " Å"),
        ("cell angles", cell[1:], 2, "°"),
        ("operator rotations", operators[:, :3, :3].reshape(-1, 9), 6, ""),
        ("operator translations", operators[:, :3, 3], 5, " Å"),
    ):
        apart = np.nan_to_num(np.abs(values - np.round(values, places)))
        rounded = int((apart > EXACT).any(axis=1).sum())
        if rounded:
            because = f"rounded to {10.0**-places:.{places}f}{unit}, by at most {apart.max():.2g}{unit}"
            report.lose(what, rounded, because)
