"""What a structure file says, whatever its format: the parts of the entries that `entries` draws."""

from __future__ import annotations

from dataclasses import dataclass, field

Six = tuple[float, float, float, float, float, float]
"""A symmetric tensor: 11, 22, 33, 12, 13, 23."""
Matrix = list[list[float]]


@dataclass
class Entity:
    """kind as in `_entity.type`; sequence: of each position its residue types."""

    id: str
    kind: str
    description: str
    sequence: list[list[str]] = field(default_factory=list)


@dataclass
class Chain:
    """A chain by both its names, `label_asym_id` and that of the author."""

    label: str
    auth: str
    entity: Entity


@dataclass
class Residue:
    """number: of the author; seq: place in the sequence from 1, None outside of polymers."""

    chain: Chain
    comp: str
    seq: int | None
    number: int
    ins: str = ""
    het: bool = False


@dataclass
class Spot:
    """An atom of a residue before it has alternates. xyz in Å."""

    name: str
    element: str
    xyz: tuple[float, float, float]
    charge: int = 0

    @property
    def hydrogen(self) -> bool:
        return self.element in ("H", "D")


@dataclass
class Row:
    """An atom record. xyz in Å, occupancy and b (Å²) None where the file does not say them, u in Å²."""

    model: int
    residue: Residue
    spot: Spot
    alt: str
    xyz: tuple[float, float, float]
    occupancy: float | None = 1.0
    b: float | None = 20.0
    u: Six | None = None


@dataclass
class Link:
    """A link between two rows, each with its alternate or an empty text. symmetry: that of the second end."""

    ends: tuple[Row, Row]
    alts: tuple[str, str]
    kind: str
    order: str = ""
    symmetry: str = "1_555"


@dataclass
class Tls:
    """A TLS group: T in Å², L in degrees², S in Å degrees (nine, rows first), origin in Å; selection in words of a
    program, ranges: (chain, first, last) in author numbering where it is nothing else."""

    T: Six
    L: Six
    S: list[float]
    origin: tuple[float, float, float]
    selection: str
    ranges: list[tuple[str, int, int]] = field(default_factory=list)


@dataclass
class Assembly:
    """generators: the numbers of operators, and the labels of the chains that they copy."""

    id: str
    details: str
    generators: list[tuple[list[int], list[str]]]


@dataclass
class Entry:
    """rows in file order; operators: those of assemblies, by number from 0; ncs: operators, and whether the copy is
    there; content: words of the header on ADPs beside TLS; options: of the import."""

    id: str = ""
    title: str = ""
    method: str = ""
    resolution: float | None = None
    cell: Six | None = None
    space_group: str = ""
    entities: list[Entity] = field(default_factory=list)
    chains: list[Chain] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    tls: list[Tls] = field(default_factory=list)
    content: str = ""
    operators: list[Matrix] = field(default_factory=list)
    assemblies: list[Assembly] = field(default_factory=list)
    ncs: list[tuple[Matrix, bool]] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)
    features: dict[str, None] = field(default_factory=dict)
    """Names of what the entry has, in the order in which it was drawn."""

    def has(self, feature: str) -> None:
        self.features[feature] = None

    @property
    def models(self) -> list[int]:
        return list(dict.fromkeys(row.model for row in self.rows))
