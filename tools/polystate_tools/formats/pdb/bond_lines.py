"""Bonds as SSBOND, LINK and CONECT records."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate_tools.formats.pdb.fields import atom_name
from polystate_tools.formats.records.bonding import along_polymers, kinds, note_models, once, within_residues
from polystate_tools.formats.records.fixed import to_hybrid36
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport


def bond_lines(records: Records, report: ExportReport) -> tuple[list[str], np.ndarray]:
    """SSBOND and LINK records, and the rows of the bonds that CONECT is to say: those of residues and along polymers.

    SSBOND has no alternates; a disulfide that is not between all of them is a LINK. What is left goes into the report.
    """
    if not len(records.bonds):
        return [], np.empty(0, np.int64)
    inside, along = within_residues(records), along_polymers(records)
    said = ~inside & ~along
    note_models(records, np.ones(len(said), bool), report)
    orders = int((records.bonds[:, 2] > 0).sum())
    if orders:
        report.lose("bond orders", orders, "LINK and CONECT have none")
    bonds = records.bonds[once(records, said)]
    found = kinds(records, bonds)
    disulfides = _whole_disulfides(records, bonds, found)
    lines = [*_ssbonds(records, disulfides)]
    links = [k for k, kind in enumerate(found) if kind != "disulf" or tuple(bonds[k, :2].tolist()) not in disulfides]
    return [*lines, *(_link(records, *bonds[k, :2].tolist()) for k in links)], np.flatnonzero(~said)


def _whole_disulfides(records: Records, bonds: np.ndarray, found: list[str]) -> dict[tuple[int, int], bool]:
    """Disulfides of which every pair of compatible alternates is bonded: record pairs, true for the first of each."""
    by_atoms: dict[tuple, list[tuple[int, int]]] = {}
    atoms = {}
    for k, kind in enumerate(found):
        if kind == "disulf":
            pair = tuple(bonds[k, :2].tolist())
            atoms[pair] = tuple(_residue(records, row) for row in pair)
            by_atoms.setdefault(atoms[pair], []).append(pair)
    wanted = {place for places in by_atoms for place in places}
    letters: dict[tuple, set[str]] = {}
    for row in np.flatnonzero(records.name.equals("SG")).tolist() if wanted else ():
        place = _residue(records, row)
        if place in wanted:
            letters.setdefault(place, set()).add(records.altloc[row])
    made: dict[tuple[int, int], bool] = {}
    for places, pairs in by_atoms.items():
        there = {(records.altloc[a], records.altloc[b]) for a, b in pairs}
        one, other = (letters[place] for place in places)
        shared = one & other - {""}
        possible = {(x, y) for x in one for y in other if not (shared and x and y and x != y)}
        if possible <= there:
            made |= {pair: k == 0 for k, pair in enumerate(pairs)}
    return made


def _residue(records: Records, row: int) -> tuple:
    return (records.auth_asym[row], int(records.auth_seq[row]), records.ins[row], records.comp[row])


def _ssbonds(records: Records, disulfides: dict[tuple[int, int], bool]) -> Iterator[str]:
    for serial, (a, b) in enumerate((pair for pair, first in disulfides.items() if first), 1):
        one, two = _fields(records, a), _fields(records, b)
        yield (
            f"SSBOND {serial % 1000:3d} {one[1]:>3s}{one[2]:>2s} {one[3]:>4s}{one[4]:1s}   {two[1]:>3s}"
            f"{two[2]:>2s} {two[3]:>4s}{two[4]:1s}{'':23s}  1555   1555 {_distance(records, a, b):5.2f}"
        )


def _link(records: Records, a: int, b: int) -> str:
    one, two = _fields(records, a), _fields(records, b)
    return (
        f"LINK        {one[0]}{one[5]:1s}{one[1]:>3s}{one[2]:>2s}{one[3]:>4s}{one[4]:1s}{'':15s}"
        f"{two[0]}{two[5]:1s}{two[1]:>3s}{two[2]:>2s}{two[3]:>4s}{two[4]:1s}    1555   1555 "
        f"{_distance(records, a, b):5.2f}"
    )


def _distance(records: Records, a: int, b: int) -> float:
    return min(99.99, float(np.linalg.norm(records.xyz[a] - records.xyz[b])))


def _fields(records: Records, row: int) -> tuple[str, ...]:
    """Atom name, residue type, chain, number, insertion code and altloc of a record, as fields."""
    return (
        atom_name(records.name[row], int(records.element[row])),
        records.comp[row],
        records.auth_asym[row],
        to_hybrid36(int(records.auth_seq[row]), 4),
        records.ins[row],
        records.altloc[row],
    )


def conect_lines(records: Records, inside: np.ndarray, serials: np.ndarray) -> Iterator[str]:
    """CONECT records of bonds, each from both of its ends, four to a line. serials: (n,) of the records."""
    partners: dict[int, list[int]] = {}
    for a, b in records.bonds[inside, :2].tolist():
        if records.model[a] == records.model[0]:
            one, other = int(serials[a]), int(serials[b])
            partners.setdefault(one, []).append(other)
            partners.setdefault(other, []).append(one)
    for serial in sorted(partners):
        others = sorted(partners[serial])
        for k in range(0, len(others), 4):
            yield "CONECT" + "".join(to_hybrid36(number, 5) for number in (serial, *others[k : k + 4]))
