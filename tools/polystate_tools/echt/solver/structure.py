"""The hierarchy as the solver walks it: a forest of nested groups, and a small dense top where levels cross.

Atoms and groups are first put in an order that depends only on the numbers themselves (coordinates, then
input), so the fit of a shuffled file runs through the same additions in the same order. A group is *nested*
if all its atoms share their groups at every larger level. Groups that are not, and every larger group they
touch, form the `top`, which the solver treats jointly; all others hang in a forest below `cells`, the
distinct combinations of top groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .fields import pull
from .records import TOP, Atoms, Forest, Walk
from .walk import row, walks

RANK_TOLERANCE = 1e-7  # relative eigenvalue of the mean motion below which a direction moves no atom


@dataclass
class Problem:
    """Arrays in: what is to be explained, and by which groups.

    xyz: (N, 3) Å.  u: (N, 6) Å², order 11, 22, 33, 12, 13, 23; of an isotropic atom only the trace counts.
    anisotropic: (N,) bool.  labels: one (N,) int array a level, largest level first, -1 = in no group there;
    any integers >= 0.  names: one a level.  atomic: whether the atomic level stands below them.
    weights: (N,) or None for a rule of the settings, as 1 / (Tr U / 3), scaled to mean 1 (Pearce & Gros 2021, eq. 6,
    with mean for sum).
    """

    xyz: np.ndarray
    u: np.ndarray
    anisotropic: np.ndarray
    labels: list[np.ndarray]
    names: list[str]
    atomic: bool = True
    weights: np.ndarray | None = None


@dataclass
class Structure:
    """A `Problem` in canonical order, with its forest. G groups in level order, then C cells: nodes."""

    n_atoms: int
    d: int
    order: np.ndarray  # (N,) input row of each canonical atom
    xyz: np.ndarray  # (N, 3)
    u: np.ndarray  # (N, 6) Voigt-orthonormal (off-diagonals times sqrt 2) or, isotropic, u[:, 0] = Tr U / 3
    anisotropic: np.ndarray  # (N,) bool
    weights: np.ndarray  # (N,)
    atomic: bool
    n_groups: int
    level: np.ndarray  # (G,) int32
    group_of: np.ndarray  # (levels, N) int32 group of each canonical atom, -1 none
    label_of: np.ndarray  # (G,) the caller's label of each group
    size: np.ndarray  # (G,) atoms in the group
    parent: np.ndarray  # (G + C,) int32 node above, -1 none; of a top group TOP
    child_start: np.ndarray
    children: np.ndarray
    atom_start: np.ndarray  # (G + C + 1,) canonical atoms attached directly to each node
    loose: np.ndarray  # canonical atoms in no group
    origin: np.ndarray  # (G + C, 3)
    radius: np.ndarray  # (G + C,)
    basis: np.ndarray  # (G, 6, 6) columns: motions (t, radius omega) of unit mean amplitude
    rank: np.ndarray  # (G,) int64, as the other sizes of matrices are: one compiled version of each loop
    branches: Walk  # forest nodes and cells
    trunk: Walk
    crown: Walk  # `top`
    top: np.ndarray  # groups that cross, and those above them
    cell_start: np.ndarray
    cell_groups: np.ndarray  # places in `top` of the groups of each cell

    @property
    def n_nodes(self) -> int:
        return len(self.parent)

    @property
    def n_cells(self) -> int:
        return self.n_nodes - self.n_groups

    @property
    def tensor(self) -> bool | None:
        """Whether fields are symmetric matrices; None where they are polynomials."""
        return None if self.d == 10 else True

    @cached_property
    def forest(self) -> Forest:
        """The nodes, as the compiled loops take them."""
        return Forest(**{name: getattr(self, name) for name in Forest._fields})

    @cached_property
    def atoms(self) -> Atoms:
        """The input, as the compiled loops take it."""
        return Atoms(self.xyz, self.u, self.anisotropic if self.d == 21 else None, self.weights, self.atomic)


def _canonical_labels(labels: np.ndarray, rank_order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels renumbered by first appearance in `rank_order`; returns (labels (N,), original label of each)."""
    inside = rank_order[labels[rank_order] >= 0]
    values, first = np.unique(labels[inside], return_index=True)
    new = np.empty(len(values), np.int64)
    new[np.argsort(first, kind="stable")] = np.arange(len(values))
    out = np.full(len(labels), -1, np.int64)
    out[inside] = new[np.searchsorted(values, labels[inside])]
    original = np.empty(len(values), np.int64)
    original[new] = values
    return out, original


