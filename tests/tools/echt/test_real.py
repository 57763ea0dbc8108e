"""6vxx on the levels of its table, against the reference values of the design."""

from __future__ import annotations

import pytest

from polystate_tools.echt.prepare import prepare
from polystate_tools.echt.solver.solver import Solver

REFERENCE = {1: 152.62, 5: 91.79, 9: 59.32, 13: 38.97, 17: 25.03, 21: 15.91, 25: 10.12, 29: 6.29}


def test_6vxx_is_below_the_reference_and_near_its_bound(shared_data):
    folder = shared_data / "echt"
    given = prepare(folder / "6vxx.pdb", groups=folder / "6vxx-levels.csv")
    assert len(given.data.rows) == 22812
    assert given.data.mean_b == pytest.approx(28.775, abs=0.001)
    solver = Solver(given.problem)
    centre = None
    for n in range(1, 14):
        step, point = solver.solve_step(n, centre, solver.settings.tolerance)
        centre = point.centre
        assert step.certificate < 1e-3
        if n in REFERENCE:
            assert step.F < REFERENCE[n]
