"""H5MD files from depositions: coordinates along a sample axis, or draws."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polystate.deposition import Deposition
from polystate.numbers.philox import Draw
from polystate.store.outputs import file_target, replacing
from polystate_tools.formats.errors import BadOption
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.unknown import left_out

if TYPE_CHECKING:
    import h5py


def export_h5md(
    dep: Deposition,
    path: str | Path,
    *,
    axis: str | None = None,
    steps: Iterable[int] | None = None,
    draws: int = 0,
    seed: int = 0,
    state: Mapping[str, str] | None = None,
    at: Mapping[str, int] | None = None,
    overwrite: bool = False,
    **given: Any,
) -> ExportReport:
    """Write coordinates along a sample axis, or draws, as one particle group `all` in ångström, float64.

    axis: which one, where there are several; steps: which of its steps. draws: so many draws of one request instead."""
    import h5py

    path = Path(path)
    file_target(path, overwrite)  # before the work
    report = ExportReport(str(path), "h5md")
    dep = left_out(dep, report)
    if draws:
        frames = [dep.render(state, at, Draw(seed, k), **given) for k in range(draws)]
        numbers = list(range(draws))
        choice, clock = f"draws 0 to {draws - 1} of seed {seed}", None
    else:
        name = _one_axis(dep, axis)
        clock = dep.axis(name)
        numbers = [clock.step(k) for k in (range(clock.length) if steps is None else steps)]
        frames = [dep.render(state, {**(at or {}), name: k}, **given) for k in numbers]
        choice = f"{len(numbers)} steps of axis {name}"
    report.choice, report.models, report.records = choice, len(frames), len(frames) * dep.n_atoms
    absent = sum(int((~frame.present).sum()) for frame in frames)
    if absent:
        report.lose("presence", absent, "H5MD has every particle at every step; absent atoms keep coordinates")
    for d in dep.descriptors.values():
        if d.is_gaussian:
            report.lose(f"descriptors/{d.id}", 1, "H5MD has no covariances" + (", but draws show it" if draws else ""))
    with replacing(path, overwrite) as partial, h5py.File(partial, "w") as file:
        _write(file, dep, np.stack([f.xyz for f in frames]), np.array(numbers), clock, choice)
    return report


def _one_axis(dep: Deposition, axis: str | None) -> str:
    if axis is None and len(dep.axes) != 1:
        raise BadOption("--axis", "nothing", "one of " + (", ".join(dep.axes) or "no axes: use --draws"))
    return axis if axis is not None else next(iter(dep.axes))


def _write(file: h5py.File, dep: Deposition, xyz: np.ndarray, numbers: np.ndarray, clock: Any, choice: str) -> None:
    meta = file.create_group("h5md")
    meta.attrs["version"] = np.array([1, 1], np.int32)
    meta.create_group("author").attrs["name"] = "N/A"
    meta.create_group("creator").attrs.update({"name": "polystate", "version": importlib.metadata.version("polystate")})
    group = file.create_group("particles/all")
    group.attrs["comment"] = choice
    position = group.create_group("position")
    position.create_dataset("value", data=xyz, chunks=(1, *xyz.shape[1:])).attrs["unit"] = "Angstrom"
    position.create_dataset("step", data=numbers.astype(np.int64))
    coordinates = clock.coordinates if clock is not None else {}
    if "time" in coordinates:
        times = position.create_dataset("time", data=np.asarray(coordinates["time"], np.float64)[numbers])
        times.attrs["unit"] = clock.document.get("unit", "ps")
    if "energy" in coordinates:
        energy = file.create_group("observables/energy")
        values = energy.create_dataset("value", data=np.asarray(coordinates["energy"], np.float64)[numbers])
        values.attrs["unit"] = clock.document.get("energy_unit", "")
        energy["step"] = position["step"]
        if "time" in position:
            energy["time"] = position["time"]
    group.create_dataset("id", data=dep.hierarchy.atom_id)
    group.create_dataset("species", data=dep.hierarchy.column("atoms", "element"))
    box = group.create_group("box")
    boxes = np.asarray(coordinates["box"], np.float64)[numbers] if "box" in coordinates else None
    box.attrs.update({"dimension": np.int32(3), "boundary": np.array([b"none" if boxes is None else b"periodic"] * 3)})
    if boxes is not None:
        edges = box.create_group("edges")
        edges.create_dataset("value", data=boxes).attrs["unit"] = "Angstrom"
        edges["step"] = position["step"]
        if "time" in position:
            edges["time"] = position["time"]
