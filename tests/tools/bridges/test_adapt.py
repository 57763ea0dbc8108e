"""Objects of other programs: the same atoms in the same order, with their ids."""

from __future__ import annotations

import importlib.util
from itertools import islice

import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate.errors import BadRequest
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


def test_draws_become_models_stacks_and_frames(dep):
    drawn = dep.draws(3, 7, psd="clip")
    expected = np.where(drawn.present[..., None], drawn.xyz, np.nan)
    structure = adapt.to_gemmi(dep, draws=drawn)
    assert len(structure) == 3
    for k, model in enumerate(structure):
        atoms = sorted((a for c in model for r in c for a in r), key=lambda a: a.serial)
        assert [a.serial for a in atoms] == drawn.atom_id[drawn.present[k]].tolist()
        assert np.abs(np.array([a.pos.tolist() for a in atoms]) - drawn.xyz[k, drawn.present[k]]).max() < 1e-6
        assert all(len(r) for c in model for r in c) and not any(a.b_iso for a in atoms)
    rows = np.flatnonzero(drawn.present.any(axis=0))
    if importlib.util.find_spec("biotite"):
        stack = adapt.to_biotite(dep, draws=drawn)
        assert stack.coord.shape == (3, len(rows), 3) and np.array_equal(stack.atom_id, drawn.atom_id[rows])
        np.testing.assert_allclose(stack.coord, expected[:, rows], atol=1e-4)
    if importlib.util.find_spec("MDAnalysis"):
        universe = adapt.to_mdanalysis(dep, draws=drawn)
        made = np.stack([universe.atoms.positions.copy() for _ in universe.trajectory])
        np.testing.assert_allclose(made, expected[:, rows], atol=1e-4)


def test_joint_states_become_models_with_their_own_u(dep):
    states = list(islice(dep.joint_states(), 2))
    structure = adapt.to_gemmi(dep, states=states)
    assert len(structure) == len(states)
    for one, model in zip(states, structure, strict=True):
        snapshot = dep.render(state=one.state)
        atoms = sorted((a for c in model for r in c for a in r), key=lambda a: a.serial)
        assert [a.serial for a in atoms] == snapshot.atom_id[snapshot.present].tolist()
        b = 8 * np.pi**2 / 3 * np.trace(snapshot.covariance[snapshot.present], axis1=1, axis2=2)
        np.testing.assert_allclose([a.b_iso for a in atoms], b, rtol=1e-5, atol=1e-5)


def test_draws_of_some_atoms_and_two_choices_are_refused(dep):
    ids = dep.hierarchy.atom_id[:2].tolist()
    with pytest.raises(BadRequest, match="draws of all"):
        adapt.to_gemmi(dep, draws=dep.draws(1, 7, atoms=ids, psd="clip"))
    with pytest.raises(BadRequest, match="several"):
        adapt.to_gemmi(dep, draws=dep.draws(1, 7, psd="clip"), states=[{}])
