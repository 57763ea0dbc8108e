"""What is wrong with what lies outside a deposition: locations, artifacts, bodies of operators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from polystate.artifacts.bodies import inline_body, is_pickle
from polystate.artifacts.location import artifact, locate
from polystate.artifacts.trajectory import trajectory
from polystate.errors import (
    PickleRefused,
    PolystateError,
    UriNotAllowed,
)
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model


def location_errors(d: Descriptor) -> Iterator[UriNotAllowed]:
    """[OPR-11] An artifact whose URI is not permitted; judged without looking whether it is there."""
    uri = (d.document.get("artifact") or {}).get("uri")
    if uri is not None:
        try:
            locate(str(uri), d.ground.folder or Path("."), d.ground.allow_uris, f"{d.path}#/artifact/uri")
        except UriNotAllowed as error:
            yield error


def artifact_errors(dep: Model) -> Iterator[PolystateError]:
    """What is wrong with the artifacts themselves: each is looked for, verified and, if a trajectory, opened."""
    for d in dep.descriptors.values():
        if d.document.get("artifact"):
            try:
                if d.procedure.placed == "trajectory":
                    trajectory(d)  # opened once and kept
                else:
                    artifact(d)
            except PolystateError as error:
                yield error


def body_errors(tree: Any, path: str) -> Iterator[PolystateError]:
    """[OPR-23] The body at a path, whether or not a descriptor names it: altered, or a pickle."""
    try:
        content, where = inline_body(tree, path, path)
    except PolystateError as error:
        yield error
        return
    if is_pickle(content):
        yield PickleRefused(where, "a pickle", "TorchScript or ONNX; pickles run code when they are read")
