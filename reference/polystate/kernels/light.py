"""The Gaussian stack on whole columns in NumPy: for a single evaluation, which is over before numba is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polystate.evaluation import evaluate
from polystate.evaluation.evaluate import Request
from polystate.kernels.formulas import moved, translation
from polystate.model.descriptor import Descriptor
from polystate.numbers.tensors import EIGHT_PI_SQUARED, VOIGT, symmetrised
from polystate.structure.ground import Ground

BLOCK = 2048  # atoms whose columns stay in the cache
ISOTROPIC = "parametric_gaussian/iadp_v1"  # whose rows are added as numbers
MANY = 1 << 62  # combinations that fit into one number


def covariance(request: Request, levels: Sequence[Descriptor]) -> np.ndarray:
    """U_total (n, 3, 3) Å², as `evaluate.covariance`."""
    n = len(request.rows)
    iso, rest = np.zeros(n), np.zeros((1, 3, 3))
    together: list[tuple[np.ndarray | None, np.ndarray]] = []
    for d in levels:
        if d.operator == ISOTROPIC:
            rows = np.flatnonzero(evaluate.condition_holds(d, d.array("condition"), request))
            mine, at = request.among(d.atom_rows[rows])
            active = evaluate.is_active(d, request)
            b = request.dep.parameter_rows(d, rows[mine])
            iso += np.bincount(at, active * b / EIGHT_PI_SQUARED, n)
        elif d.procedure.placed != "groups" or d.offset is not None:
            rest = rest + evaluate.level_covariance(d, request)
        elif evaluate.is_in_force(d, request):
            active = evaluate.is_active(d, request)
            together.append(
                (np.asarray(evaluate.on_axis(d, d.procedure.parameter, request)) if active else None, d.label_of_atom)
            )
    if together or n == request.dep.n_atoms:
        u = sum_of_levels(together, request.dep, request.rows, iso)
    else:  # few atoms, and no position is needed
        u = np.zeros((n, 3, 3))
        u[:, [0, 1, 2], [0, 1, 2]] = iso[:, None]
    if rest.any():
        u += rest
    for _, at, turn, _ in evaluate.transforms(request):
        u[at] = symmetrised(turn @ u[at] @ np.swapaxes(turn, -1, -2))
    return u


def sum_of_levels(
    levels: Sequence[tuple[np.ndarray | None, np.ndarray]], ground: Ground, atoms: np.ndarray, iso: np.ndarray
) -> np.ndarray:
    """U (n, 3, 3) of TLS levels (rows (G, 24), label (N,), -1 = none) and isotropic U (n,) of some atoms (n,).

    rows: None where a level has none of the atoms. The levels are added up for each combination of groups, about the
    mean position of all its atoms, which are read; U of an atom is T of its combination's sum, moved to where the atom
    stands."""
    u = np.empty((len(iso), 3, 3))
    number, first = combinations([label for _, label in levels], ground.n_atoms)
    mates, some = atoms, len(atoms) < ground.n_atoms
    if some:
        used = np.unique(number[atoms])
        mates = np.flatnonzero(np.isin(number, used))
        first, number = first[used], np.searchsorted(used, number[mates])
    xyz, count = ground.x_ref_of(mates) if some else ground.x_ref, np.bincount(number)
    centre = np.stack([np.bincount(number, x) / count for x in xyz.T])
    if some:
        mine = np.searchsorted(mates, atoms)
        number, xyz = number[mine], xyz[mine]
    total = np.zeros((20, len(first)))
    for rows, label in levels:
        g = label[first]
        p = np.ascontiguousarray(rows[g].T) if rows is not None and len(rows) else np.zeros((24, len(g)))
        s11, s12, s13, s21, s22, s23, s31, s32 = p[12:20]
        arguments: Any = (*(centre - p[21:24]), *p[:12], s12, s13, s21, s23, s31, s32, s22 - s11, 2 * s11 + s22)
        amplitude = np.where(g >= 0, p[20], 0.0)
        for row, values in zip(total, moved(*arguments), strict=True):
            row += amplitude * values
    for begin in range(0, len(number), BLOCK):
        here = slice(begin, begin + BLOCK)
        c = number[here]
        six: Any = translation(*(xyz[here].T - np.take(centre, c, axis=1)), *np.take(total, c, axis=1))
        for k, (i, j) in enumerate(VOIGT):
            u[here, i, j] = u[here, j, i] = six[k] + iso[here] if i == j else six[k]
    return u


def combinations(labels: Sequence[np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    """n atoms by the groups that they are in: the combination of each, (n,), and one atom of each, (C,)."""
    number, many = np.zeros(n, np.int64), 1
    for label in labels:
        size = 2 + int(label.max(initial=-1))
        if many * size > MANY:
            number = np.unique(number, return_inverse=True)[1]
            many = 1 + int(number.max(initial=0))
        number, many = number * size + label + 1, many * size
    _, first, number = np.unique(number, return_index=True, return_inverse=True)
    return number, first
