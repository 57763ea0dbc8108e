"""Nodes shared among threads: a compiled loop over [first, last) that holds no lock, run in pieces.

Every node's numbers are its own, so how the nodes are split changes nothing. Threads of Python do as well here as
those of Numba, whose loops take four times as long to compile.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .lanes import LANES
from .records import Scratch, scratch

LEAST = 64  # nodes that are worth a piece of their own
PIECES = 4  # a thread: another program on the machine may hold one of them up


class Threads:
    """`count` threads, all that this process may use by default, for fields of `d` numbers; one run at a time."""

    def __init__(self, d: int, count: int | None = None) -> None:
        self.count = count or len(os.sched_getaffinity(0))
        self._rooms = [scratch(d) for _ in range(self.count)]
        self._pool = ThreadPoolExecutor(self.count - 1) if self.count > 1 else None

    def run(self, loop: Callable[..., Any], size: int, *arguments: Any) -> list[Any]:
        """loop(first, last, scratch, *arguments) over pieces that make up [0, size); returns what each returned."""
        pieces = min(PIECES * self.count, size // LEAST) if self._pool else 1
        if self._pool is None or pieces < 2:
            return [loop(0, size, self._rooms[0], *arguments)]
        found: list[Any] = [None] * pieces
        edges = [k * size // pieces // LANES * LANES for k in range(pieces)] + [size]
        left = iter(range(pieces))

        def work(room: Scratch) -> None:
            for k in left:
                found[k] = loop(edges[k], edges[k + 1], room, *arguments)

        others = [self._pool.submit(work, room) for room in self._rooms[1:]]
        work(self._rooms[0])
        for other in others:
            other.result()
        return found
