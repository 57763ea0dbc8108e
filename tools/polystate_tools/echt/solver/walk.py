"""The forest in pieces that need nothing of each other: branches, and the trunk that they grow from.

Upwards a branch is worked leaves first, then the trunk; downwards the other way round. So threads meet once a walk, and
not at every level of the hierarchy. How the forest is cut depends on it alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .lanes import LANES
from .records import Walk

NODES = 200  # that are worth a piece of their own: eight of a level are worked at a time
MOST = 64  # pieces
ATOMS = 50  # that take as long as a group


def walks(stages: Sequence[np.ndarray], parent: np.ndarray, atoms: np.ndarray) -> tuple[Walk, Walk]:
    """(branches, trunk, which is one piece) of the nodes of `stages`, leaves first; atoms: how many each node bears."""
    pieces = int(np.clip(sum(map(len, stages)) // NODES, 1, MOST))
    below = 1.0 + atoms / ATOMS
    for stage in stages:
        inner = stage[parent[stage] >= 0]
        np.add.at(below, parent[inner], below[inner])
    roots = np.concatenate([stage[parent[stage] < 0] for stage in stages])
    limit = below[roots].sum() / pieces
    branch = np.full(len(parent), -1, np.int64)  # the root of the branch of each node, -1 of the trunk
    for stage in reversed(stages):
        above = parent[stage]
        cut = (above < 0) | (branch[above] < 0)
        branch[stage] = np.where(below[stage] > limit, -1, np.where(cut, stage, branch[above]))
    nodes, step = np.concatenate(stages), np.repeat(np.arange(len(stages)), [len(stage) for stage in stages])
    ends = np.cumsum(np.where(branch == np.arange(len(parent)), below, 0.0))
    piece = (ends[branch[nodes]] / limit).astype(np.int64)
    high = branch[nodes] >= 0
    return _walk(nodes[high], step[high], piece[high]), _walk(nodes[~high], step[~high], 0 * piece[~high])


def _walk(nodes: np.ndarray, step: np.ndarray, piece: np.ndarray) -> Walk:
    """Nodes by piece, then by step."""
    order = np.lexsort((nodes, step, piece))
    places = np.stack([piece, step])[:, order]
    changes = np.diff(places, axis=1, prepend=-1) != 0
    first = np.maximum.accumulate(np.where(changes.any(axis=0), np.arange(len(nodes)), 0))
    eights = np.flatnonzero((np.arange(len(nodes)) - first) % LANES == 0)
    begins = np.flatnonzero(changes[0][eights])
    return Walk(nodes[order].astype(np.int32), np.append(eights, len(nodes)), np.append(begins, len(eights)))


def row(nodes: np.ndarray) -> Walk:
    """Nodes of one step, as one piece."""
    return _walk(nodes, 0 * nodes, 0 * nodes)
