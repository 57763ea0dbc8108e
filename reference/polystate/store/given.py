"""The bytes of a file that a caller names: of a file, or of a pipe that somebody writes into and closes."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

from polystate.store import memory

PIECE = 1 << 20


def content(path: str | Path) -> bytes:
    """All bytes of a file. OSError where there is none or a device, MemoryError where it is too large or has no end."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb") as file:  # a pipe without a writer is empty: nobody waits for one
        kind = os.fstat(file.fileno())
        if stat.S_ISREG(kind.st_mode):
            memory.require(kind.st_size)
            return file.read()
        if not stat.S_ISFIFO(kind.st_mode):
            raise OSError("neither a file nor a pipe")
        os.set_blocking(file.fileno(), True)
        return stream(file)


def stream(file: IO[bytes]) -> bytes:
    """All bytes that a stream still gives; MemoryError where they are too many."""
    pieces, size = [], 0
    while piece := file.read(PIECE):
        size += len(piece)
        memory.require(size)
        pieces.append(piece)
    return b"".join(pieces)
