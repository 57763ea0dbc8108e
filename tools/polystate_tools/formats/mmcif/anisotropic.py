"""`_atom_site_anisotrop` joined to the atom records, row by row; what cannot be joined is refused by reason."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from polystate.numbers.tensors import EIGHT_PI_SQUARED
from polystate_tools.formats.mmcif.columns import U_ELEMENTS, Columns
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.records.text import Text, arrow

CATEGORY = "_atom_site_anisotrop"
NAMED = 5
SAME = 1e-4
"""Å²; U of two places that are this near are one number, rounded."""


def with_anisotropic(records: Records, table: Columns, atoms: Columns) -> Records:
    """U of the columns `aniso_U` of the atoms, and of the category, joined by atom id; B-form tensors are divided by
    8 pi squared. Where both are there the category counts, and a difference is said.

    table: the columns of `_atom_site_anisotrop`."""
    _in_site(records, atoms)
    in_site, said = records.u.copy(), records.has_u.copy()
    made = _of_category(records, table, atoms)
    apart = np.flatnonzero(said & made.has_u & (np.abs(in_site - made.u) > SAME).any(axis=1))
    if len(apart):
        names = [made.residue_name(row) for row in apart[:NAMED].tolist()]
        message = f"_atom_site.aniso_U differ from {CATEGORY}, which is kept"
        made.doubts.append({"code": "anisotropic-disputed", "message": message, "where": names, "count": len(apart)})
    return made


def _in_site(records: Records, atoms: Columns) -> None:
    for form, scale in (("U", 1.0), ("B", 1 / EIGHT_PI_SQUARED)):
        names = [f"aniso_{form}{e}" for e in U_ELEMENTS]
        here = [name for name in names if name in atoms.names]
        if not here:
            continue
        u = np.stack([atoms.numbers(n, np.nan) if n in here else np.full(len(records), np.nan) for n in names], axis=1)
        given = ~np.isnan(u)
        whole = given.all(axis=1)
        ids = _ids(atoms, len(records))
        _refuse(records, given.any(axis=1) & ~whole, ids, "not six numbers", "_atom_site.aniso_" + form)
        records.u[whole] = u[whole] * scale
        records.has_u |= whole


def _of_category(records: Records, table: Columns, atoms: Columns) -> Records:
    n = len(table)
    if not n:
        return records
    form, scale = ("U", 1.0) if f"U{U_ELEMENTS[0]}" in table.names else ("B", 1 / EIGHT_PI_SQUARED)
    ids = _ids(table, n)
    everything = np.ones(n, bool)
    if any(form + e not in table.names for e in U_ELEMENTS):
        _refuse(records, everything, ids, "the six elements of U or B are not all there")
        return records
    if "id" not in table.names or "id" not in atoms.names:
        what = CATEGORY if "id" not in table.names else "_atom_site"
        _refuse(records, everything, ids, f"{what} has no ids to join by")
        return records
    rows, several = _rows_of(ids, _ids(atoms, len(records)))
    u = np.stack([table.numbers(form + e, np.nan) for e in U_ELEMENTS], axis=1)
    left = everything.copy()
    for bad, because in (
        (rows < 0, "no atom has its id"),
        (several, "several atoms have its id"),
        (np.isnan(u).any(axis=1), "not six numbers"),
    ):
        _refuse(records, left & bad, ids, because)
        left &= ~bad
    again = left.copy()
    again[np.flatnonzero(left)[np.unique(rows[left], return_index=True)[1]]] = False
    _refuse(records, again, ids, "its atom has a row already")
    good = left & ~again
    records.u[rows[good]] = u[good] * scale if scale != 1.0 else u[good]
    records.has_u[rows[good]] = True
    return records


def _ids(table: Columns, length: int) -> Text:
    """The column of ids; blanks where there is none."""
    return table.text("id") if "id" in table.names else Text.constant("", length)


def _rows_of(ids: Text, known: Text) -> tuple[np.ndarray, np.ndarray]:
    """The last row of `known` that has each of the ids, -1 = none, and whether several rows have it."""
    last = np.full(len(known.values) + 1, -1)  # and of a text that `known` lacks
    last[known.codes] = np.arange(len(known))
    count = np.bincount(known.codes, minlength=len(last))
    found = pc.index_in(arrow(ids.values), value_set=arrow(known.values)).fill_null(len(known.values))
    code = found.to_numpy(zero_copy_only=False)[ids.codes]
    return last[code], count[code] > 1


def _refuse(records: Records, rows: np.ndarray, ids: Text, because: str, of: str = CATEGORY) -> None:
    found = np.flatnonzero(rows).tolist()
    if found:
        names = ", ".join(f"id {ids[k] or '?'}" for k in found[:NAMED])
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        records.refused.append({"count": len(found), "because": f"row of {of}: {because}", "where": names + more})
