"""H5MD files as trajectories along the axis `frame`, stored inline in Å (20.5)."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from entry import Refused
from store import Group, Tree

FACTORS = {"nm": 10.0, "nanometer": 10.0, "Angstrom": 1.0, "angstrom": 1.0, "pm": 0.01, "picometer": 0.01,
           "bohr": 0.529177210903}  # fmt: skip
"""Å in a unit of length, as files and callers call it (9.3)."""


def deposition(path: Path, tree: Tree, unit: str | None) -> Tree:
    """The deposition of a topology with the frames of the one particle group of a file."""
    with h5py.File(path) as file:
        groups = [group for group in file.get("particles", {}).values() if "position" in group]
        if len(groups) != 1:
            raise Refused("container", "unreadable-file", "particles")
        value = groups[0]["position/value"]
        stated = value.attrs.get("unit", groups[0]["position"].attrs.get("unit", unit))
        stated = stated.decode() if isinstance(stated, bytes) else stated
        if stated not in FACTORS:
            raise Refused("evaluate", "bad-option", "unit")
        frames, axis = np.asarray(value[...], float) * FACTORS[stated], _axis(groups[0], unit)
        if not np.isfinite(frames).all():
            raise Refused("semantic", "non-finite", "position")
        if "id" in groups[0]:
            ids = np.asarray(groups[0]["id/value"][...] if "value" in groups[0]["id"] else groups[0]["id"][...])
            order = np.argsort(np.broadcast_to(ids, frames.shape[:2]), axis=1)
            frames = np.take_along_axis(frames, order[..., None], 1)
        if "image" in groups[0]:
            frames = frames + np.einsum("nmk,nkj->nmj", groups[0]["image/value"][...], axis.arrays["box"])
    atoms = tree["hierarchy/atoms"].arrays["atom_id"]
    if frames.shape[1] != len(atoms):
        raise Refused("operator", "artifact-mismatch", "particles")
    document = {"id": "trajectory", "regime": "trajectory", "mode": "A", "scope": {"level": "deposition"},
                "signal_type": "coordinates", "algebra": "independent", "sample_axis": "frame"}  # fmt: skip
    kept = {name: group for name, group in tree.items() if name.split("/")[0] in ("", "hierarchy", "reference")}
    return kept | {
        "axes": Group(), "axes/frame": axis, "descriptors": Group(),
        "descriptors/trajectory": Group(document, {"atom_id": atoms, "xyz": frames}),
    }  # fmt: skip


def _axis(group: h5py.Group, unit: str | None) -> Group:
    """The axis of the positions, with the times and the boxes of their steps (EXP-61)."""
    position, edges = group["position"], group.get("box/edges")
    made = Group({"length": len(position["value"])})
    if isinstance(position.get("time"), h5py.Dataset) and position["time"].shape and "unit" in position["time"].attrs:
        clock = position["time"].attrs["unit"]
        made.payload["unit"] = clock.decode() if isinstance(clock, bytes) else str(clock)
        made.arrays["time"] = np.asarray(position["time"][...], float)
    if edges is not None:
        held = edges["value"] if isinstance(edges, h5py.Group) else edges
        own = held.attrs.get("unit", edges.attrs.get("unit", unit))
        own = own.decode() if isinstance(own, bytes) else own
        if own not in FACTORS:
            raise Refused("evaluate", "bad-option", "unit")
        boxes = _boxes(edges) * FACTORS[own]
        steps = position["step"][...].tolist() if np.shape(position.get("step")) else []
        if isinstance(edges, h5py.Group) and np.shape(edges.get("step")):
            boxes = boxes[[edges["step"][...].tolist().index(step) for step in steps]]
        made.arrays["box"] = np.array(np.broadcast_to(boxes, (len(position["value"]), 3, 3)), float)
    return made


def _boxes(edges: h5py.Dataset | h5py.Group) -> np.ndarray:
    """(1, 3, 3) or, of a box that changes, (S, 3, 3): edge vectors as rows, in the unit of the file."""
    boxes = edges["value"][...] if isinstance(edges, h5py.Group) else edges[...][None]
    return boxes if boxes.ndim == 3 else boxes[..., None] * np.eye(3)
