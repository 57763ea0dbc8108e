"""Where an archive lies: a folder of this machine, or one that fsspec knows, such as s3://bucket/entries."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from polystate.errors import BadRequest, NotAStore
from polystate.store.leftovers import discard
from polystate.store.outputs import locked, replacing
from polystate_tools.archive.running import source_digest
from polystate_tools.archive.sources import name_of

STAMPS = ("etag", "ETag", "md5Hash", "content_md5", "LastModified", "last_modified", "mtime", "updated", "created")
"""What file systems of fsspec say of a file that changes with its content."""
Held = dict[str, tuple[str, str]]
"""Name of an entry to its address and a fingerprint, which changes when the entry does."""


class Place(Protocol):
    """A folder that can be read, and perhaps written. Paths in it are relative."""

    name: str
    filesystem: Any
    """What pyarrow reads with; None: files of this machine."""

    def depositions(self) -> Held:
        """The depositions in it, at any depth, by their paths without suffix."""
        ...

    def relative(self, address: str) -> str:
        """The path of a deposition by its address."""
        ...

    def files(self, path: str) -> set[str]:
        """Names of the files directly in a folder; none where there is no such folder."""
        ...

    def address(self, path: str) -> str:
        """A path as pyarrow takes it."""
        ...

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None where there is none."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Write a file, whole or not at all."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file."""
        ...

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Nobody else writes while this lasts, where that can be known."""
        ...


def place(where: str) -> Place:
    """The folder at a path or a URL."""
    return Remote(where) if "://" in where else Local(where)


class Local:
    """A folder of this machine."""

    filesystem: Any = None

    def __init__(self, where: str) -> None:
        self.name, self._root = where, Path(where).absolute()

    def depositions(self) -> Held:
        if not self._root.is_dir():
            raise BadRequest(self.name, "no folder", "a folder of depositions")
        found: Held = {}
        for path in sorted(self._stores()):
            relative = path.relative_to(self._root)
            name = (relative.parent / name_of(path.name)).as_posix()
            found.setdefault(name, (str(path), source_digest(str(path))))
        return found

    def _stores(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self._root):
            stores = [name for name in folders if (Path(folder) / name / "zarr.json").is_file()]
            folders[:] = sorted(n for n in folders if n not in stores and not n.startswith("."))
            yield from (Path(folder) / name for name in stores)
            yield from (Path(folder) / n for n in names if n.endswith(".zip") and not n.startswith("."))

    def relative(self, address: str) -> str:
        return Path(address).relative_to(self._root).as_posix()

    def files(self, path: str) -> set[str]:
        folder = self._root / path
        return {p.name for p in folder.iterdir()} if folder.is_dir() else set()

    def address(self, path: str) -> str:
        return str(self._root / path)

    def read(self, path: str) -> bytes | None:
        file = self._root / path
        return file.read_bytes() if file.is_file() else None

    def write(self, path: str, content: bytes) -> None:
        with replacing(self._root / path, overwrite=True) as partial:
            partial.write_bytes(content)

    def remove(self, path: str) -> None:
        discard(self._root / path)

    def locked(self) -> contextlib.AbstractContextManager[None]:
        return locked(self._root)


class Remote:
    """A folder that fsspec knows. A file is written in one request, as object stores do."""

    def __init__(self, where: str) -> None:
        self.name = where.rstrip("/")
        try:
            import fsspec

            self.filesystem, self._root = fsspec.core.url_to_fs(self.name)
        except (ValueError, ImportError) as error:
            raise NotAStore(where, error, "a URL that fsspec knows: pip install 'polystate[remote]'") from error
        self._scheme = self.name.partition("://")[0]

    def depositions(self) -> Held:
        listed: Mapping[str, Mapping[str, Any]] = self.filesystem.find(self._root, detail=True)
        stores = {p.rpartition("/")[0] for p in listed if p.endswith("/zarr.json")}
        stores = {p for p in stores if not any(above in stores for above in _above(p))}
        of_store: dict[str, list[str]] = {path: [path] for path in listed if path.endswith(".zip")}
        for path in listed:
            for above in _above(path):
                if above in stores:
                    of_store.setdefault(above, []).append(path)
        return {
            self._entry(path): (self._url(path), _fingerprint({p: listed[p] for p in sorted(files)}))
            for path, files in sorted(of_store.items())
        }

    def _entry(self, path: str) -> str:
        folder, _, name = path[len(self._root) :].strip("/").rpartition("/")
        return f"{folder}/{name_of(name)}".lstrip("/")

    def _url(self, path: str) -> str:
        return path if "://" in path else f"{self._scheme}://{path.lstrip('/')}"

    def relative(self, address: str) -> str:
        return address.removeprefix(self._url(self._root)).lstrip("/")

    def files(self, path: str) -> set[str]:
        try:
            found = self.filesystem.ls(f"{self._root}/{path}", detail=False)
        except FileNotFoundError:
            return set()
        return {name.rstrip("/").rsplit("/", 1)[-1] for name in found}

    def address(self, path: str) -> str:
        return f"{self._root}/{path}"

    def read(self, path: str) -> bytes | None:
        try:
            return self.filesystem.cat_file(f"{self._root}/{path}")
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes) -> None:
        whole = f"{self._root}/{path}"
        try:
            self.filesystem.makedirs(whole.rpartition("/")[0], exist_ok=True)
            self.filesystem.pipe_file(whole, content)
        except Exception as error:  # each file system of fsspec has errors of its own
            raise BadRequest(self.name, f"no leave to write: {error}", "a place that can be written") from error

    def remove(self, path: str) -> None:
        self.filesystem.rm_file(f"{self._root}/{path}")

    def locked(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


def _above(path: str) -> Iterator[str]:
    """The folders above a path, the nearest first."""
    while "/" in path.strip("/"):
        path = path.rpartition("/")[0]
        yield path


def _fingerprint(files: Mapping[str, Mapping[str, Any]]) -> str:
    """A hash of what a file system says of some files."""
    digest = hashlib.sha256()
    for path, info in files.items():
        stamps = [str(info[key]) for key in STAMPS if info.get(key) is not None]
        digest.update(f"{path}\t{info.get('size')}\t{' '.join(stamps)}\n".encode())
    return digest.hexdigest()
