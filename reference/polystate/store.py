"""A deposition as a tree of groups, and that tree as a Zarr v3 store (directory, zip or remote prefix).

Metadata is read as the JSON it is; an array or table is decoded only when it is asked for, so opening
costs one small read a group and never needs the numbers. Writing lives in `writing.py`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from polystate import chunks, metadata
from polystate.errors import (
    NotAStore,
    SchemaError,
    UnreadableArray,
    UnreadableTable,
    UnsupportedVersion,
)

FORMAT_VERSION = "0.1.0"
LAYERS = (
    "hierarchy", "reference", "groupings", "axes", "descriptors", "operators", "provenance", "annotations",
    "landmarks",
)  # fmt: skip
TABLE_MEDIA_TYPE = "application/vnd.apache.arrow.file"
ARROW_MAGIC = b"ARROW1"
# A store may say that an array is larger than memory; more than this is believed only with chunks behind it.
IMPLAUSIBLE_BYTES = 1 << 30
IMPLAUSIBLE_RATIO = 2000

Table = Mapping[str, Any]  # column name -> (rows,) array, or list of str for text


@dataclass
class Group:
    """One group: its document (what stands under `attributes.polystate`), its arrays and its tables."""

    attributes: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)


Tree = Mapping[str, Group]  # path -> group; the root is ""


class Source(Protocol):
    """Where the bytes of a store come from."""

    name: str

    def keys(self) -> list[str]: ...
    def get(self, key: str) -> bytes: ...
    def size(self, key: str) -> int: ...
    def zarr_store(self) -> Any: ...


class DirectorySource:
    """A store in a directory."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)

    def keys(self) -> list[str]:
        """Every file below the directory, as a store key."""
        found, folders = [], [""]
        for prefix in folders:  # grows while it is walked
            with suppress(OSError), os.scandir(f"{self.name}/{prefix}") as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{prefix}{entry.name}/")
                    elif not entry.is_dir():
                        found.append(prefix + entry.name)
        return found

    def get(self, key: str) -> bytes:
        with open(f"{self.name}/{key}", "rb", buffering=0) as file:
            return file.read()

    def size(self, key: str) -> int:
        return (self.path / key).stat().st_size

    def zarr_store(self) -> Any:
        from zarr.storage import LocalStore

        return LocalStore(self.path, read_only=True)


class ZipSource:
    """A store in a zip with the root at the top."""

    def __init__(self, path: Path) -> None:
        import zipfile

        self.path, self.name = path, str(path)
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise NotAStore(str(path), error, "a complete zip file") from error
        names = self.zip.namelist()
        if len(set(names)) != len(names):
            raise NotAStore(str(path), "an entry stored twice", "each entry once")

    def keys(self) -> list[str]:
        return [name for name in self.zip.namelist() if not name.endswith("/")]

    def get(self, key: str) -> bytes:
        return self.zip.read(key)

    def size(self, key: str) -> int:
        return self.zip.getinfo(key).file_size

    def zarr_store(self) -> Any:
        from zarr.storage import ZipStore

        return ZipStore(self.path, mode="r")


class RemoteSource:
    """A read-only store below a URL, by fsspec."""

    def __init__(self, url: str) -> None:
        import fsspec

        self.name = url
        self.fs, self.root = fsspec.core.url_to_fs(url)

    def keys(self) -> list[str]:
        return [name[len(self.root) :].lstrip("/") for name in self.fs.find(self.root)]

    def get(self, key: str) -> bytes:
        return self.fs.cat_file(f"{self.root}/{key}")

    def size(self, key: str) -> int:
        return int(self.fs.size(f"{self.root}/{key}") or 0)

    def zarr_store(self) -> Any:
        from zarr.storage import FsspecStore

        return FsspecStore.from_url(self.name, read_only=True)


def source(path: str | Path) -> Source:
    """The bytes at `path`: a directory, a zip, or a URL."""
    if isinstance(path, str) and "://" in path:
        return RemoteSource(path)
    path = Path(path)
    if path.is_dir():
        return DirectorySource(path)
    if path.is_file():
        return ZipSource(path)
    raise NotAStore(str(path), "nothing there", "a directory, a zip or a URL")


