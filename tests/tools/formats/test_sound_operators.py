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


def without(text: str, names: set[str]) -> str:
    """An mmCIF file without some items of assemblies and their operators."""
    document = gemmi.cif.read_string(text)
    made = document.sole_block()
    for prefix in ("_pdbx_struct_assembly.", "_pdbx_struct_oper_list."):
        table = made.find_mmcif_category(prefix)
        kept = {tag: list(table.column(k)) for k, tag in enumerate(table.tags) if tag[len(prefix) :] not in names}
        table.erase()
        made.init_mmcif_loop(prefix, [tag[len(prefix) :] for tag in kept]).set_all_values(list(kept.values()))
    return document.as_string()


@pytest.mark.parametrize("names", [{"type"}, {"details"}, {"method_details", "oligomeric_details", "oligomeric_count"}])
def test_an_assembly_is_read_of_the_items_that_a_file_has(names, tmp_path):
    (tmp_path / "a.cif").write_text(without(block("1.0"), names))
    tree, report = import_file(tmp_path / "a.cif")
    assert tree["hierarchy/assemblies/1"].arrays["operators"].tolist()[0][0] == [1.0, 0.0, 0.0, 1.0]
    assert not any("assembl" in loss["what"] for loss in report.losses)


def test_an_assembly_of_another_kind_is_listed(tmp_path):
    text = without(block("1.0"), {"details"})
    document = gemmi.cif.read_string(text)
    document.sole_block().find_loop("_pdbx_struct_assembly.id").get_loop().add_columns(
        ["_pdbx_struct_assembly.details"], "'crystal asymmetric unit'"
    )
    (tmp_path / "a.cif").write_text(document.as_string())
    tree, report = import_file(tmp_path / "a.cif")
    assert not any(path.startswith("hierarchy/assemblies/") for path in tree)
    assert [loss["because"].rsplit(": ")[-1] for loss in report.losses if loss["what"] == "assemblies"] == ["1"]
