"""A deposition as a tree of groups, and that tree as a Zarr v3 store (directory, zip or remote prefix).

Metadata is read as the JSON it is; an array or table is decoded only when it is asked for, so opening
costs one small read a group and never needs the numbers. Writing lives in `writing.py`, tables in `tables.py`."""

from __future__ import annotations

import bisect
import itertools
import os
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import (
    NotAStore,
    SchemaError,
    UnreadableArray,
    UnsupportedVersion,
)
from polystate.store import chunks, memory, metadata
from polystate.store.recovery import complete
from polystate.store.sources import DirectorySource, Source, ZipSource
from polystate.store.tables import read_table
from polystate.store.tree import FORMAT_VERSION, TABLE_MEDIA_TYPE, Group, Lazy

REPEATS = 3  # of opening a store that is replaced meanwhile
Part = tuple[int, np.ndarray]
"""Rows of an array that follow each other, and the number of the first of them."""


class StoredTree(Mapping[str, Group]):
    """The tree of a store, read as it is asked for."""

    def __init__(self, src: Source) -> None:
        self.source = src
        self._keys = src.keys()
        if "zarr.json" not in self._keys:
            raise NotAStore(src.name, "no zarr.json at the root", "a Zarr v3 group")  # STO-1, STO-3
        self._metadata = {
            key[: -len("zarr.json")].rstrip("/"): self._node(key)
            for key in self._keys
            if key == "zarr.json" or key.endswith("/zarr.json")
        }
        for path in self._metadata:  # [STO-50]
            above = self._metadata.get(path.rpartition("/")[0])
            if path and (above is None or above["node_type"] != "group"):
                raise NotAStore(path, "a node whose folder is no group", "a group above each node")
        self._groups: dict[str, Group] = {}
        root = self.attributes("").get("polystate")
        if self._metadata[""]["node_type"] != "group" or not isinstance(root, dict):
            # STO-1
            raise NotAStore(f"{src.name}/zarr.json", "no attributes.polystate", "a group with a polystate document")
        check_version(root, src.name)

    def _node(self, key: str) -> dict[str, Any]:
        try:
            content = self.source.get(key, 0, metadata.LARGEST_DOCUMENT + 1)
            memory.require(20 * len(content))  # what its values take in Python
        except NotAStore:
            raise
        except Exception as error:  # of the file system, or of a damaged zip
            raise NotAStore(key, error, "a Zarr v3 metadata document") from error
        return metadata.node(content, key)

    @property
    def folder(self) -> str | Path:
        """The folder, or the URL, that holds the store: what lies beside it is found there."""
        if "://" in self.source.name:
            return self.source.name.rstrip("/").rsplit("/", 1)[0]
        return Path(self.source.name).absolute().parent

    def attributes(self, path: str) -> dict[str, Any]:
        """All attributes of the node at `path`."""
        return self._metadata[path].get("attributes", {})

    def document(self, path: str) -> dict[str, Any]:
        """The Zarr metadata of a node as they are stored; empty where there is none."""
        return self._metadata.get(path, {})

    def array_metadata(self, path: str) -> dict[str, Any]:
        """The Zarr metadata of the array at `path`, without reading a chunk; refused if no reader could read it."""
        metadata.check_array(self._metadata[path], path)
        return self._metadata[path]

    def children(self, path: str, node_type: str) -> list[str]:
        """Names of the nodes of one type directly below `path`."""
        return [
            name
            for name in self._names_below.get(path, ())
            if self._metadata[_joined(path, name)]["node_type"] == node_type
        ]

    @cached_property
    def _names_below(self) -> Mapping[str, list[str]]:
        """The names of the nodes directly below each node that has any."""
        found: dict[str, list[str]] = {}
        for path in filter(None, self._metadata):
            above, _, name = path.rpartition("/")
            found.setdefault(above, []).append(name)
        return found

    def layers(self) -> list[str]:
        """Names of the folders at the top of the store, what belongs to the machine apart."""
        return sorted({key.split("/", 1)[0] for key in self._keys if "/" in key})

    def __getitem__(self, path: str) -> Group:
        if path not in self._groups:
            if self._metadata[path]["node_type"] != "group":
                raise KeyError(path)
            prefix = path + "/" if path else ""
            names = self.children(path, "array")
            tables = [n for n in names if _is_table(self.attributes(prefix + n))]
            arrays = [n for n in names if n not in tables]
            document = self.attributes(path).get("polystate", {})
            if not isinstance(document, dict):
                raise SchemaError(f"{path}#", "a polystate document that is not an object", "an object")  # STO-43
            self._groups[path] = Group(
                document,
                Lazy(arrays, lambda n: self.read_array(prefix + n)),
                Lazy(tables, lambda n: read_table(self.read_array(prefix + n), prefix + n)),
            )
        return self._groups[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._group_paths)

    def __len__(self) -> int:
        return len(self._group_paths)

    @cached_property
    def _group_paths(self) -> list[str]:
        return sorted(p for p, node in self._metadata.items() if node["node_type"] == "group")

    def __contains__(self, path: object) -> bool:
        return path in self._metadata and self._metadata[path]["node_type"] == "group"

    def _chunk(self, path: str, key: str, first: int = 0, length: int | None = None, /) -> bytes | None:
        """Bytes of a chunk of the array at `path`; None where the store has none."""
        key = f"{path}/{key}"
        return self.source.get(key, first, length) if key in self._all_keys else None

    @cached_property
    def _all_keys(self) -> set[str]:
        return set(self._keys)

    @cached_property
    def _sorted_keys(self) -> list[str]:
        return sorted(self._keys)

    def _below(self, path: str) -> list[str]:
        """Keys below a node, relative to it."""
        first, last = (bisect.bisect_left(self._sorted_keys, path + end) for end in "/0")  # "0" follows "/"
        return [key[len(path) + 1 :] for key in self._sorted_keys[first:last]]

    @cached_property
    def _unbelieved(self) -> frozenset[str]:
        """[STO-54] Arrays that make all arrays together larger than the files of the store allow, the largest ones."""
        sizes = {p: metadata.declared_bytes(node) for p, node in self._metadata.items() if node["node_type"] == "array"}
        if sum(sizes.values()) <= memory.array_limit(0):
            return frozenset()
        stored = self.source.size()
        limit = memory.room() if stored is None else memory.array_limit(stored)
        largest_last = sorted(sizes, key=sizes.__getitem__)
        sums = itertools.accumulate(sizes[p] for p in largest_last)
        return frozenset(p for p, total in zip(largest_last, sums, strict=True) if total > limit)

    def _check_size(self, path: str) -> None:
        if path in self._unbelieved:
            found = f"arrays of {metadata.declared_bytes(self._metadata[path])} bytes and more"
            raise UnreadableArray(path, found, f"what the files of the store can hold: {memory.RAISED}")  # STO-52

    def read_array(self, path: str, rows: slice | int | None = None, along: int = 0) -> np.ndarray:
        """The array at `path`, or rows of a dimension, the first or another, little-endian and C-ordered."""
        node = self._metadata[path]
        metadata.check_array(node, path)
        try:
            window = None if rows is None else range(node["shape"][along])[rows]
            one = isinstance(window, int)
            span = window if window is None or isinstance(window, range) else range(window, window + 1)
            if span is not None and span.step != 1:
                raise IndexError(f"rows in steps of {span.step}")
            self._check_size(path)
            values = chunks.read(node, partial(self._chunk, path), span, self._below(path), along)
        except (NotAStore, UnreadableArray):  # it was replaced, or is too large
            raise
        except Exception as error:  # codecs raise many kinds; each means damaged bytes
            # STO-27
            raise UnreadableArray(path, f"{type(error).__name__}: {error}", f"{node['data_type']} array") from error
        values = values.take(0, along) if one else values
        return np.asarray(values, dtype=values.dtype.newbyteorder("<"), order="C")  # keeps arrays without dimensions

    def chunks_with(self, path: str, rows: np.ndarray, along: int = 0) -> Part | None:
        """The whole chunks between those of the first and the last of some rows of a dimension of the array at `path`,
        and the row at which they begin; None where that is most of the array."""
        node = self.array_metadata(path)
        size, n = chunks.chunk_rows(node, along), node["shape"][along]
        first, last = int(rows.min()) // size * size, min((int(rows.max()) // size + 1) * size, n)
        return None if 2 * (last - first) > n else (first, self.read_array(path, slice(first, last), along))

    def is_in_parts(self, path: str) -> bool:
        """Whether the array at `path` has chunks of which one is at most half of it."""
        node = self.array_metadata(path)
        return 2 * chunks.chunk_rows(node) <= node["shape"][0]


