"""PDB files that are cut, joined or damaged: refused or told, with the file and the line, and never guessed."""

from __future__ import annotations

import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate.errors import PolystateError
from polystate_tools.formats import import_file
from polystate_tools.formats.importing import ImportOptions, tree_of_records
from polystate_tools.formats.pdb.reader import records_of_pdb
from tests.tools.formats.pdb_text import atom_line, residue_lines

ANISOU = "ANISOU    1  N   ALA A   1     2500   2500   2600    123   -234    345       N  "


def joined(*lines: str) -> bytes:
    return "\n".join([*lines, ""]).encode()


def imported(content: bytes, **options):
    tree, report = tree_of_records(records_of_pdb(content), ImportOptions(**options))
    dep = Deposition(tree)
    assert dep.validate().valid
    assert report.kept + report.refused == report.read
    return dep, report


def refused(content: bytes) -> PolystateError:
    with pytest.raises(PolystateError) as found:
        imported(content)
    return found.value


def warned(report) -> dict[str, list[str]]:
    return {warning.code: warning.where for warning in report.warnings}


def shifted(lines: list[str], by: float) -> list[str]:
    return [line[:30] + f"{float(line[30:38]) + by:8.3f}" + line[38:] for line in lines]


@pytest.mark.parametrize("length", [20, 54, 55, 58, 61, 62, 65])
def test_a_last_atom_that_is_cut_is_refused(length):
    lines = residue_lines()
    assert refused("\n".join([*lines[:-1], lines[-1][:length]]).encode()).code == "unreadable-file"
    assert refused(lines[0][:length].encode()).code == "unreadable-file"


def test_short_lines_are_whole_where_all_are_short():
    whole = "\n".join(residue_lines())
    assert imported(whole.encode())[1].kept == 5
    for length in (54, 60):
        lines = [line[:length] for line in residue_lines()]
        for text in ("\n".join(lines), "\n".join([*lines, ""])):
            dep, report = imported(text.encode())
            assert report.kept == 5 and "iadp" not in dep.descriptors
    assert imported("\n".join([*residue_lines(), residue_lines(seq=2)[0][:66]]).encode())[1].kept == 6


@pytest.mark.parametrize("length", [35, 40, 60, 66, 68])
def test_a_last_anisou_that_is_cut_is_refused(length):
    assert refused("\n".join([residue_lines()[0], ANISOU[:length]]).encode()).code == "unreadable-file"


def test_a_blank_number_of_an_anisou_is_not_zero():
    lines = residue_lines()
    for damaged in (ANISOU[:63], ANISOU[:35] + " " * 7 + ANISOU[42:]):
        dep, report = imported(joined(lines[0], damaged, *lines[1:]))
        assert "aadp" not in dep.descriptors and report.kept == 5
        assert [(r["because"], r["where"]) for r in report.refusals] == [
            ("ANISOU record with a blank number", "line 2")
        ]
    assert imported(joined(lines[0], ANISOU[:70], *lines[1:]))[0].descriptors["aadp"].array("u")[0, 5] == 0.0345


def test_endmdl_ends_a_model_without_model_records():
    lines = residue_lines()
    dep, report = imported(joined(*lines, "ENDMDL", *shifted(lines, 1), "ENDMDL", "END"))
    assert (report.models, report.atoms, report.kept, warned(report)) == (2, 5, 10, {})
    assert dep.n_atoms == 5


def test_atoms_after_endmdl_are_a_model_of_their_own_and_are_told():
    lines = residue_lines()
    water = atom_line(9, "O", "HOH", 1, (9, 9, 9), chain="W", record="HETATM")
    content = joined("MODEL        1", *lines, "ENDMDL", "MODEL        2", *shifted(lines, 1), "ENDMDL", water, "END")
    _, report = imported(content)
    assert (report.models, report.kept) == (3, 11) and warned(report)["outside-model"] == ["line 15"]


def test_atoms_before_the_first_model_are_a_model_of_their_own_and_are_told():
    lines = residue_lines()
    _, report = imported(joined(*lines, "MODEL        1", *shifted(lines, 1), "ENDMDL"))
    assert report.models == 2 and warned(report)["outside-model"] == ["line 1"]


@pytest.mark.parametrize("second", ["MODEL        1", "MODEL", "MODEL        x"])
def test_model_numbers_that_repeat_or_are_missing_are_counted(second):
    lines = residue_lines()
    content = joined("MODEL        1", *lines, "ENDMDL", second, *shifted(lines, 1), "ENDMDL", "END")
    records = records_of_pdb(content)
    assert np.unique(records.model).tolist() == [1, 2]
    assert imported(content)[1].models == 2


