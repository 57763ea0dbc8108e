"""The golden fits against the files they were made from."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest

import polystate
from polystate_conformance.paths import CORPUS
from polystate_tools.corpus.echt import ENTRIES
from polystate_tools.echt.stored import checked, input_of, stored

GOLDEN = ("6vxx-echt", "7k3t-echt")


@pytest.fixture(params=GOLDEN)
def golden(request):
    return request.param, stored(polystate.open(CORPUS / f"{request.param}.zarr.zip"))


def test_what_the_block_says_is_what_the_levels_hold(golden):
    """Mean B of each level, recorded and from the covariances; shares that add up; every step certified."""
    _, found = golden
    for level, b in zip(found.levels, found.b, strict=True):
        assert b.mean() == pytest.approx(level.mean_b, abs=1e-6)
    assert sum(level["share"] for level in found.block["levels"]) == pytest.approx(100)
    assert all(0 <= step.certificate <= 1e-3 for step in found.steps)
    assert found.steps[-1].certificate < 1e-6


def test_the_stored_numbers_are_the_optimum_of_the_file(golden, shared_data):
    """F and its dual bound, computed from the store and the file; then the last step solved again from nothing."""
    name, found = golden
    data = input_of(found, shared_data / ENTRIES[name][0][0])
    assert found.said == [f"input B-factors from {ENTRIES[name][0][0].split('/')[-1]}"]  # the recorded digest
    solver, point = checked(found, data)
    last = found.steps[-1]
    assert point.F == pytest.approx(last.objective, rel=1e-9)
    assert 0 <= point.F - point.D <= 1e-3 * point.F
    assert solver.residual_rms_b(point) == pytest.approx(last.residual, abs=1e-6)
    again = solver.reach(last.n, 1e-4)
    beta = solver.penalties(last.n)[2]
    assert again.D <= last.objective <= again.F * (1 + 1e-6)
    for mean, level, bound in zip(solver.mean_b(again), found.levels, solver.mean_b_bound(again, beta), strict=True):
        assert abs(mean - level.mean_b) <= bound + level.mean_b_bound
    model = solver.point(again.sigma, again.own, solver.penalties(last.n))
    assert solver.residual_rms_b(model) == pytest.approx(last.residual, abs=0.01)


def test_the_first_steps_of_the_path_are_those_recorded(golden, shared_data):
    name, found = golden
    solver, _ = checked(found, input_of(found, shared_data / ENTRIES[name][0][0]))
    centre = None
    for recorded in found.steps[:8]:
        step, point = solver.solve_step(recorded.n, centre, solver.settings.tolerance)
        centre = point.centre
        assert step.F == pytest.approx(recorded.objective, rel=1e-3)
        assert max(step.bound, recorded.bound) <= min(step.F, recorded.objective)
        for mean, b, bound in zip(step.mean_b, recorded.mean_b, step.mean_b_bound, strict=True):
            assert mean == pytest.approx(b, abs=2 * bound + 0.05)


def test_the_levels_add_up_to_the_b_factors_of_the_file(golden, shared_data):
    """By gemmi, atom by atom: the residual that the block records, and no atom far off."""
    name, found = golden
    b: dict[str, float] = {}
    occupancy: dict[str, float] = {}
    for chain in gemmi.read_structure(str(shared_data / ENTRIES[name][0][0]))[0]:
        for residue in chain:
            for atom in residue:
                u = atom.aniso
                place = f"{chain.name}/{residue.seqid}/{atom.name}"
                if atom.occ > occupancy.get(place, 0.0):
                    occupancy[place] = atom.occ
                    b[place] = 8 * np.pi**2 * (u.u11 + u.u22 + u.u33) / 3 if u.nonzero() else atom.b_iso
    label = found.dep.hierarchy.node_label
    given = np.array([b[label("atom", int(row))] for row in found.rows])
    difference = found.b.sum(axis=0) - given
    assert np.sqrt((difference**2).mean()) == pytest.approx(found.steps[-1].residual, abs=2e-3)
    assert np.abs(difference).max() < 3.0


@pytest.mark.parametrize(
    ("level", "residues"),
    [("secondary_structure", range(44, 51)), ("residue", range(189, 194)), ("secondary_structure", range(302, 307))],
)
def test_named_features_of_the_protease_stand_out(level, residues):
    """The P2 helix, the P5 loop and the C-terminus: among the residues with the largest B of their level."""
    found = stored(polystate.open(CORPUS / "7k3t-echt.zarr.zip"))
    h = found.dep.hierarchy
    number = h.column("residues", "auth_seq")[h.of_atoms("residue")[found.rows]]
    mean = np.bincount(number, found.b[found.names.index(level)]) / np.maximum(np.bincount(number), 1)
    here = mean[list(residues)]
    assert here.mean() > np.quantile(mean[1:], 0.9)
