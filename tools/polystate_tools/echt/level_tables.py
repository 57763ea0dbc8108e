"""Levels from a ready table: a CSV with the columns chain, residue, atom and one a level."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from polystate_tools.echt.atoms_of import FitInput
from polystate_tools.echt.errors import LevelIncomplete, LevelOverlap, NothingToFit, UnknownLevel
from polystate_tools.echt.levels import Level, numbered, residue_names, unique


def table_rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Level names and rows of a CSV with the columns chain, residue, atom and one a level."""
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or [])
        if columns[:3] != ["chain", "residue", "atom"] or len(columns) < 4:
            raise UnknownLevel(str(path), ", ".join(columns), "columns chain, residue, atom, then one a level")
        return columns[3:], list(reader)


def atoms_of_table(data_dep, rows: list[dict[str, str]], where: str) -> np.ndarray:
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
    for k, row in enumerate(rows):
        key = (row["chain"], row["residue"], row["atom"])
        if key not in place:
            raise LevelIncomplete(f"{where}[{k + 2}]", "/".join(key), "an atom of the structure")
        out[k] = place[key]
    if len(np.unique(out)) < len(out):
        raise LevelOverlap(where, "an atom listed twice", "each atom once")
    return out


def levels_of_table(data: FitInput, names: list[str], rows: list[dict[str, str]], atom: np.ndarray) -> list[Level]:
    """Levels from the columns of a table, taken as they are; an empty cell is in no group of that level."""
    order = np.argsort(atom)
    use = order[np.isin(atom[order], data.rows)]
    if len(use) != len(data.rows):
        raise NothingToFit("--groups", f"{len(use)} of {len(data.rows)} atoms listed", "every fitted atom")
    residue_name = residue_names(data)
    residue = data.dep.hierarchy.of_atoms("residue")[data.rows]
    levels = []
    for name in names:
        cells = np.array([rows[k][name].strip() for k in use])
        values, codes = np.unique(cells, return_inverse=True)
        labels, keys = numbered(np.where(cells == "", -1, codes))
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


def _level_id(column: str) -> str:
    """A column's name as part of an id."""
    name = "".join(c if c.isalnum() or c in "_.-" else "_" for c in column.strip().lower())
    return {"residue_group": "residue"}.get(name, name)
