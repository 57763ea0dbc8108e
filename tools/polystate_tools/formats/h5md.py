"""H5MD trajectories with a topology: into depositions and back.

    tree, report = import_h5md("run.h5md", "run.pdb")
    report = export_h5md(polystate.open("run.zarr"), "out.h5md", steps=range(0, 100, 10))

An importer that is told nothing guesses nothing: a silent file needs `units`, several particle groups need the atoms
that each of them is."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polystate.deposition import Deposition
from polystate.errors import AlreadyExists, ArtifactMismatch, MissingArtifact
from polystate.h5md import ANGSTROM, Element, H5md, length_unit
from polystate.store import FORMAT_VERSION, Group, Tree
from polystate_tools.formats import validated
from polystate_tools.formats.errors import BadOption, NonFiniteRecord, UnreadableFile, WrongColumns
from polystate_tools.formats.h5md_write import export_h5md
from polystate_tools.formats.report import ImportReport

__all__ = ["export_h5md", "import_h5md", "place_beside"]

TIME_UNITS = {"fs": "fs", "ps": "ps", "ns": "ns", "us": "us", "µs": "us", "ms": "ms", "s": "s"}
ENERGY_UNITS = {"kj/mol": "kJ/mol", "kj mol-1": "kJ/mol", "kcal/mol": "kcal/mol", "kcal mol-1": "kcal/mol", "ev": "eV",
                "hartree": "hartree"}  # fmt: skip
UNREAD = ("velocity", "force", "forces", "momentum", "image", "species", "mass", "charge", "id")


def import_h5md(
    path: str | Path,
    topology: str | Path | Tree,
    *,
    units: str | None = None,
    atoms: Mapping[str, str] | None = None,
    external: bool = False,
    energy: str | None = None,
    keep: Iterable[str] = (),
    axis: str = "frame",
) -> tuple[Tree, ImportReport]:
    """The deposition of a trajectory, and the account of the import.

    topology: a structure file, or a tree, whose atoms are the particles in the same order. units: of positions and box,
    where the file is silent. atoms: particle group to a selection of the topology's atoms (polystate.selection), where
    the file has several groups. external: the file stays where it is, pinned by hash; it has to lie beside the store.
    energy: path of an observable below /observables that is the energy of each step. keep: ids of descriptors of the
    topology that are taken over."""
    path = Path(path)
    base = _topology(topology)
    dep = Deposition(base)
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UnreadableFile(str(path), error.strerror or error, "a file that can be read") from error
    report = ImportReport(source=path.name, format="h5md", sha256=sha256, atoms=dep.n_atoms)
    tree: dict[str, Group] = {p: base[p] for p in base if p.split("/")[0] in ("hierarchy", "reference", "groupings")}
    tree[""] = Group({"format_version": FORMAT_VERSION, **dep.document})
    _keep(base, dep, tree, set(keep), report)
    try:
        with H5md(path, path.name) as file:
            _trajectories(file, dep, tree, report, path, sha256, units, atoms, external, axis)
            _observables(file, tree, report, energy, axis)
    except (ArtifactMismatch, MissingArtifact) as error:
        raise UnreadableFile(error.where, error.found, error.expected) from error
    choices = {"units": units, "atoms": dict(atoms or {}) or None, "external": external, "energy": energy}
    tree["provenance/import"] = Group({
        "kind": "import", "software": [{"name": "polystate", "version": importlib.metadata.version("polystate")}],
        "choices": {k: v for k, v in choices.items() if v is not None}, "losses": report.losses,
        "inputs": [{"name": path.name, "sha256": sha256, "format": "h5md"}]})  # fmt: skip
    return validated(tree, path.name), report


def _topology(topology: str | Path | Tree) -> Tree:
    if isinstance(topology, (str, Path)):
        from polystate_tools.formats import import_file

        return import_file(topology)[0]
    return topology


def _keep(base: Tree, dep: Deposition, tree: dict[str, Group], keep: set[str], report: ImportReport) -> None:
    """Take over the descriptors that the caller names; the trajectory replaces the others."""
    unknown = keep - set(dep.descriptors)
    if unknown:
        known = ", ".join(dep.descriptors) or "none"
        raise BadOption("--keep", ", ".join(sorted(unknown)), f"descriptors of the topology: {known}")
    for d in dep.descriptors.values():
        if d.id in keep:
            tree[d.path] = base[d.path]
            if d.document.get("provenance"):
                tree[f"provenance/{d.document['provenance']}"] = base[f"provenance/{d.document['provenance']}"]
    dropped = [d.id for d in dep.descriptors.values() if d.id not in keep]
    if dropped:
        what = "descriptors of the topology: " + ", ".join(dropped)
        report.lose(what, len(dropped), "the trajectory says where atoms are")


def _trajectories(
    file: H5md, dep: Deposition, tree: dict[str, Group], report: ImportReport, path: Path, sha256: str,
    units: str | None, atoms: Mapping[str, str] | None, external: bool, axis: str,
) -> None:  # fmt: skip
    """One descriptor a particle group; groups with the same clock share an axis."""
    clocks: list[tuple[str, Element]] = []
    taken = np.zeros(dep.n_atoms, bool)
    for name in _groups(file, atoms):
        element = file.position(name)
        rows = dep.hierarchy.rows_of(dep.select(atoms[name]), name) if atoms else np.arange(dep.n_atoms)
        if element.shape[0] != len(rows):
            found = f"{element.shape[0]} particles"
            raise WrongColumns(element.where, found, f"{len(rows)}, as many as atoms of the topology")
        if taken[rows].any():
            raise BadOption("--atoms", name, "groups that have no atom in common")
        taken[rows] = True
        unit = _unit(element, units)
        known = next((a for a, other in clocks if _same_clock(other, element)), None)
        if known is None:
            known = axis if not clocks else f"{axis}-{_id(name)}"
            clocks.append((known, element))
            tree[f"axes/{known}"] = _axis(file, name, element, units, report)
        document: dict[str, Any] = {
            "id": f"trajectory-{_id(name)}" if atoms else "trajectory", "regime": "trajectory",
            "mode": "C" if external else "A", "scope": {"level": "atom"}, "signal_type": "coordinates",
            "algebra": "independent", "sample_axis": known, "provenance": "import",
        }  # fmt: skip
        arrays: dict[str, np.ndarray] = {"atom_id": dep.hierarchy.atom_id[rows]}
        if external:
            document |= _external(path, sha256, unit, name)
        else:
            arrays["xyz"] = _inline(element, ANGSTROM[unit])
        tree[f"descriptors/{document['id']}"] = Group(document, arrays)
        report.read += element.shape[0]
        report.kept += element.shape[0]
        report.models = max(report.models, element.n_steps)
        _lose_elements(file, name, report)
    still = int((~taken).sum())
    if still:
        message = "atoms that no particle group has keep their place in the topology"
        report.warn("atoms-without-trajectory", message, count=still)


def _id(name: str) -> str:
    """A particle group's name as part of an id."""
    return re.sub(r"[^a-z0-9_.-]", "-", name.lower())[:40]


