"""TLS records as a TLS descriptor in radians with an amplitude a group, and what the deposited ADPs contain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polystate.numbers.tensors import six_components
from polystate.operators import call
from polystate.store.tree import Group
from polystate_tools.formats.building.operators import gaussian_document
from polystate_tools.formats.errors import BFactorsUnstated, TlsNotPositive, TlsSelection
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.records.records import TlsGroup, TlsRecords
from polystate_tools.formats.report import ImportReport
from polystate_tools.formats.tls.records import RADIAN
from polystate_tools.formats.tls.selections import selected

TLS = "tls"
EXPLAINED = 0.5
"""ANISOU are total where subtracting TLS takes off at least half of the RMS anisotropy."""


@dataclass
class Tls:
    """group_of_atom: (N,) index into groups, -1 = none; rows: (G, 24) as stored; u: (N, 6) Å², 0 outside.

    normalised: the amplitude of every row is the mean Tr(U)/3 of its atoms.
    """

    groups: list[TlsGroup]
    group_of_atom: np.ndarray
    rows: np.ndarray
    u: np.ndarray
    normalised: bool = True


def tls_of_records(layout: Layout, x_ref: np.ndarray, keep: bool, report: ImportReport) -> Tls | None:
    """The TLS groups of a file on its atoms, or None. keep: a group without amplitude is stored with A = 1."""
    stated = layout.records.tls
    if stated is None:
        return None
    _note_unusable(stated, report)
    found = np.full(layout.n_atoms, -1, np.int32)
    groups: list[TlsGroup] = []
    taken = np.full(len(layout.records), -1, np.int32)
    for group in stated.groups:
        name, where = f"TLS group {group.id}", _place(report, group.id)
        rows = _rows_of_group(layout, group, where, report)
        if not len(rows):
            report.warn("tls-empty-selection", f"{name} names no atom and is left out: {group.selection}", [])
            report.lose(name, 1, "its selection names no atom")
            continue
        twice = rows[taken[rows] >= 0]
        if len(twice):
            other = groups[taken[twice[0]]]
            first = layout.records.record_name(int(twice[0]))
            found_here = f"{len(twice)} atoms that are in group {other.id} too, the first {first}"
            raise TlsSelection(where, found_here, "each atom in one group")  # EXP-55
        taken[rows] = len(groups)
        groups.append(group)
    found[layout.atom_of_record[::-1]] = taken[::-1]
    _say_divided(layout, taken, found, report)
    if not groups:
        return None
    origin = np.array([g.origin for g in groups])
    raw = np.array([_in_radians(g) for g in groups])
    rows = np.concatenate([raw, np.ones((len(groups), 1)), origin], axis=1)
    covered = np.flatnonzero(found >= 0)
    trace = np.zeros(len(groups))
    np.add.at(trace, found[covered], np.trace(_u(rows, found[covered], x_ref[covered]), axis1=1, axis2=2) / 3)
    amplitude = trace / np.bincount(found[covered], minlength=len(groups))
    for k in np.flatnonzero(amplitude <= 0).tolist():
        if not keep:
            found_here = f"mean Tr(U)/3 = {amplitude[k]:.6g} Å² over its atoms"
            raise TlsNotPositive(
                _place(report, groups[k].id), found_here, "a positive one, or --tls keep to store it with amplitude 1"
            )
        report.warn(
            "tls-not-normalised",
            f"stored as deposited, with amplitude 1: mean Tr(U)/3 is {amplitude[k]:.6g} Å²",
            [f"TLS group {groups[k].id}"],
        )
    scale = np.where(amplitude > 0, amplitude, 1.0)
    rows[:, :20] /= scale[:, None]
    rows[:, 20] = scale
    u = np.zeros((layout.n_atoms, 6))
    u[covered] = six_components(_u(rows, found[covered], x_ref[covered]))
    return Tls(groups, found, rows, u, bool((amplitude > 0).all()))


def _rows_of_group(layout: Layout, group: TlsGroup, where: str, report: ImportReport) -> np.ndarray:
    """Records of a group: those that name it, else those of its selection; said where the two differ."""
    records = layout.records
    if group.records is None:
        return np.flatnonzero(selected(records, group.selection, where))
    if group.selection:
        other = np.flatnonzero(selected(records, group.selection, where))
        apart = np.setxor1d(other, group.records)
        if len(apart):
            report.warn(
                "tls-group-disputed",
                f"records that name TLS group {group.id} or are in its selection {group.selection!r}, not both; what "
                "the records say is taken",
                list(dict.fromkeys(records.residue_name(row) for row in apart.tolist())),
                len(apart),
            )
    return group.records


def _say_divided(layout: Layout, taken: np.ndarray, found: np.ndarray, report: ImportReport) -> None:
    """Atoms whose alternates are in several groups, or in part in none: a group is of whole atoms."""
    apart = np.flatnonzero(taken != found[layout.atom_of_record])
    if len(apart):
        records = layout.records
        names = list(dict.fromkeys(records.residue_name(row) for row in apart.tolist()))
        report.warn("tls-divided-atom", "alternates of one atom in different TLS groups; the first decides", names)
        report.lose("TLS groups of alternates", len(apart), "a group is of whole atoms, with all their alternates")


def _place(report: ImportReport, group: str) -> str:
    """A group by file and id, for an error."""
    return f"{report.source} TLS group {group}".strip()


def _note_unusable(stated: TlsRecords, report: ImportReport) -> None:
    """Groups whose numbers cannot be read are refused by name; nothing is put in for what they lack."""
    for name, because in stated.unusable:
        report.warn("tls-unusable", f"a TLS group is left out: {because}", [f"TLS group {name}"])
        report.lose(f"TLS group {name}", 1, because)


def _in_radians(group: TlsGroup) -> np.ndarray:
    """T, L, S (20) in Å², rad², Å·rad with the trace of S taken off, rounded so that export is exact."""
    s = group.S.copy()
    s[[0, 4, 8]] -= s[[0, 4, 8]].sum() / 3  # only S33 - S11 and S33 - S22 are seen by U
    s = np.round(s, 10) + 0.0
    return np.concatenate([group.T, group.L * RADIAN**2, s[:8] * RADIAN])


def _u(rows: np.ndarray, group: np.ndarray, xyz: np.ndarray) -> np.ndarray:
    return call("parametric_gaussian/tls_v1", {"tls": rows, "group": group, "xyz": xyz})["u"]


def content_of_adps(layout: Layout, tls: Tls, stated: str | None, report: ImportReport) -> str:
    """Whether the deposited ADPs contain the TLS part: as the caller states, as ANISOU shows, as the header says.

    Where none of the three tells, the import is refused and asks for `--b-factors`.
    """
    assert layout.records.tls is not None
    shown, numbers = _shown_by_anisou(layout, tls)
    return _decided(layout.records.tls, len(tls.groups), shown, numbers, stated, report)


def content_without_groups(records: TlsRecords, stated: str | None, report: ImportReport) -> str:
    """The same for a file whose TLS groups are missing, unusable or on no atom."""
    content = _decided(records, len(records.groups) + len(records.unusable), None, {}, stated, report)
    if content == "residual":
        report.warn(
            "residual-without-tls",
            "B-factors are the rest beside TLS groups that the deposition lacks: not the whole of the disorder",
        )
    return content


def _decided(
    records: TlsRecords, n_groups: int, shown: str | None, numbers: dict, stated: str | None, report: ImportReport
) -> str:
    declared, statement = records.adp_content, records.statement
    report.adp = {
        "declared": declared,
        "statement": statement,
        "program": records.program,
        "shown_by_anisou": shown,
        **numbers,
        "stated_by_caller": stated,
    }
    decided = stated or shown or (declared if declared != "unknown" else None)
    if decided is None:
        raise BFactorsUnstated(
            f"{report.source} REMARK 3 or _refine".strip(),
            f"{n_groups} TLS groups, and no word on whether B contains them (program {records.program or 'unknown'})",
            "--b-factors total or --b-factors residual",
        )
    report.adp["used"] = decided
    for other, whose in ((shown, "ANISOU"), (declared, "the header")):
        if other not in (None, "unknown", decided):
            report.warn(
                "adp-content-disputed",
                f"B-factors are taken as {decided}, while {whose} says {other}"
                + (f" ({statement})" if whose == "the header" else f" ({numbers})"),
            )
    if statement == "LIKELY RESIDUAL":
        report.warn("adp-content-likely", "the archive calls the B-factors LIKELY RESIDUAL; they are taken so")
    return decided


def _shown_by_anisou(layout: Layout, tls: Tls) -> tuple[str | None, dict]:
    """`total` where U - U_TLS is nearly isotropic, else None; and the numbers that decide.

    rms_anisotropy: RMS over atoms and elements of the deviatoric part of U; left_after_tls: of U - U_TLS.
    """
    rows = layout.first_record
    mask = layout.records.has_u[rows] & (tls.group_of_atom >= 0)
    if not mask.any():
        return None, {}
    u = layout.records.u[rows[mask]]
    before, after = _anisotropy(u), _anisotropy(u - tls.u[mask])
    exact = float((np.abs(_deviatoric(u - tls.u[mask])).max(axis=1) < 1e-3).mean())
    numbers = {
        "atoms_compared": int(mask.sum()),
        "rms_anisotropy": round(before, 6),
        "left_after_tls": round(after, 6),
        "exact_within_0.001": round(exact, 4),
    }
    return ("total" if after < EXPLAINED * before else None), numbers


def _deviatoric(u: np.ndarray) -> np.ndarray:
    u = u.copy()
    u[:, :3] -= u[:, :3].mean(axis=1, keepdims=True)
    return u


def _anisotropy(u: np.ndarray) -> float:
    return float(np.sqrt((_deviatoric(u) ** 2 * [1, 1, 1, 2, 2, 2]).sum(axis=1).mean()))


def tls_groups(tls: Tls) -> dict[str, Group]:
    """The TLS descriptor and the grouping of its atoms, by path."""
    grouping = f"{TLS}.groups/v1"
    document = gaussian_document(TLS, "parametric_gaussian/tls_v1", {"grouping": grouping}, "residual")
    del document["adp_content"]
    if not tls.normalised:
        document["normalised"] = False
    covered = np.flatnonzero(tls.group_of_atom >= 0)
    labels = [g.id for g in tls.groups]
    if len(set(labels)) < len(labels):
        labels = [f"{label}.{k}" for k, label in enumerate(labels, 1)]
    return {
        f"descriptors/{TLS}": Group(document, {"tls": tls.rows}),
        f"groupings/{grouping}": Group(
            {"kind": "partition", "child_level": "atom", "labels": labels},
            {"child": covered.astype(np.int32), "parent": tls.group_of_atom[covered]},
        ),
    }
