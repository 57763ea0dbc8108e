"""How much memory a store or a file may take: what a small file says of its size is not believed beyond it.

Three bounds, each with a variable of the environment that moves it:

- of what a file inflates to (gzip, deflated zip): FREE_FILE, or FILE_EXPANSION times the file, whichever is more;
- of what the arrays of a store are together: FREE_ARRAYS, or ARRAY_EXPANSION times the files of the store;
  POLYSTATE_BOUNDS=10 makes both bounds ten times as large;
- of one array: a quarter of the memory that is left; POLYSTATE_MEMORY=8G says instead what the process may take in all.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

CAREFREE = 1 << 24
"""Bytes between two looks at what the machine has left."""
SHARE = 4  # what is done with an array takes about three times its memory again
FREE_FILE, FILE_EXPANSION = 1 << 26, 50  # coordinates as text shrink to a quarter
FREE_ARRAYS, ARRAY_EXPANSION = 1 << 28, 1000  # a column of one number shrinks by a thousand and more
BOUNDS_VARIABLE, MEMORY_VARIABLE = "POLYSTATE_BOUNDS", "POLYSTATE_MEMORY"
RAISED = f"less, or {BOUNDS_VARIABLE} in the environment, how many times as much is believed"
_UNKNOWN = 1 << 34
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_spent = 0


def inflated_limit(stored: int) -> int:
    """Bytes that a compressed file of so many bytes may inflate to."""
    return int(times() * max(FREE_FILE, FILE_EXPANSION * stored))


def array_limit(stored: int) -> int:
    """Bytes that the arrays of a store, or one chunk, may take whose files have so many bytes."""
    return int(times() * max(FREE_ARRAYS, ARRAY_EXPANSION * stored))


def times() -> float:
    """How many times as much as by default is believed, and may be taken."""
    text = os.environ.get(BOUNDS_VARIABLE, "1")
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError(f"{BOUNDS_VARIABLE} is {text!r:.40}, expected a number, how many times the bounds are raised")
    return float(text)


def require(size: int) -> None:
    """Raise MemoryError where `size` bytes are more than may be used; looks only after some mebibytes."""
    global _spent
    _spent += size
    if _spent > CAREFREE:
        _spent = 0
        if size > room():
            raise MemoryError(f"{size} bytes, more than the {room()} that one array may take; see {MEMORY_VARIABLE}")


def room() -> int:
    """Bytes that one array may take now."""
    given = os.environ.get(MEMORY_VARIABLE)
    if given is None:
        return available() // SHARE
    match = re.fullmatch(r"(\d+)([KMGT]?)B?", given.upper())
    if match is None:
        raise ValueError(f"{MEMORY_VARIABLE} is {given!r:.40}, expected bytes, such as 8G")
    return max(0, int(match[1]) * _UNITS[match[2]] - resident())


def available() -> int:
    """Bytes that this process can still have: of the machine, of its control group."""
    found = [_of_machine()]
    with suppress(OSError, ValueError):  # no control group, or no limit in it
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        found.append(max(0, limit - int(Path("/sys/fs/cgroup/memory.current").read_text())))
    return min(found)


def resident() -> int:
    """Bytes that this process has in memory; 0 where the system does not say."""
    with suppress(OSError, ValueError, IndexError, AttributeError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _of_machine() -> int:
    with suppress(OSError, ValueError, IndexError), open("/proc/meminfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return _UNKNOWN
