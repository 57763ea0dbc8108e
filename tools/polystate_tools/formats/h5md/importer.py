"""H5MD trajectories with a topology: into depositions and back.

    tree, report = import_h5md("run.h5md", "run.pdb")
    report = export_h5md(polystate.open("run.zarr"), "out.h5md", steps=range(0, 100, 10))

An importer that is told nothing guesses nothing: a silent file needs `units`, several particle groups need the atoms
that each of them is."""

from __future__ import annotations

import hashlib
import importlib.metadata
import math
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polystate.artifacts.h5md import Element, H5md
from polystate.deposition import Deposition
from polystate.editing.described import describing
from polystate.errors import AlreadyExists, ArtifactMismatch, MissingArtifact
from polystate.numbers.units import ANGSTROM
from polystate.store import memory
from polystate.store.tree import FORMAT_VERSION, Group, Tree
from polystate_tools.formats.errors import BadOption, NonFiniteRecord, UnreadableFile, WrongColumns
from polystate_tools.formats.h5md.axes import axis_of, energy_of, same_clock, steps_of, unit_of
from polystate_tools.formats.h5md.identity import atoms_of_particles
from polystate_tools.formats.h5md.images import shift_of_images
from polystate_tools.formats.h5md.writer import export_h5md
from polystate_tools.formats.importing import import_file, validated
from polystate_tools.formats.opening.boundary import naming
from polystate_tools.formats.report import ImportReport

__all__ = ["export_h5md", "import_h5md", "place_beside"]

UNREAD = ("velocity", "force", "forces", "momentum", "species", "mass", "charge")


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
    where the file is silent. atoms: particle group to a selection of the topology's atoms
    (polystate.structure.selection), where
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
        with naming(path.name, "an H5MD file"), H5md(path, path.name) as file:
            _trajectories(file, dep, tree, report, path, sha256, units, atoms, external, axis)
            _observables(file, tree, report, energy, axis)
    except (ArtifactMismatch, MissingArtifact) as error:
        raise UnreadableFile(error.where, error.found, error.expected) from error
    choices = {"units": units, "atoms": dict(atoms or {}) or None, "external": external, "energy": energy}
    block = {
        "kind": "import", "software": [{"name": "polystate", "version": importlib.metadata.version("polystate")}],
        "choices": {k: v for k, v in choices.items() if v is not None}, "losses": report.losses,
        "inputs": [{"name": path.name, "sha256": sha256, "format": "h5md"}]}  # fmt: skip
    tree["provenance/import"] = Group(describing(tree, block, ["reference"]))
    return validated(tree, path.name), report


def _topology(topology: str | Path | Tree) -> Tree:
    if isinstance(topology, (str, Path)):
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
        if not element.n_steps:
            raise WrongColumns(f"{element.where}/value", "no steps", "at least one")
        rows = dep.hierarchy.rows_of(dep.select(atoms[name]), name) if atoms else np.arange(dep.n_atoms)
        if element.shape[0] != len(rows):
            found = f"{element.shape[0]} particles"
            raise WrongColumns(element.where, found, f"{len(rows)}, as many as atoms of the topology")
        if taken[rows].any():
            raise BadOption("--atoms", name, "groups that have no atom in common")
        taken[rows] = True
        unit = unit_of(element, units)
        known = next((a for a, other in clocks if same_clock(other, element)), None)
        if known is None:
            known = axis if not clocks else f"{axis}-{_id(name)}"
            clocks.append((known, element))
            tree[f"axes/{known}"] = axis_of(file, name, element, units, report)
        if external and "image" in file.group(name):
            raise BadOption(
                "--external", f"particles/{name}/image, which is half of a position", "an import into the store"
            )
        document: dict[str, Any] = {
            "id": f"trajectory-{_id(name)}" if atoms else "trajectory", "regime": "trajectory",
            "mode": "C" if external else "A", "scope": {"level": "atom"}, "signal_type": "coordinates",
            "algebra": "independent", "sample_axis": known, "provenance": "import",
        }  # fmt: skip
        arrays: dict[str, np.ndarray] = {"atom_id": dep.hierarchy.atom_id[rows]}
        order = _order(file, name, element, arrays["atom_id"], external)
        if external:
            document |= _external(path, sha256, unit, name)
            arrays["atom_id"] = arrays["atom_id"] if order is None else arrays["atom_id"][order]
        else:
            xyz = _inline(element, ANGSTROM[unit])
            xyz += shift_of_images(file, name, element, units)
            arrays["xyz"] = xyz if order is None else _ordered(xyz, order)
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
        raise BadOption("--atoms", found, "GROUP=SELECTION for each particle group: which atoms of the topology it is")
    return file.groups


def _order(file: H5md, group: str, element: Element, atom_id: np.ndarray, external: bool) -> np.ndarray | None:
    """The atom of each particle by the ids of the group, see `atoms_of_particles`; None where it has no ids."""
    parent = file.group(group)
    if "id" not in parent:
        return None
    ids = file.element(parent, "id")
    order = atoms_of_particles(ids, steps_of(ids, element), atom_id)
    if external and order is not None and order.ndim > 1:
        raise BadOption("--external", f"{ids.where}, which changes from step to step", "an import into the store")
    return order


def _inline(element: Element, factor: float) -> np.ndarray:
    """All frames in ångström, (n, M, 3) float64, particles as they stand."""
    memory.require(8 * element.n_steps * math.prod(element.shape))
    xyz = np.empty((element.n_steps, *element.shape))
    for step in range(element.n_steps):
        xyz[step] = element.at(step).astype(np.float64) * factor
        if not np.isfinite(xyz[step]).all():
            raise NonFiniteRecord(f"{element.where}/value[{step}]", "NaN or infinity", "coordinates")
    return xyz


def _ordered(xyz: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Frames (n, M, 3) with the particles in the order of atoms; order: the atom of each, (M,) or (n, M)."""
    made = np.empty_like(xyz)
    if order.ndim == 1:
        made[:, order] = xyz
    else:
        np.put_along_axis(made, order[:, :, None], xyz, axis=1)
    return made


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
        energy_of(file, good.pop(wanted), tree, report, axis)
    for name in good:
        report.lose(f"observables/{name}", good[name].n_steps, "the format keeps energy, box and time of each step")
    for name, why in bad.items():
        report.lose(f"observables/{name}", 1, f"malformed: {why}")


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
