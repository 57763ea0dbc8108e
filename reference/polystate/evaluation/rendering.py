"""Renderings of a deposition: coordinates, presence, and what they were made from; one, or one a step of axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from polystate.errors import BadRequest
from polystate.evaluation import evaluate
from polystate.evaluation.backend import Displacing
from polystate.evaluation.naming import indefinite_atoms
from polystate.evaluation.request import State, refuse_others, request
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.numbers.philox import Draw
from polystate.numbers.positive import checked_psd, indefinite

POLICIES = ("sample_per_step", "mean")


@dataclass(frozen=True)
class Snapshot:
    """One rendering: coordinates of the atoms asked for, and what they were made from.

    xyz, mean: (n, 3) float64 ångström; present: (n,) bool; atom_id: (n,) uint32; state: the joint state by name;
    at: the step on each axis; psd: how indefinite covariances were treated; clipped: whether the covariance that a
    displacement was drawn from was changed because no motion has it ([COV-12])."""

    xyz: np.ndarray
    mean: np.ndarray
    present: np.ndarray
    atom_id: np.ndarray
    state: Mapping[str, str]
    at: Mapping[str, int]
    psd: str
    request: evaluate.Request
    clipped: bool = False

    def __repr__(self) -> str:
        parts = [f"{int(self.present.sum())} of {len(self.present)} atoms"]
        if len(self.state) > 3:
            parts.append(f"{len(self.state)} states")
        parts += [f"{k}={v}" for k, v in ({} if len(self.state) > 3 else self.state).items()]
        parts += [f"{axis}={step}" for axis, step in self.at.items()]
        draw = self.request.draw
        parts.append("no draw" if draw is None else f"draw {draw.seed}:{draw.index}")
        return "Snapshot: " + ", ".join(parts)

    @cached_property
    def covariance(self) -> np.ndarray:
        """U_total of the same atoms in the same joint state, (n, 3, 3) Å²."""
        return evaluate.covariance(self.request)


def render(
    dep: Model,
    state: State | None = None,
    at: Mapping[str, int] | None = None,
    draw: Draw | None = None,
    atoms: Sequence[int] | str | None = None,
    psd: str = "refuse",
    **given: Any,
) -> Snapshot:
    """Coordinates and presence of a joint state: the given one, a drawn one, or the most populated."""
    checked_psd(psd)
    return _snapshot(request(dep, state, at, draw, atoms, **given), psd, evaluate.gaussian_levels(dep))


def _snapshot(asked: evaluate.Request, psd: str, sampled: Sequence[Descriptor]) -> Snapshot:
    dep = asked.dep
    middle = evaluate.mean(asked)
    xyz, clipped = middle, False
    if asked.draw is not None and sampled:
        displacing, clipped = _displacing(asked, psd, sampled)
        xyz = displacing(asked.draw)
        xyz += middle
    ids, labels = dep.hierarchy.atom_id[asked.rows], dep.states.labels(asked.joint)
    return Snapshot(xyz, middle, evaluate.present(asked), ids, labels, asked.steps, psd, asked, clipped)


def _displacing(asked: evaluate.Request, psd: str, sampled: Sequence[Descriptor]) -> tuple[Displacing, bool]:
    """From a draw to displacements, and whether some U was clipped; the next draw of the same state finds them made."""

    def made() -> tuple[Displacing, bool]:
        u = evaluate.covariance(asked, sampled)
        keys = asked.dep.hierarchy.draw_key[asked.rows]
        clipped = psd == "clip" and len(indefinite(u)) > 0
        with indefinite_atoms(asked.dep, asked.rows, u):
            return asked.backend.displacing(u, keys, "hierarchy/atoms", psd), clipped

    key = (asked.joint, asked.rows, asked.steps, asked.backend.name, psd, [d.id for d in sampled])  # U hangs on no more
    return asked.dep.recent.get("displacing", key, made)


def iterate(
    dep: Model,
    names: Sequence[str],
    steps: slice | None = None,
    at: Mapping[str, int] | None = None,
    draw: Draw | None = None,
    state: State | None = None,
    policies: Mapping[str, str] | None = None,
    psd: str = "refuse",
    **given: Any,
) -> Iterator[Snapshot]:
    """Snapshots along one or several sample axes, in row-major order over the names in ascending order."""
    checked_psd(psd)
    names = sorted(names)
    for name in names:
        if name in (at or {}):
            raise BadRequest("iterate", name, "axes that `at` does not fix")  # ERR-7
    lengths = [dep.axis(name, "iterate").length for name in names]
    total, levels = math.prod(lengths), evaluate.gaussian_levels(dep)
    check_policies(dep, policies)
    sampled = [d for d in levels if broadcast_policy(d, policies) == "sample_per_step"]
    for k in range(total)[steps] if steps is not None else range(total):
        place, left = dict(at or {}), k
        for name, length in zip(reversed(names), reversed(lengths), strict=True):
            left, place[name] = divmod(left, length)
        own = None if draw is None else _draw_of_step(draw, total, k)
        yield _snapshot(request(dep, state, place, own, **given), psd, sampled)


def _draw_of_step(draw: Draw, total: int, k: int) -> Draw:
    """The draw of step k of an iteration over `total` steps ([AXI-15]); a draw refuses what is too large ([AXI-17])."""
    return Draw(draw.seed, draw.index * total + k)


def check_policies(dep: Model, policies: Mapping[str, str] | None) -> None:
    """Refuse policies that are none, or of descriptors that have none."""
    refuse_others("policies", policies or {}, [d.id for d in evaluate.gaussian_levels(dep)])
    for name, policy in (policies or {}).items():
        if policy not in POLICIES:
            raise BadRequest(f"policies/{name}", repr(policy), " or ".join(POLICIES))


def broadcast_policy(d: Descriptor, policies: Mapping[str, str] | None = None) -> str:
    """How a Gaussian descriptor takes part in iterated draws: given, its own, or its operator's default."""
    if d.axis is not None:
        return "sample_per_step"
    own = (policies or {}).get(d.id) or d.document.get("broadcast_policy")
    return own or d.procedure.default_policy()
