"""Occupancies that change from model to model: presence within a model, there and back."""

from __future__ import annotations

import gemmi
import pytest

import polystate
from polystate_tools.formats import export_file
from polystate_tools.formats.importing import import_file

WATER = "HETATM{0:5d}  O   HOH W{1:4d}    {2:8.3f}{3:8.3f}{3:8.3f}{4:6.2f} 20.00           O\n"
OCCUPANCIES = {
    "below": [(0.5, 1.0), (1.0, 1.0)],
    "of-models": [(0.2, 0.5), (0.5, 0.5)],
    "none": [(0.0, 1.0), (0.4, 1.0)],
}


def models(occupancies: list[tuple[float, float]]) -> str:
    text = ""
    for number, (one, other) in enumerate(occupancies, 1):
        lines = WATER.format(1, 1, 0.0, float(number), one) + WATER.format(2, 2, 9.0, float(number), other)
        text += f"MODEL     {number:4d}\n{lines}ENDMDL\n"
    return text + "END\n"


@pytest.mark.parametrize(("name", "presence"), [("below", 0.75), ("of-models", 0.7), ("none", 0.2)])
def test_an_atom_is_as_often_there_as_its_models_say(name, presence, tmp_path):
    (tmp_path / "a.pdb").write_text(models(OCCUPANCIES[name]))
    tree, _ = import_file(tmp_path / "a.pdb")
    polystate.write(tree, tmp_path / "a.zarr")
    dep = polystate.open(tmp_path / "a.zarr")
    assert dep.moments().presence == pytest.approx([presence, 1.0])
    for suffix in ("pdb", "cif", "mmtf"):
        report = export_file(dep, tmp_path / f"b.{suffix}", gaussian="records")
        assert not [loss for loss in report.losses if "conditions" in loss["what"]]
        assert polystate.digest(import_file(tmp_path / f"b.{suffix}")[0]) == polystate.digest(tree)
    written = [a for m in gemmi.read_structure(str(tmp_path / "b.pdb")) for c in m for r in c for a in r]
    assert [round(a.occ, 2) for a in written] == [occ for pair in OCCUPANCIES[name] for occ in pair]
    assert not any(a.has_altloc() for a in written)


def test_partial_atoms_of_a_residue_are_there_together_in_each_model(tmp_path):
    occupancies = (
        [("C1", 0.5), ("C2", 0.5), ("C3", 1.0)],
        [("C1", 0.5), ("C2", 1.0), ("C3", 1.0)],
        [("C1", 0), ("C2", 0.4)],
    )
    text = ""
    for number, atoms in enumerate(occupancies, 1):
        lines = "".join(
            f"HETATM{k:5d}  {name}  LIG A   1    {2.0 * k:8.3f}{number:8.3f}   0.000{occupancy:6.2f} 20.00"
            "           C\n"
            for k, (name, occupancy) in enumerate(atoms, 1)
        )
        text += f"MODEL     {number:4d}\n{lines}ENDMDL\n"
    (tmp_path / "a.pdb").write_text(text + "END\n")
    tree, _ = import_file(tmp_path / "a.pdb")
    polystate.write(tree, tmp_path / "a.zarr")
    dep = polystate.open(tmp_path / "a.zarr")
    assert dep.moments().presence == pytest.approx([1.0 / 3, 1.9 / 3, 2 / 3])
    assert dep.states.count() == 2 + 2 + 4
    tables = tree["descriptors/partial"].tables
    away = tables["states"]["label"].index("absent@1")
    assert tables["absent"]["atom_id"][tables["absent"]["state"] == away].tolist() == [1, 2]
    export_file(dep, tmp_path / "b.pdb", gaussian="records")
    assert polystate.digest(import_file(tmp_path / "b.pdb")[0]) == polystate.digest(tree)
