"""Ceilings on what a file may expand to, checked before anything is allocated.

A list may hold at most max(2^20, bytes of the file) values and never more than 2^28; all lists of a file
together at most 16 times that. Run-length codes can promise any number of values in a few bytes: with
these ceilings a 40-byte file costs at most tens of megabytes, and no real file comes near them (an atom
takes at least 6 bytes, its three coordinates)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from polystate_tools.formats.mmtf.errors import TooLarge

FREE_VALUES = 1 << 20
MAX_VALUES = 1 << 28
TOTAL_FACTOR = 16
MAX_DEPTH = 16
MAX_FILE_BYTES = 1 << 31

BYTES_OF_ATOM = 25  # x, y, z, B, occupancy, serial number of 4 bytes, alternate location of 1
ALIGNED = 64
SPARE = 7 * ALIGNED


@dataclass
class Budget:
    """What is left of the number of values that one file may expand to."""

    per_list: int
    left: int = field(default=0)
    block: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint8), repr=False)
    used: int = 0

    @classmethod
    def for_bytes(cls, size: int) -> Budget:
        """The budget of a file of `size` bytes."""
        per_list = min(max(FREE_VALUES, size), MAX_VALUES)
        return cls(per_list, TOTAL_FACTOR * per_list)

    def take(self, count: int, where: str) -> None:
        """Reserve `count` values for one list, or refuse."""
        if count > self.per_list:
            raise TooLarge(where, f"{count} values", f"at most {self.per_list} values in a list of this file")  # MMTF-6
        if count > self.left:
            raise TooLarge(where, f"{count} more values", f"at most {self.left} more values in this file")
        self.left -= count

    def reserve(self, atoms: int) -> None:
        """Set aside one block for the arrays of a file of `atoms` atoms.

        One large block instead of ten is what allocators keep and reuse from file to file, where they hand
        middle-sized ones back to the system each time: a third of the time of a decode. Untouched, it costs nothing."""
        if 0 < atoms <= self.per_list:
            self.block = np.empty(atoms * BYTES_OF_ATOM + SPARE, np.uint8)

    def array(self, count: int, dtype: type) -> np.ndarray:
        """An uninitialised array of values that were taken before: out of the block while it lasts."""
        size = count * np.dtype(dtype).itemsize
        start, self.used = self.used, self.used + -(-size // ALIGNED) * ALIGNED
        if self.used > self.block.size:
            self.used = start
            return np.empty(count, dtype)
        return self.block[start : start + size].view(dtype)
