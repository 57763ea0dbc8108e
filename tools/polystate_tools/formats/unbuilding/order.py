"""The order and the record types in which a deposition's residues are written."""

from __future__ import annotations

import gemmi
import numpy as np

from polystate.deposition import Deposition


def hetero(dep: Deposition) -> np.ndarray:
    """(R,) bool: residues written as HETATM, all but standard residues of polymers."""
    comps = dep.hierarchy.text("residues", "comp")
    standard = {comp: gemmi.find_tabulated_residue(comp).is_standard() for comp in set(comps.tolist())}
    chain = dep.hierarchy.column("residues", "chain")
    entity = dep.hierarchy.column("chains", "entity")[chain]
    types = dep.hierarchy.text("entities", "type")
    no_polymer = np.array([kind not in ("", "polymer") for kind in types.tolist()] + [False], bool)[entity]
    return ~np.array([standard[comp] for comp in comps.tolist()], bool) | no_polymer


def residue_order(dep: Deposition, present: np.ndarray) -> np.ndarray:
    """(R,) the rank of each residue among those of a model. present: (S, R) bool, which models have which.

    Residues that the first model lacks (mutants, waters) were numbered after all of it; they stand where their number
    in the polymer says, or at the end of their chain. An order that an importer would not number as before is not used.
    """
    rows = np.arange(present.shape[1])
    chain, seq = dep.hierarchy.column("residues", "chain"), dep.hierarchy.column("residues", "label_seq")
    first_model = np.where(present.any(axis=0), present.argmax(axis=0), len(present))
    leader, place = rows.copy(), np.zeros(len(rows), np.int64)
    by_chain = np.argsort(chain, kind="stable")
    for own in np.split(by_chain, np.flatnonzero(np.diff(chain[by_chain])) + 1):
        if len(own):
            late = first_model[own] > first_model[own].min()
            order = _in_place(own[~late].tolist(), own[late].tolist(), seq)
            place[order] = np.arange(len(order))
            before = np.maximum(np.searchsorted(place[own[~late]], place[own[late]]) - 1, 0)
            leader[own[late]] = own[~late][before]
    made = np.empty(len(rows), np.int64)
    made[np.lexsort((place, leader))] = rows
    for step in range(1, len(present)):
        if (np.diff(made[first_model == step]) < 0).any():
            return rows
    return made


def _in_place(order: list[int], late: list[int], seq: np.ndarray) -> list[int]:
    """The rows of a chain, those that come late put among those in order: behind the last whose number in the polymer
    is not larger, before the first if all are."""
    for row in late:
        at = len(order)
        if seq[row] >= 0:
            numbers = seq[order]
            before, after = np.flatnonzero((numbers >= 0) & (numbers <= seq[row])), np.flatnonzero(numbers > seq[row])
            at = int(before[-1]) + 1 if len(before) else int(after[0]) if len(after) else at
        order.insert(at, row)
    return order
