"""The penalty path: step after step to smaller penalties, each certified, until there is nothing more to find.

A step counts only if its certificate meets the tolerance and it explains no more B than the weights allow. The path
ends where amplitudes and residual have settled; on a plateau, where smaller penalties only move amplitude from one
level to another; after the last step that is allowed; or at the last good step before one that could not be solved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_tools.echt.errors import NotConverged

from .points import Ending, Point, Settings, State, Step
from .solver import Solver

EXCESS = 0.01  # of the mean B that the weights allow: what a step solved to its tolerance may be beyond


class Path(NamedTuple):
    """The steps, the last one's point, and why it is the last."""

    steps: list[Step]
    point: Point
    ending: Ending


def follow(
    solver: Solver, progress: Callable[[Step, Point], None] | None = None, steps: list[Step] | None = None,
    centre: State | None = None,
) -> Path:  # fmt: skip
    """The path to its end; `steps` and `centre` of an interrupted one go on where it stopped.

    Raises `NotConverged` where not even the first step can be solved."""
    p, steps = solver.settings, list(steps or [])
    solver.hopeful = centre.hopeful if centre is not None else math.inf
    while True:
        before = centre
        step, point = solver.solve_step(len(steps) + 1, before, p.tolerance)
        wrong = doubt(solver, point)
        if wrong and not steps:
            raise NotConverged("step 1 of the path", wrong, "a step that can be certified; other levels or --omega")
        if wrong:
            assert before is not None
            return Path(steps, _refined(solver, before, steps[-1].n), Ending("lost", f"step {step.n}: {wrong}"))
        centre = point.centre
        if centre is not None:
            centre.hopeful = solver.hopeful
            centre.amplitudes = np.concatenate([point.amplitude, point.own_amplitude])
        step.largest_change_b = _largest_change(before, point)
        steps.append(step)
        ending = ended(solver, steps, point)
        if ending and not point.met(p.final_tolerance):
            better, finer = solver.solve_step(step.n, before, p.final_tolerance)
            if finer.gap <= point.gap:
                better.largest_change_b = step.largest_change_b
                steps[-1], point = better, finer
        if ending:
            point.centre = None
        if progress:
            progress(steps[-1], point)
        if ending:
            return Path(steps, point, ending)


def doubt(solver: Solver, point: Point) -> str:
    """Why a step does not count, or nothing."""
    if not point.met(solver.settings.tolerance):
        return f"F {point.F:.6g} with the bound {point.D:.6g}, not within {solver.settings.tolerance:g} of it"
    total, allowed = sum(solver.mean_b(point)), allowed_b(solver)
    if total > (1.0 + EXCESS) * allowed:
        return f"mean B {total:.2f} Å² fitted, where the input allows {allowed:.2f} Å²"
    return ""


def allowed_b(solver: Solver) -> float:
    """The largest mean B (Å²) that a minimum of F can have, whatever the levels.

    Scaling a model by t must not lower F at t = 1, so sum w |P|^2 <= sum w <U, P> <= sum w |U|^2 (3 u^2 for an
    isotropic atom), and by Cauchy the mean of Tr P / 3 is at most the root of mean(1/w) mean(w |U|^2) / 3. For
    isotropic atoms and weights 1/u that is the mean input itself."""
    s = solver.s
    square = np.where(s.anisotropic, (s.u**2).sum(axis=1), 3.0 * s.u[:, 0] ** 2)
    return float(EIGHT_PI_SQUARED * np.sqrt((1.0 / s.weights).mean() * (s.weights * square).mean() / 3.0))


def ended(solver: Solver, steps: list[Step], point: Point) -> Ending | None:
    """Why the last of the steps is the end of the path, or None; point: that of the last."""
    p, step = solver.settings, steps[-1]
    if step.F == 0.0:
        return Ending("settled", "nothing is left to explain")
    if len(steps) >= p.min_steps:
        if step.residual_rms_b < p.stop_residual_b and _change(p, steps) < _threshold(p):
            return Ending("settled", f"amplitudes change by less than {_threshold(p)} Å² a step, residual below "
                          f"{p.stop_residual_b} Å² RMS")  # fmt: skip
        if _on_plateau(solver, steps, point):
            return Ending("plateau", f"the residual stays at {step.residual_rms_b:.2f} Å² RMS: these levels explain "
                          "no more")  # fmt: skip
    if len(steps) >= p.max_steps:
        return Ending("steps", f"{p.max_steps} steps, the most that are allowed")
    return None


def _threshold(p: Settings) -> float:
    return p.stop_change_b if p.stop_amplitude_b is None else p.stop_amplitude_b


def _change(p: Settings, steps: list[Step]) -> float:
    """The largest change (Å²) of the last step: of a level's mean B, or, as published, of any amplitude."""
    if p.stop_amplitude_b is not None:
        change = steps[-1].largest_change_b
        return math.inf if change is None else change
    if len(steps) < 2:
        return math.inf
    return max((abs(a - b) for a, b in zip(steps[-1].mean_b, steps[-2].mean_b, strict=True)), default=0.0)


def _on_plateau(solver: Solver, steps: list[Step], point: Point) -> bool:
    """Whether the residual has stopped to fall, and no level that is still off could change that."""
    p = solver.settings
    if len(steps) <= p.plateau_steps or p.plateau_steps < 1:
        return False
    first, last = steps[-1 - p.plateau_steps], steps[-1]
    if last.residual_rms_b <= (1.0 - p.plateau_change) * first.residual_rms_b:
        return False
    return solver.headroom(point, solver.penalties(last.n)) <= p.plateau_headroom * point.loss


def _largest_change(before: State | None, point: Point) -> float | None:
    """The largest change (Å²) of an amplitude since the step before, groups and atoms alike."""
    if before is None or before.amplitudes is None:
        return None
    now = np.concatenate([point.amplitude, point.own_amplitude])
    return float(EIGHT_PI_SQUARED * np.abs(now - before.amplitudes).max(initial=0.0))


def _refined(solver: Solver, centre: State, n: int) -> Point:
    """The point of step n again, as near to its optimum as can be, from the centre that it left."""
    penalty = solver.penalties(n)
    finer = solver.solve(centre.copy(), penalty, solver.settings.final_tolerance)
    point = finer if finer.met(solver.settings.tolerance) else solver.solve(
        centre.copy(), penalty, solver.settings.tolerance)  # fmt: skip
    point.centre = None
    return point
