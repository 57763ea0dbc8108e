"""Depositions as Zarr v3 stores (chapter 1): payloads, arrays and Arrow tables, by zarr-python and pyarrow."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import zarr

MEDIA_TYPE = "application/vnd.apache.arrow.file"
TYPES = {"i4": pa.int32(), "u4": pa.uint32(), "f8": pa.float64(), "text": pa.utf8()}


@dataclass
class Group:
    """A group: payload, arrays, and tables as columns by name."""

    payload: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)


Tree = dict[str, Group]
"""The groups of a deposition by path; the root is the empty path."""


def text_column(values: list[str | None]) -> tuple[np.ndarray, list[str]]:
    """Codes and vocabulary of a text column (2.2); None is no text."""
    vocabulary = sorted({value for value in values if value is not None}, key=lambda text: text.encode())
    return np.array([-1 if value is None else vocabulary.index(value) for value in values], "i4"), vocabulary


def table(**columns: tuple[str, list[Any]]) -> dict[str, Any]:
    """A table; of each column its type and values."""
    return {name: pa.array(values, TYPES[kind]) for name, (kind, values) in columns.items()}


def write(tree: Tree, path: Path) -> None:
    root = zarr.create_group(str(path), zarr_format=3)
    for name in sorted(tree):
        group = tree[name]
        attributes = {"polystate": group.payload} if group.payload or not name else {}
        node = root if not name else root.require_group(name)
        node.attrs.update(attributes)
        for array, values in group.arrays.items():
            _array(node, array, values)
        for title, columns in group.tables.items():
            sink = io.BytesIO()
            made = pa.table(columns)
            with pa.ipc.new_file(sink, made.schema) as writer:
                writer.write_table(made)
            _array(node, title, np.frombuffer(sink.getvalue(), "u1"), {"polystate": {"media_type": MEDIA_TYPE}})


def _array(node: zarr.Group, name: str, values: np.ndarray, attributes: dict[str, Any] | None = None) -> None:
    values = np.ascontiguousarray(values)
    chunks = tuple(max(1, n) for n in values.shape)
    made = node.create_array(
        name, shape=values.shape, dtype=values.dtype, chunks=chunks, compressors=None, fill_value=0,
        attributes=attributes or {},
    )  # fmt: skip
    if values.size:
        made[...] = values


def read(path: Path) -> Tree:
    """All groups of a store."""
    store: Any = zarr.storage.ZipStore(path, mode="r") if zipfile.is_zipfile(path) else zarr.storage.LocalStore(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = zarr.open_group(store, mode="r", zarr_format=3, use_consolidated=False)
        tree: Tree = {"": Group(dict(root.attrs.get("polystate", {})))}
        for name, node in root.members(max_depth=None):
            if isinstance(node, zarr.Group):
                tree.setdefault(name, Group()).payload = dict(node.attrs.get("polystate", {}))
        for name, node in root.members(max_depth=None):
            if isinstance(node, zarr.Array):
                group, _, own = name.rpartition("/")
                if node.attrs.get("polystate", {}).get("media_type") == MEDIA_TYPE:
                    found = pa.ipc.open_file(io.BytesIO(node[...].tobytes())).read_all()
                    tree[group].tables[own] = {column: found[column].to_pylist() for column in found.column_names}
                else:
                    tree[group].arrays[own] = np.asarray(node[...])
    return tree


def pinned(operator: str, registry: dict[str, str]) -> dict[str, str]:
    """The reference from a descriptor to an operator of the registry (9.1)."""
    return {"id": operator, "venue": "registry", "hash": registry[operator]}


def registry_hashes(folder: Path) -> dict[str, str]:
    """Content hashes of the operators by id, from the lock file of the registry."""
    return {
        entry["id"]: entry["hash"] for entry in json.loads((folder / "registry.lock.json").read_text())["operators"]
    }
