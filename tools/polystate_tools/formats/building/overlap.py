"""Alternates of different residues that lie in one place: they exclude each other, as two nuclei cannot be there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polystate.structure.hierarchy import HYDROGENS
from polystate_tools.formats.building.occupancies import mean_occupancy
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport

NEAR = 1.0
"""Å; no two bonded nuclei but hydrogen are as near."""
WHOLE = 1.02
"""Up to which the occupancies of alternatives may sum, as they are rounded."""


@dataclass
class Part:
    """Records of one set of alternates: rows, and the letters they have."""

    rows: np.ndarray
    letters: frozenset[str]
    name: str
    occupancy: float


def part_of(layout: Layout, rows: np.ndarray) -> Part:
    """rows: (k,) records of one set of connected alternates."""
    letters = layout.records.altloc.take(rows)
    total = sum(mean_occupancy(layout, rows[letters.equals(letter)]) for letter in letters.used())
    names = dict.fromkeys(layout.records.residue_name(row) for row in rows.tolist())
    return Part(rows, frozenset(letters.used()), next(iter(names)), total)


def overlapping(layout: Layout, parts: list[Part]) -> list[tuple[int, int]]:
    """Pairs of parts that have two heavy atoms in one place, by their numbers."""
    from scipy.spatial import cKDTree

    records = layout.records
    rows = np.concatenate([part.rows for part in parts]) if parts else np.empty(0, np.int64)
    owner = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
    heavy = ~np.isin(records.element[rows], HYDROGENS)
    rows, owner = rows[heavy], owner[heavy]
    if len(rows) < 2:
        return []
    pairs = owner[cKDTree(records.xyz[rows]).query_pairs(NEAR, output_type="ndarray")]
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return [(int(a), int(b)) for a, b in np.unique(pairs, axis=0).tolist()] if len(pairs) else []


def exclusive(layout: Layout, parts: list[Part], join: bool, report: ImportReport) -> list[tuple[int, int]]:
    """Parts that are alternatives of one place: other letters, and occupancies that leave room for both.

    All pairs in one place are said; those without such evidence, and all where `join` is false, stay apart.
    """
    joined, apart = [], []
    total = {k: part.occupancy for k, part in enumerate(parts)}
    letters = {k: set(part.letters) for k, part in enumerate(parts)}
    root = list(range(len(parts)))

    def find(k: int) -> int:
        while root[k] != k:
            k = root[k]
        return k

    for a, b in overlapping(layout, parts):
        one, other = find(a), find(b)
        if one == other:
            continue
        name = f"{parts[a].name} and {parts[b].name}"
        if join and not letters[one] & letters[other] and total[one] + total[other] <= WHOLE:
            root[other] = one
            total[one] += total[other]
            letters[one] |= letters[other]
            joined.append((a, b))
            report.warn("overlapping-alternatives", "in one place, with other letters: taken as one site", [name])
        else:
            apart.append(name)
    if apart:
        message = "alternates within 1 Å of each other are independent sites: some states have both"
        report.warn("overlapping-sites", message, apart)
    return joined
