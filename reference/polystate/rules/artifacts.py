"""What is wrong with what lies outside a deposition: locations, artifacts, bodies of operators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polystate.errors import (
    PolystateError,
    UriNotAllowed,
)

if TYPE_CHECKING:
    from polystate.deposition import Deposition
    from polystate.model.descriptor import Descriptor

from polystate.errors import (
    PickleRefused,
)

if TYPE_CHECKING:
    from polystate.model.descriptor import Descriptor
from polystate.artifacts.bodies import inline_body, is_pickle
from polystate.artifacts.location import artifact, locate


def location_errors(d: Descriptor) -> Iterator[UriNotAllowed]:
    """[OPR-11] An artifact whose URI is not permitted; judged without looking whether it is there."""
    uri = (d.document.get("artifact") or {}).get("uri")
    if uri is not None:
        try:
            locate(str(uri), d.dep.folder or Path("."), d.dep.allow_uris, f"{d.path}#/artifact/uri")
        except UriNotAllowed as error:
            yield error


def artifact_errors(dep: Deposition) -> Iterator[PolystateError]:
    """What is wrong with the artifacts themselves: each is looked for, verified and, if a trajectory, opened."""
    for d in dep.descriptors.values():
        if d.document.get("artifact"):
            try:
                if (d.operator or "").startswith("external_reference/"):
                    d.trajectory  # noqa: B018  opened once and kept
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
