"""Alternates of a residue that are equal, merged into one on request."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ImportReport


def without_equal_alternates(records: Records, report: ImportReport) -> Records:
    """The records without letters that repeat another letter of their residue; the occupancies are added.

    Equal: the same atoms with the same coordinates, B and U. The records that go are counted as refused.
    """
    report.read = len(records) + sum(entry["count"] for entry in records.refused)
    lettered = np.flatnonzero(~records.altloc.equals(""))
    residues: dict[tuple, dict[int, list[int]]] = {}
    columns = (
        records.model,
        records.label_asym.codes,
        records.auth_asym.codes,
        records.auth_seq,
        records.ins.codes,
        records.comp.codes,
        records.altloc.codes,
    )
    for row, key in zip(lettered.tolist(), zip(*(c[lettered].tolist() for c in columns), strict=True), strict=True):
        residues.setdefault(key[:-1], {}).setdefault(key[-1], []).append(row)
    gone, occupancy, names = [], records.occupancy.copy(), []
    for letters in residues.values():
        known: dict[tuple, list[int]] = {}
        for rows in letters.values():
            ordered = sorted(rows, key=lambda row: records.name[row])
            content = tuple(
                (records.name[row], records.xyz[row].tobytes(), float(records.b[row]), records.u[row].tobytes())
                for row in ordered
            )
            if content in known:
                occupancy[known[content]] += occupancy[ordered]
                gone += ordered
                names.append(records.residue_name(ordered[0]))
            else:
                known[content] = ordered
    if not gone:
        return records
    report.warn("collapsed-alternates", f"{len(gone)} records repeat another alternate and are merged with it", names)
    report.refusals.append({"count": len(gone), "because": "collapsed-alternates", "where": names[0]})
    report.change(len(gone), "occupancies added to those of an equal alternate", names[0])
    keep = np.ones(len(records), bool)
    keep[gone] = False
    return replace(records, occupancy=occupancy).take(keep)
