"""Models, chains, groups, atoms and bonds: as index arrays for speed, as nested iterators for reading.

The published pseudo-code counts four indices up while it walks; here the same indices are arrays, and the
iterators read from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from polystate_tools.formats.mmtf.structure import Structure


def offsets(counts: np.ndarray) -> np.ndarray:
    """(n,) counts -> (n + 1,) int64: where each one's items start, and the total."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """start, start + 1, ... for each start as many as its count says, one after the other."""
    return np.arange(counts.sum()) + np.repeat(starts - offsets(counts)[:-1], counts)


@dataclass(frozen=True)
class Index:
    """Which model, chain and group everything belongs to, as row numbers.

    `*_start` have one entry more than there are parents; `entry` is the row of an atom in the flat group
    dictionary, whose columns are atom_name, element and charge."""

    chain_start: np.ndarray  # (models + 1,)
    group_start: np.ndarray  # (chains + 1,)
    atom_start: np.ndarray  # (groups + 1,)
    model_of_chain: np.ndarray  # (chains,)
    chain_of_group: np.ndarray  # (groups,)
    group_of_atom: np.ndarray  # (atoms,)
    entry: np.ndarray  # (atoms,)
    atom_name: np.ndarray  # (entries,) text
    element: np.ndarray  # (entries,) text
    charge: np.ndarray  # (entries,) int8


def index(structure: Structure) -> Index:
    """The index arrays of a structure."""
    per_model, per_chain = structure["chainsPerModel"], structure["groupsPerChain"]
    types, dictionary = structure["groupTypeList"], structure["groupList"]
    sizes = np.array([len(group["atomNameList"]) for group in dictionary], np.int64)
    per_group = sizes[types] if types.size else np.empty(0, np.int64)
    return Index(
        chain_start=offsets(per_model),
        group_start=offsets(per_chain),
        atom_start=offsets(per_group),
        model_of_chain=np.repeat(np.arange(per_model.size), per_model),
        chain_of_group=np.repeat(np.arange(per_chain.size), per_chain),
        group_of_atom=np.repeat(np.arange(types.size), per_group),
        entry=ranges(offsets(sizes)[:-1][types], per_group) if types.size else np.empty(0, np.int64),
        atom_name=_column(dictionary, "atomNameList", str),
        element=_column(dictionary, "elementList", str),
        charge=_column(dictionary, "formalChargeList", np.int8),
    )


def _column(dictionary: list[dict[str, Any]], name: str, kind: Any) -> np.ndarray:
    if name == "elementList":  # the archive's JSON files leave it out
        dictionary = [{name: [""] * len(g["atomNameList"])} | g for g in dictionary]
    values = [item for group in dictionary for item in group.get(name, ())]
    return np.array(values, kind) if values or kind is not str else np.empty(0, "<U1")


@dataclass(frozen=True)
class Bonds:
    """All bonds, those within groups first, group by group, then those between groups.

    atoms (B, 2) int64; order (B,) int8, -1 where the file does not say; resonance (B,) int8, -1 likewise."""

    atoms: np.ndarray
    order: np.ndarray
    resonance: np.ndarray


