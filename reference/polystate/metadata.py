"""What the `zarr.json` of a node may say: the part of Zarr v3 that every reader of depositions has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from polystate.errors import NotAStore, UnreadableArray, UnsupportedCodec

CODECS = ("bytes", "crc32c", "gzip", "sharding_indexed", "zstd")
DTYPES = (
    "bool", "float32", "float64", "int16", "int32", "int64", "int8", "uint16", "uint32", "uint64", "uint8",
)  # fmt: skip
LARGEST = 1 << 53
_FLOAT_TEXT = re.compile("NaN|-?Infinity|0x[0-9a-fA-F]+")


def node(content: bytes, key: str) -> dict[str, Any]:
    """The document of a group or an array, from the bytes of its `zarr.json` at `key`."""
    check_names(key.removesuffix("zarr.json").removesuffix("/"), key)
    try:
        found = json.loads(content, parse_constant=_refuse_constant)
    except Exception as error:  # not text, not JSON, or JSON too deep
        raise NotAStore(key, error, "a Zarr v3 metadata document") from error
    if not isinstance(found, dict) or found.get("zarr_format") != 3:
        raise NotAStore(key, "another format", "zarr_format 3")
    if found.get("node_type") not in ("group", "array"):
        raise NotAStore(key, f"node_type {found.get('node_type')!r:.80}", "group or array")
    if not isinstance(found.get("attributes", {}), dict):
        raise NotAStore(key, "attributes that are not an object", "a Zarr v3 metadata document")
    return found


def check_names(path: str, where: str) -> None:
    """[STO-45] Refuse a path that would name something outside the store, or that Zarr keeps for itself."""
    for name in path.split("/") if path else ():
        if not name.strip(".") or name.startswith("__"):
            raise NotAStore(where, f"a node called {name!r}", "names that are not empty, not only periods, not __...")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def check_array(found: Mapping[str, Any], path: str) -> None:
    """Refuse the metadata of an array that not every reader can read; no chunk is looked at."""

    def require(holds: bool, key: str, expected: str) -> None:
        if not holds:
            raise UnreadableArray(path, f"{key} {json.dumps(found.get(key)):.80}", expected)

    shape, data_type = found.get("shape"), found.get("data_type")
    grid: Any = found.get("chunk_grid")
    keys: Any = found.get("chunk_key_encoding")
    require(_whole(shape, 0), "shape", "a list of whole numbers")
    require(isinstance(data_type, str) and data_type in DTYPES, "data_type", "one of " + ", ".join(DTYPES))
    require(_named(grid) and grid["name"] == "regular", "chunk_grid", "a regular grid")
    chunk = grid.get("configuration", {}).get("chunk_shape")
    require(
        _whole(chunk, 1) and len(chunk) == len(found["shape"]),
        "chunk_grid",
        "one chunk length of 1 or more a dimension",
    )
    separator = keys.get("configuration", {}).get("separator", "/") if _named(keys) else None
    require(_named(keys) and keys["name"] in ("default", "v2"), "chunk_key_encoding", "default or v2")
    require(separator in ("/", "."), "chunk_key_encoding", "a separator / or .")
    require(is_fill_value(found.get("fill_value"), np.dtype(data_type)), "fill_value", f"a {data_type}")
    require(found.get("storage_transformers", []) == [], "storage_transformers", "none")
    _check_codecs(found.get("codecs"), path, require)


def _check_codecs(codecs: Any, path: str, require: Callable[[bool, str, str], None]) -> None:
    """A chain: the codec that makes bytes, then those from bytes to bytes; inside a shard the same."""
    require(isinstance(codecs, list) and len(codecs) > 0, "codecs", "a list of codecs")
    for k, codec in enumerate(codecs):
        codec = {"name": codec} if isinstance(codec, str) else codec
        name = codec.get("name") if isinstance(codec, dict) else codec
        if not isinstance(name, str) or name not in CODECS:
            raise UnsupportedCodec(path, f"{json.dumps(name):.80}", "one of " + ", ".join(CODECS))
        inner = codec.get("configuration", {})
        require(isinstance(inner, dict), "codecs", f"a configuration of {name} that is an object")
        require((k == 0) == (name in ("bytes", "sharding_indexed")), "codecs", "bytes or sharding_indexed first, once")
        if name == "bytes":
            require(inner.get("endian", "little") in ("little", "big"), "codecs", "endian little or big")
        if name == "sharding_indexed":
            require(_whole(inner.get("chunk_shape"), 1), "codecs", "the chunk shape inside a shard")
            for chain in ("codecs", "index_codecs"):
                _check_codecs(inner.get(chain), path, require)


def _named(value: Any) -> bool:
    """Whether a value is an object with a name and, where there is one, a configuration that is an object."""
    return isinstance(value, dict) and isinstance(value.get("configuration", {}), dict) and "name" in value


def _whole(values: Any, least: int) -> bool:
    return isinstance(values, list) and all(type(n) is int and least <= n < LARGEST for n in values)


def is_fill_value(value: Any, dtype: np.dtype) -> bool:
    """Whether a value of the metadata is one of a data type."""
    if dtype.kind == "b" or isinstance(value, bool):
        return dtype.kind == "b" and isinstance(value, bool)
    if dtype.kind == "f":
        return isinstance(value, int | float) or isinstance(value, str) and bool(_FLOAT_TEXT.fullmatch(value))
    return isinstance(value, int) and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max
