"""Links as files name them, by the atoms at their ends, into bonds between records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polystate_tools.formats.records.records import Records

AUTHOR = ("auth_asym", "auth_seq", "ins", "comp", "name")
LABEL = ("label_asym", "label_seq", "comp", "name")


@dataclass(frozen=True)
class End:
    """One end of a link: the values of `columns`, and an altloc, "" for any."""

    columns: tuple[str, ...]
    values: tuple
    altloc: str = ""


@dataclass(frozen=True)
class Link:
    """ends: for each end the ways to find it, of which the first that finds an atom counts."""

    ends: tuple[Sequence[End], Sequence[End]]
    order: int = 0


def bonds_of_links(records: Records, links: Sequence[Link]) -> np.ndarray:
    """(B, 3) int32 record a, record b, order: every pair of records of one model that a link names.

    Which of them are there together is found when the states are known. What names no atom or several is noted.
    """
    bonds, lost = _found(records.of_first_model, links)
    for because, count in lost.items():
        if count:
            records.notes.append({"what": "links", "count": count, "because": because})
    return _in_every_model(bonds, records)


def _found(records: Records, links: Sequence[Link]) -> tuple[np.ndarray, dict[str, int]]:
    """(B, 3) bonds, and of how many links there are none, by reason."""
    index = _Index(records, links)
    found: dict[tuple[int, int], int] = {}
    lost = {"an end names no atom record": 0, "an end names atoms of several residues": 0, "both ends are one atom": 0}
    for link in links:
        one, other = (index.rows(ends) for ends in link.ends)
        if not one or not other:
            lost["an end names no atom record"] += 1
        elif index.several(one) or index.several(other):
            lost["an end names atoms of several residues"] += 1
        elif set(one) & set(other):
            lost["both ends are one atom"] += 1
        else:
            for a in one:
                for b in other:
                    if records.model[a] == records.model[b] and (b, a) not in found:
                        found[a, b] = link.order or found.get((a, b), 0)
    return np.array([(a, b, order) for (a, b), order in found.items()], np.int32).reshape(-1, 3), lost


def _in_every_model(bonds: np.ndarray, records: Records) -> np.ndarray:
    """Bonds of the first model in each of the models that repeat it."""
    first = np.arange(0, len(records), len(records) // records.repeats, dtype=np.int32)
    shift = np.stack([first, first, np.zeros_like(first)], axis=1)
    return (shift[:, None] + bonds).reshape(-1, 3)


class _Index:
    """Records by the columns that links name them by; only atoms whose names occur in links are entered."""

    def __init__(self, records: Records, links: Sequence[Link]) -> None:
        self.records = records
        wanted = {end.values[end.columns.index("name")] for link in links for ends in link.ends for end in ends}
        self.candidates = np.flatnonzero(records.name.isin(wanted))
        self.few = records.take(self.candidates)
        self.by: dict[tuple[str, ...], dict[tuple, list[int]]] = {}

    def rows(self, ends: Sequence[End]) -> list[int]:
        for end in ends:
            rows = self._table(end.columns).get(end.values, [])
            rows = [row for row in rows if not end.altloc or self.records.altloc[row] == end.altloc]
            if rows:
                return rows
        return []

    def _table(self, columns: tuple[str, ...]) -> dict[tuple, list[int]]:
        if columns not in self.by:
            made: dict[tuple, list[int]] = {}
            lists = [getattr(self.few, name).tolist() for name in columns]
            for row, key in zip(self.candidates.tolist(), zip(*lists, strict=True), strict=True):
                made.setdefault(key, []).append(row)
            self.by[columns] = made
        return self.by[columns]

    def several(self, rows: list[int]) -> bool:
        """Whether rows are of several residues."""
        records = self.records
        places = {(records.auth_asym[k], int(records.auth_seq[k]), records.ins[k], records.comp[k]) for k in rows}
        return len(places) > 1
