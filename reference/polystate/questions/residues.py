"""Moments a residue: how far it spreads by stack, in how many conformers it stands, how even these are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from polystate.evaluation.moments import STATES, Moments, moments
from polystate.evaluation.setting import Setting
from polystate.states.expectations import Law, Variables

MOST = np.iinfo(np.int64).max  # as many conformers are counted


@dataclass(frozen=True)
class ResidueMoments:
    """One entry a residue of the hierarchy, arrays (R,).

    presence: the mean probability of its atoms to be present. rmsf: √(mean of the trace of their covariance) in
    ångström, over the atoms that can be present; NaN where there is none, or where U that is not positive makes the
    mean negative. rmsf_axes, rmsf_states, rmsf_components, rmsf_u: the same of what steps, joint states, drawn
    components and U add; their squares sum to that of rmsf.
    conformers: how many joint states of the variables that move its atoms, or take them away, have a probability above
    0; entropy: of these, -Σ p ln p, in nats."""

    presence: np.ndarray
    rmsf: np.ndarray
    rmsf_axes: np.ndarray
    rmsf_states: np.ndarray
    rmsf_components: np.ndarray
    rmsf_u: np.ndarray
    conformers: np.ndarray
    entropy: np.ndarray


def residue_moments(setting: Setting) -> ResidueMoments:
    """The moments of a setting of all atoms, residue by residue."""
    found = moments(setting)
    h = setting.request.dep.hierarchy
    residue, size = h.of_atoms("residue"), h.size("residue")
    there = found.presence > 0
    count = np.bincount(residue[there], minlength=size)

    def rmsf(stack: str) -> np.ndarray:
        mine = [k for k, name in enumerate(found.parts) if stack in ("", _stack(setting, name))]
        square = np.trace(found.by_part[mine].sum(axis=0), axis1=1, axis2=2)
        total = np.bincount(residue[there], square[there], minlength=size)
        return np.sqrt(np.where((count > 0) & (total >= 0), total, np.nan) / np.maximum(count, 1))

    conformers, entropy = _conformers(setting)
    return ResidueMoments(
        presence=_mean_presence(found, residue, size),
        rmsf=rmsf(""),
        rmsf_axes=rmsf("axes"),
        rmsf_states=rmsf(STATES),
        rmsf_components=rmsf("components"),
        rmsf_u=rmsf("u"),
        conformers=conformers,
        entropy=entropy,
    )


def _stack(setting: Setting, part: str) -> str:
    """Which stack a part belongs to: axes, states, components, u."""
    layer, _, name = part.partition("/")
    if layer != "descriptors":
        return layer
    return "u" if setting.request.dep.descriptors[name].is_gaussian else "components"


def _mean_presence(found: Moments, residue: np.ndarray, size: int) -> np.ndarray:
    atoms = np.bincount(residue, minlength=size)
    return np.bincount(residue, found.presence, minlength=size) / np.maximum(atoms, 1)


def _conformers(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """How many states the variables of each residue have together, and their entropy in nats."""
    h = setting.request.dep.hierarchy
    residue, size = h.of_atoms("residue"), h.size("residue")
    variables: list[set[int]] = [set() for _ in range(size)]
    for d in setting.request.dep.descriptors.values():
        if d.is_discrete and d.signal_type != "unknown":
            variable = np.where(d.covered[setting.request.rows], setting.variable_of_atom(d), -1)
            for r, v in np.unique(np.stack([residue, variable]), axis=1).T.tolist():
                variables[r] |= {v} - {-1}
    known: dict[Variables, tuple[int, float]] = {}
    for found in map(_key, variables):
        if found not in known:
            parts = [_of_law(setting.law, part) for part in _apart(setting.law, found)]
            known[found] = int(np.prod([n for n, _ in parts], dtype=object)), float(sum(s for _, s in parts))
    counts = [known[_key(found)] for found in variables]
    return np.array([min(n, MOST) for n, _ in counts], np.int64), np.array([s for _, s in counts], np.float64)


def _key(variables: set[int]) -> Variables:
    return tuple(sorted(variables))


def _apart(law: Law, variables: Variables) -> Iterator[Variables]:
    """The same variables in parts that are independent of each other."""
    rest = list(variables)
    while rest:
        mine = [v for v in rest if not law.apart([rest[0]], [v])]
        rest = [v for v in rest if v not in mine]
        yield tuple(mine)


def _of_law(law: Law, variables: Variables) -> tuple[int, float]:
    p = law.probability(variables).reshape(-1)
    p = p[p > 0]
    return len(p), float(-(p * np.log(p)).sum()) + 0.0
