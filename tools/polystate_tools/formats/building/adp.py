"""B-factors and anisotropic U of records as iADP and aADP descriptors, each alternate with its own."""

from __future__ import annotations

import numpy as np

from polystate.numbers.tensors import EIGHT_PI_SQUARED
from polystate.store.tree import Group
from polystate_tools.formats.building.checks import bounded
from polystate_tools.formats.building.discrete import Conditions
from polystate_tools.formats.building.operators import gaussian_document
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.records.ranges import LARGEST, LARGEST_B
from polystate_tools.formats.report import ImportReport

IADP, AADP = "iadp", "aadp"
B_DECIMALS = 2
"""With which B are written beside U."""


def adp_groups(
    layout: Layout,
    record: np.ndarray,
    condition: np.ndarray,
    conditions: Conditions,
    content: str,
    tls_u: np.ndarray | None,
    report: ImportReport,
) -> dict[str, Group]:
    """Descriptors of the ADPs of `record` (R,), each under `condition` (R,), by path.

    B of a record with U is the same quantity and is kept only where it contradicts U. tls_u: (N, 6) Å² to
    subtract from an ADP that is total, or None; what is left is rounded to 1e-8 Å², far below any file's.
    """
    records = layout.records
    atom = layout.atom_of_record[record].astype(np.int64)
    key = atom * (condition.max(initial=-1) + 2) + condition + 1
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        atom, record, condition = atom[order], record[order], condition[order]
    has_u, b = records.has_u[record], records.b[record]
    has_b = ~has_u & np.isfinite(b)
    if content == "total" and has_u.any() and np.isin(atom[has_u], atom[has_b]).any():
        content = "residual"  # an atom with U in one alternate and B in another
    groups: dict[str, Group] = {}
    if has_b.any():
        these = slice(None) if has_b.all() else has_b
        b = b[these]
        if tls_u is not None:
            b = np.round(b - EIGHT_PI_SQUARED / 3 * tls_u[atom[these], :3].sum(axis=1), 8) + 0.0
            bounded("B without the part of TLS", b, LARGEST_B, records, record[these], report)
        groups[f"descriptors/{IADP}"] = _group(
            IADP, "parametric_gaussian/iadp_v1", content, atom[these], condition[these], conditions, {"b": b}
        )
    if has_u.any():
        u = records.u[record[has_u]]
        values = {"u": u}
        if tls_u is not None:
            values["u"] = np.round(u - tls_u[atom[has_u]], 8) + 0.0
            bounded("U without the part of TLS", values["u"], LARGEST, records, record[has_u], report)
        values |= _deposited_b(records.b[record[has_u]], u)
        groups[f"descriptors/{AADP}"] = _group(
            AADP, "parametric_gaussian/aadp_v1", content, atom[has_u], condition[has_u], conditions, values
        )
    none = ~has_u & ~has_b
    if none.any():
        names = [records.residue_name(row) for row in record[none][:5].tolist()]
        report.warn("no-b-factor", "records without B or U have no ADP", names, int(none.sum()))
    return groups


def _group(name: str, operator_id: str, content: str, atom, condition, conditions: Conditions, values) -> Group:
    used = set(np.flatnonzero(np.bincount(condition + 1)[1:]).tolist())
    table = conditions.table()
    if used and table:
        keep = np.isin(table["condition"], sorted(used))
        kept = list(dict.fromkeys(table["condition"][keep].tolist()))
        renumber = np.full(max(used) + 2, -1, np.int32)  # the last one is that of no condition
        renumber[kept] = np.arange(len(kept))
        condition = renumber[condition]
        table = {
            "condition": renumber[table["condition"][keep]],
            "parent": [p for p, k in zip(table["parent"], keep.tolist(), strict=True) if k],
            "site": table["site"][keep],
            "state": table["state"][keep],
        }
    document = gaussian_document(name, operator_id, {"level": "atom"}, content)
    arrays = {"atom_id": (atom + 1).astype(np.uint32), "condition": condition.astype(np.int32), **values}
    return Group(document, arrays, {"conditions": table} if used else {})


def _deposited_b(b: np.ndarray, u: np.ndarray) -> dict[str, np.ndarray]:
    """B of records with U, kept as array `deposited_b` (NaN: not given) where 8 pi^2/3 Tr U does not round to it."""
    rounded = np.round(EIGHT_PI_SQUARED / 3 * u[:, :3].sum(axis=1), B_DECIMALS)
    return {"deposited_b": b} if (np.isfinite(b) & (b != rounded)).any() else {}
