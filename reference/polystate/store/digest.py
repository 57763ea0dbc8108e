"""The content digest: what a deposition says, whatever its chunks, codecs and container."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import rfc8785

from polystate.errors import SchemaError
from polystate.store.tables import is_known
from polystate.store.tree import Tree

LAYERS = ("hierarchy", "reference", "groupings", "axes", "descriptors", "operators", "landmarks")
FULL = (*LAYERS, "provenance", "annotations")
Line = tuple[str, str, str, str, str]  # path, kind, dtype, shape, hash of the payload


def digest(tree: Tree, full: bool = False) -> str:
    """SHA-256 over one line a group, array and table column, in byte order of path, as hex."""
    return _hash(_lines(tree, FULL if full else LAYERS))


def partial_digest(tree: Tree, path: str) -> str:
    """The digest of one node and what lies below it, as sha256:hex: what staleness is judged by."""
    near = {
        name: group
        for name, group in tree.items()
        if not name or name == path or name.startswith(path + "/") or path.startswith(name + "/")
    }
    return "sha256:" + _hash(x for x in _lines(near, FULL) if x[0] == path or x[0].startswith(path + "/"))


def _hash(lines: Iterable[Line]) -> str:
    """[DIG-12] Sorted by the bytes of the path."""
    ordered = sorted(lines, key=lambda line: line[0].encode())
    return hashlib.sha256("".join("\t".join(line) + "\n" for line in ordered).encode()).hexdigest()


def _lines(tree: Tree, layers: tuple[str, ...]) -> Iterator[Line]:
    for path, group in tree.items():
        if path and path.split("/", 1)[0] not in layers:
            continue
        prefix = path + "/" if path else ""
        if group.attributes:
            yield _line(path, "group", "", "", canonical(group.attributes, path))
        arrays, tables = group.arrays, group.tables
        if not path:  # [DIG-14] an array at the top is the layer of its name
            arrays = {name: arrays[name] for name in arrays if name in layers}
            tables = {name: tables[name] for name in tables if name in layers}
        for name, values in arrays.items():
            yield _array_line(prefix + name, "array", np.asarray(values))
        for table, columns in tables.items():
            for name, column in columns.items():
                if is_known(column):  # [DIG-17]
                    yield _array_line(f"{prefix}{table}/{name}", "column", column)


def _array_line(path: str, kind: str, values: Any) -> Line:
    if isinstance(values, list):
        encoded = [text.encode() for text in values]
        payload = b"".join(len(text).to_bytes(4, "little") + text for text in encoded)
        return _line(path, kind, "string", f"[{len(values)}]", payload)
    values = np.asarray(values)
    if values.dtype.kind == "f" and np.isnan(values).any():
        values = np.where(np.isnan(values), values.dtype.type(np.nan), values)  # one NaN of the many
    flat = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).reshape(-1)
    shape = json.dumps(list(values.shape), separators=(",", ":"))
    return _line(path, kind, values.dtype.name, shape, flat.view(np.uint8).data)


def _line(path: str, kind: str, dtype: str, shape: str, payload: bytes | memoryview) -> Line:
    return path, kind, dtype, shape, hashlib.sha256(payload).hexdigest()


def canonical(document: Mapping[str, Any], where: str) -> bytes:
    """The RFC 8785 form of a document."""
    try:
        return rfc8785.dumps(dict(document))
    except (rfc8785.CanonicalizationError, ValueError, RecursionError) as error:
        raise SchemaError(where or "zarr.json", error, "a document with an RFC 8785 form") from error  # STO-46


def reference_hash(x_ref: np.ndarray) -> str:
    """The hash of a reference: float64 little-endian coordinates of the scope's atoms in atom_id order.

    x_ref: (M, 3), ångström."""
    payload = np.ascontiguousarray(x_ref, dtype="<f8").tobytes()
    return "sha256:" + hashlib.sha256(payload).hexdigest()
