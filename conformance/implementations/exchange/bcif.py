"""BinaryCIF as CIF, of which the other modules read the same: decoded by biotite, numbers in their shortest digits."""

from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np


def document(path: Path) -> gemmi.cif.Document:
    from biotite.structure.io.pdbx import BinaryCIFFile

    made = gemmi.cif.Document()
    for name, block in BinaryCIFFile.read(str(path)).items():
        own = made.add_new_block(name)
        for category in block:
            columns = block[category]
            own.init_loop(f"_{category}.", list(columns)).set_all_values([_words(columns[tag]) for tag in columns])
    return made


def _words(column) -> list[str]:
    mask = np.zeros(len(column.data.array), int) if column.mask is None else column.mask.array
    return [(".", "?")[m - 1] if m else _word(value) for value, m in zip(column.data.array, mask.tolist(), strict=True)]


def _word(value) -> str:
    return gemmi.cif.quote(str(value)) if isinstance(value, str) else str(value)
