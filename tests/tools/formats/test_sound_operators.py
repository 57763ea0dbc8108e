"""Operators of assemblies and NCS: what is no number is refused, what a file does not know is left out by name."""

from __future__ import annotations

import gemmi
import pytest

from polystate_tools.formats.errors import NonFiniteRecord, RecordRange
from polystate_tools.formats.importing import import_file


def block(element: str) -> str:
    """An entry of one water, with an assembly of one operator whose first element is given."""
    structure = gemmi.Structure()
    structure.add_model(gemmi.Model(1))
    structure[0].add_chain(gemmi.Chain("W"))
    residue = gemmi.Residue()
    residue.name, residue.seqid, residue.subchain, residue.het_flag = "HOH", gemmi.SeqId("1"), "W", "H"
    atom = gemmi.Atom()
    atom.name, atom.element = "O", gemmi.Element("O")
    residue.add_atom(atom)
    structure[0][0].add_residue(residue)
    assembly, generator = gemmi.Assembly("1"), gemmi.Assembly.Gen()
    generator.subchains = ["W"]
    operator = gemmi.Assembly.Operator()
    operator.name, operator.transform = "1", gemmi.Transform(gemmi.Mat33(), gemmi.Vec3(1, 2, 3))
    generator.operators.append(operator)
    assembly.generators.append(generator)
    structure.assemblies.append(assembly)
    document = structure.make_mmcif_document()
    for row in document.sole_block().find("_pdbx_struct_oper_list.", ["matrix[1][1]"]):
        row[0] = element
    return document.as_string()


@pytest.mark.parametrize(
    ("element", "error"), [("inf", NonFiniteRecord), ("no", NonFiniteRecord), ("2e7", RecordRange)]
)
def test_what_is_no_operator_is_refused_by_its_element(element, error, tmp_path):
    (tmp_path / "a.cif").write_text(block(element))
    with pytest.raises(error, match=r"matrix\[1\]\[1\] of operator 1"):
        import_file(tmp_path / "a.cif")


def test_what_a_file_does_not_know_is_left_out_by_name(tmp_path):
    (tmp_path / "a.cif").write_text(block("?"))
    tree, report = import_file(tmp_path / "a.cif")
    assert not any(path.startswith("hierarchy/assemblies/") for path in tree)
    assert [loss["what"] for loss in report.losses if "operator" in loss["what"]] == ["assembly 1 operator 1"]


def test_an_operator_of_numbers_is_kept(tmp_path):
    (tmp_path / "a.cif").write_text(block("1.0"))
    tree, _ = import_file(tmp_path / "a.cif")
    assert tree["hierarchy/assemblies/1"].arrays["operators"].tolist()[0][0] == [1.0, 0.0, 0.0, 1.0]
