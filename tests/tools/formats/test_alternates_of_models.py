"""Alternates in files of several models: each model is read as a file of one would be."""

from __future__ import annotations

import pytest

import polystate
from polystate_tools.formats import export_file
from polystate_tools.formats.importing import import_file

ATOM = "HETATM{0:5d}  {1}{2:1s}{3} W{4:4d}    {5:8.3f}{6:8.3f}   0.000{7:6.2f} 20.00           {8}\n"


def models(*atoms: list[tuple]) -> str:
    """atoms: of each model (name, letter, component, number, x, occupancy)."""
    text = ""
    for number, rows in enumerate(atoms, 1):
        lines = "".join(
            ATOM.format(k, f"{name:<3s}", letter, comp, residue, x, float(number), occupancy, name[0])
            for k, (name, letter, comp, residue, x, occupancy) in enumerate(rows, 1)
        )
        text += f"MODEL     {number:4d}\n{lines}ENDMDL\n"
    return text + "END\n"


def waters(a: float, b: float, apart: float) -> list[tuple]:
    return [("O", "A", "HOH", 1, 0.0, a), ("O", "B", "HOH", 2, apart, b), ("O", "", "HOH", 3, 30.0, 1.0)]


def ligand(a: float, b: float) -> list[tuple]:
    return [("O", "A", "HOH", 1, 0.0, a), ("O", "B", "HOH", 1, 5.0, b), ("O", "", "HOH", 3, 30.0, 1.0)]


@pytest.mark.parametrize(
    ("text", "count", "presence"),
    [
        (models(waters(0.4, 0.6, 0.6), waters(0.5, 0.5, 0.6)), 4, [0.45, 0.55, 1]),
        (models(waters(0.4, 0.7, 0.6), waters(0.5, 0.5, 0.6)), 6, [0.45, 0.6, 1]),
        (models(waters(0.4, 0.6, 1.2), waters(0.5, 0.5, 1.2)), 8, [0.45, 0.55, 1]),
        (models(ligand(0.4, 0.3), ligand(0.4, 0.6)), 5, [0.85, 1]),
    ],
    ids=["one-place", "too-much-for-one-place", "beside-each-other", "away-in-one-model"],
)
def test_what_excludes_each_other_in_models(text, count, presence, tmp_path):
    (tmp_path / "a.pdb").write_text(text)
    tree, _ = import_file(tmp_path / "a.pdb")
    polystate.write(tree, tmp_path / "a.zarr")
    dep = polystate.open(tmp_path / "a.zarr")
    assert dep.states.count() == count
    assert dep.moments().presence == pytest.approx(presence)
    export_file(dep, tmp_path / "b.pdb", gaussian="records")
    assert polystate.digest(import_file(tmp_path / "b.pdb")[0]) == polystate.digest(tree)


def test_an_atom_without_a_letter_is_beside_all_alternates_of_its_model(tmp_path):
    one = [("C1", "", "LIG", 1, 0.0, 1.0), ("C2", "A", "LIG", 1, 3.0, 0.4), ("C2", "B", "LIG", 1, 5.0, 0.6)]
    other = [("C1", "A", "LIG", 1, 0.0, 0.4), ("C1", "B", "LIG", 1, 1.0, 0.6), ("C2", "", "LIG", 1, 3.0, 1.0)]
    (tmp_path / "a.pdb").write_text(models(one, other))
    tree, _ = import_file(tmp_path / "a.pdb")
    polystate.write(tree, tmp_path / "a.zarr")
    dep = polystate.open(tmp_path / "a.zarr")
    assert dep.states.count() == 4
    assert dep.moments().presence == pytest.approx([1, 1])
    for suffix in ("pdb", "cif", "mmtf"):
        export_file(dep, tmp_path / f"b.{suffix}", gaussian="records")
        assert polystate.digest(import_file(tmp_path / f"b.{suffix}")[0]) == polystate.digest(tree)
