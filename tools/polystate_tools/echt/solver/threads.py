"""Work that threads share: a compiled loop that holds no lock takes pieces until none are left.

What the pieces are says their number; which thread works one changes nothing. A thread enters the loop once and takes
its pieces inside, for entering costs as much as some of them: the interpreter and its lock have no part in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from .records import Walk, scratch


@intrinsic
def take(typingctx: Any, turn: Any) -> Any:
    """The next number, from 0 on, of those that threads count in turn (1,) int64: no two are given the same."""

    def made(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = make_array(sig.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(turn), made


class Threads:
    """`count` threads, all that this process may use by default, for fields of `d` numbers; one run at a time."""

    def __init__(self, d: int, count: int | None = None) -> None:
        self.count = count or len(os.sched_getaffinity(0))
        self.room, *self._rooms = [scratch(d) for _ in range(self.count)]
        self._pool = ThreadPoolExecutor(self.count - 1) if self.count > 1 else None

    def run(self, loop: Callable[..., Any], pieces: int, *arguments: Any) -> list[Any]:
        """loop(turn, scratch, *arguments), which takes its pieces by `turn`, on each thread; what each returned."""
        turn = np.zeros(1, np.int64)
        rooms = self._rooms[: max(pieces - 1, 0)]
        others = [self._pool.submit(loop, turn, room, *arguments) for room in rooms] if self._pool else []
        return [loop(turn, self.room, *arguments), *(other.result() for other in others)]

    def walk(self, loop: Callable[..., Any], walk: Walk, *arguments: Any) -> list[Any]:
        """The same for the pieces of a walk: loop(turn, scratch, walk, *arguments)."""
        return self.run(loop, len(walk.pieces) - 1, walk, *arguments)
