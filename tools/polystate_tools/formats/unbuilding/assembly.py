"""The copies that an assembly makes of records: coordinates and U moved, bonds and alternates with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polystate.numbers.tensors import six_components, symmetric
from polystate_tools.formats.errors import BadOption, CannotHold
from polystate_tools.formats.records.records import Records, joined
from polystate_tools.formats.report import ExportReport

SAME_PLACE = 0.5
"""Å; copies of one atom that are nearer are one atom on a special position."""
WHOLE = 1.02
"""Up to which the occupancies of the copies on a special position sum, as they are rounded."""


def assembled(records: Records, wanted: str, report: ExportReport) -> Records:
    """The records of an assembly in place of those of the unit. A copy by operator k of chain A is chain A-k.

    Copies that fall on their own atom are that atom, on a special position: it is written once, with the occupancies of
    the copies summed where they are shares of 1.
    """
    assembly = next((a for a in records.assemblies if a.id == wanted), None)
    if assembly is None:
        known = ", ".join(a.id for a in records.assemblies) or "none"
        raise BadOption("--assembly", wanted, f"an assembly of the deposition: {known}")
    if records.tls is not None and records.tls.groups:
        raise CannotHold("--assembly", "TLS records, which are of the unit", "another policy than records")
    parts, names, rows = [], [], []
    for k, matrix in enumerate(assembly.operators):
        chains = {chain for number, chain in assembly.pairs if number == k}
        mine = np.flatnonzero(records.label_asym.isin(chains))
        if len(mine):
            identity = np.allclose(matrix, np.eye(4), atol=1e-9)
            parts.append(_moved(records.take(mine), matrix))
            names.append("" if identity else f"-{k + 1}")
            rows.append(mine)
    made = _joined([_renamed(part, name) for part, name in zip(parts, names, strict=True)])
    made = _without_special(made, np.concatenate(rows), report)
    report.choice += f", assembly {wanted}"
    for what, lost in (("cell", records.cell), ("NCS operators", records.ncs)):
        if lost:
            report.lose(what, 1, "of the unit, and not of the assembly that is written")
    return replace(made, assemblies=[], ncs=[], cell=None, space_group="")


def _moved(records: Records, matrix: np.ndarray) -> Records:
    rotation = matrix[:3, :3]
    u = six_components(rotation @ symmetric(records.u) @ rotation.T)
    return replace(records, xyz=records.xyz @ rotation.T + matrix[:3, 3], u=np.round(u, 9) + 0.0)


def _renamed(records: Records, suffix: str) -> Records:
    if not suffix:
        return records
    label, auth = ({v: f"{v}{suffix}" for v in column.values} for column in (records.label_asym, records.auth_asym))
    return replace(records, label_asym=records.label_asym.replaced(label), auth_asym=records.auth_asym.replaced(auth))


def _joined(parts: list[Records]) -> Records:
    """The copies model by model, one after the other."""
    offsets = np.cumsum([0, *(len(part) for part in parts)])
    bonds = [part.bonds + np.array([start, start, 0], np.int32) for part, start in zip(parts, offsets, strict=False)]
    return replace(joined(parts), bonds=np.concatenate(bonds))


def _without_special(made: Records, row: np.ndarray, report: ExportReport) -> Records:
    """The records, of which copies of one (`row`, of the unit) in one place are one; in order of models."""
    order = np.lexsort((np.arange(len(made)), row))
    keep = np.ones(len(made), bool)
    occupancy = made.occupancy.copy()
    starts = np.flatnonzero(np.diff(row[order], prepend=-1))
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(made)], strict=True):
        copies = order[start:end]
        if len(copies) < 2:
            continue
        apart = np.linalg.norm(made.xyz[copies, None] - made.xyz[copies], axis=2)
        for k, one in enumerate(copies.tolist()):
            same = copies[(apart[k] < SAME_PLACE) & (np.arange(len(copies)) > k) & keep[copies]]
            if keep[one] and len(same):
                keep[same] = False
                total = occupancy[one] * (1 + len(same))
                if total <= WHOLE:
                    occupancy[one] = min(1.0, total)
    gone = int((~keep).sum())
    if gone:
        report.lose("copies on special positions", gone, "one atom each, written once")
    rows = np.flatnonzero(keep)
    rows = rows[np.argsort(made.model[rows], kind="stable")]
    return replace(made, occupancy=occupancy).take(rows)
