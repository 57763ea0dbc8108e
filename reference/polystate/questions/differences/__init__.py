"""What differs in two depositions, from the outside in: documents, arrays and tables, states, means and covariances."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from polystate.errors import PolystateError
from polystate.model.model import Model
from polystate.questions.differences.arrays import ArrayDifference
from polystate.questions.differences.documents import DocumentDifference
from polystate.questions.differences.states import StateDifferences, state_differences
from polystate.questions.differences.stored import GroupDifference, Unread, stored_differences
from polystate.questions.differences.tolerance import EXACT, Tolerance
from polystate.questions.differences.values import Meanings, ValueDifference
from polystate.rules.validate import document_errors, ground_errors

MOST = 20  # differences of one kind, in the lines for people
__all__ = ["EXACT", "Differences", "Tolerance", "differences"]


@dataclass
class Differences:
    """What differs in two depositions, A and B.

    atoms: how many atoms only A has, and only B; not_compared: what could not be evaluated, and why."""

    groups: list[GroupDifference] = field(default_factory=list)
    documents: list[DocumentDifference] = field(default_factory=list)
    arrays: list[ArrayDifference] = field(default_factory=list)
    states: StateDifferences = field(default_factory=StateDifferences)
    atoms: tuple[int, int] = (0, 0)
    values: list[ValueDifference] = field(default_factory=list)
    not_compared: dict[str, str] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """Whether nothing differs among what was compared."""
        return not (self.groups or self.documents or self.arrays or self.states or any(self.atoms) or self.values)

    def to_json(self) -> dict[str, Any]:
        return {
            "same": self.same,
            "groups": [item.to_json() for item in self.groups],
            "documents": [item.to_json() for item in self.documents],
            "arrays": [item.to_json() for item in self.arrays],
            "states": self.states.to_json(),
            "atoms": {"only_a": self.atoms[0], "only_b": self.atoms[1]},
            "values": [item.to_json() for item in self.values],
            "not_compared": self.not_compared,
        }

    def lines(self, most: int = MOST) -> list[str]:
        """One line a difference, for people; of each kind the first few, and how many more there are."""
        atoms = [f"{n} atoms only in {side}" for side, n in zip("AB", self.atoms, strict=True) if n]
        left = [f"not compared: {what}: {why}" for what, why in self.not_compared.items()]
        stored: list[list[Any]] = [self.groups, self.documents, self.arrays]
        shown = []
        for kind in [*stored, self.states.lines(), atoms, self.values, left]:
            more = [f"and {len(kind) - most} more like that"] if len(kind) > most else []
            shown += [*map(str, kind[:most]), *more]
        return shown


def differences(a: Model, b: Model, tolerance: Tolerance = EXACT, full: bool = False, **request: Any) -> Differences:
    """What differs in two depositions.

    full: provenance and annotations too. request: the joint state and the steps at which means and covariances are
    compared, as in `evaluation.request`; without them, the most populated state of each and the first steps. What
    other states and steps say is compared as arrays and tables. Stores that hold exactly the same are evaluated only
    where a state or step is named."""
    found = Differences()
    for item in stored_differences(a, b, tolerance, full):
        if isinstance(item, Unread):
            found.not_compared[item.where] = item.why
        elif isinstance(item, GroupDifference):
            found.groups.append(item)
        elif isinstance(item, DocumentDifference):
            found.documents.append(item)
        else:
            found.arrays.append(item)
    if found.same and tolerance == EXACT and not (request.get("state") or request.get("at")):
        return found
    try:
        for dep in (a, b):
            _require_ground(dep)
        found.states = state_differences(a, b)
        meanings = Meanings(a, b, tolerance, **request)
    except PolystateError as refusal:
        found.not_compared["states, means and covariances"] = str(refusal)
        return found
    found.atoms = (a.n_atoms - len(meanings.rows[0]), b.n_atoms - len(meanings.rows[1]))
    found.values = list(meanings.differences())
    found.not_compared.update(meanings.not_compared)
    return found


def _require_ground(dep: Model) -> None:
    """Raise the first thing that is wrong with documents or hierarchy: without them no atom is any other's."""
    for errors in (document_errors, ground_errors):
        for error in errors(dep):
            raise error
