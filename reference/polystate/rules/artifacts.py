"""What lies outside a deposition (chapter 9.7): where it may lie, and what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from polystate.artifacts.location import artifact, locate
from polystate.errors import (
    PolystateError,
    UriNotAllowed,
)
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model


def location_errors(d: Descriptor) -> Iterator[UriNotAllowed]:
    """[OPR-11], [OPR-37] URIs that are not permitted; judged without looking whether something is there."""
    operator = d.document.get("operator") or {}
    named = {"artifact": d.document.get("artifact") or {}, "operator": operator if _is_outside(operator) else {}}
    for key, document in named.items():
        if document.get("uri") is not None:
            try:
                locate(str(document["uri"]), d.ground.folder or Path("."), d.ground.allow_uris, f"{d.path}#/{key}/uri")
            except UriNotAllowed as error:
                yield error


def _is_outside(operator: Mapping[str, Any]) -> bool:
    return operator.get("venue") == "external"


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
