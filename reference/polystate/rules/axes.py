"""Sample axes (chapter 11), and the descriptors whose states lie along one (4.7)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polystate.errors import (
    AxisLength,
    MissingArray,
    PolystateError,
    PopulationSum,
    UnknownState,
    UnsupportedCombination,
)
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.rules import payloads
from polystate.states.joint import TOLERANCE  # of a sum of populations


def axis_errors(dep: Model) -> Iterator[PolystateError]:
    """[AXI-2], [AXI-3], [AXI-24] The coordinates of each axis."""
    for name, axis in dep.axes.items():
        found = list(payloads.array_errors(dep.tree, f"axes/{name}", payloads.payload("axis"), {"n": axis.length}))
        yield from found
        total = 0.0 if found else float(axis.coordinates.get("population", np.zeros(1)).sum())
        if total > 1 + TOLERANCE:
            yield PopulationSum(f"axes/{name}/population", total, "at most 1 in sum")  # AXI-24


def known_axes(dep: Model, d: Descriptor) -> Iterator[PolystateError]:
    """[DSC-45] A sample axis or state axis that does not exist."""
    for key in ("sample_axis", "state_axis"):
        if d.document.get(key) is not None:
            try:
                dep.axis(d.document[key], f"{d.path}#/{key}")
            except PolystateError as error:
                yield error


def bundle_errors(d: Descriptor, site: np.ndarray, state: np.ndarray) -> Iterator[PolystateError]:
    """[DSC-38], [DSC-39] The states of a bundle are the steps of its axis."""
    n = d.ground.axis(d.document["state_axis"], f"{d.path}#/state_axis").length
    if len(np.unique(site)) != 1:
        yield UnsupportedCombination(f"{d.path}/states", f"{len(np.unique(site))} sites", "one site")
    elif len(numbers := np.unique(state)) != n or not np.array_equal(numbers, np.arange(len(numbers))):
        yield AxisLength(f"{d.path}/states/state", f"{len(numbers)} states", f"0 to {n - 1}")


def label_errors(d: Descriptor, site: np.ndarray, state: np.ndarray) -> Iterator[PolystateError]:
    """[DSC-41] to [DSC-43] The state at each step of a sample axis."""
    if len(np.unique(site)) != 1:
        yield UnsupportedCombination(f"{d.path}/states", f"{len(np.unique(site))} sites", "one site")
    elif not d.has("labels"):
        yield MissingArray(f"{d.path}/labels", "nothing", "the state at each step")
    else:
        bad = np.flatnonzero(~np.isin(d.array("labels"), state))
        if len(bad):
            yield UnknownState(
                f"{d.path}/labels[{bad[0]}]", int(d.array("labels")[bad[0]]), "a state of this descriptor"
            )


def shared_axis_errors(dep: Model) -> Iterator[PolystateError]:
    """[DSC-40], [AXI-22] One bundle an axis, and nothing else discrete along it."""
    axes: dict[str, str] = {}
    for d in dep.descriptors.values():
        name = d.document.get("state_axis")
        if name is not None and axes.setdefault(name, d.id) != d.id:
            yield UnsupportedCombination(f"{d.path}#/state_axis", f"{name}, also of {axes[name]}", "one bundle an axis")
    for d in dep.descriptors.values():
        if d.is_discrete and d.axis in axes:
            found = f"{d.axis}, the state axis of {axes[d.axis]}"
            yield UnsupportedCombination(f"{d.path}#/sample_axis", found, "conditions on the states of the bundle")
