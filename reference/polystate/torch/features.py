"""What a network is told of the atoms: the hierarchy as tensors, the same in all samples of an entry."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from polystate.model.model import Model
from polystate.structure.hierarchy import DEUTERIUM, ELEMENTS

RESIDUES = (
    "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL MSE SEC PYL "
    "A C G U DA DC DG DT HOH"
).split()
"""The residue types with a number of their own: their places from 1 on. 0 stands for all others."""
_NUMBER = {name: k for k, name in enumerate(RESIDUES, 1)}

Features = Mapping[str, Tensor]


def features(dep: Model, rows: np.ndarray) -> Features:
    """Of the atoms in these rows (N of them), as int64 tensors:

    atomic_number (N,), deuterium as hydrogen and 0 unknown; residue (N,), chain (N,): which residue and chain, counted
    from 0 over those that have an atom here; residue_type (N,), see RESIDUES; atom_id (N,)."""
    h = dep.hierarchy
    element = h.column("atoms", "element")[rows].astype(np.int64)
    residue, chain = h.of_atoms("residue")[rows], h.of_atoms("chain")[rows]
    kinds = np.array([_NUMBER.get(str(comp), 0) for comp in h.text("residues", "comp")], np.int64)
    columns = {
        "atomic_number": np.where(element == DEUTERIUM, ELEMENTS.index("H"), element),
        "residue": np.unique(residue, return_inverse=True)[1],
        "chain": np.unique(chain, return_inverse=True)[1],
        "residue_type": kinds[residue],
        "atom_id": h.atom_id[rows],
    }
    return {name: torch.from_numpy(np.asarray(values, np.int64)) for name, values in columns.items()}


def bonds(dep: Model, rows: np.ndarray) -> Tensor:
    """(2, B) int64: places among these rows of the two atoms of each bond that has both here."""
    return torch.from_numpy(dep.hierarchy.bonds_among(rows)[:, :2].T.copy())