def test_atoms_after_end_are_refused_and_counted():
    lines = residue_lines()
    dep, report = imported(
        joined(*lines, "END", "CRYST1   10.000   10.000   10.000  90.00  90.00  90.00", *lines, "END")
    )
    assert (report.read, report.kept, report.refused, dep.n_atoms) == (10, 5, 5, 5)
    assert [(r["count"], r["where"]) for r in report.refusals] == [(5, "line 6")]
    assert any(loss["what"] == "lines after END" for loss in report.losses)
    assert "cell" not in dep.tree["hierarchy"].attributes
    assert refused(joined("END", *lines)).code == "no-atoms"


def test_residues_that_begin_again_are_told():
    lines = [*residue_lines(seq=1), *residue_lines(seq=2)]
    dep, report = imported(joined(*lines, *shifted(lines, 5), "END"))
    assert warned(report)["repeated-residue"] == ["A/1 ALA", "A/2 ALA"] and dep.n_atoms == 20


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_byte_order_marks_and_line_ends_change_nothing(prefix, end):
    content = joined("TITLE     X", *residue_lines("AB"), "END")
    plain, _ = imported(content)
    found, report = imported(prefix + content.replace(b"\n", end))
    assert found.digest() == plain.digest() and report.read == 6
    first, _ = imported(prefix + joined(*residue_lines("AB")).replace(b"\n", end))
    assert first.n_atoms == plain.n_atoms


@pytest.mark.parametrize(
    ("columns", "text", "code"),
    [
        ((30, 38), "        ", "non-finite"),
        ((30, 38), "     nan", "non-finite"),
        ((30, 54), " " * 24, "wrong-columns"),
        ((30, 38), "   1.x00", "wrong-columns"),
        ((54, 60), " -0.50", "occupancy-range"),
        ((60, 66), "   inf", "non-finite"),
        ((22, 26), "  x1", "wrong-columns"),
    ],
)
def test_what_is_wrong_with_a_record_names_the_file_and_the_line(columns, text, code, tmp_path):
    lines = residue_lines()
    lines[2] = lines[2][: columns[0]] + text + lines[2][columns[1] :]
    (tmp_path / "wrong.pdb").write_bytes(joined("REMARK", *lines))
    with pytest.raises(PolystateError) as found:
        import_file(tmp_path / "wrong.pdb")
    assert found.value.code == code and found.value.where.startswith("wrong.pdb line 4")


HEADER = {
    "CRYST1   xx.000   30.000   40.000  90.00  90.00  90.00 P 1           1": "cell",
    "CRYST1    0.000    0.000    0.000   0.00   0.00   0.00 P 1           1": "cell",
    "CRYST1   20.000   30.000": "cell",
    "CRYST1   20.000   30.000   40.000  10.00  90.00 170.00 P 1           1": "cell",
    "MTRIX1   1  1.000000  0.000000  x.000000        0.00000    1": "NCS operators",
    "LINK         N   ALA A  xx                 CB  ALA A   1     1555   1555  1.30": "LINK records",
    "LINK         N   ALA A   1": "LINK records",
    "SSBOND   1 CYS A": "SSBOND records",
    "REMARK   2 RESOLUTION.    x.xx ANGSTROMS.": "resolution",
    "SEQRES": "SEQRES records",
}


@pytest.mark.parametrize(("line", "what"), HEADER.items())
def test_damaged_header_records_are_left_out_and_named(line, what):
    dep, report = imported(joined("REMARK   1", line, *residue_lines(), "END"))
    plain, _ = imported(joined(*residue_lines(), "END"))
    (loss,) = (loss for loss in report.losses if loss["what"] == what)
    assert loss["count"] == 1 and "line 2" in loss["because"]
    assert dep.digest() == plain.digest()


def operator(kind: str, serial: int, rows: str = "123", number: str = "1.000000") -> list[str]:
    lead = {"MTRIX": "MTRIX{} {:3d}", "BIOMT": "REMARK 350   BIOMT{} {:3d}"}[kind]
    values = "  0.000000  1.000000        0.00000"
    return [f"{lead.format(row, serial)}{number:>10s}{values}" for row in rows]


@pytest.mark.parametrize(
    "broken", [operator("MTRIX", 2, "12"), operator("MTRIX", 2, "132"), operator("MTRIX", 2, number="x")]
)
def test_a_broken_operator_takes_no_other_with_it(broken):
    dep, report = imported(joined(*operator("MTRIX", 1), *broken, *operator("MTRIX", 3), *residue_lines()))
    assert len(dep.tree["hierarchy/ncs"].arrays["operators"]) == 2
    assert [loss["count"] for loss in report.losses if loss["what"] == "NCS operators"] == [len(broken)]


