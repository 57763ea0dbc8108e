"""The provenance block of a fit: every number that the result depends on, and what it was found to be."""

from __future__ import annotations

import datetime
import importlib.metadata
from typing import Any

import numpy as np

from polystate.store.digest import digest
from polystate_tools.echt.input import FitInput
from polystate_tools.echt.prepare import Prepared
from polystate_tools.echt.solver.points import Ending, Point, Settings, Step, percent
from polystate_tools.echt.solver.solver import Solver

PROVENANCE = "echt"
CITATION = "Pearce & Gros, Nature Communications 12 (2021), doi:10.1038/s41467-021-25814-x"
DEPARTURES = [
    "|dU|^2 is the Frobenius norm (off-diagonals count twice; counted once, it depends on the orientation); "
    "isotropic input is compared by its trace alone, cost 3 w (u - Tr U / 3)^2",
    "weights have mean 1 instead of sum 1, so Omega here is N times the published one",
    "each group's T, L, S and amplitude are fitted jointly as one positive semi-definite 6x6 covariance, so the "
    "problem is convex and its minimum is certified",
    "epsilon |Sigma|^2 (scaled coordinates, Frobenius) makes the shape inside a group unique",
]
WEIGHTS = {
    "inverse": "inverse of Tr U / 3, mean 1", "inverse-square": "inverse square of Tr U / 3, mean 1",
    "equal": "equal",
}  # fmt: skip
MOST_EXCLUDED = 1000  # a longer list is left out: the notes say what was not fitted


def provenance(
    given: Prepared, solver: Solver, steps: list[Step], point: Point, ending: Ending, stack: list[str],
    seconds: float,
) -> dict[str, Any]:  # fmt: skip
    """The block, for the descriptors `stack` (largest level first)."""
    data, last = given.data, steps[-1]
    version = importlib.metadata.version
    return {
        "kind": "fit",
        "software": [{"name": n, "version": version(n)} for n in ("polystate", "numpy", "numba", "scipy")],
        "created": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "inputs": [{k: given.source[k] for k in ("name", "sha256", "format") if given.source.get(k)}, *given.files],
        "input_digest": "sha256:" + digest(given.tree).removeprefix("sha256:"),
        "stack": stack,
        "method": _method(solver.settings),
        "target": {"name": f"{_kind(data)} B-factors", "atoms": len(data.rows), "norm": "Frobenius"},
        "weights": {"name": WEIGHTS[solver.settings.weights]},
        "regularizer": _regularizer(solver.settings, last),
        "wall_time_s": round(seconds, 3),
        "convergence": _convergence(solver.settings, steps, ending),
        "certificate": {
            "objective": last.F, "bound": last.bound, "relative_gap": max(last.certificate, 0.0),
            "objective_with_epsilon": point.F_eps, "bound_with_epsilon": point.D_eps,
        },
        "path": [
            {"n": s.n, "omega_alpha": s.omega_alpha, "objective": s.F, "bound": s.bound,
             "residual_rms_b": s.residual_rms_b, "complexity": dict(zip(given.names, s.complexity, strict=True)),
             "mean_b": dict(zip(given.names, s.mean_b, strict=True))}
            for s in steps
        ],
        "levels": _levels(given, last),
        "choices": {
            "atoms": data.notes, "options": given.choices,
            **{f"level {level.name}": level.notes for level in given.levels if level.notes},
        },
        "excluded": [int(data.dep.hierarchy.atom_id[r]) for r in _excluded(data)],
        "departures": DEPARTURES,
        "citation": [CITATION],
    }  # fmt: skip


def _method(p: Settings) -> dict[str, Any]:
    return {
        "name": "echt: convex hierarchical TLS fit",
        "version": "1",
        "backend": "numba",
        "parameters": {
            "algorithm": "primal-dual interior point, Nesterov-Todd scaling, elimination over the hierarchy",
            "omega_first": p.omega_first, "delta": p.delta, "gamma": p.gamma, "weights": p.weights,
            "epsilon_over_beta": p.epsilon, "tolerance": p.tolerance, "final_tolerance": p.final_tolerance,
            "stop_change_b": p.stop_change_b, "stop_amplitude_b": p.stop_amplitude_b,
            "stop_residual_b": p.stop_residual_b, "plateau_steps": p.plateau_steps,
            "plateau_change": p.plateau_change, "plateau_headroom": p.plateau_headroom, "min_steps": p.min_steps,
            "max_steps": p.max_steps,
        },
    }  # fmt: skip


def _kind(data: FitInput) -> str:
    return "anisotropic" if data.anisotropic.all() else ("mixed" if data.anisotropic.any() else "isotropic")


def _regularizer(p: Settings, last: Step) -> dict[str, Any]:
    return {
        "name": "elastic net on amplitudes", "omega": p.omega_first * p.delta ** (last.n - 1),
        "alpha": last.omega_alpha, "beta": last.omega_beta, "gamma": p.gamma, "delta": p.delta,
        "epsilon": p.epsilon * last.omega_beta,
    }  # fmt: skip


def _convergence(p: Settings, steps: list[Step], ending: Ending) -> dict[str, Any]:
    changes = f"mean B of each level changes by less than {p.stop_change_b} Å²"
    if p.stop_amplitude_b is not None:
        changes = f"each amplitude changes by less than {p.stop_amplitude_b} Å²"
    return {
        "converged": ending.converged,
        "ended": ending.kind,
        "reason": ending.reason,
        "iterations": sum(s.iterations for s in steps),
        "criterion": f"{changes} a step, residual below {p.stop_residual_b} Å² RMS in B; or the residual falls by less "
        f"than {100 * p.plateau_change:g} % in {p.plateau_steps} steps and at most "
        f"{100 * p.plateau_headroom:g} % of the loss could still be explained",
        "value": steps[-1].residual_rms_b, "tolerance": p.stop_residual_b,
    }  # fmt: skip


def _levels(given: Prepared, last: Step) -> list[dict[str, Any]]:
    total = sum(last.mean_b)
    sizes = [len(level.names) for level in given.levels] + ([len(given.data.rows)] if given.atomic else [])
    return [
        {"name": name, "descriptor": f"echt.{name}", "groups": size, "mean_b": b, "share": percent(b, total) or 0.0,
         **({"share_bound": percent(bound, total)} if total else {})}
        for name, size, b, bound in zip(given.names, sizes, last.mean_b, last.mean_b_bound, strict=True)
    ]  # fmt: skip


def _excluded(data: FitInput) -> np.ndarray:
    """Rows of non-hydrogen, non-water atoms that were left out (a list only where it is short)."""
    out = np.setdiff1d(data.candidates, data.rows)
    return out if len(out) <= MOST_EXCLUDED else out[:0]
