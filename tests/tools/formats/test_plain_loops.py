"""Atoms read as a table are those that gemmi's parser gives, and what is no plain loop is left to it."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from polystate.errors import PolystateError
from polystate_tools.formats.mmcif import plain
from polystate_tools.formats.mmcif.reader import records_of_mmcif

TAGS = "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_seq_id"
TAGS += " Cartn_x Cartn_y Cartn_z"
HEAD = "data_x\n_entry.id X\n#\nloop_\n" + "".join(f"_atom_site.{tag}\n" for tag in TAGS.split())
ROWS = "ATOM 1 N N . ALA A 1 1.000 2.000 3.000\nATOM 2 C CA A ALA A 1 1.5(2) 2.5 3.25\n"
TENSORS = "#\nloop_\n_atom_site_anisotrop.id\n" + "".join(
    f"_atom_site_anisotrop.U[{i}][{j}]\n" for i, j in ((1, 1), (2, 2), (3, 3), (1, 2), (1, 3), (2, 3))
)
REST = "#\n_struct.title 'a thing'\n"


def told(text: str) -> object:
    """Everything that a file is read as, or the error that it gives."""
    try:
        records = records_of_mmcif(text.encode(), "x.cif")
    except PolystateError as error:
        return str(error)
    made = {}
    for field in fields(records):
        value = getattr(records, field.name)
        value = value.tolist() if hasattr(value, "tolist") else value
        made[field.name] = value
    return repr(made)


PLAIN = {
    "as archives have it": HEAD + ROWS + REST,
    "padded, with blanks at the ends": HEAD + ROWS.replace(" ", "   ").replace("\n", "  \n") + REST,
    "tabs": HEAD + ROWS.replace(" 1 ", "\t1\t") + REST,
    "quoted names": HEAD + ROWS.replace(" CA ", ' "C5\'" ').replace(" N . ", " 'N' . ") + REST,
    "a name in other case": HEAD.replace("Cartn_x", "cartn_X") + ROWS + REST,
    "tensors": HEAD + ROWS + TENSORS + "2 .1 .2 .3 0 0 0\n" + REST,
    "a loop before": "data_x\nloop_\n_a.b\n1\n2\n" + HEAD.removeprefix("data_x\n") + ROWS + REST,
    "a comment after the rows": HEAD + ROWS + "# the end\n" + REST,
}
OTHER = {
    "no end of line": HEAD + ROWS.rstrip(),
    "a blank in a value": HEAD + ROWS.replace(" CA ", " 'C A' ") + REST,
    "rows over two lines": HEAD + ROWS.replace(" ALA", "\nALA") + REST,
    "a text field": HEAD + ROWS.replace(" CA ", "\n;CA\n;\n") + REST,
    "a comment between rows": HEAD + ROWS.replace("\nATOM 2", "\n# so\nATOM 2") + REST,
    "a comment at the end of a row": HEAD + ROWS.replace("3.000\n", "3.000 # so\n") + REST,
    "lines of DOS": (HEAD + ROWS + REST).replace("\n", "\r\n"),
    "a loop inside of a text field": "data_y\n_a.b\n;\n" + HEAD + ROWS + ";\n",
    "two blocks": HEAD + ROWS + REST + HEAD.replace("data_x", "data_z") + ROWS,
    "pairs of the category beside the loop": HEAD + ROWS + "_atom_site.extra 1\n",
    "a column too few": HEAD + ROWS.replace(" 3.25", "") + REST,
    "an open quote": HEAD + ROWS.replace(" CA ", " 'CA ") + REST,
    "a name twice": HEAD.replace("Cartn_x", "id") + ROWS + REST,
    "a reserved word": HEAD + ROWS.replace(" ALA A 1 1.5", " stop_ A 1 1.5") + REST,
    "a letter that is not ASCII": HEAD + ROWS.replace(" CA ", " Cä ") + REST,
    "what is no CIF elsewhere": HEAD + ROWS + REST + "'open\n",
    "no number": HEAD + ROWS.replace(" 2.5 ", " two ") + REST,
    "no rows": HEAD + REST,
}


@pytest.mark.parametrize("name", [*PLAIN, *OTHER])
def test_what_is_read_is_what_gemmi_reads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (PLAIN | OTHER)[name]
    found = told(text)
    monkeypatch.setattr(plain, "cut", lambda *_: None)
    assert found == told(text)


@pytest.mark.parametrize("name", PLAIN)
def test_plain_loops_are_cut(name: str) -> None:
    cut = plain.cut(PLAIN[name].encode(), "atom_site")
    assert cut is not None
    rest, columns = cut
    assert b"_atom_site." not in rest and len(columns) == len(TAGS.split())
    assert columns["id"].to_pylist() == ["1", "2"]


def test_a_column_of_few_numbers_and_one_of_many_are_read_alike() -> None:
    count = 5000
    x, rng = [], np.random.default_rng(0)
    for k in range(count):
        x.append(f"{rng.uniform(-500, 500):.3f}" if k % 2 else "1.125")
    rows = "".join(f"ATOM {k + 1} C CA . ALA A {k + 1} {v} 0.5 -2e1\n" for k, v in enumerate(x))
    records = records_of_mmcif((HEAD + rows + REST).encode())
    np.testing.assert_array_equal(records.xyz, [[float(v), 0.5, -20.0] for v in x])
