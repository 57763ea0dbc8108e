"""Files beside a deposition that it refers to: what a copy in another folder needs beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polystate.artifacts.location import content_sha256, locate
from polystate.errors import AlreadyExists, PolystateError

Move = tuple[Path, Path]  # from where to where


def needed(tree: Any, out: Path) -> tuple[list[Move], list[str]]:
    """The files to put beside `out`, and a warning for each that this cannot be done with.

    Refused where another file already has the name of one of them."""
    moves: dict[Path, Path] = {}
    warnings = []
    for uri, path in _uris(tree):
        try:
            found = locate(uri, tree.folder, (), f"{path}#/artifact/uri")
        except PolystateError:
            continue  # it lies elsewhere, and is found there as before
        if not isinstance(found, Path):
            warnings.append(f"{uri} of {path} is not copied: get it from {found} into {out.absolute().parent}")
            continue
        target = out.absolute().parent / found.relative_to(tree.folder)
        if not found.exists():
            warnings.append(f"{uri} of {path} is not copied: it is missing from {tree.folder}, too")
        elif not target.exists():
            moves[target] = found
        elif not target.samefile(found) and content_sha256(target) != content_sha256(found):
            raise AlreadyExists(str(target), "something else", f"{uri}, which {path} refers to, or another folder")
    return [(source, target) for target, source in moves.items()], warnings


def _uris(tree: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The URIs of artifacts, and who names them."""
    found = []
    for path in tree:
        document = tree[path].attributes.get("artifact") if path.startswith("descriptors/") else None
        if isinstance(document, Mapping) and isinstance(document.get("uri"), str):
            found.append((document["uri"], path))
    return found


def copy(moves: list[Move]) -> None:
    """Put files and folders where they are needed: whole, or not at all."""
    from polystate.store.leftovers import sibling
    from polystate.store.outputs import replacing

    for source, target in moves:
        if source.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = sibling(target, "partial")
            try:
                shutil.copytree(source, partial)
                os.rename(partial, target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        else:
            with replacing(target, overwrite=False) as partial:
                shutil.copyfile(source, partial)
