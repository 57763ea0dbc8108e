"""Levels from a ready table: a CSV with the columns chain, residue, atom and one a level."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from polystate.errors import BadRequest
from polystate.store import given
from polystate_tools.echt.errors import LevelIncomplete, LevelOverlap, NothingToFit, UnknownLevel
from polystate_tools.echt.input import FitInput
from polystate_tools.echt.levels.levels import Level, numbered, residue_names, unique
from polystate_tools.echt.levels.names import check_name, once
from polystate_tools.spreadsheet import as_written

PLACE = ["chain", "residue", "atom"]
Row = tuple[tuple[str, ...], dict[str, str]]  # what PLACE says, and the cell of each level's column


def table_rows(path: Path) -> tuple[list[str], list[Row]]:
    """Level columns and rows of a CSV (UTF-8, with or without a byte order mark); empty lines are nothing.

    Refused: another header, a column twice, a name that no level may have, a line with more or fewer cells."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    rows: list[Row] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        columns = header[3:]
        if header[:3] != PLACE or not columns:
            raise UnknownLevel(
                str(path), ", ".join(header) or "no header", "columns chain, residue, atom, then one a level"
            )
        once([check_name(_level_id(c), f"{path}, column {k}") for k, c in enumerate(columns, 4)], f"{path}, header")
        for row in reader:
            if row and len(row) != len(header):
                found = f"{len(row)} cells"
                raise BadRequest(f"{path}:{reader.line_num}", found, f"{len(header)}, as the header has")
            if row:
                cells = [as_written(cell) for cell in row]
                rows.append((tuple(cells[:3]), dict(zip(columns, cells[3:], strict=True))))
    except csv.Error as error:
        raise BadRequest(f"{path}:{reader.line_num}", str(error), "a CSV") from None
    if not rows:
        raise NothingToFit(str(path), "a header and no atom", "a line for each atom to be fitted")
    return columns, rows


def _text(path: Path) -> str:
    content = given.content(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadRequest(f"{path}:{line}", "bytes that are not UTF-8", "a CSV in UTF-8") from None


def atoms_of_table(data_dep, rows: list[Row], where: str) -> np.ndarray:
    """(rows,) the row of hierarchy/atoms that each line of the table names."""
    h = data_dep.hierarchy
    residue = h.of_atoms("residue")
    chain = h.text("chains", "auth_asym")[h.of_atoms("chain")]
    number, code, name = (
        h.column("residues", "auth_seq")[residue],
        h.text("residues", "ins")[residue],
        h.text("atoms", "name"),
    )
    place = {(c, f"{s}{i}", a): k for k, (c, s, i, a) in enumerate(zip(chain, number, code, name, strict=True))}
    out = np.empty(len(rows), np.int64)
    seen: set[int] = set()
    for k, (key, _) in enumerate(rows):
        if key not in place:
            raise LevelIncomplete(f"{where}[{k + 2}]", "/".join(key), "an atom of the structure")
        out[k] = place[key]
        if int(out[k]) in seen:
            raise LevelOverlap(f"{where}[{k + 2}]", f"{'/'.join(key)} a second time", "each atom once")
        seen.add(int(out[k]))
    return out


def levels_of_table(
    data: FitInput, names: list[str], rows: list[Row], atom: np.ndarray, where: str = "--groups"
) -> list[Level]:
    """Levels from the columns of a table, taken as they are; an empty cell is in no group of that level."""
    order = np.argsort(atom)
    use = order[np.isin(atom[order], data.rows)]
    if len(use) != len(data.rows):
        raise NothingToFit("--groups", f"{len(use)} of {len(data.rows)} atoms listed", "every fitted atom")
    residue_name = residue_names(data)
    residue = data.dep.hierarchy.of_atoms("residue")[data.rows]
    levels = []
    for name in names:
        cells = np.array([rows[k][1][name].strip() for k in use])
        values, codes = np.unique(cells, return_inverse=True)
        labels, keys = numbered(np.where(cells == "", -1, codes))
        if not len(keys):
            raise LevelIncomplete(f"{where}, column {name}", "no fitted atom in a group", "a group of some atoms")
        made = []
        for g, key in enumerate(keys):
            members = residue[labels == g] if len(keys) < 2000 else None
            if members is None:
                made.append(str(values[int(key)]))
            else:
                a, b = residue_name[members[0]], residue_name[members[-1]]
                made.append(f"{a} to {b}" if a != b else str(a))
        if len(keys) >= 2000:
            first = {int(g): int(k) for k, g in reversed(list(enumerate(labels))) if g >= 0}
            made = [str(residue_name[residue[first[g]]]) for g in range(len(keys))]
        levels.append(Level(_level_id(name), labels, unique(made), ["taken as it stands in the table of levels"]))
    return levels


def chosen_columns(names: list[str], wanted: Sequence[str] | None, where: str) -> list[str]:
    """The columns that `--levels` names (all without it), in the table's order; "atomic" is no column."""
    if wanted is None:
        return names
    known = [_level_id(name) for name in names]
    once(list(wanted), "--levels")
    for name in wanted:
        if name not in known and name != "atomic":
            raise UnknownLevel("--levels", name or "an empty name", f"columns of {where} or atomic: {', '.join(known)}")
    return [name for name, level in zip(names, known, strict=True) if level in wanted]


def _level_id(column: str) -> str:
    """The level of a column: its name in lower case."""
    name = column.strip().lower()
    return {"residue_group": "residue"}.get(name, name)
