"""A fit from end to end: a file or deposition in, a deposition and the numbers of the fit out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polystate import Deposition
from polystate.errors import BadRequest
from polystate.store.tree import Group, Tree
from polystate_tools.echt.deposit import check_earlier, fitted_tree
from polystate_tools.echt.input import FitInput, fit_input, load
from polystate_tools.echt.levels.levels import Level, build_levels
from polystate_tools.echt.levels.tables import atoms_of_table, chosen_columns, levels_of_table, table_rows
from polystate_tools.echt.solver.points import Point, Settings, State, Step, percent
from polystate_tools.echt.solver.solver import Solver
from polystate_tools.echt.solver.structure import Problem


@dataclass
class Fit:
    """A finished fit: the input, the levels, the solver with its structure, the path and the last point."""

    tree: Tree
    data: FitInput
    levels: list[Level]
    solver: Solver
    steps: list[Step]
    point: Point
    source: dict
    seconds: float

    @property
    def names(self) -> list[str]:
        """Level names, largest first, the atomic level last."""
        return [level.name for level in self.levels] + (["atomic"] if self.solver.atomic else [])

    def deposition_tree(self) -> dict[str, Group]:
        """The tree of the deposition that the fit makes."""
        return fitted_tree(
            self.tree, self.data, self.levels, self.solver, self.steps, self.point, self.source,
            self.data.notes, self.seconds,
        )  # fmt: skip

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
            "path": [
                {"n": s.n, "omega_alpha": s.omega_alpha, "F": s.F, "bound": s.bound, "certificate": s.certificate,
                 "mean_b": dict(zip(names, s.mean_b, strict=True)), "residual_rms_b": s.residual_rms_b,
                 "iterations": s.iterations, "seconds": s.seconds}
                for s in self.steps
            ],
            "shares": self.shares(),
            "share_bounds": {n: percent(b, total) for n, b in zip(names, last.mean_b_bound, strict=True)},
            "mean_b_total": total,
            "residual_rms_b": last.residual_rms_b,
            "seconds": self.seconds,
            "notes": self.notes(),
        }  # fmt: skip


def check(tree: Mapping[str, Group], what: str) -> None:
    """Raise the first error of a tree's validation, and say how many there are."""
    errors = Deposition(tree).validate().errors
    if errors:
        first = errors[0]
        more = f", the first of {len(errors)} errors that make {what} invalid" if len(errors) > 1 else (
            f", which makes {what} invalid")  # fmt: skip
        raise type(first)(first.where, f"{first.found}{more}", first.expected)


def prepare(
    source: str | Path, *, levels: Sequence[str] | None = None, domains: Path | None = None,
    groups: Path | None = None, only: str | None = None, exclude: Sequence[str] = (), psd: str = "refuse",
    **import_options: Any,
) -> tuple[Tree, dict, FitInput, list[Level], bool]:  # fmt: skip
    """Read, select and group: (tree, source, input, levels, whether the atomic level is fitted)."""
    if groups is not None and domains is not None:
        raise BadRequest("--domains", "--groups as well", "one of the two")
    if groups is not None:
        columns, rows = table_rows(groups)
        names = chosen_columns(columns, levels, str(groups))
    tree, origin = load(source, **import_options)
    check(tree, origin["name"])
    dep = Deposition(tree)
    if groups is not None:
        atom = atoms_of_table(dep, rows, str(groups))
        data = fit_input(dep, only=only, exclude=exclude, rows=atom, psd=psd)
        made = levels_of_table(data, names, rows, atom, str(groups))
    else:
        data = fit_input(dep, only=only, exclude=exclude, psd=psd)
        made = build_levels(data, levels, domains)
    check_earlier(data)
    return tree, origin, data, made, levels is None or "atomic" in levels


def problem_of(data: FitInput, levels: list[Level], atomic: bool = True) -> Problem:
    """The arrays of a fit."""
    return Problem(
        data.xyz, data.u, data.anisotropic, [level.labels for level in levels], [level.name for level in levels], atomic
    )


def fit(
    source: str | Path, *, settings: Settings | None = None,
    progress: Callable[[Solver, list[Step], Point], None] | None = None,
    resume: tuple[list[Step], State] | None = None, **options: Any,
) -> Fit:  # fmt: skip
    """Fit a structure file or a deposition; options: see `prepare`.

    progress: called after each step with the solver, the steps so far and the point. resume: steps and centre of
    an interrupted fit of the same input.
    """
    begin = time.perf_counter()
    tree, origin, data, levels, atomic = prepare(source, **options)
    solver = Solver(problem_of(data, levels, atomic), settings)
    done: list[Step] = list(resume[0]) if resume else []

    def told(step: Step, point: Point) -> None:
        done.append(step)
        if progress:
            progress(solver, done, point)

    steps, point = solver.fit(told, *(resume or (None, None)))
    return Fit(tree, data, levels, solver, steps, point, origin, time.perf_counter() - begin)


def atom_b(fit: Fit) -> np.ndarray:
    """(levels, n) B of each fitted atom by level, Å², atoms in the order of hierarchy/atoms."""
    from polystate_tools.echt.solver.model import level_covariances, own_covariances

    s = fit.solver.s
    out = np.zeros((len(fit.names), s.n_atoms))
    for k in range(len(fit.levels)):
        out[k, s.order] = level_covariances(s, fit.point.sigma, k)[:, :3].sum(axis=1) / 3
    if fit.solver.atomic:
        out[-1, s.order] = own_covariances(s, fit.point.own)[:, :3].sum(axis=1) / 3
    return 8 * np.pi**2 * out
