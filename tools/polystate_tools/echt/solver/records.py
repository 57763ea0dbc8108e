"""What the compiled loops are handed: the forest, its atoms, a penalty, an interior point and their work arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TOP = -2  # in the place of a parent: the group crosses others, or is above such


class Forest(NamedTuple):
    """The nodes of a structure (G groups in level order, then C cells); see `structure.Structure`. d: numbers of a
    field, tensor: what `fields` make of it."""

    n_groups: int
    d: int
    tensor: bool | None
    parent: np.ndarray
    child_start: np.ndarray
    children: np.ndarray
    atom_start: np.ndarray
    origin: np.ndarray
    radius: np.ndarray
    basis: np.ndarray
    rank: np.ndarray
    top: np.ndarray
    cell_start: np.ndarray
    cell_groups: np.ndarray


class Walk(NamedTuple):
    """Nodes in the order in which loops take them. nodes: by piece, and in a piece by step, leaves first; eights: where
    in `nodes` those begin that are worked side by side, up to eight of one step, and the end; pieces: the first eight
    of each piece, and the end."""

    nodes: np.ndarray
    eights: np.ndarray
    pieces: np.ndarray


class Scratch(NamedTuple):
    """What a loop works in, each thread in its own: dd (6, d, d), lines (2, d), rows and wide (6, d), s6 (8, 6, 6),
    g36 (3, 6), v6 (3, 6); and for eight groups at a time, whose `nodes` (8,) are one a lane, squares8 (10, 6, 6, 8),
    lines8 (3, 6, 8), fields8 (5, d, d, 8), rows8 (5, d, 8), pairs8 (3, 21, d, 8)."""

    dd: np.ndarray
    lines: np.ndarray
    rows: np.ndarray
    wide: np.ndarray
    s6: np.ndarray
    g36: np.ndarray
    v6: np.ndarray
    nodes: np.ndarray
    squares8: np.ndarray
    lines8: np.ndarray
    fields8: np.ndarray
    rows8: np.ndarray
    pairs8: np.ndarray


def scratch(d: int) -> Scratch:
    """Room for fields of d numbers; all zero, as atoms in no group see it."""
    shapes = ((6, d, d), (2, d), (6, d), (6, d), (8, 6, 6), (3, 6), (3, 6))
    eights = ((10, 6, 6), (3, 6), (5, d, d), (5, d), (3, 21, d))
    alone, side_by_side = map(np.zeros, shapes), (_aligned((*shape, 8)) for shape in eights)
    return Scratch._make([*alone, np.zeros(8, np.int64), *side_by_side])


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros of which eight, side by side, never lie across two lines (64 bytes) of the processor's cache."""
    room = np.zeros(int(np.prod(shape)) + 8)
    return room[-room.ctypes.data // 8 % 8 :][: room.size - 8].reshape(shape)


class Atoms(NamedTuple):
    """The input. xyz: (N, 3); u: (N, 6) Voigt-orthonormal; anisotropic: (N,) bool, None where no atom is, for which
    nothing of anisotropic atoms is compiled; weights: (N,); own: whether the atomic level is fitted."""

    xyz: np.ndarray
    u: np.ndarray
    anisotropic: np.ndarray | None
    weights: np.ndarray
    own: bool


class Penalty(NamedTuple):
    """What amplitudes cost: alpha (G,) and alpha_atom times the amplitude, beta times its square, eps |Sigma|^2."""

    alpha: np.ndarray
    alpha_atom: float
    beta: float
    eps: float


class Interior(NamedTuple):
    """Covariances and slacks, or their changes: (G, 6, 6) of the groups, (N, k, k) of the atoms."""

    sigma: np.ndarray
    slack: np.ndarray
    own: np.ndarray
    own_slack: np.ndarray


class Sweep(NamedTuple):
    """What a Newton step keeps of each node: field y, pull of the loss on it, what it looks like from above (q, f),
    frame and its dual of each group with its force and the rest of its slack there (`groups`), and the change eta of
    the field."""

    y: np.ndarray
    pulls: np.ndarray
    q_above: np.ndarray
    f_above: np.ndarray
    frame: np.ndarray
    dual: np.ndarray
    force: np.ndarray
    rest: np.ndarray
    eta: np.ndarray
