"""Ceilings on what a file may expand to, checked before anything is allocated.

A list may hold at most max(2^20, bytes of the file) values and never more than 2^28; all lists of a file
together at most 16 times that. Run-length codes can promise any number of values in a few bytes: with
these ceilings a 40-byte file costs at most tens of megabytes, and no real file comes near them (an atom
takes at least 6 bytes, its three coordinates)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .errors import TooLarge

FREE_VALUES = 1 << 20
MAX_VALUES = 1 << 28
TOTAL_FACTOR = 16
MAX_DEPTH = 16
MAX_FILE_BYTES = 1 << 31


@dataclass
class Budget:
    """What is left of the number of values that one file may expand to."""

    per_list: int
    left: int = field(default=0)

    @classmethod
    def for_bytes(cls, size: int) -> Budget:
        """The budget of a file of `size` bytes."""
        per_list = min(max(FREE_VALUES, size), MAX_VALUES)
        return cls(per_list, TOTAL_FACTOR * per_list)

    def take(self, count: int, where: str) -> None:
        """Reserve `count` values for one list, or refuse."""
        if count > self.per_list:
            raise TooLarge(where, f"{count} values", f"at most {self.per_list} values in a list of this file")
        if count > self.left:
            raise TooLarge(where, f"{count} more values", f"at most {self.left} more values in this file")
        self.left -= count
