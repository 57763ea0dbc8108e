"""U_total of 6vxx under five levels: ours, beside cctbx and gemmi doing the same sums, and NumPy written plainly.

Parameters change before each repetition, and every program tests its result for positive semi-definiteness except
the peers, which have no such test."""

from __future__ import annotations

try:  # before scipy, or it crashes
    from cctbx.array_family import flex
    from mmtbx_tls_ext import tlso, uaniso_from_tls_one_group
    from scitbx import matrix  # noqa: F401  registers tuples as matrices
except ImportError:
    flex = None

import time
from typing import Any

import inputs
import measure
import numpy as np

from polystate import Deposition
from polystate.evaluation import evaluate
from polystate.numbers.positive import indefinite
from polystate.numbers.tensors import EIGHT_PI_SQUARED, symmetric
from polystate.operators.parametric_gaussian.tls_v1 import screw

DEGREES = 180 / np.pi
NAME = "U_total of 6vxx, five levels, warm, processor time"


def main(quick: bool) -> list[dict[str, Any]]:
    """The table of times, and the largest difference between programs."""
    dep = Deposition(inputs.protein())
    levels = evaluate.gaussian_levels(dep)
    request = dep.request(backend="numpy")
    plan = dep.plan()
    out, copy = np.empty((dep.n_atoms, 3, 3)), np.empty((dep.n_atoms, 3, 3))
    stored = dep.tree["descriptors/domain"].arrays["tls"]

    def change() -> None:
        stored[:, 20] *= 1.0001
        plan.parameters["domain"][:, 20] *= 1.0001

    def ours() -> np.ndarray:
        plan.covariance(out)
        plan.indefinite()
        return out

    def plain() -> np.ndarray:
        u = evaluate.covariance(request, levels)
        indefinite(u)
        return u

    tasks = {"polystate (numba, plan)": ours, "polystate (NumPy, readable)": plain}
    tasks["copy of the result"] = lambda: np.copyto(copy, out)
    if flex is not None:
        tasks["cctbx (mmtbx.tls)"] = cctbx_task(dep)
    if not quick:
        tasks["gemmi (calculate_u_from_tls)"] = gemmi_task(dep)
    change()
    reference = plain()
    differences = {
        name: float(np.abs(task() - reference).max() / np.abs(reference).max())
        for name, task in tasks.items()
        if "copy" not in name
    }
    seconds = measure.alternate(tasks, 5 if quick else 15, change, clock=time.process_time)
    bounds = {"polystate (NumPy, readable)": 100, "copy of the result": 0.2, "cctbx (mmtbx.tls)": 20}
    bounds = {name: least for name, least in bounds.items() if name in tasks}
    notes = [f"largest difference from NumPy, relative: {name} {d:.1e}" for name, d in differences.items()]
    notes += [] if flex is not None else ["skipped: cctbx-base is not installed"]
    return [measure.record(NAME, seconds, "polystate (numba, plan)", bounds, notes=notes)]


def cctbx_task(dep: Deposition) -> measure.Task:
    """The same sum with mmtbx: one call a group and level, then the isotropic part; T Å², L deg², S Å deg."""
    x_ref = dep.x_ref
    calls = []
    for d in evaluate.gaussian_levels(dep):
        if d.operator == "parametric_gaussian/tls_v1":
            order = np.argsort(d.label_of_atom, kind="stable")
            begin = np.searchsorted(d.label_of_atom[order], np.arange(d.n_labels + 1))
            for g in range(d.n_labels):
                rows = order[begin[g] : begin[g + 1]]
                calls.append((d.id, g, rows, flex.vec3_double(np.ascontiguousarray(x_ref[rows]))))
    b = dep.descriptors["atomic"].array("b")

    def run() -> np.ndarray:
        total = np.zeros((dep.n_atoms, 6))
        numbers = {}
        for name in {name for name, *_ in calls}:
            tls = dep.descriptors[name].array("tls")
            a = tls[:, 20:21]
            numbers[name] = (
                (a * tls[:, 0:6]).tolist(),
                (a * tls[:, 6:12] * DEGREES**2).tolist(),
                (a * screw(tls[:, 12:20]).reshape(-1, 9) * DEGREES).tolist(),
                tls[:, 21:24].tolist(),
            )
        for name, g, rows, sites in calls:
            t, lib, s, origin = (x[g] for x in numbers[name])
            u = uaniso_from_tls_one_group(
                tlso=tlso(t=t, l=lib, s=s, origin=origin), sites_cart=sites, zeroize_trace=False
            )
            total[rows] += u.as_double().as_numpy_array().reshape(-1, 6)
        full = symmetric(total)
        full[:, [0, 1, 2], [0, 1, 2]] += (b / EIGHT_PI_SQUARED)[:, None]
        return full

    return run


def gemmi_task(dep: Deposition) -> measure.Task:
    """The same sum with gemmi: one call an atom and level."""
    import gemmi

    positions = [gemmi.Position(*row) for row in dep.x_ref.tolist()]
    levels = [d for d in evaluate.gaussian_levels(dep) if d.operator == "parametric_gaussian/tls_v1"]
    labels = [d.label_of_atom.tolist() for d in levels]
    b = dep.descriptors["atomic"].array("b")

    def run() -> np.ndarray:
        total = np.zeros((dep.n_atoms, 6))
        for d, label in zip(levels, labels, strict=True):
            tls = d.array("tls")
            groups = [gemmi_group(row) for row in tls]
            found = [gemmi.calculate_u_from_tls(groups[g], p) for g, p in zip(label, positions, strict=True)]
            total += [u.elements_pdb() for u in found]
        full = symmetric(total)
        full[:, [0, 1, 2], [0, 1, 2]] += (b / EIGHT_PI_SQUARED)[:, None]
        return full

    return run


def gemmi_group(row: np.ndarray) -> Any:
    """A TLS row as gemmi keeps it: L in deg², S in Å deg."""
    import gemmi

    group, a = gemmi.TlsGroup(), row[20]
    group.T = gemmi.SMat33d(*(a * row[0:6]))
    group.L = gemmi.SMat33d(*(a * DEGREES**2 * row[6:12]))
    group.S = gemmi.Mat33((a * DEGREES * screw(row[12:20])).tolist())
    group.origin = gemmi.Position(*row[21:24])
    return group


if __name__ == "__main__":
    for found in main(False):
        print(measure.text(found))