def _find_top(group_of: np.ndarray, n_groups: int) -> np.ndarray:
    """(G,) bool: groups that cross a larger level's groups, and every larger group their atoms lie in."""
    levels, n = group_of.shape
    top = np.zeros(n_groups, bool)
    for fine in range(1, levels):
        mine = group_of[fine]
        rows = np.flatnonzero(mine >= 0)
        for coarse in range(fine):
            theirs = group_of[coarse][rows]
            low = np.full(n_groups, np.iinfo(np.int64).max)
            high = np.full(n_groups, np.iinfo(np.int64).min)
            np.minimum.at(low, mine[rows], theirs)
            np.maximum.at(high, mine[rows], theirs)
            top[(low < high) & (high > np.iinfo(np.int64).min)] = True
    for fine in range(levels - 1, 0, -1):
        mine = group_of[fine]
        rows = np.flatnonzero((mine >= 0) & top[mine])
        for coarse in range(fine):
            theirs = group_of[coarse][rows]
            top[theirs[theirs >= 0]] = True
    return top


def _bounded_lists(owner: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """CSR of members by owner (owner < 0 left out), members ascending."""
    keep = np.flatnonzero(owner >= 0)
    members = keep[np.argsort(owner[keep], kind="stable")]
    start = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(owner[keep], minlength=n), out=start[1:])
    return start, members.astype(np.int32)


def build(problem: Problem, weights: str = "inverse") -> Structure:
    """The canonical order, the forest, each node's origin and radius, each group's motions of unit amplitude.

    weights: one of `points.WEIGHTS`, where the problem has none."""
    xyz = np.asarray(problem.xyz, np.float64)
    u = np.asarray(problem.u, np.float64)
    aniso = np.asarray(problem.anisotropic, bool)
    d = 21 if aniso.any() else 10
    by_number = _by_number(xyz, u, d)
    group_of, level, label = _numbered_groups(problem.labels, by_number)
    n_groups, levels = len(level), len(group_of)
    top = _find_top(group_of, n_groups)
    cell_of, cell_sets = _cells(group_of, top)
    n_nodes = n_groups + len(cell_sets)
    parent, above = _parents(group_of, top, cell_of, n_nodes)

    order = np.lexsort((np.argsort(by_number), np.where(above < 0, n_nodes, above)))
    above = above[order]
    atom_start = np.searchsorted(np.where(above < 0, n_nodes, above), np.arange(n_nodes + 1)).astype(np.int32)
    xyz, u, aniso, group_of, cell_of = xyz[order], u[order], aniso[order], group_of[:, order], cell_of[order]
    origin, radius, count = _centres(xyz, group_of, cell_of, n_nodes)
    child_start, children = _bounded_lists(np.where(parent >= 0, parent, -1), n_nodes)
    # leaves first: the deepest level of the forest, ..., the largest, then the cells
    stages = [
        np.flatnonzero((level == k) & (parent[:n_groups] != TOP)).astype(np.int32) for k in range(levels - 1, -1, -1)
    ]
    stages.append(np.arange(n_groups, n_nodes, dtype=np.int32))
    top_groups = np.flatnonzero(top).astype(np.int32)
    branches, trunk = walks(stages, parent, np.diff(atom_start))
    slot = np.full(n_groups, -1, np.int64)
    slot[top_groups] = np.arange(len(top_groups))
    structure = Structure(
        n_atoms=len(xyz), d=d, order=order, xyz=xyz, u=observed(u, aniso), anisotropic=aniso,
        weights=_weights(u, weights) if problem.weights is None else np.asarray(problem.weights, np.float64)[order],
        atomic=problem.atomic, n_groups=n_groups, level=level, group_of=group_of.astype(np.int32), label_of=label,
        size=count[:n_groups], parent=parent.astype(np.int32), child_start=child_start, children=children,
        atom_start=atom_start, loose=np.arange(atom_start[-1], len(xyz), dtype=np.int32), origin=origin, radius=radius,
        basis=np.zeros((n_groups, 6, 6)), rank=np.zeros(n_groups, np.int64), branches=branches,
        trunk=trunk, crown=row(top_groups), top=top_groups,
        cell_start=np.append(0, np.cumsum((cell_sets >= 0).sum(axis=1))).astype(np.int32),
        cell_groups=slot[cell_sets[cell_sets >= 0]].astype(np.int32),
    )  # fmt: skip
    _unit_motions(structure)
    return structure


def _by_number(xyz: np.ndarray, u: np.ndarray, d: int) -> np.ndarray:
    """(N,) atoms by coordinates, then input: an order that the order of the file has no part in."""
    keys = [u[:, k] for k in range(5, -1, -1)] if d == 21 else [u[:, :3].sum(axis=1) / 3.0]
    return np.lexsort((*keys, xyz[:, 2], xyz[:, 1], xyz[:, 0]))


