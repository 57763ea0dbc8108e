"""The columns of `_atom_site` into atom records; what is not given under one name is looked for under its other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import gemmi
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from polystate_tools.formats.errors import NonFiniteRecord, OccupancyRange, WrongColumns
from polystate_tools.formats.records import elements
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.records.text import Text, arrow

U_ELEMENTS = ("[1][1]", "[2][2]", "[3][3]", "[1][2]", "[1][3]", "[2][3]")
KNOWN = {
    "group_PDB",
    "id",
    "type_symbol",
    "label_atom_id",
    "label_alt_id",
    "label_comp_id",
    "label_asym_id",
    "label_entity_id",
    "label_seq_id",
    "pdbx_PDB_ins_code",
    "Cartn_x",
    "Cartn_y",
    "Cartn_z",
    "occupancy",
    "B_iso_or_equiv",
    "pdbx_formal_charge",
    "auth_seq_id",
    "auth_asym_id",
    "pdbx_PDB_model_num",
    "pdbx_heterogeneity_id",
    "pdbx_tls_group_id",
}
IN_SITE = {f"aniso_{form}{e}" for form in "UB" for e in U_ELEMENTS}
"""Anisotropic U or B beside the coordinates instead of in `_atom_site_anisotrop`."""
AUTHOR = {"auth_comp_id", "auth_atom_id"}
SPELLED = {name.lower(): name for name in KNOWN | AUTHOR | IN_SITE}
SPELLED |= {f"{form}{e}".lower(): f"{form}{e}" for form in "UB" for e in U_ELEMENTS}
"""CIF names have no case; these are the dictionary's spellings."""
MARKS = frozenset("'\";.?")
"""What a value begins with that is quoted, or stands for none."""


class Columns(Protocol):
    """Columns of `_atom_site` by name, whatever they are stored as."""

    names: list[str]

    def __len__(self) -> int: ...
    def text(self, name: str) -> Text:
        """A text column, "" for . and ?."""
        ...

    def numbers(self, name: str, blank: float) -> np.ndarray:
        """(n,) float64, `blank` for . and ?."""
        ...


class CifColumns:
    """Columns of raw CIF values."""

    def __init__(self, values: Mapping[str, list[str] | pa.Array], where: str) -> None:
        self.values, self.where, self.names = values, where, list(values)

    def __len__(self) -> int:
        return len(next(iter(self.values.values()), []))

    def text(self, name: str) -> Text:
        raw = Text.of(self.values[name])
        odd = [value for value in raw.values if value[:1] in MARKS]
        return raw.replaced({v: "" if gemmi.cif.is_null(v) else gemmi.cif.as_string(v) for v in odd}) if odd else raw

    def numbers(self, name: str, blank: float) -> np.ndarray:
        return _numbers(self.values[name], self.where, name, blank)


def columns_of_block(block: gemmi.cif.Block, category: str, where: str) -> CifColumns:
    """The columns of a category, a loop or a single row of pairs; none where the block has no such category."""
    table = block.find_mmcif_category(f"_{category}.")
    if not len(table):
        return CifColumns({}, f"{where} _{category}")
    loop, names = table.loop, [tag[len(category) + 2 :] for tag in table.tags]
    values, width = (loop.values, len(loop.tags)) if loop is not None else ([], 1)
    columns = [values[k::width] if loop is not None else list(table.column(k)) for k in range(len(names))]
    return named_columns(names, columns, category, where)


def named_columns(
    names: Sequence[str], columns: Sequence[list[str] | pa.Array], category: str, where: str
) -> CifColumns:
    """Columns under the names that the dictionary has for them."""
    named = {SPELLED.get(name.lower(), name): column for name, column in zip(names, columns, strict=True)}
    return CifColumns(named, f"{where} _{category}")


