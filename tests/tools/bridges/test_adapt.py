"""Objects of other programs: the same atoms in the same order, with their ids."""

from __future__ import annotations

import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate_tools.bridges import adapt
from polystate_tools.formats import import_file
from polystate_tools.formats.importing import tree_of_records
from tests.tools.formats.examples import apo_bound


@pytest.fixture(params=["example", "altloc/1ejg.pdb", "nmr/1LCD.cif"])
def dep(request) -> Deposition:
    if request.param == "example":
        records, _ = apo_bound()
        records.heterogeneity = None
        return Deposition(tree_of_records(records)[0])
    return Deposition(import_file(request.getfixturevalue("shared_data") / request.param)[0])


def test_gemmi(dep):
    snapshot = dep.render()
    structure = adapt.to_gemmi(dep)
    atoms = sorted((a for m in structure for c in m for r in c for a in r), key=lambda a: a.serial)
    assert [a.serial for a in atoms] == snapshot.atom_id[snapshot.present].tolist()
    xyz = np.array([a.pos.tolist() for a in atoms])
    assert np.abs(xyz - snapshot.xyz[snapshot.present]).max() < 1e-6


def test_biotite(dep):
    pytest.importorskip("biotite")
    snapshot = dep.render()
    array = adapt.to_biotite(dep)
    assert np.array_equal(array.atom_id, snapshot.atom_id[snapshot.present])
    assert np.abs(array.coord - snapshot.xyz[snapshot.present]).max() < 1e-4
    assert array.atom_name.tolist() == dep.hierarchy.text("atoms", "name")[snapshot.present].tolist()


def test_mdanalysis(dep):
    pytest.importorskip("MDAnalysis")
    snapshot = dep.render()
    universe = adapt.to_mdanalysis(dep)
    assert np.array_equal(universe.atoms.ids, snapshot.atom_id[snapshot.present])
    assert np.abs(universe.atoms.positions - snapshot.xyz[snapshot.present]).max() < 1e-4
    assert universe.atoms.names.tolist() == dep.hierarchy.text("atoms", "name")[snapshot.present].tolist()
