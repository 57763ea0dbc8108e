"""Atom records in file order as columns: what every structure format is read into and written from.

A reader makes `Records`; `build.tree_of_records` makes a deposition of them; `unbuild.records_of_tree`
goes back.
A record is one ATOM/HETATM line or one row of `_atom_site`: one atom in one alternate of one model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from polystate_tools.formats.records.text import Text, concatenate

NO_NUMBER = -1
"""label_seq of a residue that is not part of a polymer."""


@dataclass(frozen=True)
class Entity:
    """id as in the file, type (polymer, non-polymer, water, branched, macrolide or ""), description.

    sequence: three-letter codes joined by a space, alternatives of one position by a comma ("ALA SER,PRO").
    """

    id: str
    type: str = ""
    description: str = ""
    sequence: str = ""


@dataclass(frozen=True)
class Component:
    """What a file says of a residue type: type as in `_chem_comp.type` ("L-PEPTIDE LINKING"), letter in a sequence."""

    type: str = ""
    letter: str = ""


@dataclass(frozen=True)
class Assembly:
    """operators: list of (4, 4) float64; pairs: (operator index, label_asym id) that the operator acts on."""

    id: str
    operators: list[np.ndarray]
    pairs: list[tuple[int, str]]
    name: str = ""
    details: str = ""


@dataclass(frozen=True)
class NcsOperator:
    """matrix: (4, 4) float64; given: the transformed copy is already among the records."""

    matrix: np.ndarray
    given: bool = False


@dataclass(frozen=True)
class TlsGroup:
    """A TLS record as the file has it: T (6) Å², L (6) degree², S (9, row-major) Å·degree, origin (3) Å.

    T and L are ordered 11,22,33,12,13,23. selection: text in the language of the program, see `selections`.
    """

    id: str
    T: np.ndarray
    L: np.ndarray
    S: np.ndarray
    origin: np.ndarray
    selection: str
    records: np.ndarray | None = None
    """Rows of the records that name the group, where a file says it at the atoms."""

    @property
    def numbers(self) -> list[float]:
        """T, L, S and origin (24)."""
        return np.concatenate([self.T, self.L, self.S, self.origin]).tolist()

    def renumbered(self, new_row: np.ndarray) -> TlsGroup:
        """The group where record k is `new_row[k]`, -1 = gone."""
        if self.records is None:
            return self
        return replace(self, records=new_row[self.records][new_row[self.records] >= 0])


@dataclass(frozen=True)
class TlsRecords:
    """All TLS records of a file.

    adp_content: what the header declares (total | residual | unknown); statement: its words.
    unusable: of each group that cannot be used its id, and why ("L11 is *********").
    """

    groups: list[TlsGroup]
    program: str = ""
    adp_content: str = "unknown"
    statement: str = ""
    unusable: tuple[tuple[str, str], ...] = ()


@dataclass
class Records:
    """Columns of N atom records, and what the file says beside them.

    model: (N,) int32, as numbered in the file; text columns are `Text` (N rows); altloc and ins are "" for
    none and case-sensitive; label_seq, auth_seq: (N,) int32, label_seq -1 where there is none; element: (N,)
    uint8, index into `polystate.structure.hierarchy.ELEMENTS`; charge: (N,) int8; het: (N,) bool, HETATM;
    xyz: (N, 3) float64 Å; occupancy: (N,) float64; b: (N,) float64 Å², NaN where not given; u: (N, 6) float64 Å²
    ordered 11,22,33,12,13,23, read only where has_u; heterogeneity: state name of dialect D1, "" for none.
    bonds: (B, 3) int32 columns record a, record b (row indices here), order (0 = not stated).
    """

    model: np.ndarray
    label_asym: Text
    auth_asym: Text
    entity: Text
    comp: Text
    label_seq: np.ndarray
    auth_seq: np.ndarray
    ins: Text
    name: Text
    altloc: Text
    element: np.ndarray
    charge: np.ndarray
    het: np.ndarray
    xyz: np.ndarray
    occupancy: np.ndarray
    b: np.ndarray
    u: np.ndarray
    has_u: np.ndarray
    heterogeneity: Text | None = None
    line: np.ndarray | None = None
    """(N,) the line of the file on which each record stands, from 1, where the format has lines."""

    entry_id: str = ""
    title: str = ""
    method: str = ""
    resolution: float | None = None
    cell: tuple[float, float, float, float, float, float] | None = None
    space_group: str = ""
    entities: list[Entity] = field(default_factory=list)
    components: dict[str, Component] = field(default_factory=dict)
    """Residue type -> what the file says of it."""
    bonds: np.ndarray = field(default_factory=lambda: np.empty((0, 3), np.int32))
    assemblies: list[Assembly] = field(default_factory=list)
    ncs: list[NcsOperator] = field(default_factory=list)
    tls: TlsRecords | None = None
    loops: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Heterogeneity-extension categories by name without underscore: column -> values."""
    notes: list[dict] = field(default_factory=list)
    """What the reader could not keep: {"what", "count", "because"}; goes into the import report."""
    refused: list[dict] = field(default_factory=list)
    """Records the reader refused: {"count", "because", "where"}; they are not rows here."""
    doubts: list[dict] = field(default_factory=list)
    """What to look at: {"code", "message", "where"}, arguments of `ImportReport.warn`."""
    _repeats: tuple[list[np.ndarray], int] | None = field(default=None, repr=False, compare=False)
    """`repeats`, and of which columns: records that another function has made of these may have them still."""

    def __len__(self) -> int:
        return len(self.model)

    @classmethod
    def of(cls, **columns) -> Records:
        """Records of what is given, defaults for the rest. Texts may be sequences of str; xyz is required.

        Defaults: one model, chain "A", residue number 1, occupancy 1, no B, no U, no altloc, no element.
        """
        xyz = np.asarray(columns.pop("xyz"), float).reshape(-1, 3)
        n = len(xyz)
        texts = {
            "label_asym": columns.get("auth_asym", "A"),
            "auth_asym": columns.get("label_asym", "A"),
            "entity": "",
            "comp": "UNK",
            "ins": "",
            "name": "X",
            "altloc": "",
        }
        numbers = {
            "model": (1, np.int32),
            "label_seq": (NO_NUMBER, np.int32),
            "auth_seq": (1, np.int32),
            "element": (0, np.uint8),
            "charge": (0, np.int8),
            "het": (False, bool),
            "occupancy": (1.0, np.float64),
            "b": (np.nan, np.float64),
        }
        made: dict = {"xyz": xyz}
        for key, default in texts.items():
            made[key] = as_text(columns.pop(key, default), n)
        for key, (number, dtype) in numbers.items():
            made[key] = np.array(np.broadcast_to(np.asarray(columns.pop(key, number), dtype), (n,)))
        u = columns.pop("u", None)
        made["u"] = np.zeros((n, 6)) if u is None else np.asarray(u, float).reshape(n, 6)
        made["has_u"] = np.array(np.broadcast_to(np.asarray(columns.pop("has_u", u is not None), bool), (n,)))
        if columns.get("heterogeneity") is not None:
            columns["heterogeneity"] = as_text(columns["heterogeneity"], n)
        return cls(**made, **columns)

    @property
    def repeats(self) -> int:
        """How many models name the same records in the same order, one model after the other; 1 where some differ."""
        texts = (self.label_asym, self.auth_asym, self.comp, self.ins, self.name, self.altloc)
        columns = [self.model, self.label_seq, self.auth_seq, *(t.codes for t in texts if len(t.values) > 1)]
        if self._repeats is None or list(map(id, columns)) != list(map(id, self._repeats[0])):
            times = runs_of_models(self.model)
            step = len(self) // times
            alike = all(np.array_equal(column[step:], column[:-step]) for column in columns[1:])
            self._repeats = columns, times if alike else 1
        return self._repeats[1]

    @cached_property
    def of_first_model(self) -> Records:
        """The records of the first model where the others repeat it, else all."""
        return self if self.repeats == 1 else self.take(np.arange(len(self) // self.repeats))

    def take(self, rows) -> Records:
        """The records of `rows` (indices or mask); bonds are renumbered, and go where they lose an end."""
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else np.asarray(rows, np.intp)
        new_row = np.full(len(self), -1)
        new_row[rows] = np.arange(len(rows))
        columns: dict = {}
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, Text):
                columns[spec.name] = value.take(rows)
            elif isinstance(value, np.ndarray) and spec.name != "bonds":
                columns[spec.name] = value[rows]
        bonds = self.bonds.copy()
        bonds[:, :2] = new_row[bonds[:, :2]]
        tls = self.tls and replace(self.tls, groups=[group.renumbered(new_row) for group in self.tls.groups])
        return replace(self, **columns, bonds=bonds[(bonds[:, :2] >= 0).all(axis=1)], tls=tls)

    def residue_name(self, row: int) -> str:
        """The residue of a record for people: "A/128 ASP" in author numbering."""
        return f"{self.auth_asym[row]}/{self.auth_seq[row]}{self.ins[row]} {self.comp[row]}"

    def record_name(self, row: int) -> str:
        """One record for people: "A/128 ASP CA altloc B model 1"."""
        altloc = f" altloc {self.altloc[row]}" if self.altloc[row] else ""
        return f"{self.residue_name(row)} {self.name[row]}{altloc} model {self.model[row]}"


def runs_of_models(model: np.ndarray) -> int:
    """How many models there are if each is one run of rows, and all runs are of one length; else 1. model: (n,)."""
    length = int((model != model[0]).argmax()) or len(model)
    if len(model) % length:
        return 1
    first = model[::length]
    whole = (model.reshape(-1, length) == first[:, None]).all() and len(set(first.tolist())) == len(first)
    return len(first) if whole else 1


def as_text(value, length: int) -> Text:
    """A text column of one text, a sequence of texts, or a `Text`."""
    if isinstance(value, Text):
        return value
    if isinstance(value, str):
        return Text.constant(value, length)
    return Text.of([str(v) for v in value])


def joined(parts: Sequence[Records]) -> Records:
    """The records of several tables, one after the other; bonds and what is no column are those of the first."""
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {}
    for spec in fields(Records):
        value = getattr(parts[0], spec.name)
        if isinstance(value, Text):
            columns[spec.name] = concatenate([getattr(part, spec.name) for part in parts])
        elif isinstance(value, np.ndarray) and spec.name != "bonds":
            columns[spec.name] = np.concatenate([getattr(part, spec.name) for part in parts])
    return replace(parts[0], **columns)