class Lazy(Mapping[str, Any]):
    """A mapping whose values are made when they are first asked for."""

    def __init__(self, names: list[str], make: Callable[[str], Any]) -> None:
        self._names, self._make, self._made = sorted(names), make, {}  # type: ignore[var-annotated]

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


class StoredTree(Mapping[str, Group]):
    """The tree of a store, read as it is asked for."""

    def __init__(self, src: Source) -> None:
        self.source = src
        self._keys = src.keys()
        if "zarr.json" not in self._keys:
            raise NotAStore(src.name, "no zarr.json at the root", "a Zarr v3 group")
        self._metadata = {
            key[: -len("zarr.json")].rstrip("/"): self._node(key)
            for key in self._keys
            if key == "zarr.json" or key.endswith("/zarr.json")
        }
        self._zarr: Any = None
        self._groups: dict[str, Group] = {}
        root = self.attributes("").get("polystate")
        if self._metadata[""]["node_type"] != "group" or not isinstance(root, dict):
            raise NotAStore(f"{src.name}/zarr.json", "no attributes.polystate", "a group with a polystate document")
        check_version(root, src.name)

    def _node(self, key: str) -> dict[str, Any]:
        try:
            content = self.source.get(key)
        except Exception as error:  # of the file system, or of a damaged zip
            raise NotAStore(key, error, "a Zarr v3 metadata document") from error
        return metadata.node(content, key)

    @property
    def folder(self) -> str | Path:
        """The folder, or the URL, that holds the store: what lies beside it is found there."""
        if isinstance(self.source, RemoteSource):
            return self.source.name.rstrip("/").rsplit("/", 1)[0]
        return Path(self.source.name).absolute().parent

    def attributes(self, path: str) -> dict[str, Any]:
        """All attributes of the node at `path`."""
        return self._metadata[path].get("attributes", {})

    def array_metadata(self, path: str) -> dict[str, Any]:
        """The Zarr metadata of the array at `path`, without reading a chunk; refused if no reader could read it."""
        metadata.check_array(self._metadata[path], path)
        return self._metadata[path]

    def children(self, path: str, node_type: str) -> list[str]:
        """Names of the nodes of one type directly below `path`."""
        prefix = path + "/" if path else ""
        return [
            p[len(prefix) :]
            for p, node in self._metadata.items()
            if p and p.startswith(prefix) and "/" not in p[len(prefix) :] and node["node_type"] == node_type
        ]

    def layers(self) -> list[str]:
        """Names at the top of the store, hidden files apart."""
        names = {key.split("/", 1)[0] for key in self._keys if "/" in key}
        return sorted(name for name in names if not name.startswith("."))

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
                raise SchemaError(f"{path}#", "a polystate document that is not an object", "an object")
            self._groups[path] = Group(
                document,
                Lazy(arrays, lambda n: self.read_array(prefix + n)),
                Lazy(tables, lambda n: read_table(self.read_array(prefix + n), prefix + n)),
            )
        return self._groups[path]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(p for p, node in self._metadata.items() if node["node_type"] == "group"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, path: object) -> bool:
        return path in self._metadata and self._metadata[path]["node_type"] == "group"

    def _check_plausible(self, path: str) -> None:
        """Refuse an array that says it is larger than memory without the chunks to be so."""
        node = self._metadata[path]
        chunk = node["chunk_grid"]["configuration"]["chunk_shape"]
        covered = [-(-n // c) * c for n, c in zip(node["shape"], chunk, strict=True)]
        size = int(np.prod(covered, dtype=object)) * np.dtype(node["data_type"]).itemsize
        if size > IMPLAUSIBLE_BYTES:
            stored = sum(self.source.size(k) for k in self._keys if k.startswith(path + "/"))
            if size > IMPLAUSIBLE_RATIO * stored:
                raise UnreadableArray(path, f"{size} bytes in {stored}", "chunks that hold the array")

    def _plain(self, path: str) -> np.ndarray | None:
        """The array read without zarr; None where zarr is to decide, also on what is wrong with it."""
        try:
            if chunks.is_plain(self._metadata[path]):
                return chunks.read(self._metadata[path], lambda key: self._chunk(f"{path}/{key}"))
        except Exception:  # damaged bytes: zarr names what it finds
            pass
        return None

    def _chunk(self, key: str) -> bytes | None:
        return self.source.get(key) if key in self._all_keys else None

    @cached_property
    def _all_keys(self) -> set[str]:
        return set(self._keys)

    def _open_array(self, path: str) -> Any:
        import zarr

        if self._zarr is None:
            self._zarr = self.source.zarr_store()
        return zarr.open_array(self._zarr, path=path, mode="r", zarr_format=3)

    def read_array(self, path: str, rows: slice | int | None = None) -> np.ndarray:
        """The array at `path`, or rows of its first dimension, little-endian and C-ordered."""
        node = self._metadata[path]
        metadata.check_array(node, path)
        try:
            if rows is None:
                self._check_plausible(path)
            values = self._plain(path) if rows is None else None
            if values is None:
                opened = self._open_array(path)
                values = opened[...] if rows is None else opened[rows]
        except UnreadableArray:
            raise
        except Exception as error:  # zarr and its codecs raise many kinds; each means damaged bytes
            raise UnreadableArray(path, f"{type(error).__name__}: {error}", f"{node['data_type']} array") from error
        values = np.asarray(values)
        return np.asarray(values, dtype=values.dtype.newbyteorder("<"), order="C")  # keeps arrays without dimensions


def _is_table(attributes: Mapping[str, Any]) -> bool:
    marked = attributes.get("polystate")
    return isinstance(marked, dict) and marked.get("media_type") == TABLE_MEDIA_TYPE


def check_version(document: Mapping[str, Any], where: str) -> None:
    """Refuse a format version of another major number."""
    version = document.get("format_version")
    major = FORMAT_VERSION.split(".")[0]
    if not isinstance(version, str) or version.split(".")[0] != major:
        raise UnsupportedVersion(f"{where}/zarr.json/format_version", version, f"a version {major}.x")


def read_table(values: np.ndarray, where: str) -> dict[str, Any]:
    """The columns of an Arrow IPC file held as bytes."""
    import pyarrow as pa

    content = values.tobytes()
    if not (content.startswith(ARROW_MAGIC) and content.endswith(ARROW_MAGIC)):  # pyarrow looks at the end only
        raise UnreadableTable(where, f"bytes that begin with {content[:6]!r}", "an Arrow IPC file, ARROW1 at both ends")
    try:
        with pa.ipc.open_file(io.BytesIO(content)) as reader:
            table = reader.read_all()
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise UnreadableTable(where, error, "an Arrow IPC file") from error
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table.column(name)
        if column.null_count:
            raise UnreadableTable(f"{where}/{name}", f"{column.null_count} nulls", "no nulls")
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            columns[name] = column.to_pylist()
        elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            columns[name] = column.to_numpy()
        else:
            raise UnreadableTable(f"{where}/{name}", column.type, "integers, floats or text")
    return columns


def table_bytes(table: Table) -> np.ndarray:
    """A table as the bytes of an uncompressed Arrow IPC file, (n,) uint8."""
    import pyarrow as pa

    columns = {
        name: pa.array(values, pa.string()) if isinstance(values, list) else pa.array(np.asarray(values))
        for name, values in table.items()
    }
    fields = [pa.field(name, column.type, nullable=False) for name, column in columns.items()]
    data = pa.table(list(columns.values()), schema=pa.schema(fields))
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, data.schema) as writer:
        writer.write_table(data)
    return np.frombuffer(sink.getvalue(), np.uint8)


def recovery_note(path: Path) -> Path:
    """Where a replacement that is under way says so."""
    return path.with_name(f".{path.name}.recovery")


def read(path: str | Path) -> StoredTree:
    """The tree at `path`: a directory, a zip, or a URL that fsspec knows."""
    if not (isinstance(path, str) and "://" in path) and recovery_note(Path(path)).exists():
        from polystate.writing import complete

        complete(Path(path))
    return StoredTree(source(path))
