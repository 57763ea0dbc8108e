"""Outputs: what may be replaced, and files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from polystate.errors import AlreadyExists
from polystate.store.leftovers import sibling, sweep_once


def store_target(path: str | Path, overwrite: bool) -> Path:
    """Where a store is to go, links followed. Only a Zarr group, an empty folder or a file is ever replaced."""
    return _target(Path(path), overwrite, folder=True)


def file_target(path: str | Path, overwrite: bool) -> Path:
    """Where a file is to go, links followed. Only a file is ever replaced."""
    return _target(Path(path), overwrite, folder=False)


@contextlib.contextmanager
def replacing(path: str | Path, overwrite: bool) -> Iterator[Path]:
    """A file to write, which takes the name `path` at the end; folders above it are made."""
    target = file_target(path, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep_once(target.parent)
    partial = sibling(target, "partial")
    try:
        yield partial
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else writes into the folder while this lasts; where the file system has no locks, nothing is known."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):  # no such system, or no folder to lock
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise AlreadyExists(str(folder), "another process that writes into it", "one writer at a time") from error
    except OSError:
        pass
    try:
        yield
    finally:
        os.close(handle)


def _target(path: Path, overwrite: bool, folder: bool) -> Path:
    if not os.path.lexists(path):
        return path
    if not overwrite:
        # STO-40
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
