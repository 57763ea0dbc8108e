"""The convex problem: gradients, certificates, an independent minimiser, and what must not change the answer."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import scipy.optimize

from polystate_tools.echt.solver import walk
from polystate_tools.echt.solver.fields import lift, lift_matrix, pull, shift
from polystate_tools.echt.solver.linear import linearise
from polystate_tools.echt.solver.model import atom_covariances, level_covariances
from polystate_tools.echt.solver.path import follow
from polystate_tools.echt.solver.points import Settings
from polystate_tools.echt.solver.records import Penalty
from polystate_tools.echt.solver.solver import Solver
from polystate_tools.echt.solver.structure import Problem

QUICK = Settings(max_steps=30, final_tolerance=1e-6)


@pytest.mark.parametrize("d", [10, 21])
def test_pull_is_the_adjoint_of_lift(d):
    rng = np.random.default_rng(1)
    a, b, f = rng.normal(size=6), rng.normal(size=6), rng.normal(size=d)
    out, matrix, tensor = np.zeros(d), np.zeros((6, 6)), None if d == 10 else True
    lift(a, b, tensor, out)
    pull(f, tensor, matrix)
    assert f @ out == pytest.approx(a @ matrix @ b, abs=1e-12)
    lift_matrix(np.outer(a, b) / 2 + np.outer(b, a) / 2, tensor, out)
    again = np.zeros(d)
    lift(a, b, tensor, again)
    np.testing.assert_allclose(out, again, atol=1e-12)


@pytest.mark.parametrize("d", [10, 21])
def test_a_field_is_the_same_seen_from_another_origin(d, synthetic):
    problem, _ = synthetic(n=60, anisotropic=0.0 if d == 10 else 1.0)
    solver = Solver(problem)
    s = solver.s
    rng = np.random.default_rng(2)
    m = rng.normal(size=(s.n_groups, 6, 6))
    sigma = np.einsum("gij,gkj->gik", m, m) * 0.01
    own = np.zeros((s.n_atoms, solver.k, solver.k))
    loss = solver.point(sigma, own, Penalty(np.full(s.n_groups, 1e-12), 1e-12, 1e-12, 0.0)).loss
    u = atom_covariances(s, sigma, own)
    u_in = s.u.copy()
    if d == 10:
        expected = (3 * s.weights * ((u[:, :3].sum(axis=1)) / 3 - u_in[:, 0]) ** 2).sum()
    else:
        u[:, 3:] *= 2**0.5
        expected = (s.weights[:, None] * (u - u_in) ** 2).sum()
    assert loss == pytest.approx(expected, rel=1e-10)
    t, g = np.zeros((d, d)), np.zeros((6, 6))
    shift(s.origin[0], s.radius[0], s.origin[0], s.radius[0], s.tensor, t, g)
    np.testing.assert_allclose(t, np.eye(d), atol=1e-14)


def test_the_amplitude_is_the_trace_of_the_scaled_motion(synthetic):
    problem, _ = synthetic(n=200)
    s = Solver(problem).s
    m = np.random.default_rng(3).normal(size=(s.n_groups, 6, 6))
    sigma = np.einsum("gij,gkj->gik", m, m)
    for level in range(3):
        mean = level_covariances(s, sigma, level)[:, :3].sum(axis=1) / 3
        group = s.group_of[level]
        means = np.bincount(group, mean, minlength=s.n_groups)[s.level == level] / s.size[s.level == level]
        np.testing.assert_allclose(means, np.trace(sigma, axis1=1, axis2=2)[s.level == level], rtol=1e-10)


@pytest.mark.parametrize(("anisotropic", "cross"), [(0.0, False), (1.0, False), (0.5, True)])
def test_every_step_is_certified_and_never_rises(synthetic, anisotropic, cross):
    problem, _ = synthetic(n=200, anisotropic=anisotropic, cross=cross)
    steps, point = follow(Solver(problem, QUICK))[:2]
    assert all(-1e-9 <= s.certificate <= 1e-3 for s in steps)
    for s in steps:
        assert all(a >= b for a, b in zip(s.history, s.history[1:], strict=False))
    assert [s.F for s in steps] == sorted((s.F for s in steps), reverse=True)
    assert point.F_eps - point.D_eps <= 2e-6 * point.F_eps


def test_no_other_minimiser_gets_below_the_bound(synthetic):
    """L-BFGS on factors (Sigma = F F^T, s = f^2) of the same problem: above the bound, and close to F."""
    problem, _ = synthetic(n=48)
    solver = Solver(problem)
    _, point = solver.solve_step(12, None, 1e-7)
    s = solver.s
    penalty = solver.penalties(12)
    alpha, beta = penalty.alpha_atom, penalty.beta
    cut = s.n_groups * 36

    def value_and_gradient(x):
        factor, root = x[:cut].reshape(-1, 6, 6), x[cut:]
        sigma, own = np.einsum("gij,gkj->gik", factor, factor), (root**2)[:, None, None]
        _, pulls, _, tops = linearise(s, sigma, own, solver.threads)
        out = np.empty_like(factor)
        for g in range(s.n_groups):
            r = np.zeros((6, 6))
            pull(pulls[g], s.tensor, r)
            gradient = -s.basis[g].T @ r @ s.basis[g] + (alpha + 2 * beta * np.trace(sigma[g])) * np.eye(6)
            out[g] = 2 * gradient @ factor[g]
        own_gradient = 2 * root * (-tops + alpha + 2 * beta * root**2)
        return solver.point(sigma, own, penalty).F, np.concatenate([out.reshape(-1), own_gradient])

    start = np.concatenate([np.tile(np.eye(6) * 0.3, (s.n_groups, 1, 1)).reshape(-1), np.full(s.n_atoms, 0.2)])
    found = scipy.optimize.minimize(
        value_and_gradient, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "maxfun": 4000}
    )
    assert found.fun >= point.D
    assert found.fun == pytest.approx(point.F, rel=1e-3)


def test_the_order_of_atoms_and_the_number_of_threads_change_nothing(synthetic, monkeypatch):
    problem, _ = synthetic(n=160, anisotropic=0.5)
    settings = dataclasses.replace(QUICK, max_steps=6)
    steps, point = follow(Solver(problem, settings, threads=1))[:2]
    mine = np.random.default_rng(5).permutation(len(problem.xyz))
    names = [np.random.default_rng(6).permutation(labels.max() + 1) for labels in problem.labels]
    shuffled = Problem(
        problem.xyz[mine], problem.u[mine], problem.anisotropic[mine],
        [n[labels[mine]] for n, labels in zip(names, problem.labels, strict=True)], problem.names,
    )  # fmt: skip
    monkeypatch.setattr(walk, "NODES", 5)  # so that there is something to share
    shared = Solver(shuffled, settings, threads=3)
    assert len(shared.s.branches.pieces) - 1 > 3 and len(shared.s.trunk.nodes)
    again, other = follow(shared)[:2]
    assert [s.F for s in again] == [s.F for s in steps]
    assert [s.mean_b for s in again] == [s.mean_b for s in steps]
    np.testing.assert_array_equal(other.sigma, point.sigma)


@pytest.mark.parametrize("anisotropic", [0.0, 1.0])
def test_turning_and_moving_the_input_turns_the_answer(synthetic, anisotropic):
    problem, _ = synthetic(n=160, anisotropic=anisotropic)
    q, _ = np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))
    q *= np.sign(np.linalg.det(q))
    u = problem.u[:, [0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(-1, 3, 3)
    turned = q @ u @ q.T
    moved = Problem(
        problem.xyz @ q.T + [100.0, -50.0, 20.0], turned[:, [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]],
        problem.anisotropic, problem.labels, problem.names,
    )  # fmt: skip
    settings = dataclasses.replace(QUICK, max_steps=15, final_tolerance=1e-9)
    a, b = follow(Solver(problem, settings)).steps, follow(Solver(moved, settings)).steps
    np.testing.assert_allclose([s.F for s in a], [s.F for s in b], rtol=1e-3)
    assert a[-1].F == pytest.approx(b[-1].F, rel=1e-6)
    np.testing.assert_allclose(a[-1].mean_b, b[-1].mean_b, atol=0.02)


def test_levels_of_a_known_motion_are_found(synthetic):
    """Noise-free truth: amplitudes within 25 % of the mean, groups that do not move below a tenth of it."""
    problem, truth = synthetic(n=576, anisotropic=1.0)
    solver = Solver(problem, dataclasses.replace(QUICK, max_steps=60))
    steps, point, _ = follow(solver)
    assert steps[-1].residual_rms_b < 0.5
    for level, amplitude in enumerate(truth[1:], start=1):
        mine = np.flatnonzero(solver.s.level == level)
        found = np.zeros(len(amplitude))
        found[solver.s.label_of[mine]] = point.amplitude[mine]
        moving = amplitude > 0
        assert found[moving].mean() == pytest.approx(amplitude[moving].mean(), rel=0.35)
        assert np.median(found[~moving]) < 0.15 * amplitude[moving].mean()
        assert np.corrcoef(found, amplitude)[0, 1] > 0.9


def test_what_the_net_switches_off_is_exactly_zero(synthetic):
    problem, _ = synthetic(n=200)
    solver = Solver(problem, dataclasses.replace(QUICK, max_steps=1))
    _, point, _ = follow(solver)
    assert (point.amplitude[solver.s.level == 2] == 0.0).all()
    assert (point.own_amplitude == 0.0).all()
    assert (point.amplitude[solver.s.level == 0] > 0.0).any()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_structures_of_one_residue(n):
    rng = np.random.default_rng(8)
    u = np.zeros((n, 6))
    u[:, :3] = 0.3
    problem = Problem(rng.normal(size=(n, 3)), u, np.zeros(n, bool), [np.zeros(n, int)], ["residue"])
    steps, point = follow(Solver(problem, dataclasses.replace(QUICK, max_steps=60)))[:2]
    assert steps[-1].residual_rms_b < 0.5
    assert steps[-1].certificate < 1e-3


def test_atoms_in_no_group_are_left_to_the_atomic_level():
    rng = np.random.default_rng(9)
    u = np.zeros((20, 6))
    u[:, :3] = rng.uniform(0.2, 0.5, size=(20, 1))
    labels = np.where(np.arange(20) < 12, 0, -1)
    solver = Solver(
        Problem(rng.normal(size=(20, 3)) * 5, u, np.zeros(20, bool), [labels], ["part"]), Settings(max_steps=70)
    )
    steps, point, _ = follow(solver)
    assert steps[-1].certificate < 1e-3
    inside = solver.s.order[: len(solver.s.order) - len(solver.s.loose)]
    assert set(inside.tolist()) == set(range(12))
    assert (point.own_amplitude[solver.s.loose] > 0).all()
