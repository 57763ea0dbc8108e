"""Which bonds of records a file has to say, and which its readers know: those within residues and along polymers."""

from __future__ import annotations

import gemmi
import numpy as np

from polystate.structure.hierarchy import ELEMENTS
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport

ALONG = {("C", "N"), ("O3'", "P")}
"""Atoms that join a residue of a polymer to the next."""
METALS = np.array([symbol != "D" and gemmi.Element(symbol).is_metal for symbol in ELEMENTS])


def within_residues(records: Records) -> np.ndarray:
    """(B,) bool: bonds of which both ends are in one residue."""
    a, b = records.bonds[:, 0], records.bonds[:, 1]
    same = np.ones(len(a), bool)
    for column in (
        records.label_asym.codes,
        records.auth_asym.codes,
        records.auth_seq,
        records.ins.codes,
        records.comp.codes,
    ):
        same &= column[a] == column[b]
    return same


def along_polymers(records: Records) -> np.ndarray:
    """(B,) bool: bonds from a standard residue of a polymer to the next one in its chain, standard as well."""
    a, b = records.bonds[:, 0], records.bonds[:, 1]
    backward = records.label_seq[a] > records.label_seq[b]
    first, second = np.where(backward, b, a), np.where(backward, a, b)
    found = (records.label_asym.codes[a] == records.label_asym.codes[b]) & (records.label_seq[first] >= 0)
    found &= ~records.het[a] & ~records.het[b]
    found &= records.label_seq[second] == records.label_seq[first] + 1
    rows = np.flatnonzero(found)
    names = zip(records.name.take(first[rows]).tolist(), records.name.take(second[rows]).tolist(), strict=True)
    found[rows] = [pair in ALONG for pair in names]
    return found


def once(records: Records, which: np.ndarray) -> np.ndarray:
    """Rows of `which` bonds (bool), each once however many models have it: a file names atoms without their model."""
    rows = np.flatnonzero(which)
    if (records.model == records.model[:1]).all():
        return rows
    columns = (records.label_asym.codes, *_of_author(records))
    ends = records.bonds[rows, :2]
    key = np.concatenate([np.stack([column[ends[:, k]] for column in columns], axis=1) for k in (0, 1)], axis=1)
    _, first = np.unique(key, axis=0, return_index=True)
    return rows[np.sort(first)]


def _of_author(records: Records) -> tuple[np.ndarray, ...]:
    """The columns by which an author's numbering names an atom of a model."""
    return (
        records.auth_asym.codes,
        records.auth_seq,
        records.ins.codes,
        records.comp.codes,
        records.name.codes,
        records.altloc.codes,
    )


def note_models(records: Records, which: np.ndarray, report: ExportReport) -> None:
    """List bonds that some models lack though they have both ends: a file says bonds of all models."""
    models = np.unique(records.model)
    if len(models) < 2 or not which.any():
        return
    place = np.unique(np.stack(_of_author(records), axis=1), axis=0, return_inverse=True)[1].reshape(-1)
    model = np.searchsorted(models, records.model)
    there = set(zip(model.tolist(), place.tolist(), strict=True))
    said: dict[tuple[int, int], set[int]] = {}
    for a, b in records.bonds[which, :2].tolist():
        said.setdefault((int(place[a]), int(place[b])), set()).add(int(model[a]))
    lacking = sum(
        any((m, a) in there and (m, b) in there for m in range(len(models)) if m not in has)
        for (a, b), has in said.items()
        if len(has) < len(models)
    )
    if lacking:
        report.lose("bonds of some models", lacking, "the file says bonds of all models")


def kinds(records: Records, bonds: np.ndarray) -> list[str]:
    """`disulf`, `metalc` or `covale` of each bond (B, 3)."""
    a, b = bonds[:, 0], bonds[:, 1]
    sulfur = records.name.equals("SG")
    metal = METALS[records.element]
    made = np.where(metal[a] | metal[b], "metalc", "covale").astype(object)
    made[sulfur[a] & sulfur[b]] = "disulf"
    return made.tolist()
