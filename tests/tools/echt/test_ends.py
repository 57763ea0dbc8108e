"""How a path ends: settled, on a plateau, after the steps that were asked for, or at the last step that counts."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from typer.testing import CliRunner

import polystate
from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_tools.cli import application
from polystate_tools.echt.errors import NotConverged
from polystate_tools.echt.prepare import prepare
from polystate_tools.echt.solver import path as path_module
from polystate_tools.echt.solver.path import allowed_b, follow
from polystate_tools.echt.solver.points import Settings
from polystate_tools.echt.solver.solver import Solver
from tests.tools.echt.conftest import peptide

SUBSETS = (
    ["chain"], ["sidechain"], ["atomic"], ["chain", "residue"], ["chain", "atomic"], ["secondary_structure", "residue"],
    ["residue", "sidechain"], ["chain", "secondary_structure", "residue", "sidechain", "atomic"],
)  # fmt: skip


def input_of(given, how: str):
    """The same atoms with other B: anisotropic (drawn, seed 4), half of them, one B a residue, or one for all."""
    rng, u = np.random.default_rng(4), given.data.u.copy()
    anisotropic = np.zeros(len(u), bool)
    if how in ("anisotropic", "mixed"):
        anisotropic[:: 1 if how == "anisotropic" else 2] = True
        stretch = rng.uniform(0.5, 1.5, (len(u), 3))
        u[anisotropic, :3] *= stretch[anisotropic]
        u[anisotropic, 3] = 0.1 * u[anisotropic, :3].min(axis=1)
    elif how != "isotropic":
        mean, residue = u[:, 0], given.data.dep.hierarchy.of_atoms("residue")[given.data.rows]
        mean = np.array([mean[residue == r].mean() for r in residue]) if how == "residue" else np.full(len(u), 0.3)
        u[:, :3] = mean[:, None]
    return dataclasses.replace(given.data, u=u, anisotropic=anisotropic)


@pytest.mark.parametrize("how", ["isotropic", "anisotropic", "mixed", "residue", "one"])
def test_whatever_the_levels_no_fit_explains_more_than_it_was_given_or_misses_its_bound(tmp_path, how):
    path = tmp_path / "short.pdb"
    path.write_text(peptide(residues=12, chains="A"))
    for levels in SUBSETS:
        given = prepare(path, levels=levels)
        solver = Solver(dataclasses.replace(given, data=input_of(given, how)).problem, threads=1)
        steps, point, ending = follow(solver)
        assert ending.converged, (levels, ending)
        assert point.met(solver.settings.tolerance) and all(np.isfinite(step.F) for step in steps)
        fitted, allowed = sum(solver.mean_b(point)), allowed_b(solver)
        assert 0.2 * solver.mean_input * EIGHT_PI_SQUARED < fitted <= allowed * (1 + 1e-6), levels


def test_what_the_input_allows_is_its_mean_where_weights_are_its_inverse(pdb):
    given = prepare(pdb, levels=["chain"])
    assert allowed_b(Solver(given.problem)) == pytest.approx(given.data.mean_b, rel=1e-12)
    b = EIGHT_PI_SQUARED * given.data.u[:, 0]
    assert allowed_b(Solver(given.problem, Settings(weights="equal"))) == pytest.approx(np.sqrt((b**2).mean()))


def spoiled(monkeypatch, step: int) -> None:
    """From this step on every bound is lost."""
    solve_step = Solver.solve_step

    def lost(self, n, centre, tolerance):
        made, point = solve_step(self, n, centre, tolerance)
        if n >= step:
            point.D = point.D_eps = -1.0
        return made, point

    monkeypatch.setattr(Solver, "solve_step", lost)


def run(*arguments: object):
    return CliRunner().invoke(application("fit"), ["fit", *map(str, arguments)])


def test_a_step_that_misses_its_bound_does_not_count_and_is_said(pdb, tmp_path, monkeypatch):
    out, page = tmp_path / "out.zarr", tmp_path / "page.html"
    spoiled(monkeypatch, 5)
    done = run(pdb, out, "--levels", "chain,residue", "--json", "--report", page)
    assert done.exit_code == 1 and "not converged: step 5: F " in done.stderr
    found = json.loads(done.stdout)
    assert not found["converged"] and found["ended"] == "lost" and len(found["path"]) == 4
    block = polystate.open(out).tree["provenance/echt"].attributes
    assert not block["convergence"]["converged"] and block["certificate"]["relative_gap"] < 1e-3
    assert "Not converged" in page.read_text() and "step 5" in page.read_text()


def test_a_first_step_without_a_bound_is_refused(pdb, tmp_path, monkeypatch):
    spoiled(monkeypatch, 1)
    refused = run(pdb, tmp_path / "out.zarr", "--levels", "chain").exception
    assert isinstance(refused, NotConverged) and not (tmp_path / "out.zarr").exists()


def test_a_fit_that_explains_more_than_the_input_allows_does_not_count(pdb, monkeypatch):
    monkeypatch.setattr(path_module, "allowed_b", lambda solver: 15.0)
    steps, _, ending = follow(Solver(prepare(pdb, levels=["chain", "residue"]).problem))
    assert ending.kind == "lost" and "the input allows 15.00" in ending.reason and sum(steps[-1].mean_b) <= 15.15


def test_steps_that_were_asked_for_are_no_failure_and_those_that_were_not_are(pdb, tmp_path, monkeypatch):
    asked = run(pdb, tmp_path / "out.zarr", "--steps", "3", "--json")
    assert asked.exit_code == 0 and not json.loads(asked.stdout)["converged"]
    assert "not converged: 3 steps" in asked.stderr
    monkeypatch.setattr("polystate_tools.commands.fit.USUAL_MOST", 3)
    assert run(pdb, tmp_path / "out.zarr", "-y").exit_code == 1


def test_the_published_rule_asks_each_amplitude(pdb):
    given = prepare(pdb, levels=["chain", "residue", "atomic"])
    loose, strict = (
        follow(Solver(given.problem, Settings(stop_amplitude_b=b, stop_residual_b=9.0))).steps for b in (9.0, 0.5)
    )
    assert len(loose) < len(strict)
    assert strict[-1].largest_change_b < 0.5 <= min(s.largest_change_b for s in strict[1:-1])
    least = follow(Solver(given.problem, Settings(stop_amplitude_b=9.0, stop_residual_b=9.0, min_steps=12))).steps
    assert len(least) == 12


def test_complexity_is_the_sum_of_amplitudes_by_atom(pdb):
    given = prepare(pdb, levels=["chain", "residue", "atomic"])
    solver = Solver(given.problem, Settings(max_steps=25))
    steps, point, _ = follow(solver)
    amplitude, level = EIGHT_PI_SQUARED * point.amplitude, solver.s.level
    expected = [amplitude[level == 0].sum(), amplitude[level == 1].sum(), EIGHT_PI_SQUARED * point.own_amplitude.sum()]
    np.testing.assert_allclose(steps[-1].complexity, np.array(expected) / len(given.data.rows), rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--gamma", "1"), "--gamma"), (("--weights", "heavy"), "--weights"), (("--stop-change", "0"), "--stop-change"),
        (("--min-steps", "9", "--steps", "3"), "--min-steps"), (("--steps", "0"), "--steps"),
    ],
)  # fmt: skip
def test_numbers_that_make_no_path_are_refused(pdb, tmp_path, arguments, named):
    refused = run(pdb, tmp_path / "out.zarr", *arguments).exception
    assert refused.code == "bad-request" and named in str(refused)
