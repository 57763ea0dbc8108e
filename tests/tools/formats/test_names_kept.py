"""Names that could be taken for something else: an alternate named absent, chains without a name."""

from __future__ import annotations

import gemmi
import pytest

from polystate.deposition import Deposition
from polystate_tools.formats import export_file, import_file
from tests.tools.formats.cif_text import cif, imported
from tests.tools.formats.pdb_text import residue_lines


def again(tmp_path, dep: Deposition) -> tuple[Deposition, gemmi.cif.Block]:
    export_file(dep, tmp_path / "again.cif", gaussian="records")
    block = gemmi.cif.read(str(tmp_path / "again.cif")).sole_block()
    return Deposition(import_file(tmp_path / "again.cif")[0]), block


@pytest.mark.parametrize("models", [1, 2])
@pytest.mark.parametrize("letters", [("conf1", "absent"), ("absent",), ("absent", "present", "absent@1")])
def test_an_alternate_named_absent_keeps_its_name(tmp_path, letters, models):
    atoms = [
        {"label_alt_id": letter, "occupancy": "0.3", "label_seq_id": "1", "auth_seq_id": "1",
         "Cartn_x": f"{k}.{model}", "pdbx_PDB_model_num": str(model)}
        for model in range(1, models + 1) for k, letter in enumerate(letters)
    ]  # fmt: skip
    tree, report = imported(tmp_path, cif(*atoms))
    dep = Deposition(tree)
    warned = any(w.code == "single-altloc" for w in report.warnings)
    assert warned == (len(letters) == 1 and models == 1)
    other, block = again(tmp_path, dep)
    assert list(block.find_values("_atom_site.label_alt_id")) == list(letters) * models
    assert other.digest() == dep.digest()


def test_a_chain_without_a_name_gets_one_in_mmcif_and_loses_it_on_the_way_back(tmp_path):
    lines = [*residue_lines(seq=1, chain=" "), *residue_lines(seq=2, chain=" "), *residue_lines(seq=1, chain="A")]
    bond = "SSBOND   1 ALA      1    ALA      2"
    (tmp_path / "a.pdb").write_text("\n".join([bond, *lines, "END"]) + "\n")
    dep = Deposition(import_file(tmp_path / "a.pdb")[0])
    assert sorted(dep.hierarchy.text("chains", "auth_asym").tolist()) == ["", "A"]
    report = export_file(dep, tmp_path / "a.cif", gaussian="records")
    assert [x["because"] for x in report.losses if x["what"] == "chain ids"] == ["a chain without a name is C"]
    chains = {c.name for c in gemmi.read_structure(str(tmp_path / "a.cif"))[0]}
    assert chains == {"A", "C"}
    first = Deposition(import_file(tmp_path / "a.cif")[0])
    assert sorted(first.hierarchy.text("chains", "auth_asym").tolist()) == ["", "A"]
    other, _ = again(tmp_path, first)
    assert other.digest() == first.digest()


def test_an_mmcif_file_without_chain_names_keeps_its_digest(tmp_path):
    blank = {"label_asym_id": ".", "auth_asym_id": "?"}
    assembly = (
        "_pdbx_struct_assembly.id 1\n_pdbx_struct_assembly_gen.assembly_id 1\n"
        "_pdbx_struct_assembly_gen.oper_expression 1\n_pdbx_struct_assembly_gen.asym_id_list A\n"
        "_pdbx_struct_oper_list.id 1\n"
        + "".join(f"_pdbx_struct_oper_list.matrix[{i}][{j}] {float(i == j)}\n" for i in (1, 2, 3) for j in (1, 2, 3))
        + "".join(f"_pdbx_struct_oper_list.vector[{i}] 0.0\n" for i in (1, 2, 3))
    )
    dep = Deposition(imported(tmp_path, cif(blank, {}, blank, tail=assembly))[0])
    other, block = again(tmp_path, dep)
    assert other.digest() == dep.digest()
    for item in ("auth_asym_id", "label_asym_id"):
        assert set(block.find_values(f"_atom_site.{item}")) == {"A", "B"}
