"""BinaryCIF files into atom records, read by biotite; what is not an atom goes the way of mmCIF.

Of the readers that are kept well, gemmi has none for BinaryCIF, python-ihm and py-mmcif decode value by value in
Python, and biotite gives NumPy columns (seen: 1 974 atoms and 66 other categories in 36 ms), so it is the extra.
"""

from __future__ import annotations

import io

import gemmi
import numpy as np

from polystate.errors import PolystateError
from polystate_tools.formats.errors import MissingReader, NoAtoms, UnreadableFile
from polystate_tools.formats.mmcif.columns import SPELLED
from polystate_tools.formats.mmcif.reader import records_of_block, unread_block
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.records.text import Text


def records_of_bcif(content: bytes, where: str = "input") -> Records:
    """Records of the bytes of a BinaryCIF file; the first block with atoms is read."""
    try:
        from biotite.structure.io.pdbx import BinaryCIFFile
    except ImportError as error:
        raise MissingReader(where, "no biotite", "pip install 'polystate[bcif]', or the entry as mmCIF") from error
    try:
        file = BinaryCIFFile.read(io.BytesIO(content))
        blocks = [(name, file[name]) for name in file]
        with_atoms = [(name, block) for name, block in blocks if "atom_site" in block]
        if with_atoms:
            columns = BcifColumns(with_atoms[0][1]["atom_site"], where)
            records = records_of_block(_text_block(with_atoms[0][1]), columns, where)
            records.notes += [unread_block(name, block["atom_site"].row_count) for name, block in with_atoms[1:]]
            return records
    except PolystateError:
        raise
    except Exception as error:  # whatever a decoder says of bytes that are no BinaryCIF
        raise UnreadableFile(where, f"{type(error).__name__}: {error}", "a complete BinaryCIF file") from error
    raise NoAtoms(where, "no block with atom_site", "a macromolecular BinaryCIF file")


class BcifColumns:
    """Columns of the atoms of a BinaryCIF file."""

    def __init__(self, category, where: str) -> None:
        self.category, self.where = category, where
        self.spelled = {SPELLED.get(name.lower(), name): name for name in category}
        self.names = list(self.spelled)

    def __len__(self) -> int:
        return int(self.category.row_count)

    def _column(self, name: str):
        """A column with a value for each atom."""
        column = self.category[self.spelled[name]]
        for part in (column.data, column.mask):
            if part is not None and len(part.array) != len(self):
                raise UnreadableFile(f"{self.where} _atom_site.{name}", f"{len(part.array)} values", f"{len(self)}")
        return column

    def text(self, name: str) -> Text:
        column = self._column(name)
        distinct, codes = np.unique(column.as_array(str, ""), return_inverse=True)
        return Text(codes.astype(np.int32), tuple(distinct.tolist()))

    def numbers(self, name: str, blank: float) -> np.ndarray:
        column = self._column(name)
        values = column.data.array
        if values.dtype == np.float32:
            values = values.astype(str)  # the decimal number that the single stands for
        if values.dtype.kind == "U":
            values = np.where(np.isin(values, ("", ".", "?")), "nan", values)
            blank_rows = values == "nan"
        else:
            blank_rows = np.zeros(len(values), bool)
        if column.mask is not None:
            blank_rows = blank_rows | (column.mask.array != 0)
        return np.where(blank_rows, blank, values.astype(np.float64))


def _text_block(block) -> gemmi.cif.Block:
    """Every category but the atoms as text, for the readers of mmCIF."""
    made = gemmi.cif.Document().add_new_block("bcif")
    for name in block:
        if name == "atom_site":
            continue
        category = block[name]
        columns = [[_token(value) for value in category[tag].as_array(str).tolist()] for tag in category]
        loop = made.init_loop(f"_{name}.", list(category))
        loop.set_all_values(columns)
    return made


def _token(value: str) -> str:
    return value if value in (".", "?") else gemmi.cif.quote(value)
