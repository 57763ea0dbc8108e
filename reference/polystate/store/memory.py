"""How much memory an array may take: what a small file says of its size is not believed beyond it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

CAREFREE = 1 << 24
"""Bytes between two looks at what the machine has left."""
SHARE = 4  # what is done with an array takes about three times its memory again
_UNKNOWN = 1 << 34
_spent = 0


def require(size: int) -> None:
    """Raise MemoryError where `size` bytes are more than may be used; looks only after some mebibytes."""
    global _spent
    _spent += size
    if _spent > CAREFREE:
        _spent = 0
        if size > room():
            raise MemoryError(f"{size} bytes, more than a quarter of the memory that is left")


def room() -> int:
    """Bytes that one array may take now."""
    return available() // SHARE


def available() -> int:
    """Bytes that this process can still have: of the machine, of its control group."""
    found = [_of_machine()]
    with suppress(OSError, ValueError):  # no control group, or no limit in it
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        found.append(max(0, limit - int(Path("/sys/fs/cgroup/memory.current").read_text())))
    return min(found)


def _of_machine() -> int:
    with suppress(OSError, ValueError, IndexError), open("/proc/meminfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return _UNKNOWN
