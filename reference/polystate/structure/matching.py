"""Which atoms of two hierarchies are the same atom, by what they are called."""

from __future__ import annotations

import numpy as np

from polystate.structure.hierarchy import Hierarchy

Identity = tuple[str, str, int, str, str, str, int]


def identities(h: Hierarchy) -> list[Identity]:
    """Chain (label and author), residue number, insertion code, residue type and name of each atom, and the how manieth
    of that name it is; each once."""
    residue = h.column("atoms", "residue")
    chain = h.column("residues", "chain")
    columns = (
        h.text("chains", "label_asym")[chain][residue],
        h.text("chains", "auth_asym")[chain][residue],
        h.column("residues", "auth_seq")[residue].tolist(),
        h.text("residues", "ins")[residue],
        h.text("residues", "comp")[residue],
        h.text("atoms", "name"),
    )
    seen: dict[tuple[str, str, int, str, str, str], int] = {}
    found = []
    for key in zip(*columns, strict=True):
        seen[key] = seen.get(key, -1) + 1
        found.append((*key, seen[key]))
    return found


def same_atoms(one: Hierarchy, other: Hierarchy) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the atoms that both have, (M,) in each, ascending in the first."""
    place = {identity: row for row, identity in enumerate(identities(other))}
    pairs = [(row, place[identity]) for row, identity in enumerate(identities(one)) if identity in place]
    first, second = np.array(pairs, np.int64).reshape(-1, 2).T
    return first, second
