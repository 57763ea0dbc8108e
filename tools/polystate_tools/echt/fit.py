"""A fit from end to end: a file or deposition in, a deposition and the numbers of the fit out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate.store.tree import Group
from polystate_tools.echt.deposit import fitted_tree
from polystate_tools.echt.input import FitInput
from polystate_tools.echt.levels.levels import Level
from polystate_tools.echt.prepare import Prepared, check, prepare
from polystate_tools.echt.solver.model import level_covariances, own_covariances
from polystate_tools.echt.solver.path import follow
from polystate_tools.echt.solver.points import Ending, Point, Settings, State, Step, percent
from polystate_tools.echt.solver.solver import Solver


@dataclass
class Fit:
    """A finished fit: what was given, the solver with its structure, the path and the last point."""

    given: Prepared
    solver: Solver
    steps: list[Step]
    point: Point
    ending: Ending
    seconds: float

    @property
    def data(self) -> FitInput:
        """The fitted atoms."""
        return self.given.data

    @property
    def levels(self) -> list[Level]:
        """The levels of groups, largest first."""
        return self.given.levels

    @property
    def names(self) -> list[str]:
        """Level names, largest first, the atomic level last."""
        return self.given.names

    def deposition_tree(self) -> dict[str, Group]:
        """The tree of the deposition that the fit makes."""
        return fitted_tree(self.given, self.solver, self.steps, self.point, self.ending, self.seconds)

    def valid_tree(self) -> dict[str, Group]:
        """The same, refused where it would not be valid."""
        tree = self.deposition_tree()
        check(tree, "the fitted deposition")
        return tree

    def shares(self) -> dict[str, float]:
        """Percent of the mean fitted B by level; all are 0 where every level is still switched off."""
        total = sum(self.steps[-1].mean_b)
        return {n: percent(b, total) or 0.0 for n, b in zip(self.names, self.steps[-1].mean_b, strict=True)}

    def notes(self) -> list[str]:
        """Choices made before the fit, and what its end says."""
        out = self.data.notes + [f"{lv.name}: {note}" for lv in self.levels for note in lv.notes]
        if not sum(self.steps[-1].mean_b):
            out.append(f"every level is still zero at the penalty of step {self.steps[-1].n}: more --steps, or a "
                       "smaller --omega")  # fmt: skip
        return out

    def to_json(self) -> dict[str, Any]:
        """The path, shares with their bounds, residual and time; the order of the keys is that of the work."""
        last, names = self.steps[-1], self.names
        total = sum(last.mean_b)
        return {
            "atoms": len(self.data.rows),
            "mean_b_input": self.data.mean_b,
            "levels": {level.name: len(level.names) for level in self.levels},
            "converged": self.ending.converged,
            "ended": self.ending.kind,
            "reason": self.ending.reason,
            "path": [self._row(step) for step in self.steps],
            "shares": self.shares(),
            "share_bounds": {n: percent(b, total) for n, b in zip(names, last.mean_b_bound, strict=True)},
            "mean_b_total": total,
            "complexity": dict(zip(names, last.complexity, strict=True)),
            "complexity_total": sum(last.complexity),
            "residual_rms_b": last.residual_rms_b,
            "seconds": self.seconds,
            "notes": self.notes(),
        }  # fmt: skip

    def _row(self, s: Step) -> dict[str, Any]:
        """A step of the path."""
        return {
            "n": s.n, "omega_alpha": s.omega_alpha, "F": s.F, "bound": s.bound, "certificate": s.certificate,
            "mean_b": dict(zip(self.names, s.mean_b, strict=True)), "residual_rms_b": s.residual_rms_b,
            "complexity": dict(zip(self.names, s.complexity, strict=True)), "complexity_total": sum(s.complexity),
            "largest_change_b": s.largest_change_b, "iterations": s.iterations, "seconds": s.seconds,
        }  # fmt: skip


def run(
    given: Prepared, settings: Settings | None = None, *,
    progress: Callable[[list[Step], Point], None] | None = None,
    resume: tuple[list[Step], State] | None = None, threads: int | None = None,
) -> Fit:  # fmt: skip
    """Fit what has been prepared.

    progress: called after each step with the steps so far and the point. resume: steps and centre of an interrupted
    fit of the same problem. threads: all there are by default; they change nothing but the time."""
    begin = time.perf_counter()
    solver = Solver(given.problem, settings, threads)
    done: list[Step] = list(resume[0]) if resume else []
    earlier = sum(step.seconds for step in done)

    def told(step: Step, point: Point) -> None:
        done.append(step)
        if progress:
            progress(done, point)

    steps, point, ending = follow(solver, told, *(resume or (None, None)))
    seconds = time.perf_counter() - begin + earlier
    return Fit(given, solver, steps, point, ending, seconds)


def fit(
    source: str | Path, *, settings: Settings | None = None, threads: int | None = None, **options: Any,
) -> Fit:  # fmt: skip
    """Fit a structure file or a deposition; options: see `prepare`."""
    return run(prepare(source, **options), settings, threads=threads)


def atom_covariances(fit: Fit) -> np.ndarray:
    """(levels, n, 6) U of each fitted atom by level, Å², order 11, 22, 33, 12, 13, 23; atoms as in hierarchy/atoms."""
    s = fit.solver.s
    out = np.zeros((len(fit.names), s.n_atoms, 6))
    for k in range(len(fit.levels)):
        out[k, s.order] = level_covariances(s, fit.point.sigma, k)
    if fit.solver.atomic:
        out[-1, s.order] = own_covariances(s, fit.point.own)
    return out


def atom_b(fit: Fit) -> np.ndarray:
    """(levels, n) B of each fitted atom by level, Å², atoms in the order of hierarchy/atoms."""
    return EIGHT_PI_SQUARED * atom_covariances(fit)[:, :, :3].sum(axis=2) / 3
