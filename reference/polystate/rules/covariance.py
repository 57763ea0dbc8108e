"""Gaussian disorder (chapter 8): TLS that is normalised, ADPs that are not counted twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate.errors import (
    AdpCountedTwice,
    PolystateError,
    TlsNotNormalised,
)
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model

TOLERANCE = 1e-6  # of the mean of Tr U / 3 of a group, relative to its amplitude


def tls_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[TLS-5] Amplitude and matrices that contradict each other."""
    steps = d.array("tls") if d.axis is not None else d.array("tls")[None]
    group, xyz = d.label_of_atom.astype(np.int64), d.ground.x_ref
    if (group < 0).any() or (group[1:] < group[:-1]).any():
        order = np.argsort(group, kind="stable")[np.count_nonzero(group < 0) :]
        group, xyz = group[order], xyz[order]
    counts = np.bincount(group, minlength=d.n_labels)
    xyz = d.to_fitted(xyz)
    for step, tls in enumerate(steps):
        mean = _mean_trace(tls, group, xyz, counts) / 3
        off = (tls[:, 20] != 0) & (counts > 0) & (np.abs(mean - 1) > TOLERANCE)
        stray = (tls[:, 20] == 0) & (tls[:, :20] != 0).any(axis=1)
        for row in np.flatnonzero(off | stray)[:1]:
            place = f"{d.path}/tls[{row}]" if d.axis is None else f"{d.path}/tls[{step}][{row}]"
            if stray[row]:
                yield TlsNotNormalised(place, "amplitude 0 with T, L or S", "T = L = S = 0")
            else:
                yield TlsNotNormalised(place, f"mean trace / 3 of {mean[row]:.9g}", "1 within 1e-6")
            return


def _mean_trace(tls: np.ndarray, group: np.ndarray, xyz: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean of Tr(T + K L Kᵀ + K S + Sᵀ Kᵀ) of each group's atoms, (G,), from means of r and r rᵀ.

    group: (n,) ascending; xyz: (n, 3) Å."""
    some = np.flatnonzero(counts)
    begin = (np.cumsum(counts) - counts)[some]

    def mean(values: np.ndarray) -> np.ndarray:
        means = np.zeros(len(tls))
        if len(some):
            means[some] = np.add.reduceat(values, begin) / counts[some]
        return means

    x, y, z = (values - tls[group, 21 + k] for k, values in enumerate(xyz.T))
    xx, yy, zz = mean(x * x), mean(y * y), mean(z * z)
    xy, xz, yz = mean(x * y), mean(x * z), mean(y * z)
    x, y, z = mean(x), mean(y), mean(z)
    l11, l22, l33, l12, l13, l23 = tls[:, 6:12].T
    _, s12, s13, s21, _, s23, s31, s32 = tls[:, 12:20].T
    turned = (yy + zz) * l11 + (xx + zz) * l22 + (xx + yy) * l33
    mixed = xy * l12 + xz * l13 + yz * l23
    screwed = x * (s32 - s23) + y * (s13 - s31) + z * (s21 - s12)
    return tls[:, 0:3].sum(axis=1) + turned - 2 * mixed + 2 * screwed


def adp_errors(dep: Model, found: list[Descriptor]) -> Iterator[PolystateError]:
    """[ADP-7] ADPs that hold the total, beside another Gaussian descriptor of the same atom."""
    for d in found:
        if d.document.get("adp_content") == "total":
            for other in found:
                shared = np.flatnonzero(d.covered & other.covered) if other is not d else np.zeros(0)
                if len(shared):
                    atom = int(dep.hierarchy.atom_id[shared[0]])
                    expected = "adp_content residual, or no other Gaussian descriptor"
                    yield AdpCountedTwice(d.path, f"total beside {other.id} on atom_id {atom}", expected)
                    return
