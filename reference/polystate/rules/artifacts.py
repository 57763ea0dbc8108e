"""What lies outside a deposition (chapter 9.7): where it may lie, and what is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from polystate.artifacts.location import artifact, locate
from polystate.errors import (
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
    """[OPR-12] to [OPR-16], [OPR-27]: each artifact is looked for, verified and, if a trajectory, opened."""
    for d in dep.descriptors.values():
        if d.document.get("artifact"):
            try:
                if d.procedure.placed == "trajectory":
                    from polystate.artifacts.trajectory import trajectory  # few depositions have a file to read

                    trajectory(d)  # opened once and kept
                else:
                    artifact(d)
            except PolystateError as error:
                yield error
