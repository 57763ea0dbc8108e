"""Bad input: a clear error or a warning that names the residue, and never a record that silently goes."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polystate.deposition import Deposition
from polystate.errors import PolystateError
from polystate_tools.formats import import_file
from polystate_tools.formats.importing import ImportOptions, tree_of_records
from polystate_tools.formats.mmcif.reader import records_of_mmcif
from polystate_tools.formats.opening.files import InputFile, read_input
from polystate_tools.formats.pdb.reader import records_of_pdb
from polystate_tools.formats.records.fixed import hybrid36, to_hybrid36
from polystate_tools.formats.records.records import Records
from tests.tools.formats.pdb_text import atom_line, imported, residue_lines


def code_of(call) -> str:
    with pytest.raises(PolystateError) as found:
        call()
    return f"{found.value.stage}/{found.value.code}"


def warned(report, code: str) -> list[str]:
    return [place for w in report.warnings if w.code == code for place in w.where]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00\x01\x02garbage", b"\x89PNG\r\n\x1a\n\x00"])
def test_garbage_is_unreadable(content):
    assert code_of(lambda: records_of_pdb(content)) == "container/unreadable-file"
    assert code_of(lambda: records_of_mmcif(content)) == "container/unreadable-file"


def test_text_without_atoms_is_named():
    assert code_of(lambda: records_of_pdb(b"HEADER    nothing else\nEND\n")) == "semantic/no-atoms"
    assert code_of(lambda: records_of_mmcif(b"data_x\n_cell.length_a 10\n")) == "semantic/no-atoms"


def test_truncated_files_are_refused(tmp_path):
    whole = "\n".join(residue_lines()) + "\n"
    assert code_of(lambda: records_of_pdb(whole[:-40].encode())) == "container/unreadable-file"
    cif = b"data_x\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n1 2.0\n2\n"
    assert code_of(lambda: records_of_mmcif(cif)) == "container/unreadable-file"
    path = tmp_path / "half.pdb.gz"
    path.write_bytes(gzip.compress(whole.encode())[:-12])
    assert code_of(lambda: read_input(path)) == "container/unreadable-file"


def test_binary_cif_garbage_is_unreadable():
    pytest.importorskip("biotite")
    from polystate_tools.formats.mmcif.bcif import records_of_bcif

    assert code_of(lambda: records_of_bcif(b"\x93\x01\x02")) == "container/unreadable-file"


def test_shifted_columns_name_the_line():
    lines = residue_lines()
    lines[1] = lines[1][:31] + "x" + lines[1][32:]
    with pytest.raises(PolystateError) as found:
        imported(lines)
    assert (found.value.code, found.value.where) == ("wrong-columns", "input line 2")


def test_text_where_a_number_is_due_names_the_column():
    cif = b"data_x\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n1 1.0 left 2.0\n"
    with pytest.raises(PolystateError) as found:
        records_of_mmcif(cif)
    assert found.value.code == "wrong-columns" and "Cartn_y" in found.value.where


def test_duplicate_atoms_are_refused_by_residue_and_counted():
    lines = residue_lines()
    _, report = imported([*lines, lines[1]])
    assert (report.read, report.kept, report.refused) == (6, 5, 1)
    assert warned(report, "duplicate-record") == ["A/1 ALA"]
    assert code_of(lambda: imported([*lines, lines[1]], strict=True)) == "semantic/duplicate-record"


def test_a_residue_number_that_begins_again_is_another_residue():
    lines = [*residue_lines(seq=1), *residue_lines(seq=2), *residue_lines(seq=1, shift=30)]
    tree, report = imported(lines)
    assert (report.kept, report.atoms, len(tree["hierarchy/residues"].arrays["chain"])) == (15, 15, 3)


def test_coordinates_that_are_no_numbers_name_the_atom():
    lines = residue_lines()
    lines[2] = lines[2][:30] + "     nan" + lines[2][38:]
    with pytest.raises(PolystateError) as found:
        imported(lines)
    assert found.value.code == "non-finite" and "A/1 ALA C" in found.value.where


def test_occupancies_above_one_are_normalised_with_a_warning():
    lines = residue_lines()[:4]
    lines += [
        atom_line(8, "CB", "ALA", 1, (1, 2, 3), alt="A", occupancy=0.7),
        atom_line(9, "CB", "ALA", 1, (1, 2, 4), alt="B", occupancy=0.7),
    ]
    tree, report = imported(lines)
    assert warned(report, "occupancy-sum") == ["A/1 ALA"]
    states = tree["descriptors/altloc"].tables["states"]
    assert states["population"].tolist() == [0.5, 0.5] and states["deposited"].tolist() == [0.7, 0.7]
    assert report.changed == 2
    assert code_of(lambda: imported(lines, strict=True)) == "semantic/occupancy-range"


def test_a_negative_occupancy_is_refused():
    lines = [atom_line(1, "CA", "ALA", 1, (0, 0, 0), occupancy=-0.5)]
    assert code_of(lambda: imported(lines)) == "semantic/occupancy-range"


def test_one_letter_only_is_a_state_and_its_absence():
    lines = [*residue_lines()[:4], atom_line(8, "CB", "ALA", 1, (1, 2, 3), alt="A", occupancy=0.6)]
    tree, report = imported(lines)
    assert warned(report, "single-altloc") == ["A.1"]
    states = tree["descriptors/altloc"].tables["states"]
    assert states["label"] == ["A", "absent"] and np.allclose(states["population"], [0.6, 0.4])


def test_crlf_and_blank_lines_change_nothing():
    lines = residue_lines("AB")
    plain = Deposition(imported(lines)[0]).digest()
    text = "\r\n".join([*lines, "", "END", ""]).encode()
    assert Deposition(tree_of_records(records_of_pdb(text))[0]).digest() == plain


def test_an_empty_model_is_noted():
    lines = ["MODEL        1", *residue_lines(), "ENDMDL", "MODEL        2", "ENDMDL"]
    _, report = imported(lines)
    assert report.models == 1
    assert any(loss["what"] == "empty models" for loss in report.losses)


def test_long_chain_ids_stay_in_mmcif_and_are_renamed_in_pdb(tmp_path):
    from polystate_tools.formats import export_file

    records = Records.of(
        xyz=np.eye(3),
        name=["N", "CA", "C"],
        comp="ALA",
        auth_asym="HEAVYCHAIN",
        label_asym="HEAVYCHAIN",
        element=[7, 6, 6],
    )
    dep = Deposition(tree_of_records(records)[0])
    export_file(dep, tmp_path / "x.cif")
    again = Deposition(import_file(tmp_path / "x.cif")[0])
    assert again.digest() == dep.digest()
    report = export_file(dep, tmp_path / "x.pdb")
    assert any(loss["what"] == "chain ids" and "HEAVYCHAIN is A" in loss["because"] for loss in report.losses)


def test_altloc_letters_are_case_sensitive_strings(tmp_path):
    from polystate_tools.formats import export_file

    records = Records.of(
        xyz=np.arange(12.0).reshape(4, 3),
        name="CB",
        comp="ALA",
        altloc=["a", "A", "AA", "1"],
        occupancy=[0.4, 0.3, 0.2, 0.1],
    )
    dep = Deposition(tree_of_records(records)[0])
    assert dep.tree["descriptors/altloc"].tables["states"]["label"] == ["a", "A", "AA", "1"]
    export_file(dep, tmp_path / "x.cif")
    assert Deposition(import_file(tmp_path / "x.cif")[0]).digest() == dep.digest()
    report = export_file(dep, tmp_path / "x.pdb")
    assert any(loss["what"] == "altloc ids" for loss in report.losses)


def test_more_than_100_000_atoms_and_hybrid_36_numbers(tmp_path):
    from polystate_tools.formats import export_file

    n = 100_200
    grid = np.stack(np.unravel_index(np.arange(n), (50, 50, 50)), axis=1) * 1.5
    records = Records.of(xyz=grid, name="O", comp="HOH", auth_seq=np.arange(1, n + 1), element=np.full(n, 8), het=True)
    dep = Deposition(tree_of_records(records)[0])
    export_file(dep, tmp_path / "x.pdb")
    text = (tmp_path / "x.pdb").read_text()
    assert "HETATMA00" in text and "A000" in text
    again, report = import_file(tmp_path / "x.pdb")
    assert report.kept == n
    assert np.array_equal(again["hierarchy/residues"].arrays["auth_seq"], np.arange(1, n + 1))


@given(st.integers(-999, 9999 + 2 * 26 * 36**3 - 1))
def test_hybrid_36_reads_what_it_writes(value):
    assert hybrid36(to_hybrid36(value, 4), 4) == value


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_crash_the_readers(content):
    for reader in (records_of_pdb, records_of_mmcif):
        try:
            tree_of_records(reader(content))
        except PolystateError:
            pass


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_damaged_line_crashes_the_reader_or_loses_a_record(data):
    lines = residue_lines("AB")
    k = data.draw(st.integers(0, len(lines) - 1))
    at = data.draw(st.integers(6, 79))
    lines[k] = lines[k][:at] + data.draw(st.characters(min_codepoint=32, max_codepoint=126)) + lines[k][at + 1 :]
    try:
        _, report = imported(lines)
    except PolystateError as error:
        assert error.where
        return
    assert report.kept + report.refused == report.read == 6


def test_unknown_formats_and_options_are_refused(tmp_path):
    path = tmp_path / "x.xyz"
    path.write_text("hello")
    assert code_of(lambda: import_file(path)) == "container/unknown-format"
    assert code_of(lambda: ImportOptions(altloc="both")) == "evaluate/bad-option"
    assert code_of(lambda: imported(residue_lines(), model=7)) == "evaluate/bad-option"
    assert code_of(lambda: imported(residue_lines(), b_factors="total")) == "evaluate/bad-option"
    assert code_of(lambda: read_input(tmp_path / "none.pdb")) == "container/unreadable-file"
    assert isinstance(read_input(path, "pdb"), InputFile)