@pytest.mark.parametrize("broken", [operator("BIOMT", 2, "1"), operator("BIOMT", 2, number="x")])
def test_an_assembly_with_a_broken_operator_is_left_out(broken):
    def assembly(name: str, rows: list[str]) -> list[str]:
        lead = [f"REMARK 350 BIOMOLECULE: {name}", "REMARK 350 APPLY THE FOLLOWING TO CHAINS: A"]
        return [*lead, *operator("BIOMT", 1), *rows]

    dep, report = imported(joined(*assembly("1", broken), *assembly("2", []), *residue_lines()))
    assert [path for path in dep.tree if "assemblies/" in path] == ["hierarchy/assemblies/2"]
    assert [loss["what"] for loss in report.losses if loss["what"] != "records"] == ["assembly 1"]


@pytest.mark.parametrize(
    "header", ["EXPDTA    X-RAY DIFFRACTION", "REMARK   2\nREMARK   2 RESOLUTION.    1.80 ANGSTROMS."]
)
def test_method_and_resolution_without_an_entry_are_lost_and_told(header):
    dep, report = imported(joined(header, *residue_lines()))
    assert "entry" not in dep.document
    (loss,) = (loss for loss in report.losses if loss["what"] in ("method", "resolution"))
    assert "X-RAY" in loss["because"] or "1.8" in loss["because"]


def test_a_cell_that_is_none_is_left_out_of_mmcif_too():
    from polystate_tools.formats.mmcif.reader import records_of_mmcif

    atoms = "loop_\n" + "".join(f"_atom_site.{k}\n" for k in ("id", "label_atom_id", "label_comp_id", "label_asym_id"))
    atoms += "_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n1 CA ALA A 1 2 3\n"
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    for bad in ("10 10 0 90 90 90", "abc 10 10 90 90 90", "10 10 10 90 90 190", "10 10 10 10 90 170"):
        cell = "".join(f"_cell.{k} {v}\n" for k, v in zip(names, bad.split(), strict=True))
        tree, report = tree_of_records(records_of_mmcif(f"data_x\n{cell}_exptl.method NMR\n{atoms}".encode()))
        assert "cell" not in tree["hierarchy"].attributes and Deposition(tree).validate().valid
        assert {"cell", "method"} <= {loss["what"] for loss in report.losses}
    tree, report = tree_of_records(records_of_mmcif(f"data_x\n_cell.length_a ?\n{atoms}".encode()))
    assert report.losses == []


def test_bytes_that_are_not_ascii_are_text_in_a_title_and_refused_in_a_name():
    for encoding in ("utf-8", "latin-1"):
        content = "TITLE     CAFÉ Å\n".encode(encoding) + joined(*residue_lines())
        assert imported(content)[0].document["title"] == "CAFÉ Å"
    for record in ("SEQRES   1 A    1  ALÉ", "HEADER    X                                       01-JAN-20   1AÉC"):
        imported(record.encode("latin-1") + b"\n" + joined(*residue_lines()))
    found = refused(joined(*residue_lines()).replace(b"CB ", b"C\xc9 ", 1))
    assert (found.code, found.where) == ("wrong-columns", "input line 5")


@pytest.mark.parametrize(("stated", "kept"), [("P 1 21 1", "P 1 21 1"), ("P212121", "P 21 21 21"), ("1 21 1 x", None)])
def test_a_space_group_is_one_that_exists(stated, kept):
    dep, report = imported(
        joined(f"CRYST1   20.000   30.000   40.000  90.00  90.00  90.00 {stated:<11s}", *residue_lines())
    )
    assert dep.tree["hierarchy"].attributes.get("space_group") == kept
    assert any(loss["what"] == "space group" for loss in report.losses) == (kept is None)


def test_an_assembly_id_that_a_deposition_cannot_have_is_changed_and_told():
    def assembly(name: str) -> list[str]:
        lead = [f"REMARK 350 BIOMOLECULE: {name}", "REMARK 350 APPLY THE FOLLOWING TO CHAINS: A"]
        return [*lead, *operator("BIOMT", 1)]

    dep, report = imported(joined(*assembly("PAU"), *assembly("pau"), *assembly("1"), *residue_lines()))
    made = [path.rsplit("/", 1)[-1] for path in dep.tree if "assemblies/" in path]
    assert sorted(made) == ["1", "pau", "pau.2"]
    assert [loss["count"] for loss in report.losses if loss["what"] == "assembly id"] == [1, 1]


def test_a_model_number_of_any_length_is_read():
    lines = residue_lines()
    content = joined("MODEL     99999999999999", *lines, "ENDMDL", "MODEL 2", *shifted(lines, 1), "ENDMDL")
    assert np.unique(records_of_pdb(content).model).tolist() == [1, 2]
