"""Frames of a trajectory that lies outside the deposition."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from polystate.artifacts.h5md import FLOATS, H5md
from polystate.artifacts.location import artifact
from polystate.errors import (
    ArtifactMismatch,
    AxisLength,
    PolystateError,
    UnknownOperator,
)
from polystate.model.descriptor import Descriptor
from polystate.numbers.units import ANGSTROM, length_unit
from polystate.store import memory


class Trajectory:
    """Frames of an artifact: verified, and agreeing with the descriptor on atoms, steps and unit."""

    def __init__(self, d: Descriptor) -> None:
        document = d.document["artifact"]
        where = f"{d.path}#/artifact"
        self.where, self.factor = where, ANGSTROM[document["unit"]]
        path, dataset = artifact(d), document.get("dataset")
        if d.operator == "external_reference/h5md_v1":
            element = H5md(path, where).position(_particle_group(dataset, where))
            if not element.moves:
                # OPR-27
                raise ArtifactMismatch(f"{where}/dataset", f"{dataset}/position", "a group with value")
            self.read: Callable[[int], np.ndarray] = element.at
            n_steps, shape, stated = element.n_steps, element.shape, element.unit if element.states_unit else None
        elif d.operator == "external_reference/zarr_trajectory_v1":
            opened, stated = _zarr_array(path, dataset, where)
            self.read = lambda step: np.asarray(opened[step])
            n_steps, shape = int(opened.shape[0]), tuple(opened.shape[1:])
        else:
            raise UnknownOperator(f"{d.path}#/operator/id", d.operator, "an operator that this evaluator computes")
        if stated is not None and (stated != stated.strip() or length_unit(stated) != document["unit"]):
            # OPR-16
            raise ArtifactMismatch(f"{where}/unit", f"{document['unit']}, the file says {stated!r}", "the file's unit")
        n_atoms = len(d.array("atom_id"))
        if shape != (n_atoms, 3):
            raise ArtifactMismatch(where, f"{shape[0]} particles", f"{n_atoms}, as many as {d.path}/atom_id")  # OPR-14
        if d.axis is not None and n_steps != d.ground.axis(d.axis, d.path).length:
            length = d.ground.axis(d.axis, d.path).length
            raise AxisLength(where, f"{n_steps} steps", f"{length}, the length of axis {d.axis}")  # OPR-15

    def frame(self, step: int) -> np.ndarray:
        """Coordinates of one step, (M, 3) float64 ångström; nothing else is read. Numbers are judged where used."""
        try:
            values = self.read(step).astype(np.float64)
        except PolystateError:
            raise
        except Exception as error:  # the libraries raise many kinds
            raise ArtifactMismatch(f"{self.where}[{step}]", error, "a frame that can be read") from error
        return values * self.factor


def _particle_group(dataset: str | None, where: str) -> str:
    """The name of a particle group that a descriptor names by its path."""
    found = (dataset or "").strip("/")
    if not found.startswith("particles/"):
        # OPR-27
        raise ArtifactMismatch(f"{where}/dataset", dataset or "nothing", "a particle group, particles/NAME")
    return found


def _zarr_array(path: Path, dataset: str | None, where: str) -> tuple[Any, str | None]:
    """An array (steps, M, 3) of a Zarr v3 store, and the unit that it states, None where it states none."""
    import zarr

    try:
        store = zarr.storage.ZipStore(path, mode="r") if path.is_file() else path
        found = zarr.open(store, path=dataset or "", mode="r", zarr_format=3)
    except Exception as error:  # zarr and its codecs raise many kinds; each means a store that is none
        # OPR-27
        raise ArtifactMismatch(where, f"{type(error).__name__}: {error}", "a Zarr v3 store with an array") from error
    if not isinstance(found, zarr.Array) or found.ndim != 3 or found.shape[2] != 3 or found.dtype.name not in FLOATS:
        # OPR-27
        raise ArtifactMismatch(f"{where}/dataset", dataset or "the root", "an array of floats (steps, particles, 3)")
    size = math.prod(found.shards or found.chunks) * found.dtype.itemsize
    limit = memory.array_limit(sum(p.stat().st_size for p in path.rglob("*")) if path.is_dir() else path.stat().st_size)
    if size > limit:
        raise ArtifactMismatch(f"{where}/dataset", f"chunks of {size} bytes", memory.RAISED)
    return found, str(found.attrs["unit"]) if "unit" in found.attrs else None


def trajectory(d: Descriptor) -> Trajectory:
    """The frames of a descriptor's artifact, verified when they are first asked for."""
    if "trajectory" not in d.memo:
        d.memo["trajectory"] = Trajectory(d)
    return cast("Trajectory", d.memo["trajectory"])


def frame(d: Descriptor, step: int | None) -> np.ndarray:
    """The coordinates that an external trajectory has at a step, (M, 3) float64 ångström, in the order of atom_id."""
    return trajectory(d).frame(0 if step is None else step)