def _groups(file: H5md, atoms: Mapping[str, str] | None) -> list[str]:
    if atoms:
        unknown = [name for name in atoms if name not in file.groups]
        if unknown:
            raise BadOption("--atoms", ", ".join(unknown), "particle groups: " + ", ".join(file.groups))
        return list(atoms)
    if len(file.groups) != 1:
        found = ", ".join(file.groups) or "no particle group"
        raise BadOption("--atoms", found, "for each particle group a selection of the topology's atoms")
    return file.groups


def _unit(element: Element, units: str | None) -> str:
    """The unit of a length: the file's, or the caller's where the file is silent."""
    if units is not None and units not in ANGSTROM:
        raise BadOption("--units", units, "one of " + ", ".join(ANGSTROM))
    if not element.unit:
        if units is None:
            raise BadOption("--units", f"nothing, and {element.where} states none", "one of " + ", ".join(ANGSTROM))
        return units
    stated = length_unit(element.unit)
    if stated is None:
        raise WrongColumns(element.where, f"unit {element.unit!r}", "a unit of length: " + ", ".join(ANGSTROM))
    if units not in (None, stated):
        raise BadOption("--units", units, f"{stated}, which {element.where} states")
    return stated


def _same_clock(one: Element, other: Element) -> bool:
    """Whether two elements are sampled at the same steps; without clocks, whether they have as many."""
    if one.n_steps != other.n_steps:
        return False
    both = [(one.step, other.step), (one.time, other.time)]
    return all(a is None or b is None or np.array_equal(a, b) for a, b in both)


