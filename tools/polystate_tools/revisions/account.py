"""What became of each part of a deposition that was put on other atoms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SHOWN = 12  # lines of one kind, for people


@dataclass(frozen=True)
class Entry:
    """One part: its path in the store, or what it is called, and what happened to it."""

    what: str
    said: str

    def __str__(self) -> str:
        return f"{self.what}: {self.said}"


@dataclass
class Account:
    """What was carried, what went stale, and what was dropped, each with its reason.

    atoms: how many both have, how many only the old one has, how many only the new one."""

    atoms: tuple[int, int, int] = (0, 0, 0)
    frames: str = ""
    carried: list[Entry] = field(default_factory=list)
    stale: list[Entry] = field(default_factory=list)
    dropped: list[Entry] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        kinds = {name: getattr(self, name) for name in ("carried", "stale", "dropped")}
        return {
            "atoms": dict(zip(("both", "only_old", "only_new"), self.atoms, strict=True)),
            "frames": self.frames,
            **{name: [vars(entry) for entry in entries] for name, entries in kinds.items()},
        }

    def lines(self) -> list[str]:
        """One line a part, for people."""
        found = ["{} atoms in both, {} only in OLD, {} only in NEW".format(*self.atoms), self.frames]
        for name in ("carried", "stale", "dropped"):
            entries = getattr(self, name)
            found += [f"{name:8} {entry}" for entry in entries[:SHOWN]]
            if len(entries) > SHOWN:
                found.append(f"{name:8} and {len(entries) - SHOWN} more (--json lists all)")
        return found


def some(words: list[str], most: int = 5) -> str:
    """The first few of many words, and how many more there are."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
