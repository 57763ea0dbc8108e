"""Atom records as a PDB file, with a loss list of what eighty columns cannot say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate.structure.hierarchy import ELEMENTS
from polystate_tools.formats.options import ExportOptions
from polystate_tools.formats.pdb.bond_lines import bond_lines, conect_lines
from polystate_tools.formats.pdb.fields import atom_name
from polystate_tools.formats.pdb.fit import fitting
from polystate_tools.formats.pdb.header_writer import header_lines
from polystate_tools.formats.records.fixed import to_hybrid36
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport


def content(records: Records, report: ExportReport, options: ExportOptions) -> bytes:
    """The bytes of a PDB file."""
    return pdb_of_records(records, report).encode()


def pdb_of_records(records: Records, report: ExportReport) -> str:
    """The text of a PDB file. Ids too long for their columns are renamed, and the table is in the file."""
    records = fitting(records, report)
    links, inside = bond_lines(records, report)
    lines = [*header_lines(records, report), *links]
    models = np.unique(records.model)
    serials = np.zeros(len(records), np.int64)
    for model in models.tolist():
        if len(models) > 1:
            lines.append(f"MODEL     {model:4d}")
        rows = np.flatnonzero(records.model == model)
        part = records.take(rows)
        serials[rows] = _serials(part)
        lines += _atom_lines(part, serials[rows])
        if len(models) > 1:
            lines.append("ENDMDL")
    lines += conect_lines(records, inside, serials)
    lines.append("END")
    return "\n".join(f"{line:<80}" for line in lines) + "\n"


def _serials(records: Records) -> np.ndarray:
    """(n,) serial numbers of one model; TER records have numbers too."""
    ends = np.array(_chain_ends(records), np.int64)
    return np.arange(1, len(records) + 1) + np.cumsum(ends) - ends


def _atom_lines(records: Records, serials: np.ndarray) -> Iterator[str]:
    symbols = [symbol.upper() for symbol in ELEMENTS]  # blank would leave an unknown one to the name of the atom
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
    for row, (het, name, alt, comp, chain, seq, ins, xyz, occupancy, b, element, charge, aniso, end) in enumerate(
        zip(*columns, strict=True)
    ):
        number = to_hybrid36(int(serials[row]), 5)
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
            last = to_hybrid36(int(serials[row]) + 1, 5)
            yield f"TER   {last}      {comp:>3s}{chain:>2s}{to_hybrid36(seq, 4)}{ins:1s}"


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
