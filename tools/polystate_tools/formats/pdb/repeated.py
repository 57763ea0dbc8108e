"""Models that repeat the names of the first one: told by their bytes, line by line, and read for numbers alone."""

from __future__ import annotations

import numpy as np

from polystate_tools.formats.pdb.lines import WIDTH, Lines
from polystate_tools.formats.records.pairs import usual_decimals
from polystate_tools.formats.records.records import runs_of_models

NAMES = np.array([not (6 <= k < 11 or 30 <= k < 66) for k in range(WIDTH)])
"""Columns that name an atom: all but serial numbers (7-11), coordinates, occupancies and B (31-66)."""
ROWS = 8192
"""About so many lines are looked at in one go, while they are in the cache."""


def numbers_of_repeated(lines: Lines, atom_lines: np.ndarray, model: np.ndarray) -> dict[str, np.ndarray] | None:
    """xyz (n, 3) Å, occupancy and b (n,) of models that repeat the first; None of others, or where a number is unusual.

    atom_lines, model: (n,) line and model of each atom record."""
    n, times = len(model), runs_of_models(model)
    if times == 1 or not lines.is_ascii or lines.of(b"ANIS").any():
        return None
    length = n // times
    mask = np.tile(np.where(NAMES, 255, 0).astype(np.uint8), length).view(np.uint64)
    first = lines.rows(atom_lines[:length]).view(np.uint64).reshape(-1) & mask
    xyz, occupancy, b = np.empty((n, 3)), np.empty(n), np.empty(n)
    fields = [(xyz[:, k], slice(30 + 8 * k, 38 + 8 * k)) for k in range(3)]
    fields += [(occupancy, slice(54, 60)), (b, slice(60, 66))]
    step = length * max(1, ROWS // length)
    for start in range(0, n, step):
        rows = lines.rows(atom_lines[start : start + step])
        if ((rows.view(np.uint64).reshape(-1, len(mask)) & mask) != first).any():
            return None
        for column, where in fields:
            values = usual_decimals(rows[:, where])
            if values is None:
                return None
            column[start : start + step] = values
    return {"xyz": xyz, "occupancy": occupancy, "b": b}
