"""Writing a tree so that a reader sees the old deposition or the new one, never a mixture.

Everything is written to a sibling first. A zip is then renamed over the old one. A directory changes
names with the old one in a single system call where there is one (`renameat2`), else by two renames
under a recovery file that the next reader completes."""

from __future__ import annotations

import ctypes
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import SchemaError
from polystate.store import metadata
from polystate.store.leftovers import discard, sibling, sweep
from polystate.store.outputs import file_target, replacing, store_target
from polystate.store.recovery import complete, recovery_note
from polystate.store.tables import table_bytes
from polystate.store.tree import TABLE_MEDIA_TYPE, Group, Tree

CHUNK_BYTES = 1 << 20  # a chunk of a large array; smaller arrays are one chunk
ALONG = {"basis": 1}  # dimension of the atoms where it is not the first: a chunk holds all there is of some atoms
WHOLE_BYTES = 4 << 20
SHARD_CHUNKS = 64
LEVEL = 5  # of zstd; 9 takes three times as long and saves nothing on coordinates
CONVENTION = {
    "uuid": "0b2f6a4e-9d0b-4a53-8f57-6c1f6a3ad7b1",
    "name": "polystate",
    "description": "Heterogeneity of macromolecular structures",
}


def write(tree: Tree, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write `tree` to a directory, or to a zip where the name ends in .zip."""
    path = Path(path)
    zipped = path.suffix == ".zip"
    complete(path)
    target = file_target(path, overwrite) if zipped else store_target(path, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target.parent)
    partial = sibling(target, "partial")
    try:
        write_directory(tree, partial)
        publish(partial, target, zipped)
    finally:
        discard(partial)
    return path


def write_directory(tree: Tree, path: Path, before: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Write the nodes of a tree below a folder.

    before: documents of nodes that stood there, of which attributes of other tools are kept."""
    from zarr.storage import LocalStore

    before = before or {}
    for name, group in tree.items():
        for node in ("", *group.arrays, *group.tables):
            metadata.check_names("/".join(filter(None, (name, node))), name)
    path.mkdir(exist_ok=True)
    store = LocalStore(path)
    for name in sorted({parent for p in tree for parent in ancestors(p)}):
        target = path / name / "zarr.json"
        if name in tree or not target.exists():
            attributes = {**_attributes(name, tree.get(name, Group())), **_of_others(before.get(name))}
            write_json(target, {"zarr_format": 3, "node_type": "group", "attributes": attributes})
    for name, group in tree.items():
        prefix = name + "/" if name else ""
        for array, values in group.arrays.items():
            _write_array(store, prefix + array, np.asarray(values), _of_others(before.get(prefix + array)))
        for table, columns in group.tables.items():
            marks = {"polystate": {"media_type": TABLE_MEDIA_TYPE}}
            attributes = {**marks, **_of_others(before.get(prefix + table))}
            _write_array(store, prefix + table, table_bytes(columns), attributes)


def _of_others(document: Mapping[str, Any] | None) -> dict[str, Any]:
    """Attributes of a node that this module does not write."""
    own = ("polystate", "encoding-type", "encoding-version")
    return {k: v for k, v in ((document or {}).get("attributes") or {}).items() if k not in own}


def ancestors(path: str) -> list[str]:
    parts = path.split("/") if path else []
    return ["/".join(parts[:k]) for k in range(len(parts) + 1)]


def _attributes(name: str, group: Group) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    if group.attributes:
        kind = name.split("/", 1)[0] if name else "deposition"
        attributes = {
            "polystate": dict(group.attributes),
            "encoding-type": f"polystate.{kind}",
            "encoding-version": "0.1.0",
        }
    if not name:
        attributes["zarr_conventions"] = [CONVENTION]
    return attributes


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    except (TypeError, ValueError) as error:
        raise SchemaError(path.parent.name, error, "a JSON document without NaN") from error
    path.unlink(missing_ok=True)  # never write through a hard link into the old store
    path.write_text(text, "utf-8")


def _write_array(store: Any, path: str, values: np.ndarray, attributes: dict[str, Any]) -> None:
    along = min(ALONG.get(path.rpartition("/")[2], 0), max(0, values.ndim - 1))
    chunks, shards = chunk_shape(values.shape, values.dtype.itemsize, along)
    if shards is None and chunks == tuple(max(1, n) for n in values.shape):
        _write_one_chunk(Path(store.root) / path, values, attributes)
        return
    import zarr
    from zarr.codecs import ZstdCodec

    array = zarr.create_array(
        store,
        name=path,
        shape=values.shape,
        dtype=values.dtype.newbyteorder("="),
        chunks=chunks,
        shards=shards,
        compressors=[ZstdCodec(level=LEVEL, checksum=True)],
        fill_value=0,
        attributes=attributes,
    )
    array[...] = values


def _write_one_chunk(path: Path, values: np.ndarray, attributes: dict[str, Any]) -> None:
    """An array of one chunk, written as what it is: a metadata document and a compressed file.

    The same bytes as `zarr.create_array` gives, without its millisecond or more an array."""
    import zstandard

    single = values.dtype.itemsize == 1
    order: dict[str, Any] = {"name": "bytes"} if single else {"name": "bytes", "configuration": {"endian": "little"}}
    fill: Any = False if values.dtype.kind == "b" else 0.0 if values.dtype.kind == "f" else 0
    document = {
        "shape": list(values.shape),
        "data_type": values.dtype.name,
        "chunk_grid": {
            "name": "regular",
            "configuration": {"chunk_shape": [max(1, n) for n in values.shape]},
        },
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill,
        "codecs": [order, {"name": "zstd", "configuration": {"level": LEVEL, "checksum": True}}],
        "attributes": attributes,
        "zarr_format": 3,
        "node_type": "array",
        "storage_transformers": [],
    }
    write_json(path / "zarr.json", document)
    content = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
    if content.count(0) < len(content):  # a chunk of the fill value is left out
        chunk = path.joinpath("c", *("0" for _ in values.shape))
        chunk.parent.mkdir(parents=True, exist_ok=True)
        chunk.unlink(missing_ok=True)  # never write through a hard link into the old store
        chunk.write_bytes(zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(content))


def chunk_shape(
    shape: tuple[int, ...], itemsize: int, along: int = 0
) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """Chunks of about a mebibyte along one dimension, in shards where there would be many files."""
    whole = tuple(max(1, n) for n in shape)
    if itemsize * int(np.prod(whole)) <= WHOLE_BYTES:
        return whole, None

    def of(length: int) -> tuple[int, ...]:
        return (*whole[:along], length, *whole[along + 1 :])

    length = min(whole[along], max(1, CHUNK_BYTES // (itemsize * int(np.prod(of(1))))))
    if -(-whole[along] // length) <= SHARD_CHUNKS:
        return of(length), None
    return of(length), of(length * SHARD_CHUNKS)


def publish(partial: Path, path: Path, zipped: bool = False) -> None:
    """Give what was written in a folder its name; where there was something, that stands under `partial` or is gone."""
    if zipped:
        with replacing(path, overwrite=True) as packed:
            _pack(partial, packed)
    elif not path.exists():
        os.rename(partial, path)
    elif not _exchange(partial, path):
        _replace_with_recovery(partial, path)


def _pack(directory: Path, target: Path) -> None:
    """A stored zip with the root at the top, the same bytes for the same content."""
    names = sorted(p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file())
    names.sort(key=lambda name: name != "zarr.json")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (directory / name).read_bytes())
    with open(target, "rb") as packed:
        os.fsync(packed.fileno())


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system cannot."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    if renameat2 is None:
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


def _replace_with_recovery(partial: Path, path: Path) -> None:
    old, ready = sibling(path, "old"), sibling(path, "new")
    os.rename(partial, ready)
    staged = sibling(path, "recovery")
    staged.write_text(json.dumps({"old": old.name, "new": ready.name}), "utf-8")
    os.replace(staged, recovery_note(path))
    complete(path)
