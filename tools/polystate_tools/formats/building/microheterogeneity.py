"""Residue types at one position of a polymer that no altloc tells apart: they exclude each other all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle

import numpy as np

from polystate.states.conditions import changes
from polystate.structure.hierarchy import HYDROGENS
from polystate_tools.formats.records.letters import LETTERS
from polystate_tools.formats.records.records import NO_NUMBER, Records
from polystate_tools.formats.records.text import Text
from polystate_tools.formats.report import ImportReport

MOST = 1.1
"""Occupancies of one position that sum to more are not alternatives of which each is there at a time."""


def lettered(records: Records, report: ImportReport) -> Records:
    """The records with an altloc for each residue that has none beside another type at its position.

    Each gets a letter that no record of the file has, so that no bond to a neighbour's alternate follows from it.
    Residues of which both are there at the same time, by their occupancies, stay as they are, with a warning.
    """
    places = _shared(records)
    if not places:
        return records
    codes, values = records.altloc.codes.copy(), list(records.altloc.values)
    used = set(records.altloc.used())
    free: Iterator[str] = cycle([letter for letter in LETTERS if letter not in used] or list(LETTERS))
    made, kept = [], []
    for residues in places:
        blank = [rows for rows in residues if all(values[code] == "" for code in set(codes[rows].tolist()))]
        if not blank:
            continue
        if _occupancy(records, residues) > MOST:
            kept += [records.residue_name(int(rows[0])) for rows in blank]
            continue
        for rows in blank:
            values.append(next(free))
            codes[rows] = len(values) - 1
            made.append(f"{records.residue_name(int(rows[0]))} is {values[-1]}")
    if made:
        report.warn(
            "unlettered-types", "residue types at one position without altlocs; letters are given to them", made
        )
    if kept:
        message = (
            "residue types at one position without altlocs, whose occupancies sum above 1: both are kept as present"
        )
        report.warn("overlapping-types", message, kept)
    merged = Text.of(values)
    return replace(records, altloc=Text(merged.codes[codes], merged.values)) if made else records


def _shared(records: Records) -> list[list[np.ndarray]]:
    """Positions at which one model has several residue types: the records of each type, in all models."""
    if records.repeats > 1 and not _shared(records.of_first_model):
        return []
    columns = (
        records.label_asym.codes,
        records.auth_asym.codes,
        records.label_seq,
        records.auth_seq,
        records.ins.codes,
        records.comp.codes,
        records.model,
    )
    changed = np.ones(len(records), bool)
    changed[1:] = False
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    starts = np.flatnonzero(changed)
    ends = np.append(starts[1:], len(records))
    polymer = records.label_seq[starts] != NO_NUMBER
    found = np.stack([column[starts[polymer]] for column in (*columns[:5], records.model, records.comp.codes)])
    found = found[:, np.lexsort(found[::-1])]
    if changes(found).sum() == changes(found[:-1]).sum():
        return []  # one type at each position, as nearly always
    runs: dict[tuple, dict[int, list[np.ndarray]]] = {}
    types: dict[tuple, set[int]] = {}
    several: dict[tuple, None] = {}
    keys = zip(*(column[starts[polymer]].tolist() for column in columns), strict=True)
    for (*place, comp, model), start, end in zip(keys, starts[polymer].tolist(), ends[polymer].tolist(), strict=True):
        runs.setdefault(tuple(place), {}).setdefault(comp, []).append(np.arange(start, end))
        at = types.setdefault((*place, model), set())
        at.add(comp)
        if len(at) > 1:
            several[tuple(place)] = None
    return [[np.concatenate(parts) for parts in runs[place].values()] for place in several]


def _occupancy(records: Records, residues: list[np.ndarray]) -> float:
    """The largest sum, over models, of the mean occupancy of each type and letter."""
    sums: dict[int, float] = {}
    for rows in residues:
        for model in np.unique(records.model[rows]).tolist():
            here = rows[records.model[rows] == model]
            for code in np.unique(records.altloc.codes[here]).tolist():
                mine = here[records.altloc.codes[here] == code]
                heavy = mine[~np.isin(records.element[mine], HYDROGENS)]
                sums[model] = sums.get(model, 0.0) + float(records.occupancy[heavy if len(heavy) else mine].mean())
    return max(sums.values())
