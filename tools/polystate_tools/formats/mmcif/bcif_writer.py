"""BinaryCIF files: the categories of the mmCIF file, numbers as numbers, encoded by biotite."""

from __future__ import annotations

import io

import gemmi
import numpy as np

from polystate_tools.formats.errors import MissingReader
from polystate_tools.formats.mmcif.writer import mmcif_of_records
from polystate_tools.formats.options import ExportOptions
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport

INTEGERS = {
    "_atom_site.id",
    "_atom_site.label_seq_id",
    "_atom_site.auth_seq_id",
    "_atom_site.pdbx_PDB_model_num",
    "_atom_site.pdbx_formal_charge",
    "_atom_site_anisotrop.id",
}
FLOATS = {
    *(f"_atom_site.Cartn_{axis}" for axis in "xyz"),
    "_atom_site.occupancy",
    "_atom_site.B_iso_or_equiv",
    *(f"_atom_site_anisotrop.U[{i}][{j}]" for i, j in ((1, 1), (2, 2), (3, 3), (1, 2), (1, 3), (2, 3))),
}
"""Columns of the atoms that are written as numbers, float64 so that none is rounded; all others are text."""


def content(records: Records, report: ExportReport, options: ExportOptions) -> bytes:
    """The bytes of a BinaryCIF file that says what the mmCIF file would."""
    try:
        from biotite.structure.io.pdbx import BinaryCIFBlock, BinaryCIFCategory, BinaryCIFFile
    except ImportError as error:
        raise MissingReader("BinaryCIF", "no biotite", "pip install polystate[bcif], or mmCIF") from error
    block = gemmi.cif.read_string(mmcif_of_records(records, report, records.loops)).sole_block()
    made = BinaryCIFBlock()
    for prefix in block.get_mmcif_category_names():
        table = block.find_mmcif_category(prefix)
        columns = {tag[len(prefix) :]: _column(tag, list(table.column(k))) for k, tag in enumerate(table.tags)}
        made[prefix.strip("_.")] = BinaryCIFCategory(columns)
    stream = io.BytesIO()
    BinaryCIFFile({block.name: made}).write(stream)
    return stream.getvalue()


def _column(tag: str, values: list[str]):
    """A column with its mask: 1 for . and 2 for ?."""
    from biotite.structure.io.pdbx import BinaryCIFColumn, BinaryCIFData

    mask = np.array([{".": 1, "?": 2}.get(value, 0) for value in values], np.uint8)
    if tag in INTEGERS or tag in FLOATS:
        kind = np.int32 if tag in INTEGERS else np.float64
        data = np.array(
            [kind(value) if not m else kind(0) for value, m in zip(values, mask.tolist(), strict=True)], kind
        )
    else:
        data = np.array([gemmi.cif.as_string(v) if not m else "" for v, m in zip(values, mask.tolist(), strict=True)])
    return BinaryCIFColumn(BinaryCIFData(data), BinaryCIFData(mask) if mask.any() else None)
