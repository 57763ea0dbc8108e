"""Symmetry: operations of space groups and assemblies, against gemmi and by hand."""

from __future__ import annotations

import numpy as np
import pytest

import polystate
from polystate.editing.text_form import build_file
from polystate.errors import BadRequest, MissingArray
from polystate.operators.symmetry.space_group_v1 import operation, orthogonalization
from polystate_conformance.paths import CORPUS
from polystate_tools.bridges.symmetry import triplets, unit_cell_contents
from tests.reference.small import build, ligand


@pytest.mark.parametrize("name", ["P 1", "P 21 21 21", "C 1 2 1", "P 63 2 2", "I 41 3 2", "R 3 :H"])
def test_copies_are_gemmis(name: str) -> None:
    gemmi = pytest.importorskip("gemmi")
    cell = (31.0, 42.0, 53.0, 80.0, 95.0, 105.0)
    xyz = np.random.default_rng(4).normal(size=(5, 3)) * 20
    dep = polystate.Deposition(build(5, {}, xyz.tolist()))
    names = dict(zip(("a", "b", "c", "alpha", "beta", "gamma"), cell, strict=True))
    tree = {**dep.tree, "hierarchy": type(dep.tree[""])({"cell": names, "space_group": name})}
    found = unit_cell_contents(polystate.Deposition(tree))
    unit_cell = gemmi.UnitCell(*cell)
    for k, op in enumerate(gemmi.find_spacegroup_by_name(name).operations()):
        for i, x in enumerate(xyz):
            image = op.apply_to_xyz(unit_cell.fractionalize(gemmi.Position(*x)).tolist())
            want = unit_cell.orthogonalize(gemmi.Fractional(*image)).tolist()
            assert np.allclose(found[k, i], want, atol=1e-9)
    assert np.allclose(orthogonalization(np.array(cell)), unit_cell.orth.mat.tolist(), atol=1e-9)


def test_the_crystal_of_the_corpus_has_four_copies() -> None:
    dep = polystate.Deposition(build_file(CORPUS / "sources" / "scenario-crystal.yaml"))
    copies = unit_cell_contents(dep, state={"altloc": "B"})
    assert copies.shape == (4, 8, 3) and triplets("P 21 21 21")[0] == "x,y,z"
    assert np.allclose(copies[0], dep.render(state={"altloc": "B"}).xyz, atol=1e-12)


@pytest.mark.parametrize("text", ["x,y", "x,y,z,w", "x,y,q", "x+x,y,z", "2x,y,z", "x,,z", ""])
def test_what_is_no_operation_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        operation(text)


def test_an_assembly_moves_its_chains() -> None:
    turned = [[-1, 0, 0, 5], [0, -1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    document = {"hierarchy": {**ligand(2), "assemblies": {"1": {
        "operators": [np.eye(4).tolist(), turned], "operator": [0, 1], "chain": [0, 0]}}},
        "reference": {"x_ref": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}}  # fmt: skip
    dep = polystate.Deposition(polystate.build(document))
    first, second = dep.assembly("1")
    assert np.array_equal(first[1], dep.x_ref) and second[0].tolist() == [1, 2]
    assert second[1].tolist() == [[4.0, -2.0, 3.0], [1.0, -5.0, 6.0]]
    with pytest.raises(MissingArray):
        dep.assembly("2")
