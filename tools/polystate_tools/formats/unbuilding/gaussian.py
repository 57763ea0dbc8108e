"""The U and B that each exported record carries, by policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polystate.deposition import Deposition
from polystate.evaluation import evaluate
from polystate.model.descriptor import ALWAYS, Descriptor
from polystate.numbers.tensors import EIGHT_PI_SQUARED, six_components, symmetric
from polystate.states import counting
from polystate.states.joint import Chosen
from polystate.states.scope_dag import INACTIVE, holds
from polystate_tools.formats.building.adp import B_DECIMALS
from polystate_tools.formats.errors import BadOption, CannotHold
from polystate_tools.formats.policies import POLICIES
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.unbuilding.listed import as_request
from polystate_tools.formats.unbuilding.restored import with_few_decimals

ATOMIC = ("parametric_gaussian/iadp_v1", "parametric_gaussian/aadp_v1")
TLS_OPERATOR = "parametric_gaussian/tls_v1"
DECIMALS = 7
"""Of U and B that are sums over levels, Å²."""
ISOTROPIC = 1e-9
"""Å²; a U closer to isotropic than this needs no ANISOU."""


@dataclass
class Adps:
    """b: (n,) Å², NaN = none; u: (n, 6) Å²; has_u: (n,) bool."""

    b: np.ndarray
    u: np.ndarray
    has_u: np.ndarray


def is_atomic(d: Descriptor) -> bool:
    """Whether a Gaussian descriptor is of the level atom (20.3), by whatever operator."""
    return bool(d.document["scope"].get("level") == "atom")


def levels_of(dep: Deposition, policy: str, report: ExportReport) -> list[Descriptor]:
    """The descriptors beside ADPs that the policy adds to these."""
    if policy not in POLICIES:
        raise BadOption("--gaussian", policy, "one of " + ", ".join(POLICIES))
    becomes = POLICIES[policy].others
    levels = evaluate.gaussian_levels(dep)
    others, added = [d for d in levels if d.operator not in ATOMIC], added_levels(dep, policy)
    if becomes == "refuse" and len(levels) > 1:
        raise CannotHold("--gaussian refuse", ", ".join(d.id for d in levels), "one Gaussian descriptor")  # EXP-38
    if becomes == "leave":
        for d in levels:
            if not is_atomic(d):
                report.lose(f"descriptor {d.id}", d.n_labels, "left out by --gaussian atomic-only")
        return added
    if becomes == "keep":
        if len(others) > 1 or any(d.operator != TLS_OPERATOR or d.axis or d.active_when != ALWAYS for d in others):
            names = ", ".join(d.id for d in others)
            raise CannotHold("--gaussian records", names, "at most one TLS level; use marginal")
        return added
    for d in others:
        report.lose(f"descriptor {d.id}", d.n_labels, "summed into U_total; which level it came from is not said")
    return added


def added_levels(dep: Deposition, policy: str) -> list[Descriptor]:
    """The descriptors beside ADPs whose U a policy adds to these."""
    becomes = POLICIES[policy].others
    others = [d for d in evaluate.gaussian_levels(dep) if d.operator not in ATOMIC and becomes != "keep"]
    return [d for d in others if becomes != "leave" or is_atomic(d)]


def adps_of_records(
    dep: Deposition,
    atom: np.ndarray,
    joint: np.ndarray,
    combinations: list[dict[int, int]],
    added: list[Descriptor],
    tls_u: np.ndarray | None,
    policy: str,
) -> Adps:
    """ADPs of records (n,) of atoms, each in one of the combinations of states.

    added: levels whose U is added, to the records in whose states they are in force; tls_u: (N, 6) Å² to add, or None.
    A B that contradicts the U of its record is written under the policy `records` only.
    """
    n = len(atom)
    u, has_row, anisotropic = np.zeros((n, 6)), np.zeros(n, bool), np.zeros(n, bool)
    b, given, deposited = np.full(n, np.nan), np.zeros(n, bool), np.full(n, np.nan)
    chosen = [Chosen(states) for states in combinations]
    for d in dep.descriptors.values():
        if d.operator in ATOMIC and d.is_gaussian and (policy != "atomic-only" or is_atomic(d)):
            row = _rows_of_records(dep, d, atom, joint, chosen)
            at = np.flatnonzero(row >= 0)
            has_row[at] = True
            if d.operator == ATOMIC[0]:
                values = d.array("b")[row[at]] + 0.0
                b[at] = np.where(np.isnan(b[at]), values, b[at] + values)
                u[at, :3] += (values / EIGHT_PI_SQUARED)[:, None]
            else:
                u[at] += six_components(d.turn_covariance(symmetric(d.array("u")[row[at]])))
                anisotropic[at] = True
                kept = d.group.arrays  # B as it was imported means nothing to readers, so a descriptor ignores it
                if "deposited_b" in kept:
                    given[at], deposited[at] = True, np.asarray(kept["deposited_b"])[row[at]]
    if added:
        more = np.zeros((n, 6))
        for d in added:
            of_level, in_force = _of_level(dep, d, combinations)
            here = in_force[joint] & d.covered[atom]
            more[here] += of_level[atom[here]]
            has_row |= here
        anisotropic |= np.abs(more - _isotropic(more)).max(axis=1, initial=0) > ISOTROPIC
        u = np.round(u + more, DECIMALS) + 0.0
    if tls_u is not None:
        u += tls_u[atom]
        for k in range(6):
            u[anisotropic, k] = with_few_decimals(u[anisotropic, k])
    trace = EIGHT_PI_SQUARED / 3 * u[:, :3].sum(axis=1)
    if added:
        b = np.where(has_row, np.round(trace, DECIMALS), np.nan)
    else:
        alone = has_row & ~anisotropic
        if tls_u is not None:
            b[alone] = with_few_decimals(trace[alone])
        b[anisotropic] = np.round(trace[anisotropic], B_DECIMALS)
    if policy == "records":
        b = np.where(given, deposited, b)
    return Adps(b, u, anisotropic & has_row)


def _of_level(dep: Deposition, d: Descriptor, combinations: list[dict[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """U (N, 6) Å² of a level where it is in force, and in which of the combinations of states it is (C,) bool."""
    if d.active_when == ALWAYS:
        return six_components(dep.covariance(levels=[d.id])), np.ones(len(combinations), bool)
    active = dep.conditions(d)[d.active_when]
    involved = sorted(counting.ancestors(dep.states.dag, {clause.variable for clause in active}))
    states = next((joint for joint, _ in dep.states.combinations(tuple(involved)) if holds(active, joint)), None)
    if states is None:
        return np.zeros((dep.n_atoms, 6)), np.zeros(len(combinations), bool)
    asked = as_request(dep, {v: state for v, state in states.items() if state != INACTIVE})
    in_force = np.array([holds(active, Chosen(found)) for found in combinations], bool)
    return six_components(dep.covariance(asked, levels=[d.id])), in_force


def _rows_of_records(dep: Deposition, d: Descriptor, atom, joint, chosen) -> np.ndarray:
    """(n,) the row of a descriptor that holds for each record, -1 = none."""
    row = np.full(len(atom), -1, np.int64)
    numbers, rows_of_atom = np.asarray(d.array("condition")), np.asarray(d.atom_rows)
    plain = np.full(dep.n_atoms, -1, np.int64)
    always = np.flatnonzero(numbers == ALWAYS)
    plain[rows_of_atom[always]] = always
    row[:] = plain[atom]
    conditional: dict[int, list[tuple[int, int]]] = {}
    for k in np.flatnonzero(numbers != ALWAYS).tolist():
        conditional.setdefault(int(rows_of_atom[k]), []).append((int(numbers[k]), k))
    if conditional:
        conditions = dep.conditions(d)
        for k in np.flatnonzero(np.isin(atom, list(conditional))).tolist():
            for number, at in conditional[int(atom[k])]:
                if holds(conditions[number], chosen[joint[k]]):
                    row[k] = at
    if d.active_when != ALWAYS:
        active = dep.conditions(d)[d.active_when]
        row[~np.array([holds(active, states) for states in chosen], bool)[joint]] = -1
    return row


def _isotropic(six: np.ndarray) -> np.ndarray:
    made = np.zeros_like(six)
    made[:, :3] = six[:, :3].mean(axis=1, keepdims=True)
    return made


def covered_in(dep: Deposition, request: evaluate.Request, levels: Sequence[str]) -> np.ndarray:
    """(N,) bool: atoms of which one of some Gaussian levels says something in a joint state."""
    made = np.zeros(dep.n_atoms, bool)
    for d in map(dep.descriptors.__getitem__, levels):
        if not evaluate.is_in_force(d, request):
            continue
        if d.has("condition"):
            made[d.atom_rows[evaluate.condition_holds(d, d.array("condition"), request)]] = True
        else:
            made |= d.covered
    return made


def adps_of_covariance(u: np.ndarray, covered: np.ndarray) -> Adps:
    """ADPs of evaluated covariances. u: (n, 3, 3) Å²; covered: (n,) bool, no B without; an isotropic U needs no
    ANISOU."""
    six = np.round(six_components(u), DECIMALS) + 0.0
    apart = np.abs(six - _isotropic(six)).max(axis=1, initial=0)
    b = np.round(EIGHT_PI_SQUARED / 3 * six[:, :3].sum(axis=1), DECIMALS)
    return Adps(np.where(covered, b, np.nan), six, apart > ISOTROPIC)