def _axis(file: H5md, group: str, element: Element, units: str | None, report: ImportReport) -> Group:
    """The axis of a clock, with times and the box where the file has them at these steps."""
    document: dict[str, Any] = {"length": element.n_steps}
    arrays: dict[str, np.ndarray] = {}
    if element.time is None:
        report.warn("no-times", "steps without times", [element.where])
    elif element.time_unit not in TIME_UNITS:
        report.lose(f"times of {element.where}", element.n_steps, f"unit {element.time_unit!r} is none of the format's")
    else:
        document["unit"], arrays["time"] = TIME_UNITS[element.time_unit], element.time
    edges = file.box(group)
    if edges is not None:
        steps = _steps_of(edges, element)
        if steps is None:
            report.lose(f"box of {group}", edges.n_steps, "it is stored at other steps than the positions")
        else:
            factor = ANGSTROM[_unit(edges, units)]
            frames = [np.asarray(edges.at(k), np.float64) * factor for k in steps]
            arrays["box"] = np.stack([np.diag(f) if f.ndim == 1 else f for f in frames])
    return Group(document, arrays)


def _steps_of(element: Element, clock: Element) -> list[int] | None:
    """The row of an element at each step of another clock; None where it is not sampled there."""
    if not element.moves:
        return [0] * clock.n_steps
    if _same_clock(element, clock):
        return list(range(clock.n_steps))
    if element.step is None or clock.step is None:
        return None
    place = {int(step): row for row, step in enumerate(element.step)}
    rows = [place.get(int(step)) for step in clock.step]
    return None if None in rows else [int(row) for row in rows if row is not None]


def _inline(element: Element, factor: float) -> np.ndarray:
    """All frames in ångström, (n, M, 3) float64."""
    xyz = np.empty((element.n_steps, *element.shape))
    for step in range(element.n_steps):
        xyz[step] = element.at(step).astype(np.float64) * factor
        if not np.isfinite(xyz[step]).all():
            raise NonFiniteRecord(f"{element.where}/value[{step}]", "NaN or infinity", "coordinates")
    return xyz


def _external(path: Path, sha256: str, unit: str, group: str) -> dict[str, Any]:
    from polystate_schemas.registry import entries

    operator = "external_reference/h5md_v1"
    uri = f"file:{path.name}"
    return {
        "operator": {"id": operator, "venue": "external", "hash": entries()[operator].hash, "uri": uri},
        "artifact": {"uri": uri, "sha256": sha256, "unit": unit, "dataset": f"particles/{group}",
                     "media_type": "application/x-hdf5"},
    }  # fmt: skip


def _lose_elements(file: H5md, group: str, report: ImportReport) -> None:
    for name in sorted(set(file.group(group)) & set(UNREAD)):
        report.lose(f"particles/{group}/{name}", 1, "the format keeps positions")


def _observables(file: H5md, tree: dict[str, Group], report: ImportReport, energy: str | None, axis: str) -> None:
    """The energy of each step where it is named; other observables are listed as lost, malformed ones with the why."""
    good, bad = file.observables()
    if energy is not None:
        wanted = energy.strip("/").removeprefix("observables/")
        if wanted in bad:
            raise UnreadableFile(f"{file.name}/observables/{wanted}", bad[wanted], "values along steps")
        if wanted not in good:
            raise BadOption("--energy", wanted, "an observable: " + (", ".join(good) or "the file has none"))
        _energy(file, good.pop(wanted), tree, report, axis)
    for name in good:
        report.lose(f"observables/{name}", good[name].n_steps, "the format keeps energy, box and time of each step")
    for name, why in bad.items():
        report.lose(f"observables/{name}", 1, f"malformed: {why}")


def _energy(file: H5md, element: Element, tree: dict[str, Group], report: ImportReport, axis: str) -> None:
    group = tree[f"axes/{axis}"]
    first = next(iter(file.groups))
    steps = _steps_of(element, file.position(first))
    unit = ENERGY_UNITS.get(element.unit.strip().casefold())
    if steps is None or element.shape or unit is None:
        found = f"shape {element.shape} a step, unit {element.unit!r}, {element.n_steps} steps"
        raise BadOption("--energy", found, "one number a step of the positions, in " + ", ".join(ENERGY_UNITS.values()))
    values = np.array([float(element.at(k)) for k in steps])
    tree[f"axes/{axis}"] = Group({**group.attributes, "energy_unit": unit}, {**group.arrays, "energy": values})


def place_beside(path: str | Path, store: str | Path) -> Path:
    """Put an external trajectory into the folder that holds a store: by hard link where it can be, else by copy."""
    source, target = Path(path).resolve(), Path(store).absolute().parent / Path(path).name
    if target.exists():
        if not target.samefile(source) and target.read_bytes() != source.read_bytes():
            raise AlreadyExists(str(target), "another file", "a free name beside the store")
        return target
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
