"""What a structure file says, whatever its format: atom records, bonds between alternates, TLS groups."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from crystal import Crystal

Place = tuple[str, int, str]
"""Chain (label_asym), number and insertion code: a position, whatever residue types stand there."""
Atom = tuple[str, int, str, str, str]
"""A position, the component and the name of an atom."""
End = tuple[Atom, str]
"""One end of a bond: an atom, and the letter of its alternate or an empty text."""


class Refused(Exception):
    """A file, a deposition or a request that a sentence refuses: stage, code and place."""

    def __init__(self, stage: str, code: str, where: str):
        super().__init__(f"{stage}/{code} at {where}")
        self.stage, self.code, self.where = stage, code, where


@dataclass
class Record:
    """One atom record. xyz in Å, b in Å², u in Å² (11, 22, 33, 12, 13, 23) or None; label_seq -1 for none."""

    model: int
    chain: str
    label: str
    entity: str
    comp: str
    number: int
    ins: str
    label_seq: int
    name: str
    alt: str
    element: int
    charge: int
    het: bool
    xyz: tuple[float, float, float]
    occ: float
    b: float | None
    u: tuple[float, ...] | None = None
    group: str = ""
    """The TLS group that the record names."""

    @property
    def place(self) -> Place:
        return self.label, self.number, self.ins

    @property
    def atom(self) -> Atom:
        return (*self.place, self.comp, self.name)

    @property
    def hydrogen(self) -> bool:
        return self.element in (1, 119)


@dataclass
class TlsGroup:
    """As files have it: origin in Å, T in Å², L in degrees², S (nine, rows first) in Å degrees, and its selection."""

    origin: list[float]
    translation: list[float]
    libration: list[float]
    screw: list[float]
    selection: str = ""
    name: str = ""


@dataclass
class Entity:
    type: str
    description: str = ""
    sequence: str = ""


@dataclass
class Entry:
    """content: "total" or "residual" where the file says what its B-factors are beside TLS."""

    records: list[Record] = field(default_factory=list)
    entities: dict[str, Entity] = field(default_factory=dict)
    bonds: list[tuple[End, End, int]] = field(default_factory=list)
    groups: list[TlsGroup] = field(default_factory=list)
    content: str | None = None
    crystal: Crystal = field(default_factory=Crystal)
    operators: list[list[float]] = field(default_factory=list)
    """Elements of matrices and vectors of assemblies and NCS as a block states them."""
    losses: list[str] = field(default_factory=list)

    def check(self) -> Entry:
        """Itself, or the refusal of its first number that is not finite or larger than any molecule has (EXP-30)."""
        for record in self.records:
            for values, bound, what in (
                (record.xyz, 1e6, "coordinate"), ([record.occ], 1e6, "occupancy"),
                ([record.b or 0.0], 1e8, "B-factor"), (record.u or (), 1e6, "U"),
            ):  # fmt: skip
                within(values, bound, f"{what} of {'/'.join(map(str, record.atom))}")
        for number, group in enumerate(self.groups, 1):
            within([*group.origin, *group.translation, *group.libration, *group.screw], 1e6, f"TLS group {number}")
        for operator in self.operators:
            within(operator, 1e6, "an operator of an assembly or of NCS")
        if not self.records:
            raise Refused("semantic", "no-atoms", "file")
        return self


def fifteen_digits(value: float) -> float:
    """A product or quotient as the decimal number of as many digits as survive in 64 bits."""
    return float(f"{value:.15g}")


def within(values: object, bound: float, where: str) -> None:
    for value in values:  # type: ignore[attr-defined]
        if not math.isfinite(value):
            raise Refused("semantic", "non-finite", where)
        if abs(value) > bound:
            raise Refused("semantic", "out-of-range", where)


SAYS = (
    ("RESIDUAL", ("LIKELY RESIDUAL", "CONTAINS RESIDUAL B FACTORS ONLY", "CONTAINS RESIDUAL ONLY")),
    ("TOTAL", ("CONTAINS SUM OF TLS AND RESIDUAL",)),
)


def content_said(text: str) -> str | None:
    """What a remark says of the B-factors beside TLS."""
    words = " ".join(text.upper().split())
    found = {what.lower() for what, phrases in SAYS if any(phrase in words for phrase in phrases)}
    return found.pop() if len(found) == 1 else None
