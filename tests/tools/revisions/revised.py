"""Structures as somebody revised them: the same residues under other numbers, in another frame, fewer, or mutated."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from polystate.deposition import Deposition
from polystate.store.tree import Group

BACKBONE = ("N", "CA", "C", "O", "CB")


def revised(
    dep: Deposition,
    gone: Collection[int] = (),
    mutated: Mapping[int, str] | None = None,
    shift: int = 0,
    turn: np.ndarray | None = None,
    move: np.ndarray | None = None,
) -> Deposition:
    """The atoms of a deposition without its descriptors.

    gone, mutated: rows of residues; those mutated keep what all amino acids have. shift: of author numbers. turn
    (3, 3), move (3,) Å, or (N, 3) for all atoms by themselves: of the coordinates. Atom ids count on from 1001."""
    tree, mutated = dep.tree, mutated or {}
    residues, atoms = tree["hierarchy/residues"], tree["hierarchy/atoms"]
    residue = np.asarray(atoms.arrays["residue"])
    names = dep.hierarchy.text("atoms", "name")
    there = ~np.isin(residue, list(gone)) & ~(np.isin(residue, list(mutated)) & ~np.isin(names, BACKBONE))
    kept = np.flatnonzero(~np.isin(np.arange(len(residues.arrays["chain"])), list(gone)))
    row = np.full(len(residues.arrays["chain"]), -1, np.int32)
    row[kept] = np.arange(len(kept))
    comp = dep.hierarchy.text("residues", "comp")
    insertions = dep.hierarchy.text("residues", "ins")
    comp[list(mutated)] = list(mutated.values())
    new_residues = {name: np.asarray(values)[kept].astype(np.int32) for name, values in residues.arrays.items()}
    new_residues["auth_seq"] += np.int32(shift)
    new_atoms = {name: np.asarray(values)[there] for name, values in atoms.arrays.items() if name != "draw_key"}
    new_atoms["residue"] = row[residue[there]]
    new_atoms["atom_id"] = np.arange(1001, 1001 + there.sum(), dtype=np.uint32)
    xyz = dep.x_ref @ (np.eye(3) if turn is None else turn).T + (np.zeros(3) if move is None else move)
    return Deposition(
        {
            "": tree[""],
            "hierarchy": tree["hierarchy"] if "hierarchy" in tree else Group(),
            "hierarchy/atoms": _coded(new_atoms, name=names[there]),
            "hierarchy/residues": _coded(new_residues, comp=comp[kept], ins=insertions[kept]),
            "hierarchy/chains": tree["hierarchy/chains"],
            "hierarchy/entities": tree["hierarchy/entities"],
            "reference": Group({}, {"x_ref": xyz[there]}),
        }
    )


def _coded(arrays: dict[str, np.ndarray], **texts: np.ndarray) -> Group:
    """A table of the hierarchy: columns of text as codes of the words in use."""
    words = {name: sorted(set(values) - {""}) for name, values in texts.items()}
    codes = {
        name: np.array([words[name].index(v) if v else -1 for v in values], np.int32) for name, values in texts.items()
    }
    return Group({"vocabularies": words}, {**arrays, **codes})


def surviving(old: Deposition, new: Deposition, gone: Collection[int], mutated: Collection[int] = ()) -> np.ndarray:
    """Rows of the old atoms that stand in the new structure, in its order, (M,)."""
    residue = old.hierarchy.column("atoms", "residue")
    names = old.hierarchy.text("atoms", "name")
    there = ~np.isin(residue, list(gone)) & ~(np.isin(residue, list(mutated)) & ~np.isin(names, BACKBONE))
    rows = np.flatnonzero(there)
    assert len(rows) == new.n_atoms
    return rows
