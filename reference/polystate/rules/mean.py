"""What moves atoms (chapter 7): rigid bodies, amplitudes, decoders, and what may move one atom together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate.errors import (
    AbsoluteConflict,
    DanglingRow,
    MissingArray,
    PolystateError,
    PopulationSum,
    QuaternionNorm,
    ScopeOverlap,
    WrongShape,
)
from polystate.model.descriptor import ALWAYS, Descriptor
from polystate.model.model import Model
from polystate.operators.neural_decoder.mlp_v1 import layers
from polystate.states import joint

TOLERANCE = 1e-6  # of a norm, and of an element of R Rᵀ - 1


def errors(d: Descriptor) -> Iterator[PolystateError]:
    """[MEAN-9] Quaternions of norm 1, and what amplitudes and decoders need."""
    if d.has("quaternion"):
        norm = np.linalg.norm(d.array("quaternion"), axis=-1)
        bad = np.argwhere(np.abs(norm - 1) > TOLERANCE)
        if len(bad):
            place = "".join(f"[{i}]" for i in bad[0])
            yield QuaternionNorm(f"{d.path}/quaternion{place}", f"norm {norm[tuple(bad[0])]:.9g}", "1 within 1e-6")


def amplitude_errors(d: Descriptor) -> Iterator[PolystateError]:
    """What the operator of a basis or decoder takes."""
    if d.procedure.components:
        yield from _component_errors(d, d.procedure.components)
    if d.operator == "neural_decoder/mlp_v1":
        yield from _mlp_errors(d)
    if d.has("centre") and not len(d.array("centre")):
        yield WrongShape(f"{d.path}/centre", "no cell", "one or more")  # MEAN-35
    if d.operator == "basis/gaussian_mixture_v1":
        total = float(d.array("population").sum())
        if not abs(total - 1) <= joint.TOLERANCE:
            yield PopulationSum(f"{d.path}/population", f"{total:.9g}", "1 within 1e-6")  # MEAN-37


def offset_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[REF-7] An offset whose rotation is none."""
    if d.offset is not None:
        rotation = d.offset[0]
        if not (np.abs(rotation @ rotation.T - np.eye(3)).max() <= TOLERANCE and np.linalg.det(rotation) > 0):
            yield QuaternionNorm(f"{d.path}#/reference/offset/rotation", rotation.tolist(), "a proper rotation")


def component_count(d: Descriptor, stored: str) -> int:
    """How many components a valid basis or decoder has."""
    size = d.width
    if size is not None:
        return size
    return d.array(stored).shape[-1] if d.has(stored) else len(d.column("latents", "component"))


def _component_errors(d: Descriptor, stored: str) -> Iterator[PolystateError]:
    """[MEAN-12], [MEAN-21] Amplitudes or latent components, and as many as the basis or the first layer takes."""
    if not d.has(stored) and not d.table("latents"):
        yield MissingArray(f"{d.path}/{stored}", "nothing", "this array, or a table latents")
        return
    size = d.width
    if d.has(stored):
        found = d.array(stored).shape[-1]
        if size is not None and found != size:
            yield WrongShape(f"{d.path}/{stored}", f"{found} components", f"{size}")
            return
        size = found
    if d.table("latents"):
        component = d.column("latents", "component")
        size = len(component) if size is None else size
        if not np.array_equal(component, np.arange(size)):  # [MEAN-22], also where the array is stored
            yield DanglingRow(f"{d.path}/latents/component", component.tolist()[:5], f"0 to {size - 1}")


def _mlp_errors(d: Descriptor) -> Iterator[PolystateError]:
    """[MEAN-12] The last layer gives three numbers an atom; that there is one, and other shapes, the schema says."""
    count = layers(d.group.arrays)
    if not count:
        return
    last = f"w{count - 1}"
    width = d.array(last).shape[0]
    if width != 3 * len(d.array("atom_id")):
        yield WrongShape(f"{d.path}/{last}", f"{width} outputs", f"{3 * len(d.array('atom_id'))}, three an atom")


def always_active(d: Descriptor) -> bool:
    """Whether no joint state switches the descriptor off."""
    return d.active_when == ALWAYS and (not d.is_discrete or bool((d.column("states", "condition") == ALWAYS).all()))


def absolute_errors(dep: Model, found: list[Descriptor]) -> Iterator[PolystateError]:
    """[MEAN-5] Two absolute sources that are always active and cover one atom."""
    owner = np.full(dep.n_atoms, -1)
    always = [d for d in found if always_active(d)]
    for k, d in enumerate(always):
        covered = d.covered & np.isin(d.label_of_atom, d.column("states", "site")) if d.is_discrete else d.covered
        shared = np.flatnonzero(covered & (owner >= 0))
        if len(shared):
            atom = int(dep.hierarchy.atom_id[shared[0]])
            other = always[owner[shared[0]]].id
            yield AbsoluteConflict(d.path, f"atom_id {atom} also from {other}", "one absolute source an atom")
            return
        owner[covered] = k


def transform_errors(dep: Model, found: list[Descriptor]) -> Iterator[PolystateError]:
    """[MEAN-19] Transforms whose groups overlap without one holding the other."""
    for k, d in enumerate(found):
        for other in found[k + 1 :]:
            both = np.flatnonzero((d.label_of_atom >= 0) & (other.label_of_atom >= 0))
            pairs, shared = np.unique(
                np.stack([d.label_of_atom[both], other.label_of_atom[both]]), axis=1, return_counts=True
            )
            sizes = [np.bincount(x.label_of_atom[x.label_of_atom >= 0], minlength=x.n_labels) for x in (d, other)]
            smaller = np.minimum(sizes[0][pairs[0]], sizes[1][pairs[1]])
            if (shared < smaller).any():
                a, b = pairs[:, int(np.argmax(shared < smaller))]
                found_here = f"label {a} and label {b} of {other.id} share atoms"
                yield ScopeOverlap(d.path, found_here, "one inside the other, or no atom in common")
