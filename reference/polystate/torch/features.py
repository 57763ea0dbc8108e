"""What a network is told of the atoms: the hierarchy as tensors, the same in all samples of an entry."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from polystate.model.model import Model

RESIDUES = (
    "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL MSE SEC PYL "
    "A C G U DA DC DG DT HOH"
).split()
"""The residue types with a number of their own: their places from 1 on. 0 stands for all others."""
_NUMBER = {name: k for k, name in enumerate(RESIDUES, 1)}
DEUTERIUM = 119

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
        "atomic_number": np.where(element == DEUTERIUM, 1, element),
        "residue": np.unique(residue, return_inverse=True)[1],
        "chain": np.unique(chain, return_inverse=True)[1],
        "residue_type": kinds[residue],
        "atom_id": h.atom_id[rows],
    }
    return {name: torch.from_numpy(np.asarray(values, np.int64)) for name, values in columns.items()}


def bonds(dep: Model, rows: np.ndarray) -> Tensor:
    """(2, B) int64: places among these rows of the two atoms of each bond that has both here."""
    if "hierarchy/bonds" not in dep.tree:
        return torch.zeros((2, 0), dtype=torch.int64)
    place = np.full(dep.n_atoms, -1)
    place[rows] = np.arange(len(rows))
    ends = np.stack([place[dep.hierarchy.column("bonds", name)] for name in ("atom_a", "atom_b")])
    return torch.from_numpy(ends[:, (ends >= 0).all(axis=0)].astype(np.int64))
