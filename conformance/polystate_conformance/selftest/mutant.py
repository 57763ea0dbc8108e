"""A changed function of the reference, and what became of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import FunctionType

from polystate_conformance.selftest.mutating import Change


@dataclass
class Mutant:
    """One changed function, where it stands, and what became of it."""

    module: str
    function: FunctionType = field(repr=False)
    change: Change = field(repr=False)
    line: int
    repeated: int = 0
    """How many changes of the function that are said in the same words stand before it."""
    killed_by: str | None = None
    cases: int = 0

    @property
    def name(self) -> str:
        return f"{self.module}:{self.function.__qualname__}"

    @property
    def key(self) -> str:
        """The mutant in words that stay the same when lines move, or other functions change."""
        return f"{self.name}: {self.change}" + (f" ({self.repeated + 1})" if self.repeated else "")

    def part(self, parts: int) -> int:
        """The part of so many that it belongs to, which hangs on its key alone."""
        return int.from_bytes(hashlib.sha256(self.key.encode()).digest()[:8]) % parts
