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
    rank = rows.astype(np.float64)
    new = np.flatnonzero(~present[0])
    chain, seq = dep.hierarchy.column("residues", "chain"), dep.hierarchy.column("residues", "label_seq")
    of_chain: dict[int, np.ndarray] = {}
    for row in new.tolist():
        number = int(chain[row])
        if number not in of_chain:
            of_chain[number] = np.flatnonzero(present[0] & (chain == number))
        before = of_chain[number]
        if seq[row] >= 0:
            before = before[(seq[before] >= 0) & (seq[before] <= seq[row])]
        if len(before):
            rank[row] = before[-1] + 0.5
    first_model = present.argmax(axis=0)
    for step in range(1, len(present)):
        here = rank[first_model == step]
        if (here[1:] < here[:-1]).any():
            return rows
    made = np.empty(len(rows), np.int64)
    made[np.lexsort((rows, rank))] = rows
    return made
