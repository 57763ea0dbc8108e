"""Joint states by population, assemblies, occupancy groups and BinaryCIF, each against gemmi or by hand."""

from __future__ import annotations

from itertools import product

import gemmi
import numpy as np
import pytest
from typer.testing import CliRunner

from polystate.deposition import Deposition
from polystate.errors import PolystateError
from polystate_tools.cli import application
from polystate_tools.formats import export_file, import_file
from polystate_tools.formats.exporting import ExportOptions, export_bytes
from polystate_tools.formats.importing import tree_of_records
from polystate_tools.formats.mmcif.reader import records_of_mmcif
from polystate_tools.formats.pdb.reader import records_of_pdb
from tests.tools.formats.pdb_text import atom_line, imported
from tests.tools.formats.test_what_people_have import ligands, residue

LINES = [
    *residue(1, "SER", {"A": 0.7, "B": 0.3}),
    *residue(2, "GLY"),
    *residue(3, "SER", {"A": 0.5, "B": 0.3, "C": 0.2}),
    *residue(4, "GLY"),
    *ligands((0.6, 0.4))[4:],
]
"""Three sites of 2, 3 and 2 states."""


def exported(dep: Deposition, format: str, **options) -> tuple[bytes, dict]:
    content, report = export_bytes(dep, format, ExportOptions(**options))
    return content, report.to_json()


@pytest.mark.parametrize("wanted", ["all", "5", "1"])
def test_joint_states_come_by_population(wanted):
    dep = Deposition(imported(LINES)[0])
    content, report = exported(dep, "pdb", states=wanted)
    populations = sorted((a * b * c for a, b, c in product((0.7, 0.3), (0.5, 0.3, 0.2), (0.6, 0.4))), reverse=True)
    n = 12 if wanted == "all" else int(wanted)
    assert np.allclose([row["population"] for row in report["states"]], populations[:n])
    records = records_of_pdb(content)
    assert len(np.unique(records.model)) == n and records.altloc.vocabulary()[1] == [""]
    assert report["states"][0]["state"] == "altloc/A.1=A, altloc/A.3=A, altloc/A.301=A"
    text = content.decode()
    assert f"MODEL {n} POPULATION" in " ".join(
        line[11:80].strip() for line in text.splitlines() if "REMARK 999" in line
    )


@pytest.mark.parametrize(
    "options", [{"states": "0"}, {"states": "few"}, {"states": "2", "draws": 2}, {"states": "2", "altloc": "A"}]
)
def test_a_choice_of_states_is_one_choice(options):
    with pytest.raises(PolystateError) as found:
        exported(Deposition(imported(LINES)[0]), "pdb", **options)
    assert found.value.code == "bad-option"


REMARK_350 = [
    "REMARK 350 BIOMOLECULE: 1",
    "REMARK 350 APPLY THE FOLLOWING TO CHAINS: A",
    "REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000",
    "REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000",
    "REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000",
    "REMARK 350   BIOMT1   2  0.000000 -1.000000  0.000000       10.00000",
    "REMARK 350   BIOMT2   2  1.000000  0.000000  0.000000       -2.00000",
    "REMARK 350   BIOMT3   2  0.000000  0.000000  1.000000        5.00000",
]


def test_an_assembly_has_alternates_and_u_turned():
    lines = [
        *REMARK_350,
        atom_line(1, "SG", "CYS", 1, (1, 2, 3), alt="A", occupancy=0.6),
        "ANISOU    1  SG ACYS A   1     1000   2000   3000    100    200    300       S",
        atom_line(2, "SG", "CYS", 1, (1.5, 2, 3), alt="B", occupancy=0.4),
        atom_line(3, "CA", "CYS", 1, (4, 4, 4)),
    ]
    content, report = exported(Deposition(imported(lines)[0]), "mmcif", assembly="1")
    structure = gemmi.make_structure_from_block(gemmi.cif.read_string(content.decode()).sole_block())
    assert [chain.name for chain in structure[0]] == ["A", "A-2"]
    unit = gemmi.read_pdb_string("\n".join(lines))
    for one, other in zip(unit[0]["A"][0], structure[0]["A-2"][0], strict=True):
        x, y, z = one.pos.tolist()
        assert np.allclose(other.pos.tolist(), [10 - y, x - 2, z + 5]) and other.altloc == one.altloc
        if one.aniso.nonzero():
            turned = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
            wanted = turned @ np.array(one.aniso.as_mat33().tolist()) @ turned.T
            assert np.allclose(other.aniso.as_mat33().tolist(), wanted, atol=1e-6)
    with pytest.raises(PolystateError):
        exported(Deposition(imported(lines)[0]), "mmcif", assembly="9")


def test_an_atom_on_a_special_position_is_one_atom():
    """On the axis of a twofold rotation, with half an occupancy in the unit."""
    rows = ("-1.000000  0.000000  0.000000", " 0.000000 -1.000000  0.000000", " 0.000000  0.000000  1.000000")
    turn = [f"REMARK 350   BIOMT{k}   2 {row}        0.00000" for k, row in enumerate(rows, 1)]
    lines = [
        *REMARK_350[:5],
        *turn,
        atom_line(1, "CA", "ALA", 1, (4, 4, 4)),
        atom_line(2, "O", "HOH", 9, (0.0, 0.05, 7), occupancy=0.5, record="HETATM"),
    ]
    content, report = exported(Deposition(imported(lines)[0]), "mmcif", assembly="1")
    records = records_of_mmcif(content)
    assert records.name.tolist() == ["CA", "O", "CA"] and records.occupancy.tolist() == [1.0, 1.0, 1.0]
    assert [loss["count"] for loss in report["losses"] if "special" in loss["what"]] == [1]


