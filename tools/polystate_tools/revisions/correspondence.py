"""Where the nodes of an old hierarchy are in a new one, level by level, and how the coordinates were moved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from polystate.model.model import Model
from polystate.numbers.tensors import turned
from polystate.structure.hierarchy import Hierarchy
from polystate.structure.matching import identities
from polystate_tools.revisions.residues import Chains, Pairs, residue_pairs

SAME_FRAME = 1.0  # Å: less than half of the atoms have moved by more
ONE_PLACE = 1.0  # Å: between the centres of a residue in both frames laid on each other
TRIMS = 3  # rounds in which atoms that do not move with the rest are left out of the superposition
FLAT = 1e-3  # of its length: atoms nearer to one line than this have no orientation


@dataclass(frozen=True)
class Correspondence:
    """Nodes of an old deposition in a new one.

    chains, residues, atoms: pairs of rows, (old, new), ascending in the old."""

    old: Model
    new: Model
    chains: Pairs
    residues: Pairs
    atoms: Pairs

    def rows(self, level: str) -> np.ndarray:
        """The new row of each old node of a level, -1 where it has none."""
        pairs: Pairs = [(0, 0)]
        if level in ("chain", "residue", "atom"):
            pairs = {"chain": self.chains, "residue": self.residues, "atom": self.atoms}[level]
        elif level == "entity":
            one, other = (dep.hierarchy.column("chains", "entity").tolist() for dep in (self.old, self.new))
            pairs = [(one[a], other[b]) for a, b in reversed(self.chains) if one[a] >= 0 and other[b] >= 0]
        found = np.full(self.old.hierarchy.size(level), -1, np.int64)
        if pairs:
            found[[a for a, _ in pairs]] = [b for _, b in pairs]
        return found

    @cached_property
    def atom_rows(self) -> np.ndarray:
        """The new row of each old atom, (N,), -1 where it has none."""
        return self.rows("atom")

    @cached_property
    def mutated(self) -> np.ndarray:
        """Whether each old residue has another type now, (R,) bool."""
        one, other = (dep.hierarchy.text("residues", "comp") for dep in (self.old, self.new))
        found = np.zeros(len(one), bool)
        found[[a for a, b in self.residues if one[a] != other[b]]] = True
        return found

    @cached_property
    def frame(self) -> tuple[np.ndarray, np.ndarray] | None:
        """R (3, 3) and t (3,) Å that take old coordinates into the new frame; None where both frames are one."""
        pairs = np.array(self.atoms, np.int64).reshape(-1, 2)
        x, y = self.old.x_ref[pairs[:, 0]], self.new.x_ref[pairs[:, 1]]
        distance = np.linalg.norm(y - x, axis=1)
        if not _spread(x) or np.median(distance) <= SAME_FRAME:
            return None
        keep = np.ones(len(x), bool)
        for _ in range(TRIMS):
            rotation, shift = superposed(x[keep], y[keep])
            distance = np.linalg.norm(turned(x, rotation) + shift - y, axis=1)
            near = distance <= 3 * max(float(np.median(distance)), 1e-3)
            keep = near if _spread(x[near]) else keep
        return rotation, shift

    @cached_property
    def moved(self) -> np.ndarray:
        """How far each old atom stands from where the frames alone would put it, (N,) Å; NaN where it is gone."""
        found = np.full(self.old.n_atoms, np.nan)
        there = np.flatnonzero(self.atom_rows >= 0)
        x = self.old.x_ref[there]
        if self.frame is not None:
            x = turned(x, self.frame[0]) + self.frame[1]
        found[there] = np.linalg.norm(self.new.x_ref[self.atom_rows[there]] - x, axis=1)
        return found


def _spread(x: np.ndarray) -> bool:
    """Whether points, (n, 3), are not on one line, so that a superposition has one answer."""
    if len(x) < 3:
        return False
    sizes = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    return bool(sizes[1] > FLAT * sizes[0])


def superposed(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rotation and shift that take x, (n, 3), nearest to y."""
    rotation = Rotation.align_vectors(y - y.mean(axis=0), x - x.mean(axis=0))[0].as_matrix()
    return rotation, y.mean(axis=0) - rotation @ x.mean(axis=0)


def correspondence(old: Model, new: Model) -> Correspondence:
    """Chains, residues and atoms of an old deposition in a new one."""
    one, other = Chains(old.hierarchy), Chains(new.hierarchy)
    named = _of_residues(old, new, one, other, residue_pairs(one, other))
    return _of_residues(old, new, one, other, sorted([*named.residues, *_at_one_place(named, one, other)]))


def _of_residues(old: Model, new: Model, one: Chains, other: Chains, residues: Pairs) -> Correspondence:
    chains = {one.chain[a]: other.chain[b] for a, b in reversed(residues)}
    atoms = _atom_pairs(old.hierarchy, new.hierarchy, dict(residues))
    return Correspondence(old, new, sorted(chains.items()), residues, atoms)


def _at_one_place(c: Correspondence, one: Chains, other: Chains) -> Pairs:
    """Ligands, sugars and waters that are not paired yet: those of one type at one place, each nearest to the other."""
    taken = {row for row, _ in c.residues}, {row for _, row in c.residues}
    left = [
        [r for r, chain in enumerate(side.chain) if not side.polymer[chain] and r not in rows]
        for side, rows in zip((one, other), taken, strict=True)
    ]
    if not all(left):
        return []
    x, y = (_centres(dep)[rows] for dep, rows in zip((c.old, c.new), left, strict=True))
    if c.frame is not None:
        x = turned(x, c.frame[0]) + c.frame[1]
    nearest, back = cKDTree(y).query(x, distance_upper_bound=ONE_PLACE)[1], cKDTree(x).query(y)[1]
    pairs = ((left[0][k], left[1][j]) for k, j in enumerate(nearest.tolist()) if j < len(y) and back[j] == k)
    return [(a, b) for a, b in pairs if one.comp[a] == other.comp[b]]


def _centres(dep: Model) -> np.ndarray:
    """The mean of the atoms of each residue, (R, 3) Å."""
    residue, n = dep.hierarchy.column("atoms", "residue"), dep.hierarchy.size("residue")
    sums = np.stack([np.bincount(residue, dep.x_ref[:, k], n) for k in range(3)], axis=1)
    return sums / np.maximum(np.bincount(residue, minlength=n), 1)[:, None]


def _atom_pairs(old: Hierarchy, new: Hierarchy, residues: dict[int, int]) -> Pairs:
    """Atoms of one name in paired residues."""
    place = {key: row for row, key in enumerate(_names(new))}
    found = []
    for row, (residue, name, number) in enumerate(_names(old)):
        key = (residues.get(residue, -1), name, number)
        if key in place:
            found.append((row, place[key]))
    return found


def _names(h: Hierarchy) -> list[tuple[int, str, int]]:
    """Residue row and name of each atom, and the how manieth of that name it is."""
    residue = h.column("atoms", "residue").tolist()
    return [(r, identity[5], identity[6]) for r, identity in zip(residue, identities(h), strict=True)]
