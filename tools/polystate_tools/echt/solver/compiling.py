"""The first fit of a machine: Numba compiles the loops in two processes side by side, for it holds a lock in one.

`eliminate` takes as long as all the others together. What either process has compiled it leaves in Numba's cache, from
which the other takes it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from .newton import eliminate, substitute
from .solver import Solver
from .structure import Problem


def is_compiled() -> bool:
    """Whether an earlier run has left its loops in the cache of Numba."""
    return any(Path(str(eliminate.stats.cache_path)).glob("newton.eliminate-*.nbc"))


def compile_loops(anisotropic: bool) -> None:
    """Fill Numba's cache with the loops of a fit, to some atoms that are anisotropic or to none."""
    command = [sys.executable, "-m", __name__, *(["anisotropic"] if anisotropic else [])]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        solver = _small(anisotropic)
        common = (solver.s.forest, solver.s.atoms, solver.cold_start(1.0).interior, solver.penalties(1), 1.0)
        solver.threads.walk(eliminate, solver.s.trunk, *common, solver.sweep)


def _the_others(anisotropic: bool) -> None:
    """All that a penalty takes but `eliminate`."""
    solver = _small(anisotropic)
    x, penalty = solver.cold_start(1.0), solver.penalties(1)
    common = (solver.s.forest, solver.s.atoms, x.interior, penalty, 1.0, solver.sweep, solver.change)
    solver.threads.walk(substitute, solver.s.trunk, *common)
    solver.top.join(solver.sweep)
    solver.bound(solver.clipped(x, 1.0, penalty), penalty)
    solver.move(x, 1.0, penalty)


def _small(anisotropic: bool) -> Solver:
    """The solver of a problem of two levels that cross, whose numbers do not matter, but for their types."""
    place, xyz = np.arange(16), np.random.default_rng(0).normal(size=(16, 3))
    u = np.where(np.arange(6) < 3, 1.0, np.zeros((16, 1)))
    problem = Problem(xyz, u, np.full(16, anisotropic), [place // 8, place % 8 // 4], ["halves", "quarters"])
    return Solver(problem, threads=1)


if __name__ == "__main__":
    _the_others("anisotropic" in sys.argv[1:])
