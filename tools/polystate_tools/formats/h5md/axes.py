"""Axes of H5MD trajectories: units, clocks that are shared or not, times, boxes and energies of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from polystate.artifacts.h5md import Element, H5md
from polystate.numbers.units import ANGSTROM, length_unit
from polystate.store.tree import Group
from polystate_tools.formats.errors import BadOption, NonFiniteRecord, WrongColumns
from polystate_tools.formats.report import ImportReport

TIME_UNITS = {"fs": "fs", "ps": "ps", "ns": "ns", "us": "us", "µs": "us", "ms": "ms", "s": "s"}
ENERGY_UNITS = {"kj/mol": "kJ/mol", "kj mol-1": "kJ/mol", "kcal/mol": "kcal/mol", "kcal mol-1": "kcal/mol", "ev": "eV",
                "hartree": "hartree"}  # fmt: skip
UNITS = ("angstrom", "nm", "pm", "bohr")
"""How a caller is told to name a unit of length; `polystate.artifacts.h5md` knows further spellings."""


def unit_of(element: Element, units: str | None) -> str:
    """The unit of a length: the file's, or the caller's where the file is silent; either in any usual spelling."""
    given = None if units is None else length_unit(units)
    if units is not None and given is None:
        raise BadOption("--units", units, "one of " + ", ".join(UNITS))
    if not element.unit:
        if given is None:
            # EXP-27
            raise BadOption("--units", f"nothing, and {element.where} states none", "one of " + ", ".join(UNITS))
        return given
    stated = length_unit(element.unit)
    if stated is None:
        raise WrongColumns(element.where, f"unit {element.unit!r}", "a unit of length: " + ", ".join(ANGSTROM))
    if given not in (None, stated):
        raise BadOption("--units", units, f"{stated}, which {element.where} states")
    return stated


def same_clock(one: Element, other: Element) -> bool:
    """Whether two elements are sampled at the same steps; without clocks, whether they have as many."""
    if one.n_steps != other.n_steps:
        return False
    both = [(one.step, other.step), (one.time, other.time)]
    return all(a is None or b is None or np.array_equal(a, b) for a, b in both)


def axis_of(file: H5md, group: str, element: Element, units: str | None, report: ImportReport) -> Group:
    """The axis of a clock, with times and the box where the file has them at these steps."""
    document: dict[str, Any] = {"length": element.n_steps}
    arrays: dict[str, np.ndarray] = {}
    if element.time is None:
        report.warn("no-times", "steps without times", [element.where])
    elif element.time_unit not in TIME_UNITS:
        report.lose(f"times of {element.where}", element.n_steps, f"unit {element.time_unit!r} is none of the format's")
    elif not np.isfinite(element.time).all():
        report.lose(f"times of {element.where}", element.n_steps, "not all are finite numbers")
    else:
        document["unit"], arrays["time"] = TIME_UNITS[element.time_unit], element.time
    edges = file.box(group)
    if edges is not None:
        box = _boxes(edges, steps_of(edges, element), units)
        if isinstance(box, str):
            report.lose(f"box of {group}", edges.n_steps, box)
        else:
            arrays["box"] = box
    return Group(document, arrays)


def _boxes(edges: Element, steps: list[int] | None, units: str | None) -> np.ndarray | str:
    """The box at each step in ångström, (n, 3, 3) float64, or why there is none."""
    if steps is None:
        return "it is stored at other steps than the positions"
    if edges.shape not in ((3,), (3, 3)) or edges.dataset.dtype.kind not in "fiu":
        shape = " by ".join(map(str, edges.shape)) or "no"
        return f"{shape} edges of {edges.dataset.dtype} are none of a box in three dimensions"
    factor = ANGSTROM[unit_of(edges, units)]
    frames = [np.asarray(edges.at(k), np.float64) * factor for k in steps]
    if not np.isfinite(frames).all():
        return "not all edges are finite numbers"
    return np.stack([np.diag(f) if f.ndim == 1 else f for f in frames])


def steps_of(element: Element, clock: Element) -> list[int] | None:
    """The row of an element at each step of another clock; None where it is not sampled there."""
    if not element.moves:
        return [0] * clock.n_steps
    if same_clock(element, clock):
        return list(range(clock.n_steps))
    if element.step is None or clock.step is None:
        return None
    place = {int(step): row for row, step in enumerate(element.step)}
    rows = [place.get(int(step)) for step in clock.step]
    return None if None in rows else [int(row) for row in rows if row is not None]


def energy_of(file: H5md, element: Element, tree: dict[str, Group], report: ImportReport, axis: str) -> None:
    group = tree[f"axes/{axis}"]
    first = next(iter(file.groups))
    steps = steps_of(element, file.position(first))
    unit = ENERGY_UNITS.get(element.unit.strip().casefold())
    if steps is None or element.shape or unit is None:
        found = f"shape {element.shape} a step, unit {element.unit!r}, {element.n_steps} steps"
        raise BadOption("--energy", found, "one number a step of the positions, in " + ", ".join(ENERGY_UNITS.values()))
    values = np.array([float(element.at(k)) for k in steps])
    if not np.isfinite(values).all():
        raise NonFiniteRecord(element.where, "NaN or infinity", "an energy for each step")
    tree[f"axes/{axis}"] = Group({**group.attributes, "energy_unit": unit}, {**group.arrays, "energy": values})
