"""How a store that an implementation wrote is encoded: what a reader of few codecs and a small Arrow library needs."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import zarr

from polystate_conformance.scoring.digest import ARROW

CODECS = ("bytes", "zstd", "gzip", "crc32c", "sharding_indexed")


def fault(path: Path) -> str | None:
    """The first thing that a writer must not have done to the store at `path`, or None."""
    return next(_faults(path), None)


def names(path: Path) -> set[str]:
    """Paths of all nodes and columns of a store: what has no line in a digest is to be kept as well."""
    top: Any = zarr.open_group(_opened(path), mode="r", zarr_format=3, use_consolidated=False)
    found = set()
    for name, node in top.members(max_depth=None):
        found.add(name)
        mark = node.attrs.asdict().get("polystate")
        if isinstance(mark, dict) and mark.get("media_type") == ARROW:
            table = pa.ipc.open_file(pa.BufferReader(np.asarray(node[...]).tobytes()))
            found |= {f"{name}/{column}" for column in table.schema.names}
    return found


def _opened(path: Path) -> Any:
    if path.is_dir():
        return zarr.storage.LocalStore(path, read_only=True)
    return zarr.storage.ZipStore(path, mode="r", read_only=True)


def _faults(path: Path) -> Iterator[str]:
    if path.is_dir():
        names = [p.relative_to(path).as_posix() for p in sorted(path.rglob("*")) if p.is_file()]
        yield from _nodes(_opened(path), names, lambda n: (path / n).read_bytes())
        return
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                yield f"the entry {entry.filename!r} of the zip is compressed"  # [STO-5]
        yield from _nodes(_opened(path), archive.namelist(), archive.read)


def _nodes(store: Any, names: list[str], read: Callable[[str], bytes]) -> Iterator[str]:
    for name in names:
        document = json.loads(read(name)) if name.rpartition("/")[2] == "zarr.json" else {}
        if document.get("node_type") != "array":
            continue
        where = name.removesuffix("/zarr.json")
        for said in _codecs(document["codecs"], "int8" in document["data_type"] or document["data_type"] == "bool"):
            yield f"{where}: {said}"
        mark = document.get("attributes", {}).get("polystate")
        if isinstance(mark, dict) and mark.get("media_type") == ARROW:
            values = zarr.open_array(store, path=where, mode="r", zarr_format=3)[...]
            for said in _table(np.asarray(values).tobytes()):
                yield f"{where}: {said}"


def _codecs(chain: list[Any], of_bytes: bool) -> Iterator[str]:
    """[STO-21], [STO-24], in a shard and in its index as well."""
    for codec in chain:
        name, found = (codec, {}) if isinstance(codec, str) else (codec["name"], codec.get("configuration", {}))
        if name not in CODECS:
            yield f"the codec {name}"
        if name == "bytes" and not of_bytes and found.get("endian", "little") != "little":
            yield "numbers that are not little-endian"
        yield from _codecs(found.get("codecs", []), of_bytes)
        yield from _codecs(found.get("index_codecs", []), False)


def _table(content: bytes) -> Iterator[str]:
    """[STO-34] Buffers that are no part of the file are those that were compressed in it."""
    source = pa.py_buffer(content)
    reader = pa.ipc.open_file(source)
    for field in reader.schema:
        if pa.types.is_dictionary(field.type):
            yield f"the column {field.name} is dictionary-encoded"
    for k in range(reader.num_record_batches):
        batch = reader.get_batch(k)
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if column.null_count:
                yield f"the column {name} has null values"
            for buffer in filter(None, column.buffers()):
                if buffer.size and not 0 <= buffer.address - source.address <= source.size - buffer.size:
                    yield f"the column {name} is compressed"
