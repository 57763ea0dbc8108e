"""mmCIF files of a few atoms for tests, column by column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polystate.store.tree import Tree
from polystate_tools.formats import import_file
from polystate_tools.formats.report import ImportReport

COLUMNS = {
    "group_PDB": "ATOM",
    "id": "",
    "type_symbol": "C",
    "label_atom_id": "CA",
    "label_alt_id": ".",
    "label_comp_id": "ALA",
    "label_asym_id": "A",
    "label_entity_id": "1",
    "label_seq_id": "",
    "pdbx_PDB_ins_code": "?",
    "Cartn_x": "",
    "Cartn_y": "0.5",
    "Cartn_z": "1.25",
    "occupancy": "1.00",
    "B_iso_or_equiv": "20.00",
    "auth_seq_id": "",
    "auth_asym_id": "A",
    "pdbx_PDB_model_num": "1",
}
"""Defaults; id, label_seq_id and auth_seq_id count from 1, Cartn_x too."""
U = ("U[1][1]", "U[2][2]", "U[3][3]", "U[1][2]", "U[1][3]", "U[2][3]")


def cif(*atoms: dict[str, str], drop: tuple[str, ...] = (), tail: str = "", name: str = "x") -> str:
    """A data block of atoms, each given by what differs from the defaults. drop: columns left out."""
    more = list(dict.fromkeys(key for atom in atoms for key in atom if key not in COLUMNS))
    columns = [c for c in [*COLUMNS, *more] if c not in drop]
    lines = [f"data_{name}", "loop_", *(f"_atom_site.{c}" for c in columns)]
    for k, atom in enumerate(atoms, 1):
        row = {**dict.fromkeys(more, "?"), **{c: v or str(k) for c, v in COLUMNS.items()}, **atom}
        lines.append(" ".join(row[c] for c in columns))
    return "\n".join([*lines, tail]) + "\n"


def anisotropic(*rows: tuple[str, ...], columns: tuple[str, ...] = ("id", *U)) -> str:
    """A loop of anisotropic displacement."""
    lines = ["loop_", *(f"_atom_site_anisotrop.{c}" for c in columns), *(" ".join(row) for row in rows)]
    return "\n".join(lines)


def imported(folder: Path, text: str | bytes, **options: Any) -> tuple[Tree, ImportReport]:
    """The import of the text of an mmCIF file."""
    path = folder / "given.cif"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return import_file(path, **options)
