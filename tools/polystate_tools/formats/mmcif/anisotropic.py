"""`_atom_site_anisotrop` joined to the atom records, row by row; what cannot be joined is refused by reason."""

from __future__ import annotations

import gemmi
import numpy as np

from polystate.numbers.tensors import EIGHT_PI_SQUARED
from polystate_tools.formats.mmcif.columns import U_ELEMENTS, Columns, columns_of_block
from polystate_tools.formats.records.records import Records

CATEGORY = "_atom_site_anisotrop"
NAMED = 5


def with_anisotropic(records: Records, block: gemmi.cif.Block, atoms: Columns, where: str) -> Records:
    """U of the category, joined by atom id; B-form tensors are divided by 8 pi squared."""
    table = columns_of_block(block, "atom_site_anisotrop", where)
    n = len(table)
    if not n:
        return records
    form, scale = ("U", 1.0) if f"U{U_ELEMENTS[0]}" in table.names else ("B", 1 / EIGHT_PI_SQUARED)
    ids = table.text("id").tolist() if "id" in table.names else [""] * n
    everything = np.ones(n, bool)
    if any(form + e not in table.names for e in U_ELEMENTS):
        _refuse(records, everything, ids, "the six elements of U or B are not all there")
        return records
    if "id" not in table.names or "id" not in atoms.names:
        what = CATEGORY if "id" not in table.names else "_atom_site"
        _refuse(records, everything, ids, f"{what} has no ids to join by")
        return records
    known = atoms.text("id").tolist()
    row_of = {atom: row for row, atom in enumerate(known)}
    rows = np.array([row_of.get(atom, -1) for atom in ids])
    u = np.stack([table.numbers(form + e, np.nan) for e in U_ELEMENTS], axis=1)
    left = everything.copy()
    for bad, because in (
        (rows < 0, "no atom has its id"),
        (np.isin(rows, _repeated(known, row_of)), "several atoms have its id"),
        (~np.isfinite(u).all(axis=1), "not six numbers"),
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


def _repeated(known: list[str], row_of: dict[str, int]) -> list[int]:
    """The rows that `row_of` gives for ids that more than one atom has."""
    if len(row_of) == len(known):
        return []
    return sorted({row_of[atom] for row, atom in enumerate(known) if row_of[atom] != row})


def _refuse(records: Records, rows: np.ndarray, ids: list[str], because: str) -> None:
    found = np.flatnonzero(rows).tolist()
    if found:
        names = ", ".join(f"id {ids[k] or '?'}" for k in found[:NAMED])
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        records.refused.append({"count": len(found), "because": f"row of {CATEGORY}: {because}", "where": names + more})