def test_occupancy_groups_are_the_sites(tmp_path):
    lines = [*residue(1, "GLY"), *residue(2, "SER", {"A": 0.6, "B": 0.4}), *residue(3, "THR", {"A": 0.6, "B": 0.4})]
    lines += [atom_line(9, "O", "HOH", 401, (30, 0, 0), occupancy=0.5, record="HETATM")]
    dep = Deposition(imported(lines)[0])
    text = exported(dep, "pdb", constraints="refmac")[1]["constraints"].splitlines()
    assert text == [
        "occupancy group id 1 chain A residue 2 alt A",
        "occupancy group id 1 chain A residue 3 alt A",
        "occupancy group id 2 chain A residue 2 alt B",
        "occupancy group id 2 chain A residue 3 alt B",
        "occupancy group alts complete 1 2",
        "occupancy group id 3 chain A residue 401",
        "occupancy refine",
    ]
    text = exported(dep, "pdb", constraints="phenix")[1]["constraints"]
    assert text.count("constrained_group") == 2 and text.count("selection = ") == 3
    assert "selection = (chain 'A' and resid 2 and altloc 'A') or (chain 'A' and resid 3 and altloc 'A')" in text
    with pytest.raises(PolystateError):
        exported(dep, "pdb", constraints="other")


def test_occupancy_groups_of_buster_are_sets_of_one_occupancy():
    """The cards are those of appendix B of the manual of gelly: set, combine, complement, constant."""
    lines = [*residue(1, "GLY"), *residue(2, "SER", {"A": 0.6, "B": 0.4}), *residue(3, "THR", {"A": 0.6, "B": 0.4})]
    lines += [atom_line(9, "O", "HOH", 401, (30, 0, 0), occupancy=0.5, record="HETATM")]
    report = exported(Deposition(imported(lines)[0]), "pdb", constraints="buster")[1]
    assert [line for line in report["constraints"].splitlines() if not line.startswith("#")] == [
        "NOTE BUSTER_SET Occ1 = { A|2:*.A }",
        "NOTE BUSTER_SET Occ1 = Occ1 + { A|3:*.A }",
        "NOTE BUSTER_COMBINE OCC Occ1",
        "NOTE BUSTER_SET Occ2 = { A|2:*.B }",
        "NOTE BUSTER_SET Occ2 = Occ2 + { A|3:*.B }",
        "NOTE BUSTER_COMBINE OCC Occ2",
        "NOTE BUSTER_SET Occ3 = { A|401:* }",
        "NOTE BUSTER_COMBINE OCC Occ3",
        "NOTE BUSTER_SET OccRefined = Occ1",
        "NOTE BUSTER_SET OccRefined = OccRefined + Occ2",
        "NOTE BUSTER_SET OccRefined = OccRefined + Occ3",
        "NOTE BUSTER_SET OccFixed = \\ OccRefined",
        "NOTE BUSTER_CONSTANT OCC OccFixed",
    ]
    assert [loss["count"] for loss in report["losses"] if loss["what"] == "sums of occupancies"] == [1]


def test_binary_cif_says_what_the_text_says(tmp_path):
    pytest.importorskip("biotite")
    dep = Deposition(imported([*REMARK_350, *LINES])[0])
    report = export_file(dep, tmp_path / "a.bcif", gaussian="records")
    again, other = import_file(tmp_path / "a.bcif")
    assert Deposition(again).digest() == dep.digest() and other.read == report.records
    text = tree_of_records(records_of_mmcif(exported(dep, "mmcif", gaussian="records")[0]))[0]
    assert Deposition(text).digest() == dep.digest()


def run(arguments: list[str]):
    return CliRunner().invoke(application(arguments[0]), arguments)


def test_the_command_line_has_weights_states_groups_and_changes(tmp_path):
    lines = []
    for model in (1, 2):
        lines += [f"MODEL     {model:4d}", *residue(1, "ALA", {"A": 0.6, "B": 0.6}, dx=model), "ENDMDL"]
    (tmp_path / "in.pdb").write_text("\n".join([*lines, "END", ""]))
    (tmp_path / "weights").write_text("# model populations\n3\n1\n")
    found = run(
        ["import", f"{tmp_path}/in.pdb", f"{tmp_path}/a.zarr", "--weights", f"{tmp_path}/weights", "--changes"],
    )
    assert found.exit_code == 0 and "changed: populations divided by their sum 1.2 (10): A.1 model 1" in found.output
    found = run(["export", f"{tmp_path}/a.zarr", f"{tmp_path}/b.cif", "--states", "all"])
    assert found.exit_code == 0 and "model 1: 0.375" in found.output
    (tmp_path / "one.pdb").write_text("\n".join([*LINES, "END", ""]))
    run(["import", f"{tmp_path}/one.pdb", f"{tmp_path}/one.zarr"])
    args = ["export", f"{tmp_path}/one.zarr", f"{tmp_path}/one.cif", "--constraints", f"phenix={tmp_path}/groups.eff"]
    assert run(args).exit_code == 0 and "constrained_group" in (tmp_path / "groups.eff").read_text()
