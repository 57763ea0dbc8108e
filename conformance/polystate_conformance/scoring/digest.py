"""The digest of a store by a second reader (zarr and pyarrow only): what is written is not judged by its writer."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import rfc8785
import zarr

ARROW = "application/vnd.apache.arrow.file"
NOT_IN_DIGEST = ("provenance", "annotations")


def digest(path: str | Path, full: bool = False) -> str:
    """SHA-256 of the lines `path TAB kind TAB dtype TAB shape TAB sha256(payload) LF` in byte order of path."""
    lines = sorted(_lines(path, full), key=lambda line: line[0].encode())
    text = "".join("\t".join(line) + "\n" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(path: str | Path, full: bool) -> list[tuple[str, str, str, str, str]]:
    store: Any
    if Path(path).is_file():
        store = zarr.storage.ZipStore(path, mode="r", read_only=True)
    else:
        store = zarr.storage.LocalStore(path, read_only=True)
    try:
        root = zarr.open_group(store, mode="r", zarr_format=3, use_consolidated=False)
        lines = _group("", root)
        for name, node in root.members(max_depth=None):
            if full or name.split("/")[0] not in NOT_IN_DIGEST:
                lines += _group(name, node) if isinstance(node, zarr.Group) else _array(name, node)
        return lines
    finally:
        store.close()


def _group(name: str, node: Any) -> list[tuple[str, str, str, str, str]]:
    """The line of a group; one without a polystate document has none."""
    document = node.attrs.asdict().get("polystate")
    return [(name, "group", "", "", hashlib.sha256(rfc8785.dumps(document)).hexdigest())] if document else []


def _array(name: str, node: Any) -> list[tuple[str, str, str, str, str]]:
    values = np.asarray(node[...])
    mark = node.attrs.asdict().get("polystate", {})
    if mark.get("media_type") != ARROW:
        return [_values(name, "array", values)]
    table = pa.ipc.open_file(pa.BufferReader(values.tobytes())).read_all()
    return [line for column in table.column_names for line in _column(f"{name}/{column}", table.column(column))]


def _values(name: str, kind: str, values: np.ndarray) -> tuple[str, str, str, str, str]:
    little = np.array(values, dtype=values.dtype.newbyteorder("<"), order="C")
    if little.dtype.kind == "f":
        little[np.isnan(little)] = np.nan  # [DIG-13]
    shape = json.dumps(list(values.shape), separators=(",", ":"))
    return name, kind, values.dtype.name, shape, hashlib.sha256(little.tobytes()).hexdigest()


def _column(name: str, column: Any) -> list[tuple[str, str, str, str, str]]:
    """The line of a table column; text is hashed as the length (u4, little-endian) and bytes of each value."""
    if pa.types.is_string(column.type):
        encoded = [text.encode() for text in column.to_pylist()]
        payload = b"".join(len(text).to_bytes(4, "little") + text for text in encoded)
        return [(name, "column", "string", f"[{len(encoded)}]", hashlib.sha256(payload).hexdigest())]
    if pa.types.is_integer(column.type) or column.type in (pa.float32(), pa.float64()):
        return [_values(name, "column", column.to_numpy())]
    return []  # [DIG-17]
