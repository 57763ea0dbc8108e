"""States that one of two depositions lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from polystate.model.model import Model
from polystate.questions.views import variables


@dataclass(frozen=True)
class StateDifferences:
    """States that exist in one only, as `altloc/A.128=B`; where they differ, the numbers of legal joint states."""

    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    counts: tuple[int, int] | None = None

    def __bool__(self) -> bool:
        return bool(self.only_a or self.only_b or self.counts)

    def to_json(self) -> dict[str, Any]:
        return {"only_a": list(self.only_a), "only_b": list(self.only_b), "counts": self.counts}

    def lines(self) -> list[str]:
        """One line a state, for people."""
        counts = ["{} legal joint states in A, {} in B".format(*self.counts)] if self.counts else []
        sides = (("A", self.only_a), ("B", self.only_b))
        return counts + [f"state {state}: only in {side}" for side, states in sides for state in states]


def state_differences(a: Model, b: Model) -> StateDifferences:
    """States that one of two depositions lacks."""
    one, other = ({f"{v.name}={label}": None for v in variables(dep) for label, _, _ in v.states} for dep in (a, b))
    counts = a.states.count(), b.states.count()
    only_a, only_b = tuple(s for s in one if s not in other), tuple(s for s in other if s not in one)
    return StateDifferences(only_a, only_b, counts if counts[0] != counts[1] else None)
