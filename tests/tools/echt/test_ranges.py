"""The ranges of shares: mixtures of models, and minima at a price found by solving each to its certificate."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from polystate_tools.echt.mixtures import Mixtures
from polystate_tools.echt.prices import priced
from polystate_tools.echt.ranges import share_ranges
from polystate_tools.echt.solver.path import follow
from polystate_tools.echt.solver.points import Settings
from polystate_tools.echt.solver.solver import Solver
from tests.tools.echt.conftest import make

SHORT = Settings(max_steps=25, final_tolerance=1e-6)


def models(solver, penalty, count=4):
    """Models that are no optimum of anything."""
    rng = np.random.default_rng(5)
    out = []
    for _ in range(count):
        m = rng.normal(size=(solver.s.n_groups, 6, 3)) * (np.arange(6) < solver.s.rank[:, None])[:, :, None]
        own = rng.random((solver.s.n_atoms, solver.k)) * (np.arange(solver.k) < solver.atom_rank[:, None])
        scale = 0.05 * rng.random(solver.s.n_groups)[:, None, None]
        out.append((scale * m @ m.transpose(0, 2, 1), 0.1 * own[:, :, None] * np.eye(solver.k)))
    return [solver.point(sigma, own, penalty) for sigma, own in out]


@pytest.mark.parametrize("anisotropic", [0.0, 0.5])
def test_f_of_a_mixture_is_that_of_the_sum_of_its_models(anisotropic, synthetic):
    solver = Solver(synthetic(n=96, anisotropic=anisotropic)[0])
    penalty = solver.penalties(9)
    taken, mixtures = models(solver, penalty), Mixtures(solver, penalty)
    for point in taken:
        mixtures.add(point)
    weights = np.array([0.3, 0.0, 1.7, 0.2])
    sigma = sum(w * p.sigma for w, p in zip(weights, taken, strict=True))
    own = sum(w * p.own for w, p in zip(weights, taken, strict=True))
    mixed = solver.point(sigma, own, penalty)
    assert mixtures.objective(weights) == pytest.approx(mixed.F, rel=1e-10)
    np.testing.assert_allclose(weights @ mixtures.mean_b, solver.mean_b(mixed), rtol=1e-12)


def test_no_mixture_below_the_limit_is_farther(synthetic):
    """Of many mixtures that are scaled until F is at the limit, the best is nearly as far as what is found."""
    solver = Solver(synthetic(n=96)[0])
    penalty = solver.penalties(9)
    mixtures = Mixtures(solver, penalty)
    for point in models(solver, penalty):
        mixtures.add(point)
    limit = 1.2 * mixtures.objective(np.array([1.0, 0.0, 0.0, 0.0]))
    rng = np.random.default_rng(6)
    tried = rng.dirichlet(np.full(4, 0.5), 4000) * rng.uniform(0.0, 2.0, (4000, 1))
    inside = tried[[mixtures.objective(w) <= limit for w in tried]] @ mixtures.mean_b
    for level in range(inside.shape[1]):
        low, high = mixtures.farthest(level, 1.0, limit)[level], mixtures.farthest(level, -1.0, limit)[level]
        width = inside[:, level].max() - inside[:, level].min()
        assert low - 1e-9 <= inside[:, level].min() <= low + 0.1 * width
        assert high - 0.1 * width <= inside[:, level].max() <= high + 1e-9


@functools.cache
def fitted(anisotropic):
    solver = Solver(make(n=160, anisotropic=anisotropic)[0], SHORT)
    path = follow(solver)
    return solver, path.steps[-1].n, path.point


@pytest.mark.parametrize("anisotropic, level", [(0.0, 0), (0.0, 1), (0.0, 2), (0.5, 1)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_range_gets_most_of_the_way_to_the_optimum_at_its_price(anisotropic, level, sign):
    """The minimum at a price, solved to its certificate, has the lowest (highest) share of all that have its F."""
    solver, n, point = fitted(anisotropic)
    penalty, here = solver.penalties(n), solver.mean_b(point)[level]
    for price in sign * 2e-4 * 1.5 ** np.arange(24):
        cost = priced(solver, penalty, level, price)
        best = solver.solve(solver.start_near(point, 4.0 * penalty.alpha_atom), cost, 1e-6)
        rise = solver.point(best.sigma, best.own, penalty).F / point.F - 1.0
        if rise > 0.01:
            break
    assert 0.01 < rise < 0.5
    exact, doubt = solver.mean_b(best)[level], 2e-6 * point.F / abs(price)
    found = share_ranges(solver, n, point, [rise])[0][level]
    end = found.low[level] if sign > 0.0 else found.high[level]
    assert sign * (end - exact) >= -doubt - 1e-3 * abs(exact - here)
    assert abs(end - exact) <= 0.2 * abs(exact - here) + doubt


def test_ranges_widen_with_the_rise_and_contain_the_fit(synthetic):
    solver = Solver(synthetic(n=160, cross=True)[0], SHORT)
    path = follow(solver)
    here = solver.mean_b(path.point)
    narrow, wide = share_ranges(solver, path.steps[-1].n, path.point, [0.01, 0.1])
    for k, (a, b) in enumerate(zip(narrow, wide, strict=True)):
        assert b.low[k] <= a.low[k] + 1e-9 <= here[k] + 2e-9
        assert b.high[k] >= a.high[k] - 1e-9 >= here[k] - 2e-9


def test_a_level_that_is_off_costs_no_endless_search(synthetic):
    """At the first penalties small levels have no share at all."""
    solver = Solver(synthetic(n=160)[0], Settings(max_steps=6, final_tolerance=1e-5))
    path = follow(solver)
    assert min(solver.mean_b(path.point)) == 0.0
    steps, newton = [0], solver.newton
    solver.newton = lambda *given: steps.__setitem__(0, steps[0] + 1) or newton(*given)
    for r in share_ranges(solver, path.steps[-1].n, path.point, [0.01, 0.1])[1]:
        assert 0.0 <= r.low[r.level] <= solver.mean_b(path.point)[r.level] + 1e-9 <= r.high[r.level] + 2e-9
    assert steps[0] < 600
