"""Atom records as a PDB file, with a loss list of what eighty columns cannot say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate.structure.hierarchy import ELEMENTS
from polystate_tools.formats.options import ExportOptions
from polystate_tools.formats.pdb.fit import fitting
from polystate_tools.formats.pdb.header_writer import header_lines
from polystate_tools.formats.records.fixed import to_hybrid36
from polystate_tools.formats.records.gemmi_metadata import bond_kind
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport


def content(records: Records, report: ExportReport, options: ExportOptions) -> bytes:
    """The bytes of a PDB file."""
    return pdb_of_records(records, report).encode()


def pdb_of_records(records: Records, report: ExportReport) -> str:
    """The text of a PDB file. Ids too long for their columns are renamed, and the table is in the file."""
    records = fitting(records, report)
    lines = [*header_lines(records, report), *_links(records)]
    models = np.unique(records.model)
    for model in models.tolist():
        if len(models) > 1:
            lines.append(f"MODEL     {model:4d}")
        lines += _atom_lines(records.take(records.model == model))
        if len(models) > 1:
            lines.append("ENDMDL")
    lines.append("END")
    return "\n".join(f"{line:<80}" for line in lines) + "\n"


def _links(records: Records) -> Iterator[str]:
    """SSBOND and LINK records; bond orders have no column."""
    for kind in ("disulf", "other"):
        serial = 0
        for a, b, _ in records.bonds.tolist():
            ends = [records.take(np.array([row])) for row in (a, b)]
            if (bond_kind(ends, 0) == "disulf") != (kind == "disulf"):
                continue
            serial += 1
            one, two = (_place(records, row) for row in (a, b))
            distance = float(np.linalg.norm(records.xyz[a] - records.xyz[b]))
            if kind == "disulf":
                yield (
                    f"SSBOND {serial % 1000:3d} {one[1]:>3s}{one[2]:>2s} {one[3]:>4s}{one[4]:1s}   {two[1]:>3s}"
                    f"{two[2]:>2s} {two[3]:>4s}{two[4]:1s}{'':23s}  1555   1555 {distance:5.2f}"
                )
            else:
                yield (
                    f"LINK        {one[0]}{one[5]:1s}{one[1]:>3s}{one[2]:>2s}{one[3]:>4s}{one[4]:1s}{'':15s}"
                    f"{two[0]}{two[5]:1s}{two[1]:>3s}{two[2]:>2s}{two[3]:>4s}{two[4]:1s}    1555   1555 "
                    f"{distance:5.2f}"
                )


def _place(records: Records, row: int) -> tuple[str, ...]:
    """Atom name, residue type, chain, number, insertion code and altloc of a record, as fields."""
    return (
        atom_name(records.name[row], int(records.element[row])),
        records.comp[row],
        records.auth_asym[row],
        to_hybrid36(int(records.auth_seq[row]), 4),
        records.ins[row],
        records.altloc[row],
    )


def atom_name(name: str, element: int) -> str:
    """An atom name in its four columns: one-letter elements start in the second."""
    if len(name) < 4 and len(ELEMENTS[element]) == 1:
        return f" {name:<3s}"
    return f"{name:<4s}"


def _atom_lines(records: Records) -> Iterator[str]:
    symbols = ["" if e == 0 else ELEMENTS[e].upper() for e in range(len(ELEMENTS))]
    u = np.round(records.u * 1e4).astype(np.int64)
    columns = (
        records.het.tolist(),
        records.name.tolist(),
        records.altloc.tolist(),
        records.comp.tolist(),
        records.auth_asym.tolist(),
        records.auth_seq.tolist(),
        records.ins.tolist(),
        records.xyz.tolist(),
        records.occupancy.tolist(),
        records.b.tolist(),
        records.element.tolist(),
        records.charge.tolist(),
        records.has_u.tolist(),
        _chain_ends(records),
    )
    serial = 0
    for row, (het, name, alt, comp, chain, seq, ins, xyz, occupancy, b, element, charge, aniso, end) in enumerate(
        zip(*columns, strict=True)
    ):
        serial += 1
        number = to_hybrid36(serial, 5)
        where = f"{atom_name(name, element)}{alt:1s}{comp:>3s}{chain:>2s}{to_hybrid36(seq, 4)}{ins:1s}"
        signed = f"{abs(charge)}{'-' if charge < 0 else '+'}" if charge else ""
        tail = f"{symbols[element]:>2s}{signed:2s}"
        b_text = "" if b != b else f"{b:6.2f}"
        yield (
            f"{'HETATM' if het else 'ATOM  '}{number} {where}   {xyz[0] + 0.0:8.3f}{xyz[1] + 0.0:8.3f}"
            f"{xyz[2] + 0.0:8.3f}{occupancy:6.2f}{b_text:>6s}          {tail}"
        )
        if aniso:
            values = "".join(f"{value:7d}" for value in u[row].tolist())
            yield f"ANISOU{number} {where} {values}      {tail}"
        if end:
            serial += 1
            yield f"TER   {to_hybrid36(serial, 5)}      {comp:>3s}{chain:>2s}{to_hybrid36(seq, 4)}{ins:1s}"


def _chain_ends(records: Records) -> list[bool]:
    """Where TER stands: after the last record of a chain that is a polymer, or of which it is not said."""
    polymers = {entity.id for entity in records.entities if entity.type == "polymer" or entity.sequence} | {""}
    polymer = records.entity.isin(polymers)
    ends = np.zeros(len(records), bool)
    chain = records.label_asym.codes
    ends[:-1] = polymer[:-1] & (chain[:-1] != chain[1:])
    if len(records):
        ends[-1] = polymer[-1]
    return ends.tolist()