def _numbered_groups(labels: Sequence[np.ndarray], by_number: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(group of each atom (levels, N), -1 none; level of each group; the caller's label of each)."""
    group_of = np.full((len(labels), len(by_number)), -1, np.int64)
    level, label = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    count = 0
    for k, given in enumerate(labels):
        new, original = _canonical_labels(np.asarray(given, np.int64), by_number)
        group_of[k] = np.where(new >= 0, new + count, -1)
        level.append(np.full(len(original), k, np.int32))
        label.append(original)
        count += len(original)
    return group_of, np.concatenate(level), np.concatenate(label)


def _cells(group_of: np.ndarray, top: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((N,) node of each atom's cell, -1 none; (C, levels) top groups of each cell, -1 none)."""
    levels, n = group_of.shape
    tuples = np.where((group_of >= 0) & np.append(top, False)[group_of], group_of, -1).T
    touched = (tuples >= 0).any(axis=1)
    cell_of = np.full(n, -1, np.int64)
    if not touched.any():
        return cell_of, np.zeros((0, levels), np.int64)
    sets, inverse = np.unique(tuples[touched], axis=0, return_inverse=True)
    cell_of[touched] = inverse.reshape(-1) + len(top)
    return cell_of, sets


def _parents(group_of: np.ndarray, top: np.ndarray, cell_of: np.ndarray, n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """((nodes,) node above each, -1 none, TOP of a top group; (N,) node that each atom hangs on, -1 none)."""
    parent = np.full(n_nodes, -1, np.int64)
    parent[: len(top)][top] = TOP
    above = cell_of.copy()  # the node above, walking each atom from the largest level down
    for mine in group_of:
        rows = np.flatnonzero((mine >= 0) & ~np.append(top, True)[mine])
        parent[mine[rows]] = above[rows]
        above[rows] = mine[rows]
    return parent, above


def _centres(
    xyz: np.ndarray, group_of: np.ndarray, cell_of: np.ndarray, n_nodes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(centroid (nodes, 3); root of the mean square distance from it, 1 of a point; atoms below each node)."""
    sums, spread, count = np.zeros((n_nodes, 3)), np.zeros(n_nodes), np.zeros(n_nodes, np.int64)
    members = [(mine[mine >= 0], xyz[mine >= 0]) for mine in (*group_of, cell_of)]
    for node, place in members:
        np.add.at(sums, node, place)
        count += np.bincount(node, minlength=n_nodes)
    origin = sums / np.maximum(count, 1)[:, None]
    for node, place in members:
        np.add.at(spread, node, ((place - origin[node]) ** 2).sum(axis=1))
    radius = np.sqrt(spread / np.maximum(count, 1))
    radius[radius < 1e-3] = 1.0
    return origin, radius, count


def observed(u: np.ndarray, aniso: np.ndarray) -> np.ndarray:
    """U as the loss compares it: Voigt-orthonormal or, of an isotropic atom, Tr U / 3 alone."""
    out = u.copy()
    out[:, 3:] *= 2.0**0.5
    out[~aniso] = 0.0
    out[~aniso, 0] = u[~aniso, :3].sum(axis=1) / 3.0
    return out


def _weights(u: np.ndarray, rule: str) -> np.ndarray:
    """Powers of 1 / (Tr U / 3), scaled to mean 1."""
    power = {"inverse": 1, "inverse-square": 2, "equal": 0}[rule]
    weights = (u[:, :3].sum(axis=1) / 3.0) ** -power
    return weights / weights.mean()


def _unit_motions(s: Structure) -> None:
    """Fill `basis` and `rank`: with w = basis v, the mean over the group's atoms of |displacement|^2 / 3 is |v|^2."""
    moments = np.zeros((10, s.n_groups))
    for mine in s.group_of:
        g = mine[mine >= 0]
        x, y, z = ((s.xyz[mine >= 0] - s.origin[g]) / s.radius[g, None]).T
        for k, moment in enumerate((np.ones(len(g)), x, y, z, x * x, y * y, z * z, x * y, x * z, y * z)):
            moments[k] += np.bincount(g, moment, s.n_groups)
    mean = np.zeros((6, 6, s.n_groups))
    pull.py_func(moments / np.maximum(s.size, 1), None, mean)  # all groups at once
    values, vectors = np.linalg.eigh(mean.transpose(2, 0, 1))
    values, vectors = values[:, ::-1], vectors[:, :, ::-1]
    keep = values > RANK_TOLERANCE * values[:, :1]
    s.rank[:] = keep.sum(axis=1)
    s.basis[:] = np.where(keep[:, None, :], vectors / np.sqrt(np.where(keep, values, 1.0))[:, None, :], 0.0)