def bonds(structure: Structure, at: Index | None = None) -> Bonds:
    """Every bond with atom rows of the whole file."""
    at = at or index(structure)
    types, dictionary = structure["groupTypeList"], structure["groupList"]
    sizes = np.array([len(group.get("bondAtomList", ())) // 2 for group in dictionary], np.int64)
    per_group = sizes[types] if types.size else np.empty(0, np.int64)
    entry = ranges(offsets(sizes)[:-1][types], per_group) if types.size else np.empty(0, np.int64)
    within = _column(dictionary, "bondAtomList", np.int64).reshape(-1, 2)[entry]
    within = within + np.repeat(at.atom_start[:-1], per_group)[:, None]
    between = structure.get("bondAtomList", np.empty(0, np.int32)).reshape(-1, 2)
    columns = []
    for name in ("bondOrderList", "bondResonanceList"):
        flat = [
            value
            for group, size in zip(dictionary, sizes, strict=True)
            for value in (group.get(name) or [-1] * int(size))
        ]
        rest = structure.get(name, np.full(len(between), -1, np.int8))
        columns.append(np.concatenate([np.array(flat, np.int8)[entry], rest]))
    return Bonds(np.concatenate([within, between.astype(np.int64)]), *columns)


@dataclass(frozen=True)
class Atom:
    """One atom record; `alt_loc` is "" where the file has none."""

    index: int
    name: str
    element: str
    charge: int
    xyz: tuple[float, float, float]
    b_factor: float | None
    occupancy: float | None
    serial: int | None
    alt_loc: str


@dataclass(frozen=True)
class Group:
    """One group (residue) with its entry of the dictionary."""

    index: int
    number: int
    insertion: str
    secondary_structure: int | None
    sequence_index: int | None
    type: dict[str, Any]
    atoms: range


@dataclass(frozen=True)
class Chain:
    """One chain: its id (label_asym_id), its name (auth_asym_id, "" if the file has none), its groups."""

    index: int
    id: str
    name: str
    groups: range


@dataclass(frozen=True)
class Model:
    """One model and its chains."""

    index: int
    chains: range


class Walk:
    """Nested iteration in file order: `for model in walk.models(): for chain in walk.chains(model): ...`."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.at = index(structure)
        self._alt_loc = structure.characters("altLocList") if "altLocList" in structure else None
        self._insertion = structure.characters("insCodeList") if "insCodeList" in structure else None

    def _rows(self, starts: np.ndarray, i: int) -> range:
        return range(int(starts[i]), int(starts[i + 1]))

    def models(self) -> Iterator[Model]:
        """Models in file order."""
        for i in range(self.structure["numModels"]):
            yield Model(i, self._rows(self.at.chain_start, i))

    def chains(self, model: Model) -> Iterator[Chain]:
        """Chains of a model."""
        names = self.structure.get("chainNameList")
        for i in model.chains:
            name = "" if names is None else str(names[i])
            yield Chain(i, str(self.structure["chainIdList"][i]), name, self._rows(self.at.group_start, i))

    def groups(self, chain: Chain) -> Iterator[Group]:
        """Groups of a chain; secondary structure is None past the first model if only that has it."""
        fields = self.structure
        for i in chain.groups:
            yield Group(
                i,
                int(fields["groupIdList"][i]),
                "" if self._insertion is None else str(self._insertion[i]),
                self._value("secStructList", i, int),
                self._value("sequenceIndexList", i, int),
                fields["groupList"][fields["groupTypeList"][i]],
                self._rows(self.at.atom_start, i),
            )

    def atoms(self, group: Group) -> Iterator[Atom]:
        """Atoms of a group."""
        fields = self.structure
        for i in group.atoms:
            entry = self.at.entry[i]
            yield Atom(
                i,
                str(self.at.atom_name[entry]),
                str(self.at.element[entry]),
                int(self.at.charge[entry]),
                (float(fields["xCoordList"][i]), float(fields["yCoordList"][i]), float(fields["zCoordList"][i])),
                self._value("bFactorList", i, float),
                self._value("occupancyList", i, float),
                self._value("atomIdList", i, int),
                "" if self._alt_loc is None else str(self._alt_loc[i]),
            )

    def bonds(self) -> Iterator[tuple[int, int, int]]:
        """All bonds as (atom, atom, order); order -1 where the file does not say."""
        found = bonds(self.structure, self.at)
        for (a, b), order in zip(found.atoms.tolist(), found.order.tolist(), strict=True):
            yield a, b, order

    def _value(self, name: str, i: int, kind: type) -> Any:
        values = self.structure.get(name)
        return None if values is None or i >= len(values) else kind(values[i])
