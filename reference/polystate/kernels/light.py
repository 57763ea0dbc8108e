"""The Gaussian stack on whole columns in NumPy: for a single evaluation, which is over before numba is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polystate import evaluate
from polystate.descriptors import Descriptor
from polystate.evaluate import Request
from polystate.kernels.formulas import moved
from polystate.operators.parametric_gaussian import EIGHT_PI_SQUARED, symmetric

BLOCK = 4096  # atoms whose columns stay in the cache


def covariance(request: Request, levels: Sequence[Descriptor]) -> np.ndarray:
    """U_total (n, 3, 3) Å², as `evaluate.covariance`."""
    n = len(request.rows)
    six, rest = np.zeros((6, n)), np.zeros((1, 3, 3))
    for d in levels:
        if d.operator == "parametric_gaussian/iadp_v1":
            rows = np.flatnonzero(evaluate.condition_holds(d, d.array("condition"), request))
            mine, at = request.among(d.atom_rows[rows])
            active = evaluate.is_active(d, request)
            b = np.asarray(evaluate.on_axis(d, "b", request))[rows[mine]]
            six[:3] += np.bincount(at, active * b / EIGHT_PI_SQUARED, n)
        elif d.operator != "parametric_gaussian/tls_v1" or d.offset is not None:
            rest = rest + evaluate.level_covariance(d, request)
        elif evaluate.is_active(d, request):
            label = d.label_of_atom[request.rows]
            add_tls(evaluate.on_axis(d, "tls", request), label, request.dep.x_ref[request.rows], six)
    u = symmetric(six.T) + rest
    for _, at, turn, _ in evaluate.transforms(request):
        u[at] = turn @ u[at] @ np.swapaxes(turn, -1, -2)
    return u


def add_tls(rows: np.ndarray, label: np.ndarray, xyz: np.ndarray, six: np.ndarray) -> None:
    """Add U of one level to six (6, n): rows (G, 24), label (n,), -1 = none, xyz (n, 3) Å.

    U of an atom is T of its group's TLS, moved to where the atom stands."""
    columns = np.ascontiguousarray(np.vstack([rows, np.zeros((1, 24))]).T)  # the last row for atoms without a group
    for begin in range(0, len(label), BLOCK):
        here = slice(begin, begin + BLOCK)
        p = np.take(columns, label[here], axis=1)
        x, y, z = xyz[here].T - p[21:24]
        s11, s12, s13, s21, s22, s23, s31, s32 = p[12:20]
        arguments: Any = (x, y, z, *p[:12], s12, s13, s21, s23, s31, s32, s22 - s11, 2 * s11 + s22)
        for row, values in zip(six, moved(*arguments), strict=False):
            row[here] += p[20] * values