def atom_records(atoms: Columns, where: str) -> Records:
    """Records of the columns of `_atom_site`; refuses, by atom, what is no number or out of range."""
    n = len(atoms)

    def text(*names: str, default: str = "") -> Text:
        found = [atoms.text(name) for name in names if name in atoms.names]
        for other in found[1:]:
            found[0] = _filled(found[0], other)
        return _filled(found[0], Text.constant(default, n)) if found else Text.constant(default, n)

    def integers(default: int, *names: str, dtype: type = np.int32) -> np.ndarray:
        values = np.full(n, -np.inf)
        for name in names:
            if name in atoms.names and (values == -np.inf).any():
                given = atoms.numbers(name, -np.inf)
                _check_integers(atoms, given, where, name, dtype)
                values = np.where(values == -np.inf, given, values)
        return np.where(values == -np.inf, default, values).astype(dtype)

    def numbers(name: str, blank: float) -> np.ndarray:
        return atoms.numbers(name, blank) if name in atoms.names else np.full(n, blank)

    for axis in ("Cartn_x", "Cartn_y", "Cartn_z"):
        if axis not in atoms.names:
            raise WrongColumns(f"{where} _atom_site.{axis}", "no such column", "x, y and z in Å")
    het = "pdbx_heterogeneity_id"
    records = Records.of(
        xyz=np.stack([numbers(axis, np.nan) for axis in ("Cartn_x", "Cartn_y", "Cartn_z")], axis=1),
        model=integers(1, "pdbx_PDB_model_num"),
        label_asym=text("label_asym_id", "auth_asym_id"),
        auth_asym=text("auth_asym_id", "label_asym_id"),
        entity=text("label_entity_id"),
        comp=text("label_comp_id", "auth_comp_id", default="UNK"),
        label_seq=_label_seq(atoms, integers(-1, "label_seq_id"), where),
        auth_seq=integers(-1, "auth_seq_id", "label_seq_id"),
        ins=text("pdbx_PDB_ins_code"),
        name=text("label_atom_id", "auth_atom_id", default="X"),
        altloc=text("label_alt_id"),
        element=np.zeros(n, np.uint8),
        charge=integers(0, "pdbx_formal_charge", dtype=np.int8),
        het=text("group_PDB").equals("HETATM"),
        occupancy=numbers("occupancy", 1.0),
        b=numbers("B_iso_or_equiv", np.nan),
        heterogeneity=text(het) if het in atoms.names else None,
    )
    _check_numbers(atoms, records, where)
    _enter_elements(atoms, records)
    return records


def _enter_elements(atoms: Columns, records: Records) -> None:
    """Elements by symbol; of records without one by name, with a warning."""
    symbols = atoms.text("type_symbol") if "type_symbol" in atoms.names else Text.constant("", len(records))
    records.element, strange = elements.of_symbols(symbols)
    if strange:
        records.doubts.append(elements.unknown_elements(strange))
    blank = symbols.equals("")
    if blank.any():
        named = elements.of_names(records.name, records.comp)
        records.element[blank] = named[blank]
        unknown = int((named[blank] == elements.UNKNOWN).sum())
        message = f"{int(blank.sum())} records without type_symbol have the element that their names say"
        message += f"; {unknown} names say none" if unknown else ""
        rows = np.flatnonzero(blank)[:5].tolist()
        places = [
            f"{records.residue_name(k)} {records.name[k]} is {elements.ELEMENTS[records.element[k]]}" for k in rows
        ]
        records.doubts.append({"code": "elements-by-name", "message": message, "where": places})


def _filled(one: Text, other: Text) -> Text:
    """A column with the text of another where it has none."""
    blank = one.equals("")
    if not blank.any() or not any(other.values):
        return one
    merged = Text.of([*one.values, *other.values])
    return Text(merged.codes[np.where(blank, len(one.values) + other.codes, one.codes)], merged.values)


