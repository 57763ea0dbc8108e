"""Outputs: what may be replaced, and files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from polystate.errors import AlreadyExists


def store_target(path: str | Path, overwrite: bool) -> Path:
    """Where a store is to go, links followed. Only a Zarr group, an empty folder or a file is ever replaced."""
    return _target(Path(path), overwrite, folder=True)


def file_target(path: str | Path, overwrite: bool) -> Path:
    """Where a file is to go, links followed. Only a file is ever replaced."""
    return _target(Path(path), overwrite, folder=False)


def sibling(path: Path, purpose: str) -> Path:
    """A hidden name beside `path` that nothing else has."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.{purpose}")


@contextlib.contextmanager
def replacing(path: str | Path, overwrite: bool) -> Iterator[Path]:
    """A file to write, which takes the name `path` at the end; folders above it are made."""
    target = file_target(path, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = sibling(target, "partial")
    try:
        yield partial
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def _target(path: Path, overwrite: bool, folder: bool) -> Path:
    if not os.path.lexists(path):
        return path
    if not overwrite:
        raise AlreadyExists(str(path), "something there already", "a new name, or permission to overwrite (-y)")
    target = Path(os.path.realpath(path))
    if target.is_dir():
        if not folder:
            raise AlreadyExists(str(path), "a folder", "a file or a new name")
        if not (target / "zarr.json").is_file() and any(target.iterdir()):
            raise AlreadyExists(str(path), "a folder that is no Zarr group", "a store, an empty folder or a new name")
    elif target.exists() and not target.is_file():
        raise AlreadyExists(str(path), "neither a file nor a folder", "a file, a store or a new name")
    return target