def holds_rows(part: Part | None, rows: np.ndarray, along: int = 0) -> bool:
    """Whether some rows of a dimension of an array are in a part of it."""
    return part is not None and part[0] <= int(rows.min()) and int(rows.max()) < part[0] + part[1].shape[along]


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _is_table(attributes: Mapping[str, Any]) -> bool:
    marked = attributes.get("polystate")
    return isinstance(marked, dict) and marked.get("media_type") == TABLE_MEDIA_TYPE


def check_version(document: Mapping[str, Any], where: str) -> None:
    """Refuse a format version of another major number."""
    version = document.get("format_version")
    major = FORMAT_VERSION.split(".")[0]
    if not isinstance(version, str) or version.split(".")[0] != major:
        raise UnsupportedVersion(f"{where}/zarr.json/format_version", version, f"a version {major}.x")  # STO-19


def source(path: str | Path) -> Source:
    """The bytes at `path`: a directory, a zip, or a URL."""
    if isinstance(path, str) and "://" in path:
        if path.endswith(".zip"):
            from polystate.store.ranges import RemoteZipSource  # not before it is needed: it knows the web

            return RemoteZipSource(path)
        from polystate.store.remote import RemoteSource

        return RemoteSource(path)
    path = Path(path)
    if os.path.isdir(path):  # also where the name is none
        return DirectorySource(path)
    if os.path.isfile(path):
        return ZipSource(path)
    raise NotAStore(str(path), "nothing there", "a directory, a zip or a URL")


def read(path: str | Path) -> StoredTree:
    """The tree at `path`: a directory, a zip, or a URL that fsspec knows."""
    if not (isinstance(path, str) and "://" in path):
        try:
            complete(Path(path))
        except (OSError, ValueError) as error:  # too long, or with a NUL
            raise NotAStore(f"{str(path)!r:.200}", error, "the name of a store") from error
    for _ in range(REPEATS):
        found = source(path)
        try:
            return StoredTree(found)
        except NotAStore:
            if not found.is_replaced():
                raise
    return StoredTree(source(path))
