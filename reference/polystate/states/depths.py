"""Depths in a directed graph: the longest path from a vertex without parents."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from polystate.states.conditions import distinct


def depths(n: int, child: np.ndarray, parent: np.ndarray) -> np.ndarray | None:
    """The depth of each of n vertices, (n,); None where there is a cycle. child, parent: (E,), each edge once."""
    if (child == parent).any():
        return None
    if len(child) == len(distinct(child)):
        above = np.arange(n)
        above[child] = parent
        return _in_forest(above)
    return _in_graph(n, child, parent)


def _in_forest(above: np.ndarray) -> np.ndarray | None:
    """Depths where each vertex has one parent at most (itself: none), by jumps of twice the length each time."""
    depth = (above != np.arange(len(above))).astype(np.int64)
    for _ in range(len(above).bit_length()):
        if not depth[above].any():
            return depth
        depth, above = depth + depth[above], above[above]
    return depth if not depth[above].any() else None


def _in_graph(n: int, child: np.ndarray, parent: np.ndarray) -> np.ndarray | None:
    """Depths where vertices may have several parents: each in turn once all its parents have had theirs."""
    order = np.argsort(parent, kind="stable")
    start = np.searchsorted(parent[order], np.arange(n + 1)).tolist()
    children, waiting = child[order].tolist(), np.bincount(child, minlength=n).tolist()
    depth = [0] * n
    done = [v for v in range(n) if not waiting[v]]
    for v in done:  # grows while it is walked, in ascending depth: the last parent of a vertex is a deepest
        for c in children[start[v] : start[v + 1]]:
            depth[c] = depth[v] + 1
            waiting[c] -= 1
            if not waiting[c]:
                done.append(c)
    return np.array(depth, np.int64) if len(done) == n else None


def find_cycle(vertices: Iterable[int], parents: Callable[[int], set[int]]) -> list[int]:
    """The vertices along a cycle, the first one again at the end; a stack, so that depth is unbounded."""
    done: dict[int, bool] = {}
    for root in vertices:
        if root in done:
            continue
        done[root] = False
        stack = [(root, iter(sorted(parents(root))))]
        while stack:
            v, rest = stack[-1]
            for parent in rest:
                if done.get(parent) is False:
                    return [parent, *(s[0] for s in stack[::-1])]
                if parent not in done:
                    done[parent] = False
                    stack.append((parent, iter(sorted(parents(parent)))))
                    break
            else:
                stack.pop()
                done[v] = True
    raise ValueError("there is no cycle")
