"""The account of an import or export: what was read, kept, changed, refused and lost, and what to look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

NAMED = 5


@dataclass
class Warned:
    """One kind of doubt: a stable code, how many places, and the first few by name."""

    code: str
    message: str
    count: int = 1
    where: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "count": self.count, "where": self.where}

    def __str__(self) -> str:
        more = "" if self.count <= len(self.where) else f" and {self.count - len(self.where)} more"
        places = f" ({', '.join(self.where)}{more})" if self.where else ""
        return f"{self.code}: {self.message}{places}"


@dataclass
class ImportReport:
    """kept + refused = read, in records of atoms and of anisotropic U that belong to no atom; changed counts kept
    records of which a number was changed, `changes` says which and why.

    atoms + alternates = kept. sites: by rule, how many sites of discrete descriptors it made.
    losses: what the file says and the deposition does not: {"what", "count", "because"}.
    """

    source: str = ""
    format: str = ""
    sha256: str = ""
    address: str = ""
    read: int = 0
    kept: int = 0
    refused: int = 0
    changed: int = 0
    changes: list[dict[str, Any]] = field(default_factory=list)
    atoms: int = 0
    alternates: int = 0
    models: int = 1
    dialect: str = ""
    sites: dict[str, int] = field(default_factory=dict)
    adp: dict[str, Any] = field(default_factory=dict)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    losses: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)

    def warn(self, code: str, message: str, where: Iterable[str] = (), count: int | None = None) -> None:
        """Note a doubt; `where` names residues, of which the first few are kept."""
        places = list(where)
        self.warnings.append(Warned(code, message, len(places) if count is None else count, places[:NAMED]))

    def change(self, count: int, because: str, where: str) -> None:
        """Count records of which a number was changed, and note why and where."""
        self.changed += count
        self.changes.append({"count": int(count), "because": because, "where": where})

    def lose(self, what: str, count: int, because: str) -> None:
        """Note something that the deposition does not hold."""
        self.losses.append({"what": what, "count": int(count), "because": because})

    def refused_by_reason(self) -> list[str]:
        """One line a reason of refusal that no warning states: how many records, and the first few places."""
        warned = {warning.code for warning in self.warnings}
        counts: dict[str, int] = {}
        places: dict[str, list[str]] = {}
        for entry in self.refusals:
            because = entry["because"]
            if because in warned:
                continue
            counts[because] = counts.get(because, 0) + entry["count"]
            places.setdefault(because, []).append(" ".join(str(entry["where"]).split()))
        made = []
        for because, count in counts.items():
            named = list(dict.fromkeys(places[because]))
            first = ", ".join(named[:NAMED]) + (f" and {len(named) - NAMED} more" if len(named) > NAMED else "")
            made.append(f"{because} ({count}): {first}")
        return made

    def to_json(self) -> dict[str, Any]:
        document = {key: value for key, value in vars(self).items() if key != "warnings"}
        return {**document, "warnings": [warning.to_json() for warning in self.warnings]}


@dataclass
class ExportReport:
    """records: atom records written; gaussian: the policy applied; losses as in an import report.

    states: of each model that is a joint state its number, population and name: {"model", "population", "state"}.
    """

    target: str = ""
    format: str = ""
    gaussian: str = ""
    choice: str = ""
    models: int = 1
    records: int = 0
    states: list[dict[str, Any]] = field(default_factory=list)
    constraints: str = ""
    """Occupancy groups for a refinement program, where they were asked for."""
    files: list[str] = field(default_factory=list)
    """All that was written, where it is more than the target."""
    losses: list[dict[str, Any]] = field(default_factory=list)

    def lose(self, what: str, count: int, because: str) -> None:
        """Note something that the file does not hold."""
        self.losses.append({"what": what, "count": int(count), "because": because})

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))
