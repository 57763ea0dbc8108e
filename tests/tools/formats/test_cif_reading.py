"""mmCIF as other programs write it: blanks, pairs, further blocks, numbers out of range; nothing goes unsaid."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest
from typer.testing import CliRunner

from polystate.errors import PolystateError
from polystate_tools.cli import application
from tests.tools.formats.cif_text import U, anisotropic, cif, imported
from tests.tools.formats.pdb_text import residue_lines

SIX = (".25", ".26", ".27", ".01", ".02", ".03")
THREE = ({}, {}, {})


def column(tree, table: str, name: str) -> list[str]:
    group = tree[f"hierarchy/{table}"]
    return [group.attributes["vocabularies"][name][code] for code in group.arrays[name].tolist()]


def error_of(tmp_path, text) -> PolystateError:
    with pytest.raises(PolystateError) as found:
        imported(tmp_path, text)
    return found.value


def test_anisotropic_rows_without_an_atom_or_numbers_are_refused_by_reason_and_counted(tmp_path):
    rows = [("1", *SIX), ("99", *SIX), ("2", *SIX[:3], "?", *SIX[4:]), ("1", *SIX)]
    tree, report = imported(tmp_path, cif(*THREE, tail=anisotropic(*rows)))
    assert tree["descriptors/aadp"].arrays["atom_id"].tolist() == [1]
    assert (report.read, report.kept, report.refused) == (6, 3, 3)
    said = "; ".join(report.refused_by_reason())
    assert "no atom has its id (1): id 99" in said and "not six numbers (1): id 2" in said
    assert "its atom has a row already (1): id 1" in said


def test_an_infinite_number_of_u_is_refused(tmp_path):
    error = error_of(tmp_path, cif(*THREE, tail=anisotropic(("1", *SIX[:3], "inf", *SIX[4:]))))
    assert (error.stage, error.code) == ("semantic", "non-finite")


def test_an_anisotropic_row_finds_its_atom_by_an_id_that_is_quoted(tmp_path):
    tree, report = imported(tmp_path, cif(*THREE, tail=anisotropic(("'2'", *SIX), ('"3"', *SIX), ("?", *SIX))))
    assert tree["descriptors/aadp"].arrays["atom_id"].tolist() == [2, 3]
    assert report.refused_by_reason() == ["row of _atom_site_anisotrop: no atom has its id (1): id ?"]


def test_one_anisotropic_row_as_pairs_is_read(tmp_path):
    pairs = "\n".join(f"_atom_site_anisotrop.{c} {v}" for c, v in zip(("id", *U), ("2", *SIX), strict=True))
    tree, report = imported(tmp_path, cif(*THREE, tail=pairs))
    assert tree["descriptors/aadp"].arrays["atom_id"].tolist() == [2]
    assert np.allclose(tree["descriptors/aadp"].arrays["u"][0], [0.25, 0.26, 0.27, 0.01, 0.02, 0.03])
    assert report.refused == 0


def test_one_atom_as_pairs_is_read(tmp_path):
    columns = {"id": "1", "type_symbol": "O", "label_atom_id": "O", "label_comp_id": "HOH", "label_asym_id": "W",
               "Cartn_x": "1.0", "Cartn_y": "2.0", "Cartn_z": "3.0"}  # fmt: skip
    text = "data_x\n" + "".join(f"_atom_site.{c} {v}\n" for c, v in columns.items())
    text += "".join(f"_atom_site_anisotrop.{c} {v}\n" for c, v in zip(("id", *U), ("1", *SIX), strict=True))
    tree, report = imported(tmp_path, text)
    assert tree["reference"].arrays["x_ref"].tolist() == [[1.0, 2.0, 3.0]] and "descriptors/aadp" in tree
    assert column(tree, "chains", "auth_asym") == ["W"] and report.atoms == 1


def test_anisotropic_rows_that_nothing_joins_to_atoms_are_refused(tmp_path):
    rows = anisotropic(("1", *SIX), ("2", *SIX))
    _, report = imported(tmp_path, cif(*THREE, drop=("id",), tail=rows))
    assert report.refused == 2 and "_atom_site has no ids to join by" in report.refused_by_reason()[0]
    _, report = imported(tmp_path, cif({"id": "7"}, {"id": "7"}, {}, tail=anisotropic(("7", *SIX), ("3", *SIX))))
    assert report.refused == 1 and "several atoms have its id (1): id 7" in report.refused_by_reason()[0]
    _, report = imported(tmp_path, cif(*THREE, tail=anisotropic(("1", *SIX[1:]), columns=("id", *U[1:]))))
    assert report.refused == 1 and "six elements" in report.refused_by_reason()[0]


def test_refusals_are_printed_with_the_totals(tmp_path):
    (tmp_path / "a.cif").write_text(cif(*THREE, tail=anisotropic(("1", *SIX), ("99", *SIX))))
    made = CliRunner().invoke(application("import"), ["import", str(tmp_path / "a.cif"), str(tmp_path / "a.zarr")])
    assert made.exit_code == 0 and "4 records read, 3 kept, 1 refused" in made.stdout
    assert "refused: row of _atom_site_anisotrop: no atom has its id (1): id 99" in made.stderr
    orphan = "ANISOU    1  N   GLY A   1     2500   2500   2600    123   -234    345"
    (tmp_path / "b.pdb").write_text("\n".join([orphan, *residue_lines(), "END"]) + "\n")
    made = CliRunner().invoke(application("import"), ["import", str(tmp_path / "b.pdb"), str(tmp_path / "b.zarr")])
    assert "6 records read, 5 kept, 1 refused" in made.stdout
    assert "refused: ANISOU record without its atom (1): 1 N GLY A 1" in made.stderr


def test_the_atoms_of_a_further_data_block_are_listed_as_lost(tmp_path):
    text = "data_empty\n_cell.length_a 10\n" + cif(*THREE, name="one") + cif({}, {}, name="two")
    _, report = imported(tmp_path, text)
    assert report.kept == 3
    assert [(x["what"], x["count"]) for x in report.losses if "block" in x["what"]] == [("atoms of data block two", 2)]


def test_blanks_in_author_columns_fall_back_row_by_row(tmp_path):
    atoms = ({"auth_seq_id": "101", "auth_asym_id": "X"}, {"auth_seq_id": "?", "auth_asym_id": "."}, {})
    tree, report = imported(tmp_path, cif(*atoms))
    assert tree["hierarchy/residues"].arrays["auth_seq"].tolist() == [101, 2, 3]
    assert set(column(tree, "chains", "auth_asym")) == {"X", "A"} and report.kept == 3


def test_blanks_in_label_columns_fall_back_row_by_row(tmp_path):
    blank = {"label_comp_id": "?", "label_asym_id": "?", "label_atom_id": "."}
    author = {"auth_comp_id": "GLY", "auth_atom_id": "N", "auth_asym_id": "B"}
    tree, _ = imported(tmp_path, cif({**blank, **author}, {"auth_comp_id": "SER", "auth_atom_id": "X"}, blank))
    assert column(tree, "residues", "comp") == ["GLY", "ALA", "UNK"]
    assert column(tree, "atoms", "name") == ["N", "CA", "X"]
    assert column(tree, "chains", "label_asym") == ["B", "A"]


def test_blanks_fall_back_as_gemmi_does(tmp_path):
    text = cif({"auth_seq_id": "?", "auth_asym_id": "?"}, {"auth_seq_id": "7"}, {"auth_asym_id": "Q"})
    tree, _ = imported(tmp_path, text)
    (tmp_path / "g.cif").write_text(text)
    theirs = {(c.name, r.seqid.num) for c in gemmi.read_structure(str(tmp_path / "g.cif"))[0] for r in c}
    residues = tree["hierarchy/residues"].arrays
    chains = column(tree, "chains", "auth_asym")
    ours = {(chains[c], s) for c, s in zip(residues["chain"].tolist(), residues["auth_seq"].tolist(), strict=True)}
    assert ours == theirs


def test_a_byte_order_mark_is_read_over(tmp_path):
    plain, _ = imported(tmp_path, cif(*THREE))
    marked, report = imported(tmp_path, b"\xef\xbb\xbf" + cif(*THREE).encode())
    assert report.kept == 3 and np.array_equal(plain["reference"].arrays["x_ref"], marked["reference"].arrays["x_ref"])


def test_names_of_columns_have_no_case(tmp_path):
    text = cif(*THREE, tail=anisotropic(("1", *SIX)))
    lower = text.replace("_atom_site.Cartn_x", "_ATOM_SITE.cartn_X").replace("U[1][1]", "u[1][1]")
    tree, report = imported(tmp_path, lower)
    assert report.kept == 3 and "descriptors/aadp" in tree


@pytest.mark.parametrize(
    ("atom", "code", "found"),
    [
        ({"auth_seq_id": "99999999999"}, "wrong-columns", "99999999999"),
        ({"auth_seq_id": "1.5"}, "wrong-columns", "1.5"),
        ({"label_seq_id": "-99999999999"}, "wrong-columns", "-99999999999"),
        ({"pdbx_PDB_model_num": "1e20"}, "wrong-columns", "1e20"),
        ({"pdbx_formal_charge": "300"}, "wrong-columns", "300"),
        ({"Cartn_x": "?"}, "non-finite", "nothing"),
        ({"Cartn_z": "nan"}, "non-finite", "nan"),
        ({"occupancy": "inf"}, "non-finite", "inf"),
        ({"B_iso_or_equiv": "inf"}, "non-finite", "inf"),
        ({"occupancy": "-0.5"}, "occupancy-range", "-0.5"),
    ],
)
def test_numbers_that_cannot_be_name_the_file_the_column_and_the_atom(tmp_path, atom, code, found, recwarn):
    error = error_of(tmp_path, cif({}, {"id": "27", **atom}, {}))
    assert error.code == code and found in str(error.found)
    assert error.where.startswith("given.cif _atom_site.") and next(iter(atom)) in error.where
    assert "of atom 27, A/" in error.where and "ALA CA" in error.where
    assert not recwarn.list
