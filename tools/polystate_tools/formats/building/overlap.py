"""Alternates of different residues that lie in one place: they exclude each other, as two nuclei cannot be there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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
    """Records of one set of connected alternates. rows: (k,) of the records."""

    layout: Layout
    rows: np.ndarray

    @cached_property
    def letters(self) -> frozenset[str]:
        return frozenset(self.layout.records.altloc.take(self.rows).used())

    @cached_property
    def occupancy(self) -> np.ndarray:
        """(S,) of all of them in each model."""
        step, first = self.layout.steps
        letters, models = self.layout.records.altloc.take(self.rows), step[self.rows]
        made = np.zeros(len(first))
        for letter in letters.used():
            mine = letters.equals(letter)
            for model in np.unique(models[mine]).tolist():
                made[model] += mean_occupancy(self.layout, self.rows[mine & (models == model)])
        return made

    @property
    def name(self) -> str:
        return self.layout.records.residue_name(int(self.rows[0]))


def overlapping(layout: Layout, parts: list[Part]) -> list[tuple[int, int]]:
    """Pairs of parts that have two heavy atoms of a model in one place, by their numbers."""
    from scipy.spatial import cKDTree

    records = layout.records
    rows = np.concatenate([part.rows for part in parts]) if parts else np.empty(0, np.int64)
    owner = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
    heavy = ~np.isin(records.element[rows], HYDROGENS)
    rows, owner = rows[heavy], owner[heavy]
    if len(rows) < 2:
        return []
    of_model = 2 * NEAR * layout.steps[0][rows]  # a fourth coordinate, by which models are apart
    pairs = owner[cKDTree(np.column_stack([records.xyz[rows], of_model])).query_pairs(NEAR, output_type="ndarray")]
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return [(int(a), int(b)) for a, b in np.unique(pairs, axis=0).tolist()] if len(pairs) else []


def exclusive(layout: Layout, parts: list[Part], join: bool, report: ImportReport) -> list[tuple[int, int]]:
    """Parts that are alternatives of one place: other letters, and occupancies that leave room for both.

    All pairs in one place are said; those without such evidence, and all where `join` is false, stay apart.
    """
    joined, apart = [], []
    total: dict[int, np.ndarray] = {}
    letters: dict[int, frozenset[str]] = {}
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
        for k in (one, other):
            total.setdefault(k, parts[k].occupancy)
            letters.setdefault(k, parts[k].letters)
        if join and not letters[one] & letters[other] and (total[one] + total[other] <= WHOLE).all():
            root[other] = one
            total[one] = total[one] + total[other]
            letters[one] |= letters[other]
            joined.append((a, b))
            report.warn("overlapping-alternatives", "in one place, with other letters: taken as one site", [name])
        else:
            apart.append(name)
    if apart:
        message = "alternates within 1 Å of each other are independent sites: some states have both"
        report.warn("overlapping-sites", message, apart)
    return joined
