"""A fitted hierarchy as a deposition holds it: levels, U of every level at every atom, the path, the choices.

This is all that the report needs. The input B-factors are not in a deposition of a fit (its levels stand in their
place), so they are given from outside: by the fit that has just ended, or by the file that was fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from polystate import Deposition
from polystate.errors import BadRequest
from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_tools.echt.input import VOIGT, FitInput, fit_input, load
from polystate_tools.echt.solver.points import Point, Settings
from polystate_tools.echt.solver.solver import Solver
from polystate_tools.echt.solver.structure import Problem

SAME_PLACE = 2e-3  # Å, for atoms of the fitted file and of the deposition


@dataclass
class StoredLevel:
    """One level. labels: (n,) group of each fitted atom, -1 in none; tls: (groups, 24), without rows for atoms."""

    name: str
    labels: np.ndarray
    names: list[str]
    tls: np.ndarray
    mean_b: float
    mean_b_bound: float
    switched_off: int

    @property
    def size(self) -> int:
        """Groups, or atoms of the atomic level."""
        return len(self.names) or len(self.labels)


@dataclass
class PathStep:
    """One penalty of the path, as recorded. mean_b: Å², one a level; residual: Å² RMS; complexity: Å², 8 pi^2 times
    the sum of amplitudes by atom, one a level, empty where an older fit has not recorded it."""

    n: int
    omega_alpha: float
    objective: float
    bound: float
    residual: float
    mean_b: list[float]
    complexity: list[float]

    @property
    def certificate(self) -> float:
        """(F - D) / F."""
        return (self.objective - self.bound) / self.objective if self.objective > 0 else 0.0


@dataclass
class Decomposition:
    """A stack of levels with its provenance block. u: (levels, n, 6) Å²; u_input: (n, 6) Å² where it is known."""

    dep: Deposition
    block: Mapping[str, Any]
    rows: np.ndarray
    levels: list[StoredLevel]
    u: np.ndarray
    steps: list[PathStep]
    u_input: np.ndarray | None = None
    said: list[str] = field(default_factory=list)
    gap: float | None = None  # the certificate computed again from the stored numbers and the input

    @property
    def names(self) -> list[str]:
        """Level names, largest first."""
        return [level.name for level in self.levels]

    @property
    def b(self) -> np.ndarray:
        """(levels, n) B of each fitted atom by level, Å²."""
        return EIGHT_PI_SQUARED * self.u[:, :, :3].sum(axis=2) / 3

    @property
    def b_input(self) -> np.ndarray | None:
        """(n,) input B, Å²."""
        return None if self.u_input is None else EIGHT_PI_SQUARED * self.u_input[:, :3].sum(axis=1) / 3

    @property
    def total(self) -> float:
        """Mean fitted B, Å²."""
        return sum(level.mean_b for level in self.levels)

    @property
    def polymer(self) -> np.ndarray:
        """(n,) bool: atoms of polymers."""
        h = self.dep.hierarchy
        kind = np.append(h.text("entities", "type").astype(str), "")[h.column("chains", "entity")]
        return (kind == "polymer")[h.of_atoms("chain")[self.rows]]

    @property
    def isotropic(self) -> bool:
        """Whether every input B-factor was isotropic."""
        return str(self.block.get("target", {}).get("name", "")).startswith("isotropic")

    @property
    def notes(self) -> list[str]:
        """The choices made before the fit, in words."""
        choices = self.block.get("choices", {})
        out = [str(note) for note in choices.get("atoms", [])]
        for level in self.levels:
            out += [f"{level.name}: {note}" for note in choices.get(f"level {level.name}", [])]
        return out


def stored(dep: Deposition) -> Decomposition:
    """The fitted hierarchy of a deposition; refused where it has none."""
    block = next((b for b in _blocks(dep) if b.get("kind") == "fit" and b.get("levels") and b.get("stack")), None)
    if block is None:
        raise BadRequest("provenance", "no fitted hierarchy", "a deposition that polystate fit has written")
    if not any(float(level["mean_b"]) for level in block["levels"]):
        raise BadRequest("provenance", "a fit of which every level is still zero", "one with more --steps")
    stack, listed = [str(d) for d in block["stack"]], list(block["levels"])
    of_level = [[d for d in stack if d == level["descriptor"]] for level in listed]
    of_level[-1] += [d for d in stack if d not in sum(of_level, [])]  # the atomic level of mixed input has two
    for name in (d for found in of_level for d in found):
        if name not in dep.descriptors:
            raise BadRequest(f"descriptors/{name}", "nothing", "the descriptor that the stack of the fit names")
    rows = _fitted_rows(dep, of_level)
    levels, u = [], np.zeros((len(listed), len(rows), 6))
    for k, (level, ids) in enumerate(zip(listed, of_level, strict=True)):
        covariance = dep.covariance(levels=ids)[rows]
        u[k] = np.stack([covariance[:, i, j] for i, j in VOIGT], axis=1)
        levels.append(_level(dep, level, ids, rows, u[k]))
    names = [level.name for level in levels]
    steps = [
        PathStep(int(s["n"]), float(s["omega_alpha"]), float(s["objective"]), float(s["bound"]),
                 float(s["residual_rms_b"]), [float(s["mean_b"][name]) for name in names],
                 [float(s["complexity"][name]) for name in names if "complexity" in s])
        for s in block.get("path", [])
    ]  # fmt: skip
    return Decomposition(dep, block, rows, levels, u, steps)


def _blocks(dep: Deposition) -> list[Mapping[str, Any]]:
    return [dep.tree[path].attributes for path in sorted(dep.tree) if path.startswith("provenance/")]


def _fitted_rows(dep: Deposition, of_level: list[list[str]]) -> np.ndarray:
    """Rows of hierarchy/atoms that any descriptor of the stack covers."""
    covered = np.zeros(dep.n_atoms, bool)
    for name in (d for ids in of_level for d in ids):
        covered |= dep.descriptors[name].covered
    return np.flatnonzero(covered)


def _level(dep: Deposition, level: Mapping[str, Any], ids: list[str], rows: np.ndarray, u: np.ndarray) -> StoredLevel:
    d = dep.descriptors[ids[0]]
    mean, total = float(level["mean_b"]), max(float(level["share"]), 1e-300)
    bound = float(level.get("share_bound", 0.0)) * mean / total
    if "tls" not in d.stored.arrays:
        off = int((np.abs(u).max(axis=1) == 0).sum())
        return StoredLevel(str(level["name"]), np.full(len(rows), -1), [], np.zeros((0, 24)), mean, bound, off)
    tls = np.asarray(d.array("tls"), np.float64)
    return StoredLevel(
        str(level["name"]), d.label_of_atom[rows], [str(n) for n in d.label_names], tls, mean, bound,
        int((tls[:, 20] == 0).sum()),
    )  # fmt: skip


# -- what the input adds --------------------------------------------------------------------------------------
def input_of(found: Decomposition, source: str | Path) -> FitInput:
    """The atoms of the fit in the file that was fitted; refused where they are not the same atoms."""
    from polystate.store.digest import digest

    tree, _ = load(source)
    dep = Deposition(tree)
    h, mine = dep.hierarchy, found.dep.hierarchy
    ids = mine.atom_id[found.rows]
    place = {int(a): row for row, a in enumerate(h.atom_id)}
    rows = np.array([place.get(int(a), -1) for a in ids])
    if (rows < 0).any():
        missing = mine.node_label("atom", int(found.rows[np.argmax(rows < 0)]))
        raise BadRequest("--input", f"{source} without atom {missing}", "the file that was fitted")
    moved = np.abs(dep.x_ref[rows] - found.dep.x_ref[found.rows]).max(axis=1) > SAME_PLACE
    other = h.text("atoms", "name")[rows].astype(str) != mine.text("atoms", "name")[found.rows].astype(str)
    if (moved | other).any():
        named = mine.node_label("atom", int(found.rows[np.argmax(moved | other)]))
        raise BadRequest("--input", f"another atom or place of {named} in {source}", "the file that was fitted")
    data = fit_input(dep, rows=np.sort(rows), psd="clip")
    if len(data.rows) != len(rows) or (np.diff(rows) < 0).any():
        raise BadRequest("--input", f"{len(data.rows)} of {len(rows)} atoms with B-factors", "the file that was fitted")
    sha = digest(tree)
    same = str(found.block.get("input_digest", "")).removeprefix("sha256:") == sha.removeprefix("sha256:")
    found.u_input = data.u
    found.said.append(f"input B-factors from {Path(source).name}"
                      + ("" if same else ", which is not the recorded input but has the same atoms"))  # fmt: skip
    return data


def checked(found: Decomposition, data: FitInput) -> tuple[Solver, Point]:
    """The stored model as a point of the recorded problem, its F and dual bound computed again."""
    given = found.block["method"].get("parameters", {})
    numbers = {name: given[name] for name in Settings.__dataclass_fields__ if name in given}
    settings = Settings(**{**numbers, "epsilon": given.get("epsilon_over_beta", Settings.epsilon)})
    grouped = [level for level in found.levels if level.names]
    problem = Problem(
        data.xyz, data.u, data.anisotropic, [level.labels for level in grouped], [level.name for level in grouped],
        len(grouped) < len(found.levels),
    )  # fmt: skip
    solver = Solver(problem, settings)
    s, penalty = solver.s, solver.penalties(found.steps[-1].n)
    sigma = np.zeros((s.n_groups, 6, 6))
    for k, level in enumerate(grouped):
        mine = np.flatnonzero(s.level == k)
        sigma[mine] = motions(level.tls[s.label_of[mine]], s.basis[mine], s.radius[mine], s.rank[mine])
    u = found.u[-1][s.order] if solver.atomic else np.zeros((s.n_atoms, 6))
    own = u[:, :1, None] if solver.k == 1 else u[:, [0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(-1, 3, 3)
    own = np.where((np.arange(solver.k) < solver.atom_rank[:, None])[:, None, :], own, 0.0)
    point = solver.point(sigma, own, penalty)
    point.D, point.D_eps = solver.bound(point, penalty)
    found.gap = point.certificate
    found.said.append(
        f"checked: from the stored numbers and the input F = {point.F:.6g} and its dual bound {point.D:.6g} "
        f"(recorded: {found.steps[-1].objective:.6g} and {found.steps[-1].bound:.6g})"
    )
    return solver, point


def motions(tls: np.ndarray, basis: np.ndarray, radius: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """(G, 6, 6) scaled covariances of stored rows (G, 24), with the trace of S that lies deepest in the cone.

    Stored S is trace-free; a multiple of 1 added to S changes no U, and the fit's own choice is not stored."""
    count = len(tls)
    amplitude = tls[:, 20, None, None]
    t, lib = (tls[:, start : start + 6][:, [0, 3, 4, 3, 1, 5, 4, 5, 2]].reshape(-1, 3, 3) for start in (0, 6))
    screw = np.concatenate([tls[:, 12:20], -tls[:, 12:13] - tls[:, 16:17]], axis=1).reshape(-1, 3, 3)
    motion, turn = np.zeros((count, 6, 6)), np.zeros((count, 6, 6))
    r = radius[:, None, None]
    motion[:, :3, :3], motion[:, 3:, 3:] = amplitude * t, amplitude * lib * r**2
    motion[:, 3:, :3] = amplitude * screw * r
    motion[:, :3, 3:] = motion[:, 3:, :3].transpose(0, 2, 1)
    turn[:, 3:, :3] = turn[:, :3, 3:] = np.eye(3)
    back = np.linalg.pinv(basis) * (np.arange(6) < rank[:, None])[:, :, None]
    base, free = (back @ m @ back.transpose(0, 2, 1) for m in (motion, turn))
    high = np.sqrt(np.trace(motion[:, :3, :3], axis1=1, axis2=2) * np.trace(motion[:, 3:, 3:], axis1=1, axis2=2))
    low, ratio = -high, 0.6180339887498949

    def depth(c: np.ndarray) -> np.ndarray:
        values = np.linalg.eigvalsh(base + c[:, None, None] * free)
        return np.where(np.arange(6) < (6 - rank)[:, None], 0.0, values).min(axis=1)

    a, b = high - ratio * (high - low), low + ratio * (high - low)
    at_a, at_b = depth(a), depth(b)
    for _ in range(40):  # golden section on a concave function, all groups at once
        left = at_a > at_b
        low, high = np.where(left, low, a), np.where(left, b, high)
        a, b = np.where(left, high - ratio * (high - low), b), np.where(left, a, low + ratio * (high - low))
        fresh = depth(np.where(left, a, b))
        at_a, at_b = np.where(left, fresh, at_b), np.where(left, at_a, fresh)
    return base + 0.5 * (low + high)[:, None, None] * free