def atom_name(atoms: Columns, row: int) -> str:
    """An atom for people: "atom 12, A/128 ASP CA"."""

    def cell(*names: str) -> str:
        return next((found for name in names if name in atoms.names if (found := atoms.text(name)[row])), "")

    number = cell("id") or f"in row {row + 1}"
    residue = f"{cell('auth_asym_id', 'label_asym_id')}/{cell('auth_seq_id', 'label_seq_id')}"
    return f"atom {number}, {residue} {cell('label_comp_id', 'auth_comp_id')} {cell('label_atom_id', 'auth_atom_id')}"


def _check_integers(atoms: Columns, values: np.ndarray, where: str, name: str, dtype: type) -> None:
    """Refuse what is no whole number of the type; -inf is a blank."""
    limits = np.iinfo(dtype)
    bad = (values != np.round(values)) | (values < limits.min) | (values > limits.max)
    rows = np.flatnonzero(bad & (values != -np.inf))
    if len(rows):
        row = int(rows[0])
        raise WrongColumns(
            f"{where} _atom_site.{name} of {atom_name(atoms, row)}",
            f"{atoms.text(name)[row]!r}" + (f" and {len(rows) - 1} more" if len(rows) > 1 else ""),
            f"integers from {limits.min} to {limits.max}",
        )


def _label_seq(atoms: Columns, values: np.ndarray, where: str) -> np.ndarray:
    """Refuse numbers below 0, which name no residue of a polymer; -1 stands for a blank."""
    if "label_seq_id" in atoms.names:
        rows = np.flatnonzero(atoms.numbers("label_seq_id", 0) < 0)
        if len(rows):
            row = int(rows[0])
            place = f"{where} _atom_site.label_seq_id of {atom_name(atoms, row)}"
            found = repr(atoms.text("label_seq_id")[row]) + (f" and {len(rows) - 1} more" if len(rows) > 1 else "")
            raise WrongColumns(place, found, "a number of the sequence, or . of what is no polymer")
    return values


def _check_numbers(atoms: Columns, records: Records, where: str) -> None:
    """Refuse coordinates and occupancies that are not finite, occupancies below 0, and infinite B."""
    columns = {f"Cartn_{axis}": ~np.isfinite(records.xyz[:, k]) for k, axis in enumerate("xyz")}
    columns |= {"occupancy": ~np.isfinite(records.occupancy), "B_iso_or_equiv": np.isinf(records.b)}
    for name, bad in columns.items():
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            found = f"{atoms.text(name)[row] or 'nothing'!r} ({int(bad.sum())} records)"
            raise NonFiniteRecord(f"{where} _atom_site.{name} of {atom_name(atoms, row)}", found, "finite numbers")
    rows = np.flatnonzero(records.occupancy < 0)
    if len(rows):
        row = int(rows[0])
        found = f"{records.occupancy[row]} ({len(rows)} records)"
        raise OccupancyRange(f"{where} _atom_site.occupancy of {atom_name(atoms, row)}", found, "0 or more")


SAMPLE, FEW = 4096, 512
"""A column with fewer than `FEW` different texts in its first `SAMPLE` rows is read by what is different."""


def _numbers(values: list[str] | pa.Array, where: str, name: str, blank: float) -> np.ndarray:
    """(N,) float64 of raw CIF values; . and ? become `blank`, a standard uncertainty is cut off."""
    column = arrow(values)
    if len(column.slice(0, SAMPLE).unique()) >= FEW:
        try:
            return pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            pass
    raw = Text.of(column)
    try:
        made = pc.cast(arrow(raw.values), pa.float64()).to_pylist()
    except pa.ArrowInvalid:
        made = [_number(value, where, name, blank) for value in raw.values]
    return np.array([*made, 0.0])[raw.codes]


def _number(value: str, where: str, name: str, blank: float) -> float:
    if gemmi.cif.is_null(value):
        return blank
    number = gemmi.cif.as_number(value)
    if np.isnan(number) and value.lower() != "nan":
        raise WrongColumns(f"{where}.{name}", repr(value), "a number")
    return number
